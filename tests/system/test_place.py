"""Where bulkhead finds its cgroup, and what it refuses there: delegation, foreign processes, capabilities."""

import contextlib
import ctypes
import os
import shlex
import subprocess

import harness
from harness import Stack, check, contains, enclosing_cgroup, equal, in_cgroup, leaker, read, service, test, wait_until

CAP_SYS_RESOURCE = 24
PR_CAPBSET_DROP = 24


def drop_sys_resource():
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0)


@test("a controller that is not handed down: the limit is refused by name, a stack without limits runs", needs="memory")
def _():
    with enclosing_cgroup(hand_down="") as root:
        with Stack({"a": service("steady", mem_limit="32m")}, cgroup=root) as stack:
            contains(stack.up(status=2).err, "mem_limit", "memory controller", "not handed down")
        with Stack({"a": service("steady")}, cgroup=root) as stack:
            stack.up()


@test("oom_score_adj below what we have is refused at load without CAP_SYS_RESOURCE", needs="memory")
def _():
    with Stack({"a": service("steady", oom_score_adj=-500)}) as stack:
        contains(stack.up(status=2, before=drop_sys_resource).err, "oom_score_adj", "CAP_SYS_RESOURCE")
        check(not stack.runtime.exists(), "a runtime folder is left")
        stack.up()
        equal(read(f"/proc/{stack.pid('a')}/oom_score_adj").strip(), "-500")


@contextlib.contextmanager
def container():
    """A cgroup that is the root of a cgroup namespace, and a function that starts bulkhead as first process in there."""
    with enclosing_cgroup() as root:
        def start(stack, *words):
            mount = harness.cgroup_mount
            command = shlex.join([str(stack.programs / "bulkhead"), "-f", str(stack.file), *words])
            inside = f"umount {mount} && mount -t cgroup2 none {mount} && exec {command}"
            stack.environment.pop("BULKHEAD_CGROUP")
            return subprocess.Popen(["unshare", "--cgroup", "--mount", "sh", "-c", inside], env=stack.environment, text=True,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    preexec_fn=in_cgroup(root))
        yield root, start


@test("in a cgroup namespace with foreign processes a limit is refused, and they are not moved", needs="memory")
def _():
    with container() as (root, start), Stack({"a": leaker()}, cgroup=root) as stack:
        foreign = subprocess.Popen(["sleep", "1000"], preexec_fn=in_cgroup(root))
        try:
            bulkhead = start(stack, "up", "-d", "--wait")
            told = bulkhead.communicate(timeout=60)[1]
            equal(bulkhead.returncode, 2, told)
            contains(told, "mem_limit", "sleep", str(foreign.pid), "move")
            contains(read(f"/proc/{foreign.pid}/cgroup"), f"/{root.name}\n")
            check(not stack.runtime.exists(), "a runtime folder is left")
        finally:
            foreign.kill()
            foreign.wait()


@test("in a cgroup namespace of its own it finds its place by itself, limits included, and leaves nothing", needs="memory")
def _():
    with container() as (root, start), Stack({"a": leaker(), "b": service("steady")}, cgroup=root) as stack:
        bulkhead = start(stack, "up")
        try:
            wait_until(lambda: (stack.runtime / "control").exists() or bulkhead.poll() is not None, "the stack is there")
            check(bulkhead.poll() is None, "ended:", bulkhead.poll())
            stack.wait("die", "a", verdict="oom")
            check((root / stack.name / "svc").is_dir(), sorted(os.listdir(root)))
        finally:
            bulkhead.terminate()
            told = bulkhead.communicate(timeout=60)
        check(not (root / stack.name).exists(), "left, after:", told)
