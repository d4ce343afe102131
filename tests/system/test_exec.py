"""exec: a command beside a running service, with and without a terminal."""

import os
import signal
import time

from harness import Stack, check, contains, equal, is_alive, read, service, test, wait_until
from terminal import Terminal


def sh(text):
    return ["/bin/sh", "-c", text]


@test("exec passes input, output and exit status, and inherits environment and folder")
def _():
    with Stack({"a": service("steady", environment={"COLOUR": "red"}, working_dir="/usr")}) as stack:
        stack.up()
        done = stack.run("exec", "a", *sh("cat; echo $COLOUR $PWD; echo wrong >&2; exit 7"), stdin="hello\n", status=7)
        equal((done.out, done.err), ("hello\nred /usr\n", "wrong\n"))
        equal(stack.run("exec", "-e", "COLOUR=blue", "-eX=1", "-w", "lib", "a", *sh("echo $COLOUR $X $PWD")).out, "blue 1 /usr/lib\n")
        equal(stack.run("exec", "-w", "/", "a", "pwd").out, "/\n")
        stack.run("exec", "a", *sh("kill -TERM $$"), status=128 + signal.SIGTERM)
        stack.run("exec", "a-1", "true")
        text = stack.run("exec", "a", "cat", "/proc/self/cgroup").out
        contains(text, f"/{stack.name}/svc/exec-")
        wait_until(lambda: not list((stack.cgroup / stack.name / "svc").glob("exec-*")), "the compartment is gone")


@test("exec says what is wrong before it starts anything")
def _():
    with Stack({"a": service("steady"), "b": {"command": ["/bin/true"], "restart": "no"}}) as stack:
        stack.run("exec", "a", "true", status=1)
        stack.up()
        wait_until(lambda: stack.row("b")["State"] == "exited", "b has ended")
        contains(stack.run("exec", "b", "true", status=1).err, "does not run", "bulkhead start b")
        contains(stack.run("exec", "aa", "true", status=1).err, "did you mean")
        contains(stack.run("exec", "a", "no-such-program", status=127).err, "not in its PATH")
        contains(stack.run("exec", "-u", "nobody-at-all", "a", "true", status=127).err, "nobody-at-all")
        contains(stack.run("exec", "--index", "2", "a", "true", status=1).err, "no instance 2")
        contains(stack.run("exec", "-w", "/nowhere", "a", "true", status=1).err, "chdir")
        stack.run("exec", "a", status=2)
        stack.run("exec", "-e", "=x", "a", "true", status=2)


@test("exec -u runs as somebody else, with their home")
def _():
    if os.geteuid() != 0:
        return
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        equal(stack.run("exec", "-w/", "-u", "nobody", "a", *sh("id -un; echo $HOME $USER")).out.split(), ["nobody", "/nonexistent", "nobody"])
        equal(stack.run("exec", "-w/", "-u", "1234:5678", "a", *sh("id -u; id -g")).out.split(), ["1234", "5678"])


@test("exec without a terminal passes signals on; killed, it takes its command along")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        script = "trap 'echo caught; exit 3' INT; echo $$; while :; do sleep 0.05; done"
        begun = stack.begin("exec", "a", *sh(script))
        pid = int(begun.stdout.readline())
        begun.send_signal(signal.SIGINT)
        equal(begun.communicate(timeout=40)[0], "caught\n")
        equal(begun.returncode, 3)
        begun = stack.begin("exec", "a", *sh("echo $$; exec sleep 1000"))
        pid = int(begun.stdout.readline())
        begun.kill()
        wait_until(lambda: not is_alive(pid), "the command has ended")


@test("exec ends with its service")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        begun = stack.begin("exec", "a", *sh("echo ready; exec sleep 1000"))
        begun.stdout.readline()
        stack.run("stop", "a")
        equal(begun.wait(40), 128 + signal.SIGKILL)


@test("exec -d comes back at once, and the command goes on")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        mark = stack.folder / "mark"
        stack.run("exec", "-d", "a", *sh(f"sleep 0.3; echo done > {mark}"))
        wait_until(lambda: mark.exists() and read(mark), "the command did its work")


@test("exec on a terminal: a terminal of its own, Ctrl-C, its size, and ours as it was")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        terminal = Terminal(stack, "exec", "a", "/bin/sh")
        terminal.press(b"stty size; tty; echo T=$TERM-\n")
        terminal.read_until("T=xterm-")
        terminal.resize(33, 111)
        time.sleep(0.2)
        terminal.press(b"stty size\n")
        terminal.read_until("33 111")
        terminal.press(b"sleep 1000 && echo not''yet\n")
        time.sleep(0.3)
        terminal.press(b"\x03")
        terminal.press(b"echo status=$?.\n")
        terminal.read_until("status=130.")
        terminal.press(b"exit 9\n")
        equal(terminal.wait_for_end(), 9)
        check("notyet" not in terminal.text, terminal.text)


@test("exec -T on a terminal reads what is typed, line by line")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        terminal = Terminal(stack, "exec", "-T", "a", *sh("tty; while read line; do echo got=$line; done; echo end"))
        terminal.read_until("not a tty")
        terminal.press(b"one\n")
        terminal.read_until("got=one")
        terminal.press(b"\x04")
        terminal.read_until("end")
        equal(terminal.wait_for_end(), 0)


@test("what exec runs has the service's limit for itself", needs="memory")
def _():
    with Stack({"a": service("steady", mem_limit="32m")}) as stack:
        stack.up()
        pid = stack.pid("a")
        grow = "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done"
        done = stack.run("exec", "a", *sh(grow), status=137)
        contains(done.err, "killed", "memory")
        equal(stack.pid("a"), pid, "the service's process:")
        equal(stack.verdicts("a"), [])


@test("run: the service's command or another one, with a stack that runs and with none")
def _():
    services = {"a": service("steady", environment={"COLOUR": "red"}),
                "b": {"command": ["/bin/sh", "-c", "echo own $$COLOUR"], "environment": {"COLOUR": "green"}, "restart": "no"}}
    with Stack(services) as stack:
        done = stack.run("run", "--rm", "b")
        equal(done.out, "own green\n", done)
        check(not stack.runtime.exists(), "the stack that was started for it is left:", done)
        equal(stack.run("run", "a", *sh("cat; echo $COLOUR; exit 5"), stdin="in\n", status=5).out, "in\nred\n")
        stack.up("a")
        pid = stack.pid("a")
        equal(stack.run("run", "-e", "COLOUR=blue", "--entrypoint", "/bin/echo", "b", "said").out, "said\n")
        contains(stack.run("run", "a", "cat", "/proc/self/cgroup").out, f"/{stack.name}/svc/run-")
        equal((stack.pid("a"), stack.row("b")["State"]), (pid, "created"))
        begun = stack.begin("run", "a", *sh("echo ready; sleep 1; exit 4"))
        begun.stdout.readline()
        stack.run("stop", "a")
        equal(begun.wait(40), 4, "run is not ended by the service's stop:")
        stack.run("run", "-d", "b", *sh("echo to the log"))
        wait_until(lambda: "to the log" in stack.logs("b"), "its output is in the log of b")
        stack.run("run", "c", status=2)
        stack.run("run", status=2)


@test("run starts what the service needs, and leaves it running")
def _():
    services = {"db": service("steady"),
                "job": {"command": ["/bin/sh", "-c", "echo once"], "restart": "no"},
                "web": {"command": ["/bin/echo", "web"], "restart": "no",
                        "depends_on": {"db": {"condition": "service_started"}, "job": {"condition": "service_completed_successfully"}}}}
    with Stack(services) as stack:
        contains(stack.run("run", "--no-deps", "web").out, "web\n")
        check(not stack.runtime.exists(), "the stack is left")
        contains(stack.run("run", "web").out, "web\n")
        pid = stack.pid("db")
        check(pid > 0, stack.ps())
        equal(stack.row("job")["Verdict"], "done")
        contains(stack.run("run", "web").out, "web\n")
        equal((stack.pid("db"), stack.row("job")["Generation"]), (pid, 1), "what was there stays:")
