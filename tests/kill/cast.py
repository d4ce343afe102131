"""Who plays: the services of a stack, each incarnation of them as it comes and goes, and why it went.

A player is tests/court/defendant.c: it connects as soon as it runs and waits for orders. A scribe is
tests/system/programs/scribe.c: it writes numbered lines and counts what was taken of them.
"""

import contextlib
import os
import pathlib
import re
import select
import socket
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "system"), str(HERE.parent / "logpath")]
import harness  # noqa: E402
from audit import HEAD_BYTES, LINE, Audit  # noqa: E402

TOKEN = "KILL_TOKEN"
COMPARTMENT = re.compile(r"/s-([^/]+)\.\d+\.(\d+)$")
COUNTS = struct.Struct("=512Q")  # of scribe.c
PID, INCARNATIONS, ALLOWED, TAKEN = range(4)
LIMIT = "24m"


class Incarnation:
    def __init__(self, service, generation, pid, connection):
        self.service = service
        self.generation = generation
        self.pid = pid
        self.connection = connection

    def order(self, *words):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send(" ".join(str(word) for word in words).encode())

    def has_gone(self):
        """Its end of the connection is closed; answers on the way are none."""
        try:
            while self.connection.recv(64):
                pass
            return True
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True


class Cast:
    """Who is there now, and all that ever came. Births are seen here before bulkhead tells of them."""

    def __init__(self, folder):
        self.path = folder / "orders"
        self.here = []
        self.came = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self._listener.bind(str(self.path))
        self._listener.listen(64)

    def close(self):
        self._listener.close()
        for one in self.here:
            one.connection.close()

    def look(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                break
            connection.setblocking(False)
            self._welcome(connection)
        for one in [one for one in self.here if one.has_gone()]:
            one.connection.close()
            self.here.remove(one)

    def _welcome(self, connection):
        pid, _, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        try:
            found = COMPARTMENT.search(harness.read(f"/proc/{pid}/cgroup").strip().split("::")[-1])
        except OSError:  # it has ended already
            found = None
        if not found:
            connection.close()
            return
        one = Incarnation(found.group(1), int(found.group(2)), pid, connection)
        self.here.append(one)
        self.came.append(one)

    def wait(self, timeout_s):
        """Until somebody comes or goes."""
        select.select([self._listener, *(one.connection for one in self.here)], [], [], timeout_s)
        self.look()

    def of(self, service):
        """The one that is there; None. Two are too many."""
        self.look()
        found = [one for one in self.here if one.service == service]
        harness.check(len(found) < 2, f"doubled: {service} runs as", [(one.pid, one.generation) for one in found])
        return found[0] if found else None


class JoinedAudit(Audit):
    """A line that the end of a recorder has cut in two ("P", and "F" for the rest) is one."""

    _part = b""

    def _take(self, line):
        text, stream, is_part = line[HEAD_BYTES:-1], line[31:37], line[HEAD_BYTES - 2:HEAD_BYTES - 1] == b"P"
        if stream == b"stdout" and is_part:
            self._part += text
            return
        part, self._part = self._part, b""
        if stream == b"stdout" and self._is_whole(LINE.fullmatch(part + text)):
            text = part + text
        elif part:
            self._read(part, b"stdout")
        self._read(text, stream)


class Scribe:
    """One whose lines are counted."""

    def __init__(self, name, form, folder):
        self.name = name
        self.form = form
        self.path = folder / f"{name}.counts"
        self.path.write_bytes(bytes(COUNTS.size))
        self.allowed = 0

    def counts(self):
        return COUNTS.unpack(self.path.read_bytes())

    def allow(self, more):
        self.allowed += more
        with open(self.path, "r+b") as file:
            file.seek(ALLOWED * 8)
            file.write(struct.pack("=Q", self.allowed))

    def pid(self):
        return self.counts()[PID]

    def taken(self):
        counts = self.counts()
        return list(counts[TAKEN:TAKEN + counts[INCARNATIONS]])

    def has_written_all(self):
        return self.form != "line" or sum(self.taken()) >= self.allowed

    def audit(self, logs):
        return JoinedAudit(logs, f"{self.name}-1", self.form, self.taken() or [0])


def token_holders(stack_name):
    """{service: PIDs} of live processes in compartments of services, by the token in their environment."""
    found = {}
    word = f"{TOKEN}={stack_name}:".encode()
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environment = (folder / "environ").read_bytes().split(b"\0")
            tokens = [one[len(word):].decode() for one in environment if one.startswith(word)]
            if tokens and COMPARTMENT.search(harness.read(folder / "cgroup").strip().split("::")[-1]) and \
                    harness.is_alive(int(folder.name)):
                found.setdefault(tokens[0], []).append(int(folder.name))
    return found


def first_process(cgroup):
    """Of our own programs: the one that is there longest; 0: none. Helpers of it come and go."""
    def age(pid):
        try:
            return int(harness.read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[19])
        except OSError:
            return 1 << 62
    try:
        pids = [int(word) for word in harness.read(cgroup / "cgroup.procs").split()]
    except OSError:
        return 0
    return min(pids, key=age) if pids else 0


def is_there(pid):
    return pid > 0 and os.path.exists(f"/proc/{pid}") and harness.is_alive(pid)
