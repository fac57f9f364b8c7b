"""Brings prompts into a ComfyUI and takes them out of it, and leaves no doubt about either.

Apart from the client because of the doubts: an answer that never comes, a prompt that begins to run
while it is being deleted, a graph of which only a part is accepted.
"""

import asyncio
import logging
from collections.abc import Mapping
from time import monotonic
from typing import Any

from imagine.comfy_connection import ComfyConnection, NotListeningError, Timing
from imagine.comfy_errors import explain_rejection
from imagine.comfy_messages import Interrupted
from imagine.comfy_run import Run
from imagine.comfy_watch import UNKNOWN_IS_LOST, ComfyWatch
from imagine.errors import (
    EngineError,
    EngineRejectedError,
    EngineTimeoutError,
    EngineUnavailableError,
)

logger = logging.getLogger(__name__)

# So many prompts that nobody wants are remembered.
MOST_UNWANTED = 1000
# Answers that are about the request itself, whoever gives them.
NOT_TAKEN = frozenset({400, 413, 414, 422})


class ComfySubmit:
    """Submits and stops the runs of one client."""

    def __init__(self, connection: ComfyConnection, watch: ComfyWatch, timing: Timing) -> None:
        self._connection = connection
        self._watch = watch
        self._timing = timing
        self._name = connection.name
        # Prompts that nobody wants, newest last.
        self._unwanted: dict[str, None] = {}

    def is_unwanted(self, prompt_id: str) -> bool:
        """Was a prompt stopped that no run followed?"""
        return prompt_id in self._unwanted

    async def submit(
        self, run: Run, graph: Mapping[str, Any], extra_data: Mapping[str, Any]
    ) -> None:
        """Submit a graph under the run's client id; return when the engine surely has it.

        Raises:
            EngineRejectedError: the graph was refused, or a part of it.
            EngineUnavailableError, EngineTimeoutError: it was not accepted, as far as can be known.
        """
        if run.cancel_wanted:
            run.end(Interrupted())
            return
        body = {
            "prompt": graph,
            "prompt_id": run.prompt_id,
            "client_id": run.client_id,
            "extra_data": dict(extra_data),
        }
        try:
            status, answer = await self._connection.submit(body)
        except NotListeningError:
            raise
        except (EngineUnavailableError, EngineTimeoutError) as error:
            await self._resolve(run, error)
        else:
            await self._read(run, status, answer, graph)
        if not run.is_accepted:
            run.accept()
        self._watch.look()  # if it was canceled meanwhile, it is stopped at once

    async def _read(self, run: Run, status: int, answer: Any, graph: Mapping[str, Any]) -> None:
        """Read the answer of ``POST /prompt``; only a whole yes returns."""
        accepted = answer.get("prompt_id") if isinstance(answer, dict) else None
        if status >= 500 and accepted is None:
            error = EngineUnavailableError(
                f"{self._name} answers a graph with {status}.",
                hint="Look into ComfyUI's own window for the reason.",
            )
            await self._resolve(run, error)
        elif not isinstance(answer, dict):
            raise _no_answer_of_comfyui(self._name, status)
        elif status != 200 or accepted is None:
            raise _rejection(answer, graph)
        elif accepted != run.prompt_id:
            await self._withdraw(str(accepted))
            raise EngineRejectedError(
                "This ComfyUI is too old: it does not let us name a prompt.",
                code="engine_too_old",
                hint="Update ComfyUI.",
            )
        elif answer.get("node_errors"):
            # Only a part of the graph was accepted. A part is not what was asked for.
            await self._withdraw(run.prompt_id)
            raise _rejection(answer, graph)

    async def _resolve(self, run: Run, error: EngineError) -> None:
        """Find out whether a prompt with an unclear answer was accepted; raise ``error`` if not."""
        deadline = monotonic() + self._timing.submit_s
        while not run.was_heard and not run.is_accepted:
            if run.unknown >= UNKNOWN_IS_LOST or monotonic() > deadline:
                raise error
            try:
                await self._watch.check([run])
            except NotListeningError:
                raise error from None
            except EngineError as unasked:
                logger.debug("prompt %s could not be looked for: %s", run.prompt_id, unasked)
            if not run.is_accepted:
                await asyncio.sleep(self._timing.poll_s)

    async def _withdraw(self, prompt_id: str) -> None:
        """Take back a prompt that was accepted but is not wanted; as well as can be."""
        try:
            await self.stop_unread(prompt_id)
        except EngineError as error:
            logger.warning("prompt %s could not be taken back: %s", prompt_id, error.message)

    async def stop(self, run: Run) -> None:
        """Stop an accepted run: out of the queue, or if it left that by then, interrupted.

        Raises:
            EngineError: the engine could not be asked; the watch tries again.
        """
        try:
            await self._connection.delete_pending(run.prompt_id)
            await self._watch.check([run])
        except EngineError:
            self._watch.look()
            if not self._watch.give_up(run):
                raise

    async def stop_unread(self, prompt_id: str) -> None:
        """Stop a prompt that no run follows, and remember that nobody wants it.

        Its post may still be on the way; when it arrives after all, it is stopped then.
        """
        self._unwanted[prompt_id] = None
        if len(self._unwanted) > MOST_UNWANTED:
            del self._unwanted[next(iter(self._unwanted))]
        await self._connection.delete_pending(prompt_id)
        if prompt_id in (await self._connection.queue()).running:
            await self._connection.interrupt(prompt_id)


def _no_answer_of_comfyui(name: str, status: int) -> EngineError:
    """Return what a page in place of JSON means: a graph that is too large, or somebody between."""
    if status in NOT_TAKEN:
        return EngineRejectedError(
            f"{name} answers a graph with {status}.",
            hint="Check that what stands before it lets large requests through.",
        )
    return EngineUnavailableError(
        f"{name} answers a graph with {status}, but not like ComfyUI.",
        hint="Check that the address is ComfyUI's own, and that no login stands before it.",
    )


def _rejection(answer: Any, graph: Mapping[str, Any]) -> EngineRejectedError:
    body = explain_rejection(answer, graph)
    return EngineRejectedError(body.message, details=body.details, hint=body.hint, code=body.code)
