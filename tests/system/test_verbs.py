"""The smaller verbs: ls, wait, stats, rm, version; the help of them all."""

import json
import re
import subprocess

from harness import Stack, check, contains, equal, service, test, wait_until


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


@test("every verb's help has an example that begins with its own name")
def _():
    with Stack({"a": service("steady")}) as stack:
        verbs = re.findall(r"^  ([a-z]+) +\S", stack.run("--help").out.partition("\nglobal")[0].partition("verbs:")[2], re.MULTILINE)
        check({"up", "down", "ps", "ls", "wait", "stats", "version"} <= set(verbs), verbs)
        for verb in verbs:
            text = stack.run(verb, "--help").out
            example = text.partition("\nexample:\n")[2]
            check(re.search(rf"\bbulkhead\b[^\n|]*\b{verb}\b", example), f"no example of {verb} in:\n{text}")
            contains(stack.run("help", verb).out, f"usage: bulkhead {verb}")


@test("version says the same in every form")
def _():
    with Stack({"a": service("steady")}) as stack:
        number = stack.run("version", "--short").out.strip()
        check(re.fullmatch(r"\d+\.\d+\.\d+", number), number)
        equal(json.loads(stack.run("version", "-f", "json").out), {"version": number})
        equal(stack.run("version").out, f"bulkhead {number}\n")
        equal(stack.run("--version").out, f"bulkhead {number}\n")
        stack.run("version", "-f", "xml", status=2)


@test("ps filters by state, names services once, and shows labels and health")
def _():
    services = {"a": service("steady", labels={"tier": "front", "empty": ""}),
                "b": {"command": ["/bin/true"], "restart": "no"}, "c": {"command": ["/bin/true"], "restart": "no"}}
    with Stack(services) as stack:
        stack.up()
        wait_until(lambda: {stack.row(name)["State"] for name in "bc"} == {"exited"}, "both have ended")
        row = stack.row("a")
        equal((row["Labels"], row["Health"]), ({"tier": "front", "empty": ""}, ""))
        equal(stack.row("b")["Labels"], {})
        equal(stack.run("ps", "-q").out, "a-1\n")
        equal(stack.run("ps", "-q", "--status", "exited").out, "b-1\nc-1\n")
        equal(stack.run("ps", "--services", "--status", "exited", "--status=running").out, "a\nb\nc\n")
        equal(stack.run("ps", "-q", "--filter", "status=running").out, "a-1\n")
        equal(stack.run("ps", "-q", "--filter", "health=healthy").out, "")
        stack.run("ps", "--status", "sleeping", status=2)
        stack.run("ps", "--filter", "colour=red", status=2)
        event = [event for event in stack.events() if event["service"] == "a"][0]
        equal(event["attributes"]["labels"], {"tier": "front", "empty": ""})


@test("ls tells running stacks from abandoned and ended ones")
def _():
    with Stack({"a": service("steady"), "b": {"command": ["/bin/true"], "restart": "no"}}) as stack:
        equal(stack.run("ls", "-q").out, "")
        stack.up()
        wait_until(lambda: stack.row("b")["State"] == "exited", "b has ended")
        row = lines(stack.run("ls", "--format", "json").out)[0]
        equal((row["Name"], row["State"], row["Members"]), (stack.name, "running", 2))
        equal(row["Status"], "running(1), exited(1)")
        equal(row["Pid"], stack.own_pid())
        contains(stack.run("ls").out, "NAME", stack.name)
        equal(stack.run("ls", "-q", "--filter", "name=nothing-like-this").out, "")
        stack.down()
        equal(stack.run("ls", "-q").out, "")
        equal(lines(stack.run("ls", "-a", "--format", "json").out)[0]["State"], "down")


@test("wait ends with the exit code of what it waits for")
def _():
    services = {"a": service("steady"), "b": {"command": ["/bin/sh", "-c", "exit 7"], "restart": "no"}}
    with Stack(services) as stack:
        stack.run("up", "-d")
        equal(stack.run("wait", "b", status=7).out, "b-1 exited with status code 7\n")
        waiting = stack.begin("wait", "a", "b")
        contains(waiting.stdout.readline(), "b-1 exited")
        check(waiting.poll() is None, "came back before a had ended")
        stack.run("stop", "a")
        contains(waiting.stdout.readline(), "a-1 exited")
        equal(waiting.wait(40), 7)
        stack.run("wait", status=2)
        stack.run("wait", "c", status=1)


@test("wait --down-project takes the stack down with the first that ends")
def _():
    services = {"a": service("steady"), "b": {"command": ["/bin/sh", "-c", "exit 3"], "restart": "no"}}
    with Stack(services) as stack:
        stack.run("up", "-d")
        stack.run("wait", "--down-project", "a", "b", status=3)
        check(not stack.runtime.exists(), "the stack is still there")


@test("rm forgets what rests, stops nothing unasked, and takes logs only when told to")
def _():
    services = {"a": service("steady"), "b": {"command": ["/bin/sh", "-c", "echo said; exit 4"], "restart": "no"}}
    with Stack(services) as stack:
        stack.run("up", "-d")
        stack.run("wait", "b", status=4)
        contains(stack.run("rm", status=1).err, "--force")
        stack.run("rm", "--force")
        rows = stack.ps()
        equal((rows["b-1"]["State"], rows["b-1"]["Verdict"], rows["a-1"]["State"]), ("created", "", "running"))
        contains(stack.logs("b"), "said")
        stack.run("rm", "-sfv")
        equal({row["State"] for row in stack.ps().values()}, {"created"})
        equal(stack.logs("b"), "")
        stack.run("start", "a")
        wait_until(lambda: "steady: ready" in stack.logs("a"), "it says something")
        for _ in range(5):  # forgotten at once, what it died of is told all the same
            stack.run("rm", "-sf", "a")
            stack.run("start", "a")
        wait_until(lambda: stack.logs("a").count("stopped as asked") >= 5, "each end is told")
        check("bulkhead:  after" not in stack.logs("a"), stack.logs("a"))


@test("stats shows what is used, also of what is limited", needs="memory")
def _():
    with Stack({"a": service("steady", mem_limit="32m", pids_limit=50), "b": service("steady")}) as stack:
        stack.up()
        rows = {row["Service"]: row for row in lines(stack.run("stats", "--no-stream", "--format", "json").out)}
        equal(rows["a"]["MemLimit"], 32 << 20)
        equal(rows["a"]["PidsLimit"], 50)
        equal(rows["b"]["MemLimit"], 0)
        for row in rows.values():
            check(0 < row["MemCurrent"] <= row["MemPeak"] < 32 << 20, row)
            check(row["Pids"] == 1 and row["CpuPercent"] is not None, row)
        contains(stack.run("stats", "--no-stream").out, "a-1", "32.0MiB", "GROWTH/MIN")


@test("stats goes on until the stack ends, and shows who does not run only when asked")
def _():
    with Stack({"a": service("steady"), "b": {"command": ["/bin/true"], "restart": "no"}}) as stack:
        stack.up()
        wait_until(lambda: stack.row("b")["State"] == "exited", "b has ended")
        names = [row["Name"] for row in lines(stack.run("stats", "--no-stream", "--format", "json").out)]
        equal(names, ["a-1"])
        names = [row["Name"] for row in lines(stack.run("stats", "-a", "--no-stream", "--format", "json").out)]
        equal(names, ["a-1", "b-1"])
        follower = stack.begin("stats", "--format", "json")
        for _ in range(2):
            equal(json.loads(follower.stdout.readline())["Name"], "a-1")
        stack.down()
        try:
            equal(follower.wait(40), 0, "exit status of stats:")
        except subprocess.TimeoutExpired as expired:
            raise AssertionError("stats goes on after the stack's end") from expired
