"""The pictures that prompts name, brought together: from the web, from uploads, from earlier jobs.

The planner asks here for what a link stands for; the runner for the file that an engine is to get.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from imagine.errors import Detail, NotFoundError, PromptError, RequestError
from imagine.image_names import name_in
from imagine.input_image import Box, InputImage
from imagine.links import PictureLink, is_own, read_picture, read_upload, upload_link
from imagine.media import what_else
from imagine.models import Job, JobState

MOST_LINKS = 16
# So many are fetched at once, over all prompts.
FETCHES = 4
# A prompt of many lines asks for its links once for each line. Units: seconds.
REMEMBERED_S = 60.0
MOST_REMEMBERED = 256
# Where pictures lie in an engine's input folder.
FOLDER = "imagine/"
UPLOAD_IT = "Save the picture and upload it."
UPLOAD_STILL = "Upload a still picture of it as PNG, JPEG or WebP."
# So much of a link is quoted.
SHOWN = 120

_UPLOAD_FILE = re.compile(r"([0-9a-f]{64})\.\w+")


class Upload(Protocol):
    """What is known of an uploaded picture. Units: pixels."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


class Uploads(Protocol):
    """Pictures that came in (`imagine.uploads`)."""

    async def put(self, chunks: AsyncIterator[bytes]) -> tuple[Upload, bool]: ...
    async def get(self, upload_id: str) -> Upload: ...
    async def mask(self, source: Path, width: int, height: int) -> tuple[Upload, Box]: ...
    async def path(self, upload_id: str) -> Path: ...


class Fetcher(Protocol):
    """The web (`imagine.link_fetch`)."""

    def open(self, link: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]: ...


class Images(Protocol):
    """The pictures of jobs (`imagine.images`)."""

    async def path(self, name: str) -> Path: ...


class Store(Protocol):
    """The jobs (`imagine.store`)."""

    async def get(self, job_id: str) -> Job | None: ...


class Inputs:
    """Finds the pictures that prompts name (`imagine.planner.Inputs`). Owned by the app."""

    def __init__(
        self,
        uploads: Uploads,
        fetcher: Fetcher,
        images: Images,
        store: Store,
        files: Callable[[str], AsyncIterator[bytes] | None] = lambda _: None,
    ) -> None:
        """``files`` opens what is no upload yet, but has the link of one (`imagine.characters`)."""
        self._uploads = uploads
        self._fetcher = fetcher
        self._images = images
        self._store = store
        self._files = files
        self._fetching = asyncio.Semaphore(FETCHES)
        # Link → the id of its upload, and when it was fetched.
        self._fetched: dict[str, tuple[str, float]] = {}

    async def find(self, links: Collection[str]) -> dict[str, InputImage]:
        """Return the picture of each link; those on the web are fetched and kept.

        Raises:
            PromptError: with every link that names no picture, or one that cannot be used.
        """
        links = list(dict.fromkeys(links))
        if len(links) > MOST_LINKS:
            message = f"A prompt may name {MOST_LINKS} pictures, and this one names {len(links)}."
            raise PromptError(message, details=[Detail(value=links[MOST_LINKS], message=message)])
        found = await asyncio.gather(*map(self._find, links), return_exceptions=True)
        problems: list[PromptError] = []
        images: dict[str, InputImage] = {}
        for link, result in zip(links, found, strict=True):
            match result:
                case InputImage():
                    images[link] = result
                case PromptError() | RequestError():
                    problems.append(_about(link, result))
                case _:
                    raise result
        if problems:
            raise _together(problems)
        return images

    async def find_mask(self, link: str, source: InputImage) -> InputImage:
        """Return a mask for a picture: of its size, white where it is to be painted anew.

        Raises:
            PromptError: it does not fit the picture, or nothing is painted.
        """
        painted = (await self.find([link]))[link]
        upload, box = await self._uploads.mask(
            await self.path(painted), source.width, source.height
        )
        return _input(upload, box)

    async def path(self, image: InputImage) -> Path:
        """Return a file with a picture that was found.

        Raises:
            NotFoundError: somebody removed it since.
        """
        name = image.name.removeprefix(FOLDER)
        upload = _UPLOAD_FILE.fullmatch(name)
        if upload is not None:
            return await self._uploads.path(upload[1])
        return await self._images.path(name)

    async def _find(self, link: str) -> InputImage:
        if (upload_id := read_upload(link)) is not None:
            return await self._upload(link, upload_id)
        if (picture := read_picture(link)) is not None:
            return await self._of_job(link, picture)
        return await self._from_web(link)

    async def _upload(self, link: str, upload_id: str) -> InputImage:
        try:
            return _input(await self._uploads.get(upload_id))
        except NotFoundError:
            if (pieces := self._files(link)) is None:
                raise
            upload, _ = await self._uploads.put(pieces)
            return _input(upload)

    async def _of_job(self, link: str, picture: PictureLink) -> InputImage:
        job = await self._store.get(picture.job)
        if job is None:
            raise _refusal(link, f"There is no set {picture.job}.")
        if job.state is JobState.EXPIRED:
            raise _refusal(
                link, f"The pictures of set {job.number} were removed by the retention rule."
            )
        image = next((image for image in job.images if image.index == picture.image), None)
        if image is None:
            yet = " yet" if job.state.is_active else ""
            raise _refusal(link, f"Set {job.number} has no picture {picture.image}{yet}.")
        other = what_else(image.media_type, image.duration_s)
        if other is not None or image.width is None or image.height is None:
            raise _refusal(
                link,
                f"Output {picture.image} of set {job.number} is {other or 'of no known size'}, "
                "and a still picture is needed here.",
                hint=UPLOAD_STILL,
            )
        name = name_in(image.url)
        await self._images.path(name)  # raises when somebody removed it
        return InputImage(link, FOLDER + name, image.width, image.height)

    async def _from_web(self, link: str) -> InputImage:
        upload_id, fetched_at = self._fetched.get(link, ("", float("-inf")))
        if fetched_at > time.monotonic() - REMEMBERED_S:
            return _input(await self._uploads.get(upload_id))
        async with self._fetching, self._fetcher.open(link) as pieces:
            upload, _ = await self._uploads.put(pieces)
        self._fetched.pop(link, None)
        if len(self._fetched) >= MOST_REMEMBERED:
            del self._fetched[next(iter(self._fetched))]
        self._fetched[link] = (upload.id, time.monotonic())
        return _input(upload)


def _input(upload: Upload, box: Box | None = None) -> InputImage:
    return InputImage(
        upload_link(upload.id), FOLDER + upload.name, upload.width, upload.height, box
    )


def _refusal(link: str, message: str, hint: str | None = None) -> PromptError:
    return PromptError(message, details=[Detail(value=link, message=message)], hint=hint)


def _about(link: str, error: PromptError | RequestError) -> PromptError:
    """Return an error as one that names the link."""
    if isinstance(error, PromptError) and any(detail.value == link for detail in error.details):
        return error
    if is_own(link):
        return _refusal(link, error.message, error.hint or "Upload the picture again.")
    shown = link if len(link) <= SHOWN else f"{link[:SHOWN]}…"
    return _refusal(link, f"{shown}: {error.message}", error.hint or UPLOAD_IT)


def _together(problems: list[PromptError]) -> PromptError:
    first = problems[0]
    more = f" ({len(problems) - 1} more in the details.)" if len(problems) > 1 else ""
    return PromptError(
        first.message + more,
        details=[detail for problem in problems for detail in problem.details],
        hint=first.hint,
    )
