"""The stack that is played with: what is wanted of it, who was brought to an end, and what must be true of it when all is quiet."""

import contextlib
import json
import re
import shutil
import time

import cast
import harness
from harness import QUICK, Stack, check, read, wait_until

PATIENCE_S = 60  # for one thing to happen, on a slow emulated machine
SAME = ("Name", "Service", "Instance", "State", "Pid", "ExitCode", "Restarts", "Generation", "Verdict", "StartedAt", "Cgroup")
PLAYERS = ("one", "two", "three")
OURS = ("keeper", "supervisor", "recorder")
UNKNOWN = ("unknown", "killed", "done", "failed", "stopped")  # where nobody is left who knew how it ended
FOLDER = re.compile(r"(?P<kind>s|probe|hook|exec|run)-(?P<name>.+?)(\.\d+)?\.(?P<number>\d+)$")


class Charge:
    """One incarnation that was, or may have been, brought to its end."""

    def __init__(self, cause, accepted, is_certain):
        self.cause = cause
        self.accepted = accepted  # attributes of the event `die`: one of these has to match
        self.is_certain = is_certain  # or the one who was asked may have died before
        self.is_blind = False  # its parent had died: nobody may know the exit status

    def accepts(self, said):
        if any(all(said.get(name) == value for name, value in one.items()) for one in self.accepted):
            return True
        if any(one["verdict"] == "oom" for one in self.accepted):
            return self.is_blind and said["verdict"] == "oom"  # the counters know
        return self.is_blind and said["exitCode"] < 0 and said["verdict"] in UNKNOWN


class Stage(Stack):
    def __init__(self, seed):
        super().__init__({})
        self.seed = seed
        self.cast = cast.Cast(self.folder)
        self.scribes = [cast.Scribe("lines", "line", self.folder), cast.Scribe("blocks", "block", self.folder)]
        self.edition = 0  # of the stack file
        self.unheard = 0  # deaths of which nobody was left to hear
        self.charges = {}
        self.judged = set()
        self.orphaned = {}  # service: the last generation whose parent is dead
        self.resting = set()  # services that are not to run
        self.has_keeper = True
        self.has_failed = False  # one who was asked died: what was asked is done or not
        self.before = {}
        self.last_command = ""
        self.write_edition()

    # --- the stack file

    def player(self, **keys):
        return {"command": [str(harness.build / "court" / "defendant"), str(self.cast.path)], "restart": "always", **QUICK, **keys}

    def services(self):
        options = {"mode": "blocking", "max-size": "64m", "max-file": "100"}
        probe = {"test": ["CMD", "/bin/true"], "interval": "300ms", "timeout": "20s", "start_period": "0s"}
        hook = [{"command": ["/bin/true"]}]
        found = {"idle": self.player(), "probed": self.player(healthcheck=probe), "hooked": self.player(post_start=hook, pre_stop=hook)}
        found.update({name: self.player() for name in PLAYERS})
        found["two"]["environment"] = {"EDITION": str(self.edition)}
        if self.edition % 4 == 3:
            found["extra"] = self.player()
        if harness.has_memory():
            found["leaky"] = self.player(mem_limit=cast.LIMIT)
        for scribe in self.scribes:
            found[scribe.name] = harness.service("scribe", scribe.path, 1 << 40, scribe.form, logging={"options": options}, restart="always", **QUICK)
        for name, keys in found.items():
            keys.setdefault("environment", {})[cast.TOKEN] = f"{self.name}:{name}"
        return found

    def write_edition(self):
        self.write(self.services())

    # --- asking

    def ask(self, *words):
        """A command; only where nobody is left who could carry it out it may fail."""
        self.last_command = " ".join(words)
        result = self.run(*words, status=None, patience_s=PATIENCE_S)
        if result.status != 0:
            check(not self.is_certain, "the command failed:", result)
            self.has_failed = True
        return result

    def table(self):
        result = self.run("ps", "-a", "--format", "json", patience_s=PATIENCE_S)
        return {row["Service"]: row for row in map(json.loads, result.out.splitlines())}

    def own(self, leaf):
        return cast.first_process(self.cgroup / self.name / leaf)

    # --- a round

    def begin_round(self, is_certain):
        self.is_certain = is_certain  # whoever is asked answers, or his successor does
        self.has_failed = False
        self.before = self.table()
        self.touched = set()

    def charge(self, service, cause, *accepted):
        """The incarnation that is there now is about to end, or may be."""
        row = self.before[service]
        self.touched.add(service)
        self.charges[service, row["Generation"]] = Charge(cause, accepted, self.is_certain)
        return self.cast.of(service)

    def orphan_all(self):
        """The keeper has died: who was its child has no parent of ours any more."""
        for service, row in self.table().items():
            self.orphaned[service] = row["Generation"]

    # --- until all is quiet

    def pid_of(self, service):
        """As it says itself; 0: it is not there."""
        for scribe in self.scribes:
            if scribe.name == service:
                return scribe.pid() if cast.is_there(scribe.pid()) else 0
        one = self.cast.of(service)
        return one.pid if one else 0

    def rests(self, service):
        return service in self.resting or service not in self.services()

    def is_settled(self, row):
        if self.rests(row["Service"]):
            return row["State"] in ("exited", "created") and not self.pid_of(row["Service"])
        return row["State"] == "running" and row["Pid"] == self.pid_of(row["Service"]) and row.get("Health") not in ("starting", "unhealthy")

    def unsettled(self):
        rows = self.table()
        wanted = self.services().keys() - rows.keys()
        return [f"{name}: not there" for name in wanted] + \
            [f"{row['Service']}: {row['State']}, pid {row['Pid']}, in truth {self.pid_of(row['Service'])}" for row in rows.values() if not self.is_settled(row)]

    def settle(self):
        deadline = time.monotonic() + PATIENCE_S
        while (left := self.unsettled()):
            check(time.monotonic() < deadline, "lost, or not as wanted:", "; ".join(left))
            self.cast.wait(0.05)
        for scribe in self.scribes:
            wait_until(scribe.has_written_all, f"{scribe.name} has written all", PATIENCE_S)

    # --- what must be true then

    def check_all(self):
        rows = self.table()
        self.check_tokens(rows)
        self.check_siblings(rows)
        self.check_verdicts()
        self.check_cgroups(rows)
        self.check_lines()

    def check_tokens(self, rows):
        holders = cast.token_holders(self.name)
        for service, row in rows.items():
            wanted = [] if self.rests(service) else [row["Pid"]]
            check(holders.get(service, []) == wanted, f"doubled or lost: {service} is", holders.get(service, []), "and should be", wanted)

    def check_siblings(self, rows):
        for service, row in rows.items():
            old = self.before.get(service)
            if old and service not in self.touched:
                changed = [f"{key}: {old.get(key)} -> {row.get(key)}" for key in SAME if old.get(key) != row.get(key) and key != "StartedAt"]
                check(not changed, f"{service} has changed, though nobody did anything to it:", "; ".join(changed))

    def check_verdicts(self):
        told = {}
        for event in self.events():
            if event["action"] == "die":
                key = (event["service"], event["generation"])
                check(key not in told, f"{key} died twice")
                told[key] = event["attributes"]
        for key, said in told.items():
            if key not in self.judged:
                self.judge(key, said)
        for key, charge in self.charges.items():
            check(key in told or not charge.is_certain, f"{key} died of {charge.cause}, and there is no verdict")
        self.judged |= told.keys()

    def is_unheard(self, key, said):
        """Who was being born, or had a hook, when all died who could hear of its end: it is started once more."""
        return key[1] <= self.orphaned.get(key[0], 0) and said["exitCode"] < 0 and (said["confidence"] == "unknown" or "hook" in said)

    def judge(self, key, said):
        charge = self.charges.get(key)
        if not charge and key[0] in self.touched and self.is_unheard(key, said):
            self.unheard += 1
            return
        check(charge, f"{key} died, and nobody did anything to it: {said}")
        charge.is_blind = key[1] <= self.orphaned.get(key[0], 0)
        check(charge.accepts(said), f"{key} died of {charge.cause}, and is said to have died of {said}")

    def strays(self):
        """Cgroups of nobody: {path}; a spare of the next generation is somebody's."""
        rows = self.table()
        found = set()
        for path in (self.cgroup / self.name / "svc").rglob("*"):
            match = FOLDER.fullmatch(path.name) if path.is_dir() else None
            if not match or path.name.startswith("g-"):
                continue
            row = rows.get(match["name"])
            number = int(match["number"])
            is_current = match["kind"] == "s" and row and number == row["Generation"] and row["Pid"]
            is_spare = match["kind"] == "s" and row and number == row["Generation"] + 1 and "populated 0" in read(path / "cgroup.events")
            if not is_current and not is_spare:
                found.add(path.name)
        return found

    def check_cgroups(self, _rows):
        seen = None
        deadline = time.monotonic() + PATIENCE_S / 4
        while seen is None or seen:
            with contextlib.suppress(OSError):  # one goes while we look
                now = self.strays()
                seen = now if seen is None else seen & now
            check(time.monotonic() < deadline, "orphan cgroups:", sorted(seen or ()))
            time.sleep(0.05 if seen else 0)

    def check_lines(self):
        for scribe in self.scribes:
            def trouble(scribe=scribe):
                audit = scribe.audit(self.state / "logs")
                names = ("lost", "strange", "unmarked", "unexplained")
                return {name: getattr(audit, name) for name in names if getattr(audit, name)}
            deadline = time.monotonic() + PATIENCE_S / 2
            while (found := trouble()):
                check(time.monotonic() < deadline, f"the log of {scribe.name}:", found)
                time.sleep(0.05)

    # --- the end

    def keep(self, folder, number):
        """What is needed to understand a failure."""
        kept = folder / f"seed{self.seed}-round{number}"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for path in (self.runtime / "journal.1", self.runtime / "journal", self.runtime / "plan", self.state / "logs" / "bulkhead.log", self.file):
            with contextlib.suppress(OSError):
                shutil.copy(path, kept)
        for scribe in self.scribes:
            with contextlib.suppress(OSError):
                shutil.copy(self.state / "logs" / f"{scribe.name}-1.log", kept)
        return kept
