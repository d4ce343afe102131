"""Another plan for a running stack: what runs goes on, what is new comes, and it is all or nothing."""

import contextlib
import os
import socket

from harness import Stack, check, contains, equal, is_alive, read, service, test, wait_until
from wire import Client, plan_of, reload, request, sealed


def start(stack, *names):
    with Client(stack) as client:
        equal(client.ask(request("start", *names))[0], "done")


def talker(word):
    return service("/bin/sh", "-c", f"while :; do echo {word}; sleep 0.05; done")


@test("reload: members are added, moved and removed, and the others keep their processes and their logs")
def _():
    with Stack({}) as stack:
        plan = plan_of(stack, {"d": talker("delta"), "a": service("steady"), "b": talker("bravo")})
        stack.write({"a": service("steady"), "b": talker("bravo"), "c": service("steady")})
        stack.up()
        before = stack.pids()
        kind, why = reload(stack, plan)
        equal(kind, "error")
        contains(why, "c-1", "not at rest")
        equal(stack.pids(), before)
        stack.run("stop", "c")
        equal(reload(stack, plan)[0], "done")
        equal((stack.runtime / "plan").read_bytes(), plan)
        equal(sorted(stack.ps()), ["a-1", "b-1", "d-1"])
        start(stack, "d")
        stack.running("d")
        equal({name: pid for name, pid in stack.pids().items() if name != "d-1"},
              {name: pid for name, pid in before.items() if name != "c-1"})
        wait_until(lambda: "delta" in stack.logs("--no-log-prefix", "d"), "the new one's output is recorded")
        lines = stack.logs("b").count("bravo")
        wait_until(lambda: stack.logs("b").count("bravo") > lines, "the old one's output still is")
        check(not (stack.runtime / "fifo" / "c-1.out").exists())
        os.kill(before["b-1"], 9)  # its death is told under its new place
        equal(stack.wait("die", "b")["attributes"]["verdict"], "killed")
        stack.running("b", other_than=before["b-1"])
        check(is_alive(before["a-1"]))
        for _ in range(5):
            equal(reload(stack, plan)[0], "done")
        contains(stack.run("why", "b").out, "b-1: ")  # however often the plan is changed
        contains(stack.run("replay").out, "identical")


@test("reload: one who watches is told of the members anew")
def _():
    with Stack({}) as stack:
        plan = plan_of(stack, {"b": service("steady"), "a": service("steady")})
        stack.write({"a": service("steady")})
        stack.up()
        with Client(stack) as watcher:
            equal(watcher.ask(request("watch"))[0], "info")
            while watcher.receive()[0] != "done":
                pass
            equal(reload(stack, plan)[0], "done")
            kinds = [watcher.receive()[0] for _ in range(4)]
            equal(kinds, ["info", "row", "row", "done"])


@test("reload: no line is lost while a service floods its log")
def _():
    with Stack({}) as stack:
        flood = service("chatter", 50000, 20)
        plans = [plan_of(stack, {"x": service("steady"), "flood": flood}),
                 plan_of(stack, {"flood": flood, "y": service("steady")})]
        stack.write({"flood": flood})
        (stack.state / "logs" / "flood-1.log").write_text("")
        stack.up()
        for turn in range(20):
            kind, why = reload(stack, plans[turn % 2])
            equal(kind, "done", why)
        log = stack.state / "logs" / "flood-1.log"
        wait_until(lambda: "chatter 49999 " in read(log), "the last line")
        found = [int(line.split()[4]) for line in read(log).splitlines()]
        check(found == list(range(50000)), len(found), "lines, not 0 to 49999 in order")


@test("reload: what is no plan for this stack is refused, and nothing has changed")
def _():
    with Stack({}) as stack, Stack({"a": service("steady")}) as other:
        other.up()
        foreign = (other.runtime / "plan").read_bytes()
        stack.write({"a": service("steady")})
        stack.up()
        good = (stack.runtime / "plan").read_bytes()
        before, files = stack.pids(), len(os.listdir(f"/proc/{stack.own_pid()}/fd"))
        for plan in (b"", b"nonsense", good[:-1], good[:40], good + b"x", b"\xff" * 4096, foreign):
            equal(reload(stack, plan)[0], "error", plan[:20])
        equal(reload(stack, good, seals=0)[0], "error")
        for at in range(0, len(good), 7):  # a damaged one may be a plan; then it is one of this stack, or refused
            damaged = bytearray(good)
            damaged[at] ^= 0xFF
            if reload(stack, bytes(damaged))[0] == "done":
                equal(reload(stack, good)[0], "done", at)
        with Client(stack) as client:
            equal(client.ask(request("reload"))[0], "error")
        equal(stack.pids(), before)
        equal((stack.runtime / "plan").read_bytes(), good)
        wait_until(lambda: len(os.listdir(f"/proc/{stack.own_pid()}/fd")) <= files, "no file is kept")


@test("reload: a client that goes away at once does no harm")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        plan, before = (stack.runtime / "plan").read_bytes(), stack.pids()
        for _ in range(50):
            with Client(stack) as client, contextlib.suppress(OSError):
                client.send(request("reload"), [sealed(plan)])
                client.socket.shutdown(socket.SHUT_RDWR)
        equal(stack.pids(), before)
        equal(reload(stack, plan)[0], "done")
