"""Causes of death that a mark or a deadline tells, on the real kernel."""

import os

from harness import QUICK, Stack, contains, equal, kill, service, test


@test("causes: a SIGKILL behind the mark of a userspace OOM killer is its own, and the next one is not", needs="memory")
def _():
    with Stack({"a": service("steady", **QUICK)}) as stack:
        stack.up()
        os.setxattr(stack.compartment("a"), "user.oomd_ooms", b"1")  # as systemd-oomd does, before it kills
        kill(stack.pid("a"))
        death = stack.wait("die", "a")
        equal((death["attributes"]["verdict"], death["attributes"]["confidence"], death["attributes"]["oomd"]),
              ("oom-userspace", "certain", 1), death)
        contains(stack.run("why", "a").out, "userspace OOM killer", "oomctl")
        kill(stack.running("a"))
        equal(stack.wait("die", "a")["attributes"]["verdict"], "killed")


@test("causes: who is not there in time is killed: start-timeout")
def _():
    keys = {"post_start": [{"command": ["/bin/sleep", "1000"]}], "restart": "on-failure:1",
            "x-bulkhead": {**QUICK["x-bulkhead"], "start_timeout": "1s"}}
    with Stack({"a": service("steady", **keys), "b": service("steady", **{"x-bulkhead": {"start_timeout": "30s"}})}) as stack:
        stack.run("up", "-d")
        equal(stack.wait("die", "a")["attributes"]["verdict"], "start-timeout")
        equal(stack.wait("die", "a")["attributes"]["next"], "hold")
        contains(stack.run("why", "a").out, "within its start_timeout")
        equal(stack.row("b")["State"], "running")
