"""The supervisor is killed while clients talk to it: they go on with its successor, or say what became of them."""

import signal
import time

from harness import QUICK, Stack, check, contains, equal, is_alive, kill, service, test, wait_until


def replace_supervisor(stack):
    """Kills it, and waits for its successor."""
    dead = stack.own_pid("supervisor")
    kill(dead)
    wait_until(lambda: not is_alive(dead), "it is dead")
    wait_until(lambda: stack.own_pid("supervisor") != dead, "the next one")


def ended(process, patience_s=40):
    """(exit status, stdout, stderr) of a command that was begun."""
    out, err = process.communicate(timeout=patience_s)
    return process.returncode, out, err


@test("up in the foreground, logs -f, events and wait go on when the supervisor is killed")
def _():
    with Stack({"a": service("steady", **QUICK), "b": service("/bin/sleep", "1000", restart="no")}) as stack:
        stack.up()
        clients = {words: stack.begin(*words) for words in (("up",), ("logs", "-f", "a"), ("events",), ("wait", "b"))}
        time.sleep(0.5)  # they are connected
        pids = stack.pids()
        replace_supervisor(stack)
        equal(stack.pids(), pids, "the services")
        stack.run("restart", "a")
        kill(stack.pid("b"))
        status, out, err = ended(clients["wait", "b"])
        equal((status, out), (137, "b-1 exited with status code 137\n"), err)
        stack.down()
        for words, process in clients.items():
            if words == ("wait", "b"):
                continue
            status, out, err = ended(process)
            equal(status, 0, f"{words}: {out}{err}")
            check("supervisor" not in err, words, err)
            contains(out + err, "restart" if words == ("events",) else "steady: bye")


@test("up --wait goes on when the supervisor is killed before its services are healthy")
def _():
    probe = {"test": ["CMD", "/usr/bin/test", "-e", "well"], "interval": "200ms", "retries": 1000, "timeout": "20s"}
    with Stack({"a": service("steady", healthcheck=probe)}) as stack:
        stack.file.write_text(stack.file.read_text().replace('"well"', f'"{stack.folder}/well"'))
        up = stack.begin("up", "-d", "--wait")
        wait_until(lambda: stack.runtime.exists() and stack.run("ps", "-a", status=None).status == 0, "the stack")
        wait_until(lambda: stack.row("a")["State"] == "running", "a runs")
        replace_supervisor(stack)
        (stack.folder / "well").touch()
        status, out, err = ended(up)
        equal(status, 0, out + err)
        equal(stack.row("a")["Health"], "healthy")
        stack.down()


@test("stop, restart and down are carried out by the next supervisor when theirs is killed meanwhile")
def _():
    stubborn = service("steady", "ignore-term", stop_grace_period="2s", **QUICK)
    with Stack({"a": stubborn, "b": service("steady")}) as stack:
        stack.up()
        pids = stack.pids()
        for verb in ("stop", "restart"):
            command = stack.begin(verb, "a")
            wait_until(lambda: stack.row("a")["State"] == "stopping", "a is stopping")
            replace_supervisor(stack)
            status, out, err = ended(command)
            equal(status, 0, f"{verb}: {out}{err}")
            equal(stack.row("a")["State"], {"stop": "exited", "restart": "running"}[verb])
            stack.run("start", "a")
        equal(stack.pid("b"), pids["b-1"])
        equal(stack.row("a")["Generation"], 3)
        command = stack.begin("down")
        wait_until(lambda: stack.row("a")["State"] == "stopping", "a is stopping")
        replace_supervisor(stack)
        equal(ended(command)[0], 0)


@test("a command comes while there is no supervisor: it waits for the next one")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        pids = stack.pids()
        keeper = stack.own_pid("keeper")
        kill(keeper, signal.SIGSTOP)
        kill(stack.own_pid("supervisor"))
        command = stack.begin("ps", "-q")
        time.sleep(1)
        check(command.poll() is None, "it did not wait")
        kill(keeper, signal.SIGCONT)
        status, out, err = ended(command)
        equal((status, out), (0, "a-1\n"), err)
        equal(stack.pids(), pids)
        stack.down()


@test("exec says that its supervisor has died, and the process ends")
def _():
    with Stack({"a": service("steady")}) as stack:
        stack.up()
        session = stack.begin("exec", "-T", "a", "/bin/sleep", "1000")
        beside = wait_until(lambda: [path for path in (stack.cgroup / stack.name / "svc").glob("exec-*")], "the process")[0]
        replace_supervisor(stack)
        status, out, err = ended(session)
        equal(status, 1, out + err)
        contains(err, "the stack's supervisor has died")
        wait_until(lambda: not beside.exists(), "its compartment is gone")
        stack.down()
