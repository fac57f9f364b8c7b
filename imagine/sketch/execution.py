"""One run of one graph: node by node, with the messages ComfyUI sends, in its order."""

import asyncio
import hashlib
import json
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

from PIL import Image

from imagine.sketch import nodes
from imagine.sketch.files import Files
from imagine.sketch.picture_nodes import Desk
from imagine.sketch.sampling import Latent, Sitting
from imagine.sketch.sockets import Hub

T = TypeVar("T")
Graph: TypeAlias = Mapping[str, Any]

# The node that takes time to load a model.
LOADER = "CheckpointLoaderSimple"
# With no time between steps, more previews than this per picture would be most of the work.
MAX_PREVIEWS = 10


@dataclass(frozen=True, slots=True)
class Ticket:
    """A prompt that was accepted, as it stands in the queue."""

    number: float
    prompt_id: str
    graph: dict[str, Any]
    extra: dict[str, Any]
    outputs: tuple[str, ...]

    @property
    def client_id(self) -> str | None:
        return self.extra.get("client_id")

    def item(self) -> list[Any]:
        """Return the 5-element array of ``/queue`` and ``/history``."""
        return [self.number, self.prompt_id, self.graph, self.extra, list(self.outputs)]


@dataclass(frozen=True, slots=True)
class Result:
    """What a node gave: its outputs, and for an output node what it tells the client."""

    outputs: tuple[Any, ...] = ()
    ui: dict[str, Any] | None = None


Cache: TypeAlias = dict[str, Result]


class InterruptedRunError(Exception):
    """Somebody asked for the end of this run."""


@dataclass(slots=True)
class Surroundings:
    """What a run needs of the engine; one for all runs."""

    hub: Hub
    files: Files
    executor: Executor
    step_s: float
    load_s: float = 0.0
    # Set by POST /interrupt, cleared when a run begins: while idle it has no effect.
    is_interrupted: bool = False
    # The node in work, for a client that comes back in the middle of a run.
    node_id: str | None = None


@dataclass(slots=True)
class Record:
    """What ``/history`` will say."""

    outputs: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    messages: list[Any] = field(default_factory=list)
    is_success: bool = False

    def entry(self, ticket: Ticket) -> dict[str, Any]:
        return {
            "prompt": ticket.item(),
            "outputs": self.outputs,
            "status": {
                "status_str": "success" if self.is_success else "error",
                "completed": self.is_success,
                "messages": self.messages,
            },
            "meta": self.meta,
        }


class Execution:
    """One ticket in work."""

    def __init__(self, ticket: Ticket, cache: Cache, around: Surroundings) -> None:
        self._ticket = ticket
        self._graph = ticket.graph
        self._around = around
        self._before = cache
        # What the next prompt may use again: this prompt's nodes, as far as they are done.
        self.cache: Cache = {}
        self.record = Record()
        self._signatures: dict[str, str] = {}
        self._results: dict[str, Result] = {}
        self._progress: dict[str, dict[str, Any]] = {}
        self._executed: list[str] = []
        self._desk = Desk(around.files, ticket.graph, ticket.extra.get("extra_pnginfo") or {})

    async def run(self) -> None:
        """Run every node that is needed and not cached; never raises but to be cancelled."""
        self._around.is_interrupted = False
        self._tell("execution_start")
        self._signatures = await self._work(self._sign)
        cached = [node for node in self._graph if self._signatures.get(node) in self._before]
        for node in cached:
            signature = self._signatures[node]
            self.cache[signature] = self._results[node] = self._before[signature]
        self._tell("execution_cached", nodes=cached)
        for node in self._order():
            try:
                await self._run_node(node)
            except InterruptedRunError:
                self._tell_interrupted(node)
                break
            except Exception as error:  # noqa: BLE001 a node may fail in any way; told, not raised
                self._tell_error(node, error)
                break
        else:
            self.record.is_success = True
            self._tell("execution_success")
        self._around.node_id = None

    def _order(self) -> Iterator[str]:
        """Yield nodes so that sources come first, and branch after branch is finished."""
        seen: set[str] = set()

        def visit(node: str) -> Iterator[str]:
            if node in seen:
                return
            seen.add(node)
            if node not in self._results:
                for source, _ in _links(self._graph[node]["inputs"]):
                    yield from visit(source)
            yield node

        for end in self._ticket.outputs:
            yield from visit(end)

    async def _run_node(self, node: str) -> None:
        if node in self._results:
            self._repeat(node)
            return
        if self._around.is_interrupted:
            raise InterruptedRunError
        self._around.node_id = node
        self._report(node, 0.0, 1.0, "running")
        self._send("executing", {"node": node, "display_node": node})
        result = await self._result(node)
        self._results[node] = self.cache[self._signatures[node]] = result
        self._executed.append(node)
        if result.ui is not None:
            self._publish(node, result.ui)
        state = self._progress[node]
        self._report(node, state["max"], state["max"], "finished")

    def _repeat(self, node: str) -> None:
        """A cached output node says again what it said; other cached nodes are silent."""
        ui = self._results[node].ui
        if ui is not None:
            self._publish(node, ui)
            self._report(node, 1, 1, "finished")

    async def _result(self, node: str) -> Result:
        class_type = self._graph[node]["class_type"]
        given = self._given(node)
        if class_type in nodes.SAMPLERS:
            return Result((await self._sample(node, nodes.sitting(given)),))
        if class_type in nodes.SAVERS:
            saver = nodes.SAVERS[class_type]
            return Result(ui=await self._work(lambda: saver(given, self._desk)))
        if class_type in nodes.READERS:
            reader = nodes.READERS[class_type]
            return Result(await self._work(lambda: reader(given, self._desk)))
        if class_type == LOADER:
            await asyncio.sleep(self._around.load_s)
        handler = nodes.HANDLERS[class_type]
        return Result(await self._work(lambda: handler(given)))

    def _given(self, node: str) -> dict[str, Any]:
        inputs = dict(self._graph[node]["inputs"])
        for name, value in inputs.items():
            if _is_link(value):
                inputs[name] = self._results[value[0]].outputs[value[1]]
        return inputs

    # --- sampling

    async def _sample(self, node: str, sitting: Sitting) -> Latent:
        """Take the steps one by one, while the pictures are painted beside."""
        loop = asyncio.get_running_loop()
        around = self._around
        drafts = sitting.latent.drafts
        paintings = [
            loop.run_in_executor(around.executor, sitting.full, draft) for draft in drafts[:1]
        ]
        try:
            study = await self._study(sitting, paintings[0])
            paintings += [
                loop.run_in_executor(around.executor, sitting.full, draft) for draft in drafts[1:]
            ]
            due = loop.time()
            for step in range(1, sitting.last - sitting.first + 1):
                due = max(due + around.step_s, loop.time())
                await asyncio.sleep(due - loop.time())
                if around.is_interrupted:
                    raise InterruptedRunError
                await self._take_step(node, sitting, study, step)
            pictures = await asyncio.gather(*paintings)
        finally:
            for painting in paintings:
                painting.cancel()
        done = tuple(sitting.finished(d, p) for d, p in zip(drafts, pictures, strict=True))
        return replace(sitting.latent, drafts=done)

    async def _study(
        self, sitting: Sitting, painting: "asyncio.Future[Image.Image]"
    ) -> Image.Image:
        """Return the first picture small, for the previews; a small job's picture is it."""
        size = sitting.study_size()
        if size == (sitting.latent.width, sitting.latent.height):
            return await asyncio.shield(painting)
        return await self._work(lambda: sitting.render(sitting.latent.drafts[0], size))

    async def _take_step(self, node: str, sitting: Sitting, study: Image.Image, step: int) -> None:
        hub, client = self._around.hub, self._ticket.client_id
        count = sitting.last - sitting.first
        frame = None
        if hub.has_hearers(client) and self._shows(step, count):
            frame = await self._work(lambda: sitting.preview(study, sitting.first + step))
        about = self._about(node)
        self._report(node, step, count, "running")
        progress = {"value": step, "max": count, "prompt_id": self._ticket.prompt_id, "node": node}
        # With negotiated metadata ComfyUI sends the frame before `progress`, without after it.
        if frame is not None and hub.wants_metadata(client):
            hub.send_preview(frame, about, client)
            frame = None
        hub.send("progress", progress, client)
        if frame is not None:
            hub.send_preview(frame, about, client)

    def _shows(self, step: int, count: int) -> bool:
        if self._around.step_s > 0:
            return True
        return step == count or step % max(1, -(-count // MAX_PREVIEWS)) == 0

    # --- messages

    def _about(self, node: str) -> dict[str, Any]:
        return {
            "node_id": node,
            "prompt_id": self._ticket.prompt_id,
            "display_node_id": node,
            "parent_node_id": None,
            "real_node_id": node,
        }

    def _report(self, node: str, value: float, top: float, state: str) -> None:
        """Tell the state of every node touched so far; without a client id to everyone."""
        numbers = {"value": value, "max": top, "state": state}
        self._progress[node] = {**numbers, **self._about(node)}
        self._around.hub.send(
            "progress_state",
            {"prompt_id": self._ticket.prompt_id, "nodes": self._progress},
            self._ticket.client_id,
        )

    def _publish(self, node: str, ui: dict[str, Any]) -> None:
        self.record.outputs[node] = ui
        self.record.meta[node] = {
            "node_id": node,
            "display_node": node,
            "parent_node": None,
            "real_node_id": node,
        }
        self._send("executed", {"node": node, "display_node": node, "output": ui})

    def _send(self, event: str, data: dict[str, Any]) -> None:
        """Send to the prompt's client; a prompt without one tells nobody."""
        if self._ticket.client_id is not None:
            full = {**data, "prompt_id": self._ticket.prompt_id}
            self._around.hub.send(event, full, self._ticket.client_id)

    def _tell(self, event: str, **data: Any) -> None:
        """Send a message that is also kept in the history."""
        self._send(event, self._note(event, data))

    def _note(self, event: str, data: dict[str, Any]) -> dict[str, Any]:
        full = {**data, "prompt_id": self._ticket.prompt_id, "timestamp": round(time.time() * 1000)}
        self.record.messages.append([event, full])
        return full

    def _tell_interrupted(self, node: str) -> None:
        data = self._note(
            "execution_interrupted",
            {
                "node_id": node,
                "node_type": self._graph[node]["class_type"],
                "executed": self._executed,
            },
        )
        self._around.hub.send("execution_interrupted", data, self._ticket.client_id)

    def _tell_error(self, node: str, error: Exception) -> None:
        self._tell(
            "execution_error",
            node_id=node,
            node_type=self._graph[node]["class_type"],
            executed=self._executed,
            exception_message=f"{error}\n",
            exception_type=type(error).__name__,
            traceback=traceback.format_tb(error.__traceback__),
            current_inputs={
                name: [str(value)]
                for name, value in self._graph[node]["inputs"].items()
                if not _is_link(value)
            },
            current_outputs=list(self._results),
        )

    # --- cache

    def _sign(self) -> dict[str, str]:
        """Return for each node a hash of its class, its inputs and all that they come from."""
        done: dict[str, str] = {}

        def sign(node: str) -> str:
            if node not in done:
                parts: list[Any] = [self._graph[node]["class_type"]]
                for name, value in sorted(self._graph[node]["inputs"].items()):
                    if _is_link(value):
                        parts.append([name, sign(value[0]), value[1]])
                    else:
                        parts.append([name, value])
                if self._graph[node]["class_type"] in nodes.READERS:
                    parts.append(self._around.files.digest(self._graph[node]["inputs"]["image"]))
                text = json.dumps(parts, sort_keys=True)
                done[node] = hashlib.sha256(text.encode()).hexdigest()
            return done[node]

        for end in self._ticket.outputs:
            sign(end)
        return done

    async def _work(self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._around.executor, job)


def _is_link(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)


def _links(inputs: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for value in inputs.values():
        if _is_link(value):
            yield value[0], value[1]
