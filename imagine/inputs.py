"""The files that prompts name, brought together: from the web, from uploads, from earlier jobs.

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
from imagine.input_image import Box, InputFile, InputImage
from imagine.links import PictureLink, is_own, read_picture, read_upload, upload_link
from imagine.media import Kind, called, listed_inputs, of_media_type
from imagine.models import Job, JobState

MOST_LINKS = 16
# So many are fetched at once, over all prompts.
FETCHES = 4
# A prompt of many lines asks for its links once for each line. Units: seconds.
REMEMBERED_S = 60.0
MOST_REMEMBERED = 256
# Where pictures lie in an engine's input folder.
FOLDER = "imagine/"
UPLOAD_IT = "Save the file and upload it."
UPLOAD_STILL = "Upload a still picture of it as PNG, JPEG or WebP."
# What is needed, in words.
WANTED = {
    Kind.IMAGE: "a still picture",
    Kind.VIDEO: f"a video ({listed_inputs(Kind.VIDEO)})",
    Kind.AUDIO: f"a sound ({listed_inputs(Kind.AUDIO)})",
}
# So much of a link is quoted.
SHOWN = 120

_UPLOAD_FILE = re.compile(r"([0-9a-f]{64})\.\w+")


class Upload(Protocol):
    """What is known of an uploaded file. Units: pixels."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...
    @property
    def media_type(self) -> str: ...


class Uploads(Protocol):
    """Files that came in (`imagine.uploads`)."""

    async def put(self, chunks: AsyncIterator[bytes]) -> tuple[Upload, bool]: ...
    async def get(self, upload_id: str) -> Upload: ...
    async def mask(self, source: Path, width: int, height: int) -> tuple[Upload, Box]: ...
    async def path(self, upload_id: str) -> Path: ...
    def kind_of(self, upload_id: str) -> Kind | None: ...


class Fetcher(Protocol):
    """The web (`imagine.link_fetch`)."""

    def open(self, link: str, kind: Kind) -> AbstractAsyncContextManager[AsyncIterator[bytes]]: ...


class Images(Protocol):
    """The pictures of jobs (`imagine.images`)."""

    async def path(self, name: str) -> Path: ...


class Store(Protocol):
    """The jobs (`imagine.store`)."""

    async def get(self, job_id: str) -> Job | None: ...


class Inputs:
    """Finds the files that prompts name (`imagine.planner.Inputs`). Owned by the app."""

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
        found = await self._find_all(links, Kind.IMAGE)
        return {link: one for link, one in found.items() if isinstance(one, InputImage)}

    async def find_media(self, links: Collection[str], kind: Kind) -> dict[str, InputFile]:
        """Return the video or the sound of each link; those on the web are fetched and kept.

        Raises:
            PromptError: with every link that names none, or one that cannot be used.
        """
        return await self._find_all(links, kind)

    def kind_of(self, link: str) -> Kind | None:
        """Return of what kind an upload is; None of all other links. For threads."""
        upload_id = read_upload(link)
        return self._uploads.kind_of(upload_id) if upload_id is not None else None

    async def _find_all(self, links: Collection[str], kind: Kind) -> dict[str, InputFile]:
        links = list(dict.fromkeys(links))
        if len(links) > MOST_LINKS:
            message = f"A prompt may name {MOST_LINKS} files, and this one names {len(links)}."
            raise PromptError(message, details=[Detail(value=links[MOST_LINKS], message=message)])
        tasks = (self._find(link, kind) for link in links)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        problems: list[PromptError] = []
        found: dict[str, InputFile] = {}
        for link, result in zip(links, results, strict=True):
            match result:
                case InputFile():
                    found[link] = result
                case PromptError() | RequestError():
                    problems.append(_about(link, result))
                case _:
                    raise result
        if problems:
            raise _together(problems)
        return found

    async def find_mask(self, link: str, source: InputImage) -> InputImage:
        """Return a mask for a picture: of its size, white where it is to be painted anew.

        Raises:
            PromptError: it does not fit the picture, or nothing is painted.
        """
        painted = (await self.find([link]))[link]
        upload, box = await self._uploads.mask(
            await self.path(painted), source.width, source.height
        )
        return _mask(upload, box)

    async def path(self, image: InputFile) -> Path:
        """Return a file with what was found.

        Raises:
            NotFoundError: somebody removed it since.
        """
        name = image.name.removeprefix(FOLDER)
        upload = _UPLOAD_FILE.fullmatch(name)
        if upload is not None:
            return await self._uploads.path(upload[1])
        return await self._images.path(name)

    async def _find(self, link: str, kind: Kind) -> InputFile:
        if (upload_id := read_upload(link)) is not None:
            return await self._upload(link, upload_id, kind)
        if (picture := read_picture(link)) is not None:
            return await self._of_job(link, picture, kind)
        return await self._from_web(link, kind)

    async def _upload(self, link: str, upload_id: str, kind: Kind) -> InputFile:
        try:
            upload = await self._uploads.get(upload_id)
        except NotFoundError:
            if (pieces := self._files(link)) is None:
                raise
            upload, _ = await self._uploads.put(pieces)
        return _input(link, upload, kind)

    async def _of_job(self, link: str, picture: PictureLink, kind: Kind) -> InputFile:
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
        which = f"Output {picture.image} of set {job.number}"
        _check(link, which, image.media_type, image.duration_s, kind)
        name = name_in(image.url)
        await self._images.path(name)  # raises when somebody removed it
        if kind is not Kind.IMAGE:
            return InputFile(link, FOLDER + name, image.width, image.height)
        if image.width is None or image.height is None:
            raise _refusal(
                link, f"{which} is of no known size, and a still picture is needed here."
            )
        return InputImage(link, FOLDER + name, image.width, image.height)

    async def _from_web(self, link: str, kind: Kind) -> InputFile:
        upload_id, fetched_at = self._fetched.get(link, ("", float("-inf")))
        if fetched_at > time.monotonic() - REMEMBERED_S:
            return _input(link, await self._uploads.get(upload_id), kind)
        async with self._fetching, self._fetcher.open(link, kind) as pieces:
            upload, _ = await self._uploads.put(pieces)
        self._fetched.pop(link, None)
        if len(self._fetched) >= MOST_REMEMBERED:
            del self._fetched[next(iter(self._fetched))]
        self._fetched[link] = (upload.id, time.monotonic())
        return _input(link, upload, kind)


def _input(link: str, upload: Upload, kind: Kind) -> InputFile:
    """Return an upload as what is to be loaded; ``link`` is how it was named."""
    _check(link, "The file", upload.media_type, None, kind)
    own, name = upload_link(upload.id), FOLDER + upload.name
    if upload.width is None or upload.height is None or kind is not Kind.IMAGE:
        return InputFile(own, name, upload.width, upload.height)
    return InputImage(own, name, upload.width, upload.height)


def _mask(upload: Upload, box: Box) -> InputImage:
    assert upload.width is not None, "a picture"
    assert upload.height is not None, "a picture"
    name = FOLDER + upload.name
    return InputImage(upload_link(upload.id), name, upload.width, upload.height, box)


def _check(link: str, which: str, media_type: str, duration_s: float | None, kind: Kind) -> None:
    """Refuse what is of another kind than is needed."""
    found = of_media_type(media_type)
    moves = kind is Kind.IMAGE and duration_s is not None
    if found is not None and found.kind is kind and not moves:
        return
    what = called(found, duration_s) if found is not None else f"of another kind ({media_type})"
    raise _refusal(
        link,
        f"{which} is {what}, and {WANTED[kind]} is needed here.",
        hint=UPLOAD_STILL if kind is Kind.IMAGE else f"Upload {WANTED[kind]}.",
    )


def _refusal(link: str, message: str, hint: str | None = None) -> PromptError:
    return PromptError(message, details=[Detail(value=link, message=message)], hint=hint)


def _about(link: str, error: PromptError | RequestError) -> PromptError:
    """Return an error as one that names the link."""
    if isinstance(error, PromptError) and any(detail.value == link for detail in error.details):
        return error
    if is_own(link):
        return _refusal(link, error.message, error.hint or "Upload the file again.")
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
