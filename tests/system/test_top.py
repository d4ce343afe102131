"""The live screen, on a terminal."""

from harness import Stack, check, contains, equal, kill, service, test, wait_until
from terminal import Terminal

GIVEN_BACK = "\x1b[?1049l"  # xterm: the screen from before


def open_top(stack, rows=24, columns=80):
    terminal = Terminal(stack, "top")
    terminal.resize(rows, columns)
    terminal.read_until("LAST DEATH")
    return terminal


@test("top shows every member, and q gives the terminal back")
def _():
    with Stack({"a": service("steady"), "b": {"command": ["/bin/false"], "restart": "no"}}) as stack:
        stack.run("up", "-d")
        wait_until(lambda: stack.row("b")["State"] == "exited", "b has ended")
        terminal = open_top(stack)
        terminal.read_until("failed")
        for words in ("a-1", "b-1", "1 of 2 running", "q quit"):
            terminal.read_until(words)
        terminal.press(b"q")
        equal(terminal.wait_for_end(), 0)
        contains(terminal.text, GIVEN_BACK)


@test("top: filter, log, help, resize; nothing that a service wrote reaches the terminal raw")
def _():
    evil = ["/bin/sh", "-c", "printf 'begin\\033]0;owned\\007\\033[41mend\\n'; exec sleep 1000"]
    with Stack({"a": service("steady"), "evil": {"command": evil}}) as stack:
        stack.up()
        terminal = open_top(stack)
        terminal.press(b"/evil\r")
        terminal.read_until("only evil")
        terminal.press(b"l")
        terminal.read_until("begin?]0;owned??end")
        check("\x1b]0;owned" not in terminal.text and "\x1b[41m" not in terminal.text, repr(terminal.text))
        terminal.press(b"q")
        terminal.resize(40, 150)
        terminal.read_until("CPU%")
        terminal.press(b"h")
        terminal.read_until("any key goes on")
        terminal.resize(3, 20)
        terminal.press(b"x")
        terminal.read_until("too small")
        terminal.press(b"\x03")
        equal(terminal.wait_for_end(), 130)
        contains(terminal.text, GIVEN_BACK)


@test("top restarts the selected member after a question")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        pid = stack.pid("a")
        terminal = open_top(stack)
        terminal.press(b"rn")
        terminal.press(b"r")
        terminal.read_until("restart a-1? y/n")
        equal(stack.pid("a"), pid)
        terminal.press(b"y")
        terminal.read_until("asked for")
        stack.running("a", other_than=pid)
        terminal.press(b"q")
        equal(terminal.wait_for_end(), 0)


@test("top ends with the stack, and goes on with the next supervisor")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        terminal = open_top(stack)
        stack.down()
        terminal.read_until("has ended")
        equal(terminal.wait_for_end(), 0)
        stack.up()
        terminal = open_top(stack)
        supervisor = stack.own_pid()
        kill(supervisor)
        wait_until(lambda: (pid := stack.own_pid()) and pid != supervisor and stack.row("a")["State"] == "running", "the next one")
        stack.run("stop", "a")
        terminal.read_until("exited")
        terminal.press(b"q")
        equal(terminal.wait_for_end(), 0)


@test("top without a terminal names stats")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        contains(stack.run("top", status=1).err, "bulkhead stats")
        terminal = Terminal(stack, "top", term="dumb")
        terminal.read_until("bulkhead stats")
        equal(terminal.wait_for_end(), 1)


@test("top and stats see the services that a changed stack file brings")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        terminal = open_top(stack)
        follower = stack.begin("stats", "--format", "json")
        contains(follower.stdout.readline(), '"a-1"')
        stack.write({"newcomer": service("steady"), "a": service("steady")})
        stack.up()
        terminal.read_until("newcomer-1")
        while "newcomer-1" not in follower.stdout.readline():
            check(follower.poll() is None, "stats has ended")
        terminal.press(b"q")
        equal(terminal.wait_for_end(), 0)
