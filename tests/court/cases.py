"""What the defendants die of. A case is a function of a place and a random generator; it says first
what has to be found, and then brings the death about. Sizes are in bytes."""

import asyncio
import collections
import contextlib
import os
import random
import signal

from dock import Died
from harness import MIB
from rooms import unanswered

KIB = 1024
PAIRS = ("pair", "pair-stack", "pair-outside")  # below a limit of a group, of the stack, above the stack
SETTLED_S = 0.1  # after the kill of a child was told, a SIGKILL of the service itself is another matter
cases = []

# A raised or sent signal that ends a process: all but those that stop it, are ignored, or are another case.
DEADLY = sorted(set(range(1, 32)) - {9, 17, 18, 19, 20, 21, 22, 23, 28}) + list(range(34, 65))
FAULTS = {"segv": signal.SIGSEGV, "abrt": signal.SIGABRT, "ill": signal.SIGILL, "trap": signal.SIGTRAP, "fpe": signal.SIGFPE}


class Case:
    def __init__(self, cause, place, function, is_double):
        self.cause = cause
        self.place = place
        self.function = function
        self.is_double = is_double


def case(cause, *places):
    def add(function):
        cases.extend(Case(cause, place, function, " + " in cause) for place in places)
        return function
    return add


# --- what the verdict has to be

OOM = {"verdict": "oom", "exitCode": 137}
KILLED = {"verdict": "killed", "exitCode": 137, "signal": "SIGKILL"}
STOPPED = {"verdict": "stopped"}
UNHEALTHY = {"verdict": "unhealthy"}
WATCHED = {"verdict": "oom-userspace", "exitCode": 137}
TOO_LATE = {"verdict": "start-timeout"}


def crashed(number):
    return {"verdict": "crashed", "exitCode": 128 + number}


def exited(code):
    return {"verdict": "done" if code in (0, 33) else "failed", "exitCode": code}


# --- ways to die

async def end_somehow(who, rng):
    """One of the plain ends."""
    await rng.choice((crash, fail, finish, foreign_kill))(who, rng)


async def crash(who, rng):
    way = rng.choice(("fault", "raise", "send"))
    if way == "fault":
        name = rng.choice(sorted(FAULTS))
        who.expect("crash", crashed(FAULTS[name]))
        who.order("fault", name)
    else:
        number = rng.choice(DEADLY)
        who.expect("crash", crashed(number))
        if way == "raise":
            who.order("raise", number)
        else:
            who.kill(number)
    await who.gone()


async def fail(who, rng):
    code = rng.choice([code for code in range(1, 256) if code != 33])
    who.expect("exit code", exited(code))
    if rng.random() < 0.3:
        await who.obey("child hold", 16 * KIB)  # it leaves somebody behind
    who.order("exit", code)
    await who.gone()


async def finish(who, rng):
    code = rng.choice((0, 0, 33))
    who.expect("done", exited(code))
    who.order("exit", code)
    await who.gone()


async def foreign_kill(who, rng):
    who.expect("foreign SIGKILL", KILLED)
    if rng.random() < 0.5:
        await asyncio.sleep(rng.uniform(0, 0.02))
    who.kill()
    await who.gone()


def alone(function):
    """A case of one service."""
    async def one(place, rng):
        await function(await place.docks[0].defendant(), rng)
    return one


for name, end in (("crash", crash), ("exit code", fail), ("done", finish), ("foreign SIGKILL", foreign_kill)):
    case(name, "plain")(alone(end))


@case("own limit", "plain")
@alone
async def own_limit(who, rng):
    who.expect("own limit", OOM)
    step, pause_us = rng.choice((16, 64, 256, 1024)) * KIB, rng.choice((0, 0, 100, 500))
    way = rng.choice(("leak", "hold", "share"))
    if way == "share":
        who.order("share", 16 * MIB)
    elif way == "hold":
        await who.obey("hold", 10 * MIB)
        who.order("leak", step, pause_us)
    else:
        who.order("leak", step, pause_us)
    await who.gone()


@case("own limit, by a child", "plain")
@alone
async def own_limit_of_child(who, rng):
    who.expect("own limit, by a child", OOM)
    await who.obey("hold", rng.choice((1, 4, 8)) * MIB)
    who.order("child leak", rng.choice((64, 256)) * KIB, rng.choice((0, 200)))
    await who.gone()


async def lose_children(who, rng, count):
    """Jobs of the service's own making meet their limit; bulkhead has to say so while the service lives on."""
    record = who.dock.court.record
    for number in range(1, count + 1):
        record.children[who.key()] = number
        await who.obey("job", 3 * MIB, "leak", rng.choice((64, 256)) * KIB, 0)
        await who.dock.court.lost(who.dock.name, who.generation, number)


@case("child while main lives", "plain")
@alone
async def child(who, rng):
    """And the service's own end, later, has its own cause."""
    await lose_children(who, rng, rng.choice((1, 1, 2)))
    await asyncio.sleep(SETTLED_S)
    await end_somehow(who, rng)


# --- a kill that the service is to survive: x-bulkhead.oom

async def lose_tolerated(who, rng, count):
    """Children meet the service's own limit, and only they are killed."""
    record = who.dock.court.record
    for number in range(1, count + 1):
        record.children[who.key()] = number
        await who.obey("lose leak", rng.choice((64, 256)) * KIB, 0)
        await who.dock.court.lost(who.dock.name, who.generation, number)


@case("child while main lives, tolerated", "tolerant")
@alone
async def tolerated(who, rng):
    await lose_tolerated(who, rng, rng.choice((1, 1, 2)))
    await asyncio.sleep(SETTLED_S)
    await end_somehow(who, rng)


@case("own limit, main where children may die", "tolerant")
@alone
async def tolerated_main(who, rng):
    # The kernel counts before it kills; where it is held up between the two, the notice seems to be about a child.
    who.expect("own limit, main where children may die", OOM).may_be_unsure = True
    who.dock.court.record.maybe_children[who.key()] = 1
    await who.obey("child hold", MIB)
    who.order("leak", rng.choice((64, 256)) * KIB, rng.choice((0, 200)))
    await who.gone()


@case("own limit, one child too many", "weary")
@alone
async def too_many(who, rng):
    who.expect("own limit, one child too many", OOM)
    await lose_tolerated(who, rng, 1)
    who.dock.court.record.maybe_children[who.key()] = 1
    who.order("lose leak", 256 * KIB, 0)
    await who.gone()


# --- stops

async def stop(who, grace_ms):
    """Asks for a stop, and for a start once it rests: who came between was stopped as well."""
    dock = who.dock
    answer = dock.ask("stop", grace_ms=grace_ms)
    await who.gone()
    await answer
    await dock.court.stands(dock.name, "EXITED")
    dock.leave_out(who.generation, "stopped", STOPPED)
    dock.ask("start")


async def stop_or_restart(who, rng, grace_ms):
    if rng.random() < 0.5:
        await stop(who, grace_ms)
    else:
        who.dock.ask("restart", grace_ms=grace_ms)
        await who.gone()


@case("stopped", "plain")
@alone
async def stopped(who, rng):
    code = rng.choice((None, 0, 7))
    who.expect("stopped", {**STOPPED, "exitCode": 143 if code is None else code})
    if code is not None:
        await who.obey("on-term exit", code)
    await stop_or_restart(who, rng, 20_000)


@case("stop escalated to SIGKILL", "plain")
@alone
async def stop_escalated(who, rng):
    who.expect("stop escalated to SIGKILL", {**STOPPED, "exitCode": 137})
    await who.obey("on-term ignore")
    await stop_or_restart(who, rng, rng.choice((0, 50, 150)))


@case("unhealthy", "sick")
async def unhealthy(place, rng):
    who = await place.docks[0].defendant()
    who.expect("unhealthy", UNHEALTHY)
    if rng.random() < 0.5:
        await who.obey("on-term", rng.choice(("ignore", "exit 0", "exit 3")))
    await fall_ill(place, who)


async def fall_ill(place, who):
    place.sick_file.write_text(str(who.pid))
    await who.gone()


# --- limits that others share

def shared_limit(place):
    if place.group is None:
        return {"verdict": "oom-outside", "exitCode": 137}
    return {"verdict": "oom-group", "exitCode": 137, "group": place.group}


async def end_of_other(other, place, rng, charge):
    """Who has made the limit be met lives on; its own end comes soon after, and has nothing to do with it. Unless the kernel,
    before it had the memory of the first one back, took it as well: then nobody can say who was meant by which kill."""
    other.expect(f"{place.cause}, of two", shared_limit(place), double=True, alone=True)
    try:
        await other.done()
    except Died:
        charge.is_double = True
        return
    if rng.random() < 0.5:
        await asyncio.sleep(rng.uniform(0, 0.05))
    await end_somehow(other, rng)


@case("limit around it", *PAIRS)
async def victim(place, rng):
    """The biggest dies, and another one has grown."""
    who, other = await place.both()
    charge = who.expect(place.cause, shared_limit(place))
    await who.obey("hold", place.share)
    other.order("hold", place.share * 7 // 8)
    await who.gone()
    await end_of_other(other, place, rng, charge)


@case("limit around it", *PAIRS)
async def guilty(place, rng):
    """Who has grown dies."""
    who, other = await place.both()
    charge = who.expect(place.cause, shared_limit(place))
    await other.obey("hold", place.share // 2)
    who.order("leak", rng.choice((64, 256)) * KIB, rng.choice((0, 200)))
    await who.gone()
    await end_of_other(other, place, rng, charge)


# --- somebody else who watches memory

def mark(who):
    """As systemd-oomd and others do before they kill."""
    with contextlib.suppress(FileNotFoundError):  # it is dead and buried: somebody was faster
        os.setxattr(who.compartment, "user.oomd_ooms", b"1")


def kill_for_memory(who, rng):
    mark(who)
    if rng.random() < 0.5:
        who.kill()
        return
    with contextlib.suppress(FileNotFoundError, OSError):
        (who.compartment / "cgroup.kill").write_text("1")


@case("userspace OOM killer", "plain")
@alone
async def watcher(who, rng):
    who.expect("userspace OOM killer", WATCHED)
    if rng.random() < 0.5:
        await who.obey("child hold", MIB)
    kill_for_memory(who, rng)
    await who.gone()


# --- a start that takes too long, and hooks that fail

async def again(who, rng, name):
    """Its end, and of the next one the hook that is held back."""
    who.dock.hold_back(name, who.generation + 1)
    await end_somehow(who, rng)
    return await who.dock.hook()


@case("start timeout", "late")
@alone
async def start_timeout(who, rng):
    dock = who.dock
    if rng.random() < 0.5:
        hook = await again(who, rng, "post_start")
        who = await dock.defendant()
        who.expect("start timeout", TOO_LATE)
        await who.gone()
        hook.let_go()
        return
    with unanswered(dock.court.folder / dock.name):
        dock.court.record.charge((dock.court.name, dock.name, who.generation + 1), None, "start timeout", [TOO_LATE])
        await end_somehow(who, rng)
        await dock.court.stands_beyond(dock.name, who.generation + 1)


@case("failing hook", "hooked")
@alone
async def failing_hook(who, rng):
    dock = who.dock
    code, number = rng.randrange(1, 256), rng.choice(DEADLY)
    words, wanted = rng.choice(((("exit", code), {"exitCode": code}), (("raise", number), {"exitCode": 128 + number}),
                                (("leak", MIB, 0), {"exitCode": 137, "signal": "SIGKILL"})))
    name = rng.choice(("pre_start", "post_start"))
    wanted |= {"verdict": "failed", "hook": name}
    hook = await again(who, rng, name)
    if name == "pre_start":
        dock.court.record.charge((dock.court.name, dock.name, who.generation + 1), None, "failing hook", [wanted])
        hook.order(*words)
        await dock.court.stands_beyond(dock.name, who.generation + 1)
        return
    who = await dock.defendant()
    who.expect("failing hook", wanted)
    if rng.random() < 0.5:
        await who.obey("on-term", rng.choice(("ignore", "exit 0", "exit 3")))
    hook.order(*words)
    await who.gone()


# --- no way to the program

@case("spawn failure", "broken")
async def spawn_failure(place, _rng):
    """It runs once; then something that it needs is taken away."""
    dock = place.docks[0]
    who = await dock.defendant()
    who.expect("exit code", exited(1))
    for generation in range(who.generation + 1, place.retries + 2):
        dock.court.record.charge((dock.court.name, dock.name, generation), None, "spawn failure", [place.broken.wanted])
    place.broken.damage(place.room)
    who.order("exit", 1)
    await who.gone()
    await place.room.stands(dock.name, "HELD", patience_s=120)
    place.broken.mend()


def draw(seed, places, singles, doubles):
    """{kind of place: [(case, its generator)], in a random order}: so many of each cause at each kind of place."""
    rng = random.Random(seed)
    kinds = collections.Counter(place.kind for place in places)
    drawn = {kind: [] for kind in kinds}
    for one in cases:
        ways = sum((other.cause, other.place) == (one.cause, one.place) for other in cases)
        count = kinds["broken"] if one.place == "broken" else -(-(doubles if one.is_double else singles) // ways)
        drawn[one.place] += [(one, random.Random(f"{seed}/{one.function.__name__}/{one.place}/{number}")) for number in range(count)]
    for queue in drawn.values():
        rng.shuffle(queue)
    return drawn
