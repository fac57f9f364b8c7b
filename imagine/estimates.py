"""How long a job will take, learned from the jobs that ended on this engine."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# How much the newest job counts against what was learned before.
WEIGHT = 0.4
REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Pace:
    """What one kind of job takes. Units: seconds; ``around`` is all but the sampler's steps.

    ``passes``: how many steps are really taken for each that was asked for, second passes included.
    """

    step_s: float
    around_s: float
    passes: float = 1.0


class Estimates:
    """Seconds by engine, model and size. Owned by the app."""

    def __init__(self) -> None:
        self._paces: OrderedDict[tuple[Any, ...], Pace] = OrderedDict()

    def learn(
        self,
        engine: str,
        parameters: Mapping[str, Any],
        *,
        steps: int,
        sampling_s: float,
        total_s: float,
    ) -> None:
        """Take in one job that ended well. Units: seconds; ``steps`` over all its pictures."""
        if steps > 0 and sampling_s <= 0:
            return  # the engine had most of it from before
        if steps <= 0 and "workflow" not in parameters:
            return
        key = _key(engine, parameters)
        passes = steps / max(1, total_steps(parameters))
        step_s = sampling_s / steps if steps > 0 else 0.0
        new = Pace(step_s, max(0.0, total_s - sampling_s), passes)
        if (old := self._paces.get(key)) is not None:
            new = Pace(
                old.step_s + WEIGHT * (new.step_s - old.step_s),
                old.around_s + WEIGHT * (new.around_s - old.around_s),
                passes,
            )
        self._paces[key] = new
        self._paces.move_to_end(key)
        if len(self._paces) > REMEMBERED:
            self._paces.popitem(last=False)

    def seconds(self, engine: str, parameters: Mapping[str, Any], *, done: int = 0) -> float | None:
        """Seconds for a job with ``done`` of its steps behind it; None if nothing is known.

        A size that was not seen yet is scaled by its pixels from one of the same model that was.
        """
        pace = self._pace(engine, parameters)
        if pace is None:
            return None
        left = max(0.0, total_steps(parameters) * pace.passes - done)
        return left * pace.step_s + (pace.around_s if not done else 0.0)

    def _pace(self, engine: str, parameters: Mapping[str, Any]) -> Pace | None:
        key = _key(engine, parameters)
        if (pace := self._paces.get(key)) is not None:
            return pace
        for known in reversed(self._paces):
            if known[:3] == key[:3]:
                scale = key[3] / known[3]
                pace = self._paces[known]
                return Pace(pace.step_s * scale, pace.around_s * scale, pace.passes)
        return None


def total_steps(parameters: Mapping[str, Any]) -> int:
    """Sampler steps over all pictures; a set made together takes the steps of one.

    Of a workflow nobody knows how often its steps are taken: `Pace.passes` says so afterwards.
    """
    if "workflow" in parameters:
        steps = parameters.get("steps")
        return steps if isinstance(steps, int) and steps > 0 else 1
    runs = 1 if parameters.get("batch_mode") == "together" else parameters.get("batch_size", 1)
    return int(parameters.get("steps", 0)) * int(runs)


def _key(engine: str, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
    together = parameters.get("batch_mode") == "together"
    return (
        engine,
        (parameters.get("model"), parameters.get("workflow"), parameters.get("revision")),
        parameters.get("batch_size") if together or "workflow" in parameters else 1,
        parameters["width"] * parameters["height"],
        (parameters.get("origin") or {}).get("action"),
        *(parameters.get(name) for name in ("hd", "tile", "stop", "oom_retry")),
    )
