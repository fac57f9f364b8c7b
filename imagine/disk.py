"""Whether the disk takes what is made: one that is full or refuses pauses the line.

What cannot be written waits here and is written when the disk works again, so that no finished
picture is lost to a full disk, and no more are begun meanwhile. Who writes how is not known here:
whether it works is asked of those who write, by a probe that does.
"""

import asyncio
import contextlib
import logging
import math
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from imagine.errors import DISK_FULL, DISK_UNWRITABLE, StorageError
from imagine.job_queue import MemoryQueue, Pause
from imagine.lifetime import Opened

T = TypeVar("T")

logger = logging.getLogger(__name__)

# How often to look, while all is well and while it is not.
EVERY_S = 5.0
TROUBLED_S = 1.0
# What waits for the disk looks this often whether it may go on.
POLL_S = 0.1
# What is refused although a probe went well is tried again at most so seldom.
MOST_WAIT_S = 10.0
# So many times the least must be free again before the line goes on.
AGAIN = 1.125
MB = 10**6
GOES_ON = "The queue goes on by itself then."

Probe = Callable[[], Awaitable[None]]


class Disk(Opened):
    """Watches the disk of one output folder. Owned by the app, which opens and closes it.

    ``folders`` may stand on different disks; the fullest counts. ``least_mb`` must be free, 0 for
    any. ``probes`` write and raise `StorageError`. ``changed`` is called when the line may go on.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        least_mb: int,
        queue: MemoryQueue,
        probes: Sequence[Probe],
        changed: Callable[[], None],
    ) -> None:
        self._folders = folders
        self._least_mb = least_mb
        self._queue = queue
        self._probes = probes
        self._changed = changed
        # Of its own: a disk that hangs must hold up nobody else.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="imagine-disk")
        self._asked = asyncio.Event()
        self._pause: Pause | None = None
        self._free_mb: int | None = None
        # What was refused and waits to be tried again, and what was refused and does not.
        self._waiting: dict[object, StorageError] = {}
        self._refused: StorageError | None = None
        # Found by the last look, since which nothing was refused.
        self._works = asyncio.Event()

    async def open(self) -> None:
        await self.look()

    async def close(self) -> None:
        self._thread.shutdown(wait=False)

    async def run(self) -> None:
        """Look again and again; sooner when somebody was refused."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S if self._pause is None else TROUBLED_S):
                    await self._asked.wait()
            await self.look()

    def health(self) -> dict[str, Any]:
        """Return the disk object of ``/api/health``. Units: MB of a million bytes."""
        state = "ok" if self._pause is None else self._pause.code.removeprefix("disk_")
        reason = None if self._pause is None else self._pause.message
        return {"state": state, "free_mb": self._free_mb, "reason": reason}

    def refused(self, error: StorageError) -> None:
        """Somebody could not write something, and deals with that himself."""
        if error.error_code in (DISK_FULL, DISK_UNWRITABLE):
            self._refused = error
            self._doubt(error)

    async def patient(self, work: Callable[[], Awaitable[T]], given_up: Callable[[], bool]) -> T:
        """Do work that writes; when the disk refuses it, wait until it works and do it again.

        Raises:
            StorageError: it was refused, and is given up.
        """
        place, wait_s = object(), 0.0
        try:
            while True:
                try:
                    return await work()
                except StorageError as error:
                    level = logging.DEBUG if place in self._waiting else logging.INFO
                    logger.log(level, "what cannot be written waits: %s", error.message)
                    self._waiting[place] = error
                    self._doubt(error)
                    await self._until_it_works(wait_s, given_up)
                    if given_up():
                        raise
                    wait_s = min(MOST_WAIT_S, 2 * wait_s or POLL_S)
        finally:
            if self._waiting.pop(place, None) is not None:
                self._asked.set()

    async def _until_it_works(self, at_least_s: float, given_up: Callable[[], bool]) -> None:
        earliest = time.monotonic() + at_least_s
        while not given_up():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._works.wait()
                    await asyncio.sleep(earliest - time.monotonic())
                    return

    def _doubt(self, error: StorageError) -> None:
        """Pause at once, and look soon."""
        self._works.clear()
        self._tell(self._pause or self._reason(error))
        self._asked.set()

    async def look(self) -> None:
        """Look how things stand, and pause the line or let it go on."""
        self._asked.clear()
        pause = await self._short_of_room()
        if pause is None and (self._pause is not None or self._free_mb is None):
            pause = await self._try()
        if pause is None and not self._asked.is_set():
            self._works.set()
            self._refused = None
        # Only what waits knows whether it can be written now, whatever a probe says.
        refused = self._refused or next(iter(self._waiting.values()), None)
        if pause is None and refused is not None:
            pause = self._reason(refused)
        self._tell(pause)

    async def _short_of_room(self) -> Pause | None:
        loop = asyncio.get_running_loop()
        free = await loop.run_in_executor(self._thread, self._measure)
        self._free_mb = None if free is None else free // MB
        is_short = self._pause is not None and self._pause.code == DISK_FULL
        least_mb = self._least_mb * (AGAIN if is_short else 1)
        if free is None or free >= least_mb * MB:
            return None
        return Pause(
            DISK_FULL,
            f"The disk of {self._folders[0]} is nearly full: {self._free_mb} MB are free, and "
            f"{math.ceil(least_mb)} MB are wanted.",
            f"Free some space, or lower --min-free-mb. {GOES_ON}",
        )

    def _measure(self) -> int | None:
        """Return the bytes that are free; None when that cannot be told. In the thread."""
        free = []
        for folder in self._folders:
            try:
                free.append(shutil.disk_usage(folder).free)
            except OSError:
                return None
        return min(free)

    async def _try(self) -> Pause | None:
        for probe in self._probes:
            try:
                await probe()
            except StorageError as error:
                return self._reason(error)
        return None

    def _reason(self, error: StorageError) -> Pause:
        if error.error_code == DISK_FULL:
            free = "" if self._free_mb is None else f" {self._free_mb} MB are free."
            return Pause(
                DISK_FULL,
                f"The disk of {self._folders[0]} is full, and what is made cannot be saved.{free}",
                f"Free some space. {GOES_ON}",
            )
        return Pause(
            DISK_UNWRITABLE,
            f"What is made cannot be saved in {self._folders[0]}. {error.message}",
            f"See that Imagine may write there. {GOES_ON}",
        )

    def _tell(self, pause: Pause | None) -> None:
        before, self._pause = self._pause, pause
        if before is not None and (pause is None or pause.code != before.code):
            self._queue.resume(before.code)
        if pause is not None:
            self._queue.pause(pause)
        if (before is None) == (pause is None):
            return
        if pause is not None:
            logger.warning("The queue is paused. %s", pause.message)
        else:
            logger.info("The disk works again, and the queue goes on.")
            self._changed()
