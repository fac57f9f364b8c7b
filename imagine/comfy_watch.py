"""Looks after the runs of which no message comes: asks the queue and the history, and settles them.

Messages follow the client id under which a prompt was submitted, so after a reconnect they are
missed; a socket may also fall silent for good while the prompts go on. What the queue and the
history say is the truth in every case.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from time import monotonic

from imagine.comfy_connection import ComfyConnection, Timing
from imagine.comfy_history import QueueState
from imagine.comfy_messages import Finished, Interrupted, Lost
from imagine.comfy_run import Run
from imagine.errors import EngineError

logger = logging.getLogger(__name__)

# Asked so often in a row, and known nowhere: lost. A history that is late after a success is
# waited for longer, because pictures depend on it.
UNKNOWN_IS_LOST = 2
UNKNOWN_IS_NO_HISTORY = 5


class ComfyWatch:
    """Checks the accepted runs of one client.

    ``on_deaf`` is called when the socket that is open missed an end, ``on_orphan`` with the client
    id under which the messages of a living run could still be heard.
    """

    def __init__(
        self,
        connection: ComfyConnection,
        runs: Mapping[str, Run],
        timing: Timing,
        *,
        on_deaf: Callable[[], None],
        on_orphan: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._runs = runs
        self._timing = timing
        self._on_deaf = on_deaf
        self._on_orphan = on_orphan
        self._bell = asyncio.Event()
        # The client id of the socket that is open now.
        self.client_id: str | None = None

    def look(self) -> None:
        """Check at once every run that waits for more than a message."""
        self._bell.set()

    async def run(self) -> None:
        """Check each run whenever it is due, until canceled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._next_due()):
                    await self._bell.wait()
            is_rung = self._bell.is_set()
            self._bell.clear()
            now = monotonic()
            due = [
                run
                for run in self._accepted()
                if now >= self._due_at(run) or (is_rung and self._is_behind(run))
            ]
            if due:
                await self._try_check(due)

    def is_orphan(self, run: Run) -> bool:
        """Does nobody listen where the messages of this run go?"""
        return run.client_id is None or run.client_id != self.client_id

    def _accepted(self) -> list[Run]:
        return [run for run in self._runs.values() if run.is_accepted and not run.is_over]

    def _is_behind(self, run: Run) -> bool:
        """Will no message tell the end of this run, or not soon enough?"""
        is_told_nothing = run.is_withdrawn and not run.is_running
        return (
            run.is_settling
            or run.is_overdue
            or run.cancel_wanted
            or is_told_nothing
            or self.is_orphan(run)
        )

    def _due_at(self, run: Run) -> float:
        if self._is_behind(run):
            return run.checked_at + self._timing.poll_s
        return max(run.heard_at, run.checked_at) + self._timing.silence_s

    def _next_due(self) -> float | None:
        """Return the seconds until the next check, None when there is nothing to check."""
        due = min(map(self._due_at, self._accepted()), default=None)
        return None if due is None else max(0.0, due - monotonic())

    async def _try_check(self, runs: Iterable[Run]) -> None:
        try:
            await self.check(runs)
        except EngineError as error:
            logger.debug("runs could not be checked: %s", error.message)
            for run in runs:
                self.give_up(run)
        except Exception:
            logger.exception("runs could not be checked")
        finally:
            for run in runs:
                run.checked_at = monotonic()

    def give_up(self, run: Run) -> bool:
        """End a canceled run whose engine has died: no process, no queue. False: it has not."""
        is_dead = run.accepted_at < self._connection.refused_at
        if is_dead and run.cancel_wanted:
            run.end(Interrupted())
        return is_dead

    async def check(self, runs: Iterable[Run]) -> None:
        """Bring runs up to date.

        The queue is read before the history: a run that ends in between is then in the history.

        Raises:
            EngineError: the engine could not be asked.
        """
        queue = await self._connection.queue()
        for run in runs:
            if not run.is_over:
                await self._check(run, queue)

    async def _check(self, run: Run, queue: QueueState) -> None:
        if run.prompt_id in queue.running:
            self._found(run, queue.running[run.prompt_id])
            run.start()
            if run.cancel_wanted:
                await self._connection.interrupt(run.prompt_id)
        elif run.prompt_id in queue.pending:
            self._found(run, queue.pending[run.prompt_id])
            run.was_pending = True
            if run.cancel_wanted:
                await self._connection.delete_pending(run.prompt_id)
        else:
            await self._check_history(run)

    def _found(self, run: Run, client_id: str | None) -> None:
        if not run.is_accepted:
            run.accept()
        run.unknown = 0
        run.client_id = client_id or run.client_id
        if self.client_id is not None and run.client_id not in (None, self.client_id):
            self._on_orphan(run.client_id)

    async def _check_history(self, run: Run) -> None:
        entry = await self._connection.history(run.prompt_id)
        if entry is None:
            self._missed(run)
        elif not run.is_accepted:
            run.accept()
            run.settle(entry)
        elif self._is_behind(run):
            is_deaf = run.is_overdue and not self.is_orphan(run)
            run.settle(entry)
            if is_deaf:
                logger.warning("the socket missed the end of prompt %s", run.prompt_id)
                self._on_deaf()
        else:
            run.is_overdue = True

    def _missed(self, run: Run) -> None:
        """Neither the queue nor the history knows the run."""
        run.unknown += 1
        was_restarted = run.is_accepted and run.accepted_at < self._connection.refused_at
        if run.cancel_wanted and run.is_accepted:
            run.end(Interrupted())
        elif run.succeeded:
            if run.unknown >= UNKNOWN_IS_NO_HISTORY or was_restarted:
                run.end(Finished())
        elif run.unknown >= UNKNOWN_IS_LOST or was_restarted:
            if run.cancel_wanted:
                run.end(Interrupted())
            elif run.is_accepted:
                run.end(Lost())
