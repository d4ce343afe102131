"""x-bulkhead.oom on the real kernel: who dies when the kernel kills for memory, and what comes of it."""

import json

from harness import MIB, QUICK, Stack, check, contains, equal, program, read, service, test, wait_until


def policy(**keys):
    return {"x-bulkhead": {**QUICK["x-bulkhead"], "oom": keys}}


def children(stack, name):
    return [event for event in stack.events() if event["service"] == name and event["action"] == "oom"
            and event["attributes"]["verdict"] == "oom-child"]


@test("oom: continue lets the service live when a child of it met the limit, and tells it", needs="memory")
def _():
    script = f"{program('leak')} 2000000 1 & exec {program('steady')}"
    with Stack({"a": {"command": ["/bin/sh", "-c", script], "mem_limit": "24m", **policy(policy="continue")},
                "b": service("steady")}) as stack:
        stack.up()
        pid = stack.pid("a")
        told = wait_until(lambda: children(stack, "a"), "oom-child is told")
        equal(told[0]["attributes"]["confidence"] if "confidence" in told[0]["attributes"] else "certain", "certain")
        equal((stack.pid("a"), stack.row("a")["State"], stack.row("a")["Generation"]), (pid, "running", 1))
        equal(read(stack.compartment("a") / "memory.oom.group").strip(), "0")
        contains(stack.run("why", "a").out, "oom-child", "it lives on", "the service runs on")
        stack.run("stop", "a")
        equal([verdict for verdict in stack.verdicts("a") if verdict != "oom-child"], ["stopped"])


@test("oom: the main process that is killed under continue is a death, and what is left of it goes", needs="memory")
def _():
    script = f"{program('steady')} & exec {program('leak')} 2000000 1"
    with Stack({"a": {"command": ["/bin/sh", "-c", script], "mem_limit": "24m", **policy(policy="continue"), "restart": "on-failure:2"}}) as stack:
        stack.run("up", "-d")
        wait_until(lambda: stack.row("a")["State"] == "held", "its restarts are used up")
        equal([verdict for verdict in stack.verdicts("a") if verdict != "oom-child"], ["oom"] * 3)
        # The kernel counts before it kills: where it is held up between the two, the notice seems to be about a child.
        unsure = [death for death in stack.deaths("a") if death["attributes"]["confidence"] != "certain"]
        equal(len(children(stack, "a")), len(unsure), "told as a child's, and then sure of the death")


@test("oom: so many victims within the time are a death of the service", needs="memory")
def _():
    script = f"while :; do {program('leak')} 2000000 1; done"
    keys = policy(policy="continue", victims=3, within="10m")
    with Stack({"a": {"command": ["/bin/sh", "-c", script], "mem_limit": "24m", "stop_grace_period": "1s", **keys}}) as stack:
        stack.run("up", "-d")
        death = stack.wait("die", "a")
        equal((death["attributes"]["verdict"], death["attributes"]["victims"], death["attributes"]["confidence"]),
              ("oom", 3, "certain"), death)
        check(len([told for told in children(stack, "a") if told["generation"] == 1]) <= 2, stack.events())
        wait_until(lambda: stack.row("a")["Generation"] >= 2, "it is started again")
        report = json.loads(stack.run("why", "a", "--format", "json", "--nth", "1").out)
        check(report["sentence"], report)
        contains(stack.run("why", "--all", "a").out, "ended with all its processes: the kernel had killed 3 of them at its own memory limit")


@test("oom: stop holds the service until it is started", needs="memory")
def _():
    with Stack({"a": service("leak", 2 * MIB, 2, mem_limit="16m", restart="always", **policy(policy="stop")), "b": service("steady")}) as stack:
        stack.run("up", "-d")
        equal(stack.wait("die", "a")["attributes"]["next"], "oom-stop")
        wait_until(lambda: stack.row("a")["State"] == "held", "it is held")
        contains(stack.run("why", "a").out, "held (x-bulkhead.oom.policy: stop)", "bulkhead start a")
        contains(stack.logs("a"), "; held (x-bulkhead.oom.policy: stop)")
        stack.run("start", "a", status=None)
        equal(stack.wait("die", "a")["generation"], 2)
        wait_until(lambda: stack.row("a")["State"] == "held", "it is held again")
