"""The recorder stopped, killed, out of disk, on a disk that hangs: services and restarts go on, and what is lost is told."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time

from harness import PATIENCE_S, QUICK, Stack, check, contains, equal, is_alive, kill, read, service, test, wait_until
from test_hanging import frozen_disk, restart_takes_no_time, run, state_of

JOURNALD = "/run/systemd/journal/socket"
LOST = re.compile(r"bulkhead: ([0-9,]+) lines? lost: (.*)")


def log_of(stack, member):
    """The files of a log, the oldest first."""
    logs = stack.state / "logs"
    files = [logs / f"{member}.log{end}" for end in (".2", ".1", "")]
    return "".join(read(path) for path in files if path.is_file())


def numbers(text):
    return [int(line.split()[4]) for line in text.splitlines() if " chatter " in line]


def told_lost(text):
    return sum(int(found[0].replace(",", "")) for found in LOST.findall(text))


BURSTS, BURST = 80, 100
TALKER = f"""n=0; while [ $n -lt {BURSTS * BURST} ]; do
i=0; while [ $i -lt {BURST} ]; do echo "chatter $n 0123456789012345678901234567890123456789"; n=$((n+1)); i=$((i+1)); done
sleep 0.08; done; exec sleep 1000"""


@test("a recorder that is killed twenty times under load loses no line and doubles little")
def _():
    lines = BURSTS * BURST
    with Stack({"a": {"command": ["/bin/sh", "-c", TALKER.replace("$", "$$")]}}) as stack:
        stack.up()
        pid = 0
        for _ in range(20):
            dead = pid
            pid = wait_until(lambda dead=dead: {stack.own_pid("recorder")} - {dead}, "the next one").pop()
            time.sleep(0.3)  # it is somewhere in its work, and has lived long enough to be followed at once
            kill(pid)
            wait_until(lambda: not is_alive(pid), "it is dead")
        wait_until(lambda: f"chatter {lines - 1} " in log_of(stack, "a-1"), "the last line", 240)
        log = log_of(stack, "a-1")
        found = numbers(log)
        equal(sorted(set(found)), list(range(lines)), "lines")
        doubled, marked = len(found) - lines, log.count("what follows may be here twice")
        check(doubled <= 20 * 2 * 65536 // 50, doubled, "lines are there twice")
        check(doubled == 0 or marked > 0, doubled, "lines are there twice and no mark")
        equal(told_lost(log), 0, "lost")
        stack.down()


@test("a recorder that is stopped holds up no restart, and has all when it goes on")
def _():
    with Stack({"a": service("steady", **QUICK), "b": service("chatter", 20000, 20)}) as stack:
        stack.up("a")
        recorder = stack.own_pid("recorder")
        kill(recorder, signal.SIGSTOP)
        stack.up("b")
        restart_takes_no_time(stack, "a")
        restart_takes_no_time(stack, "a")
        kill(recorder, signal.SIGCONT)
        wait_until(lambda: "chatter 19999 " in log_of(stack, "b-1"), "the last line")
        equal(numbers(log_of(stack, "b-1")), list(range(20000)))
        stack.down()


@contextlib.contextmanager
def logs_on_disk(stack):
    """The folder of the logs is a disk of its own."""
    with frozen_disk(stack.folder) as mount:
        logs = stack.state / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        run("mount", "--bind", mount, logs)
        try:
            yield mount
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                run("fsfreeze", "-u", mount)
            run("umount", "-l", logs)


@test("a frozen disk under the logs: services write on, restarts take no time, and the loss is told after the thaw", needs="memory")
def _():
    lines = 100_000  # more than the buffer has room for
    with Stack({"a": service("steady", **QUICK), "b": service("chatter", lines, 60)}) as stack, logs_on_disk(stack) as mount:
        stack.up("a")
        run("fsfreeze", "-f", mount)
        stack.up("b")
        restart_takes_no_time(stack, "a")
        wait_until(lambda: state_of(stack.pid("b")) == "S" and "pause" in read(f"/proc/{stack.pid('b')}/wchan")
                   or read(f"/proc/{stack.pid('b')}/syscall").split()[0] == "34", "it has written all")
        restart_takes_no_time(stack, "a")
        run("fsfreeze", "-u", mount)
        wait_until(lambda: told_lost(log_of(stack, "b-1")) > 0, "the loss is told")
        wait_until(lambda: len(numbers(log_of(stack, "b-1"))) + told_lost(log_of(stack, "b-1")) == lines, "all is accounted for")
        found = numbers(log_of(stack, "b-1"))
        equal(found, sorted(found), "order")
        contains(log_of(stack, "b-1"), "the disk is too slow")
        wait_until(lambda: "b-1: " in stack.own_log() and "lost: the disk is too slow" in stack.own_log(), "our own log tells, too")
        stack.down()


@test("a disk that is a hundred times too slow stalls no service, delays no restart, and each line that was lost is counted")
def _():
    lines = 300_000
    talker = service("chatter", lines, 60, logging={"options": {"max-size": "1g"}})
    with Stack({"a": service("steady", **QUICK), "b": talker}) as stack:
        logs = stack.state / "logs"
        logs.mkdir(parents=True)
        os.mkfifo(logs / "b-1.log")  # takes what we take out of it
        os.chmod(logs / "b-1.log", 0o666)
        disk = os.open(logs / "b-1.log", os.O_RDWR | os.O_NONBLOCK)
        log = b""
        stack.up()
        while read(f"/proc/{stack.pid('b')}/syscall").split()[0] != "34":  # it has written all
            with contextlib.suppress(BlockingIOError):
                log += os.read(disk, 4096)
            check(len(log) < lines * 60 // 2, "it was held up by the disk")
            if len(log) % 65536 < 4096:
                restart_takes_no_time(stack, "a")
            time.sleep(0.05)
        restart_takes_no_time(stack, "a")

        def accounted():
            nonlocal log
            with contextlib.suppress(BlockingIOError):
                while True:
                    log += os.read(disk, 65536)
            text = log[:log.rindex(b"\n") + 1].decode()
            return len(numbers(text)) + told_lost(text)
        wait_until(lambda: accounted() >= lines, "all is accounted for")
        equal(accounted(), lines)
        equal(numbers(log.decode()), sorted(numbers(log.decode())), "order")
        contains(log.decode(), "lost: the disk is too slow")
        os.close(disk)
        stack.down()


@test("a full disk costs lines, which are counted in the log when there is room again", needs="memory")
def _():
    lines = 300_000
    with Stack({"b": service("chatter", lines, 60)}) as stack, logs_on_disk(stack) as mount:
        (stack.state / "logs" / "ballast").write_bytes(b"x")
        subprocess.run(["dd", "if=/dev/zero", f"of={mount}/ballast", "bs=64k"], check=False, stderr=subprocess.DEVNULL)
        stack.up()
        wait_until(lambda: read(f"/proc/{stack.pid('b')}/syscall").split()[0] == "34", "it has written all")
        (mount / "ballast").unlink()
        wait_until(lambda: len(numbers(log_of(stack, "b-1"))) + told_lost(log_of(stack, "b-1")) == lines, "all is accounted for")
        contains(log_of(stack, "b-1"), "lost: the disk is full")
        stack.down()


@test("logging: files of the size and number wanted, or none; a reload changes both")
def _():
    def talk(**logging):
        return service("chatter", 20000, 60, logging=logging)

    def files(member):
        return sorted(path.name for path in (stack.state / "logs").glob(f"{member}.log*"))

    with Stack({"small": talk(options={"max-size": "100k", "max-file": "2"}), "quiet": talk(driver="none"), "big": talk()}) as stack:
        stack.up()
        for name in ("small", "big"):
            wait_until(lambda name=name: "chatter 19999 " in log_of(stack, f"{name}-1"), "the last line")
        equal(files("small-1"), ["small-1.log", "small-1.log.1"])
        for name in files("small-1"):
            check((stack.state / "logs" / name).stat().st_size <= 100 * 1024 + 200, name, "is too large")
        equal(numbers(log_of(stack, "big-1")), list(range(20000)))
        wait_until(lambda: read(f"/proc/{stack.pid('quiet')}/syscall").split()[0] == "34", "it has written all")
        equal(files("quiet-1"), [])
        stack.write({"small": talk(options={"max-size": "100k", "max-file": "1"}), "quiet": talk(), "big": talk()})
        pid = stack.pid("quiet")
        stack.up()
        equal(stack.pid("quiet"), pid, "a change of logging starts nothing anew")
        stack.run("restart", "quiet", "small")
        wait_until(lambda: "chatter 19999 " in log_of(stack, "quiet-1"), "now there is a log")
        wait_until(lambda: files("small-1") == ["small-1.log"], "one file is left")
        stack.down()


@test("logging: blocking waits for a frozen disk and loses nothing", needs="memory")
def _():
    lines = 100_000
    talker = service("chatter", lines, 60, logging={"options": {"mode": "blocking", "max-buffer-size": "64k"}})
    with Stack({"a": service("steady", **QUICK), "b": talker}) as stack, logs_on_disk(stack) as mount:
        stack.up("a")
        run("fsfreeze", "-f", mount)
        stack.up("b")
        wait_until(lambda: read(f"/proc/{stack.pid('b')}/syscall").split()[0] == "1", "it waits in write")
        restart_takes_no_time(stack, "a")
        equal(read(f"/proc/{stack.pid('b')}/syscall").split()[0], "1", "it waits")
        run("fsfreeze", "-u", mount)
        wait_until(lambda: f"chatter {lines - 1} " in log_of(stack, "b-1"), "the last line")
        equal(numbers(log_of(stack, "b-1")), list(range(lines)))
        stack.down()


def status_of(pid):
    return dict(line.split(":", 1) for line in read(f"/proc/{pid}/status").splitlines() if ":" in line)


def owner_of(path):
    return path.stat().st_uid


@test("the recorder has no root, no capabilities, no other folder, and calls that are counted")
def _():
    with Stack({"b": service("chatter", 10, 20)}) as stack:
        stack.up()
        pid = stack.own_pid("recorder")
        wait_until(lambda: "chatter 9 " in log_of(stack, "b-1"), "the last line")
        status = {key: value.split() for key, value in status_of(pid).items()}
        for key in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            equal(status[key], ["0" * 16], key)
        equal(status["NoNewPrivs"], ["1"])
        equal(status["Seccomp"], ["2"])
        user = owner_of(stack.state)
        equal(status["Uid"], [str(user)] * 4)
        if os.geteuid() == 0:
            check(user != 0, "the state folder is root's")
            equal(status["Groups"], [])
            equal(os.readlink(f"/proc/{pid}/root"), str(stack.state))
        for path in (stack.state / "logs", stack.state / "logs" / "b-1.log"):
            equal(owner_of(path), user, path)
        for name, mode in (("", 0o2710), ("fifo", 0o700), ("plan", 0o600), ("control", 0o600), ("journal", 0o640),
                           ("samples", 0o640)):
            if os.geteuid() == 0:
                equal((stack.runtime / name).stat().st_mode & 0o7777, mode, name)
        stack.down()
        equal(owner_of(stack.state / "journal"), user)


@test("the logs that root has left are taken over, and a folder of somebody else is refused")
def _():
    if os.geteuid() != 0:
        return
    with Stack({"b": service("chatter", 10, 20)}) as stack:
        logs = stack.state / "logs"
        logs.mkdir(parents=True)
        (logs / "b-1.log").write_text("2026-01-01T00:00:00.000000000Z stdout F of long ago\n")
        (stack.state / "journal").write_text("")
        (logs / "link").symlink_to("/etc/passwd")
        (stack.folder / "other").write_text("")
        os.link(stack.folder / "other", logs / "b-1.log.7")
        stack.up()
        wait_until(lambda: "chatter 9 " in log_of(stack, "b-1"), "the last line")
        contains(log_of(stack, "b-1"), "of long ago")
        check(owner_of(logs / "b-1.log") != 0, "is still root's")
        equal(owner_of(logs / "b-1.log.7"), 0, "has another name elsewhere")
        equal(owner_of(stack.state.parent), 0)
        stack.down()
        os.chown(logs, 12345, 12345)
        contains(stack.up(status=1).err, "belongs to somebody else")
        os.chown(logs, 0, 0)


@test("a recorder that does not answer is replaced, and has lost no line")
def _():
    with Stack({"a": {"command": ["/bin/sh", "-c", TALKER.replace("$", "$$")]}}) as stack:
        stack.up()
        pid = stack.own_pid("recorder")
        wait_until(lambda: "chatter 500 " in log_of(stack, "a-1"), "it is at work")
        kill(pid, signal.SIGSTOP)
        wait_until(lambda: not is_alive(pid), "it is killed", 60)
        wait_until(lambda: "the recorder does not answer" in stack.own_log(), "it is said")
        wait_until(lambda: f"chatter {BURSTS * BURST - 1} " in log_of(stack, "a-1"), "the last line", 240)
        equal(sorted(set(numbers(log_of(stack, "a-1")))), list(range(BURSTS * BURST)), "lines")
        stack.down()


@contextlib.contextmanager
def slow_recorder(stack):
    """It runs for one millisecond in a hundred."""
    is_over = threading.Event()

    def hold_up():
        while not is_over.is_set():
            for pid in map(int, read(stack.cgroup / stack.name / "recorder" / "cgroup.procs").split()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    is_over.wait(0.099)
                    os.kill(pid, signal.SIGCONT)
            time.sleep(0.001)
    thread = threading.Thread(target=hold_up)
    thread.start()
    try:
        yield
        check(thread.is_alive(), "it was not held up to the end")
    finally:
        is_over.set()
        thread.join()


@test("a recorder that is a hundred times too slow holds up no service and no restart, and loses no line")
def _():
    with Stack({"a": service("steady", **QUICK)}) as stack:
        done = stack.folder / "done"
        talker = TALKER.replace("exec sleep", f"echo done >{done}; exec sleep").replace("$", "$$")
        stack.up()
        with slow_recorder(stack):
            stack.write({"a": service("steady", **QUICK), "b": {"command": ["/bin/sh", "-c", talker]}})
            stack.up()
            while not done.exists():
                restart_takes_no_time(stack, "a")
            equal(len(stack.deaths("b")), 0, "deaths")
        wait_until(lambda: f"chatter {BURSTS * BURST - 1} " in log_of(stack, "b-1"), "the last line", 240)
        equal(sorted(set(numbers(log_of(stack, "b-1")))), list(range(BURSTS * BURST)), "lines")
        equal(told_lost(log_of(stack, "b-1")), 0, "lost")
        stack.down()


@test("a recorder that made a forbidden call is replaced")
def _():
    with Stack({"a": service("chatter", 10, 20)}) as stack:
        stack.up()
        pid = stack.own_pid("recorder")
        wait_until(lambda: "chatter 9 " in log_of(stack, "a-1"), "it is at work")
        kill(pid, signal.SIGSYS)
        wait_until(lambda: not is_alive(pid), "it is dead")
        wait_until(lambda: {stack.own_pid("recorder")} - {pid}, "the next one")
        wait_until(lambda: "the recorder ended; it is started again" in stack.own_log(), "it is said")
        stack.down()


@test("a recorder that reads late puts each cause of death between the incarnations, in both streams")
def _():
    talker = {"command": ["/bin/sh", "-c", "echo out; echo err >&2; printf half; printf half >&2; sleep 0.05; exit 3"],
              "restart": "on-failure:5", **QUICK}
    with Stack({"idle": service("steady"), "a": talker}) as stack:
        stack.up("idle")
        recorder = stack.own_pid("recorder")
        kill(recorder, signal.SIGSTOP)
        stack.run("up", "-d", "a", status=None)
        wait_until(lambda: stack.row("a")["State"] in ("exited", "held"), "it has died six times")
        kill(recorder, signal.SIGCONT)
        wait_until(lambda: log_of(stack, "a-1").count("exited with code 3") == 6, "the last cause of death")
        lines = [line.split(" ", 3) for line in log_of(stack, "a-1").splitlines()]
        for number in range(6):
            said = sorted((stream, text) for _, stream, _, text in lines[5 * number:5 * number + 4])
            equal(said, [("stderr", "err"), ("stderr", "half"), ("stdout", "half"), ("stdout", "out")], f"incarnation {number}")
            contains(lines[5 * number + 4][3], "bulkhead: ")
        stack.down()


@contextlib.contextmanager
def system_journal():
    """Where no journald is: its socket. What came in, each datagram a mapping."""
    place = JOURNALD
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(place)
        listener.settimeout(PATIENCE_S)

        def hear():
            lines = listener.recv(1 << 20).decode().splitlines()
            return dict(line.split("=", 1) for line in lines)
        try:
            yield hear
        finally:
            os.unlink(place)
            os.rmdir(os.path.dirname(place))


@test("logging: journald gets each line with its fields and the cause of death, and is refused where there is none", needs="memory")
def _():
    if os.path.exists(JOURNALD) or os.geteuid() != 0:
        return  # this host's own is not for tests
    talker = {"command": ["/bin/sh", "-c", "echo hello; sleep 0.2; echo oops >&2; exit 3"], "restart": "no",
              "logging": {"driver": "journald"}}
    with Stack({"my-web": talker}) as stack:
        result = stack.up(status=2)
        contains(result.err, "logging.driver", "there is no /run/systemd/journal/socket here", "write json-file")
        with system_journal() as hear:
            stack.run("up", "-d", status=None)
            first, second, third = hear(), hear(), hear()
        equal((first["MESSAGE"], first["PRIORITY"], first["BULKHEAD_STREAM"]), ("hello", "6", "stdout"))
        equal((first["BULKHEAD_STACK"], first["BULKHEAD_SERVICE"], first["BULKHEAD_INSTANCE"], first["SYSLOG_IDENTIFIER"]),
              (stack.name, "my-web", "1", "my-web-1"))
        equal((second["MESSAGE"], second["PRIORITY"], second["BULKHEAD_STREAM"]), ("oops", "3", "stderr"))
        contains(third["MESSAGE"], "bulkhead: ", "code 3")
        equal(list((stack.state / "logs").glob("my-web*")), [])
        stack.down()


@test("logging: none drops the output, and events tell the death all the same")
def _():
    with Stack({"a": {"command": ["/bin/sh", "-c", "echo hello; exit 3"], "restart": "no", "logging": {"driver": "none"}}}) as stack:
        stack.run("up", "-d", status=None)
        wait_until(lambda: stack.row("a")["State"] == "exited", "it has ended")
        equal(stack.verdicts("a"), ["failed"])
        equal(list((stack.state / "logs").glob("a-*")), [])
        stack.down()


@test("a recorder that is killed while its disk hangs is replaced all the same, and services write on", needs="memory")
def _():
    with Stack({"a": service("steady", **QUICK), "b": service("chatter", 100_000, 60)}) as stack, logs_on_disk(stack) as mount:
        stack.up("a")
        run("fsfreeze", "-f", mount)
        stack.run("up", "-d", "b")
        recorder = stack.own_pid("recorder")
        wait_until(lambda: any(state_of(f"{recorder}/task/{task}") == "D" for task in os.listdir(f"/proc/{recorder}/task")), "it hangs")
        kill(recorder)
        wait_until(lambda: read(f"/proc/{stack.pid('b')}/syscall").split()[0] == "34", "it has written all", 90)
        restart_takes_no_time(stack, "a")
        run("fsfreeze", "-u", mount)
        wait_until(lambda: "that was killed does not end" in stack.own_log(), "it is said")
        wait_until(lambda: told_lost(log_of(stack, "b-1")) > 0, "the loss is told")
        stack.down()
