"""The record of the court: what every defendant died of, what bulkhead said, and who was right."""

import collections
import errno
import re

APART_MS = 10  # two causes that are no further apart count as one moment
AMBIGUOUS_OF_DOUBLE = 10  # at most one in so many may be less than certain

AT = re.compile(r"event at=(\d+) ")
DEADLINE = re.compile(r" to=STARTING deadline=(\d+)")
TIMED_OUT = re.compile(f"kind=hooked .* error={errno.ETIMEDOUT} ")
READY = r"kind=hooked (?!.*(?:code|signal|error)=).* hook=2 "  # its post_start hook has succeeded

OOM_VERDICTS = ("oom", "oom-group", "oom-outside")


class Charge:
    """One death that was brought about: its cause, or its two."""

    def __init__(self, key, pid, cause, accepted, is_double, is_alone):
        self.key = key  # (stack, service, generation)
        self.pid = pid
        self.cause = cause
        self.accepted = accepted  # attributes of the event `die`: one of these has to match
        self.is_double = is_double
        self.is_alone = is_alone  # nobody else is in its compartment: the kernel has to have named its PID
        self.apart_ms = 0.0
        self.may_be_unsure = False  # of one cause, and the counters may leave room all the same

    def means(self, said):
        return any(matches(said, wanted) for wanted in self.accepted)

    def is_double_in_time(self):
        return self.is_double and abs(self.apart_ms) <= APART_MS


class Wrong:
    def __init__(self, key, about, evidence):
        self.key = key
        self.about = about
        self.evidence = evidence

    def lines(self):
        stack, service, generation = self.key
        return [f"{service}, generation {generation} of stack {stack}: {self.about}", *(f"    {line}" for line in self.evidence)]


class Record:
    def __init__(self, seed, witness):
        self.seed = seed
        self.witness = witness
        self.charges = {}
        self.children = collections.Counter()  # key: children that the kernel killed while the main process lived
        self.maybe_children = collections.Counter()  # those of whom nobody knows whether it lived
        self.table = collections.defaultdict(collections.Counter)  # cause: verdict: how many
        self.unsure = collections.Counter()  # cause: verdicts that are not certain
        self.doubles = self.late = self.ambiguous = 0
        self.wrong = collections.defaultdict(list)  # cause: what was wrong
        self.complaints = []
        self.slow = 0  # starts that took too long, and nobody had meant them to

    def charge(self, key, pid, cause, accepted, double=False, alone=False):
        charge = Charge(key, pid, cause, accepted, double, alone)
        self.charges[charge.key] = charge
        return charge

    def is_charged(self, *key):
        return key in self.charges

    def complain(self, text):
        self.complaints.append(text)

    def judge(self, stack, events, journal):
        """Every death of one stack; how many verdicts are wrong."""
        before = sum(map(len, self.wrong.values()))
        told = collections.Counter()
        for event in events:
            key = (stack, event["service"], event["generation"])
            if event["action"] == "die":
                self._judge_death(key, event["attributes"], journal)
            elif event["action"] == "oom" and event["attributes"]["verdict"] == "oom-child":
                told[key] += event["attributes"]["oomKill"]
        for key in set(told) | {key for key in self.children if key[0] == stack}:
            self._judge_children(key, told[key], journal)
        for key in [key for key in self.charges if key[0] == stack]:
            self._blame(self.charges.pop(key).cause, key, "it died, and there is no verdict", journal)
        return sum(map(len, self.wrong.values())) - before

    def _judge_death(self, key, said, journal):
        charge = self.charges.pop(key, None)
        if not (charge and charge.means(said)) and was_slow(said, evidence(journal, key)):
            self.slow += 1
            return
        if charge is None:
            self._blame("none", key, f"nobody did anything to it, and it died: {said}", journal)
            return
        self.table[charge.cause][said["verdict"]] += 1
        self.doubles += charge.is_double_in_time()
        self.late += charge.is_double and not charge.is_double_in_time()
        is_certain = said["confidence"] == "certain"
        self.ambiguous += charge.is_double and not is_certain
        self.unsure[charge.cause] += not is_certain
        why = None
        if not charge.means(said):
            why = f"wanted {' or '.join(map(str, charge.accepted))}"
        elif not is_certain and not charge.is_double and not charge.may_be_unsure:
            why = "it has one cause, and the verdict is not certain of it"
        elif is_certain and said["verdict"] in OOM_VERDICTS and charge.is_alone and self._is_denied(charge.pid):
            why = "certain, and the kernel's log does not have it"
        if why:
            apart = f" ({charge.apart_ms:.1f} ms apart)" if charge.is_double else ""
            self._blame(charge.cause, key, f"{charge.cause}{apart}: {why}: {said}", journal)

    def _is_denied(self, pid):
        return self.witness.is_heard and pid not in self.witness.killed

    def _judge_children(self, key, told, journal):
        cause = "child while main lives"
        least = self.children[key]
        self.table[cause]["oom-child"] += told
        if not least <= told <= least + self.maybe_children[key]:
            self._blame(cause, key, f"{least} of its children were killed for memory, {told} were told", journal)

    def _blame(self, cause, key, about, journal):
        self.wrong[cause].append(Wrong(key, f"{about} (seed {self.seed})", evidence(journal, key)))

    def add(self, other):
        for cause, row in other.table.items():
            self.table[cause].update(row)
        self.unsure.update(other.unsure)
        for cause, wrong in other.wrong.items():
            self.wrong[cause] += wrong
        self.doubles += other.doubles
        self.late += other.late
        self.ambiguous += other.ambiguous
        self.slow += other.slow
        self.complaints += other.complaints

    def deaths(self):
        return sum(row.total() for row in self.table.values())

    def lines(self):
        """The confusion table: a row each cause, a column each verdict, and how many are not certain."""
        verdicts = sorted({verdict for row in self.table.values() for verdict in row})
        width = max(map(len, [*self.table, ""])) + 2
        lines = [" " * width + " ".join(f"{verdict:>{max(6, len(verdict))}}" for verdict in verdicts) + " (unsure)"]
        for cause, row in sorted(self.table.items(), key=lambda item: (" + " in item[0], item[0])):
            cells = " ".join(f"{row[verdict] or '.':>{max(6, len(verdict))}}" for verdict in verdicts)
            lines.append(f"{cause:{width}}{cells} {self.unsure[cause] or '.':>8}")
        return lines


def was_slow(said, lines):
    """On a machine that stands still for long, starts take too long by themselves; that is right when the facts say so."""
    events = [line for line in lines if line.startswith("event ")]
    deadline = next((int(found.group(1)) for line in lines if (found := DEADLINE.search(line))), 0)

    def was_in_time(fact):
        return any(re.search(fact, line) and int(AT.match(line).group(1)) < deadline for line in events)
    if said["verdict"] == "start-timeout":
        return not was_in_time(READY)
    if said["verdict"] == "spawn-failed":
        return said["step"] == "reach the program in time" and not was_in_time("kind=execed")
    return said["verdict"] == "failed" and "hook" in said and any(TIMED_OUT.search(line) for line in events)


def matches(said, wanted):
    return all(said.get(name) == value for name, value in wanted.items())


def evidence(journal, key):
    """The lines of the journal about that incarnation."""
    found = re.search(rf"^member i=(\d+) name={re.escape(key[1])}-1 ", journal, re.MULTILINE)
    if not found:
        return ["(its journal does not have it)"]
    about = re.compile(rf" i={found.group(1)} g={key[2]}(?= |$)")
    return [line for line in journal.splitlines() if about.search(line)]
