"""stdin that stays open, and a terminal for a service that wants one."""

from harness import QUICK, Stack, check, contains, equal, kill, program, read, service, test, wait_until


def log(stack, name):
    path = stack.state / "logs" / f"{name}-1.log"
    return read(path) if path.exists() else ""


@test("stdin_open: what is written into fifo/NAME.in is what the program reads, and it sees no end")
def _():
    with Stack({"echo": service("/bin/sh", "-c", "while read -r word; do echo heard $$word; done; echo end", stdin_open=True, user="1234:1234", working_dir="/"),
                "shut": service("/bin/sh", "-c", "cat; echo nothing; exec sleep 1000")}) as stack:
        stack.up()
        for word in ("one", "two"):
            with open(stack.runtime / "fifo" / "echo-1.in", "w") as fifo:
                fifo.write(f"{word}\n")
            wait_until(lambda word=word: f"heard {word}" in log(stack, "echo"), f"it heard {word}")
        check("end" not in log(stack, "echo"))
        wait_until(lambda: "nothing" in log(stack, "shut"), "the other has /dev/null")
        equal(stack.deaths(), [])


@test("tty: the program has a terminal of its own, owned by its user, and its output is in the log")
def _():
    script = "id -u; tty </dev/tty; for fd in 0 1 2; do test -t $$fd && echo fd $$fd; done; echo more >/dev/stdout; exec sleep 1000"
    with Stack({"tty": service("/bin/sh", "-c", script, tty=True, user="1234:1234", working_dir="/", **QUICK)}) as stack:
        stack.up()
        wait_until(lambda: "more" in log(stack, "tty"), "it has spoken")
        words = [" ".join(line.split(" ")[3:]) for line in log(stack, "tty").splitlines()]
        equal(words, ["1234", "/dev/tty", "fd 0", "fd 1", "fd 2", "more"])
        old = stack.pid("tty")
        kill(old)
        stack.running("tty", other_than=old)
        wait_until(lambda: log(stack, "tty").count("more") == 2, "the next one has a terminal, too")
        contains(log(stack, "tty"), "bulkhead: killed with SIGKILL")


@test("tty: a flood is whole and in order, and the last words before the end are there")
def _():
    with Stack({"tty": {**service(program("chatter"), 20000, 30, tty=True)},
                "last": {**service("/bin/sh", "-c", "echo first; printf last; exit 3", tty=True), "restart": "no"}}) as stack:
        stack.run("up", "-d")
        wait_until(lambda: "chatter 19999 " in log(stack, "tty"), "the last line")
        found = [int(line.split()[4]) for line in log(stack, "tty").splitlines()]
        check(found == list(range(20000)), len(found), "lines, not 0 to 19999 in order")
        wait_until(lambda: "bulkhead: " in log(stack, "last"), "the other's end is told")
        text = log(stack, "last")
        check(text.index("first") < text.index("last") < text.index("bulkhead: "), text)


# A beginning of a line that stays in the FIFO, and then more in one write than there is room for.
GREEDY = """import os, time
for _ in range(5):
    os.write(1, b'begun ')
    time.sleep(0.2)
    os.write(1, (b'x' * 99 + b'\\n') * 4000)
os.write(1, b'done\\n')
time.sleep(1000)"""


@test("an unfinished line does not hold up who goes on with more than the FIFO has room for")
def _():
    with Stack({"a": {"command": ["/usr/bin/python3", "-c", GREEDY], "logging": {"options": {"mode": "blocking"}}}}) as stack:
        stack.up()
        log = stack.state / "logs" / "a-1.log"
        wait_until(lambda: log.is_file() and " F done\n" in read(log), "all is written")
        equal(sum(line.endswith("F begun " + "x" * 99) for line in read(log).splitlines()), 5)
        equal(read(log).count("F " + "x" * 99), 5 * 3999)
        stack.down()
