"""What is remembered: deaths of earlier runs, how memory went, what the others felt; and a history that is damaged or killed."""

import contextlib
import json
import sqlite3
import subprocess
import time

from harness import MIB, QUICK, Stack, check, contains, equal, is_alive, kill, service, test, wait_until


def count(stack, query):
    """A number out of history.db, as any other program would ask for it."""
    path = stack.state / "history.db"
    if not path.is_file():
        return 0
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        return database.execute(query).fetchone()[0]
    except sqlite3.OperationalError:  # it is being made
        return 0
    finally:
        database.close()


def deaths_kept(stack):
    return count(stack, "select count(*) from deaths")


ENDS = {"a": {"command": ["/bin/sh", "-c", "exit 3"], "restart": "on-failure:2", **QUICK}}


@test("deaths and events of earlier runs are told after the next begins")
def _():
    with Stack({**ENDS, "b": service("steady")}) as stack:
        stack.run("up", "-d")
        stack.wait("hold", "a")
        stack.down()
        equal(deaths_kept(stack), 4, "three of a, and b's as asked")
        stack.run("up", "-d", "b")
        equal(len(stack.run("why", "a", "--all").out.splitlines()), 3)
        contains(stack.run("why", "a", "--nth", "3").out, "exited with code 3", "generation 1", "down for")
        report = json.loads(stack.run("why", "--format", "json").out)
        equal((report["service"], report["generation"], report["next"]), ("a", 3, "hold"))
        events = [json.loads(line) for line in stack.run("events", "--json", "--since", "1h", "--until", "now").out.splitlines()]
        equal([event["action"] for event in events if event["service"] == "a"].count("die"), 3)
        equal(len([event for event in events if event["service"] == "b" and event["action"] == "create"]), 2)
        contains(stack.run("why", "nobody", status=1).err, "no such service")
        stack.down()


@test("x-bulkhead.history: what is too old goes, as soon as the running stack is told so")
def _():
    services = {**ENDS, "b": service("steady")}
    with Stack(services) as stack:
        stack.run("up", "-d")
        stack.wait("hold", "a")
        stack.down()
        equal(deaths_kept(stack), 4, "three of a, and b's")
        with contextlib.closing(sqlite3.connect(stack.state / "history.db")) as database, database:
            database.execute("update events set wall_ns = wall_ns - 7200000000000")
        stack.run("up", "-d", "b")
        old = "select count(*) from events where wall_ns < (select max(wall_ns) from events) - 3600000000000"
        wait_until(lambda: count(stack, "select count(*) from members") > 0 and count(stack, old) > 0, "what was is there")
        stack.write(services, **{"x-bulkhead": {"history": {"max_age": "1h"}}})
        stack.run("up", "-d", "b")
        wait_until(lambda: count(stack, old) == 0, "what is too old has gone")
        equal(deaths_kept(stack), 0)
        stack.down()
        equal(deaths_kept(stack), 1, "that of b")


@test("a recorder that is killed again and again keeps each death once")
def _():
    with Stack({"a": {"command": ["/bin/sh", "-c", "sleep 0.2; exit 3"], "restart": "always", **QUICK}}) as stack:
        stack.run("up", "-d")
        for turn in range(5):
            stack.wait("die", "a", count=3)
            pid = stack.own_pid("recorder")
            kill(pid)
            wait_until(lambda pid=pid: not is_alive(pid), "it is dead")
            wait_until(lambda pid=pid: stack.own_pid("recorder") not in (0, pid), f"the next one {turn}")
        stack.run("stop")
        died = len(stack.deaths("a"))
        wait_until(lambda: deaths_kept(stack) == died, f"{died} deaths are kept")
        equal(count(stack, "select count(distinct wall_ns) from events where action = 'die'"), died)
        stack.down()
        equal(deaths_kept(stack), died)


@test("a history that is damaged is set aside and said, and a new one begins")
def _():
    with Stack(ENDS) as stack:
        stack.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        (stack.state / "history.db").write_text("this is no database " * 300)
        stack.run("up", "-d")
        stack.wait("hold", "a")
        wait_until(lambda: deaths_kept(stack) == 3, "three deaths are kept")
        check((stack.state / "history.db.aside").is_file(), "the old one is there")
        wait_until(lambda: "history.db is damaged" in stack.own_log(), "it is said")
        stack.down()
        (stack.state / "history.db").write_text("nor is this")
        told = stack.run("why")
        contains(told.out, "exited with code 3")
        contains(told.err, "history.db is not read: it is damaged")


@contextlib.contextmanager
def small_disk(folder):
    """A disk of one mebibyte that is full; yields what makes room."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", folder], check=True)
    ballast = folder / "ballast"
    with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    try:
        yield ballast.unlink
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@test("a full disk is said once, and what happened meanwhile is kept when there is room again", needs="memory")
def _():
    with Stack({**ENDS, "b": service("steady")}) as stack, small_disk(stack.state) as make_room:
        stack.run("up", "-d")
        stack.wait("hold", "a")
        contains(stack.run("why", "a").out, "exited with code 3")
        wait_until((stack.state / "history.db").exists, "it is tried")
        time.sleep(3)  # a round begins within a second of what is to be kept
        make_room()
        wait_until(lambda: deaths_kept(stack) == 3, "three deaths are kept")
        # In our own log, which is on that disk: its lines are lost, and counted, until its writer has seen that there is room.
        wait_until(lambda: "history.db is written again; it could not be: No space left" in stack.own_log() or
                   "lost: the disk is full" in stack.own_log(), "it is said")
        stack.down()


@test("why tells how memory went, where it was, what the siblings felt, and for how long it was down", needs="memory")
def _():
    leak = service("leak", MIB, 250, mem_limit="24m", **QUICK)
    with Stack({"leak": leak, "b": service("steady", mem_limit="32m"), "c": service("steady")}) as stack:
        stack.up()
        stack.wait("ready", "leak", count=2)
        wait_until(lambda: count(stack, "select count(*) from samples") > 4, "samples are kept")
        wait_until(lambda: deaths_kept(stack) > 0, "the death is kept")
        why = stack.run("why", "leak", "--nth", "1")
        contains(why.out, "its own memory limit", "growth", " of 24.0MiB", "kinds     anon ", "siblings  of 2 others none died",
                 "isolation held", "down for")
        check("▁" not in why.out, "a line for a terminal in a pipe:", why)
        report = json.loads(stack.run("why", "leak", "--format", "json").out)
        equal(report["isolationHeld"], True, report)
        check(len(report["samples"]) >= 3, report["samples"])
        sizes = [sample["current"] for sample in report["samples"]]
        check(sizes[-1] > sizes[0] and sizes[-1] <= 24 * MIB, sizes)
        check(report["growthPerSecond"] > 0, report["growthPerSecond"])
        check(all(sample["limit"] == 24 * MIB for sample in report["samples"]), report["samples"])
        equal(sorted(sibling["name"] for sibling in report["siblings"]), ["b-1", "c-1"])
        check(0 < report["down"] < 10, report["down"])
        if report["kernelLog"]:
            contains(" ".join(report["kernelLog"]), "s-leak.1.")
        stack.down()


@test("simulate --history: the policy of that time makes the restarts of that time, another one makes others")
def _():
    script = ["/bin/sh", "-c", "sleep 0.3; exit 3"]
    with Stack({"a": {"command": script, "restart": "on-failure:6", **QUICK}, "b": service("steady")}) as stack:
        stack.run("simulate", "--history", status=1)
        stack.run("up", "-d")
        stack.wait("hold", "a")
        restarts = stack.row("a")["Restarts"]
        stack.down()
        equal(restarts, 6)
        again = json.loads(stack.run("simulate", "--history", "--attend", "never", "--days", "1", "--format", "json").out)
        services = {row["Service"]: row for row in again["Services"]}
        equal((services["a"]["Restarts"], services["a"]["GivenUp"], services["a"]["Deaths"]), (6, 1, {"failed": 7}))
        equal((services["b"]["Restarts"], services["b"]["DownPerDay"]), (0, 0))
        lines = stack.run("simulate", "--history", "--attend", "never", "--days", "1", "--format", "json",
                          "--sweep", "a:restart=no,on-failure:2,always").out.splitlines()
        equal([json.loads(line)["Restarts"] for line in lines], [0, 2, 7])
