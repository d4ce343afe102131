"""Limits on the real kernel: who leaks dies alone, and every death has its right name."""

import pathlib
import time

import harness
from harness import (MIB, QUICK, Stack, check, contains, enclosing_cgroup, equal, kill, leaker, program, read,
                     service, test, wait_until)


def own_pids(stack):
    return [stack.own_pid(leaf) for leaf in ("keeper", "supervisor", "recorder")]


@test("the leaker dies alone in a stack of five, 20 times over, each time by its own limit", needs="memory")
def _():
    services = {"leak": leaker(), **{name: service("steady", mem_limit="32m") for name in "abcd"}}
    with Stack(services) as stack:
        stack.run("up", "-d")
        wait_until(lambda: all(stack.row(name)["State"] == "running" for name in "abcd"), "the siblings run")
        siblings, own = stack.pids(), own_pids(stack)
        del siblings["leak-1"]
        for _ in range(20):
            death = stack.wait("die", "leak")
            equal(death["attributes"]["verdict"], "oom", death)
        after = stack.pids()
        del after["leak-1"]
        equal(after, siblings, "siblings' PIDs")
        equal(own_pids(stack), own, "our own PIDs")
        deaths = stack.deaths()
        equal({event["service"] for event in deaths}, {"leak"})
        equal([event["generation"] for event in deaths][:20], list(range(1, 21)))
        check(all(event["attributes"]["verdict"] == "oom" for event in deaths), stack.verdicts())
        contains(stack.run("why", "leak").out, "16 MiB")
        contains(stack.run("logs", "leak").err + stack.run("logs", "leak").out, "bulkhead: ", "memory limit")


@test("ps tells memory now, at its peak, and its limit", needs="memory")
def _():
    with Stack({"a": service("steady", mem_limit="32m")}) as stack:
        stack.up()
        row = stack.row("a")
        equal(row["MemLimit"], 32 * MIB)
        check(0 < row["MemCurrent"] <= row["MemPeak"] <= 32 * MIB, row)


@test("the compartment has exactly the limits asked for, and the house's own", needs="memory")
def _():
    keys = {"mem_limit": "32m", "mem_reservation": "8m", "pids_limit": 9, "cpus": 0.5, "cpu_shares": 2048,
            "x-bulkhead": {"memory_high": "50%", "memory_min": "4m"}}
    with Stack({"a": service("steady", **keys)}) as stack:
        stack.up()
        group = stack.compartment("a")
        wanted = {"memory.max": 32 * MIB, "memory.high": 16 * MIB, "memory.min": 4 * MIB, "memory.low": 8 * MIB,
                  "memory.oom.group": 1, "pids.max": 9, "cpu.max": "50000 100000"}
        if (group / "memory.swap.max").exists():
            wanted["memory.swap.max"] = 0
        equal({name: read(group / name).strip() for name in wanted}, {name: str(value) for name, value in wanted.items()})
        check(int(read(group / "cpu.weight")) > 100, "cpu.weight", read(group / "cpu.weight"))
        equal(read(group / "cgroup.procs").split(), [str(stack.pid("a"))])


@test("what the dead one left on a tmpfs does not kill the next incarnation", needs="memory")
def _():
    with Stack({"a": {}}) as stack:
        left = stack.folder / "left"  # 12 of 16 MiB outlive each incarnation
        stack.write({"a": service("leak", "-f", left, 12 * MIB, 64 * 1024, 5, mem_limit="16m", **QUICK)})
        stack.run("up", "-d")
        first = stack.wait("die", "a", verdict="oom")
        size = left.stat().st_size
        check(size >= 12 * MIB, "left only", size)
        second = stack.wait("die", "a", verdict="oom")
        equal(second["generation"], first["generation"] + 1)
        # the second could leave its own 12 MiB as well: it was born into a compartment that was empty
        check(left.stat().st_size >= 24 * MIB, "left", left.stat().st_size)


@test("kill -9 from outside is `killed` and not `oom`, also after an OOM of the same service", needs="memory")
def _():
    script = f"if [ -e DIED ]; then exec {program('steady')}; fi; : >DIED; exec {program('leak')} 2000000 1"
    with Stack({"a": {}}) as stack:
        stack.write({"a": {"command": ["/bin/sh", "-c", script], "mem_limit": "16m", "working_dir": str(stack.folder), **QUICK}})
        stack.run("up", "-d")
        stack.wait("die", "a", verdict="oom")
        wait_until(lambda: "steady: ready" in stack.logs("a"), "the second incarnation is ready")
        kill(stack.pid("a"))
        death = stack.wait("die", "a")
        equal(death["attributes"]["verdict"], "killed", death)


@test("kill -9 is `killed` also after an OOM that the service survived: `oom-child` told, nothing restarted", needs="memory")
def _():
    # a service that has cgroups of its own, and loses a job that met the job's limit
    script = f"""
        group={harness.cgroup_mount}$(sed -n s/^0:://p /proc/self/cgroup)
        mkdir $group/main $group/job
        echo $$ >$group/main/cgroup.procs
        echo +memory >$group/cgroup.subtree_control
        echo 8M >$group/job/memory.max
        (echo 0 >$group/job/cgroup.procs; exec {program('leak')} 1000000 1)
        exec {program('steady')}""".replace("$", "$$")
    with Stack({"a": {"command": ["/bin/sh", "-c", script], "mem_limit": "64m", **QUICK}}) as stack:
        stack.up()
        wait_until(lambda: "steady: ready" in stack.logs("a"), "the service lives on")
        wait_until(lambda: any(event["attributes"].get("verdict") == "oom-child" for event in stack.events()), "oom-child is told")
        time.sleep(1.5)  # who dies within a second of an OOM kill is taken for its victim, "probably"
        equal(stack.row("a")["Generation"], 1)
        kill(stack.pid("a"))
        wait_until(lambda: stack.row("a")["Generation"] == 2, "it is started again")
        equal([verdict for verdict in stack.verdicts("a") if verdict != "oom-child"], ["killed"])


@test("a limit above our root is `oom-outside`", needs="memory")
def _():
    with enclosing_cgroup(memory_max=str(40 * MIB), memory_swap_max="0") as root:
        services = {"a": leaker(limit="400m", step=4 * MIB, restart="no"), "b": service("steady")}
        with Stack(services, cgroup=root) as stack:
            stack.run("up", "-d")
            death = stack.wait("die", "a", patience_s=60)
            equal(death["attributes"]["verdict"], "oom-outside", death)
            contains(stack.run("why", "a").out, "outside")


@test("a limit too small to start with: the supervisor lives and says so", needs="memory")
def _():
    # 100k is too little for a program with a shared library, 16k for the way from clone to exec
    services = {"a": {"command": ["/bin/sleep", "1000"], "mem_limit": "100k", "restart": "on-failure:3", **QUICK},
                "tiny": service("steady", mem_limit="16k", restart="on-failure:3", **QUICK), "b": service("steady")}
    with Stack(services) as stack:
        stack.run("up", "-d")
        b = stack.running("b")
        own = own_pids(stack)
        wait_until(lambda: {stack.row(name)["State"] for name in ("a", "tiny")} == {"held"}, "both are held")
        equal(own_pids(stack), own, "our own PIDs")
        equal(stack.pid("b"), b, "b's PID")
        for name in ("a", "tiny"):
            equal(stack.verdicts(name), ["oom"] * 4, name)
            contains(stack.run("why", name).out, "limit too small", "peak")
        contains(read(stack.state / "logs" / "a-1.log"), "limit too small")


@test("a child of the service that meets the limit takes its whole compartment along", needs="memory")
def _():
    script = f"{program('leak')} 2000000 1 & exec {program('steady')}"
    with Stack({"a": {"command": ["/bin/sh", "-c", script], "mem_limit": "16m", **QUICK}, "b": service("steady")}) as stack:
        stack.run("up", "-d")
        stack.wait("die", "a", verdict="oom", count=2)
        equal(set(stack.verdicts("b")), set())


@test("a fork bomb stays in its pids_limit, and goes when it is told", needs="memory")
def _():
    with Stack({"bomb": service("forkbomb", pids_limit=30, mem_limit="64m"), "a": service("steady")}) as stack:
        stack.up()
        a, group = stack.pid("a"), stack.compartment("bomb")
        wait_until(lambda: "max 0" not in read(group / "pids.events"), "the bomb meets its limit")
        check(int(read(group / "pids.current")) <= 30, "pids.current", read(group / "pids.current"))
        equal(stack.pid("a"), a)
        stack.run("stop", "-t", "1", "bomb")
        wait_until(lambda: stack.row("bomb")["State"] == "exited", "the bomb is gone")
        check(not group.exists(), group, "is left")


@test("no process to be had (EAGAIN from fork): named, tried again, and well when there is room", needs="memory")
def _():
    with enclosing_cgroup(pids_max="7") as root:
        with Stack({f"s{number}": service("steady", **QUICK) for number in range(8)}, cgroup=root) as stack:
            stack.run("up", "-d")
            death = stack.wait("die", verdict="spawn-failed")
            contains(stack.run("why", death["service"]).out, "clone", "Resource temporarily unavailable")
            pathlib.Path(root.parent, "pids.max").write_text("max")
            wait_until(lambda: {row["State"] for row in stack.ps().values()} == {"running"}, "all run")


@test("stop says `stopped` although the service was at its limit before", needs="memory")
def _():
    with Stack({"a": service("steady", mem_limit="16m")}) as stack:
        stack.up()
        stack.run("stop", "a")
        stack.wait("die", "a", verdict="stopped")
