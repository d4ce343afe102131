"""The two sides that are compared, and the place where they run.

A side runs COUNT services (first.c), each in a fresh cgroup: `Ours` through the normal product, `Bare`
through the bare loop (bare.c). What the services note of their births is in the side's `Ring`.
"""

import contextlib
import json
import mmap
import os
import pathlib
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import time

STACK = "bench"
PATIENCE_S = 60  # for anything that takes milliseconds


class BenchError(Exception):
    """A measurement that could not be made; the text says why."""


def wait_until(condition, what, pause_s=0.02):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise BenchError(f"{what}: not within {PATIENCE_S} s")
        time.sleep(pause_s)


# --- the place -----------------------------------------------------------------------------------


def find_v2():
    """Where cgroup v2 is mounted, or None."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        before, after = line.split(" - ", 1)
        if after.startswith("cgroup2 "):
            return pathlib.Path(before.split()[4])
    return None


def words_of(path):
    return path.read_text().split() if path.exists() else []


def hand_down(group, controllers):
    for name in controllers:
        if name not in words_of(group / "cgroup.subtree_control"):
            (group / "cgroup.subtree_control").write_text(f"+{name}")


def remove_group(group):
    """Kills what is in a cgroup of our own and removes it."""
    if not group.exists():
        return
    with contextlib.suppress(OSError):
        (group / "cgroup.kill").write_text("1")

    def is_removed():
        for folder, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        return not group.exists()

    wait_until(is_removed, f"removal of {group}")


def make_folder():
    """A folder for rings, sockets and the service itself: on a tmpfs that can execute, if there is one."""
    for parent in ("/run", "/dev/shm"):
        if os.access(parent, os.W_OK) and not os.statvfs(parent).f_flag & os.ST_NOEXEC:
            return pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-bench.", dir=parent))
    return pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-bench."))


class Place:
    """A cgroup and a folder of our own on this machine. Use with `with`."""

    def __init__(self, build, name):
        self.build = build
        self.name = name  # "native" or "guest"
        mount = find_v2()
        if not mount:
            raise BenchError("cgroup v2 is not mounted here")
        self.has_memory = "memory" in words_of(mount / "cgroup.controllers")
        self._mount = mount
        self.group = mount / f"bulkhead-bench.{os.getpid()}"

    def __enter__(self):
        self.folder = make_folder()
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-bench."))
        for program in ("first", "ask", "gush"):
            shutil.copy(self.build / "bench" / program, self.folder)
        if self.has_memory:
            hand_down(self._mount, ["memory"])
        self.group.mkdir()
        self.make_group(self.group, inner=True)
        return self

    def __exit__(self, *_):
        remove_group(self.group)
        shutil.rmtree(self.folder)
        shutil.rmtree(self.state)

    def make_group(self, group, inner):
        """A cgroup; an inner one hands down the memory controller, where it is there."""
        group.mkdir(exist_ok=True)
        if inner and self.has_memory:
            hand_down(group, ["memory"])


# --- what services note --------------------------------------------------------------------------


class Ring:
    """ring.h, and the FIFO that wakes us after a birth was noted."""

    _SLOTS = 4096
    _BIRTHS = 65536
    _LAST_SIGNS = 16
    _FIRST_BIRTH = _LAST_SIGNS + 8 * _SLOTS
    _BIRTH = struct.Struct("=qii")

    def __init__(self, folder, name):
        self.path = folder / f"{name}.ring"
        self.fifo = folder / f"{name}.fifo"
        size = self._FIRST_BIRTH + self._BIRTH.size * self._BIRTHS
        self.path.write_bytes(bytes(size))  # charged to us, and not to a service
        with open(self.path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), size)
        os.mkfifo(self.fifo)
        self._wake = os.open(self.fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def close(self):
        os.close(self._wake)
        self._memory.close()
        self.path.unlink()
        self.fifo.unlink()

    def count(self):
        return struct.unpack_from("=I", self._memory, 0)[0]

    def births(self, first):
        """(began_ns, pid, slot) from birth number `first` on."""
        return [self._BIRTH.unpack_from(self._memory, self._FIRST_BIRTH + self._BIRTH.size * i)
                for i in range(first, self.count())]

    def last_sign(self, slot):
        return struct.unpack_from("=q", self._memory, self._LAST_SIGNS + 8 * slot)[0]

    def await_births(self, first, count):
        """Sleeps until `count` births from number `first` on are complete."""
        end = time.monotonic() + PATIENCE_S
        while True:
            births = self.births(first)
            if len(births) >= count and all(birth[0] for birth in births):
                return births
            if time.monotonic() > end:
                raise BenchError(f"{len(births)} of {count} services began within {PATIENCE_S} s")
            select.select([self._wake], [], [], 1)
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 65536)


# --- sides ---------------------------------------------------------------------------------------


class Side:
    """What both have: services in `services_group` that are asked for by `control`."""

    kind = None  # for ask.c

    def __init__(self, place, name):
        self.place = place
        self.name = name
        self.ring = Ring(place.folder, name)
        self.count = 0
        self.pids = {}  # of services, by slot

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.down()
        finally:
            self.ring.close()

    def note_births(self, births):
        self.pids.update({slot: pid for _, pid, slot in births})

    def await_all(self, first):
        """The instant of the last first instruction of all services."""
        if self.count == 0:
            return 0
        births = self.ring.await_births(first, self.count)
        self.note_births(births)
        return max(birth[0] for birth in births)

    def ask(self, verb):
        """The instants that ask.c prints."""
        argv = [self.place.folder / "ask", self.kind, self.control, verb, self.services_group, str(self.count)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"{self.name}: {verb}: {done.stderr.strip()}")
        return [int(word) for word in done.stdout.split()]

    def timed_start(self):
        """Nanoseconds from the request to the last first instruction."""
        first = self.ring.count()
        asked = self.ask("start")[0]
        time.sleep(0.02 + 0.004 * self.count)  # not woken by the first of many
        return self.await_all(first) - asked

    def timed_stop(self):
        asked, ended = self.ask("stop")
        return ended - asked

    def timed_kill(self, slot=0):
        """Nanoseconds from SIGKILL to the next first instruction."""
        first = self.ring.count()
        killed = time.monotonic_ns()
        os.kill(self.pids[slot], signal.SIGKILL)
        births = self.ring.await_births(first, 1)
        self.note_births(births)
        return births[0][0] - killed

    def timed_oom(self, slot=0):
        """Nanoseconds from a leaker's last sign of life to the next first instruction."""
        first = self.ring.count()
        os.kill(self.pids[slot], signal.SIGUSR1)
        births = self.ring.await_births(first, 1)
        self.note_births(births)
        return births[0][0] - self.ring.last_sign(slot)


class Bare(Side):
    kind = "bare"

    def __init__(self, place, name):
        super().__init__(place, name)
        self._group = place.group / name
        self.services_group = self._group / "svc"
        self.control = place.folder / f"{name}.control"
        self._process = None

    def up(self, count, limit=0):
        self.count = count
        self.place.make_group(self._group, inner=True)
        self.place.make_group(self.services_group, inner=True)
        leaf = self._group / "supervisor"
        leaf.mkdir(exist_ok=True)
        argv = [self.place.build / "bench" / "bare", self.services_group, self.control, limit, count,
                self.place.folder / "first", self.ring.path, self.ring.fifo]
        # Into its own leaf first, as ours is: what a cgroup charges is a cost of both.
        shell = f'echo $$ > {leaf}/cgroup.procs && exec "$@"'
        self._process = subprocess.Popen(["/bin/sh", "-c", shell, "sh", *map(str, argv)], stdin=subprocess.DEVNULL)
        wait_until(self.control.exists, "the bare loop's socket")
        self.timed_start()

    def keepers(self):
        return [self._process.pid]

    def down(self):
        if not self._process:
            return
        self._process.kill()
        self._process.wait()
        self._process = None
        self.control.unlink(missing_ok=True)
        remove_group(self._group)


class Ours(Side):
    kind = "ours"

    def __init__(self, place, name):
        super().__init__(place, name)
        root = place.group / name
        place.make_group(root, inner=True)
        self._group = root / STACK
        self.services_group = self._group / "svc"
        self._runtime = place.folder / f"{name}.runtime"
        self.control = self._runtime / STACK / "control"
        self._file = place.folder / f"{name}.yaml"
        self._environment = dict(os.environ, BULKHEAD_CGROUP=str(root), BULKHEAD_STATE_DIR=str(place.state / name),
                                 BULKHEAD_RUNTIME_DIR=str(self._runtime))
        self._is_up = False

    def services(self, count, limit):
        def service(slot):
            service = {
                "command": [str(self.place.folder / "first"), str(self.ring.path), str(self.ring.fifo), str(slot)],
                "restart": "always",
                "x-bulkhead": {"backoff": {"initial": "0ms"}},
            }
            return dict(service, mem_limit=limit) if limit else service

        return {f"s{slot}": service(slot) for slot in range(count)}

    def _write_stack(self, count, limit):
        stack = {"name": STACK, "services": self.services(count, limit)}
        self._file.write_text(json.dumps(stack, indent=1))  # JSON is YAML

    def _run(self, *words):
        argv = [self.place.build / "bulkhead", "-f", self._file, *words]
        try:
            done = subprocess.run(argv, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=2 * PATIENCE_S, check=False)
        except subprocess.TimeoutExpired as expired:
            said = (expired.stdout or b"").decode("utf-8", "replace").strip()
            raise BenchError(f"bulkhead {words[0]}: not within {2 * PATIENCE_S} s: {said}") from expired
        if done.returncode:
            raise BenchError(f"bulkhead {words[0]}: {done.stdout.strip()}")

    def up(self, count, limit=0):
        self.count = count
        self._write_stack(count, limit)
        first = self.ring.count()
        self._is_up = True
        self._run("up", "-d", "--wait")
        self.await_all(first)

    def timed_up(self):
        """Nanoseconds from the command to the last first instruction, of a stack that is down."""
        first = self.ring.count()
        self._is_up = True
        asked = time.monotonic_ns()
        self._run("up", "-d")
        return self.await_all(first) - asked

    def _pids_in(self, leaf):
        return [int(word) for word in words_of(self._group / leaf / "cgroup.procs")]

    def keepers(self):
        return self._pids_in("keeper") + self._pids_in("supervisor")

    def recorders(self):
        return self._pids_in("recorder")

    def down(self):
        if self._is_up:
            self._run("down")
            self._is_up = False
