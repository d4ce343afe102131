"""One member's log, read with its rotations, against what write(2) took of it (scribe.c)."""

import re

HEAD_BYTES = len("2026-11-22T08:51:00.123456789Z stdout F ")
LINE = re.compile(rb"scribe (\d+) (\d+) (x*)")
MARKER = b"bulkhead: "
TWICE = b"bulkhead: the recorder was killed: what follows may be here twice"
LOST = re.compile(rb"bulkhead: ([0-9,]+) lines? lost: ")
BLOCK_LINES = 4096 // len("scribe 0 0 \n") + 1  # that one write(2) may have taken without being counted


class Audit:
    """Counts; all but the first three are to be 0, or small."""

    def __init__(self, logs, name, form, taken):
        self.files = self.lines = self.deaths = 0
        self.marks = self.doubled = self.doubled_bytes = self.doubled_most = self.torn = 0
        self.lost = self.strange = self.unmarked = self.unexplained = 0
        self._taken = taken
        self._slack = 1 if form == "line" else BLOCK_LINES
        self._at = (0, 0)  # incarnation and number of the next line
        self._cut = self._explained = self._fragment = False
        self._since_mark = None  # bytes that were there before
        for path in sorted(logs.glob(f"{name}.log*"), key=age, reverse=True):
            self.files += 1
            with open(path, "rb") as file:
                for line in file:
                    self._take(line)
        self._end()

    def _take(self, line):
        self._read(line[HEAD_BYTES:-1], line[31:37])

    def _read(self, text, stream):
        found = LINE.fullmatch(text)
        fragment, self._fragment = self._fragment, False
        if stream == b"stderr":
            self._read_marker(text)
        elif fragment and not self._is_whole(found):
            self._read_again(len(text) + 1)  # the recorder was killed while it took these out: half of a line was left
        elif not found:
            self.torn += 1
            self._cut = True
        else:
            self._read_line(int(found[1]), int(found[2]), len(found[3]), len(text) + 1)

    def _is_whole(self, found):
        return found and int(found[1]) < len(self._taken) and len(found[3]) == int(found[2]) * 7919 % 61

    def _read_marker(self, text):
        lost = LOST.match(text)
        if text == TWICE:
            self.marks += 1
            self._since_mark = 0
            self._fragment = True
        elif lost:
            self.lost += int(lost[1].replace(b",", b""))
        elif text.startswith(MARKER):
            self._explained = True

    def _read_line(self, incarnation, number, filling, length):
        if filling != number * 7919 % 61 or incarnation >= len(self._taken):
            is_cut = (incarnation, number) == self._at
            self.torn += is_cut
            self.strange += not is_cut
            self._cut |= is_cut
            return
        if (incarnation, number) < self._at:
            self._read_again(length)
            return
        if incarnation > self._at[0]:
            self._bury(incarnation)
        elif self._cut:
            self.strange += 1  # only the last line of an incarnation may be cut
        self.lost += number - self._at[1]
        self.lines += 1
        self._at = (incarnation, number + 1)
        self._cut = False

    def _read_again(self, length):
        self.doubled += 1
        self.doubled_bytes += length
        if self._since_mark is None:
            self.unmarked += 1
            return
        self._since_mark += length
        self.doubled_most = max(self.doubled_most, self._since_mark)

    def _bury(self, next_one):
        """The incarnation ended; so did those that are not in the log at all."""
        self._settle()
        for incarnation in range(self._at[0] + 1, next_one):
            self.lost += self._taken[incarnation]
        self.deaths += next_one - self._at[0]
        self.unexplained += not self._explained
        self._explained = False
        self._at = (next_one, 0)

    def _settle(self):
        taken = self._taken[self._at[0]]
        self.lost += max(0, taken - self._at[1])
        self.strange += self._at[1] > taken + self._slack

    def _end(self):
        self._settle()
        self.deaths += len(self._taken) - 1 - self._at[0]
        self.lost += sum(self._taken[self._at[0] + 1:])


def age(path):
    """0 for the current file, higher the older it is."""
    return int(path.suffix[1:]) if path.suffix != ".log" else 0
