"""The scenes in which a system call of the supervisor fails: what is played, and how it must end.

While a scene is played nobody talks to the supervisor who is not in it: what happens is seen in /proc and in the cgroups, so
that the calls of one performance are those of the next.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import struct
import tempfile
import time

import harness
import wire
from harness import QUICK, Stack, check, is_alive, kill, read, service, wait_until

PATIENCE_S = 25  # that a failure may last: the longest deadline is that of a newborn
ORPHANS_S = 8  # that a compartment may take to be removed
LINGER_S = 0.15  # after a scene, for the calls that come at leisure
STATES = ("created", "waiting", "preparing", "starting", "running")  # core/incarnation.h, as far as they are wanted


class Row:
    def __init__(self, frame):
        words = struct.unpack_from("<12I", frame, 8)
        self.state, self.generation, self.pid = words[3], words[5], words[6]


class Refused(Exception):
    pass


def rows_of(stack):
    """{member's index: its row}, by one client; Refused when it was not told all."""
    found = {}
    with wire.Client(stack, PATIENCE_S) as client:
        client.send(wire.request("ps"))
        while True:
            kind, frame = client.receive()
            if kind == "row":
                found[struct.unpack_from("<I", frame, 8)[0]] = Row(frame)
            elif kind == "done":
                return found
            elif kind != "info":
                raise Refused(kind)


class Stage:
    """A stack that runs, what it was before the scene, and whether it is well after it."""

    def __init__(self, services):
        self.stack = Stack(services)
        self.members = sorted(services)
        self.more = 0  # generations that the scene brings to `a`
        self.refused = False

    def __enter__(self):
        self.stack.__enter__()
        self.stack.up()
        self.supervisor = self.stack.own_pid()
        self.services = self.stack.cgroup / self.stack.name / "svc"
        self.files_most = self.files()
        return self

    def __exit__(self, *exception):
        self.stack.__exit__(*exception)

    def story(self):
        return self.stack.story()

    def whom(self):
        self.begin()
        return [self.supervisor]

    # --- what there is

    def compartments(self, member):
        """{generation: PIDs}"""
        found = {}
        for path in self.services.glob(f"s-{member}.1.*"):
            with contextlib.suppress(OSError):
                found[int(path.name.rsplit(".", 1)[1])] = [int(word) for word in read(path / "cgroup.procs").split()]
        return found

    def main(self, member):
        """(generation, PID) of the one that is the program; None."""
        living = [(generation, pids[0]) for generation, pids in self.compartments(member).items() if pids]
        check(len(living) < 2, f"{member} is doubled:", living)
        if living and read(f"/proc/{living[0][1]}/comm").strip() not in ("bulkheadd", ""):
            return living[0]
        return None

    def has_main(self, member, above=0):
        with contextlib.suppress(OSError):
            found = self.main(member)
            return found if found and found[0] > above else None
        return None

    def files(self):
        return len(os.listdir(f"/proc/{self.supervisor}/fd"))

    def journal(self):
        status = os.stat(self.stack.runtime / "journal")
        return status.st_ino, status.st_size

    # --- before and after

    def begin(self):
        self.refused = False
        self.before = {member: self.has_main(member) for member in self.members}
        self.journal_before = self.journal()

    def check(self, injector):
        """The stack is well; the outcome."""
        ended = injector.look()
        check(not ended, "the supervisor has", ended)
        check(is_alive(self.supervisor) and self.stack.own_pid() == self.supervisor, "the supervisor is another one")
        wait_until(self.is_well, "all services run", PATIENCE_S)
        wait_until(self.is_tidy, "no compartment is left over", ORPHANS_S)
        for member in self.members:
            if member != "a":
                check(self.has_main(member) == self.before[member], member, "was restarted")
        wait_until(lambda: self.files() <= self.files_most, "no file is left open", 5)
        return self.outcome()

    def is_well(self):
        with contextlib.suppress(Refused):
            rows = rows_of(self.stack).values()
            return len(rows) == len(self.members) and all(
                row.state == STATES.index("running") and is_alive(row.pid) for row in rows)
        return False

    def is_tidy(self):
        """Only what lives, and one spare for each."""
        for member in self.members:
            found = self.compartments(member)
            living = [generation for generation, pids in found.items() if pids]
            if len(living) != 1 or set(found) - {living[0], living[0] + 1}:
                return False
        return len(list(self.services.glob("[!sg]*-*"))) == 0 or "p" in self.members  # probes come and go

    def outcome(self):
        generation = self.has_main("a")[0] if self.before.get("a") else 0
        if self.refused:
            return "refused"
        if self.before.get("a") and generation > self.before["a"][0] + self.more:
            return "again"
        inode, size = self.journal_before
        if self.journal()[0] != inode:
            return "told"
        with open(self.stack.runtime / "journal", "rb") as file:
            file.seek(size)
            return "told" if b"\nnote " in b"\n" + file.read() else "unseen"


# --- the scenes

class Scene:
    lasts = True  # one stack is there for many performances

    def stage(self):
        return Stage({"a": service("steady", **QUICK), "b": service("steady", **QUICK)})

    @staticmethod
    def linger(injector):
        """What comes at leisure may still be to come."""
        deadline = time.monotonic() + LINGER_S
        while time.monotonic() < deadline:
            if injector.has_failed() or injector.look():
                return True
            time.sleep(0.005)
        return False

    @staticmethod
    def ask(stage, frame, wanted="done"):
        """Once more when it is refused."""
        for _ in range(2):
            with contextlib.suppress(OSError), wire.Client(stage.stack, PATIENCE_S) as client:
                kind, about = client.ask(frame)
                if kind == wanted:
                    return
            stage.refused = True
        raise harness.Failed(f"refused twice: {kind} {about}")


class Restart(Scene):
    name = "restart"
    about = "a service dies and is started again"

    def play(self, stage, _injector):
        stage.more = 1
        generation, pid = stage.before["a"]
        kill(pid)
        wait_until(lambda: stage.has_main("a", generation), "a lives again", PATIENCE_S)
        time.sleep(0.03)  # leisure


class Unprepared(Restart):
    name = "unprepared"
    about = "a service dies and is started again, and somebody has removed the compartment made for it"

    def play(self, stage, injector):
        for path in stage.services.glob(f"s-a.1.{stage.before['a'][0] + 1}"):
            path.rmdir()
        super().play(stage, injector)


class Stop(Scene):
    name = "stop"
    about = "a service is stopped, and started"

    def play(self, stage, _injector):
        stage.more = 1
        generation, _ = stage.before["a"]
        self.ask(stage, wire.request("stop", "a"))
        wait_until(lambda: not any(stage.compartments("a").values()), "a is gone", PATIENCE_S)
        self.ask(stage, wire.request("start", "a"))
        wait_until(lambda: stage.has_main("a", generation), "a lives again", PATIENCE_S)


class Stubborn(Scene):
    name = "kill"
    about = "a service that does not heed its stop signal is killed with its children, and started"

    def stage(self):
        stubborn = service("/bin/sh", "-c", "trap '' TERM; while :; do sleep 1000; done", stop_grace_period="30ms", **QUICK)
        return Stage({"a": stubborn, "b": service("steady", **QUICK)})

    play = Stop.play


class Look(Scene):
    name = "client"
    about = "clients ask for the services, watch them, and go"

    def play(self, stage, _injector):
        for _ in range(2):
            try:
                rows_of(stage.stack)
                break
            except (Refused, OSError):
                check(not stage.refused, "refused twice")
                stage.refused = True
        with contextlib.suppress(OSError), wire.Client(stage.stack) as client:
            client.send(wire.request("watch"))
            while client.receive()[0] in ("info", "row"):
                pass
        self.ask(stage, b"nonsense", "error")


class Exec(Scene):
    name = "exec"
    about = "a command is run beside a service"

    def play(self, stage, _injector):
        for _ in range(2):
            with contextlib.suppress(OSError), wire.Exec(stage.stack, "a-1", "/bin/true") as session:
                if session.first[0] == "started":
                    kind, about = session.receive()
                    if kind == "exited":
                        return
            check(not stage.refused, "refused twice")
            stage.refused = True


class Probe(Scene):
    name = "probe"
    about = "a service is probed"

    def stage(self):
        self.file = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm")) / "probes"
        self.file.write_text("")
        probe = {"test": ["CMD-SHELL", f"echo >>{self.file}"], "interval": "60ms", "timeout": "5s", "retries": 1000}
        return Stage({"p": service("steady", healthcheck=probe, **QUICK)})

    def play(self, stage, _injector):
        size = self.file.stat().st_size
        wait_until(lambda: self.file.stat().st_size >= size + 3, "three more probes", PATIENCE_S)


class Reload(Scene):
    name = "reload"
    about = "a stack gets a service more, and one less"

    def play(self, stage, _injector):
        stack = stage.stack
        two = {"a": service("steady", **QUICK), "b": service("steady", **QUICK)}
        for services in ({**two, "c": service("steady", **QUICK)}, two):
            stack.write(services)
            first = stack.run("up", "-d", "--remove-orphans", status=None)
            if first.status != 0:
                check(first.status == 1 and first.err, "not told why:", first)
                stage.refused = True
                stack.run("up", "-d", "--remove-orphans")
            wait_until(lambda: bool(stage.has_main("c")) == ("c" in services), "c is there, or gone", PATIENCE_S)


class StartStage(Stage):
    """A stack whose keeper stops before it is one."""

    def __enter__(self):
        self.stack.__enter__()
        self.services = self.stack.cgroup / self.stack.name / "svc"
        gated = self.stack.folder / "programs"
        gated.mkdir()
        for name, source in (("bulkhead", "bulkhead"), ("bulkheadd", "bulkheadd"), ("bulkhead-recorder", "bulkhead-recorder"),
                             ("bulkhead-keeper", "inject/gate")):
            shutil.copy(harness.build / source, gated / name)
        self.stack.programs = gated
        return self

    def begin(self):
        self.refused = False

    def whom(self):
        self.up = self.stack.begin("up", "-d", "--wait")
        self.keeper = wait_until(self.gated, "the keeper stops")
        return ["child", self.keeper]

    def gated(self):
        with contextlib.suppress(OSError, IndexError):
            pid = int(read(self.stack.cgroup / self.stack.name / "keeper" / "cgroup.procs").split()[0])
            return pid if read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[0] == "T" else None
        return None

    def check(self, injector):
        ended = injector.look()
        if ended:
            check(self.refused, "the supervisor has", ended)
            left = [word for word in self.stack.what_is_left() if "process" in word]
            check(not left, "left after a start that failed:", left)
            self.stack.programs = harness.build
            self.stack.up()
            return "refused"
        wait_until(self.is_well, "all services run", PATIENCE_S)
        wait_until(self.is_tidy, "no compartment is left over", ORPHANS_S)
        log = b"\n" + (self.stack.runtime / "journal").read_bytes()
        if any(self.has_main(member)[0] > 1 for member in self.members):
            return "again"
        return "told" if b"\nnote " in log else "unseen"


class Start(Scene):
    name = "start"
    about = "a stack is started"
    lasts = False

    def stage(self):
        return StartStage({"a": service("steady", **QUICK), "b": service("steady", **QUICK)})

    def play(self, stage, _injector):
        kill(stage.keeper, signal.SIGCONT)
        _, told = stage.up.communicate(timeout=PATIENCE_S + 20)
        if stage.up.returncode != 0:
            check(stage.up.returncode == 1 and told, "not told why:", stage.up.returncode, told)
            stage.refused = True


class DownStage(Stage):
    def check(self, injector):
        wait_until(lambda: injector.look(), "the supervisor ends", PATIENCE_S)
        check(injector.look() == "ended 0", "the supervisor has", injector.look())
        left = self.stack.what_is_left()
        check(not left, "left:", left)
        told = read(self.stack.state / "journal")[self.journal_before[1]:]
        return "refused" if self.refused else "told" if "\nnote " in told else "unseen"


class Down(Scene):
    name = "down"
    about = "a stack is taken down"
    lasts = False

    def stage(self):
        return DownStage({"a": service("steady", **QUICK), "b": service("steady", **QUICK)})

    def play(self, stage, _injector):
        first = stage.stack.run("down", status=None)
        if first.status != 0:
            check(first.status == 1 and first.err, "not told why:", first)
            stage.refused = True
            stage.stack.run("down")


SCENES = [Restart(), Unprepared(), Stop(), Stubborn(), Look(), Exec(), Probe(), Reload(), Down(), Start()]
