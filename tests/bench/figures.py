"""From samples to figures, and figures as a table and as JSON."""

import dataclasses
import statistics
import typing

MILLISECONDS = ("ms", 1e6)


@dataclasses.dataclass
class Figure:
    name: str
    unit: str
    ours: float
    bare: typing.Optional[float] = None
    ratio: typing.Optional[float] = None
    again: typing.Optional[float] = None  # the bare loop against itself, as a ratio
    goal: typing.Optional[float] = None  # at most
    goal_on: str = "ratio"  # or "ours"
    runs: int = 1
    where: str = ""
    result: str = ""  # "met", "missed", "not distinguishable", or "" without a goal

    def judge(self, is_indistinct=False):
        value = self.ratio if self.goal_on == "ratio" else self.ours
        if is_indistinct:
            self.result = "not distinguishable"
        elif self.goal is not None and value is not None:
            self.result = "met" if value <= self.goal else "missed"
        return self


def percentile(samples, share):
    """The smallest sample that at least `share` of all do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


STATISTICS = {"median": statistics.median, "p99": lambda samples: percentile(samples, 0.99)}


def compare(name, samples, goals, unit=MILLISECONDS):
    """One figure a statistic. `samples`: {"ours", "bare", "again"}: the bare loop was run twice, and a
    difference from it that is no larger than its own is none. `goals`: {statistic: ratio or None}."""
    unit_name, divisor = unit
    for statistic, goal in goals.items():
        take = STATISTICS[statistic]
        ours, bare, again = (take(samples[side]) for side in ("ours", "bare", "again"))
        both = take(samples["bare"] + samples["again"])
        figure = Figure(f"{name}, {statistic}", unit_name, ours / divisor, both / divisor, ours / both,
                        again / bare, goal, runs=len(samples["ours"]))
        yield figure.judge(is_indistinct=abs(ours - both) <= abs(again - bare))


def absolute(name, unit, ours, bare=None, goal=None, runs=1):
    """A figure whose goal is a size of its own."""
    return Figure(name, unit, ours, bare, goal=goal, goal_on="ours", runs=runs).judge()


# --- output --------------------------------------------------------------------------------------


def number(value):
    """Three digits that say something."""
    if value is None:
        return "-"
    if value == int(value):
        return f"{value:.0f}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def goal_of(figure):
    if figure.goal is None:
        return ""
    return f"<= {number(figure.goal)}" + ("x" if figure.goal_on == "ratio" else "")


def ratio(value):
    return f"{value:.2f}" if value is not None else "-"


HEAD = ("", "unit", "ours", "bare", "ratio", "bare/bare", "goal", "runs", "")


def row(figure):
    result = figure.result.upper() if figure.result == "missed" else figure.result
    return (figure.name, figure.unit, number(figure.ours), number(figure.bare), ratio(figure.ratio),
            ratio(figure.again), goal_of(figure), str(figure.runs), result)


def table(figures):
    """Lines, one block a place."""
    rows = {where: [row(f) for f in figures if f.where == where] for where in dict.fromkeys(f.where for f in figures)}
    widths = [max(map(len, column)) for column in zip(HEAD, *(r for block in rows.values() for r in block))]
    for where, block in rows.items():
        yield ""
        for cells in [(where,) + HEAD[1:]] + block:
            yield "  ".join([cells[0].ljust(widths[0]), cells[1].ljust(widths[1]),
                             *(cell.rjust(width) for cell, width in zip(cells[2:-1], widths[2:-1])), cells[-1]]).rstrip()


def summary(figures):
    with_goal = [f for f in figures if f.goal is not None]
    missed = sum(f.result == "missed" for f in with_goal)
    return f"{len(with_goal)} goals, {len(with_goal) - missed} met, {missed} missed"
