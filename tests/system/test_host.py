"""A host that fails, or that somebody else has a hand in: what was promised for that is kept."""

import os
import shutil
import signal
import subprocess
import time

import harness
from harness import QUICK, Stack, check, contains, equal, is_alive, kill, leaker, read, service, test, wait_until
from test_hanging import frozen_disk

DAY_S = 24 * 3600


@test("host: a lost runtime folder is made anew, and who runs runs on, with its log")
def _():
    with Stack({"a": service("chatter", 100000, 20, **QUICK), "b": service("steady")}) as stack:
        stack.up()
        stack.journals = ("journal",)
        supervisor, before = stack.own_pid(), stack.pids()
        mode = stack.runtime.stat().st_mode
        for victim in (stack.runtime, stack.runtime.parent):
            shutil.rmtree(victim)
            wait_until(lambda: (stack.runtime / "control").exists(), "the folder is there again")
            wait_until(lambda: stack.run("ps", status=None).status == 0, "ps is served")
            equal(stack.pids(), before)
            equal(stack.runtime.stat().st_mode, mode)
            lines = len(stack.logs().splitlines())
            kill(before["a-1"])
            before["a-1"] = stack.running("a", other_than=before["a-1"])
            wait_until(lambda: len(stack.logs().splitlines()) > lines + 20, "its log goes on")
        for name in ("control", "plan", "journal", "samples"):
            (stack.runtime / name).unlink()
            wait_until(lambda n=name: (stack.runtime / n).exists(), f"{name} is there again")
            equal(stack.pids(), before)
        equal(stack.own_pid(), supervisor)
        contains(stack.own_log(), "lost and is made anew")
        contains(stack.up().err, "a-1  unchanged")  # it is locked again: the next up finds it running
        equal(stack.pids(), before)


@test("host: a supervisor that is stopped is waited for by nobody but clients, and goes on where it was")
def _():
    with Stack({"a": service("steady", **QUICK), "b": service("steady")}) as stack:
        stack.up()
        supervisor, a, b = stack.own_pid(), stack.pid("a"), stack.pid("b")
        kill(supervisor, signal.SIGSTOP)
        try:
            kill(a)
            wait_until(lambda: not is_alive(a), "a is dead")
            contains(stack.run("ps", status=1).err, "SIGSTOP")
            check(is_alive(b), "b has ended")
        finally:
            kill(supervisor, signal.SIGCONT)
        stack.running("a", other_than=a)
        equal((stack.own_pid(), stack.pid("b"), stack.verdicts("a")), (supervisor, b, ["killed"]))


def set_clock(seconds):
    time.clock_settime(time.CLOCK_REALTIME, time.time() + seconds)


@test("host: the clock jumps by days, and nobody dies, waits or is restarted for it", needs="memory")
def _():
    if not harness.is_ours():  # not on a machine that others tell the time by
        return
    probe = {"test": ["CMD", "/bin/true"], "interval": "200ms", "start_period": "0s"}
    slow = {"x-bulkhead": {"backoff": {"initial": "1s", "factor": 1, "max": "1s", "jitter": 0}}}
    with Stack({"a": service("steady", **slow), "b": service("steady", healthcheck=probe)}) as stack:
        stack.up()
        for jump in (DAY_S, -2 * DAY_S):
            set_clock(jump)
            try:
                b, old = stack.pid("b"), stack.pid("a")
                kill(old)
                started = time.monotonic()
                stack.running("a", other_than=old)
                check(time.monotonic() - started < 20, "the back-off of a second took", time.monotonic() - started, "s")
                equal(stack.pid("b"), b)
                equal(stack.row("b")["Health"], "healthy")
            finally:
                set_clock(-jump)
        equal((stack.row("a")["Restarts"], stack.row("b")["Restarts"]), (2, 0))


@test("host: a plan file that is cut short: what runs does not need it, and it is written anew")
def _():
    with Stack({"a": service("steady", **QUICK)}) as stack:
        stack.up()
        whole = (stack.runtime / "plan").read_bytes()
        with open(stack.runtime / "plan", "r+b") as plan:
            plan.truncate(100)
        old = stack.pid("a")
        kill(old)
        new = stack.running("a", other_than=old)
        wait_until(lambda: (stack.runtime / "plan").read_bytes() == whole, "the plan is written anew")
        contains(stack.up().err, "a-1  unchanged")
        equal(stack.pid("a"), new)


@test("host: a process that somebody has moved out of its compartment is still its service's main process")
def _():
    with Stack({"a": service("steady", "ignore-term", stop_grace_period="100ms", **QUICK), "b": service("steady")}) as stack:
        stack.up()
        elsewhere = stack.cgroup / f"elsewhere.{os.getpid()}"
        elsewhere.mkdir()
        try:
            a = stack.pid("a")
            compartment = stack.compartment("a")
            (elsewhere / "cgroup.procs").write_text(str(a))
            compartment.rmdir()  # it is empty now: somebody may remove it
            equal(stack.row("a")["Pid"], a)
            stack.run("stop", "a")
            wait_until(lambda: stack.row("a")["State"] == "exited", "it is stopped")
            check(not is_alive(a), "it lives")
            stack.run("start", "a")
            new = stack.running("a", other_than=a)
            (elsewhere / "cgroup.procs").write_text(str(new))
            kill(new)
            stack.running("a", other_than=new)
        finally:
            wait_until(lambda: harness.remove_cgroup(elsewhere) or not elsewhere.exists(), "the other cgroup is empty")


@test("host: a process that somebody has moved into a compartment ends with it")
def _():
    with Stack({"a": service("steady", **QUICK), "b": service("steady")}) as stack:
        stack.up()
        foreign = subprocess.Popen(["sleep", "1000"])
        try:
            (stack.compartment("a") / "cgroup.procs").write_text(str(foreign.pid))
            old = stack.pid("a")
            kill(old)
            stack.running("a", other_than=old)
            equal(foreign.wait(timeout=20), -signal.SIGKILL)
            equal(stack.verdicts("a"), ["killed"])
        finally:
            foreign.kill()
            foreign.wait()


@test("host: a limit that somebody has written is in force until the next incarnation", needs="memory")
def _():
    with Stack({"a": leaker("64m", pause_ms=20), "b": service("steady")}) as stack:
        stack.up()
        (stack.compartment("a") / "memory.max").write_text(str(12 << 20))
        stack.wait("die", "a", verdict="oom")
        stack.wait("start", "a", count=2)
        equal(read(stack.compartment("a") / "memory.max").strip(), str(64 << 20))


@test("host: a disk that becomes read-only costs log lines and nothing else", needs="memory")
def _():
    with Stack({"a": service("chatter", 2000, 200, **QUICK), "b": service("steady", **QUICK)}) as stack:
        stack.journals = ()  # it cannot be archived
        with frozen_disk(stack.folder) as mount:
            stack.environment["BULKHEAD_STATE_DIR"] = str(mount)
            stack.up()
            subprocess.run(["mount", "-o", "remount,abort", str(mount)], check=True)  # as after an error of the disk
            for name in "ab":
                old = stack.pid(name)
                kill(old)
                stack.running(name, other_than=old)
            stack.down()
            stack.environment["BULKHEAD_STATE_DIR"] = str(stack.folder / "state")


@test("host: our own programs keep their memory when the host has none left", needs="memory")
def _():
    with Stack({"a": service("steady", **QUICK)}) as stack:
        stack.up()
        own = stack.cgroup / stack.name
        least = {leaf: int(read(own / leaf / "memory.min")) for leaf in ("keeper", "supervisor", "recorder")}
        equal(int(read(own / "memory.min")), sum(least.values()), "the level above them")
        for leaf in least:
            check(int(read(own / leaf / "memory.current")) < least[leaf] or leaf == "recorder", leaf, "needs more")
        status = dict(line.split(":", 1) for line in read(f"/proc/{stack.own_pid()}/status").splitlines())
        check(int(status["VmLck"].split()[0]) > 100, "its code is not kept:", status["VmLck"])
        for leaf in ("keeper", "supervisor"):
            equal(read(f"/proc/{stack.own_pid(leaf)}/oom_score_adj").strip(), "-900")
