"""bulkhead upgrade: a running stack goes on with the programs of another build."""

import contextlib
import os
import pathlib
import shutil

import harness
from harness import QUICK, Stack, check, contains, equal, kill, service, test, wait_until


@contextlib.contextmanager
def other_build(stack, change=None):
    """The same programs in another folder; `change` makes them another build."""
    folder = stack.folder / "other"
    folder.mkdir()
    for name in ("bulkhead", "bulkheadd", "bulkhead-recorder"):
        shutil.copy(harness.build / name, folder / name)
    (folder / "bulkhead-keeper").symlink_to("bulkheadd")
    if change:
        change(folder)
    own, stack.programs = stack.programs, folder
    yield folder
    stack.programs = own


def program_of(pid):
    return pathlib.Path(os.readlink(f"/proc/{pid}/exe"))


def own_pids(stack):
    return {leaf: stack.own_pid(leaf) for leaf in ("keeper", "supervisor", "recorder")}


@test("upgrade: keeper, supervisor and recorder are the other build's, and no service has noticed")
def _():
    count = service("/bin/sh", "-c", "n=0; while n=$((n + 1)); do echo line $n; sleep 0.005; done")
    services = {"a": service("steady", **QUICK), "b": count, "t": service("/bin/sh", "-c", "tty; exec sleep 1000", tty=True)}
    with Stack(services) as stack:
        stack.up()
        pids, own = stack.pids(), own_pids(stack)
        with other_build(stack) as folder:
            contains(stack.run("upgrade", patience_s=120).err, "goes on")
            equal(stack.pids(), pids)
            wait_until(lambda: {program_of(pid).parent for pid in own_pids(stack).values()} == {folder}, "all are of the other build")
            after = own_pids(stack)
            equal(after["keeper"], own["keeper"])
            check(after["supervisor"] != own["supervisor"] and after["recorder"] != own["recorder"], own, after)
            equal(stack.deaths(), [])
            kill(pids["a-1"])
            stack.running("a", other_than=pids["a-1"])
            equal(stack.verdicts("a"), ["killed"])
            kill(after["supervisor"])  # the next one is of the build that goes on now
            wait_until(lambda: stack.own_pid() != after["supervisor"], "the next supervisor")
            equal(program_of(stack.own_pid()).parent, folder)
            wait_until(lambda: stack.run("ps", status=None).status == 0, "it answers")
            equal({stack.pid("b"), stack.pid("t")}, {pids["b-1"], pids["t-1"]})
        stack.run("upgrade", patience_s=120)
        equal({program_of(pid).parent for pid in (stack.own_pid(), stack.own_pid("keeper"))}, {harness.build})
        stack.run("stop", "-t", "0", "b")
        lines = [line.split("line ")[1] for line in stack.logs("--no-log-prefix", "b").splitlines() if line.startswith("line ")]
        equal(lines, [str(number) for number in range(1, len(lines) + 1)], "lines lost or doubled")


@test("upgrade: a build that cannot go on with the stack is refused, which it says, and the old one stays")
def _():
    def script(text):
        def change(folder):
            (folder / "bulkheadd").unlink()
            (folder / "bulkheadd").write_text(f"#!/bin/sh\n{text}\n")
            (folder / "bulkheadd").chmod(0o755)
        return change

    def no_keeper(folder):
        (folder / "bulkhead-keeper").unlink()

    with Stack({"a": service("steady")}) as stack:
        stack.up()
        pids, own = stack.pids(), own_pids(stack)
        for change, why in ((script("echo the plan is of version 4 >&2; exit 1"), "the plan is of version 4"),
                            (script("kill -9 $$"), "signal 9"), (no_keeper, "no bulkhead-keeper")):
            with other_build(stack, change) as folder:
                contains(stack.run("upgrade", status=1, patience_s=120).err, why)
                shutil.rmtree(folder)
            equal((stack.pids(), own_pids(stack)), (pids, own))


@test("upgrade: what cannot be started after all leaves the old build at work, and is told")
def _():
    def change(folder):
        (folder / "bulkhead-keeper").unlink()
        (folder / "bulkhead-keeper").write_text("no program\n")
        (folder / "bulkhead-keeper").chmod(0o755)

    with Stack({"a": service("steady")}) as stack:
        stack.up()
        pids, keeper = stack.pids(), stack.own_pid("keeper")
        with other_build(stack, change):
            contains(stack.run("upgrade", status=1, patience_s=120).err, "the old ones go on")
        wait_until(lambda: "the other build cannot be started" in stack.own_log(), "it is said")
        equal((stack.pids(), stack.own_pid("keeper")), (pids, keeper))
        equal(program_of(stack.own_pid()).parent, harness.build)


@test("upgrade: a stack whose keeper was killed gets another one")
def _():
    with Stack({"a": service("steady", **QUICK), "b": service("steady"), "t": service("/bin/sh", "-c", "exec sleep 1000", tty=True)}) as stack:
        stack.up()
        before = stack.own_pid()
        kill(stack.own_pid("keeper"))
        wait_until(lambda: "the keeper is gone" in stack.own_log(), "it is said")
        for name in ("a", "t"):  # children of the supervisor's own from here on
            stack.run("restart", name)
        pids = stack.pids()
        with other_build(stack) as folder:
            stack.run("upgrade", patience_s=120)
            equal(stack.own_pid("keeper"), before)
            wait_until(lambda: {program_of(pid).parent for pid in own_pids(stack).values()} == {folder}, "all are of the other build")
            equal(stack.pids(), pids)
            kill(stack.own_pid())
            wait_until(lambda: stack.run("ps", status=None).status == 0 and stack.pids() == pids, "the next supervisor")
            kill(pids["a-1"])
            stack.running("a", other_than=pids["a-1"])
            equal(stack.verdicts("a")[-1], "killed")
            for name in ("b", "t"):
                equal(stack.pid(name), pids[f"{name}-1"])


@test("upgrade: a stack that does not run cannot be upgraded")
def _():
    with Stack({"a": service("steady")}) as stack:
        contains(stack.run("upgrade", status=1, patience_s=120).err, "not running")
