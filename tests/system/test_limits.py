"""Limits that change while a service runs: raised and lowered at once, and never at the price of its life."""

from harness import MIB, Stack, check, contains, equal, read, service, test, wait_until
from test_hanging import frozen_disk
from wire import Client, plan_of, reload, request


def limits(stack, *names):
    with Client(stack) as client:
        return client.ask(request("limits", *names))


def number(stack, service_name, file):
    return read(stack.compartment(service_name) / file).strip()


def hog(mib, **limit):
    """Holds so many MiB of memory that cannot be reclaimed, and waits."""
    return service("leak", mib * MIB, 10_000_000, **limit)


@test("limits: raised and lowered live, without a restart, and taken away", needs="memory")
def _():
    with Stack({}) as stack:
        wide = plan_of(stack, {"a": hog(8, mem_limit="64m", pids_limit=50, cpus=0.5), "b": service("steady")})
        bare = plan_of(stack, {"a": hog(8, cpus=0.5), "b": service("steady")})
        stack.write({"a": hog(8, mem_limit="32m", pids_limit=10, cpus=0.25), "b": service("steady")})
        stack.up()
        narrow, before = (stack.runtime / "plan").read_bytes(), stack.pids()
        for plan, memory, pids in ((wide, "67108864", "50"), (narrow, "33554432", "10"), (bare, "max", "max"), (narrow, "33554432", "10")):
            equal(reload(stack, plan)[0], "done")
            kind, why = limits(stack, "a")
            equal(kind, "done", why)
            equal((number(stack, "a", "memory.max"), number(stack, "a", "pids.max")), (memory, pids))
        equal(stack.pids(), before)
        equal(stack.deaths(), [])


@test("limits: one that would kill is refused with the numbers, and nothing is changed", needs="memory")
def _():
    with Stack({}) as stack:
        tight = plan_of(stack, {"b": service("steady", mem_limit="48m"), "a": hog(8, mem_limit="16m")})
        stack.write({"a": hog(24, mem_limit="64m"), "b": service("steady", mem_limit="64m")})
        stack.up()
        before = stack.pids()
        wait_until(lambda: int(number(stack, "a", "memory.current")) > 24 * MIB, "it has its memory")
        equal(reload(stack, tight)[0], "done")
        kind, why = limits(stack)
        equal(kind, "error")
        contains(why, "a-1: memory.current is ", "MiB", "16 MiB", "restart it")
        equal((number(stack, "a", "memory.max"), number(stack, "b", "memory.max")), (str(64 * MIB), str(64 * MIB)))
        equal(limits(stack, "b")[0], "done")
        equal(number(stack, "b", "memory.max"), str(48 * MIB))
        equal(stack.pids(), before)
        equal(limits(stack, "none")[0], "error")


@test("limits: page cache above the new limit is reclaimed, not a reason to refuse", needs="memory")
def _():
    with Stack({}) as stack, frozen_disk(stack.folder) as disk:
        reader = service("/bin/sh", "-c", f"dd if=/dev/zero of={disk}/file bs=1M count=10 conv=fsync; exec sleep 1000")
        tight = plan_of(stack, {"a": {**reader, "mem_limit": "6m"}})
        stack.write({"a": {**reader, "mem_limit": "64m"}})
        stack.up()
        before, compartment = stack.pids(), stack.compartment("a")
        wait_until(lambda: read(f"/proc/{before['a-1']}/comm").strip() == "sleep", "it has written its file")
        check(int(read(compartment / "memory.current")) > 10 * MIB, "its page cache is there")
        equal(reload(stack, tight)[0], "done")
        kind, why = limits(stack, "a")
        equal(kind, "done", why)
        equal(number(stack, "a", "memory.max"), str(6 * MIB))
        equal(stack.pids(), before)
        equal(stack.deaths(), [])
        stack.down()
