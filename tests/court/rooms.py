"""The stacks of the court: who stands beside whom, and below which limit."""

import contextlib
import ctypes
import itertools
import os
import pathlib
import shutil
import subprocess

import harness
from dock import Courtroom
from harness import MIB, QUICK

NOBODY = 65534
CROWDED = 64999  # nobody else has processes as that user
OWN_LIMIT = 12 * MIB
SHARED_LIMIT = 20 * MIB  # of a group, of a stack
OUTSIDE_LIMIT = 64 * MIB  # of what is around a stack, with our own processes in it
START_TIMEOUT_S = 10  # for a start that goes well this is plenty, on most machines
names = itertools.count(1)


class Place:
    """Where a case is brought about: one service, or two below one limit."""

    def __init__(self, kind, room, docks, group=None, cause=None, limited=None, limit=SHARED_LIMIT):
        self.kind = kind
        self.room = room
        self.docks = [room.docks[name] for name in docks]
        self.group = group  # the name of the limit around them; "": the stack's; None: outside of the stack
        self.cause = cause
        self.limited = limited  # the cgroup that has it
        self.limit = limit
        self.share = limit * 11 // 20  # what the bigger one has of it
        self.sick_file = room.folder / f"{docks[0]}.sick"

    async def both(self):
        return await self.docks[0].defendant(), await self.docks[1].defendant()


def name():
    """A stack's name says nothing, and is another one each time."""
    return f"court{next(names)}"


def defendant(room, *, command=None, **keys):
    extra = {**QUICK["x-bulkhead"], "success_exit_codes": [33], **keys.pop("x_bulkhead", {})}
    return {"command": command or [str(harness.build / "court" / "defendant"), str(room.socket)], "restart": "always",
            "stop_grace_period": "20s", "ulimits": {"core": 0}, "x-bulkhead": extra, **keys}


def plain(room, **keys):
    return defendant(room, mem_limit=OWN_LIMIT, **keys)


def hooked(room, **keys):
    """With hooks that wait for a word of the court."""
    program = str(harness.build / "court" / "defendant")
    hooks = {name: [{"command": [program, "hook", str(room.socket), name]}] for name in ("pre_start", "post_start")}
    return plain(room, stop_grace_period="100ms", **hooks, **keys)


def late(room, service):
    """With a deadline for its start, too, and a program of its own, which can be made to hang."""
    program = room.folder / service
    shutil.copy(harness.build / "court" / "defendant", program)
    return hooked(room, command=[str(program), str(room.socket)], x_bulkhead={"start_timeout": f"{START_TIMEOUT_S}s"})


def main_room(record, size):
    """Services with a limit of their own, pairs below groups, services with a probe."""
    room = Courtroom(record, name=name())
    services = {f"plain{number}": plain(room) for number in range(size)}
    for pair in ("flat", "outer", "inner"):
        services |= {f"{pair}-{side}": defendant(room, cgroup_parent=f"{pair}-group") for side in "ab"}
    for number in range(max(1, size // 3)):
        services[f"tolerant{number}"] = plain(room, x_bulkhead={"oom": {"policy": "continue"}})
        services[f"weary{number}"] = plain(room, x_bulkhead={"oom": {"policy": "continue", "victims": 2, "within": "10m"}})
    program = str(harness.build / "court" / "defendant")
    for number in range(max(2, size // 3)):
        services[f"hooked{number}"] = hooked(room)
    for number in range(max(3, size * 2 // 3)):
        services[f"late{number}"] = late(room, f"late{number}")
    for number in range(max(2, size // 2)):
        probe = {"test": ["CMD", program, "probe", str(room.folder / f"sick{number}.sick")], "interval": "300ms", "timeout": "20s", "retries": 1}
        services[f"sick{number}"] = plain(room, healthcheck=probe, stop_grace_period="100ms")
    limit, loose = {"mem_limit": SHARED_LIMIT}, {"mem_limit": 200 * MIB}
    groups = {"flat-group": limit, "outer-above": limit, "outer-group": {**loose, "cgroup_parent": "outer-above"},
              "inner-above": loose, "inner-group": {**limit, "cgroup_parent": "inner-above"}}
    room.furnish(services, **{"x-bulkhead": {"groups": groups}})
    places = [Place(service.rstrip("0123456789"), room, [service]) for service in services if service[-1].isdigit()]
    for pair, *above in (("flat", "flat-group"), ("outer", "outer-above"), ("inner", "inner-above", "inner-group")):
        places.append(Place("pair", room, [f"{pair}-a", f"{pair}-b"], above[-1], "a group's limit", room.svc(*(f"g-{one}" for one in above))))
    return room, places


def budget_room(record):
    """Two services below the limit of the stack."""
    room = Courtroom(record, name=name())
    room.furnish({side: defendant(room) for side in "ab"}, **{"x-bulkhead": {"mem_limit": SHARED_LIMIT}})
    return room, [Place("pair-stack", room, "ab", "", "the stack's limit", room.svc())]


def outside_room(record, below):
    """Two services, and our own processes, below a limit that is not of the stack."""
    room = Courtroom(record, name=name(), cgroup=below)
    room.furnish({side: defendant(room) for side in "ab"})
    return room, [Place("pair-outside", room, "ab", None, "a limit above the stack", below.parent, OUTSIDE_LIMIT)]


@contextlib.contextmanager
def enclosing_cgroup():
    """A cgroup with a limit, and in it the one for a stack."""
    outer = harness.cgroup_mount / f"court.{next(names)}"
    (harness.cgroup_mount / "cgroup.subtree_control").write_text("+memory +pids +cpu")
    (outer / "inner").mkdir(parents=True)
    try:
        (outer / "cgroup.subtree_control").write_text("+memory +pids +cpu")
        (outer / "memory.max").write_text(str(OUTSIDE_LIMIT))
        if (outer / "memory.swap.max").exists():
            (outer / "memory.swap.max").write_text("0")
        yield outer / "inner"
    finally:
        (outer / "cgroup.kill").write_text("1")
        harness.wait_until(lambda: harness.remove_cgroup(outer) or not outer.exists(), f"{outer} to empty", 10)


@contextlib.contextmanager
def unanswered(path):
    """While this holds, who executes that file waits for the word of somebody who says nothing: fanotify(7)."""
    init_content, mark_add, open_exec_perm, at_fdcwd = 0x04, 0x01, 0x40000, -100
    libc = ctypes.CDLL(None, use_errno=True)
    group = libc.fanotify_init(init_content, os.O_RDONLY)
    if group < 0:
        raise OSError(ctypes.get_errno(), "fanotify_init")
    try:
        if libc.fanotify_mark(group, mark_add, ctypes.c_uint64(open_exec_perm), at_fdcwd, os.fsencode(path)) != 0:
            raise OSError(ctypes.get_errno(), "fanotify_mark")
        yield
    finally:
        os.close(group)


# --- services that can be started once and never again

class Broken:
    """Takes away what one service needs for its next start, and knows how that will be told."""

    def __init__(self, service, step, error):
        self.service = service
        self.wanted = {"verdict": "spawn-failed", "step": step, **({"error": error} if error else {})}
        self.retries_max = 100

    def prepare(self, room):
        """Its keys of the stack file."""
        return {}

    def damage(self, room):
        raise NotImplementedError

    def mend(self):
        """It was found out."""


class BrokenProgram(Broken):
    """`make` puts something else where its program was."""

    def __init__(self, service, error, make):
        super().__init__(service, "exec", error)
        self.make = make

    def path(self, room):
        return room.folder / f"{self.service}.program"

    def prepare(self, room):
        self.path(room).symlink_to(harness.build / "court" / "defendant")
        return {"command": [str(self.path(room)), str(room.socket)]}

    def damage(self, room):
        self.path(room).unlink()
        self.make(self.path(room))


class BrokenFolder(Broken):
    def __init__(self, service, error, make, **keys):
        super().__init__(service, "chdir", error)
        self.make = make
        self.keys = keys

    def path(self, room):
        return room.folder / f"{self.service}.folder"

    def prepare(self, room):
        self.path(room).mkdir()
        return {"working_dir": str(self.path(room)), **self.keys}

    def damage(self, room):
        self.path(room).rmdir()
        self.make(self.path(room))


class BrokenGroup(Broken):
    """A file of its group's cgroup is written."""

    def __init__(self, service, step, error, file, value):
        super().__init__(service, step, error)
        self.file = file
        self.value = value

    def prepare(self, room):
        return {"cgroup_parent": f"{self.service}-group"}

    def damage(self, room):
        (room.svc(f"g-{self.service}-group") / self.file).write_text(self.value)


class BrokenOutput(Broken):
    """`make` puts something else where its FIFO was."""

    def __init__(self, service, error, make):
        super().__init__(service, "open stdin, stdout, stderr", error)
        self.make = make

    def damage(self, room):
        self._path = room.runtime / "fifo" / f"{self.service}-1.out"
        self._path.unlink()
        self.make(self._path)

    def mend(self):
        if self._path.is_dir():
            self._path.rmdir()


class BrokenUser(Broken):
    """Its user has as many processes as it may have."""

    def prepare(self, room):
        return {"user": f"{CROWDED}:{CROWDED}", "ulimits": {"core": 0, "nproc": 1}}

    def damage(self, room):
        self._others = [subprocess.Popen(["/bin/sleep", "1000"], user=CROWDED, group=CROWDED, extra_groups=[]) for _ in range(2)]

    def mend(self):
        for other in self._others:
            other.kill()
            other.wait()


class HangingProgram(BrokenProgram):
    """It is there, and whoever opens it waits; each time for half a minute."""

    def __init__(self, service):
        super().__init__(service, None, None)
        self.wanted["step"] = "reach the program in time"
        self.retries_max = 1
        self._stack = contextlib.ExitStack()

    def prepare(self, room):
        shutil.copy(harness.build / "court" / "defendant", self.path(room))
        return {"command": [str(self.path(room)), str(room.socket)]}

    def damage(self, room):
        self._stack.enter_context(unanswered(self.path(room)))

    def mend(self):
        self._stack.close()


def garbage(path):
    path.write_bytes(b"\x7fELF is not enough")
    path.chmod(0o755)


def all_broken():
    return [
        BrokenProgram("no-program", "No such file or directory", lambda path: None),
        BrokenProgram("denied-program", "Permission denied", lambda path: path.touch(0o644)),
        BrokenProgram("bad-program", "Exec format error", garbage),
        BrokenProgram("looped-program", "Too many levels of symbolic links", lambda path: path.symlink_to(path)),
        BrokenFolder("no-folder", "No such file or directory", lambda path: None),
        BrokenFolder("file-as-folder", "Not a directory", pathlib.Path.touch),
        BrokenFolder("denied-folder", "Permission denied", lambda path: path.mkdir(0o700), user=f"{NOBODY}:{NOBODY}"),
        BrokenOutput("looped-output", "Too many levels of symbolic links", lambda path: path.symlink_to(path)),
        BrokenOutput("folder-as-output", "Is a directory", pathlib.Path.mkdir),
        BrokenUser("crowded-user", "exec", "Resource temporarily unavailable"),
        HangingProgram("hanging-program"),
        BrokenGroup("no-cgroup", "create the cgroup", "Resource temporarily unavailable", "cgroup.max.descendants", "0"),
        BrokenGroup("no-process", "clone", "Resource temporarily unavailable", "pids.max", "0"),
        BrokenGroup("no-limit", "set the limits", "No such file or directory", "cgroup.subtree_control", "-memory"),
    ]


def broken_room(record, retries):
    """Services that fail at each step on the way to their program."""
    room = Courtroom(record, name=name())
    broken = all_broken()
    services = {one.service: defendant(room, restart=f"on-failure:{min(retries, one.retries_max)}",
                                       **{"mem_limit": OWN_LIMIT, **one.prepare(room)}) for one in broken}
    groups = {keys["cgroup_parent"]: {"mem_limit": 200 * MIB} for keys in services.values() if "cgroup_parent" in keys}
    room.furnish(services, **{"x-bulkhead": {"groups": groups}})
    places = [Place("broken", room, [one.service]) for one in broken]
    for place, one in zip(places, broken):
        place.broken = one
        place.retries = min(retries, one.retries_max)
    return room, places
