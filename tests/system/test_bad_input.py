"""Each thing that can be wrong with a stack file, a host or a folder: a clear error, and nothing left behind."""

import contextlib
import os
import pathlib
import resource
import subprocess

from harness import (QUICK, Stack, check, contains, equal, has_memory, is_alive, kill, read, service, test, wait_until,
                     with_rlimit)


def refused(text, *words, status=2):
    """`up` of this stack file fails with these words, and config too where the file alone is at fault."""
    with Stack(text) as stack:
        result = stack.up(status=status)
        contains(result.err, *words)
        check(not result.out, "on stdout:", result)
        check(not stack.runtime.exists(), "a runtime folder is left")
        check(not (stack.cgroup / stack.name).exists(), "a cgroup is left")


@test("a stack file that is not there, is a folder, or is empty")
def _():
    with Stack({"a": service("steady")}) as stack:
        text = stack.file.read_text()
        stack.file.unlink()
        contains(stack.up(status=2).err, "bulkhead.yaml", "No such file")
        stack.file.mkdir()
        contains(stack.up(status=2).err, "bulkhead.yaml")
        stack.file.rmdir()
        stack.file.write_text("")
        contains(stack.up(status=2).err, "bulkhead.yaml")
        stack.file.write_text(text)


@test("invalid YAML, an unknown key, a wrong type: file, line, column and what was meant")
def _():
    refused("name: NAME\nservices:\n  a: [\n", "bulkhead.yaml:")
    refused("name: NAME\nservices:\n  a:\n    command: /bin/true\n    mem_limt: 5m\n", "bulkhead.yaml:5:5", "mem_limt", "mem_limit")
    refused("name: NAME\nservices:\n  a:\n    command: /bin/true\n    mem_limit: lots\n", "bulkhead.yaml:5:16", "lots")
    refused("name: NAME\nservices:\n  a:\n    command: /bin/true\n    depends_on: [nobody]\n", "bulkhead.yaml:5", "nobody")
    refused("name: NAME\nservices:\n  a:\n    command: /bin/true\n    privileged: true\n", "bulkhead.yaml:5", "privileged")
    refused("name: NAME\nservices:\n  a:\n    command: /bin/true\n  a:\n    command: /bin/true\n", "bulkhead.yaml:5")
    refused("name: NAME\nservices:\n  a:\n    command: /bin/true\n    depends_on: {b: {condition: service_healthy}}\n  b:\n"
            "    command: /bin/true\n", "service_healthy")
    refused("\0\1\2\xff", "bulkhead.yaml:")


@test("all findings of a file come in one go")
def _():
    refused("name: NAME\nservices:\n  a:\n    command: /bin/true\n    mem_limt: 5m\n    cpuss: 1\n", ":5:5", ":6:5")


@test("a program, folder or user that is not there: refused by name before anything is started")
def _():
    top = "name: NAME\nservices:\n  a:\n    command: "
    refused(top + "/nonexistent/program\n", "bulkhead.yaml:4", "/nonexistent/program")
    refused(top + "no-such-program\n", "bulkhead.yaml:4", "no-such-program", "PATH")
    refused(top + "/etc/passwd\n", "/etc/passwd", "not executable")
    refused(top + "/bin/true\n    working_dir: /nonexistent\n", "bulkhead.yaml:5", "/nonexistent")
    refused(top + "/bin/true\n    user: nobody-knows\n", "bulkhead.yaml:5", "nobody-knows")


@test("a dependency cycle is refused, and told as a way round")
def _():
    refused("name: NAME\nservices:\n  a: {command: /bin/true, depends_on: [b]}\n  b: {command: /bin/true, depends_on: [c]}\n"
            "  c: {command: /bin/true, depends_on: [a]}\n", "bulkhead.yaml:", "a -> b -> c -> a")


@test("a program that vanishes before its start is `spawn-failed`, with step and errno, and hurts nobody")
def _():
    with Stack({"a": service("steady"), "b": {"command": ["./b"], "restart": "no"}}) as stack:
        program = stack.folder / "b"
        program.write_text("#!/nonexistent/interpreter\n")
        program.chmod(0o755)
        stack.run("up", "-d")
        stack.wait("die", "b", verdict="spawn-failed")
        contains(stack.run("why", "b").out, "exec", "No such file or directory")
        stack.running("a")


@test("up of a stack that runs already leaves it alone and says so")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        before = stack.pids()
        result = stack.up(status=None)
        contains(result.err, "a-1  unchanged")
        equal(stack.pids(), before)
        equal(len(stack.deaths()), 0)


@test("a stale runtime folder is no obstacle, whatever is in it")
def _():
    with Stack({"a": service("steady")}) as stack:
        (stack.runtime / "fifo").mkdir(parents=True)
        for name, text in (("lock", ""), ("plan", "no plan\n" * 100), ("control", ""), ("journal", "\0\xff broken"),
                           ("fifo/a-1.out", "a file")):
            (stack.runtime / name).write_text(text)
        stack.journals = ("journal",)  # the one before is what was written here
        stack.up()
        equal(stack.row("a")["State"], "running")
        check(stack.events(), "no events")


@test("down ends what SIGKILLed keeper and supervisor left over")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        kill(stack.own_pid("keeper"))
        kill(stack.own_pid())
        stack.down()


@contextlib.contextmanager
def small_disk(path, size="256k"):
    path.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "small", str(path)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def fill(path):
    with contextlib.suppress(OSError), open(path / "filler", "ab", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


@test("a full disk under the state folder costs log lines and nothing else")
def _():
    # what is mounted must be gone before the Stack looks for what is left
    with Stack({"a": service("chatter", 2000, 500), "b": service("steady", **QUICK)}) as stack:
        stack.journals = ()  # there is no room for the archived journal
        with small_disk(stack.folder / "state"):
            stack.up()
            fill(stack.folder / "state")
            before = stack.pid("b")
            kill(before)
            stack.running("b", other_than=before)
            stack.down()


@test("a full disk under the runtime folder: up says so and leaves nothing")
def _():
    with Stack({"a": service("steady")}) as stack:
        with small_disk(stack.folder / "run", "16k"):
            fill(stack.folder / "run")
            result = stack.up(status=1)
            contains(result.err, "No space left on device")


@test("too few file descriptors to hold the stack: up says so and leaves nothing")
def _():
    with Stack({f"s{number:02}": service("steady") for number in range(30)}) as stack:
        contains(stack.up(status=1, before=with_rlimit(resource.RLIMIT_NOFILE, 40)).err, "Too many open files")
        check(not stack.runtime.exists(), "a runtime folder is left")


@test("no file descriptors left for more services: each says so, who runs goes on, and down works")
def _():
    with Stack({f"s{number:02}": service("steady", **QUICK) for number in range(30)}) as stack:
        result = stack.up(status=1, before=with_rlimit(resource.RLIMIT_NOFILE, 114))
        contains(result.err, "Too many open files")
        stack.wait("die", verdict="spawn-failed", count=60)  # each had its turn by then
        rows = stack.ps()
        running = {name: row["Pid"] for name, row in rows.items() if row["State"] == "running"}
        check(0 < len(running) < 30, "running:", len(running))
        equal({row["Verdict"] for name, row in rows.items() if name not in running}, {"spawn-failed"})
        equal({name: row["Pid"] for name, row in stack.ps().items() if name in running}, running)


@test("a limit that this host cannot enforce is refused by name, with why and the remedy", needs="no-memory")
def _():
    refused("name: NAME\nservices:\n  a:\n    command: /bin/true\n    mem_limit: 64m\n", "bulkhead.yaml:5", "mem_limit", "v1",
            status=2)
    refused("name: NAME\nservices:\n  a:\n    command: /bin/true\n    pids_limit: 10\n", "bulkhead.yaml:5", "pids_limit", status=2)


@test("a stack without limits runs on a v2 hierarchy without controllers", needs="no-memory")
def _():
    check(not has_memory())
    with Stack({"a": service("steady", **QUICK)}) as stack:
        stack.up()
        kill(stack.pid("a"))
        stack.wait("die", "a", verdict="killed")
        stack.wait("start", "a")


@test("make install: the installed programs run a stack from their own folder", needs="make")
def _():
    with Stack({"a": service("steady")}) as stack:
        destination = stack.folder / "root"
        done = subprocess.run(["make", "-s", "install", f"DESTDIR={destination}"], cwd=pathlib.Path(__file__).parents[2],
                              capture_output=True, text=True, check=False)
        equal(done.returncode, 0, done.stderr)
        stack.programs = destination / "usr" / "local" / "bin"
        stack.up()
        command = read(f"/proc/{stack.own_pid()}/cmdline").split("\0")[0]
        contains(os.readlink(f"/proc/{stack.own_pid()}/exe") + command, str(destination))
        check((destination / "usr/local/share/man/man1/bulkhead.1").is_file(), "no manual page")
        stack.down()


@test("bad input: a stack file with errors: verbs that only need the name go on with the stack of that folder")
def _():
    with Stack({"web": service("steady"), "bad": service("/bin/sh", "-c", "exit 3", restart="no")}) as stack:
        stack.run("up", "-d")
        stack.wait("die", "bad")
        good = stack.file.read_text()
        for broken in ("services: [", good.replace('"restart"', '"restrat"'), "", good.replace(stack.name, "another name")):
            stack.file.write_text(broken)
            for words in (("ps", "-a"), ("why", "bad"), ("logs",), ("events", "--until", "now"), ("stop", "web"), ("start", "web")):
                result = stack.run(*words)
                contains(result.err, "bulkhead.yaml", f'going on with stack "{stack.name}"')
            contains(stack.run("why", "bad").out, "exited with code 3")
            stack.run("up", "-d", status=2)  # what needs the file does not go on
            stack.run("config", "-q", status=2)
        stack.run("down", "-t", "1")
        contains(stack.run("why", "bad").out, "exited with code 3")  # the last one that ran from there
        stack.run("ps", status=1)
        stack.file.write_text(good)


@test("bad input: a stack file with errors: where two stacks were started from one folder, it is not guessed")
def _():
    with Stack({"web": service("steady")}) as stack:
        other = f"{stack.name}-b"
        stack.up()
        stack.run("-p", other, "up", "-d", "--wait")
        good = stack.file.read_text()
        stack.file.write_text("services: [")
        result = stack.run("ps", status=2)
        check("going on" not in result.err, result)
        stack.run("-p", other, "down", "-t", "1")
        contains(stack.run("ps").err, f'going on with stack "{stack.name}"')  # of the two only that one runs
        stack.file.write_text(good)
