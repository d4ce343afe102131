"""Hooks that are told of deaths: what they are told, that nobody waits for them, and how they end."""

import json
import time

from harness import MIB, Stack, check, contains, equal, is_alive, leaker, program, read, service, test, wait_until
from test_beside import beside, nothing_left

ONCE = {"restart": "on-failure:1"}


def keeps(stack, name):
    """A hook that keeps what it is told, and says so in the log."""
    path = stack.folder / name
    return {"command": ["/bin/sh", "-c", f'cat >{path}.new; echo told "$$(id -u)"; mv {path}.new {path}']}, path


def told(path):
    wait_until(path.is_file, f"{path.name} was told")
    text = read(path)
    check(text.endswith("\n") and text.count("\n") == 1, "one line:", text)
    return json.loads(text)


def failing(script, **keys):
    return service("/bin/sh", "-c", script, **keys)


def backoff(**keys):
    return {"backoff": {"initial": "20ms", "factor": 1, "max": "20ms", "jitter": 0}, **keys}


def same_as_why(stack, report, which="web"):
    """What the hook was told is what `why` tells, as far as both tell it."""
    why = json.loads(stack.run("why", "--format", "json", which).out)
    for key in set(report) - {"hook", "stack"}:
        equal(report[key], why[key], key)


@test("report hooks: on_hold is told once, when the last restart is used up")
def _():
    with Stack({}) as stack:
        hook, path = keeps(stack, "held")
        stack.write({"web": failing("exit 7", **ONCE, **{"x-bulkhead": backoff(on_hold=hook)}), "other": service("steady")})
        stack.run("up", "-d")
        report = told(path)
        equal((report["hook"], report["stack"], report["name"], report["verdict"]), ("on_hold", stack.name, "web-1", "failed"))
        equal((report["exitCode"], report["next"], report["generation"]), (7, "hold", 2))
        same_as_why(stack, report)
        wait_until(lambda: "told 0" in stack.logs("web"), "what it says is in the log")
        nothing_left(stack, "hook")
        check("bulkhead: hook" not in stack.logs("web"), "nothing is said of a hook that does well")
        path.unlink()
        stack.run("start", "web", status=None)
        equal(told(path)["generation"], 4)
        check(is_alive(stack.pid("other")))


@test("report hooks: as another user, in the service's folder, and for services that name none")
def _():
    with Stack({}) as stack:
        stack.folder.chmod(0o755)
        script = 'echo "$$(id -u):$$(id -g) $$PWD $$WORD"; read line </dev/stdin; echo "$${line%%:*}"'
        stack.write({"web": failing("exit 1", restart="on-failure:1", working_dir="/usr", environment={"WORD": "spoken"},
                                    **{"x-bulkhead": backoff()})},
                    **{"x-bulkhead": {"on_hold": {"command": ["/bin/sh", "-c", script], "user": "1234:2345"}}})
        stack.run("up", "-d")
        wait_until(lambda: '1234:2345 /usr spoken' in stack.logs("web") and '{"hook"' in stack.logs("web"), "who it is")
        nothing_left(stack, "hook")


@test("report hooks: one that fails, is killed or hangs is told of in the log")
def _():
    cases = {"fails": (["/bin/sh", "-c", "exit 3"], "hook on_hold exited with code 3"),
             "dies": (["/bin/sh", "-c", "kill -SEGV $$$$"], "hook on_hold was ended by SIGSEGV"),
             "hangs": (["/bin/sleep", "1000"], "hook on_hold was killed: it did not end within 300 ms")}
    services = {name: failing("exit 1", **ONCE, **{"x-bulkhead": backoff(on_hold={"command": command,
                                                                                    "timeout": "300ms" if name == "hangs" else "1m"})})
                for name, (command, _) in cases.items()}
    with Stack(services) as stack:
        stack.run("up", "-d")
        for name, (_, words) in cases.items():
            wait_until(lambda: f"bulkhead: {words}" in stack.logs(name), words)
        nothing_left(stack, "hook")


@test("report hooks: a hook that hangs delays no start, and a second one is skipped")
def _():
    with Stack({}) as stack:
        stack.write({"web": failing("exit 1", **ONCE,
                                    **{"x-bulkhead": backoff(on_hold={"command": ["/bin/sleep", "1000"], "timeout": "1h"})})})
        stack.run("up", "-d")
        wait_until(lambda: beside(stack, "hook"), "the hook runs")
        hook = beside(stack, "hook")
        for _ in range(2):
            before = stack.row("web")["Generation"]
            stack.run("start", "web", status=None)
            wait_until(lambda: stack.row("web")["Generation"] == before + 2 and stack.row("web")["State"] == "held", "held again")
        equal(beside(stack, "hook"), hook)
        said = "hook on_hold was skipped: the one before is still running"
        wait_until(lambda: stack.logs("web").count(said) == 2, "said")
        lines = [line for line in stack.logs("web").splitlines() if "bulkhead: " in line]
        check(said in lines[-1] and "; held" in lines[-2], "behind the line about the death:", lines)
        began = time.monotonic()
        stack.down()  # the stack's end waits a few seconds for it and no longer
        check(time.monotonic() - began < 30)


@test("report hooks: the last hook of a stack that goes down has time, and its words are kept")
def _():
    with Stack({}) as stack:
        stack.write({"web": failing("exit 1", **ONCE, **{"x-bulkhead": backoff(
            on_hold={"command": ["/bin/sh", "-c", f"touch {stack.folder}/begun; sleep 1; echo at last; sleep 1000"]})})})
        stack.run("up", "-d")
        wait_until((stack.folder / "begun").exists, "the hook runs")
        stack.down()
        contains(stack.logs("web"), "at last", "hook on_hold was killed: the stack has ended")


@test("report hooks: another plan keeps, changes and takes away who is told")
def _():
    with Stack({}) as stack:
        hook, path = keeps(stack, "held")
        stack.write({"web": service("steady"), "bad": failing("exit 1", **ONCE, **{"x-bulkhead": backoff()})})
        stack.up("web")
        before = stack.pid("web")
        stack.write({"web": {**service("steady"), "x-bulkhead": {"on_hold": hook}},
                     "bad": failing("exit 1", **ONCE, **{"x-bulkhead": backoff(on_hold=hook)})})
        stack.run("up", "-d")
        equal(told(path)["name"], "bad-1")
        equal(stack.pid("web"), before)


@test("report hooks: on_oom is told of each kill for memory, and the restart does not wait", needs="memory")
def _():
    with Stack({}) as stack:
        hook, path = keeps(stack, "oom")
        sick = leaker()
        sick["x-bulkhead"] = backoff(on_oom=hook)
        slow = leaker()
        slow["x-bulkhead"] = backoff(on_oom={"command": ["/bin/sleep", "1000"], "timeout": "1h"})
        crash = failing("exit 1", **{"x-bulkhead": backoff(on_oom={"command": ["/bin/sh", "-c", f"touch {stack.folder}/wrong"]})})
        greedy = {"command": [program("leak"), str(MIB), "1"], "mem_limit": "8m"}
        stack.write({"sick": sick, "slow": slow, "crash": crash, "greedy": {**leaker(), "x-bulkhead": backoff(on_oom=greedy)},
                     "well": service("steady")})
        stack.run("up", "-d")
        report = told(path)
        equal((report["hook"], report["verdict"], report["signal"]), ("on_oom", "oom", "SIGKILL"))
        equal(report["evidence"]["memLimit"], 16 * MIB)
        check(report["evidence"]["oomKill"] >= 1, report)
        equal(report["next"], "restart")
        stack.wait("die", "slow", count=4)  # while its first hook sleeps
        equal(len([name for name in beside(stack, "hook") if name.startswith("hook-slow")]), 1)
        contains(stack.logs("slow"), "hook on_oom was skipped: the one before is still running")
        wait_until(lambda: "hook on_oom met its own memory limit" in stack.logs("greedy"), "the hook's own limit")
        check(not (stack.folder / "wrong").exists(), "a crash is no kill for memory")
        check(is_alive(stack.pid("well")))


@test("report hooks: a group's limit: on_oom is told which, and who was beside it", needs="memory")
def _():
    with Stack({}) as stack:
        hook, path = keeps(stack, "oom")
        stack.write({"big": {**service("leak", 2 * MIB, 2), "cgroup_parent": "pool", "x-bulkhead": backoff(on_oom=hook)},
                     "small": {**service("steady"), "cgroup_parent": "pool"}},
                    **{"x-bulkhead": {"groups": {"pool": {"mem_limit": "24m"}}}})
        stack.run("up", "-d")
        report = told(path)
        equal((report["verdict"], report["evidence"]["group"], report["evidence"]["memLimit"]), ("oom-group", "pool", 24 * MIB))
        equal([other["name"] for other in report["beside"]], ["small-1"])
