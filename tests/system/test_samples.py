"""Samples of memory and snapshots of processes, on the real kernel: who matters is looked at every second."""

import json
import re
import struct

from harness import MIB, QUICK, Stack, check, contains, equal, read, service, test, wait_until

PLACE = 256
NUMBERS = ("current", "anon", "file", "shmem", "kernel", "slab", "unreclaimable", "limit", "processes", "cpu",
           "psi_some", "psi_full")


def samples(stack):
    """All of the ring that are still there, the oldest first (core/sample.h)."""
    data = (stack.runtime / "samples").read_bytes()
    equal(data[8:16], b"bkhsamp1")
    places, size = struct.unpack_from("<II", data, 20)
    following, = struct.unpack_from("<Q", data, 36)
    equal((places, size, len(data)), (4096, PLACE, PLACE * 4097))
    found = []
    for number in range(max(0, following - places), following):
        at = PLACE + number % places * PLACE
        has, wall, monotonic, generation = struct.unpack_from("<QqqI", data, at + 8)
        if has != number:
            continue
        values = struct.unpack_from(f"<{len(NUMBERS)}q", data, at + 36)
        length, = struct.unpack_from("<I", data, at + 36 + 8 * len(NUMBERS))
        name = data[at + 40 + 8 * len(NUMBERS):][:length].decode()
        found.append({"number": number, "wall": wall, "at": monotonic / 1e9, "g": generation, "name": name,
                      **dict(zip(NUMBERS, values))})
    return found


def of(stack, name, least, what):
    return wait_until(lambda: (lambda those: those if len(those) >= least else None)(
        [one for one in samples(stack) if one["name"] == name]), what)


def snapshots(stack):
    pattern = (r"^note snapshot name=(\S+) g=(\d+) at=\d+ pid=(\d+) comm=(\S+) heap=(\d+) stacks=(\d+) anon=(\d+) "
               r"shmem=(\d+) file=(\d+)$")
    return [{"name": name, "g": int(g), "pid": int(pid), "comm": comm, **dict(zip(
        ("heap", "stacks", "anon", "shmem", "file"), map(int, sizes)))}
        for name, g, pid, comm, *sizes in re.findall(pattern, read(stack.runtime / "journal"), re.MULTILINE)]


@test("without a memory controller samples have processor and pressure", needs="no-memory")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        first = of(stack, "a-1", 1, "a first sample")[0]
        equal(first["g"], 1)
        equal([first[key] for key in ("current", "anon", "unreclaimable", "limit")], [-1] * 4)
        check(first["cpu"] >= 0, first)


@test("a sample says what the compartment's files say", needs="memory")
def _():
    with Stack({"a": service("steady", mem_limit="32m")}) as stack:
        stack.up()
        first = of(stack, "a-1", 1, "a first sample")[0]
        group = stack.compartment("a")
        stat = dict(line.split() for line in read(group / "memory.stat").splitlines())
        for key in ("anon", "file", "shmem", "kernel"):
            check(abs(first[key] - int(stat[key])) <= MIB // 4, key, first, stat[key])
        check(abs(first["current"] - int(read(group / "memory.current"))) <= MIB // 4, first)
        equal(first["limit"], 32 * MIB)
        check(first["anon"] <= first["unreclaimable"] <= first["current"] + MIB // 4, first)
        check(first["psi_some"] >= 0 and first["psi_full"] >= 0 and first["cpu"] > 0, first)


@test("who grows towards its limit is looked at every second, and who rests seldom", needs="memory")
def _():
    services = {"calm": service("steady", mem_limit="32m"),
                "leak": service("grow", "heap", MIB // 4, 250, mem_limit="24m", **QUICK)}
    with Stack(services) as stack:
        stack.up()
        stack.wait("die", "leak")
        every = samples(stack)
        leak = [one for one in every if one["name"] == "leak-1" and one["g"] == 1]
        if leak[-1]["anon"] < leak[-2]["anon"]:
            leak.pop()  # looked at between its kill and its burial
        gaps = [later["at"] - earlier["at"] for earlier, later in zip(leak, leak[1:])]
        length = leak[-1]["at"] - leak[0]["at"]
        check(length > 8, "it lives long enough to be looked at", leak)
        # The first looks may take it for flat, and an emulated machine may be late.
        check(len(leak) >= length / 3, "samples of", length, "s:", gaps)
        check(leak[-1]["unreclaimable"] > 12 * MIB, "the last is near the limit", leak[-1])
        check([one["anon"] for one in leak] == sorted(one["anon"] for one in leak), leak)
        calm = [one for one in every if one["name"] == "calm-1"]
        check(1 <= len(calm) <= 5 and len(calm) < len(leak), "samples of who rests:", calm)


@test("stats knows growth and forecast at once, from the samples before", needs="memory")
def _():
    with Stack({"leak": service("grow", "heap", MIB // 8, 250, mem_limit="64m")}) as stack:
        stack.up()
        of(stack, "leak-1", 8, "samples of a few seconds")
        row = json.loads(stack.run("stats", "--no-stream", "--format", "json").out)
        check(row["MemGrowth"] and MIB < row["MemGrowth"] < 200 * MIB, "bytes a minute:", row)
        check(row["FullIn"] and 1 < row["FullIn"] < 3600, row)


@test("snapshots name the kind of memory that grows: heap, memfd, stacks of threads", needs="memory")
def _():
    kinds = {"heap": "heap", "memfd": "shmem", "stacks": "stacks"}
    services = {kind: service("grow", kind, 512 * 1024, 200, mem_limit="24m", **QUICK) for kind in kinds}
    with Stack(services) as stack:
        stack.up()
        wait_until(lambda: all(any(one["name"] == f"{kind}-1" for one in snapshots(stack)) for kind in kinds),
                   "a snapshot of each")
        for kind, key in kinds.items():
            one = next(one for one in snapshots(stack) if one["name"] == f"{kind}-1")
            equal(one["comm"], "grow")
            check(one[key] >= 6 * MIB, kind, one)
            check(all(one[other] < one[key] / 2 for other in ("heap", "stacks", "anon", "shmem") if other != key), one)


@test("the fastest grower beside the victim of a group's limit is told", needs="memory")
def _():
    stack = Stack({"big": service("grow", "heap", 2 * MIB, 5, 20 * MIB, cgroup_parent="g", **QUICK),
                   "quick": service("grow", "heap", 256 * 1024, 150, 14 * MIB, cgroup_parent="g", restart="no"),
                   "slow": service("steady", cgroup_parent="g", restart="no")},
                  **{"x-bulkhead": {"groups": {"g": {"mem_limit": "32m"}}}})
    with stack:
        stack.up()
        death = stack.wait("die", "big")
        equal(death["attributes"]["verdict"], "oom-group", death)
        members = re.findall(r"^member i=(\d+) name=(\S+)", read(stack.runtime / "journal"), re.MULTILINE)
        quick = next(index for index, name in members if name == "quick-1")
        growth = wait_until(lambda: re.search(rf"^other i=\d+ g=1 of={quick} .*growth=(\d+)",
                                              read(stack.runtime / "journal"), re.MULTILINE), "who was beside it")
        check(int(growth.group(1)) > 0, growth.group(0))
        # It dies again and again: of the very last death that may not be told yet.
        why = wait_until(lambda: (text := stack.run("why", "big").out) and "quick-1 held" in text and text, "who held what")
        contains(why, "grew fastest")
