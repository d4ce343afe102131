"""`up` on a stack that runs: only what has changed is touched, and it says what it does."""

import json
import os
import signal

from harness import MIB, Stack, check, contains, equal, is_alive, read, service, test, wait_until


def sleeper(seconds=1000, **keys):
    return service("/bin/sleep", seconds, **keys)


def told(result):
    """What `up` said it does: {instance: words}; it comes before what happens then."""
    rows = (line.split("  ", 1) for line in result.err.splitlines())
    words = {}
    for row in rows:
        if len(row) == 2:
            words.setdefault(row[0].strip(), row[1].strip())
    return words


@test("reconcile: what is the same runs on, what has changed is restarted alone")
def _():
    with Stack({"a": sleeper(), "b": sleeper(), "c": sleeper(depends_on=["a"])}) as stack:
        stack.up()
        before = stack.pids()
        result = stack.run("up", "-d")
        equal(told(result), {name: "unchanged" for name in ("a-1", "b-1", "c-1")})
        equal(stack.pids(), before)
        stack.write({"a": sleeper(stop_grace_period="3s", labels={"x": "y"}), "b": sleeper(environment={"X": "1"}),
                     "c": sleeper(depends_on=["a"])})
        equal(told(stack.up()), {"a-1": "unchanged", "b-1": "changed (environment): restarted", "c-1": "unchanged"})
        after = stack.pids()
        equal((after["a-1"], after["c-1"]), (before["a-1"], before["c-1"]))
        check(after["b-1"] != before["b-1"])
        equal(stack.row("a")["Restarts"], 0)


@test("reconcile: who depends with restart: true is restarted with a changed service")
def _():
    services = {"db": sleeper(), "web": sleeper(depends_on={"db": {"condition": "service_started", "restart": True}}),
                "other": sleeper(depends_on=["db"])}
    with Stack(services) as stack:
        stack.up()
        before = stack.pids()
        stack.write(services | {"db": sleeper(1001)})
        stack.up()
        web = stack.running("web", other_than=before["web-1"])
        check(web and stack.pid("db") != before["db-1"])
        equal(stack.pid("other"), before["other-1"])


@test("reconcile: scaled up and down, and orphans named, kept and removed")
def _():
    with Stack({"web": sleeper(), "old": sleeper(999)}) as stack:
        stack.up()
        before = stack.pids()
        stack.run("up", "-d", "--wait", "--scale", "web=3")
        equal(sorted(stack.ps()), ["old-1", "web-1", "web-2", "web-3"])
        equal(stack.pid("web"), before["web-1"])
        stack.write({"web": sleeper(), "new": sleeper(depends_on=["web"])})
        result = stack.up()
        contains(result.err, "old-1  orphan", "--remove-orphans", "web-3  one instance too many: stopped", "new-1  new")
        equal(sorted(stack.ps()), ["new-1", "old-1", "web-1"])
        equal(stack.pid("old"), before["old-1"])
        os.kill(before["old-1"], 9)  # an orphan is kept as what it was
        old = stack.running("old", other_than=before["old-1"])
        contains(open(f"/proc/{old}/cmdline").read(), "999")
        stack.run("up", "-d", "--remove-orphans")
        equal(sorted(stack.ps()), ["new-1", "web-1"])
        check(not is_alive(old))


@test("reconcile: services that are not named stay as they are, and are kept as they were")
def _():
    with Stack({"a": sleeper(), "b": sleeper()}) as stack:
        stack.up()
        before = stack.pids()
        stack.write({"a": sleeper(2000), "b": sleeper(2000), "c": sleeper(2000)})
        stack.up("a")
        equal((stack.pid("b"), stack.row("c")["State"]), (before["b-1"], "created"))
        check(stack.pid("a") != before["a-1"])
        os.kill(before["b-1"], 9)
        b = stack.running("b", other_than=before["b-1"])
        contains(open(f"/proc/{b}/cmdline").read(), "1000")
        stack.run("up", "-d", "--no-recreate")
        equal(stack.pid("b"), b)
        stack.up()
        check(stack.pid("b") != b)


@test("reconcile: what is at rest starts again, and --force-recreate restarts what runs")
def _():
    with Stack({"a": sleeper(), "job": service("/bin/true", restart="no"), "b": sleeper()}) as stack:
        stack.up()
        before = stack.pids()
        stack.run("stop", "b")
        result = stack.up()
        contains(result.err, "a-1    unchanged", "job-1  started again", "b-1    started again")
        equal(stack.row("job")["Generation"], 2)
        stack.run("up", "-d", "--wait", "--force-recreate", "--no-deps", "a")
        stack.running("a", other_than=before["a-1"])


@test("reconcile: the plan of a running stack says what up would do, and does not do it")
def _():
    with Stack({"a": sleeper(), "b": sleeper()}) as stack:
        equal({row["Name"]: row["Action"] for row in json.loads(stack.run("plan", "--format", "json").out)["Members"]},
              {"a-1": "start", "b-1": "start"})
        stack.up()
        before = stack.pids()
        stack.write({"a": sleeper(5000), "c": sleeper()})
        plan = json.loads(stack.run("plan", "--format", "json").out)
        equal({row["Name"]: row["Action"] for row in plan["Members"]}, {"a-1": "restart", "c-1": "start", "b-1": "orphan"})
        equal(stack.pids(), before)
        contains(stack.run("plan").out, "it runs", "└─ s-c.1.*")


@test("reconcile: two at once come one after the other")
def _():
    with Stack({"a": sleeper(), "b": sleeper()}) as stack:
        stack.write({name: sleeper() for name in "abcdef"})
        begun = [stack.begin("up", "-d", "--scale", f"f={number}") for number in range(1, 7)]
        for process in begun:
            out, err = process.communicate(timeout=60)
            equal(process.returncode, 0, err)
        check(stack.row("a")["State"] in ("starting", "running"))
        stack.up()
        equal(sorted(stack.ps()), [f"{name}-1" for name in "abcdef"])


@test("up in the foreground on a running stack: Ctrl-C stops those asked for, and the others run on")
def _():
    with Stack({"a": sleeper(), "talk": service("chatter", 3, 20)}) as stack:
        stack.write({"a": sleeper(), "talk": service("/bin/sh", "-c", "while :; do echo word; sleep 0.1; done", restart="no")})
        stack.up("a")
        pid = stack.pid("a")
        attached = stack.begin("up", "talk")
        equal(attached.stdout.readline().strip(), "talk-1 | word")
        attached.send_signal(signal.SIGINT)
        out, err = attached.communicate(timeout=40)
        equal(attached.returncode, 130, err)
        contains(err, "run on")
        equal((stack.pid("a"), stack.row("talk")["State"]), (pid, "exited"))
        attached = stack.begin("up")
        equal(attached.stdout.readline().strip(), "talk-1 | word")
        attached.send_signal(signal.SIGINT)
        attached.communicate(timeout=40)
        check(not is_alive(pid) and not stack.runtime.exists())


@test("up in the foreground follows a reload by another up, and its Ctrl-C ends what came with it")
def _():
    with Stack({"a": sleeper(), "b": sleeper()}) as stack:
        attached = stack.begin("up")
        wait_until(lambda: stack.run("ps", status=None).out.count("running") == 2, "both run")
        logs = stack.begin("logs", "--follow")
        few = stack.begin("logs", "--follow", "a", "b")
        new = service("/bin/sh", "-c", "echo here I am; exec sleep 1000")
        stack.write({"new": new, "b": sleeper(), "a": sleeper()})
        stack.up()
        pids = stack.pids()
        equal(len(pids), 3)
        attached.send_signal(signal.SIGINT)
        out, err = attached.communicate(timeout=40)
        equal(attached.returncode, 130, err)
        check(not stack.runtime.exists() and not any(is_alive(pid) for pid in pids.values()), err)
        contains(err, "new-1 | bulkhead: ")
        contains(out, "new-1 | here I am")
        contains(logs.communicate(timeout=40)[0], "new-1 | here I am")
        equal(few.communicate(timeout=40)[0], "")


@test("up --exit-code-from and --abort-on-container-…: one's end is everybody's")
def _():
    quit_with = "sleep 0.2; exit {}"
    with Stack({"a": sleeper(), "tests": service("/bin/sh", "-c", quit_with.format(7), restart="no")}) as stack:
        contains(stack.run("up", "--exit-code-from", "tests", status=7).err, "tests-1 has ended")
        check(not stack.runtime.exists())
        stack.run("up", "--abort-on-container-failure", status=7)
        stack.run("up", "--exit-code-from", "tset", status=2)
        stack.write({"a": sleeper(depends_on={"job": {"condition": "service_completed_successfully"}}),
                     "job": service("/bin/true", restart="no"),
                     "tests": service("/bin/sh", "-c", quit_with.format(0), restart="no", depends_on=["a"])})
        stack.run("up", "--abort-on-container-exit")
        equal(stack.runtime.exists(), False)


@test("up refuses a runtime folder below one that somebody else could replace")
def _():
    with Stack({"a": sleeper()}) as stack:
        if os.geteuid() != 0:
            return
        foreign = stack.folder / "foreign"
        foreign.mkdir()
        os.chown(foreign, 65534, 65534)
        stack.environment["BULKHEAD_RUNTIME_DIR"] = str(foreign / "run")
        contains(stack.run("up", "-d", status=1).err, "belongs to somebody else")
        os.chown(foreign, 0, 0)
        foreign.chmod(0o777)
        contains(stack.run("up", "-d", status=1).err, "chmod go-w")
        stack.environment["BULKHEAD_RUNTIME_DIR"] = str(stack.folder / "run")


@test("down while another up waits: neither fails")
def _():
    with Stack({"a": service("/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done", stop_grace_period="1s")}) as stack:
        stack.up()
        down = stack.begin("down")
        wait_until(lambda: down.poll() is not None or stack.row("a")["State"] == "stopping", "it is going down")
        up = stack.begin("up", "-d", "--wait")
        out, err = up.communicate(timeout=60)
        equal(up.returncode, 0, err)
        _, err = down.communicate(timeout=60)
        equal(down.returncode, 0, err)
        stack.running("a")


@test("reconcile: a change of limits alone is applied to what runs", needs="memory")
def _():
    def hog(**limits):
        return service("leak", 8 * MIB, 10_000_000, **limits)

    with Stack({"a": hog(mem_limit="64m"), "b": sleeper()}) as stack:
        stack.up()
        before, compartment = stack.pids(), stack.compartment("a")
        wait_until(lambda: int(read(compartment / "memory.current")) > 8 * MIB, "it has its memory")
        stack.write({"a": hog(mem_limit="32m", pids_limit=20, cpus=0.5), "b": sleeper()})
        contains(stack.up().err, "a-1  limits changed: applied live", "b-1  unchanged")
        equal([read(compartment / file).strip() for file in ("memory.max", "pids.max", "cpu.max")],
              [str(32 * MIB), "20", "50000 100000"])
        stack.write({"a": hog(mem_limit="2m"), "b": sleeper()})
        result = stack.run("up", "-d", status=1)
        contains(result.err, "a-1: its limits are as before", "bulkhead restart a-1")
        equal(read(compartment / "memory.max").strip(), str(32 * MIB))
        stack.write({"a": hog(), "b": sleeper()})
        stack.up()
        equal([read(compartment / file).strip() for file in ("memory.max", "pids.max")], ["max", "max"])
        contains(stack.run("up", "-d").err, "a-1  unchanged")
        equal((stack.pids(), stack.deaths()), (before, []))
