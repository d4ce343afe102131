"""The supervisor is killed: how long until its successor answers, and what a busy service notices of it."""

import contextlib
import mmap
import os
import pathlib
import shutil
import signal
import socket
import statistics
import struct
import sys
import time

from figures import absolute, percentile
from sides import PATIENCE_S, BenchError, Ours, wait_until

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "system"))
import wire  # noqa: E402

BEATS = 1048576  # of pulse.c
GOAL_MS = 100
BEATS_LEAST = 1000


class Pulse:
    """The ring of pulse.c."""

    def __init__(self, place):
        self.path = place.folder / "pulse.ring"
        self.path.write_bytes(bytes(8 * (BEATS + 1)))
        with open(self.path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        shutil.copy(place.build / "bench" / "pulse", place.folder)
        self.command = [str(place.folder / "pulse"), str(self.path)]

    def count(self):
        return struct.unpack_from("=Q", self._memory, 0)[0]

    def late_ms(self, first, last):
        """p99.9 of those beats."""
        numbers = [struct.unpack_from("=q", self._memory, 8 + 8 * (beat % BEATS))[0] for beat in range(first, last)]
        return percentile(numbers, 0.999) / 1e6


class OursWithPulse(Ours):
    def __init__(self, place, name, pulse):
        super().__init__(place, name)
        self._pulse = pulse

    def services(self, count, limit):
        return {**super().services(count, limit), "pulse": {"command": self._pulse.command}}

    def supervisor(self):
        return next(iter(self._pids_in("supervisor")), 0)

    def ask_successor(self, count, dead):
        """Until somebody tells the whole table."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asked:
                asked.settimeout(PATIENCE_S)
                asked.connect(str(self.control))
                asked.send(wire.request("ps"))
                frames = [asked.recv(4096) for _ in range(count + 2)]  # the head, the members, the end
                if all(frames) and struct.unpack_from("=i", frames[0], 8)[0] != dead:
                    return time.monotonic_ns()
            time.sleep(0.0002)
        raise BenchError(f"no supervisor answers within {PATIENCE_S} s")

    def timed_adoption(self, count):
        """Nanoseconds from SIGKILL to the answer."""
        dead = self.supervisor()
        killed = time.monotonic_ns()
        os.kill(dead, signal.SIGKILL)
        answered = self.ask_successor(count, dead)
        wait_until(lambda: self.supervisor() not in (0, dead), "the next supervisor")
        return answered - killed


def adopt(bench):
    """From SIGKILL of the supervisor to its successor's first answer."""
    count = bench.size.adopted
    pulse = Pulse(bench.place)
    with OursWithPulse(bench.place, "ours", pulse) as ours:
        ours.up(count, bench.limit)
        births = ours.ring.count()
        wait_until(pulse.count, "the first beat")
        samples, beats = [], {"quiet": [], "killed": []}
        for turn in range(bench.size.adoptions):
            bench.say(f"the supervisor of {count} services is killed, {turn + 1} of {bench.size.adoptions}")
            for phase, found in beats.items():
                first = pulse.count()
                if phase == "killed":
                    samples.append(ours.timed_adoption(count + 1))
                wait_until(lambda first=first: pulse.count() >= first + BEATS_LEAST, "its beats")
                found.append(pulse.late_ms(first, pulse.count()))
        if ours.ring.count() != births:
            raise BenchError(f"{ours.ring.count() - births} services were started again")
    name = f"the supervisor of {count} services is killed"
    plain = bench.place.name != "guest"
    yield absolute(f"{name}: its successor answers, median", "ms", statistics.median(samples) / 1e6, goal=GOAL_MS if plain else None, runs=len(samples))
    yield absolute(f"{name}: its successor answers, worst", "ms", max(samples) / 1e6, runs=len(samples))
    yield absolute(f"{name}: lateness of a busy service, p99.9, and while all is quiet", "ms", statistics.median(beats["killed"]),
                   statistics.median(beats["quiet"]), runs=len(samples))
