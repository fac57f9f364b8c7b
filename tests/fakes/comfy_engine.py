"""The fake ComfyUI's inside: its queue, its one worker, and who is told what.

Apart from its HTTP in ``comfy``, whose docstring says how a test uses both.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from time import time
from typing import Any

from aiohttp import web

from tests.fakes.comfy_graph import batch_size, jpeg, png, running_order, signature, steps

PATIENCE_S = 20.0

OUT_OF_MEMORY = {
    "exception_type": "torch.OutOfMemoryError",
    "exception_message": "Allocation on device \nThis error means you ran out of memory on your "
    "GPU.\n\nTIPS: If the workflow worked before you might have accidentally set the batch_size.",
    "traceback": ['  File "/srv/ComfyUI/execution.py", line 496, in execute\n'],
}


class Stage(IntEnum):
    """Where a run can be held: each is just before what it is named after."""

    START = 1  # it is still pending
    RUNNING = 2  # it runs, execution_start is not sent
    SAMPLING = 3  # in the middle of the steps of the first sampler
    EXECUTED = 4  # the first picture is on disk, not told
    SUCCESS = 5  # everything is told but execution_success
    HISTORY = 6  # execution_success is told, the history does not know
    LEFT = 7  # the history knows, executing null is not sent
    END = 8


@dataclass(eq=False)
class Prompt:
    """One item of the queue."""

    number: float
    id: str
    graph: Mapping[str, Any]
    extra_data: dict[str, Any]
    outputs: list[str]
    client_id: str | None
    stage: Stage | None = None
    is_interrupted: bool = False
    messages: list[Any] = field(default_factory=list)
    results: dict[str, Any] = field(default_factory=dict)
    nodes: dict[str, Any] = field(default_factory=dict)

    def item(self) -> list[Any]:
        return [self.number, self.id, self.graph, self.extra_data, self.outputs]


class _StopRunError(Exception):
    """The run ends here, with this message."""

    def __init__(self, kind: str, data: dict[str, Any]) -> None:
        super().__init__(kind)
        self.kind = kind
        self.data = data


class FakeEngine:
    """Runs prompts one at a time, step by step."""

    def __init__(
        self, *, previews: bool, honors_preview_method: bool, picture_size: tuple[int, int]
    ) -> None:
        self.previews = previews
        self.honors_preview_method = honors_preview_method
        self.picture_size = picture_size
        self.step_s = 0.0
        self.history_late_s = 0.0
        self.output_order: Callable[[Iterable[str]], Iterable[str]] = list
        self.silent = False
        self.tells_outputs = True  # False: `executed` is never sent
        self.ran: list[str] = []
        # The checkpoints that were loaded, one entry each time: what is cached is not.
        self.loads: list[str] = []
        self.files: dict[tuple[str, str, str], bytes] = {}
        self.history: dict[str, Any] = {}
        self.pending: list[Prompt] = []
        self.running: Prompt | None = None
        self._sockets: dict[str, web.WebSocketResponse] = {}
        self._flags: set[web.WebSocketResponse] = set()
        self._cache: dict[str, Any] = {}
        self._held: set[Stage] = set()
        self._actions: dict[Stage, Callable[[], object]] = {}
        self._seen: list[tuple[Stage, str]] = []
        self._moved = asyncio.Condition()
        self._failures: deque[dict[str, Any]] = deque()
        # What output nodes give, by class or id, in place of pictures of ours.
        self._given: dict[str, dict[str, Any]] = {}

    # --- What a test tells it

    def hold(self, stage: Stage) -> None:
        self._held.add(stage)

    def release(self, *stages: Stage) -> None:
        """Let runs go on that stand at these stages, or at any."""
        self._held -= set(stages or Stage)
        self._notify()

    def at(self, stage: Stage, action: Callable[[], object]) -> None:
        """Do something once, when a run comes to this stage; it may be a coroutine function."""
        self._actions[stage] = action

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Wait until something is so here."""
        async with asyncio.timeout(PATIENCE_S), self._moved:
            await self._moved.wait_for(wanted)

    async def reached(self, stage: Stage, prompt_id: str | None = None) -> None:
        """Wait until a run has come to this stage."""
        await self.until(lambda: any(s == stage and prompt_id in (None, p) for s, p in self._seen))

    def give(
        self, node: str, ui: Mapping[str, Any], *, kind: str = "output", folder: str = ""
    ) -> None:
        """Say what an output node gives, beside all that was said of it before."""
        given = self._given.setdefault(node, {})
        for key, value in ui.items():
            if isinstance(value, Mapping):
                self.files |= {(kind, folder, name): data for name, data in value.items()}
                place = {"subfolder": folder, "type": kind}
                value = [{"filename": name, **place} for name in value]
            given[key] = [*given.get(key, ()), *value]

    def fail_next(self, error: Mapping[str, Any] = OUT_OF_MEMORY) -> None:
        self._failures.append(dict(error))

    # --- Messages

    async def _send_to(self, socket: web.WebSocketResponse, frame: str | bytes) -> None:
        if self.silent or socket.closed:
            return
        with suppress(ConnectionError):
            if isinstance(frame, bytes):
                await socket.send_bytes(frame)
            else:
                await socket.send_str(frame)

    async def _broadcast(self, kind: str, data: Mapping[str, Any]) -> None:
        for socket in list(self._sockets.values()):
            await self._send_to(socket, json.dumps({"type": kind, "data": data}))

    async def _send_status(self) -> None:
        await self._broadcast("status", {"status": self._exec_info()})

    def _exec_info(self) -> dict[str, Any]:
        return {"exec_info": {"queue_remaining": len(self.pending) + bool(self.running)}}

    async def _tell(self, prompt: Prompt, kind: str, **data: Any) -> None:
        """Send a message about a prompt to whom ComfyUI sends it."""
        data["prompt_id"] = prompt.id
        if kind.startswith("execution_"):
            data["timestamp"] = int(time() * 1000)
            prompt.messages.append([kind, data])
        if prompt.client_id is not None:
            socket = self._sockets.get(prompt.client_id)
            if socket is not None:
                await self._send_to(socket, json.dumps({"type": kind, "data": data}))
        elif kind in ("progress", "progress_state", "execution_interrupted"):
            await self._broadcast(kind, data)

    async def _tell_preview(self, prompt: Prompt, node: str, step: int) -> None:
        wanted = prompt.extra_data.get("preview_method") in ("auto", "latent2rgb", "taesd")
        if not self.previews and not (self.honors_preview_method and wanted):
            return
        picture = jpeg(step, self.picture_size)
        bare = b"\0\0\0\1\0\0\0\1" + picture
        if prompt.client_id is None:
            for socket in list(self._sockets.values()):
                await self._send_to(socket, bare)
            return
        own = self._sockets.get(prompt.client_id)
        if own is None:
            return
        if own not in self._flags:
            await self._send_to(own, bare)
            return
        metadata = json.dumps(
            {
                "node_id": node,
                "prompt_id": prompt.id,
                "display_node_id": node,
                "parent_node_id": None,
                "real_node_id": node,
                "image_type": "image/jpeg",
            }
        ).encode()
        frame = b"\0\0\0\4" + len(metadata).to_bytes(4) + metadata + picture
        await self._send_to(own, frame)

    async def _tell_state(
        self, prompt: Prompt, node: str, value: float, maximum: float, state: str
    ) -> None:
        prompt.nodes[node] = {
            "value": value,
            "max": maximum,
            "state": state,
            "node_id": node,
            "prompt_id": prompt.id,
            "display_node_id": node,
            "parent_node_id": None,
            "real_node_id": node,
        }
        await self._tell(prompt, "progress_state", nodes=prompt.nodes)

    # --- Running

    def _notify(self) -> None:
        async def notify() -> None:
            async with self._moved:
                self._moved.notify_all()

        self._notifier = asyncio.ensure_future(notify())

    async def _come_to(self, prompt: Prompt, stage: Stage) -> None:
        """Stand at a stage: seen, held, and with whatever a test wants to happen there."""
        self._seen.append((stage, prompt.id))
        prompt.stage = stage
        action = self._actions.pop(stage, None)
        result = action() if action is not None else None
        if isinstance(result, Awaitable):
            await result
        async with self._moved:
            self._moved.notify_all()
            await self._moved.wait_for(
                lambda: (
                    stage not in self._held
                    or prompt.is_interrupted
                    or (stage is Stage.START and prompt not in self.pending)
                )
            )

    async def _work(self) -> None:
        while True:
            async with self._moved:
                await self._moved.wait_for(lambda: self.pending)
            prompt = min(self.pending, key=lambda p: (p.number, p.id))
            await self._come_to(prompt, Stage.START)
            if prompt not in self.pending:
                continue
            self.pending.remove(prompt)
            self.running = prompt
            self.ran.append(prompt.id)
            await self._send_status()
            await self._come_to(prompt, Stage.RUNNING)
            await self._run(prompt)
            await self._come_to(prompt, Stage.HISTORY)
            if self.history_late_s:
                asyncio.get_running_loop().call_later(
                    self.history_late_s, self._remember, prompt, self.history
                )
            else:
                self._remember(prompt, self.history)
            self.running = None
            await self._send_status()
            await self._come_to(prompt, Stage.LEFT)
            if prompt.client_id is not None:
                await self._tell(prompt, "executing", node=None)
            await self._come_to(prompt, Stage.END)

    async def _run(self, prompt: Prompt) -> None:
        graph = prompt.graph
        outputs = list(self.output_order(prompt.outputs))
        order = running_order(graph, outputs)
        signatures = {node: signature(graph, node) for node in order}
        cached = [node for node in order if signatures[node] in self._cache]
        done: list[str] = []
        failure = self._failures.popleft() if self._failures else None
        await self._tell(prompt, "execution_start")
        await self._tell(prompt, "execution_cached", nodes=cached)
        try:
            for node in order:
                if node not in cached:
                    await self._run_node(prompt, node, failure)
                    done.append(node)
                    self._cache[signatures[node]] = prompt.results.get(node)
                elif self._cache[signatures[node]] is not None:
                    await self._tell_executed(prompt, node, self._cache[signatures[node]])
            await self._come_to(prompt, Stage.SUCCESS)
            self._check_interrupted(prompt, order[-1])
        except _StopRunError as stop:
            await self._tell(prompt, stop.kind, **stop.data, executed=done)
        else:
            await self._tell(prompt, "execution_success")
        # The classic cache keeps the nodes of the last prompt only.
        self._cache = {k: v for k, v in self._cache.items() if k in signatures.values()}

    async def _run_node(self, prompt: Prompt, node: str, failure: Mapping[str, Any] | None) -> None:
        class_type = prompt.graph[node]["class_type"]
        self._check_interrupted(prompt, node)
        await self._tell_state(prompt, node, 0.0, 1.0, "running")
        await self._tell(prompt, "executing", node=node, display_node=node)
        if class_type == "CheckpointLoaderSimple":
            self.loads.append(prompt.graph[node]["inputs"]["ckpt_name"])
        total = steps(prompt.graph, node)
        place = {"node_id": node, "node_type": class_type}
        fails = failure is not None and all(failure.get(k, v) == v for k, v in place.items())
        if failure is not None and fails and not total and not place.keys().isdisjoint(failure):
            raise self._error(prompt, node, failure)
        for step in range(1, total + 1):
            await asyncio.sleep(self.step_s)
            self._check_interrupted(prompt, node)
            await self._tell_step(prompt, node, step, total)
            if step != (total + 1) // 2:
                continue
            if (Stage.SAMPLING, prompt.id) not in self._seen:
                await self._come_to(prompt, Stage.SAMPLING)
                self._check_interrupted(prompt, node)
            if failure is not None and fails:
                raise self._error(prompt, node, failure)
        if node in prompt.outputs:
            await self._save(prompt, node)
        await self._tell_state(prompt, node, total or 1.0, total or 1.0, "finished")

    async def _tell_step(self, prompt: Prompt, node: str, step: int, total: int) -> None:
        await self._tell_state(prompt, node, step, total, "running")
        own = self._sockets.get(prompt.client_id or "")
        if own in self._flags:
            await self._tell_preview(prompt, node, step)
        await self._tell(prompt, "progress", value=step, max=total, node=node)
        if own not in self._flags:
            await self._tell_preview(prompt, node, step)

    def _error(self, prompt: Prompt, node: str, failure: Mapping[str, Any]) -> _StopRunError:
        data = {"node_id": node, "node_type": prompt.graph[node]["class_type"], **failure}
        return _StopRunError("execution_error", data)

    def _check_interrupted(self, prompt: Prompt, node: str) -> None:
        if prompt.is_interrupted:
            class_type = prompt.graph[node]["class_type"]
            raise _StopRunError("execution_interrupted", {"node_id": node, "node_type": class_type})

    async def _save(self, prompt: Prompt, node: str) -> None:
        """Write the pictures of an output node, as SaveImage and PreviewImage do."""
        given = self._given.get(node, self._given.get(prompt.graph[node]["class_type"]))
        if given is not None:
            if (Stage.EXECUTED, prompt.id) not in self._seen:
                await self._come_to(prompt, Stage.EXECUTED)
            await self._tell_executed(prompt, node, given)
            return
        inputs = prompt.graph[node]["inputs"]
        kind = "output" if "filename_prefix" in inputs else "temp"
        folder, _, stem = str(inputs.get("filename_prefix", "preview")).rpartition("/")
        images = []
        for index in range(batch_size(prompt.graph, node)):
            taken = sum(k[:2] == (kind, folder) and k[2].startswith(f"{stem}_") for k in self.files)
            name = f"{stem}_{taken + 1:05}_.png"
            picture = f"{prompt.id}/{node}/{index}"
            texts = {
                "prompt": prompt.graph,
                **prompt.extra_data.get("extra_pnginfo", {}),
                "picture": picture,
            }
            self.files[kind, folder, name] = png(picture, self.picture_size, texts)
            images.append({"filename": name, "subfolder": folder, "type": kind})
        if (Stage.EXECUTED, prompt.id) not in self._seen:
            await self._come_to(prompt, Stage.EXECUTED)
        await self._tell_executed(prompt, node, {"images": images})

    async def _tell_executed(self, prompt: Prompt, node: str, output: dict[str, Any]) -> None:
        prompt.results[node] = output
        if self.tells_outputs:
            await self._tell(prompt, "executed", node=node, display_node=node, output=output)

    def _remember(self, prompt: Prompt, history: dict[str, Any]) -> None:
        succeeded = prompt.messages[-1][0] == "execution_success"
        history[prompt.id] = {
            "prompt": prompt.item(),
            "outputs": prompt.results,
            "status": {
                "status_str": "success" if succeeded else "error",
                "completed": succeeded,
                "messages": prompt.messages,
            },
            "meta": {},
        }
