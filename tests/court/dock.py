"""Where the defendants stand: a stack whose services ask for orders, and one place for each of them."""

import asyncio
import collections
import contextlib
import os
import pathlib
import re
import signal
import socket
import struct
import time

import harness
import wire
from harness import Failed, Stack, read

PATIENCE_S = 60  # for one step of one death, on a slow emulated machine
MEMBER = re.compile(rb"member i=(\d+) name=(\S+)-1 ")
SHIFT = re.compile(rb"effect kind=shift i=(\d+) g=(\d+) .*to=(\S+)(?: deadline=(\d+))?")
VICTIM = re.compile(rb"verdict i=(\d+) g=(\d+) kind=oom-child .*oom_kill=(\d+)")
COMPARTMENT = re.compile(r"/s-([^/]+)\.\d+\.(\d+)$")
HOOK = re.compile(r"/hook-([^/]+)\.\d+\.\d+$")


class Died(Failed):
    """A defendant, of an order that it should have survived."""


class TooSoon(Died):
    """While it was prepared for its case; what it died of is charged already."""


class Ordered:
    """Who does nothing but what it is told."""

    def __init__(self, connection):
        self._connection = connection
        self._unanswered = 0

    def order(self, *words):
        """Tells it what to do, and does not wait."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # who is dead has obeyed the order before
            self._connection.send(" ".join(str(word) for word in words).encode())
        self._unanswered += 1


class Hook(Ordered):
    """A hook of a service that is held back; to be let go is success."""

    def let_go(self):
        self._connection.close()


class Defendant(Ordered):
    """One incarnation of a service."""

    def __init__(self, dock, connection, pid, generation, compartment):
        super().__init__(connection)
        self.dock = dock
        self.compartment = compartment
        self.pid = pid
        self.generation = generation
        self._pidfd = os.pidfd_open(pid)

    def key(self):
        return self.dock.court.name, self.dock.name, self.generation

    def expect(self, cause, *accepted, **about):
        """What the verdict on this one has to be: one of `accepted`, each some attributes of its event `die`."""
        return self.dock.court.record.charge(self.key(), self.pid, cause, accepted, **about)

    async def obey(self, *words):
        """Tells it what to do that it survives, and waits until it is done."""
        self.order(*words)
        await self.done()

    async def done(self):
        """Waits until all that it was told is done."""
        while self._unanswered:
            if not await self._receive():
                raise Died(f"{self.dock.name}.{self.generation} has died before its time")
            self._unanswered -= 1

    async def fill(self, folder, limit, spare):
        """Takes all but `spare` bytes of what a limit leaves."""
        await self.obey("hold", limit - spare - int(read(folder / "memory.current")))

    async def gone(self):
        """Waits for its end; an answer on the way is none."""
        while await self._receive():
            pass
        self._connection.close()
        os.close(self._pidfd)

    def kill(self, number=signal.SIGKILL):
        """As somebody else would; its PID cannot be another's."""
        try:
            signal.pidfd_send_signal(self._pidfd, number)
        except ProcessLookupError:
            pass  # somebody was faster

    async def _receive(self):
        try:
            return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self._connection, 64), PATIENCE_S)
        except ConnectionResetError:
            return b""
        except asyncio.TimeoutError:
            raise Failed(f"{self.dock.name}.{self.generation}: neither an answer nor an end in {PATIENCE_S} s") from None


class Dock:
    """One service of a stack; its incarnations come one after the other."""

    def __init__(self, court, name):
        self.court = court
        self.name = name
        self.arrivals = asyncio.Queue()
        self._held_back = asyncio.Queue()
        self._hold_back = None  # a hook's name, and the first generation that is meant
        self._hooks = []

    async def defendant(self):
        return await self._next(self.arrivals, "it")

    async def hook(self):
        """The one that hold_back() was about."""
        return await self._next(self._held_back, "its hook")

    def hold_back(self, name, generation):
        """The next such hook, of that generation or one after it, waits for orders."""
        self._hold_back = name, generation

    def take_hook(self, name, connection):
        """One begins; all but the one that is waited for are let go at once."""
        hook = Hook(connection)
        self._hooks.append(hook)
        if self._hold_back and self._hold_back[0] == name and self.court.generation(self.name) >= self._hold_back[1]:
            self._hold_back = None
            self._held_back.put_nowait(hook)
        else:
            hook.let_go()

    def let_hooks_go(self):
        self._hold_back = None
        for hook in self._hooks:
            hook.let_go()

    async def _next(self, queue, what):
        try:
            return await asyncio.wait_for(queue.get(), PATIENCE_S)
        except asyncio.TimeoutError:
            raise Failed(f"{self.name}: {what} was not started again in {PATIENCE_S} s") from None

    def ask(self, verb, **about):
        """A request to the supervisor; a task, done when it is answered."""
        return self.court.ask(verb, self.name, **about)

    def leave_out(self, after, cause, wanted):
        """Those that came after that generation were never given an order: why they end."""
        while not self.arrivals.empty():
            self.arrivals.get_nowait()
        for generation in range(after + 1, self.court.generation(self.name) + 1):
            self.court.record.charge((self.court.name, self.name, generation), None, cause, [wanted])


class Courtroom(Stack):
    """One stack of defendants."""

    def __init__(self, record, **about):
        super().__init__({}, **about)
        self.record = record  # of all stacks: charges are brought there
        self.docks = {}
        self.socket = self.folder / "orders"
        self.folder.chmod(0o755)  # some defendants are nobody
        self._tasks = []
        self._journal = (0, 0)  # inode, bytes read
        self._members = {}  # index: name
        self._stands = {}  # name: generation, state
        self._deadlines = {}  # name: of that state, ns; 0: none
        self._victims = collections.Counter()  # name, generation: children that it lost, as told
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self._listener.bind(str(self.socket))
        self.socket.chmod(0o666)
        self._listener.listen(64)

    def furnish(self, services, **top):
        self.write(services, **top)
        self.docks = {name: Dock(self, name) for name in services}

    def open(self):
        """Starts the stack and whoever waits for those who come."""
        self._tasks.append(asyncio.get_running_loop().create_task(self._receive()))

    def close(self):
        for task in self._tasks:
            task.cancel()
        self._listener.close()

    def ask(self, verb, name, grace_ms=None, number=0):
        client = wire.Client(self)
        grace_ns = -1 if grace_ms is None else grace_ms * 1_000_000
        client.send(wire.request(verb, f"{name}-1", signal=number, grace_ns=grace_ns))
        self._tasks.append(asyncio.get_running_loop().create_task(self._answer(client, verb, name)))
        return self._tasks[-1]

    async def _answer(self, client, verb, name):
        with client:
            client.socket.setblocking(False)
            frame = await asyncio.get_running_loop().sock_recv(client.socket, 4096)
            _, kind = struct.unpack_from("<II", frame)
            if wire.REPLIES[kind] == "error":
                self.record.complain(f"{self.name}: {verb} {name}: {frame[12:-1].decode()}")

    async def _receive(self):
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(self._listener)
            try:
                self._receive_one(connection)
            except OSError:  # it is dead already
                connection.close()

    def _receive_one(self, connection):
        pid, _, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        cgroup = read(f"/proc/{pid}/cgroup").strip().split("::")[-1]
        if hook := HOOK.search(cgroup):
            self._tasks.append(asyncio.get_running_loop().create_task(self._receive_hook(self.docks[hook.group(1)], connection)))
        elif place := COMPARTMENT.search(cgroup):
            dock = self.docks[place.group(1)]
            compartment = pathlib.Path(f"{harness.cgroup_mount}{cgroup}")
            dock.arrivals.put_nowait(Defendant(dock, connection, pid, int(place.group(2)), compartment))
        else:
            connection.close()

    async def _receive_hook(self, dock, connection):
        name = b""
        with contextlib.suppress(ConnectionResetError):
            name = await asyncio.get_running_loop().sock_recv(connection, 64)
        dock.take_hook(name.decode(), connection)

    # --- where its services stand: read from the journal

    def _read_on(self):
        with contextlib.suppress(FileNotFoundError), open(self.runtime / "journal", "rb") as journal:
            number = os.fstat(journal.fileno()).st_ino
            if number != self._journal[0]:
                self._journal = (number, 0)
            journal.seek(self._journal[1])
            lines = journal.read().rpartition(b"\n")[0] + b"\n"
            self._journal = (number, self._journal[1] + len(lines) if len(lines) > 1 else self._journal[1])
            for line in lines.splitlines():
                if found := MEMBER.match(line):
                    self._members[found.group(1)] = found.group(2).decode()
                elif found := SHIFT.match(line):
                    self._stands[self._members[found.group(1)]] = (int(found.group(2)), found.group(3).decode())
                    self._deadlines[self._members[found.group(1)]] = int(found.group(4) or 0)
                elif found := VICTIM.match(line):
                    self._victims[self._members[found.group(1)], int(found.group(2))] += int(found.group(3))

    def generation(self, service):
        self._read_on()
        return self._stands[service][0]

    def deadline_ns(self, service):
        """Of the state in which it is, on CLOCK_MONOTONIC."""
        self._read_on()
        return self._deadlines[service]

    async def stands(self, service, *states, patience_s=PATIENCE_S):
        """Waits until it is in one of these states; which."""
        deadline = time.monotonic() + patience_s
        while True:
            self._read_on()
            state = self._stands.get(service, (0, ""))[1]
            if state in states:
                return state
            if time.monotonic() > deadline:
                raise Failed(f"{service}: {state}, and not {' or '.join(states)}")
            await asyncio.sleep(0.05)

    async def stands_beyond(self, service, generation):
        """Waits until that incarnation is over: in its back-off, or another one begins."""
        deadline = time.monotonic() + PATIENCE_S
        while self.generation(service) <= generation and self._stands[service] != (generation, "BACKOFF"):
            if time.monotonic() > deadline:
                raise Failed(f"{service}: generation {generation} does not end: {self._stands[service]}")
            await asyncio.sleep(0.02)

    async def lost(self, service, generation, count):
        """Waits until so many kills of its children are told."""
        deadline = time.monotonic() + PATIENCE_S
        while self._victims[service, generation] < count:
            if time.monotonic() > deadline:
                raise Failed(f"{service}: lost {count} children, and {self._victims[service, generation]} are told")
            await asyncio.sleep(0.02)
            self._read_on()

    async def last_orders(self, cause, wanted):
        """Who is left is stopped now; who has had its order is dead, and bulkhead is to come to know."""
        deadline = time.monotonic() + PATIENCE_S
        for dock in self.docks.values():
            dock.let_hooks_go()
        for dock in self.docks.values():
            while await self.stands(dock.name, "RUNNING", "EXITED", "HELD") == "RUNNING":
                generation = self.generation(dock.name)
                if not self.record.is_charged(self.name, dock.name, generation) or time.monotonic() > deadline:
                    dock.leave_out(generation - 1, cause, wanted)
                    break
                await asyncio.sleep(0.05)

    def svc(self, *below):
        return pathlib.Path(self.cgroup, self.name, "svc", *below)


class Moment:
    """An instant in the near future, for which two causes are arranged."""

    def __init__(self, after_ms=40, at_ns=None):
        self.ns = at_ns or time.monotonic_ns() + after_ms * 1_000_000

    async def come(self, offset_ms=0.0):
        """Waits for it, or for some milliseconds after (before) it; by how much the caller is late, in ms."""
        due = self.ns + int(offset_ms * 1_000_000)
        while (left := due - time.monotonic_ns()) > 0:
            await asyncio.sleep(left / 1e9 if left > 2_000_000 else 0)
        return (time.monotonic_ns() - due) / 1e6
