"""What the system tests are made of: a stack, run by the real programs, in folders of its own.

    @test("the leaker dies alone", needs="memory")
    def _():
        with Stack({"a": service("steady")}) as stack:
            stack.up()
            ...

A test waits for an event, never for a length of time. When a Stack is left, it is taken down, its
journal is replayed (the decisions must come out the same), and nothing of it may be left: no cgroup,
no runtime folder, no process, no mount.
"""

import contextlib
import json
import os
import pathlib
import resource
import select
import shutil
import signal
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 40  # for one thing to happen, on a slow emulated machine
MIB = 1024 * 1024

build = TOP / "build" / "release"  # set by run
cgroup_mount = None  # set by run
tests = []


class Failed(AssertionError):
    pass


class Test:
    def __init__(self, name, function, needs):
        self.name = name
        self.function = function
        self.needs = needs  # "nothing", "memory" (a v2 memory controller), "no-memory", or "make" (slow in a guest)


def test(name, needs="nothing"):
    def add(function):
        tests.append(Test(name, function, needs))
        return function
    return add


def check(condition, *about):
    if not condition:
        raise Failed(" ".join(str(word) for word in about))


def equal(found, wanted, about=""):
    check(found == wanted, about, f"found {found!r}, wanted {wanted!r}")


def contains(text, *words):
    for word in words:
        check(word in text, f"no {word!r} in:\n{text}")


def wait_until(condition, what, patience_s=PATIENCE_S):
    """For what no event announces (a file, a counter of the kernel)."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise Failed(f"waited {patience_s} s in vain: {what}")


def program(name):
    return str(build / "system" / name)


def service(command, *arguments, **keys):
    """A service that runs one of tests/system/programs (or a command with a slash)."""
    path = command if "/" in command else program(command)
    return {"command": [path, *[str(word) for word in arguments]], **keys}


# A leak that meets 16 MiB in a fraction of a second, and a back-off that does not hold the test up.
QUICK = {"x-bulkhead": {"backoff": {"initial": "20ms", "factor": 1, "max": "20ms", "jitter": 0}}}


def leaker(limit="16m", step=2 * MIB, pause_ms=2, **keys):
    return service("leak", step, pause_ms, mem_limit=limit, **QUICK, **keys)


def read(path):
    return pathlib.Path(path).read_text(errors="replace")


def is_alive(pid):
    try:
        return read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def kill(pid, signal_number=signal.SIGKILL):
    """os.kill, but never of a whole group: a service that does not run has PID 0."""
    check(pid > 1, "no process to kill:", pid)
    os.kill(pid, signal_number)


def mounts():
    return [line.split()[4] for line in read("/proc/self/mountinfo").splitlines()]


def processes_of(text):
    """PIDs of our own programs whose command line holds the text."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes().split(b"\0")
            if b"bulkhead" in command[0] and text.encode() in command:
                found.append(int(folder.name))
    return found


class Result:
    def __init__(self, argv, done):
        self.argv = argv
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def __str__(self):
        return f"{' '.join(self.argv)}\nexit status {self.status}\nstdout: {self.out}\nstderr: {self.err}"


class Stack:
    count = 0

    def __init__(self, services, name=None, cgroup=None, **top):
        """`services`: a mapping, or the text of the whole file (NAME is replaced). `cgroup`: see BULKHEAD_CGROUP."""
        Stack.count += 1
        self.name = name or f"t{os.getpid()}-{Stack.count}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-test.", dir="/dev/shm"))
        self.file = self.folder / "bulkhead.yaml"
        self.runtime = self.folder / "run" / self.name
        self.state = self.folder / "state" / self.name
        self.environment = dict(os.environ, NO_COLOR="1", BULKHEAD_RUNTIME_DIR=str(self.folder / "run"),
                                BULKHEAD_STATE_DIR=str(self.folder / "state"))
        if not cgroup and not is_ours():
            cgroup = own_root()
        if cgroup:
            self.environment["BULKHEAD_CGROUP"] = str(cgroup)
        self.cgroup = pathlib.Path(cgroup or cgroup_mount / "bulkhead")
        self.programs = build
        self.journals = ("journal.1", "journal")  # that must replay in the end
        self._mounts = mounts()
        self._events = None
        self._begun = []
        self.write(services, **top)

    def write(self, services, **top):
        if isinstance(services, str):
            self.file.write_text(services.replace("NAME", self.name))
        else:
            self.file.write_text(json.dumps({"name": self.name, **top, "services": services}, indent=1))

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind:
                error.told = self.story()
            self.finish(is_good=kind is None)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- asking

    def run(self, *words, status=0, stdin=None, before=None, patience_s=PATIENCE_S):
        """One command of bulkhead; `status` None: any. `before` runs in the child before exec."""
        argv = [str(self.programs / "bulkhead"), "-f", str(self.file), *words]
        try:
            done = subprocess.run(argv, env=self.environment, cwd=self.folder, input=stdin or "", text=True, errors="replace",
                                  capture_output=True, timeout=patience_s, preexec_fn=before, check=False)
        except subprocess.TimeoutExpired as expired:
            raise Failed(f"{' '.join(words)}: still running after {patience_s} s: {expired.stderr}") from expired
        result = Result(argv, done)
        if status is not None:
            check(result.status == status, f"wanted exit status {status}:", result)
        return result

    def begin(self, *words):
        """A command that is not waited for; it is ended with the stack."""
        argv = [str(self.programs / "bulkhead"), "-f", str(self.file), *words]
        self._begun.append(subprocess.Popen(argv, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return self._begun[-1]

    def up(self, *services, status=0, **options):
        return self.run("up", "-d", "--wait", *services, status=status, **options)

    def _rows(self):
        return [json.loads(line) for line in self.run("ps", "-a", "--format", "json").out.splitlines()]

    def ps(self):
        """{instance's name: its row}; without incarnations that were left behind, which come last."""
        return {row["Name"]: row for row in reversed(self._rows())}

    def left(self):
        """Rows of incarnations that do not end."""
        return [row for row in self._rows() if "Quarantine" in row]

    def row(self, service):
        return self.ps()[f"{service}-1"]

    def pid(self, service):
        return self.row(service)["Pid"]

    def running(self, service, other_than=None):
        """Its PID once it runs (as another process than before)."""
        def pid():
            row = self.row(service)
            return row["State"] == "running" and row["Pid"] != other_than and row["Pid"]
        return wait_until(pid, f"{service} runs")

    def pids(self):
        return {name: row["Pid"] for name, row in self.ps().items()}

    def logs(self, *words):
        result = self.run("logs", *words)
        return result.out + result.err

    def own_log(self):
        """What our own programs had to say."""
        path = self.state / "logs" / "bulkhead.log"
        return read(path) if path.is_file() else ""

    def compartment(self, service):
        row = self.row(service)
        check(row.get("Cgroup"), "no Cgroup in", row)
        path = pathlib.Path(row["Cgroup"])
        return path if str(path).startswith(str(cgroup_mount)) else cgroup_mount / str(path).lstrip("/")

    def own_pid(self, leaf="supervisor"):
        """The one process of our own in that leaf of the stack: keeper, supervisor or recorder."""
        return int(wait_until(lambda: read(self.cgroup / self.name / leaf / "cgroup.procs").split(), leaf)[0])

    # --- events

    def events(self):
        """All events since the supervisor started."""
        result = self.run("events", "--json", "--since", "1970-01-01T00:00:00Z", "--until", "now")
        return [json.loads(line) for line in result.out.splitlines()]

    def deaths(self, service=None):
        return [event for event in self.events() if event["action"] == "die" and service in (None, event["service"])]

    def verdicts(self, service=None):
        return [event["attributes"]["verdict"] for event in self.deaths(service)]

    def follow(self):
        """Starts to follow the events, from the first one on; what wait() reads."""
        self._events = Follower(self)

    def wait(self, action, service=None, count=1, patience_s=PATIENCE_S, **attributes):
        """Reads on in the events until `count` of this kind have come; the last of them."""
        if not self._events:
            self.follow()

        def is_it(event):
            return (event["action"] == action and service in (None, event["service"]) and
                    all(event["attributes"].get(key) == value for key, value in attributes.items()))
        for _ in range(count):
            event = self._events.next(is_it, f"{action} {service or ''} {attributes or ''}", patience_s)
        return event

    # --- the end

    def down(self, *words):
        return self.run("down", *words)

    def story(self):
        """What helps to understand a failure."""
        parts = []
        for title, path in (("own log", self.state / "logs" / "bulkhead.log"), ("journal", self.runtime / "journal"),
                            ("archived journal", self.state / "journal")):
            with contextlib.suppress(OSError):
                parts += [f"--- {title}:", *read(path).splitlines()[-25:]]
        return parts

    def finish(self, is_good):
        if self._events:
            self._events.close()
        for process in self._begun:
            process.kill()
            process.communicate()
        done = self.run("-p", self.name, "down", "-t", "2", status=0 if is_good else None)
        left = self.what_is_left()
        if left:
            self.sweep()
        if is_good:
            check(not left, "left behind after down:", left, done)
            self.replay()

    def replay(self):
        """The journal, fed to the same policy, gives the same decisions."""
        for name in self.journals:
            path = self.state / name
            if path.is_file() and path.stat().st_size:
                self.run("replay", str(path))

    def what_is_left(self):
        left = [str(path) for path in (self.cgroup / self.name, self.runtime) if path.exists()]
        left += [f"process {pid}" for pid in processes_of(self.name)]
        return left + [f"mount {path}" for path in mounts() if path not in self._mounts]

    def sweep(self):
        """After a failure: the next test is to start on a clean floor."""
        root = self.cgroup / self.name
        for pid in processes_of(self.name):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            (root / "cgroup.kill").write_text("1")
        for _ in range(50):
            remove_cgroup(root)
            if not root.exists():
                return
            time.sleep(0.1)


class Follower:
    """`bulkhead events --json`, read event by event."""

    def __init__(self, stack):
        argv = [str(stack.programs / "bulkhead"), "-f", str(stack.file), "events", "--json", "--since", "1970-01-01T00:00:00Z"]
        self._process = subprocess.Popen(argv, env=stack.environment, cwd=stack.folder, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._bytes = b""

    def next(self, is_it, what, patience_s):
        deadline = time.monotonic() + patience_s
        while True:
            while b"\n" in self._bytes:
                line, self._bytes = self._bytes.split(b"\n", 1)
                event = json.loads(line)
                if is_it(event):
                    return event
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                raise Failed(f"waited {patience_s} s in vain for the event: {what}")
            more = os.read(self._process.stdout.fileno(), 65536)
            if not more:
                raise Failed(f"the events ended before: {what}: {self._process.stderr.read().decode()}")
            self._bytes += more

    def close(self):
        self._process.kill()
        self._process.communicate()


# --- cgroups of the test's own

def is_ours():
    """Is the whole hierarchy there for us, as in the guest? Then bulkhead finds its place by itself."""
    return has_memory() and not os.path.exists("/run/systemd/system")


def own_root():
    """On a machine that others use too: a cgroup of our own, for BULKHEAD_CGROUP; run removes it."""
    root = cgroup_mount / f"bulkhead-test.{os.getpid()}"
    root.mkdir(exist_ok=True)
    return root


def has_memory():
    return "memory" in read(cgroup_mount / "cgroup.controllers").split()


def remove_cgroup(root):
    if root.is_dir():
        for folder, _, _ in os.walk(root, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)


@contextlib.contextmanager
def enclosing_cgroup(hand_down="+memory +pids +cpu", **limits):
    """A cgroup with limits, and in it the one for BULKHEAD_CGROUP; memory_max="48M" sets memory.max."""
    outer = cgroup_mount / f"enclosing.{os.getpid()}"
    inner = outer / "inner"
    if has_memory():
        (cgroup_mount / "cgroup.subtree_control").write_text("+memory +pids +cpu")
    inner.mkdir(parents=True)
    try:
        if hand_down:
            (outer / "cgroup.subtree_control").write_text(hand_down)
        for name, value in limits.items():
            (outer / name.replace("_", ".")).write_text(value)
        yield inner
    finally:
        with contextlib.suppress(OSError):
            (outer / "cgroup.kill").write_text("1")
        wait_until(lambda: remove_cgroup(outer) or not outer.exists(), f"{outer} to empty", 10)


# --- what a child does before exec

def with_rlimit(which, value):
    return lambda: resource.setrlimit(which, (value, value))


def in_cgroup(path):
    return lambda: pathlib.Path(path, "cgroup.procs").write_text("0")
