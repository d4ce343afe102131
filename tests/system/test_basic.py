"""A stack from up to down: states, order, verdicts of ordinary ends, verbs, logs. Needs no limits."""

import json
import os
import re
import signal
import subprocess

from harness import QUICK, TOP, Stack, check, contains, equal, is_alive, kill, read, service, test, wait_until

PS_FIELDS = {"Name", "Service", "Instance", "State", "Health", "Pid", "ExitCode", "Restarts", "Generation", "Verdict",
             "Hook", "HookNumber", "MemCurrent", "MemPeak", "MemLimit", "StartedAt", "Cgroup"}
EVENT_FIELDS = {"time", "type", "action", "service", "instance", "generation", "attributes"}
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")


def shell(text, **keys):
    return {"command": ["/bin/sh", "-c", text], **keys}


@test("up starts what depends on nothing first, down stops it last, and nothing is left")
def _():
    services = {"c": service("steady", depends_on=["b"]), "b": service("steady", depends_on=["a"]), "a": service("steady")}
    with Stack(services) as stack:
        stack.up()
        rows = stack.ps()
        equal({row["State"] for row in rows.values()}, {"running"})
        equal(sorted(rows), ["a-1", "b-1", "c-1"])
        for row in rows.values():
            check(is_alive(row["Pid"]), row)
        stack.follow()
        equal([stack.wait("start")["service"] for _ in range(3)], ["a", "b", "c"])
        stack.down()
        equal([stack.wait("die", verdict="stopped")["service"] for _ in range(3)], ["c", "b", "a"])
        check(not any(is_alive(row["Pid"]) for row in rows.values()), "alive after down")


@test("the examples and the reference stack are stacks that load")
def _():
    files = [*TOP.glob("examples/*/bulkhead.yaml"), TOP / "configs" / "bulkhead.yaml"]
    check(len(files) >= 3, files)
    with Stack({"a": service("steady")}) as stack:
        for file in files:
            result = subprocess.run([stack.programs / "bulkhead", "-f", file, "config", "-q"], text=True,
                                    env=stack.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            equal((result.returncode, result.stdout), (0, ""), file)


@test("ps and events: every JSON field is there, with the right type")
def _():
    with Stack({"a": service("steady"), "b": shell("exit 3", restart="no")}) as stack:
        stack.run("up", "-d")
        stack.wait("die", "b")
        wait_until(lambda: stack.row("b")["State"] == "exited", "b is exited")
        rows = stack.ps()
        for row in rows.values():
            equal(PS_FIELDS - set(row), set(), "ps lacks")
        a, b = rows["a-1"], rows["b-1"]
        equal((a["Service"], a["Instance"], a["State"], a["Generation"], a["Restarts"]), ("a", 1, "running", 1, 0))
        check(RFC_3339.match(a["StartedAt"]), a)
        check(a["Cgroup"].endswith("s-a.1.1"), a)
        equal((b["State"], b["ExitCode"], b["Verdict"], b["Pid"]), ("exited", 3, "failed", 0))
        for event in stack.events():
            equal(set(event), EVENT_FIELDS, "event")
            check(RFC_3339.match(event["time"]), event)
        death, = stack.deaths("b")
        equal(death["attributes"]["verdict"], "failed")
        equal(str(death["attributes"]["exitCode"]), "3")
        check("uptime" in death["attributes"] and "signal" in death["attributes"], death)


@test("exit statuses: 0 done, 1 failed, 2 unusable stack file or command line")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.run("config", "-q", status=0)
        stack.run("down", status=0)  # nothing runs: nothing to do
        stack.run("ps", "--no-such-option", status=2)
        stack.run("sail", status=2)
        stack.run("stop", "a", status=1)  # no such stack
        stack.run("up", "-d", "--wait", "nobody", status=2)
        stack.up()
        stack.run("stop", "nobody", status=1)
        stack.run("why", "a", status=None)
        stack.run("ps", status=0)


@test("--wait fails as soon as a service cannot be, and says which and why")
def _():
    with Stack({"a": service("steady"), "b": {"command": ["./b"], "restart": "no"}}) as stack:
        (stack.folder / "b").write_text("#!/nonexistent/interpreter\n")
        (stack.folder / "b").chmod(0o755)
        result = stack.up(status=1)
        contains(result.err, "b-1", "exec", "No such file or directory")


@test("a dependency that must complete is waited for; one that fails holds its dependents back")
def _():
    done = {"condition": "service_completed_successfully"}
    with Stack({"init": shell("echo set up"), "web": service("steady", depends_on={"init": done})}) as stack:
        stack.up()
        order = [(event["action"], event["service"]) for event in stack.events() if event["action"] in ("start", "die")]
        equal(order, [("start", "init"), ("die", "init"), ("start", "web")])
        equal(stack.verdicts("init"), ["done"])
    with Stack({"init": shell("exit 1", restart="no"), "web": service("steady", depends_on={"init": done})}) as stack:
        result = stack.up(status=1)
        contains(result.err, "init")
        check(stack.row("web")["State"] in ("waiting", "created"), stack.row("web"))


@test("kill -9 from outside is `killed`, a crash `crashed`, an exit code `failed`; each is restarted alone")
def _():
    services = {"a": service("steady", **QUICK), "b": service("steady"),
                "c": shell("kill -SEGV $$$$", restart="no"), "d": shell("exit 7", restart="no")}  # $$ is a $
    with Stack(services) as stack:
        stack.run("up", "-d")
        a, b = stack.running("a"), stack.running("b")
        kill(a)
        stack.wait("die", "a", verdict="killed")
        stack.running("a", other_than=a)
        equal(stack.pid("b"), b, "b's PID")
        equal(stack.row("a")["Restarts"], 1)
        wait_until(lambda: {stack.row(name)["State"] for name in "cd"} == {"exited"}, "c and d have ended")
        equal(stack.verdicts("c"), ["crashed"])
        equal(stack.verdicts("d"), ["failed"])
        contains(stack.run("why", "a").out, "SIGKILL")
        contains(stack.run("why", "c").out, "SIGSEGV")
        contains(stack.run("why", "d").out, "7")


@test("the log has what was said before a death, then why, then the next incarnation")
def _():
    with Stack({"a": shell("echo out; echo err >&2; printf unfinished; exec /bin/sleep 1000", **QUICK)}) as stack:
        stack.up()
        wait_until(lambda: "err" in stack.logs() and "out" in stack.logs(), "both lines are in the log")
        kill(stack.pid("a"))
        wait_until(lambda: stack.run("logs").out.count("out") == 2, "the second incarnation's line")
        log = read(stack.state / "logs" / "a-1.log")
        first, marker, second = log.find("stdout F out"), log.find("bulkhead: "), log.rfind("stdout F out")
        check(0 <= first < marker < second, "order of", log)
        contains(log, "unfinished", "stderr F err", "SIGKILL")
        check(0 <= log.find("unfinished") < marker, "the unfinished line comes before the marker:", log)


@test("a service's output is whole and in order, fast as it may come")
def _():
    with Stack({"a": service("chatter", 3000, 60)}) as stack:
        stack.up()
        wait_until(lambda: "chatter 2999 " in stack.run("logs", "-n", "1").out, "the last line")
        numbers = [int(line.split("chatter ")[1].split()[0]) for line in stack.logs().splitlines() if "chatter " in line]
        equal(numbers, list(range(3000)), "lines")


@test("stop, start, restart and kill act on the services named and on no other")
def _():
    with Stack({"a": service("steady"), "b": service("steady")}) as stack:
        stack.up()
        b = stack.pid("b")
        stack.run("stop", "a")
        wait_until(lambda: stack.row("a")["State"] == "exited", "a is stopped")
        equal(stack.row("a")["Verdict"], "stopped")
        stack.run("start", "a")
        first = stack.running("a")
        stack.run("restart", "a")
        second = stack.running("a", other_than=first)
        stack.run("kill", "-s", "TERM", "a")
        wait_until(lambda: stack.row("a")["Pid"] != second, "a got the signal")
        equal(stack.pid("b"), b, "b's PID")


@test("a service that ignores its stop signal is killed after its grace period")
def _():
    with Stack({"a": service("steady", "ignore-term", stop_grace_period="300ms"), "b": service("steady")}) as stack:
        stack.up()
        pid = stack.pid("a")
        stack.run("stop", "a")
        stack.wait("die", "a", verdict="stopped")
        check(not is_alive(pid), "alive")


@test("stop_signal, user, working_dir, environment, ulimits and oom_score_adj are what the program finds")
def _():
    keys = {"user": "nobody", "working_dir": "/usr", "environment": {"GREETING": "hello $$x"}, "oom_score_adj": 250,
            "ulimits": {"nofile": {"soft": 77, "hard": 88}}}
    # A program of the system: the project may lie in a folder that only root may enter.
    with Stack({"a": {"command": ["/bin/sleep", "1000"], **keys}}) as stack:
        stack.up()
        pid = stack.pid("a")
        status = read(f"/proc/{pid}/status")
        contains(status, "Uid:\t65534\t65534\t65534\t65534", "Gid:\t65534\t65534\t65534\t65534")
        equal(os.readlink(f"/proc/{pid}/cwd"), "/usr")
        environment = read(f"/proc/{pid}/environ").split("\0")
        for word in ("GREETING=hello $x", "USER=nobody", "LOGNAME=nobody"):
            check(word in environment, "no", word, "in", environment)
        check(any(word.startswith("PATH=") for word in environment), environment)
        check(not any(word.startswith("BULKHEAD_") for word in environment), environment)
        equal(read(f"/proc/{pid}/oom_score_adj").strip(), "250")
        limits = [line.split()[3:5] for line in read(f"/proc/{pid}/limits").splitlines() if line.startswith("Max open files")]
        equal(limits, [["77", "88"]])


@test("a child is born clean: no open files of ours, no blocked or ignored signals, a session of its own")
def _():
    with Stack({"a": {"command": ["/bin/sleep", "1000"]}}) as stack:
        stack.up()
        pid = stack.pid("a")
        equal(sorted(os.listdir(f"/proc/{pid}/fd")), ["0", "1", "2"], "open files")
        equal(os.readlink(f"/proc/{pid}/fd/0"), "/dev/null")
        status = read(f"/proc/{pid}/status")
        contains(status, "SigBlk:\t0000000000000000")
        ignored = int(status.split("SigIgn:\t")[1].split()[0], 16)
        equal(ignored, 0)
        stat = read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
        equal(int(stat[3]), pid, "session")
        equal(read(f"/proc/{pid}/oom_score_adj").strip(), "0")


@test("a restart budget that is used up holds the service")
def _():
    with Stack({"a": shell("exit 1", restart="on-failure:2", **QUICK)}) as stack:
        stack.run("up", "-d")
        stack.wait("hold", "a")
        wait_until(lambda: stack.row("a")["State"] == "held", "a is held")
        equal(stack.verdicts("a"), ["failed"] * 3)
        equal(stack.row("a")["Restarts"], 2)


@test("config prints a form that parses to itself")
def _():
    with Stack({"a": service("steady", environment=["A=1"], restart="always"), "b": service("steady", depends_on=["a"])}) as stack:
        first = stack.run("config").out
        stack.file.write_text(first)
        equal(stack.run("config").out, first)


@test("doctor says for each thing whether it is there, in JSON too")
def _():
    with Stack({"a": service("steady")}) as stack:
        result = stack.run("doctor", "--format", "json", status=None)
        for line in result.out.splitlines():
            json.loads(line)
        check(result.out.strip(), result)


@test("200 services at once: all run, and all go")
def _():
    with Stack({f"s{number:03}": service("steady") for number in range(200)}) as stack:
        stack.run("up", "-d", "--wait", patience_s=100)
        rows = stack.ps()
        equal((len(rows), {row["State"] for row in rows.values()}), (200, {"running"}))
        equal(len({row["Pid"] for row in rows.values()}), 200)
        stack.run("down", patience_s=100)


@test("who was restarted finds its next compartment ready, and none is left when it rests")
def _():
    services = {"a": service("steady", restart="always", **{"x-bulkhead": {"backoff": {"initial": "0ms"}}}),
                "b": service("steady")}
    with Stack(services) as stack:
        stack.up()
        folder = stack.compartment("a").parent

        def compartments():
            return sorted(path.name for path in folder.glob("s-a.*"))

        equal(compartments(), ["s-a.1.1"], "one that never died has no spare")
        for generation in (2, 3, 4):
            first = stack.pid("a")
            kill(first)
            stack.running("a", other_than=first)
            ready = [f"s-a.1.{generation}", f"s-a.1.{generation + 1}"]
            wait_until(lambda: compartments() == ready, f"{ready} are there")
            check(stack.compartment("a").name == ready[0], stack.compartment("a"))
            equal(read(folder / ready[1] / "cgroup.events").split()[:2], ["populated", "0"])
        (folder / "s-a.1.5").rmdir()  # somebody else took it away: the next start makes another
        kill(stack.pid("a"))
        wait_until(lambda: compartments() == ["s-a.1.5", "s-a.1.6"], "generation 5 runs")
        stack.run("stop", "a")
        wait_until(lambda: not compartments(), "nothing is left of it")
        stack.run("start", "a")
        stack.running("a")
        wait_until(lambda: "s-a.1.6" in compartments(), "it runs again")
