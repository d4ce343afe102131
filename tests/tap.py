"""TAP, read strictly: whatever a suite does not say clearly is a failure.

A suite that crashes, promises no plan, breaks its plan, numbers its tests wrongly, or ends with a
status that its tests do not explain has failed, whatever its tests said. A skip is accepted only for
what cannot be had: the data in ../shared, where it is not there.
"""

import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parent.parent
SHARED = TOP.parent / "shared"

PLAN = re.compile(r"1\.\.(\d+)\s*(?:#\s*skip\S*\s*(.*))?$", re.IGNORECASE)
POINT = re.compile(r"(not )?ok\b\s*(\d+)?\s*(.*)$")
SKIP = re.compile(r"(.*?)\s*(?<!\\)#\s*skip\S*\s*(.*)$", re.IGNORECASE)

DETAIL_LINES = 60  # kept of one failure; the log has everything


class Failure:
    def __init__(self, name, detail=()):
        self.name = name
        self.detail = list(detail)


class Stream:
    """The points of one suite, collected line by line."""

    def __init__(self, shared_is_there=None):
        self.passed = []  # names
        self.skipped = []  # (name, reason)
        self.failed = []
        self.latest = ""  # name of the last point, for a progress line
        self._shared = SHARED.is_dir() if shared_is_there is None else shared_is_there
        self._count = 0
        self._plan = None
        self._open = None  # the failure that detail lines belong to
        self._tail = []  # last lines, for a crash

    def feed(self, line):
        line = line.rstrip("\r\n")
        self._tail = (self._tail + [line])[-DETAIL_LINES:]
        plan = PLAN.match(line)
        point = POINT.match(line)
        if plan:
            self._feed_plan(int(plan.group(1)), plan.group(2))
        elif point:
            self._feed_point(bool(point.group(1)), point.group(2), point.group(3))
        elif line.startswith("Bail out!"):
            self._fail(line)
        elif self._open and len(self._open.detail) < DETAIL_LINES:
            self._open.detail.append(line)

    def finish(self, status):
        """`status` as subprocess gives it; call once, after the last line."""
        if self._plan is None:
            self._fail("the suite promised no plan", self._tail)
        elif self._plan != self._count:
            self._fail(f"{self._plan} tests were promised, {self._count} were run", self._tail)
        if status < 0:
            self._fail(f"the suite was ended by signal {-status}", self._tail)
        elif status > 0 and not self.failed:
            self._fail(f"the suite exited with {status}, and no test says why", self._tail)

    def add_failure(self, name, detail=()):
        self._fail(name, detail)

    def _feed_plan(self, promised, skip_reason):
        if self._plan is not None:
            self._fail("a second plan")
            return
        self._plan = promised
        if promised == 0 and skip_reason is not None:
            self._skip("everything", skip_reason)
        elif promised == 0:
            self._fail("an empty plan")

    def _feed_point(self, is_bad, number, rest):
        self._count += 1
        self._open = None
        skip = SKIP.match(rest)
        name = (skip.group(1) if skip else rest).lstrip("- ").strip() or f"test {self._count}"
        self.latest = name
        if number is not None and int(number) != self._count:
            self._fail(f"{name}: numbered {number}, is the {self._count}. test")
        if is_bad:
            self._fail(name)
        elif skip:
            self._skip(name, skip.group(2))
        else:
            self.passed.append(name)

    def _skip(self, name, reason):
        if "../shared" not in reason:
            self._fail(f"{name}: skipped ({reason or 'no reason given'}): only what needs ../shared may be")
        elif self._shared:
            self._fail(f"{name}: skipped ({reason}), but ../shared is there")
        else:
            self.skipped.append((name, reason))

    def _fail(self, name, detail=()):
        self._open = Failure(name, detail)
        self.failed.append(self._open)
