"""What is measured, what it should be, and whether it is."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Target:
    """The limit of a figure: of its value, or of its ratio to the other column.

    ``at_least`` turns it round. ``other`` says what the other column is. Braces in the words stand
    for the counts of the run.
    """

    title: str
    unit: str
    limit: float
    of: Literal["value", "ratio"]
    at_least: bool = False
    other: str = "direct"

    def is_met(self, figure: "Figure") -> bool | None:
        """None when the figure could not be measured here."""
        measured = figure.value if self.of == "value" else figure.ratio
        if measured is None:
            return None
        return measured >= self.limit if self.at_least else measured <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        if self.of == "ratio":
            return f"{sign} {self.limit:g} ×"
        return f"{sign} {shown(self.limit, self.unit)}"


TARGETS = {
    "instant_job": Target("Instant job: post, wait, fetch", "ms", 4, "ratio"),
    "added": Target("Added to a job of 100 ms", "ms", 4, "ratio", other="an instant job, direct"),
    "own_picture": Target("Jobs that gave their own picture", "%", 100, "value", at_least=True),
    "jobs_a_second": Target("Jobs a second, 32 at once", "/s", 0.25, "ratio", at_least=True),
    "cpu": Target(
        "Processor time a job, 32 at once", "ms", 10, "value", other="the stand-in, direct"
    ),
    "lag": Target("Progress lag, 1 watcher", "ms", 1.5, "value"),
    "lag_of_many": Target("Progress lag, {:,} watchers", "ms", 4, "ratio"),
    "list": Target(
        "Lists of 50, {1:,} stored", "/s", 0.8, "ratio", at_least=True, other="{0:,} stored"
    ),
    "flood": Target("Flood: jobs that ended well", "%", 100, "value", at_least=True),
    "left": Target("Left after it: tasks, sockets, files", "", 0, "value"),
    "soak": Target("Memory grown over {:,} jobs", "MB", 20, "value"),
    "soak_left": Target("Left after them: tasks, sockets, files", "", 0, "value"),
    "crowd": Target(
        "Watchers that missed nothing, {:,} coming and going", "%", 100, "value", at_least=True
    ),
    "crowd_memory": Target("Memory grown under them", "MB", 20, "value"),
    "start": Target("Start until healthy", "ms", 5, "ratio", other="a bare aiohttp server"),
    "memory": Target("Memory when idle", "MB", 3, "ratio", other="a bare aiohttp server"),
    "parsing": Target(
        "Reading 6,000 characters", "ms", 12, "ratio", other="600 characters, so 10 × is linear"
    ),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. ``value`` is Imagine's, ``other`` what it is set beside.

    ``ratio`` is theirs unless it was measured better than by dividing the two. ``counts`` stand in
    the title, and in the name of what it is set beside.
    """

    name: str
    value: float | None
    other: float | None = None
    measured_ratio: float | None = None
    counts: tuple[int, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> Target:
        return TARGETS[self.name]

    @property
    def title(self) -> str:
        return self.target.title.format(*self.counts)

    @property
    def other_is(self) -> str:
        return self.target.other.format(*self.counts)

    @property
    def ratio(self) -> float | None:
        if self.measured_ratio is not None or not self.other or self.value is None:
            return self.measured_ratio
        return self.value / self.other

    @property
    def is_met(self) -> bool | None:
        return self.target.is_met(self)


def shown(value: float | None, unit: str) -> str:
    """Return a value with about three digits."""
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


def percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def summary(values: list[float]) -> dict[str, float]:
    """Return what is worth keeping of many measurements."""
    return {
        "count": len(values),
        "median": round(median(values), 3),
        "p95": round(percentile(values, 95), 3),
        "max": round(max(values), 3),
    }


def ms_since(began_ns: int) -> float:
    return (time.monotonic_ns() - began_ns) / 1e6
