"""Groups and the stack with a memory limit: who leaks in one takes nobody outside with it, and the verdict says whose limit it was."""

import json
import os
import time

from harness import MIB, QUICK, Stack, check, contains, equal, leaker, read, service, test, wait_until

NO_LIMIT = {"x-bulkhead": {**QUICK["x-bulkhead"]}}


def bare_leaker(**keys):
    """Leaks without a limit of its own."""
    return service("leak", MIB, 5, **NO_LIMIT, **keys)


def steady(**keys):
    return service("steady", **keys)


def groups(stack_limit=None, **limits):
    top = {"groups": {name: value if isinstance(value, dict) else {"mem_limit": value} for name, value in limits.items()}}
    return {"x-bulkhead": {**top, **({"mem_limit": stack_limit} if stack_limit else {})}}


def svc(stack, *below):
    return stack.cgroup.joinpath(stack.name, "svc", *below)


def value(stack, file, *below):
    return read(svc(stack, *below) / file).strip()


@test("budgets: a leaker in a group dies in it by its limit, and nobody else; the verdict names the group", needs="memory")
def _():
    services = {"leak": bare_leaker(cgroup_parent="jobs"), "quiet": steady(cgroup_parent="backend"), "lone": steady(),
                "small": leaker("6m", step=MIB, cgroup_parent="backend")}
    with Stack(services, **groups(backend="48m", jobs={"mem_limit": "20m", "cgroup_parent": "backend"})) as stack:
        stack.run("up", "-d")
        before = {name: stack.running(name) for name in ("quiet", "lone")}
        for _ in range(3):
            death = stack.wait("die", "leak")
            equal(death["attributes"]["verdict"], "oom-group", death)
            equal(death["attributes"]["group"], "jobs", death)
            equal(death["attributes"]["confidence"], "certain", death)
            equal(int(death["attributes"]["memLimit"]), 20 * MIB, death)
        equal(stack.wait("die", "small")["attributes"]["verdict"], "oom")
        stack.run("stop", "leak", "small")
        equal({name: stack.pid(name) for name in before}, before)
        equal(str(stack.compartment("quiet")), str(svc(stack, "g-backend", "s-quiet.1.1")))
        equal(str(stack.compartment("lone")), str(svc(stack, "s-lone.1.1")))
        equal((value(stack, "memory.max", "g-backend"), value(stack, "memory.max", "g-backend", "g-jobs")),
              (str(48 * MIB), str(20 * MIB)))
        equal(value(stack, "memory.oom.group", "g-backend", "g-jobs"), "0")
        why = stack.run("why", "leak", "--nth", "2").out
        contains(why, "at the memory limit of its group jobs (20 MiB)", "oom of group jobs", "its peak")
        contains(stack.logs("leak"), "bulkhead: killed by the kernel at the memory limit of its group jobs")
        os.kill(before["quiet"], 9)
        equal(stack.wait("die", "quiet")["attributes"]["verdict"], "killed")


@test("budgets: who is in a group with the leaker is told beside it, and its later death is its own", needs="memory")
def _():
    services = {"leak": bare_leaker(cgroup_parent="backend", restart="no"), "beside": service("leak", 4 * MIB, 10_000_000, cgroup_parent="backend")}
    with Stack(services, **groups(backend="32m")) as stack:
        stack.run("up", "-d")
        equal(stack.wait("die", "leak")["attributes"]["verdict"], "oom-group")
        report = json.loads(stack.run("why", "leak", "--format", "json").out)
        equal((report["evidence"]["group"], [other["name"] for other in report["beside"]]), ("backend", ["beside-1"]))
        check(report["beside"][0]["memCurrent"] >= 4 * MIB, report)
        contains(stack.run("why", "leak").out, "beside it", "beside-1 held ")
        time.sleep(1.1)
        os.kill(stack.pid("beside"), 9)
        death = stack.wait("die", "beside")["attributes"]
        equal((death["verdict"], death["confidence"]), ("killed", "certain"))


@test("budgets: the stack's limit holds for its services and not for our own processes", needs="memory")
def _():
    with Stack({"leak": bare_leaker(), "other": steady(cgroup_parent="g")}, **groups("24m", g="16m")) as stack:
        stack.run("up", "-d")
        own, other = stack.own_pid(), stack.running("other")
        equal(value(stack, "memory.max"), str(24 * MIB))
        for _ in range(3):
            death = stack.wait("die", "leak")["attributes"]
            equal((death["verdict"], death["group"], int(death["memLimit"])), ("oom-group", "", 24 * MIB))
        contains(stack.run("why", "leak", "--nth", "1").out, "at the memory limit of the stack (24 MiB)")
        equal((stack.own_pid(), stack.pid("other")), (own, other))


@test("budgets: up makes groups, changes their limits live, moves services and removes what is empty", needs="memory")
def _():
    hog = service("leak", 8 * MIB, 10_000_000, cgroup_parent="a")
    with Stack({"hog": hog, "other": steady(cgroup_parent="b")}, **groups("100m", a="64m", b="32m")) as stack:
        stack.up()
        before = stack.pids()
        wait_until(lambda: int(value(stack, "memory.current", "g-a")) > 8 * MIB, "it has its memory")
        stack.write({"hog": hog, "other": steady(cgroup_parent="b")}, **groups("200m", a="40m", b="16m", c="1g"))
        contains(stack.up().err, "hog-1    unchanged", "other-1  unchanged")
        equal([value(stack, "memory.max", *below) for below in ((), ("g-a",), ("g-b",), ("g-c",))],
              [str(size * MIB) for size in (200, 40, 16, 1024)])
        stack.write({"hog": hog, "other": steady(cgroup_parent="b")}, **groups(a="4m", b="8m"))
        contains(stack.run("up", "-d", status=1).err, "group a: memory.current is ", "above the new limit of 4.0MiB")
        equal((value(stack, "memory.max", "g-a"), value(stack, "memory.max", "g-b")), (str(40 * MIB), str(16 * MIB)))
        equal(stack.pids(), before)
        stack.write({"hog": hog, "other": steady(cgroup_parent="d")},
                    **groups(a="40m", d={"mem_limit": "16m", "cgroup_parent": "a"}))
        contains(stack.up().err, "hog-1    unchanged", "other-1  changed (cgroup_parent): restarted")
        equal(stack.pid("hog"), before["hog-1"])
        equal(str(stack.compartment("other")), str(svc(stack, "g-a", "g-d", "s-other.1.2")))
        check(not svc(stack, "g-b").exists() and not svc(stack, "g-c").exists(), os.listdir(svc(stack)))
        equal(value(stack, "memory.max"), "max")
        contains(stack.run("plan").out, "g-a", "g-d")


@test("budgets: a stack with groups that was killed with its supervisor is found and ended by down", needs="memory")
def _():
    with Stack({"a": steady(cgroup_parent="g")}, **groups(g="32m")) as stack:
        stack.up()
        pid = stack.pid("a")
        os.kill(stack.own_pid("keeper"), 9)
        os.kill(stack.own_pid(), 9)
        contains(stack.run("down").err, f"a-1 (pid {pid})")
