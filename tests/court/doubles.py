"""The defendants that two things happen to within a moment. See cases.py."""

import asyncio

from cases import (DEADLY, KIB, KILLED, OOM, PAIRS, SETTLED_S, STOPPED, TOO_LATE, UNHEALTHY, WATCHED, again, alone, case, crashed,
                   end_of_other, exited, fall_ill, foreign_kill, kill_for_memory, lose_children, shared_limit, stop)
from dock import Died, Moment, TooSoon
from harness import MIB
from rooms import OWN_LIMIT


def offset_ms(rng):
    """How much later (earlier) the second cause comes."""
    return rng.choice((rng.uniform(-4, 2), rng.uniform(0, 9)))


def own_end(rng):
    """The order, and what has to be said of it."""
    number, code = rng.choice(DEADLY), rng.randrange(0, 32)
    return rng.choice(((("raise", number), crashed(number)), (("exit", code), exited(code))))


async def fill_own(who):
    """Its limit is then some milliseconds away; or what the kernel takes beside has met it already."""
    who.expect("own limit", OOM)
    try:
        await who.fill(who.compartment, OWN_LIMIT, 256 * KIB)
    except Died:
        raise TooSoon(f"{who.dock.name}.{who.generation}") from None


async def at_once(who, rng, cause, first, second, accepted, is_alone=True):
    """`first(moment)` orders what happens at the moment, `second` does the other thing a little later or earlier."""
    moment = Moment()
    offset = offset_ms(rng)
    charge = who.expect(cause, *accepted, double=True, alone=is_alone)
    first(moment)
    charge.apart_ms = offset + await moment.come(offset)
    second()
    await who.gone()


@case("own limit + foreign SIGKILL", "plain")
@alone
async def oom_and_kill(who, rng):
    by = rng.choice(("", "child "))
    await fill_own(who)
    await at_once(who, rng, "own limit + foreign SIGKILL", lambda moment: who.order(f"{by}at", moment.ns, "leak", 64 * KIB, 0),
                  who.kill, (OOM, KILLED), is_alone=not by)


@case("child while main lives, tolerated + foreign SIGKILL", "tolerant")
@alone
async def tolerated_and_kill(who, rng):
    who.dock.court.record.maybe_children[who.key()] = 1
    await fill_own(who)
    await at_once(who, rng, "child while main lives, tolerated + foreign SIGKILL",
                  lambda moment: who.order("lose at", moment.ns, "leak", 64 * KIB, 0), who.kill, (KILLED, OOM), is_alone=False)


@case("child while main lives + foreign SIGKILL", "plain")
@alone
async def child_and_kill(who, rng):
    """The job's process dies of the job's limit, the service of something else; whether they are two deaths or one told is a
    matter of microseconds."""
    record = who.dock.court.record
    await lose_children(who, rng, 1)
    await asyncio.sleep(SETTLED_S)
    record.maybe_children[who.key()] = 1
    await at_once(who, rng, "child while main lives + foreign SIGKILL",
                  lambda moment: who.order("job", 3 * MIB, "at", moment.ns, "leak", 256 * KIB, 0), who.kill, (KILLED, OOM))


@case("exit or crash + foreign SIGKILL", "plain")
@alone
async def end_and_kill(who, rng):
    words, wanted = own_end(rng)
    await at_once(who, rng, "exit or crash + foreign SIGKILL", lambda moment: who.order("at", moment.ns, *words), who.kill, (wanted, KILLED))


@case("exit or crash + own limit", "plain")
@alone
async def end_and_oom(who, rng):
    words, wanted = own_end(rng)
    await fill_own(who)
    moment = Moment()
    offset = offset_ms(rng)
    charge = who.expect("exit or crash + own limit", wanted, OOM, double=True)
    charge.apart_ms = offset
    await who.obey("child at", moment.ns, "leak", 64 * KIB, 0)
    who.order("at", moment.ns + int(offset * 1e6), *words)
    await who.gone()


@case("stop + own limit", "plain")
@alone
async def stop_and_oom(who, rng):
    await fill_own(who)
    who.expect("stop + own limit", STOPPED, OOM, double=True)
    if rng.random() < 0.5:
        await who.obey("on-term leak", 64 * KIB, 0)
        await stop(who, 20_000)
    else:
        await who.obey("on-term ignore")
        moment = Moment()
        who.order("at", moment.ns, "leak", 64 * KIB, 0)
        await moment.come(offset_ms(rng) - 3)
        await stop(who, 0)


@case("stop + foreign SIGKILL or crash", "plain")
@alone
async def stop_and_end(who, rng):
    number = rng.choice(DEADLY)
    if rng.random() < 0.5:
        who.expect("stop + foreign SIGKILL or crash", STOPPED, crashed(number), double=True)
        await who.obey("on-term raise", number)
        await stop(who, 20_000)
        return
    who.expect("stop + foreign SIGKILL or crash", STOPPED, KILLED, double=True)
    await who.obey("on-term ignore")
    killing = asyncio.get_running_loop().call_later(rng.uniform(0, 0.008), who.kill)
    await stop(who, 20_000)
    killing.cancel()


@case("unhealthy + crash or own limit", "sick")
async def unhealthy_and_end(place, rng):
    who = await place.docks[0].defendant()
    number = rng.choice(DEADLY)
    words, wanted = rng.choice(((("raise", number), crashed(number)), (("leak", 256 * KIB, 0), OOM)))
    who.expect("unhealthy + crash or own limit", UNHEALTHY, wanted, double=True)
    await who.obey("on-term", *words)
    await fall_ill(place, who)


@case("userspace OOM killer + own limit", "plain")
@alone
async def watcher_and_oom(who, rng):
    await fill_own(who)
    await at_once(who, rng, "userspace OOM killer + own limit", lambda moment: who.order("at", moment.ns, "leak", 64 * KIB, 0),
                  lambda: kill_for_memory(who, rng), (WATCHED, OOM))


@case("userspace OOM killer + exit or crash", "plain")
@alone
async def watcher_and_end(who, rng):
    words, wanted = own_end(rng)
    await at_once(who, rng, "userspace OOM killer + exit or crash", lambda moment: who.order("at", moment.ns, *words),
                  lambda: kill_for_memory(who, rng), (WATCHED, wanted))


def another_end(rng):
    """Its order, None for a foreign SIGKILL, and what has to be said of it."""
    return rng.choice((own_end(rng), (("leak", 64 * KIB, 0), OOM), (None, KILLED)))


async def end_about(who, rng, moment, words, charge):
    """That other end, within some milliseconds of the moment."""
    offset = offset_ms(rng)
    charge.apart_ms = offset
    if words:
        who.order("at", moment.ns + int(offset * 1e6), *words)
    else:
        charge.apart_ms += await moment.come(offset)
        who.kill()
    await who.gone()


@case("start timeout + another end", "late")
@alone
async def start_timeout_and_end(who, rng):
    dock = who.dock
    words, wanted = another_end(rng)
    hook = await again(who, rng, "post_start")
    who = await dock.defendant()
    await dock.court.stands(dock.name, "RUNNING", "KILLING", "BACKOFF")
    if wanted is OOM:
        await fill_own(who)
    charge = who.expect("start timeout + another end", TOO_LATE, wanted, double=True)
    await end_about(who, rng, Moment(at_ns=dock.court.deadline_ns(dock.name)), words, charge)
    hook.let_go()


@case("failing hook + another end", "hooked")
@alone
async def hook_and_end(who, rng):
    words, wanted = another_end(rng)
    hook = await again(who, rng, "post_start")
    who = await who.dock.defendant()
    if wanted is OOM:
        await fill_own(who)
    charge = who.expect("failing hook + another end", {"verdict": "failed", "hook": "post_start", "exitCode": 44}, wanted, double=True)
    moment = Moment()
    hook.order("at", moment.ns, "exit", 44)
    await end_about(who, rng, moment, words, charge)


async def shared_and(place, rng, cause, wanted, first, second):
    """The victim of a shared limit dies of something else as well."""
    who, other = await place.both()
    await who.obey("hold", place.share)
    who.expect(place.cause, shared_limit(place))
    other.expect(place.cause, shared_limit(place))
    try:
        await other.fill(place.limited, place.limit, 768 * KIB)
    except Died:
        await foreign_kill(who, rng)
        raise TooSoon(f"{other.dock.name}.{other.generation}") from None
    moment = Moment()
    offset = offset_ms(rng)
    charge = who.expect(cause, shared_limit(place), wanted, double=True, alone=True)
    other.order("at", moment.ns, "hold", 2 * MIB)
    first(who, moment.ns + int(offset * 1e6))
    charge.apart_ms = offset + await moment.come(offset)
    second(who)
    await who.gone()
    await end_of_other(other, place, rng, charge)


@case("limit around it + foreign SIGKILL", *PAIRS)
async def shared_and_kill(place, rng):
    await shared_and(place, rng, f"{place.cause} + foreign SIGKILL", KILLED, lambda who, ns: None, lambda who: who.kill())


@case("limit around it + exit or crash", *PAIRS)
async def shared_and_end(place, rng):
    words, wanted = own_end(rng)
    await shared_and(place, rng, f"{place.cause} + exit or crash", wanted, lambda who, ns: who.order("at", ns, *words), lambda who: None)
