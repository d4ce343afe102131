"""bulkhead as the first process of a container: signals, orphans, exit statuses. And a keeper that is killed."""

import contextlib
import os
import signal
import subprocess

from harness import QUICK, Stack, check, contains, equal, is_alive, kill, read, service, test, wait_until


class Container:
    """A PID namespace whose first process is `bulkhead up`."""

    def __init__(self, stack, *words):
        argv = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", str(stack.programs / "bulkhead"), "-f", str(stack.file),
                "up", *words]
        self.process = subprocess.Popen(argv, env=stack.environment, cwd=stack.folder, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def first(self):
        """Its first process, as we see it: the one child of unshare."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return int(wait_until(lambda: read(path).split(), "the first process")[0])

    def children(self):
        """The first process's own: state by PID."""
        first = self.first()
        pids = read(f"/proc/{first}/task/{first}/children").split()
        states = {}
        for pid in pids:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # reaped meanwhile
                states[int(pid)] = read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[0]
        return states

    def ends(self):
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out


def runs(stack, name):
    """The process of a service as we see it; ps tells how the namespace does."""
    folder = stack.cgroup / stack.name / "svc" / f"s-{name}.1.1"
    return int(wait_until(lambda: folder.is_dir() and read(folder / "cgroup.procs").split(), f"{name} runs", 90)[0])


@test("first process: SIGTERM stops in order, the exit status is 0, and nothing is left")
def _():
    with Stack({"a": service("steady"), "b": service("steady", depends_on=["a"])}) as stack:
        container = Container(stack)
        pids = [runs(stack, name) for name in ("a", "b")]
        wait_until(lambda: stack.run("ps", status=None).out.count("running") == 2, "both run")
        kill(container.first(), signal.SIGTERM)
        status, out = container.ends()
        equal(status, 0, out)
        contains(out, "steady: bye")
        check(not any(is_alive(pid) for pid in pids), "left")
        check(not (stack.cgroup / stack.name).exists(), "a cgroup is left")


@test("first process: all have ended, or the one that counts: their status is the container's")
def _():
    with Stack({"job": service("/bin/sh", "-c", "exit 7", restart="no"), "a": service("steady")}) as stack:
        status, out = Container(stack, "--exit-code-from", "job").ends()
        equal(status, 7, out)
    with Stack({"job": service("/bin/sh", "-c", "exit 0", restart="no")}) as stack:
        status, out = Container(stack).ends()
        equal(status, 0, out)


@test("first process: who comes back would kill them all: -d is refused")
def _():
    with Stack({"a": service("steady")}) as stack:
        for word in ("-d", "--wait", "--no-start"):
            status, out = Container(stack, word).ends()
            equal(status, 2, out)
            contains(out, "first process")


@test("first process: orphans whose parents were killed are no zombies, and the stack is stopped in order without its keeper")
def _():
    script = "trap 'exit 0' TERM; sleep 1000 & wait"
    with Stack({"a": service("/bin/sh", "-c", script), "b": service("steady")}) as stack:
        container = Container(stack)
        pids = [runs(stack, name) for name in ("a", "b")]
        keeper, supervisor = stack.own_pid("keeper"), stack.own_pid()
        wait_until(lambda: stack.run("ps", status=None).out.count("running") == 2, "both run")
        kill(keeper)
        wait_until(lambda: supervisor in container.children(), "the supervisor is the first process's child")
        check(set(pids) <= set(container.children()), "services", pids, container.children())
        kill(pids[1])
        wait_until(lambda: pids[1] not in container.children(), "the dead one is reaped")
        check("Z" not in container.children().values(), container.children())
        kill(container.first(), signal.SIGTERM)
        status, out = container.ends()
        equal(status, 0, out)
        check(not any(is_alive(pid) for pid in pids), "left")


@test("a keeper that is killed: the supervisor goes on alone, and knows how those end whom it starts")
def _():
    with Stack({"a": service("steady", **QUICK)}) as stack:
        stack.up()
        pid, supervisor = stack.pid("a"), stack.own_pid()
        kill(stack.own_pid("keeper"))
        wait_until(lambda: "the keeper is gone" in stack.own_log(), "it is said")
        equal((stack.pid("a"), stack.own_pid()), (pid, supervisor))
        kill(pid)
        pid = stack.running("a", other_than=pid)  # of the old one's end nothing is known, but that it came
        kill(pid)
        stack.running("a", other_than=pid)
        equal(stack.deaths("a")[-1]["attributes"]["verdict"], "killed")
        check(not any(is_zombie_of(pid, supervisor) for pid in os.listdir("/proc") if pid.isdigit()), "zombies")


@test("a supervisor that is killed again and again: keeper and recorder stay, and none of their files is left over")
def _():
    with Stack({"a": service("steady"), "t": service("/bin/sh", "-c", "exec sleep 1000", tty=True)}) as stack:
        stack.up()

        def files():
            return {leaf: len(os.listdir(f"/proc/{stack.own_pid(leaf)}/fd")) for leaf in ("keeper", "supervisor")}
        pids, own, before = stack.pids(), (stack.own_pid("keeper"), stack.own_pid("recorder")), files()
        for _ in range(4):
            kill(stack.own_pid())
            wait_until(lambda: stack.run("ps", status=None).status == 0, "the next one answers")
        equal((stack.pids(), stack.own_pid("keeper"), stack.own_pid("recorder")), (pids, *own))
        # one more or less is a matter of the moment; each change that leaked would be four
        wait_until(lambda: all(count <= before[leaf] + 1 for leaf, count in files().items()), "as many files as before", 10)


@test("a supervisor that cannot come back: the services run on, and down ends them and the keeper")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        pid, keeper, supervisor = stack.pid("a"), stack.own_pid("keeper"), stack.own_pid()
        kill(supervisor, signal.SIGSTOP)  # or it would make its socket anew
        (stack.runtime / "control").unlink()
        (stack.runtime / "control").mkdir()
        kill(supervisor)
        wait_until(lambda: "cannot listen" in stack.own_log(), "it is said")
        check(is_alive(pid) and is_alive(keeper), "gone")
        done = stack.run("down", status=None, patience_s=90)  # a folder of that name is not ours to remove
        contains(done.err, "no supervisor has come back", f"a-1 (pid {pid})")
        check(not is_alive(pid) and not is_alive(keeper), "left")
        if (stack.runtime / "control").is_dir():
            (stack.runtime / "control").rmdir()


def is_zombie_of(pid, parent):
    try:
        fields = read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
    except OSError:
        return False
    return fields[0] == "Z" and int(fields[1]) == parent
