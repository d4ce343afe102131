"""The supervisor's own death loses nothing: whoever comes after it takes over what runs."""

import os
import shutil
import signal

from harness import QUICK, Stack, check, contains, equal, is_alive, kill, leaker, read, service, test, wait_until

LASTING = ("State", "Health", "Pid", "ExitCode", "Restarts", "Generation", "Verdict", "StartedAt", "Cgroup")


def bereave(stack, meanwhile=None):
    """Kills the supervisor; the next one's PID once it answers. `meanwhile` happens while there is none."""
    keeper, old = stack.own_pid("keeper"), stack.own_pid()
    if meanwhile:
        kill(keeper, signal.SIGSTOP)
    kill(old)
    if meanwhile:
        wait_until(lambda: not is_alive(old), "the supervisor is dead")
        meanwhile()
        kill(keeper, signal.SIGCONT)
    return answering(stack, old)


def answering(stack, old):
    def pid():
        found = stack.run("ps", "-q", status=None).status == 0 and stack.own_pid()
        return found != old and found
    return wait_until(pid, "the next supervisor answers")


def lasting(stack):
    return {name: {key: row.get(key) for key in LASTING} for name, row in stack.ps().items()}


def sh(script, **keys):
    return service("/bin/sh", "-c", script, **keys)


ON_TERM = "trap 'exit {0}' TERM; while :; do sleep 0.05; done"


@test("a SIGKILLed supervisor is followed by one that has everything as it was")
def _():
    services = {"a": service("steady"), "b": service("steady", **QUICK), "c": sh("exit 3", restart="no"),
                "d": sh("exit 4", **{"x-bulkhead": {"intensity": {"max_restarts": 1, "window": "1h"},
                                                    "backoff": {"initial": "10ms", "max": "10ms"}}})}
    with Stack(services) as stack:
        stack.run("up", "-d")
        for _ in range(2):
            before = stack.running("b")
            kill(before)
            stack.running("b", other_than=before)
        wait_until(lambda: stack.row("d")["State"] == "held", "d is held")
        wait_until(lambda: stack.row("c")["State"] == "exited", "c has exited")
        before = lasting(stack)
        equal(before["b-1"]["Restarts"], 2)
        bereave(stack)
        equal(lasting(stack), before)
        bereave(stack)
        equal(lasting(stack), before)
        equal([event["type"] for event in stack.events() if event["action"] == "adopt"], ["stack"] * 2)
        kill(before["b-1"]["Pid"])
        stack.running("b", other_than=before["b-1"]["Pid"])
        equal(stack.verdicts("b"), ["killed"] * 3)
        equal(stack.row("b")["Restarts"], 3)
        equal(stack.row("a")["Pid"], before["a-1"]["Pid"])


@test("who dies while there is no supervisor is told with its exit code, and restarted")
def _():
    services = {"a": sh(ON_TERM.format(7), **QUICK), "b": sh(ON_TERM.format(0), restart="no"), "c": service("steady")}
    with Stack(services) as stack:
        stack.up()
        before = stack.pids()

        def meanwhile():
            for name in ("a-1", "b-1"):
                kill(before[name], signal.SIGTERM)
                wait_until(lambda name=name: not is_alive(before[name]), f"{name} is dead")
        bereave(stack, meanwhile)
        stack.running("a", other_than=before["a-1"])
        wait_until(lambda: stack.row("b")["State"] == "exited", "b has exited")
        equal([(death["attributes"]["verdict"], death["attributes"]["exitCode"]) for death in stack.deaths("a")], [("failed", 7)])
        equal([(death["attributes"]["verdict"], death["attributes"]["exitCode"]) for death in stack.deaths("b")], [("done", 0)])
        equal(stack.pid("c"), before["c-1"])
        contains(stack.logs("a"), "exited with code 7")


@test("who meets its limit while there is no supervisor is told so", needs="memory")
def _():
    with Stack({"a": leaker(step=1 << 16, pause_ms=20), "b": service("steady")}) as stack:
        stack.up("b")
        stack.run("up", "-d", "a")
        before = stack.running("a")
        bereave(stack, lambda: wait_until(lambda: not is_alive(before), "the leaker is dead"))
        stack.running("a", other_than=before)
        equal(stack.verdicts("a")[0], "oom")


@test("a stop under way goes on, and ends at its deadline")
def _():
    with Stack({"a": sh("trap '' TERM; while :; do sleep 0.1; done", stop_grace_period="3s"), "b": service("steady")}) as stack:
        stack.up()
        before = stack.pids()
        stopping = stack.begin("stop", "a")
        wait_until(lambda: stack.row("a")["State"] == "stopping", "a is stopping")
        bereave(stack)
        wait_until(lambda: stack.row("a")["State"] == "exited", "a has been stopped")
        stopping.wait(30)
        equal(stack.verdicts("a"), ["stopped"])
        check(not is_alive(before["a-1"]), "it lives")
        equal(stack.pid("b"), before["b-1"])


@test("a stack that goes down goes on going down")
def _():
    services = {"a": sh("trap '' TERM; while :; do sleep 0.1; done", stop_grace_period="2s"), "b": service("steady", depends_on=["a"])}
    with Stack(services) as stack:
        stack.up()
        before = stack.pids()
        stack.begin("down")
        wait_until(lambda: stack.row("a")["State"] == "stopping", "a is stopping")
        kill(stack.own_pid())
        wait_until(lambda: not any(is_alive(pid) for pid in before.values()), "all are dead")
        wait_until(lambda: stack.run("ps", "-q", status=None).status != 0, "the stack has ended")


@test("a back-off goes on, and is not started anew")
def _():
    slow = {"x-bulkhead": {"backoff": {"initial": "4s", "max": "4s", "jitter": 0}}}
    with Stack({"a": service("steady", **slow), "b": service("steady")}) as stack:
        stack.up()
        before = stack.pid("a")
        kill(before)
        wait_until(lambda: stack.row("a")["State"] == "backoff", "a waits")
        bereave(stack)
        equal(stack.row("a")["State"], "backoff")
        stack.running("a", other_than=before)
        equal(stack.row("a")["Restarts"], 1)
        equal(stack.row("a")["Generation"], 2)


@test("what was frozen goes on")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        freeze = stack.compartment("a") / "cgroup.freeze"
        freeze.write_text("1")
        bereave(stack)
        wait_until(lambda: read(freeze).strip() == "0", "it is thawed")


@test("a hook that runs is waited for, and runs once")
def _():
    hook = [{"command": ["/bin/sh", "-c", "echo began; sleep 2; echo ended"]}]
    with Stack({"a": service("steady", post_start=hook), "b": service("steady", depends_on=["a"])}) as stack:
        stack.run("up", "-d")
        wait_until(lambda: "began" in stack.logs("a"), "the hook runs")
        bereave(stack)
        stack.running("b")
        equal(stack.logs("a").count("began"), 1)
        equal(stack.verdicts(), [])


@test("a probe is asked again, and nobody is blamed for one that was cut")
def _():
    probe = {"test": ["CMD", "/bin/sh", "-c", "sleep 1"], "interval": "100ms", "timeout": "20s", "retries": 1}
    with Stack({"a": service("steady", healthcheck=probe)}) as stack:
        stack.up()
        before = stack.pid("a")
        for _ in range(3):
            bereave(stack)
        wait_until(lambda: stack.row("a")["Health"] == "healthy", "a is healthy")
        equal(stack.pid("a"), before)
        check(not [event for event in stack.events() if event["attributes"].get("health") == "unhealthy"], "it was unhealthy")


@test("a service with a terminal keeps it")
def _():
    with Stack({"a": sh("trap 'exit 9' HUP; while :; do echo tick; sleep 0.1; done", tty=True)}) as stack:
        stack.up()
        before = stack.pid("a")
        bereave(stack)
        ticks = stack.logs("a").count("tick")
        wait_until(lambda: stack.logs("a").count("tick") > ticks + 3, "its output is read on")
        equal(stack.pid("a"), before)


@test("no line is lost, and none of who runs is doubled")
def _():
    with Stack({"a": service("chatter", 20000, 200)}) as stack:
        stack.up()
        for _ in range(3):
            bereave(stack)
        wait_until(lambda: "chatter 19999 " in stack.logs("-n", "5", "a"), "the last line is in the log")
        numbers = [line.split()[1] for line in stack.logs("--no-log-prefix", "a").splitlines() if line.startswith("chatter")]
        check(numbers == [str(number) for number in range(20000)], "a line is missing or doubled")


@test("after a reload, the new plan is what is gone on with")
def _():
    with Stack({"a": service("steady"), "b": service("steady")}) as stack:
        stack.up()
        before = stack.pids()
        stack.write({"a": service("steady"), "b": service("steady", environment={"X": "1"}), "c": service("steady")})
        stack.up()
        after = stack.pids()
        equal(after["a-1"], before["a-1"])
        bereave(stack)
        equal(stack.pids(), after)
        stack.up()
        equal(stack.pids(), after)
        kill(after["c-1"])
        stack.running("c", other_than=after["c-1"])


@test("keeper and supervisor SIGKILLed: the next up takes the stack over")
def _():
    with Stack({"a": service("steady"), "b": service("steady", **QUICK), "c": sh("exit 0", restart="no")}) as stack:
        stack.run("up", "-d")
        wait_until(lambda: stack.row("c")["State"] == "exited", "c has exited")
        before = lasting(stack)
        keeper, supervisor = stack.own_pid("keeper"), stack.own_pid()
        kill(keeper, signal.SIGSTOP)
        kill(supervisor)
        kill(keeper)
        wait_until(lambda: not is_alive(keeper) and not is_alive(supervisor), "both are dead")
        contains(stack.run("ps", status=None).err, "bulkhead up")
        kill(before["b-1"]["Pid"])
        result = stack.up("a")
        contains(result.err, "taken it over")
        after = lasting(stack)
        equal(after["a-1"], before["a-1"])
        stack.running("b", other_than=before["b-1"]["Pid"])
        equal(len(stack.deaths("b")), 1)
        kill(after["a-1"]["Pid"])  # nobody's child any more
        stack.running("a", other_than=after["a-1"]["Pid"])


@test("without a journal nobody is started twice, and who runs is watched")
def _():
    with Stack({"a": service("steady", **QUICK), "b": service("steady", **QUICK)}) as stack:
        stack.up()
        before = stack.pids()
        kill(before["b-1"])
        stack.running("b", other_than=before["b-1"])
        before = stack.pids()

        def meanwhile():
            (stack.runtime / "journal").write_text("nothing that can be read\n")
            kill(before["b-1"])
            wait_until(lambda: not is_alive(before["b-1"]), "b is dead")
        bereave(stack, meanwhile)
        equal(stack.pid("a"), before["a-1"])
        stack.running("b", other_than=before["b-1"])
        equal(stack.row("b")["Generation"], 3)
        contains(stack.own_log(), "is not known")
        kill(before["a-1"])
        stack.running("a", other_than=before["a-1"])
        stack.journals = ("journal",)


@test("a supervisor that dies with its runtime folder: who runs is found, and the folder is made anew")
def _():
    with Stack({"a": service("steady", **QUICK), "b": service("steady")}) as stack:
        stack.up()
        before = stack.pids()
        bereave(stack, lambda: shutil.rmtree(stack.runtime))
        equal(stack.pids(), before)
        kill(before["a-1"])
        stack.running("a", other_than=before["a-1"])
        wait_until((stack.runtime / "plan").exists, "the plan is there again")


@test("a forged attribute names nobody else")
def _():
    with Stack({"a": service("steady"), "b": service("steady")}) as stack:
        stack.up()
        before = stack.pids()
        for text in (f"{before['b-1']} 1", "1 1", "nonsense", f"{before['b-1']} {10 ** 30}", "-5 7"):
            os.setxattr(stack.compartment("a"), "user.bulkhead.main", text.encode())
            bereave(stack)
            equal(stack.pids(), before)
        equal(stack.verdicts(), [])
