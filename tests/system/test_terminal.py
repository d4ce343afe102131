"""Foreground `up` on a terminal: progress, logs, Ctrl-C."""

import os
import re
import select
import signal
import subprocess
import time

from harness import Stack, check, contains, equal, is_alive, service, test, wait_until
from terminal import Terminal


@test("Ctrl-C stops in reverse order and ends with 130")
def _():
    services = {"a": service("steady"), "b": service("steady", depends_on=["a"]), "c": service("steady", depends_on=["b"])}
    with Stack(services) as stack:
        terminal = Terminal(stack, "up")
        terminal.read_until("steady: ready")
        wait_until(lambda: stack.row("c")["State"] == "running", "c runs")
        stack.follow()
        terminal.press(b"\x03")
        equal([stack.wait("die", verdict="stopped")["service"] for _ in range(3)], ["c", "b", "a"])
        equal(terminal.wait_for_end(), 130, f"exit status after:\n{terminal.text}\n")
        contains(terminal.text, "c-1", "\x1b[")
        check(not stack.runtime.exists(), "runtime folder left")


@test("a second Ctrl-C kills what does not want to go")
def _():
    with Stack({"a": service("steady", "ignore-term", stop_grace_period="10m")}) as stack:
        terminal = Terminal(stack, "up")
        terminal.read_until("steady: ready")
        pid = stack.pid("a")
        terminal.press(b"\x03")
        wait_until(lambda: stack.row("a")["State"] == "stopping", "a is stopping")
        time.sleep(0.6)  # two signals at once are one, as a terminal and a wrapper send them
        terminal.press(b"\x03")
        equal(terminal.wait_for_end(), 130, f"exit status after:\n{terminal.text}\n")
        check(not is_alive(pid), "alive")


@test("SIGTERM to a foreground up without a terminal stops the stack; its logs are prefixed and plain")
def _():
    with Stack({"a": service("steady")}) as stack:
        up = subprocess.Popen([stack.programs / "bulkhead", "-f", stack.file, "up"], env=stack.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        text = ""
        while "steady: ready" not in text:
            check(select.select([up.stdout], [], [], 40)[0], "not said:", text)
            more = os.read(up.stdout.fileno(), 65536).decode()
            check(more, "end of output:", text, up.poll())
            text += more
        check(re.search(r"^a-1 +\| steady: ready$", text, re.MULTILINE), text)
        up.send_signal(signal.SIGTERM)
        out, err = up.communicate(timeout=40)
        check("\x1b" not in text + out + err, "colours without a terminal")
        check(not stack.runtime.exists(), "runtime folder left", out, err)


@test("up in the foreground ends by itself when every service has ended")
def _():
    for _ in range(10):  # what is said before anybody could listen is shown every time
        with Stack({"a": {"command": ["/bin/sh", "-c", "echo hello"]}}) as stack:
            result = stack.run("up")
            contains(result.out, "a-1", "hello")
    with Stack({"a": {"command": ["/bin/sh", "-c", "exit 5"], "restart": "no"}}) as stack:
        stack.run("up", status=1)
