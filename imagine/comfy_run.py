"""One prompt on a ComfyUI, from its submission to its end: frames go in, run events come out.

Owned by ``ComfyClient.execute``. Fed by the socket and by the watchdog, read by one reader, who may
be slow: events wait in a buffer that is bounded because each node has one place of each kind in it.
So a newer preview or step replaces the one that was not read yet, and nothing else is ever dropped.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from time import monotonic
from typing import Any

from imagine.comfy_failures import explain_failure
from imagine.comfy_history import HistoryEntry, Outcome
from imagine.comfy_messages import (
    Cached,
    Executed,
    Executing,
    ExecutionCached,
    ExecutionError,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    Failed,
    FinalEvent,
    Finished,
    Interrupted,
    LeftQueue,
    NodeFinished,
    NodeStarted,
    Outputs,
    Preview,
    PreviewFrame,
    ProgressMessage,
    RunEvent,
    RunMessage,
    Started,
    StepProgress,
)
from imagine.comfy_outputs import Given
from imagine.errors import EngineError

logger = logging.getLogger(__name__)

# No graph of ours has nearly as many; a node in an endless loop may.
MOST_FILES = 10_000


class Run:
    """What is known of one prompt. ``expected`` are the nodes that should have outputs."""

    def __init__(self, prompt_id: str, graph: Mapping[str, Any], expected: frozenset[str]) -> None:
        self.prompt_id = prompt_id
        # Under whom it was submitted: that socket gets its messages. None while unknown.
        self.client_id: str | None = None
        # The engine said yes, or should know it: from now on the watchdog looks after it.
        self.is_accepted = False
        self.is_running = False
        # It was seen in the engine's queue, so that its beginning is not missed.
        self.was_pending = False
        self.is_over = False
        # ComfyUI said that it is over, but the outputs are still to be read from the history.
        self.is_settling = False
        # The history knows the end, the socket has not told it yet.
        self.is_overdue = False
        # Every node is done, said the socket.
        self.succeeded = False
        self.cancel_wanted = False
        # It was to be taken out of the engine's queue, unless it had begun by then.
        self.is_withdrawn = False
        # Times in a row that neither the queue nor the history knew it.
        self.unknown = 0
        # Units: monotonic seconds.
        self.accepted_at = self.heard_at = self.checked_at = monotonic()
        self._graph = graph
        self._expected = expected
        self._is_cached_told = False
        self._node: str | None = None
        self._nodes_told: set[tuple[type, str]] = set()
        # Where nodes of an expanded subgraph belong in the graph that was submitted.
        self._displayed: dict[str, str] = {}
        self._step: StepProgress | None = None
        self._files: dict[str, list[Given]] = {}
        self._file_count = 0
        self._waiting: OrderedDict[tuple[type, str | None], RunEvent] = OrderedDict()
        self._bell = asyncio.Event()
        self._failure: EngineError | None = None

    @property
    def was_heard(self) -> bool:
        """Did the socket name it, so that the engine surely has it?"""
        return self.is_running or self.is_over or self.is_settling

    def accept(self) -> None:
        self.is_accepted = True
        self.accepted_at = self.checked_at = monotonic()

    # --- The reader's side

    async def next_event(self) -> RunEvent | None:
        """Return the next event, None after the final one.

        Raises:
            EngineError: the run can be followed no further; see ``fail``.
        """
        while not self._waiting:
            if self._failure is not None:
                raise self._failure
            if self.is_over:
                return None
            self._bell.clear()
            await self._bell.wait()
        return self._waiting.popitem(last=False)[1]

    def _tell(self, event: RunEvent, node: str | None = None) -> None:
        key = (type(event), node)
        self._waiting.pop(key, None)
        self._waiting[key] = event
        self._bell.set()

    def end(self, event: FinalEvent) -> None:
        """Tell the final event, once."""
        if not self.is_over:
            self.is_over = True
            self._tell(event)

    def fail(self, error: EngineError) -> None:
        """Let the reader have an error in place of the events to come."""
        self._failure = error
        self._bell.set()

    # --- What the socket says

    def feed(self, message: RunMessage) -> None:
        """Take in a message about this prompt."""
        if self.is_over:
            return
        self.heard_at = monotonic()
        match message:
            case ProgressMessage():
                self._progress(message)
            case PreviewFrame(node=node, media_type=media_type, data=data):
                node = self._in_graph(node or self._node)
                self._tell(Preview(node, media_type, data), node)
            case Executing(node=node, display_node=display_node):
                self._begin_node(node, display_node)
            case LeftQueue():
                self._left_queue()
            case Executed(node=node, given=given):
                self._add_files(node, given)
                if node == self._node:
                    self._finish_node()
            case ExecutionStart():
                self.start(is_fresh=True)
            case ExecutionCached(nodes=nodes):
                self.start()
                self._tell_cached(nodes)
            case ExecutionSuccess():
                self.succeeded = True
                self._finish_node()
            case ExecutionInterrupted():
                self.end(Interrupted())
            case ExecutionError():
                self._fail_by(message)

    def start(self, *, is_fresh: bool = False) -> None:
        """The engine took it out of its queue; ``is_fresh``: just now."""
        if not self.is_running:
            self.is_running = True
            self._tell(Started(is_fresh or self.was_pending))

    def _tell_cached(self, nodes: tuple[str, ...]) -> None:
        if not self._is_cached_told:
            self._is_cached_told = True
            self._tell(Cached(tuple(node for node in nodes if node in self._graph)))

    def _in_graph(self, node: str | None) -> str | None:
        """Return the node of the submitted graph that a node is, or was expanded from."""
        if node in self._graph:
            return node
        return self._displayed.get(node) if node is not None else None

    def _begin_node(self, node: str, display_node: str) -> None:
        self.start()
        if node != display_node and len(self._displayed) < MOST_FILES:
            self._displayed[node] = display_node
        if display_node != self._node:
            self._finish_node()
        self._node = display_node
        self._tell_node(NodeStarted(display_node))

    def _finish_node(self) -> None:
        """The node in work is done: ComfyUI runs one at a time."""
        if self._node is not None:
            self._tell_node(NodeFinished(self._node))
        self._node = None

    def _tell_node(self, event: NodeStarted | NodeFinished) -> None:
        key = (type(event), event.node_id)
        if event.node_id in self._graph and key not in self._nodes_told:
            self._nodes_told.add(key)
            self._tell(event, event.node_id)

    def _progress(self, message: ProgressMessage) -> None:
        node = self._in_graph(message.node or self._node)
        if node is not None:
            self._step = StepProgress(node, message.value, message.max)
            self._tell(self._step, node)

    def _add_files(self, node: str, files: tuple[Given, ...]) -> None:
        known = self._files.setdefault(node, []) if len(self._files) < MOST_FILES else []
        new = [file for file in files if file not in known]
        if new and self._file_count < MOST_FILES:
            known.extend(new)
            self._file_count += len(new)
            self._tell(Outputs(node, tuple(known)), node)

    def _left_queue(self) -> None:
        """The engine is done with it. Without a verdict or an output the history must be read."""
        has_all = self._files and all(self._files.get(node) for node in self._expected)
        if self.succeeded and has_all:
            self.end(Finished())
        else:
            self.is_settling = True

    def _fail_by(self, error: ExecutionError | None) -> None:
        if error is not None:
            logger.warning(
                "prompt %s failed in node %s (%s): %s: %s\n%s",
                self.prompt_id,
                error.node,
                error.node_type,
                error.exception_type,
                error.exception_message,
                error.traceback,
            )
        step = self._step
        is_here = step is not None and error is not None and step.node_id == error.node
        reached = (step.value, step.max) if step is not None and is_here else None
        self.end(Failed(explain_failure(error, self._graph, step=reached)))

    # --- What the history says

    def settle(self, entry: HistoryEntry) -> None:
        """End as the history says, with all the outputs that it knows."""
        if self.is_over:
            return
        for node, files in entry.outputs.items():
            self._add_files(node, files)
        match entry.outcome:
            case Outcome.SUCCEEDED:
                self.end(Finished())
            case Outcome.INTERRUPTED:
                self.end(Interrupted())
            case Outcome.FAILED:
                self._fail_by(entry.error)
