"""A client of the control socket that speaks core/wire.h itself: what the command line would not say."""

import array
import contextlib
import fcntl
import os
import socket
import struct

REQUEST, REPLY, VERSION = 0x52484B42, 0x41484B42, 4  # core/wire.c
VERBS = ("ps", "watch", "start", "stop", "restart", "kill", "down", "reload", "limits", "forget", "exec", "exec-signal")
ALONE, RUN = 1, 2
REPLIES = ("", "info", "row", "done", "error", "bye", "started", "exited")
SEALS = 2 | 4 | 8  # F_SEAL_SHRINK, GROW, WRITE


def text(word):
    raw = word.encode()
    return struct.pack("<I", len(raw)) + raw + b"\0"


def request(verb, *names, signal=0, flags=0, grace_ns=-1, version=VERSION):
    head = struct.pack("<IIIqIII", REQUEST, version, VERBS.index(verb), grace_ns, signal, flags, len(names))
    return head + b"".join(text(name) for name in names)


def launch_record(*argv, environment=None, directory="/", user=None, controls=()):
    """core/planfile.h: what a launch record holds, in order."""
    def strings(words):
        return struct.pack("<I", len(words)) + b"".join(text(word) for word in words)
    variables = [f"{name}={value}" for name, value in (environment or {"PATH": "/usr/bin:/bin"}).items()]
    uid, gid = user or (0, 0)
    record = text(argv[0]) + strings(argv) + strings(variables) + text(directory)
    record += struct.pack("<IIIIqI", user is None, uid, gid, 0, 0, 0)
    record += struct.pack("<I", len(controls))
    for name, value in controls:
        record += text(name) + text(value) + struct.pack("<I", 1)
    return record + struct.pack("<III", 0, 0, 0)  # no terminal, no stdin, no labels


def sealed(data, seals=SEALS):
    fd = os.memfd_create("test", os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    if seals:
        fcntl.fcntl(fd, 1033, seals)  # F_ADD_SEALS
    return fd


class Client:
    def __init__(self, stack, patience_s=40):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(patience_s)
        folder = os.open(stack.runtime, os.O_RDONLY | os.O_DIRECTORY)  # a path may be longer than an address
        try:
            self.socket.connect(f"/proc/self/fd/{folder}/control")
        finally:
            os.close(folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, frame, files=()):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
        self.socket.sendmsg([frame], rights)

    def receive(self):
        """(kind, what the frame holds); ("end", None) when the other side has closed."""
        try:
            frame = self.socket.recv(4096)
        except ConnectionResetError:
            return "end", None
        if not frame:
            return "end", None
        magic, kind = struct.unpack_from("<II", frame)
        assert magic == REPLY
        kind = REPLIES[kind]
        if kind == "error":
            return kind, frame[12:-1].decode()
        if kind in ("started", "exited"):
            return kind, dict(zip(("pid", "code", "signal", "oom"), struct.unpack_from("<iiiI", frame, 8)))
        return kind, frame

    def ask(self, frame, files=()):
        self.send(frame, files)
        return self.receive()


class Exec(Client):
    """One process beside a member; its stdout and stderr come through a pipe unless `stdio` is given."""

    def __init__(self, stack, member, *argv, run=False, stdio=None, files=None, **launch):
        super().__init__(stack)
        self.output = None
        with contextlib.ExitStack() as cleaning:
            record = sealed(launch_record(*argv, **launch))
            cleaning.callback(os.close, record)
            if stdio is None:
                self.output, end = os.pipe()
                null = os.open("/dev/null", os.O_RDWR)
                cleaning.callback(os.close, end)
                cleaning.callback(os.close, null)
                stdio = (null, end, end)
            self.first = self.ask(request("exec", member, flags=RUN if run else 0), files or (record, *stdio))

    def __exit__(self, *_):
        super().__exit__()
        if self.output is not None:
            os.close(self.output)

    def read(self):
        """All that it writes until it ends."""
        found = b""
        while True:
            more = os.read(self.output, 65536)
            if not more:
                return found.decode()
            found += more


# --- another plan

def plan_of(stack, services):
    """The plan file of a stack of that name with these services; it is taken down again."""
    stack.write(services)
    stack.up()
    plan = (stack.runtime / "plan").read_bytes()
    stack.down()
    return plan


def reload(stack, plan, seals=14):
    with Client(stack) as client:
        fd = sealed(plan, seals)
        try:
            return client.ask(request("reload"), [fd])
        finally:
            os.close(fd)
