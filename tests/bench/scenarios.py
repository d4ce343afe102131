"""What is measured: each scenario yields figures. Ours and the bare loop take turns in all of them."""

import contextlib
import dataclasses
import os
import pathlib
import random
import re
import signal
import statistics
import subprocess
import time

import logs
from adopt import adopt
from figures import absolute, compare
from sides import Bare, BenchError, Ours

LIMIT_BYTES = 8 << 20
IDLE_S = (0.03, 0.09)  # between deaths: nobody is met warm from the last one


@dataclasses.dataclass
class Size:
    """How much is measured."""

    pairs: int = 10
    deaths: int = 30  # of one side, in a pair
    starts: tuple = (1, 10, 100)
    starts_at_once: int = 30  # services started by one side in a pair: of few, more often
    stops: int = 100
    loaded: int = 1000  # services in the file
    residents: tuple = (1, 100, 1000)
    idlers: int = 100
    idle_s: int = 60
    log_bytes: int = 64 << 20
    sampled: int = 500
    settle_s: int = 30  # those that were just born are looked at more often
    sampled_s: int = 120
    adopted: int = 100
    adoptions: int = 20


SHORT = Size(pairs=1, deaths=3, starts=(1, 5), starts_at_once=1, stops=5, loaded=20, residents=(1, 20), idlers=5, idle_s=1,
             log_bytes=1 << 20, sampled=5, settle_s=0, sampled_s=1, adopted=5, adoptions=1)


class Bench:
    """One place, one size, and somebody to tell how far we are."""

    def __init__(self, place, size, say):
        self.place = place
        self.size = size
        self.say = say
        self.limit = LIMIT_BYTES if place.has_memory else 0

    @contextlib.contextmanager
    def sides(self, count):
        with Ours(self.place, "ours") as ours, Bare(self.place, "bare") as bare, Bare(self.place, "again") as again:
            sides = [ours, bare, again]
            for side in sides:
                side.up(count, self.limit)
            yield sides

    def turns(self, what, sides):
        """The sides in turn, each as often as there are pairs, another one first each time."""
        for pair in range(self.size.pairs):
            self.say(f"{what}, pair {pair + 1} of {self.size.pairs}")
            for turn in range(len(sides)):
                yield sides[(pair + turn) % len(sides)]


def idle():
    time.sleep(random.uniform(*IDLE_S))


# --- deaths --------------------------------------------------------------------------------------


def measure_deaths(bench, name, die, goals):
    with bench.sides(1) as sides:
        samples = {side.name: [] for side in sides}
        for side in bench.turns(name, sides):
            for _ in range(bench.size.deaths):
                idle()
                samples[side.name].append(die(side))
    yield from compare(name, samples, goals)


def oom(bench):
    """From a leaker's last sign of life, through the kernel's kill, to the next incarnation."""
    if bench.limit:
        yield from measure_deaths(bench, "OOM to next first instruction", lambda side: side.timed_oom(),
                                  {"median": 1.5, "p99": 2})


def sigkill(bench):
    yield from measure_deaths(bench, "SIGKILL to next first instruction", lambda side: side.timed_kill(),
                              {"median": 1.4, "p99": None})


# --- starts and stops ----------------------------------------------------------------------------


def plural(count):
    return f"{count} service{'s' if count > 1 else ''}"


def start(bench):
    """Requests to a resident supervisor, from the packet on its socket."""
    for count in bench.size.starts:
        name = f"start of {plural(count)}"
        with bench.sides(count) as sides:
            starts = {side.name: [] for side in sides}
            stops = {side.name: [] for side in sides}
            for side in bench.turns(name, sides):
                for _ in range(max(1, min(bench.size.starts_at_once // count, 10))):
                    idle()
                    stops[side.name].append(side.timed_stop())
                    idle()
                    starts[side.name].append(side.timed_start())
        yield from compare(name, starts, {"median": 1.5, "p99": None})
        if count == bench.size.stops:
            yield from compare(f"orderly stop of {plural(count)}", stops, {"median": 1.5, "p99": None})


def up(bench):
    """What a person waits for: plan, cgroups, keeper, supervisor, recorder, and then the service."""
    samples = []
    with Ours(bench.place, "ours") as ours:
        ours.up(1, bench.limit)
        for _ in range(bench.size.pairs):
            bench.say("bulkhead up -d")
            ours.down()
            samples.append(ours.timed_up() / 1e6)
    yield absolute("`bulkhead up -d` to first instruction, median", "ms", sorted(samples)[len(samples) // 2],
                   runs=len(samples))


# --- memory --------------------------------------------------------------------------------------


def smaps(pids):
    """Private memory and PSS of processes together, in KiB."""
    total = {"Private_Clean": 0, "Private_Dirty": 0, "Pss": 0}
    for pid in pids:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        for key in total:
            total[key] += int(re.search(rf"^{key}:\s+(\d+) kB$", text, re.MULTILINE).group(1))
    return total["Private_Clean"] + total["Private_Dirty"], total["Pss"]


def resident_memory(bench, count):
    """{who: (private, pss)} after every service has died once: what is needed for that stays."""
    bench.say(f"memory with {plural(count)}")
    found = {}
    for make, name in ((Ours, "ours"), (Bare, "bare")):
        with make(bench.place, name) as side:
            side.up(count, bench.limit)
            for slot in range(count):
                side.timed_kill(slot)
            time.sleep(1)
            found[name] = smaps(side.keepers())
            if name == "ours":
                found["recorder"] = smaps(side.recorders())
    return found


def memory(bench):
    first, *others = bench.size.residents
    base = resident_memory(bench, first)
    yield absolute(f"private memory of keeper and supervisor, {plural(first)}", "KiB", base["ours"][0],
                   base["bare"][0], goal=700)
    yield absolute(f"PSS of keeper and supervisor, {plural(first)}", "KiB", base["ours"][1], base["bare"][1])
    yield absolute(f"private memory of the recorder, {plural(first)}", "KiB", base["recorder"][0])
    yield absolute(f"PSS of the recorder, {plural(first)}", "KiB", base["recorder"][1])
    for count in others:
        more = resident_memory(bench, count)
        slope = {who: (more[who][0] - base[who][0]) / (count - first) for who in more}
        yield absolute(f"private memory for each further one, up to {count}", "KiB", slope["ours"], slope["bare"],
                       goal=2 if count == others[-1] else None)
        yield absolute(f"the recorder's for each further one, up to {count}", "KiB", slope["recorder"])


# --- quiet ---------------------------------------------------------------------------------------


def activity(pids):
    """Wake-ups, CPU ticks and CPU nanoseconds so far of processes together."""
    wakes = ticks = nanoseconds = 0
    for pid in pids:
        folder = pathlib.Path(f"/proc/{pid}")
        wakes += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)$", (folder / "status").read_text(),
                               re.MULTILINE).group(1))
        fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
        with contextlib.suppress(FileNotFoundError):
            nanoseconds += int((folder / "schedstat").read_text().split()[0])
    return wakes, ticks, nanoseconds


def quiet(bench):
    """Services that do nothing: who keeps them has nothing to do either."""
    seconds, count = bench.size.idle_s, bench.size.idlers
    with Ours(bench.place, "ours") as ours, Bare(bench.place, "bare") as bare:
        for side in (ours, bare):
            side.up(count, bench.limit)
        groups = {"ours": ours.keepers(), "bare": bare.keepers(), "recorder": ours.recorders()}
        if len(groups["ours"]) != 2:
            raise BenchError(f"a keeper and a supervisor were expected, not {len(groups['ours'])} processes")
        time.sleep(10)  # newborns are sampled more often than those who rest
        before = {who: activity(pids) for who, pids in groups.items()}
        bench.say(f"{plural(count)} idle for {seconds} s")
        time.sleep(seconds)
        delta = {who: [now - then for now, then in zip(activity(pids), before[who])] for who, pids in groups.items()}
    name = f"{count} idle services, {seconds} s"
    yield absolute(f"{name}: wake-ups", "", delta["ours"][0], delta["bare"][0], goal=6)
    yield absolute(f"{name}: CPU ticks", "10 ms", delta["ours"][1], delta["bare"][1], goal=0)
    yield absolute(f"{name}: CPU time", "ms", delta["ours"][2] / 1e6, delta["bare"][2] / 1e6)
    yield absolute(f"{name}: wake-ups of the recorder", "", delta["recorder"][0])


# --- loading -------------------------------------------------------------------------------------

SERVICE = """\
  web-{n}:
    <<: *defaults
    command: [/usr/bin/python3, -m, http.server, --bind, 127.0.0.1, "{port}"]
    working_dir: /srv/web-{n}
    user: www-data
    environment:
      PORT: "{port}"
      DATABASE_URL: postgres://127.0.0.1/web{n}
      LOG_LEVEL: ${{LOG_LEVEL:-info}}
    mem_limit: 256m
    pids_limit: 100
    cpus: 0.5
    labels: {{team: shop, tier: "{tier}"}}
    ulimits: {{nofile: {{soft: 4096, hard: 8192}}}}
    healthcheck: {{test: [CMD, /usr/bin/true], interval: 10s, timeout: 2s, retries: 3}}
    depends_on: {{web-{needed}: {{condition: service_started}}}}
    x-bulkhead: {{memory_high: 90%, backoff: {{initial: 200ms, max: 30s}}}}
"""
STACK_HEAD = """\
name: bench
x-defaults: &defaults
  restart: on-failure
  stop_grace_period: 10s
services:
  web-0: {command: sleep 1d}
"""


def big_stack(count):
    return STACK_HEAD + "".join(SERVICE.format(n=n, port=1024 + n, tier=n % 3, needed=n // 2)
                                for n in range(1, count))


def load(bench):
    """A stack file becomes a spec; bare is libyaml's event parse of the same bytes."""
    count = bench.size.loaded
    bench.say(f"loading {plural(count)}")
    path = bench.place.state / "stack.yaml"
    path.write_text(big_stack(count))
    done = subprocess.run([bench.place.build / "bench" / "load", path, str(3 * bench.size.pairs)],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"loading failed: {done.stderr.strip()}")
    pairs = [[int(word) / 1e6 for word in line.split()] for line in done.stdout.splitlines()]
    ours, bare = (statistics.median(side) for side in zip(*pairs))
    # The 20 ms are those of a plain machine; an emulated one has no goal here.
    yield absolute(f"loading {plural(count)}, median", "ms", ours, bare,
                   goal=None if bench.place.name == "guest" else 2 * bare + 20, runs=len(pairs))


# --- logs ----------------------------------------------------------------------------------------

# Bytes of a write, bytes of a line, and are there goals? Those of many lines a write have none: every line
# is 40 bytes longer in the file (its time and stream), which is work that cat does not have.
WRITES = ((100, 100, True), (4096, 4096, True), (65536, 65536, True), (4096, 100, False), (65536, 100, False))


def size_text(size):
    return f"{size >> 10}-KiB" if size >= 1024 else f"{size}-byte"


def beside(bench, write, line, bare, samples):
    """The field's loggers, where they can be had."""
    gib = samples["bytes"] / 2**30
    for title, make in (("s6-log", logs.S6Log), ("svlogd", logs.Svlogd)):
        try:
            with make(bench.place, title, (write, line, samples["bytes"])) as log:
                rounds = [log.round() for _ in range(bench.size.pairs + 1)][1:]
        except BenchError as error:
            bench.say(f"{title} is left out: {error}\n")
            continue
        for index, what in enumerate(("time", "CPU")):
            theirs = statistics.median(found[index] for found in rounds) / 1e9 / gib
            figure = absolute(f"{title} beside it: {what}", "s/GiB", theirs, bare[index], runs=len(rounds))
            yield dataclasses.replace(figure, ratio=theirs / bare[index])


def throughput(bench):
    """A service's output into its log, and through `cat` into a file, by a pipe of the same size."""
    for write, line, has_goals in WRITES:
        lines = "" if line == write else f" of {size_text(line)} lines"
        name = f"log of {size_text(write)} writes{lines}"
        gush = (write, line, bench.size.log_bytes)
        found = {"ours": [], "bare": [], "again": []}
        with logs.OurLog(bench.place, "ours", gush) as ours, logs.CatLog(bench.place, "bare", gush) as bare, \
                logs.CatLog(bench.place, "again", gush) as again:
            for side in (ours, bare, again):
                side.round()  # its file has memory now
            for side in bench.turns(name, [ours, bare, again]):
                found[side.name].append(side.round())
        gib = bench.size.log_bytes / 2**30
        for index, (what, goal) in enumerate((("time", 1.25), ("CPU of the reader", 1.3))):
            samples = {side: [sample[index] for sample in taken] for side, taken in found.items()}
            yield from compare(f"{name}: {what}", samples, {"median": goal if has_goals else None}, ("s/GiB", gib * 1e9))
        cat = [statistics.median(sample[index] for sample in found["bare"]) / 1e9 / gib for index in (0, 1)]
        yield from beside(bench, write, line, cat, {"bytes": bench.size.log_bytes})


def flood(bench):
    """A sibling writes into its log as fast as it can, or waits: is a restart slower for it?"""
    name = "SIGKILL to next first instruction beside a flooded log"
    gush = [str(bench.place.folder / "gush"), "4096", "100", str(1 << 50)]
    sides = {name: logs.OursWithWriter(bench.place, name, gush) for name in ("ours", "bare", "again")}
    with sides["ours"] as ours, sides["bare"] as bare, sides["again"] as again:
        samples = {side.name: [] for side in (ours, bare, again)}
        for side in (ours, bare, again):
            side.up(1)
        writer = ours.writer()
        os.kill(writer, signal.SIGUSR1)
        for side in bench.turns(name, [ours, bare, again]):
            os.kill(writer, signal.SIGCONT if side is ours else signal.SIGSTOP)
            for _ in range(bench.size.deaths):
                idle()
                samples[side.name].append(side.timed_kill())
        os.kill(writer, signal.SIGCONT)
    yield from compare(name, samples, {"median": 1.2, "p99": None})


def sampling(bench):
    """Services that do not grow are looked at once a minute."""
    if not bench.limit:
        return
    seconds, count = bench.size.sampled_s, bench.size.sampled
    with Ours(bench.place, "ours") as ours:
        ours.up(count, bench.limit)
        bench.say(f"{plural(count)} settle")
        time.sleep(bench.size.settle_s)
        before = activity(ours.keepers())
        bench.say(f"{plural(count)} flat for {seconds} s")
        time.sleep(seconds)
        used = activity(ours.keepers())[2] - before[2]
    yield absolute(f"sampling {count} flat services, of a core", "%", used / 1e7 / seconds, goal=0.1)


SCENARIOS = [oom, sigkill, start, up, load, memory, quiet, throughput, flood, sampling, adopt]


def measure(place, size, say, names=()):
    """All figures of this place; with `names`, those scenarios' only."""
    bench = Bench(place, size, say)
    for scenario in SCENARIOS:
        if not names or scenario.__name__ in names:
            for figure in scenario(bench):
                figure.where = place.name
                yield figure
