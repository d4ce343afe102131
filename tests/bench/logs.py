"""Who takes a service's output: our recorder, `cat`, and the loggers of s6 and runit beside them.

A side has one writer (gush.c) on a pipe of the default size, and its reader in a cgroup of its own,
which counts the reader's CPU time. All write into the same tmpfs: no side waits for a disk.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from sides import PATIENCE_S, BenchError, Ours, remove_group, wait_until, words_of

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
POLL_S = 0.002


def make_log_folder():
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    return pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-bench.", dir=parent))


def ends_with(path, line):
    """Is this the last line of the file?"""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 200))
            return file.read().endswith(line)
    except FileNotFoundError:
        return False


def cpu_ns(group):
    for line in (group / "cpu.stat").read_text().splitlines():
        if line.startswith("usage_usec "):
            return int(line.split()[1]) * 1000
    raise BenchError(f"{group} has no usage_usec")


class Log:
    """One writer and its reader. `gush` is its command, `reader_group` the reader's cgroup."""

    def __init__(self, place, name, gush):
        self.place = place
        self.name = name
        self.gush = [str(place.folder / "gush"), *map(str, gush)]
        self.folder = make_log_folder()
        self.rounds = 0

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *_):
        try:
            self.down()
        finally:
            shutil.rmtree(self.folder)

    def round(self):
        """(nanoseconds from the first write until all is in the file, the reader's CPU nanoseconds)"""
        self.rounds += 1
        last = f"end {self.rounds}\n".encode()
        cpu, begun = cpu_ns(self.reader_group), time.monotonic_ns()
        os.kill(self.writer, signal.SIGUSR1)
        while not ends_with(self.file, last):
            if time.monotonic_ns() - begun > PATIENCE_S * 10**9:
                raise BenchError(f"{self.name}: the log is not complete after {PATIENCE_S} s")
            time.sleep(POLL_S)
        taken = time.monotonic_ns() - begun
        found = taken, cpu_ns(self.reader_group) - cpu
        self.tidy()
        return found

    def tidy(self):
        """Makes the next round like this one."""
        os.truncate(self.file, 0)


class PipedLog(Log):
    """A bare reader: `argv` reads stdin and writes `file`."""

    def __init__(self, place, name, gush, argv, file="log", environment=None):
        super().__init__(place, name, gush)
        self.argv = argv
        self.file = self.folder / file
        self._environment = dict(os.environ, **(environment or {}))
        self._group = place.group / name
        self.reader_group = self._group / "reader"
        self._processes = []

    def _start(self, leaf, argv, **pipes):
        (self._group / leaf).mkdir(parents=True)
        shell = f'echo $$ > {self._group / leaf}/cgroup.procs && exec "$@"'
        argv = ["/bin/sh", "-c", shell, "sh", *map(str, argv)]
        self._processes.append(subprocess.Popen(argv, env=self._environment, cwd=self.folder, **pipes))
        return self._processes[-1].pid

    def up(self):
        read_end, write_end = os.pipe()
        with open(self.folder / "out", "ab") as out:
            self._start("reader", self.argv, stdin=read_end, stdout=out)
        self.writer = self._start("writer", self.gush, stdin=subprocess.DEVNULL, stdout=write_end)
        os.close(read_end)
        os.close(write_end)
        wait_until(lambda: b"gush" in pathlib.Path(f"/proc/{self.writer}/cmdline").read_bytes().split(b"\0")[0],
                   "the writer")
        time.sleep(0.1)

    def down(self):
        for process in self._processes:
            process.kill()
            process.wait()
        remove_group(self._group)


class CatLog(PipedLog):
    def __init__(self, place, name, gush):
        super().__init__(place, name, gush, ["/bin/cat"], "out")


class OursWithWriter(Ours):
    """A stack in which gush.c writes, and perhaps the service of the other benchmarks dies."""

    def __init__(self, place, name, gush, log_folder=None):
        super().__init__(place, name)
        self._gush = gush
        if log_folder:
            self._environment["BULKHEAD_STATE_DIR"] = str(log_folder)

    def services(self, count, limit):
        logging = {"options": {"mode": "blocking", "max-size": "1t"}}
        return {**super().services(count, limit), "writer": {"command": self._gush, "logging": logging}}

    def writer(self):
        """Its PID."""
        for folder in self.services_group.glob("s-writer.*"):
            for word in words_of(folder / "cgroup.procs"):
                return int(word)
        raise BenchError("the writer does not run")

    def recorder_group(self):
        return self._group / "recorder"


class OurLog(Log):
    def __init__(self, place, name, gush):
        super().__init__(place, name, gush)
        self._ours = OursWithWriter(place, name, self.gush, self.folder)
        self.file = self.folder / "bench" / "logs" / "writer-1.log"

    def up(self):
        self._ours.up(0)
        self.writer = self._ours.writer()
        self.reader_group = self._ours.recorder_group()

    def down(self):
        self._ours.__exit__()


class S6Log(PipedLog):
    """With a time a line, as ours."""

    def __init__(self, place, name, gush):
        tools = packages("s6")
        super().__init__(place, name, gush, [tools / "usr/bin/s6-log", "T", "n3", "s99999999", "./s6"], "s6/current",
                         {"LD_LIBRARY_PATH": str(tools / "usr/lib/x86_64-linux-gnu")})


class Svlogd(PipedLog):
    def __init__(self, place, name, gush):
        tools = packages("runit")
        super().__init__(place, name, gush, [tools / "usr/bin/svlogd", "-ttt", "./sv"], "sv/current")
        (self.folder / "sv").mkdir()
        (self.folder / "sv" / "config").write_text("s99999999\n")


def packages(name):
    """Where the Debian package is unpacked, below the cache; nothing is installed."""
    cache = pathlib.Path(os.environ.get("BULKHEAD_CACHE") or pathlib.Path.home() / ".cache" / "bulkhead")
    argv = [TOP / "tools" / "unpack-packages", cache / "bench", name]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired as expired:
        raise BenchError(f"package {name}: not there after 120 s") from expired
    if done.returncode:
        raise BenchError(f"package {name}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'cannot be unpacked'}")
    return cache / "bench"
