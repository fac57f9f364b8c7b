"""The queue and the history: which graph runs next, and what became of the others."""

import asyncio
import heapq
import logging
from collections.abc import Collection
from typing import Any

from imagine.sketch.execution import Cache, Execution, Surroundings, Ticket

logger = logging.getLogger(__name__)

MAX_HISTORY = 10_000


class Runner:
    """Runs one prompt at a time, lower numbers first; equal numbers by the text of the id."""

    def __init__(self, around: Surroundings, *, keep: int | None = None) -> None:
        """Make an idle runner; with ``keep``, only so many prompts' files stay on disk."""
        self._around = around
        self._keep = keep
        self._heap: list[tuple[float, str, int, Ticket]] = []
        self._count = 0
        self._wake = asyncio.Event()
        self._cache: Cache = {}
        self._forget = False
        self.running: Ticket | None = None
        self.history: dict[str, dict[str, Any]] = {}

    # --- the queue

    def submit(self, ticket: Ticket) -> None:
        self._count += 1
        heapq.heappush(self._heap, (ticket.number, ticket.prompt_id, self._count, ticket))
        self._wake.set()
        self.tell_status()

    def remaining(self) -> int:
        return len(self._heap) + (self.running is not None)

    def status(self) -> dict[str, Any]:
        return {"status": {"exec_info": {"queue_remaining": self.remaining()}}}

    def tell_status(self) -> None:
        self._around.hub.send("status", self.status(), None)

    def queue(self) -> dict[str, Any]:
        """Return ``/queue``; the pending ones in heap order, which is not the running order."""
        running = [] if self.running is None else [self.running.item()]
        return {"queue_running": running, "queue_pending": [e[3].item() for e in self._heap]}

    def delete(self, prompt_ids: Collection[str]) -> None:
        """Take pending prompts out, without a trace; a running or unknown id is ignored."""
        for prompt_id in prompt_ids:
            kept = [entry for entry in self._heap if entry[1] != prompt_id]
            if len(kept) != len(self._heap):
                heapq.heapify(kept)
                self._heap = kept
                self.tell_status()

    def clear(self) -> None:
        self._heap = []
        self.tell_status()

    def interrupt(self, prompt_id: str | None) -> None:
        """Stop what runs; with an id only if that one runs now."""
        if not prompt_id or (self.running is not None and self.running.prompt_id == prompt_id):
            self._around.is_interrupted = True

    def free(self) -> None:
        """Forget the cache after the current run."""
        self._forget = True
        self._wake.set()

    # --- the history

    def past(self, newest: int | None, offset: int | None) -> dict[str, Any]:
        """Return history entries, oldest first: the newest N, or N from the K-th oldest."""
        ids = list(self.history)
        if newest is not None:
            start = max(0, len(ids) - newest) if offset is None else offset
            ids = ids[start : start + newest]
        return {prompt_id: self.history[prompt_id] for prompt_id in ids}

    # --- the work

    async def work(self) -> None:
        """Run prompts until cancelled."""
        while True:
            self._wake.clear()
            if self._forget:
                self._cache, self._forget = {}, False
            if self._heap:
                await self._run(heapq.heappop(self._heap)[3])
            else:
                await self._wake.wait()

    async def _run(self, ticket: Ticket) -> None:
        self.running = ticket
        self.tell_status()
        execution = Execution(ticket, self._cache, self._around)
        try:
            await execution.run()
        except Exception:
            logger.exception("prompt %s could not be run", ticket.prompt_id)
        self._cache = execution.cache
        self.history.pop(ticket.prompt_id, None)
        self.history[ticket.prompt_id] = execution.record.entry(ticket)
        await self._forget_oldest()
        self.running = None
        self.tell_status()
        if ticket.client_id is not None:
            data = {"node": None, "prompt_id": ticket.prompt_id}
            self._around.hub.send("executing", data, ticket.client_id)
        await asyncio.sleep(0)

    async def _forget_oldest(self) -> None:
        while len(self.history) > (self._keep or MAX_HISTORY):
            entry = self.history.pop(next(iter(self.history)))
            if self._keep is not None:
                images = [image for ui in entry["outputs"].values() for image in ui["images"]]
                await asyncio.get_running_loop().run_in_executor(
                    self._around.executor, self._around.files.remove, images
                )
