"""How far a run is: a meter that is fed what the engine tells, and reads 0–1 over the whole graph.

Nodes count by their weight, samplers by their steps. It never goes back, and never reaches 1: that
belongs to a job that has succeeded.
"""

from imagine.models import Progress, Stage
from imagine.workflow_builder import Workflow

# The most a job shows before its pictures are stored.
ALMOST = 0.999

_DECODERS = ("VAEDecode", "VAEDecodeTiled")


class ProgressMeter:
    """One run of one graph. Units: all times are seconds of one monotonic clock."""

    def __init__(self, workflow: Workflow, *, now: float, expected_s: float | None = None) -> None:
        self._graph = workflow.graph
        self._weights = workflow.weights
        self._samplers = workflow.samplers
        self._outputs = {output.node_id for output in workflow.outputs}
        self._total = sum(workflow.weights.values()) or 1.0
        self.steps = sum(sampler.steps for sampler in workflow.samplers.values())
        self._expected_s = expected_s
        self._began = now
        self._done: set[str] = set()
        self._node: str | None = None
        self._fraction = 0.0
        self._value = 0.0
        self._step = 0
        self._image: int | None = None
        self._first_step: tuple[int, float] | None = None
        self._last_step: tuple[str, float] | None = None
        self._timed_steps = 0
        self._timed_s = 0.0
        self.stage = Stage.SUBMITTED

    @property
    def sampling_s(self) -> float:
        """Seconds that all steps take, from those that were timed."""
        return self._timed_s / self._timed_steps * self.steps if self._timed_steps else 0.0

    def begin(self, now: float) -> None:
        """The engine has begun the run."""
        self._began = now
        self.stage = Stage.LOADING

    def cached(self, nodes: tuple[str, ...]) -> None:
        self._done.update(nodes)

    def node_started(self, node_id: str) -> None:
        """A node begins, so the one before it is done (ComfyUI runs one at a time)."""
        if self._node is not None and self._node != node_id:
            self._done.add(self._node)
        self._node = node_id
        self._fraction = 0.0
        if node_id in self._graph:
            self.stage = self._stage_of(node_id)
        sampler = self._samplers.get(node_id)
        if sampler is not None:
            self._image = sampler.image

    def _stage_of(self, node_id: str) -> Stage:
        if node_id in self._samplers:
            return Stage.SAMPLING
        if node_id in self._outputs:
            return Stage.SAVING
        is_decoder = self._graph[node_id]["class_type"] in _DECODERS
        return Stage.DECODING if is_decoder else Stage.LOADING

    def node_finished(self, node_id: str) -> None:
        self._done.add(node_id)

    def step(self, node_id: str, value: int, maximum: int, now: float) -> None:
        """A node tells its own progress, ``value`` of ``maximum``."""
        if node_id != self._node:
            self.node_started(node_id)
        self._fraction = value / maximum if maximum else 0.0
        sampler = self._samplers.get(node_id)
        if sampler is None:
            return
        behind = sum(s.steps for n, s in self._samplers.items() if n in self._done and n != node_id)
        self._step = min(self.steps, behind + round(sampler.steps * self._fraction))
        if self._last_step is not None and self._last_step[0] == node_id:
            self._timed_steps += 1
            self._timed_s += now - self._last_step[1]
        self._last_step = (node_id, now)
        if self._first_step is None:
            self._first_step = (self._step, now)

    def read(self, now: float) -> Progress:
        """Return the progress as it stands."""
        done = sum(self._weights.get(node, 0.0) for node in self._done)
        if self._node is not None and self._node not in self._done:
            done += self._weights.get(self._node, 0.0) * self._fraction
        self._value = max(self._value, min(ALMOST, done / self._total))
        return Progress(
            value=round(self._value, 4),
            step=self._step,
            steps=self.steps,
            image=self._image,
            eta_s=self._eta(now),
        )

    def _eta(self, now: float) -> float | None:
        """Seconds left, by this run's own pace once it has one."""
        if self._first_step is not None and self._step > self._first_step[0]:
            first, at = self._first_step
            return round((self.steps - self._step) * (now - at) / (self._step - first), 1)
        if self._expected_s is not None:
            return round(max(0.0, self._expected_s - (now - self._began)), 1)
        return None
