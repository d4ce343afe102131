"""File systems that hang: whoever waits for one, waits alone."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time

from harness import MIB, QUICK, Stack, check, contains, equal, is_alive, kill, read, service, test, wait_until


def run(*words):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def frozen_disk(folder):
    """An ext4 file system that can be frozen: then a write waits, and SIGKILL with it."""
    image, mount = folder / "disk", folder / "mount"
    mount.mkdir()
    with open(image, "wb") as file:
        file.truncate(16 << 20)
    run("mkfs.ext4", "-q", "-F", image)
    run("mount", "-o", "loop", image, mount)
    try:
        yield mount
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            run("fsfreeze", "-u", mount)
        wait_until(lambda: subprocess.run(["umount", str(mount)], check=False, stderr=subprocess.DEVNULL).returncode == 0,
                   "umount of the thawed disk")


def state_of(pid):
    return read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[0]


def restart_takes_no_time(stack, name):
    """A kill and a restart of a sibling, as evidence that nobody waits."""
    old, started = stack.pid(name), time.monotonic()
    kill(old)
    stack.running(name, other_than=old)
    check(time.monotonic() - started < 5, name, "took", time.monotonic() - started, "s")


@test("a service stuck on a frozen disk delays nobody, is left behind by name, and goes when the disk thaws", needs="memory")
def _():
    with Stack({"a": service("steady", **QUICK)}) as stack, frozen_disk(stack.folder) as mount:
        stack.write({"stuck": service("append", mount / "file", stop_grace_period="100ms", **QUICK), "a": service("steady", **QUICK)})
        stack.up()
        stuck = stack.pid("stuck")
        run("fsfreeze", "-f", mount)
        wait_until(lambda: state_of(stuck) == "D", "the service hangs")
        restart_takes_no_time(stack, "a")
        stack.run("kill", "stuck")
        equal(stack.row("stuck")["State"], "exited")
        equal([row["Generation"] for row in stack.left()], [1])
        check(is_alive(stuck), "not stuck after all")
        restart_takes_no_time(stack, "a")
        run("fsfreeze", "-u", mount)
        wait_until(lambda: not is_alive(stuck), "the thawed one is gone")
        wait_until(lambda: not stack.left(), "the supervisor sees it")
        stack.down()


def dies_by_half(policy):
    """Killed at its limit, its main thread is a zombie, and another thread of it hangs: no pidfd says anything."""
    with Stack({"a": service("steady", **QUICK)}) as stack, frozen_disk(stack.folder) as mount:
        half = service("halfdead", mount / "file", 1 << 20, mem_limit="24m", **QUICK)
        half["x-bulkhead"] = {**half["x-bulkhead"], "oom": {"policy": policy}}
        stack.write({"half": half, "a": service("steady", **QUICK)})
        stack.up()
        main = stack.pid("half")
        wait_until(lambda: "halfdead: ready" in stack.logs("half"), "it writes")
        run("fsfreeze", "-f", mount)
        wait_until(lambda: state_of(main) == "Z", "its main thread is a zombie")
        wait_until(lambda: [row["Generation"] for row in stack.left()] == [1], "the supervisor does not wait for a pidfd")
        restart_takes_no_time(stack, "a")
        contains(stack.run("why", "half").out, "cannot be killed")
        run("fsfreeze", "-u", mount)
        wait_until(lambda: not stack.left(), "it goes when the disk thaws")
        stack.down()


@test("a main thread that is a zombie while another one hangs: the OOM kill is acted on all the same", needs="memory")
def _():
    dies_by_half("kill")


@test("the same where the kernel kills processes one by one", needs="memory")
def _():
    dies_by_half("continue")


@test("a memory map that cannot be read costs a snapshot and delays nobody", needs="memory")
def _():
    with Stack({"a": service("steady", **QUICK)}) as stack, frozen_disk(stack.folder) as mount:
        stack.write({"stuck": service("mapstuck", mount / "file", 14 * MIB, mem_limit="16m", **QUICK), "a": service("steady", **QUICK)})
        stack.up()
        stuck = stack.pid("stuck")
        wait_until(lambda: "mapstuck: ready" in stack.logs("stuck"), "it has mapped its file")
        run("fsfreeze", "-f", mount)
        kill(stuck, signal.SIGUSR1)
        while "stuck-1: its processes could not be read in time" not in stack.own_log():
            restart_takes_no_time(stack, "a")
            check(len(stack.deaths("a")) < 100, "no snapshot was tried")
        run("fsfreeze", "-u", mount)
        equal(stack.deaths("stuck"), [])
        stack.down()


class SilentFileSystem:
    """A FUSE file system whose server takes every request and answers none but the first."""

    def __init__(self, mount):
        mount.mkdir()
        device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
        if ctypes.CDLL(None, use_errno=True).mount(b"silent", os.fsencode(mount), b"fuse", 0, options.encode()) != 0:
            raise OSError(ctypes.get_errno(), "mount of a FUSE file system")
        self._server = os.fork()
        if self._server == 0:
            try:
                self._serve(device)
            finally:
                os._exit(0)
        os.close(device)

    @staticmethod
    def _serve(device):
        while True:
            request = os.read(device, 1 << 20)
            if int.from_bytes(request[4:8], "little") == 26:  # FUSE_INIT: version 7.31, nothing special
                words = (7, 31, 65536, 0, 0, 4096)
                answer = request[8:16] + b"".join(word.to_bytes(4, "little") for word in words) + bytes(40)
                os.write(device, (8 + len(answer)).to_bytes(4, "little") + bytes(4) + answer)

    def end(self):
        """The server's death ends every request that waits."""
        os.kill(self._server, signal.SIGKILL)
        os.waitpid(self._server, 0)


@test("a program on a file system that does not answer delays nobody", needs="memory")
def _():
    with Stack({"a": service("steady", **QUICK)}) as stack:
        place = stack.folder / "silent"
        program = place / "program"
        place.mkdir()
        program.write_text("#!/bin/sh\nexec sleep 1000\n")
        program.chmod(0o755)
        stack.write({"a": service("steady", **QUICK), "stuck": {"command": [str(program)]}})
        # it must be there while the plan is made, and hang when it is started
        stack.up("a")
        silent = SilentFileSystem(stack.folder / "over")
        try:
            run("mount", "--move", stack.folder / "over", place)
            stack.begin("start", "stuck")
            wait_until(lambda: stack.row("stuck")["State"] == "starting", "it hangs before it is the program")
            restart_takes_no_time(stack, "a")
            equal(stack.row("stuck")["State"], "starting")
        finally:
            silent.end()
            run("umount", "-l", place)
        stack.down()
