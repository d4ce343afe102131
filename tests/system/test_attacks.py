"""Attacks on the control socket and on the folders: who may not, cannot, and nobody is kept waiting for it."""

import contextlib
import os
import random
import signal
import socket
import struct
import time
import traceback

import wire
from harness import QUICK, Stack, check, contains, equal, kill, read, service, test, wait_until

GROUP = 54321
MEMBER = {"uid": 12345, "groups": [GROUP]}
STRANGER = {"uid": 12346, "groups": []}


def as_user(function, uid, groups):
    """What the function says, as text, called by a process of that user."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups(groups)
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.write(writing, str(function()).encode())
        except BaseException:
            os.write(writing, traceback.format_exc().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as file:
        said = file.read().decode()
    os.waitpid(pid, 0)
    return said


def ask(stack, verb, *names, files=(), **more):
    with wire.Client(stack) as client:
        return client.ask(wire.request(verb, *names, **more), files)


def connect(stack):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 5, 0))  # connect waits for its turn
    folder = os.open(stack.runtime, os.O_PATH)  # a path may be longer than an address
    try:
        client.connect(f"/proc/self/fd/{folder}/control")
    finally:
        os.close(folder)
    return client


def open_to_all(stack):
    """Others can reach the runtime folder, as in /run/bulkhead."""
    stack.folder.chmod(0o711)
    (stack.folder / "run").mkdir(exist_ok=True)
    (stack.folder / "run").chmod(0o755)


def look_of(path):
    status = os.stat(path)
    return oct(status.st_mode & 0o7777), status.st_gid


@test("attacks: --socket-group: its members may look and no more, and nobody else may even that")
def _():
    if os.geteuid() != 0:
        return
    with Stack({"a": service("steady"), "b": service("steady")}) as stack:
        open_to_all(stack)
        contains(stack.run("up", "-d", "--socket-group", "no-such-group", status=1).err, "no group", "no-such-group")
        stack.run("up", "-d", "--wait", "--socket-group", str(GROUP))
        equal(look_of(stack.runtime), ("0o2750", GROUP))
        equal(look_of(stack.runtime / "control"), ("0o660", GROUP))
        equal(look_of(stack.runtime / "journal"), ("0o640", GROUP))
        equal(look_of(stack.runtime / "plan")[0], "0o600", "it has the services' environment")
        before = stack.pids()
        for verb in ("ps", "watch"):
            contains(as_user(lambda v=verb: ask(stack, v)[0], **MEMBER), "info")
        for verb in ("start", "stop", "restart", "down", "limits", "forget", "exec", "reload", "kill"):
            said = as_user(lambda v=verb: ask(stack, v, *(["a-1"] if v == "exec" else []), signal=9 if v == "kill" else 0),
                           **MEMBER)
            contains(said, "permission denied", f"{verb} is for root")
        contains(as_user(lambda: (stack.runtime / "journal").read_bytes()[:8], **MEMBER), "journal")
        contains(as_user(lambda: (stack.runtime / "plan").read_bytes(), **MEMBER), "PermissionError")
        contains(as_user(lambda: ask(stack, "ps"), **STRANGER), "PermissionError")
        (stack.runtime).chmod(0o2751)
        (stack.runtime / "control").chmod(0o666)  # whatever the file says: who is at the other end decides
        contains(as_user(lambda: ask(stack, "ps"), **STRANGER), "belongs to somebody else")
        stack.runtime.chmod(0o2750)
        stack.run("up", "-d", "--wait")
        equal(look_of(stack.runtime), ("0o2750", GROUP), "kept")
        contains(stack.run("up", "-d", "--socket-group", "1", status=1).err, "down")
        equal(stack.pids(), before)
        stack.run("events", "--until", "now")
        wait_until(lambda: (stack.state / "history.db").exists(), "the recorder reads the journal")


@test("attacks: members of the socket's group who take all places keep the owner from nothing")
def _():
    if os.geteuid() != 0:
        return
    with Stack({"a": service("steady", **QUICK)}) as stack:
        open_to_all(stack)
        stack.run("up", "-d", "--wait", "--socket-group", str(GROUP))

        def crowd():
            clients, refused = [], 0
            for _ in range(300):
                client = connect(stack)
                with contextlib.suppress(OSError):
                    client.send(wire.request("watch"))
                clients.append(client)
            for client in clients:
                try:
                    frame = client.recv(4096)
                except ConnectionResetError:
                    frame = b""
                refused += not frame or wire.REPLIES[struct.unpack_from("<II", frame)[1]] != "info"
            held.write_text(str(refused))  # the owner may look now
            time.sleep(1000)
        held = stack.folder / "held"
        held.write_text("")
        held.chmod(0o666)
        pid = os.fork()
        if pid == 0:
            try:
                as_user(crowd, **MEMBER)
            finally:
                os._exit(0)
        try:
            wait_until(lambda: held.read_text(), "the crowd is there")
            check(int(held.read_text()) >= 300 - 32, "refused:", held.read_text())
            old = stack.pid("a")
            kill(old)
            stack.running("a", other_than=old)
        finally:
            end_tree(pid)


def end_tree(pid):
    """A process that we have forked, and what it has."""
    for child in read(f"/proc/{pid}/task/{pid}/children").split():
        os.kill(int(child), signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def attack(stack, seed):
    """Ten thousand connections, each with something that is no request, or half of one, or far too much."""
    chance = random.Random(seed)
    whole = wire.request("ps")
    kept = []
    for number in range(10000):
        try:
            client = connect(stack)
        except OSError:
            continue
        with contextlib.suppress(OSError):
            client.setblocking(False)
            client.send(chance.choice([whole, whole[:chance.randrange(len(whole))], chance.randbytes(chance.randrange(1, 500)),
                                       whole + b"\xff" * 60000, b"\0"]))
        if number % 50 == 0:
            kept.append(client)  # silent, and in the way
        else:
            client.close()
        if len(kept) > 150:
            kept.pop(0).close()


def private_kib(pid):
    return sum(int(line.split()[1]) for line in read(f"/proc/{pid}/smaps_rollup").splitlines() if line.startswith("Private_"))


@test("attacks: ten thousand connections cost no memory, and restarts take no time meanwhile", needs="make")
def _():
    with Stack({"a": service("steady", **QUICK), "b": service("steady")}) as stack:
        stack.up()
        supervisor, b = stack.own_pid(), stack.pid("b")
        memory, files = private_kib(supervisor), len(os.listdir(f"/proc/{supervisor}/fd"))
        compartments = stack.cgroup / stack.name / "svc"
        children = []
        for seed in range(2):
            children.append(os.fork())
            if children[-1] == 0:
                try:
                    attack(stack, seed)
                finally:
                    os._exit(0)
        longest = restarts = 0
        while children:
            generations = {path.name for path in compartments.glob("s-a.1.*") if read(path / "cgroup.procs").split()}
            for path in [compartments / name for name in generations]:
                kill(int(read(path / "cgroup.procs").split()[0]))
            started = time.monotonic()
            wait_until(lambda: any(path.name not in generations and read(path / "cgroup.procs").split()
                                   for path in compartments.glob("s-a.1.*")), "a lives again")
            longest, restarts = max(longest, time.monotonic() - started), restarts + 1
            time.sleep(0.05)
            children = [pid for pid in children if os.waitpid(pid, os.WNOHANG) == (0, 0)]
        check(longest < 5, "a restart took", longest, "s")
        equal(stack.own_pid(), supervisor)
        equal(stack.pid("b"), b)
        wait_until(lambda: len(os.listdir(f"/proc/{supervisor}/fd")) <= files, "its files are closed")
        check(private_kib(supervisor) < memory + 300, "private KiB", memory, "became", private_kib(supervisor))
        print(f"# {restarts} restarts meanwhile, the longest took {longest * 1000:.0f} ms")


# --- folders

def refused(stack, *words):
    result = stack.run("up", "-d", status=1)
    contains(result.err, *words)
    check(not (stack.cgroup / stack.name).exists(), "a cgroup is left")


@test("attacks: a folder that somebody else could put another in the place of is refused, for runtime and state alike")
def _():
    if os.geteuid() != 0:
        return
    with Stack({"a": service("steady")}) as stack:
        good = {name: stack.environment[name] for name in ("BULKHEAD_RUNTIME_DIR", "BULKHEAD_STATE_DIR")}
        foreign, real = stack.folder / "foreign", stack.folder / "real"
        foreign.mkdir()
        real.mkdir()
        for name in good:
            stack.environment[name] = str(foreign / "below" / "deep")
            os.chown(foreign, 12345, 12345)
            refused(stack, "belongs to somebody else", "12345", name)
            check(not (foreign / "below").exists(), "was made")
            os.chown(foreign, 0, 0)
            foreign.chmod(0o777)
            refused(stack, "chmod go-w")
            foreign.chmod(0o1777)  # as /tmp: others may add there, and a link of theirs is not followed
            (foreign / "below").symlink_to(real)
            os.lchown(foreign / "below", 12345, 12345)
            refused(stack, "symbolic link of somebody else", "12345", name)
            os.lchown(foreign / "below", 0, 0)  # root's own is
            stack.run("up", "-d", "--wait")
            check((real / "deep" / stack.name).is_dir(), "the link of root was not followed")
            stack.run("down", "-t", "1")
            (foreign / "below").unlink()
            foreign.chmod(0o755)
            stack.environment[name] = good[name]


@test("attacks: a link or a stranger's folder where the stack's own folders are to be is refused and left alone")
def _():
    if os.geteuid() != 0:
        return
    with Stack({"a": service("steady")}) as stack:
        aim = stack.folder / "aim"
        aim.mkdir(mode=0o755)
        for path in (stack.runtime, stack.runtime / "fifo", stack.state, stack.state / "logs"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(aim)
            refused(stack, "Not a directory")
            path.unlink()
            path.mkdir()
            os.chown(path, 12345, 12345)
            refused(stack, "belongs to somebody else")
            equal(path.stat().st_uid, 12345)
            os.chown(path, 0, 0)
            path.rmdir()
            equal((look_of(aim)[0], list(aim.iterdir())), ("0o755", []), "what the link leads to")
        for name in ("plan", "lock", "control", "journal", "samples"):  # a link in the place of a file is not written through
            stack.runtime.mkdir(exist_ok=True)
            victim = stack.folder / "victim"
            victim.write_text("precious")
            (stack.runtime / name).symlink_to(victim)
            stack.run("up", "-d", status=None)
            equal(victim.read_text(), "precious", name)
            stack.run("down", "-t", "1", status=None)
            with contextlib.suppress(OSError):
                (stack.runtime / name).unlink()
