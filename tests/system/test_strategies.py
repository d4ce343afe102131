"""restart_strategy: who is restarted with a service that failed, on real processes; and who is not any more."""

import datetime

from harness import Stack, check, contains, equal, is_alive, kill, leaker, service, test, wait_until

QUICK = {"backoff": {"initial": "20ms", "factor": 1, "max": "20ms", "jitter": 0}}


def four(**keys):
    """a, b that needs a, c that needs b, d that needs nobody: in the plan in this order."""
    quick = {"x-bulkhead": QUICK, **keys}
    return {"a": service("steady", **quick), "b": service("steady", depends_on=["a"], **quick),
            "c": service("steady", depends_on=["b"], **quick), "d": service("steady", **quick)}


def settled(stack, before, others):
    """Once those run as other processes; who does."""
    def are_new():
        rows = stack.ps()
        return all(rows[f"{name}-1"]["State"] == "running" and rows[f"{name}-1"]["Pid"] != before[f"{name}-1"] for name in others) and rows
    rows = wait_until(are_new, f"{others} run anew")
    return {name[0] for name, row in rows.items() if row["Pid"] != before[name]}


def deaths_of(stack):
    return {event["service"]: event["attributes"]["verdict"] for event in stack.deaths()}


def order(stack, action, after):
    """The services of these events since the event number `after`."""
    return [event["service"] for event in stack.events()[after:] if event["action"] == action]


def fails(strategy, who, together):
    with Stack(four(), **({"x-bulkhead": {"restart_strategy": strategy}} if strategy else {})) as stack:
        stack.up()
        before, told = stack.pids(), len(stack.events())
        kill(before[f"{who}-1"])
        equal(settled(stack, before, together), set(together))
        equal(deaths_of(stack), {name: "killed" if name == who else "stopped" for name in together})
        stops, starts = order(stack, "die", told), order(stack, "start", told)
        equal(sorted(starts), sorted(together), "each starts once")
        equal([name for name in starts if name in "abc"], sorted(name for name in together if name in "abc"), "in order")
        equal([name for name in stops if name in "abc" and name != who],
              sorted((name for name in together if name in "abc" and name != who), reverse=True), "they stop in reverse order")
        rows = stack.ps()
        equal({name[0]: row["Restarts"] for name, row in rows.items()}, {name: int(name == who) for name in "abcd"}, "who is charged")
        check(not any(is_alive(before[f"{name}-1"]) for name in together), "somebody lives on")


@test("strategies: by default nobody is restarted with one that fails")
def _():
    fails(None, "b", "b")


@test("strategies: one-for-all: all are restarted, in order, and only the one that failed is charged")
def _():
    fails("one-for-all", "b", "abcd")


@test("strategies: rest-for-one: those that stand after it are restarted, and nobody before it")
def _():
    fails("rest-for-one", "b", "bcd")


@test("strategies: rest-for-one: after the last there is nobody")
def _():
    fails("rest-for-one", "d", "d")


@test("strategies: one-for-all: who does not heed its stop signal is killed after its grace, then all start")
def _():
    deaf = service("/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done", stop_grace_period="300ms", **{"x-bulkhead": QUICK})
    with Stack({**four(), "deaf": deaf}, **{"x-bulkhead": {"restart_strategy": "one-for-all"}}) as stack:
        stack.up()
        before = stack.pids()
        kill(before["a-1"])
        settled(stack, before, ["a", "b", "c", "d", "deaf"])
        equal(deaths_of(stack)["deaf"], "stopped")


@test("strategies: one-for-all: a service that was stopped on request stays stopped")
def _():
    with Stack(four(), **{"x-bulkhead": {"restart_strategy": "one-for-all"}}) as stack:
        stack.up()
        stack.run("stop", "d")
        before = stack.pids()
        kill(before["a-1"])
        equal(settled(stack, before, "abc"), set("abc"))
        equal(stack.row("d")["State"], "exited")


@test("strategies: one-for-all: a kill for memory restarts the others into fresh compartments", needs="memory")
def _():
    with Stack({"sick": leaker(), "well": service("steady", **{"x-bulkhead": QUICK})}, **{"x-bulkhead": {"restart_strategy": "one-for-all"}}) as stack:
        stack.run("up", "-d")
        stack.wait("die", "sick", verdict="oom")
        stack.wait("die", "well", verdict="stopped")
        stack.wait("ready", "well")
        equal(set(stack.verdicts("well")), {"stopped"})
        check(stack.row("well")["Generation"] >= 2, stack.row("well"))


@test("strategies: a service that is held: ps and up name the budget that is used up")
def _():
    budgets = {"all": ({"max_restarts": 1, "window": "1h"}, "x-bulkhead.intensity)", "any"),
               "one": ({"crash": {"max_restarts": 1, "window": "1h"}}, "x-bulkhead.intensity.crash)", "crash")}
    services = {name: service("/bin/sh", "-c", "exit 3", **{"x-bulkhead": {**QUICK, "intensity": intensity}})
                for name, (intensity, _, _) in budgets.items()}
    services["plain"] = service("/bin/sh", "-c", "exit 3", restart="on-failure:1", **{"x-bulkhead": QUICK})
    with Stack(services) as stack:
        said = stack.run("up", status=None).err
        stack.run("up", "-d")
        wait_until(lambda: {row["State"] for row in stack.ps().values()} == {"held"}, "all are held")
        table = {line.split()[0]: line for line in stack.run("ps", "-a").out.splitlines()}
        for name, (_, words, cause) in budgets.items():
            contains(table[f"{name}-1"], f"held, too many restarts ({words}")
            equal(stack.row(name)["Budget"], cause)
            contains(said, f"held, too many restarts ({words}")
        equal(stack.row("plain")["Budget"], "")
        contains(said, "held, its restarts are used up")
        stack.run("start", "one", status=None)
        wait_until(lambda: stack.row("one")["Budget"] == "crash", "held again")


@test("governor: many that die at once come back one after the other, and all of them")
def _():
    with Stack({f"s{number:02}": service("steady", **{"x-bulkhead": QUICK}) for number in range(14)}) as stack:
        stack.up()
        before = stack.pids()
        for pid in before.values():
            kill(pid)
        rows = wait_until(lambda: (rows := stack.ps()) and all(row["State"] == "running" and row["Pid"] != before[name]
                                                               for name, row in rows.items()) and rows, "all run anew", 60)
        equal({row["Restarts"] for row in rows.values()}, {1})
        starts = sorted(datetime.datetime.fromisoformat(row["StartedAt"][:26]).timestamp() for row in rows.values())
        gaps = [after - start for start, after in zip(starts, starts[1:])]
        # Those that had come back before there were ten dead did not queue.
        check(sum(gap >= 0.12 for gap in gaps) >= 4, "gaps:", gaps)
        contains(stack.run("replay").out, "identical")
