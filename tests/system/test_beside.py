"""Processes beside a service, for a client: what they are given, how they end, and that nothing of them stays."""

import os
import pty
import signal

from harness import MIB, Stack, check, contains, equal, is_alive, leaker, program, service, test, wait_until
from wire import Client, Exec, launch_record, request, sealed


def svc(stack):
    return stack.cgroup / stack.name / "svc"


def beside(stack, kind):
    """Compartments of auxiliary processes that exist at present."""
    return sorted(path.name for path in svc(stack).iterdir() if path.name.startswith(f"{kind}-"))


def nothing_left(stack, kind="exec"):
    wait_until(lambda: not beside(stack, kind), f"no {kind}- compartment is left")


@test("beside: exec: output, exit code, user, folder and environment")
def _():
    with Stack({"web": service("steady")}) as stack:
        stack.up()
        script = 'echo "$(id -u) $(id -g) $PWD $WORD"; cat /proc/self/cgroup; echo to-stderr >&2; exit 7'
        with Exec(stack, "web-1", "/bin/sh", "-c", script, user=(1234, 2345), directory="/usr",
                  environment={"PATH": "/usr/bin:/bin", "WORD": "spoken"}) as process:
            equal(process.first[0], "started")
            said = process.read()
            contains(said, "1234 2345 /usr spoken", "svc/exec-web.1.1", "to-stderr")
            equal(process.receive(), ("exited", {"pid": 0, "code": 7, "signal": 0, "oom": 0}))
            equal(process.receive(), ("end", None))
        nothing_left(stack)
        check(is_alive(stack.pid("web")))


@test("beside: exec: what cannot be started says at which step and why")
def _():
    with Stack({"web": service("steady"), "off": service("steady")}) as stack:
        stack.up("web")
        for words, argv, more in ((("cannot exec", "No such file"), ("/no/such",), {}),
                                  (("cannot chdir", "No such file"), ("/bin/true",), {"directory": "/no/such"}),
                                  (("cannot set the limits",), ("/bin/true",), {"controls": (("cgroup.max.depth", "nonsense"),)})):
            with Exec(stack, "web-1", *argv, **more) as process:
                equal(process.first[0], "error", words)
                contains(process.first[1], *words)
        with Exec(stack, "none-1", "/bin/true") as process:
            contains(process.first[1], "none-1", "no such member")
        with Exec(stack, "off-1", "/bin/true") as process:
            contains(process.first[1], "off-1", "does not run")
        with Exec(stack, "off-1", "/bin/true", run=True) as process:
            equal(process.first[0], "started")
            equal(process.receive()[1]["code"], 0)
        nothing_left(stack)
        nothing_left(stack, "run")


@test("beside: exec: signals reach it, and it may outlive none of: its client, its service")
def _():
    with Stack({"web": service("steady")}) as stack:
        stack.up()
        with Exec(stack, "web-1", "/bin/sleep", "1000") as process:
            process.send(request("exec-signal", signal=signal.SIGTERM))
            equal(process.receive()[1], {"pid": 0, "code": -1, "signal": 15, "oom": 0})
        with Exec(stack, "web-1", "/bin/sh", "-c", "sleep 1000 & sleep 1000") as process:
            pid = process.first[1]["pid"]
            check(is_alive(pid))
        wait_until(lambda: not is_alive(pid), "the client is gone, and so is its process")
        nothing_left(stack)
        with Exec(stack, "web-1", "/bin/sleep", "1000") as for_it, Exec(stack, "web-1", "/bin/sleep", "1000", run=True) as run:
            stack.run("stop", "web")
            equal(for_it.receive()[1]["signal"], 9)
            check(is_alive(run.first[1]["pid"]))
            equal(len(beside(stack, "run")), 1)
        nothing_left(stack, "run")


@test("beside: exec: what its main process leaves behind is killed with it")
def _():
    with Stack({"web": service("steady")}) as stack:
        stack.up()
        with Exec(stack, "web-1", "/bin/sh", "-c", "setsid sleep 1000 & echo $!; exit 3") as process:
            equal(process.receive()[1]["code"], 3)
            left = int(process.read())
            wait_until(lambda: not is_alive(left), "the daemon is gone")
        nothing_left(stack)


@test("beside: exec: a given terminal becomes the controlling one, and Ctrl-C works in it")
def _():
    with Stack({"web": service("steady")}) as stack:
        stack.up()
        master, slave = pty.openpty()
        script = "trap 'exit 42' INT; tty </dev/tty; while :; do sleep 1; done"
        with Exec(stack, "web-1", "/bin/sh", "-c", script, stdio=(slave, slave, slave)) as process:
            equal(process.first[0], "started")
            contains(os.read(master, 100).decode(), "/dev/tty")
            os.write(master, b"\x03")
            equal(process.receive()[1]["code"], 42)
        os.close(master)
        os.close(slave)


@test("beside: exec: many at once, bounded; the others are refused and the supervisor answers")
def _():
    with Stack({"web": service("steady")}) as stack:
        stack.up()
        before = stack.pids()
        processes = [Exec(stack, "web-1", "/bin/sleep", "1000") for _ in range(100)]
        kinds = [process.first[0] for process in processes]
        equal(kinds.count("started"), 96)
        contains(processes[-1].first[1], "too many")
        equal(stack.pids(), before)
        for process in processes:
            process.__exit__()
        nothing_left(stack)
        with Exec(stack, "web-1", "/bin/true") as process:
            equal(process.receive()[1]["code"], 0)


@test("beside: exec: requests that bring the wrong files, or none, are refused and cost nothing")
def _():
    with Stack({"web": service("steady")}) as stack:
        stack.up()
        supervisor = stack.own_pid()
        files = len(os.listdir(f"/proc/{supervisor}/fd"))
        null = os.open("/dev/null", os.O_RDWR)
        good = launch_record("/bin/true")
        cases = [
            (sealed(good, seals=0), null, null, null),
            (null, null, null, null),
            (sealed(b""), null, null, null),
            (sealed(good[:-1]), null, null, null),
            (sealed(good + b"x"), null, null, null),
            (sealed(b"\xff" * 4096), null, null, null),
            (sealed(good), null, null),
            (sealed(good),),
            (null,) * 8,
            (null,) * 100,
        ]
        for case in cases:
            with Client(stack) as client:
                equal(client.ask(request("exec", "web-1"), case)[0], "error", case)
        with Client(stack) as client:
            equal(client.ask(request("exec", "web-1"))[0], "error")
            equal(client.ask(request("exec-signal", signal=9))[0], "error")
            equal(client.ask(request("ps"), (null,) * 3)[0], "info")  # they are closed, and it is served
        wait_until(lambda: len(os.listdir(f"/proc/{supervisor}/fd")) <= files, "no file is kept")
        nothing_left(stack)


@test("beside: exec: its own limit kills it alone, and it is told so", needs="memory")
def _():
    with Stack({"web": leaker("64m", step=0, pause_ms=1000)}) as stack:
        stack.up()
        before = stack.pids()
        with Exec(stack, "web-1", program("leak"), str(2 * MIB), "1",
                  controls=(("memory.max", str(16 * MIB)), ("memory.swap.max", "0"))) as process:
            equal(process.receive()[1], {"pid": 0, "code": -1, "signal": 9, "oom": 1})
        equal(stack.pids(), before)
        equal(stack.deaths(), [])
        nothing_left(stack)


@test("beside: exec and run end with the stack")
def _():
    with Stack({"web": service("steady")}) as stack:
        stack.up()
        with Exec(stack, "web-1", "/bin/sleep", "1000", run=True) as process:
            stack.down()
            equal(process.receive()[1]["signal"], 9)
