"""Clients of the control socket that are silent, slow, huge or mad harm nobody."""

import contextlib
import os
import random
import socket
import struct
import time

from wire import VERSION
from harness import QUICK, Stack, check, equal, kill, read, service, test, wait_until

MAGIC = 0x52484B42  # core/wire.c
PS, WATCH = 0, 1


def request(verb):
    return struct.pack("<IIIqIII", MAGIC, VERSION, verb, -1, 0, 0, 0)


def connect(stack):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 5, 0))  # connect waits for its turn
    # a path may be longer than an address: go by the folder
    folder = os.open(stack.runtime, os.O_RDONLY | os.O_DIRECTORY)
    try:
        client.connect(f"/proc/self/fd/{folder}/control")
    finally:
        os.close(folder)
    return client


def private_kib(pid):
    return sum(int(line.split()[1]) for line in read(f"/proc/{pid}/smaps_rollup").splitlines() if line.startswith("Private_"))


def answers(stack, within_s=5):
    """The supervisor answers, and its services are untouched."""
    started = time.monotonic()
    rows = stack.ps()
    check(time.monotonic() - started < within_s, "ps took", time.monotonic() - started, "s")
    return {name: row["Pid"] for name, row in rows.items()}


@test("the control socket and its folder are for their owner alone")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        # root's is searched by the recorder's group, which reads the journal and nothing else
        equal(oct(os.stat(stack.runtime).st_mode & 0o7777), "0o2710" if os.geteuid() == 0 else "0o700")
        equal(oct(os.stat(stack.runtime / "control").st_mode & 0o777), "0o600")


@test("silent clients, clients that hang up, and packets of nonsense")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        before = answers(stack)
        silent = [connect(stack) for _ in range(30)]
        equal(answers(stack), before)
        generator = random.Random(1)
        for size in (0, 1, 3, 4, 8, 27, 28, 29, 100, 4096, 32768):
            with contextlib.closing(connect(stack)) as client, contextlib.suppress(OSError):
                client.send(generator.randbytes(size))
        for _ in range(300):
            frame = bytearray(request(generator.randrange(0, 9)) + generator.randbytes(generator.randrange(0, 40)))
            frame[generator.randrange(8, len(frame))] = generator.randrange(0, 256)
            # what the bytes may ask for by chance is not to be done: no verb that ends anything
            frame[8:12] = struct.pack("<I", generator.choice([PS, WATCH, 77, 0xFFFFFFFF]))
            with contextlib.closing(connect(stack)) as client, contextlib.suppress(OSError):
                client.send(frame)
        equal(answers(stack), before)
        for client in silent:
            client.close()


@test("huge packets are refused, and cost the supervisor no memory")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        before = answers(stack)
        supervisor = stack.own_pid()
        memory = private_kib(supervisor)
        for size in (33 * 1024, 64 * 1024, 150 * 1024):
            for _ in range(20):
                with contextlib.closing(connect(stack)) as client, contextlib.suppress(OSError):
                    client.send(request(PS) + b"\xff" * size)
        equal(answers(stack), before)
        check(private_kib(supervisor) < memory + 200, "private KiB", memory, "became", private_kib(supervisor))


@test("watchers that never read neither stop the supervisor nor cost it memory")
def _():
    with Stack({"a": service("steady", **QUICK), "b": service("steady")}) as stack:
        stack.up()
        clients = [connect(stack) for _ in range(20)]
        for client in clients:
            client.send(request(WATCH))
        supervisor = stack.own_pid()
        memory = private_kib(supervisor)
        b = stack.pid("b")
        for _ in range(15):
            old = stack.pid("a")
            kill(old)
            stack.running("a", other_than=old)
        equal(answers(stack)["b-1"], b)
        check(private_kib(supervisor) < memory + 200, "private KiB", memory, "became", private_kib(supervisor))
        for client in clients:
            client.close()


@test("more silent clients than there are places: a patient one is served all the same")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        silent = []
        with contextlib.suppress(OSError):
            for _ in range(200):
                client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                client.settimeout(0.2)
                silent.append(client)
                client.connect(str(stack.runtime / "control"))
        wait_until(lambda: stack.run("ps", status=None).status == 0, "ps is served")
        for client in silent:
            client.close()
