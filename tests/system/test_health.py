"""Probes and hooks: where they run, what they decide, and that a bad one harms nobody else."""

import json
import pathlib

from harness import MIB, QUICK, Stack, check, contains, equal, program, read, service, test, wait_until
from test_hanging import frozen_disk, run


def probed(*probe, **keys):
    """A service that a command says the health of."""
    times = {"interval": "100ms", "timeout": "10s", "retries": 2}
    times.update({key: keys.pop(key) for key in list(keys) if key in times})
    return service("steady", healthcheck={"test": list(probe), **times}, **QUICK, **keys)


def svc(stack):
    return stack.cgroup / stack.name / "svc"


def beside(stack, kind):
    return sorted(path.name for path in svc(stack).iterdir() if path.name.startswith(f"{kind}-"))


def health(stack, name):
    return stack.row(name).get("Health")


@test("a probe runs beside its service, as its user, and says healthy")
def _():
    with Stack({}) as stack:
        told = stack.folder / "told"
        told.mkdir(mode=0o777)
        told.chmod(0o777)
        stack.folder.chmod(0o755)
        stack.write({"web": probed("CMD-SHELL", f"id -u >{told}/user; cat /proc/self/cgroup >{told}/cgroup; pwd >{told}/folder",
                                   user="1234:1234", working_dir="/usr")})
        stack.up()
        wait_until(lambda: health(stack, "web") == "healthy", "it is healthy")
        wait_until(lambda: (read(told / "user").strip(), read(told / "folder").strip()) == ("1234", "/usr"), "it told who and where")
        wait_until(lambda: "svc/probe-web.1." in read(told / "cgroup"), "it told its compartment")  # it may be writing just now
        wait_until(lambda: not beside(stack, "probe") or len(beside(stack, "probe")) == 1, "at most one at a time")
        stack.run("stop", "web")
        wait_until(lambda: not beside(stack, "probe"), "no probe is left")


@test("a service that is unhealthy is restarted, and its verdict says so")
def _():
    with Stack({}) as stack:
        sick = stack.folder / "sick"
        stack.write({"web": probed("CMD-SHELL", f"! test -e {sick}"), "other": service("steady")})
        stack.up()
        before = stack.pids()
        wait_until(lambda: health(stack, "web") == "healthy", "it is healthy")
        sick.touch()
        equal(stack.wait("die", "web")["attributes"]["verdict"], "unhealthy")
        sick.unlink()
        stack.running("web", other_than=before["web-1"])
        wait_until(lambda: health(stack, "web") == "healthy", "it is healthy again")
        equal(stack.pids()["other-1"], before["other-1"])


@test("why shows what the failing probe said, whether it ended or hung, and a chatty one is not stopped")
def _():
    with Stack({}) as stack:
        sick = stack.folder / "sick"
        stack.write({"web": probed("CMD-SHELL", f"test -e {sick} || {{ head -c 300000 /dev/zero; exit 0; }}; "
                                   "printf 'no answer\\n\\033[31mred' >&2; exit 1", user="1234:1234"),
                     "slow": probed("CMD-SHELL", f"test -e {sick} || exit 0; echo begun >/dev/stdout; sleep 1000", timeout="5s", retries=1,
                                    user="1234:1234")})
        stack.folder.chmod(0o755)
        stack.up()
        for name in ("web", "slow"):
            wait_until(lambda: health(stack, name) == "healthy", "it is healthy")
        sick.touch()
        for name in ("web", "slow"):
            equal(stack.wait("die", name)["attributes"]["verdict"], "unhealthy")
        sick.unlink()
        equal(json.loads(stack.run("why", "--format", "json", "web").out)["probeOutput"], ["no answer", "\\x1b[31mred"])
        contains(stack.run("why", "web").out, "output of the probe that failed", "| no answer", "| \\x1b[31mred")
        equal(json.loads(stack.run("why", "--format", "json", "slow").out)["probeOutput"], ["begun"])


@test("a probe that hangs is killed at its timeout, with what it started")
def _():
    with Stack({}) as stack:
        pids = stack.folder / "pids"
        stack.write({"web": {**probed("CMD-SHELL", f"setsid sleep 1000 & echo $$! >>{pids}; sleep 1000", timeout="4s", retries=1),
                             "x-bulkhead": {**QUICK["x-bulkhead"], "on_unhealthy": "none"}}})
        stack.run("up", "-d")
        pid = stack.running("web")
        wait_until(lambda: health(stack, "web") == "unhealthy", "it is unhealthy")
        equal(stack.pid("web"), pid)
        contains(" ".join(beside(stack, "probe") or ["probe-web.1."]), "probe-web.1.")
        first = int(read(pids).split()[0])
        check(not pathlib.Path(f"/proc/{first}").exists(), "what the first probe left still runs")


@test("who depends on a healthy service waits for it")
def _():
    with Stack({}) as stack:
        ready = stack.folder / "ready"
        stack.write({"db": probed("CMD-SHELL", f"test -e {ready}", retries=1000),
                     "web": service("steady", depends_on={"db": {"condition": "service_healthy"}})})
        stack.run("up", "-d")
        stack.running("db")
        equal(stack.row("web")["State"], "waiting")
        ready.touch()
        stack.running("web")
        equal(health(stack, "db"), "healthy")


@test("a probe's memory is its own, and its own limit kills it alone", needs="memory")
def _():
    with Stack({}) as stack:
        stack.write({"web": {**probed("CMD", program("leak"), str(2 * MIB), "1", retries=1, interval="300ms", mem_limit="32m"),
                             "x-bulkhead": {**QUICK["x-bulkhead"], "on_unhealthy": "none"}}})
        stack.run("up", "-d")
        pid = stack.running("web")
        wait_until(lambda: health(stack, "web") == "unhealthy", "its probes die of 64 MiB")
        equal(stack.pid("web"), pid)
        check(int(read(stack.compartment("web") / "memory.peak")) < 16 * MIB)
        equal(stack.deaths(), [])


@test("hooks run in order, around the program, and say what they have to say in its log")
def _():
    with Stack({}) as stack:
        def hook(word):
            return {"command": ["/bin/sh", "-c", f"cat /proc/self/cgroup | sed 's,.*/,,'; echo {word}"]}
        stack.write({"web": service("/bin/sh", "-c", "echo program; exec sleep 1000",
                                    pre_start=[hook("one"), hook("two")], post_start=[hook("three"), hook("four")],
                                    pre_stop=[hook("five"), hook("six")])})
        stack.up()
        wait_until(lambda: "four" in stack.logs("web"), "the hooks after the start are done")
        stack.run("stop", "web")
        wait_until(lambda: stack.row("web")["State"] == "exited" and "six" in stack.logs("web"), "it has stopped")
        words = [line for line in stack.logs("--no-log-prefix", "web").splitlines()
                 if line in ("program", "one", "two", "three", "four", "five", "six")]
        equal([word for word in words if word != "program"], ["one", "two", "three", "four", "five", "six"])
        equal(words.index("program"), 2)
        contains(stack.logs("web"), "hook-web.1.1", "hook-web.1.6")
        check(not beside(stack, "hook"))


@test("a hook that fails keeps its service from starting, or ends it, and is named")
def _():
    with Stack({}) as stack:
        bad = {"command": ["/bin/sh", "-c", "echo no >&2; exit 3"]}
        script = stack.folder / "script"
        script.write_text("#!/no/such/interpreter\n")
        script.chmod(0o755)
        stack.write({"before": {**service("steady", pre_start=[bad]), "restart": "no"},
                     "after": {**service("steady", post_start=[bad]), "restart": "no"},
                     "none": {**service("steady", pre_start=[{"command": [str(script)]}]), "restart": "no"}})
        stack.run("up", "-d")
        for name in ("before", "after", "none"):
            row = wait_until(lambda name=name: (row := stack.row(name))["State"] == "exited" and row, f"{name} is at rest")
            check(row["Verdict"] in ("failed", "spawn-failed"), row)
            equal((row["Hook"], row["HookNumber"]), ("post_start" if name == "after" else "pre_start", 1))
        contains(stack.run("ps", "-a", "before").out, "failed (pre_start hook 1)")
        why = stack.run("why", "before", status=None)
        contains(why.out + why.err, "pre_start")


@test("100 services with probes at once: all become healthy, and the supervisor answers", needs="make")
def _():
    with Stack({}) as stack:
        stack.write({f"s{i}": probed("CMD", "/bin/true", interval="500ms") for i in range(100)})
        stack.up()
        wait_until(lambda: all(row["Health"] == "healthy" for row in stack.ps().values()), "all are healthy")
        equal(stack.deaths(), [])


@test("a probe that cannot be killed is told, not joined by others, and gone when the kernel lets go", needs="memory")
def _():
    with Stack({"web": service("steady")}) as stack, frozen_disk(stack.folder) as disk:
        stack.write({"web": {**probed("CMD-SHELL", f"echo x >>{disk}/file", timeout="300ms"),
                             "x-bulkhead": {**QUICK["x-bulkhead"], "on_unhealthy": "none"}},
                     "other": probed("CMD", "/bin/true", interval="300ms")})
        stack.up()
        pids = stack.pids()
        wait_until(lambda: health(stack, "web") == "healthy", "it is healthy")
        run("fsfreeze", "-f", disk)
        wait_until(lambda: health(stack, "web") == "unhealthy", "it is unhealthy")
        wait_until(lambda: "does not empty" in stack.own_log(), "it is told")
        wait_until(lambda: health(stack, "other") == "healthy", "the other's probes go on")
        equal(len([name for name in beside(stack, "probe") if name.startswith("probe-web")]), 1)
        run("fsfreeze", "-u", disk)
        wait_until(lambda: health(stack, "web") == "healthy", "it is healthy again")
        equal(stack.pids(), pids)
        stack.down()
