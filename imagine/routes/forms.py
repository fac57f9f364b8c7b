"""Requests that bring pictures along: forms and bare pictures, read as they stream.

Each picture goes to the disk while it comes, within its own limit; nothing here is ever held whole
in memory but words. A form becomes what the same request would be as JSON, so that both are checked
by one model.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from imagine.app_keys import PARTS
from imagine.errors import (
    Detail,
    ImagineError,
    MalformedError,
    PromptError,
    RequestError,
    TooLargeError,
    UnsupportedMediaError,
)
from imagine.image_bytes import MEDIA_LIMIT
from imagine.inputs import MOST_LINKS
from imagine.links import is_own, picture_link, upload_link
from imagine.media import Kind, input_limit
from imagine.models import Once
from imagine.prompt_values import read_link
from imagine.routes.reading import checked, read_body, read_once, whole_json
from imagine.routes.wire import ImagineBody, PictureRef
from imagine.uploads import Put, too_large

FORM, JSON = "multipart/form-data", "application/json"
# What a body is called whose sender does not say what it is.
UNKNOWN = "application/octet-stream"
# What is in a form beside its pictures. Units: bytes.
MOST_WORDS = 2**20
FRAMING = 64 * 2**10
CHUNK = 64 * 2**10
MASK = "mask"
# What a body may be called, before it is known by its bytes.
_TOLD = (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO)


class HasImages(Protocol):
    """A body that names pictures."""

    @property
    def images(self) -> Sequence[str | PictureRef]: ...


@dataclass(frozen=True, slots=True)
class Form:
    """What a form may hold: fields with words, fields with JSON, and pictures.

    ``files``: what the pictures are called, in their order, whatever order they come in; without
    it they have any names, and the order in which they come.
    """

    words: frozenset[str]
    values: frozenset[str]
    files: tuple[str, ...] = ()

    @property
    def most(self) -> int:
        return len(self.files) or MOST_LINKS


IMAGINE_FORM = Form(frozenset({"prompt"}), frozenset({"options", "priority"}))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for pictures: the body, and the links of what it brought or named."""

    body: ImagineBody
    images: tuple[str, ...]
    mask: str | None
    once: Once | None


async def read_imagine(request: web.Request) -> Asked:
    """Read what ``POST /api/imagine`` takes: JSON, or a form with the files themselves.

    Raises:
        RequestError: it cannot be read, or a file is too large or no picture.
        PromptError: a field cannot be, or a picture is damaged.
    """
    if request.content_type == FORM:
        data = await read_form(request, IMAGINE_FORM)
        body = checked(ImagineBody, data)
        # Not the bytes: each sending of a form has another boundary.
        once = await read_once(request, json.dumps(data, sort_keys=True).encode())
    elif request.content_type != JSON:
        raise UnsupportedMediaError(
            f"{request.path} reads {JSON} or {FORM}, not {request.content_type}.",
            hint=f"Send the header Content-Type: {JSON}.",
        )
    else:
        body = await read_body(request, ImagineBody)
        once = await read_once(request)
    images = image_links(body)
    mask = None if body.mask is None else link_of(body.mask, MASK)
    if mask is not None and not images:
        message = "A mask needs the picture that it is for, as the first of images."
        raise PromptError(message, details=[Detail(parameter=MASK, message=message)])
    return Asked(body, images, mask, once)


def image_links(body: HasImages) -> tuple[str, ...]:
    """Return the links of the pictures that a body names.

    Raises:
        PromptError: one is nothing that could be a picture.
    """
    return tuple(link_of(image, f"images.{index}") for index, image in enumerate(body.images))


def image_fields(images: Sequence[str]) -> dict[str, str]:
    """Return by which field each link came in."""
    return {link: f"images.{index}" for index, link in enumerate(images)}


async def take_upload(request: web.Request) -> Put:
    """Take in the one file of ``POST /api/uploads``: the field ``image`` of a form, or the body.

    Raises:
        RequestError: it cannot be read, is too large or of no kind that is taken.
        PromptError: it is damaged, or the form has other fields.
    """
    uploads = request.app[PARTS].uploads
    told = next((kind for kind in _TOLD if request.content_type.startswith(f"{kind}/")), None)
    limit = MEDIA_LIMIT if told is None else input_limit(told)
    if (request.content_length or 0) > limit + FRAMING:
        raise too_large(told)
    if request.content_type == FORM:
        taken = None
        async for part in _parts(request):
            if part.name != "image" or taken is not None:
                raise _problem(part.name, "one file is taken here, in the field image.")
            taken = await uploads.put(_pieces(part))
        if taken is None:
            raise _problem("image", "it is missing.")
        return taken
    if told is not None or request.content_type == UNKNOWN:
        return await uploads.put(_body(request))
    raise UnsupportedMediaError(
        f"{request.path} reads {FORM}, a picture, a video or a sound, not {request.content_type}.",
        hint="Send the file in the field image, or as the body with its own Content-Type.",
    )


@dataclass(frozen=True, slots=True)
class File:
    """A file that came in, whole; ``name`` is what its sender calls it, or ""."""

    data: bytes
    name: str


async def take_file(request: web.Request, most: int, too_large: Callable[[], RequestError]) -> File:
    """Take in one file: the field ``file`` of a form, or the body.

    Raises:
        RequestError: it cannot be read, or has more than ``most`` bytes.
        PromptError: the form has other fields, or none.
    """
    if request.content_type != FORM:
        return File(await _whole(_body(request), most, too_large), "")
    taken = None
    async for part in _parts(request):
        if part.name != "file" or taken is not None:
            raise _problem(part.name, "one file is taken here, in the field file.")
        taken = File(await _whole(_pieces(part), most, too_large), part.filename or "")
    if taken is None:
        raise _problem("file", "it is missing.")
    return taken


async def _whole(
    pieces: AsyncIterator[bytes], most: int, too_large: Callable[[], RequestError]
) -> bytes:
    data = bytearray()
    async for piece in pieces:
        data += piece
        if len(data) > most:
            raise too_large()
    return bytes(data)


async def read_form(request: web.Request, form: Form) -> dict[str, Any]:
    """Return a form as the JSON that would say the same; its files are uploads by then.

    Raises:
        RequestError: it cannot be read, or a file is too large or no picture.
        PromptError: a field cannot be, or a picture is damaged.
    """
    uploads = request.app[PARTS].uploads
    data: dict[str, Any] = {}
    images: dict[str, str] = {}
    async for part in _parts(request):
        name = part.name or ""
        if name in data or (form.files and name in images):
            raise _problem(name, "it is given twice.")
        if part.filename is None:
            if name not in form.words | form.values:
                raise _problem(name, f"there is no {name} here, unless it is a file.")
            text = await _text(part)
            data[name] = text if name in form.words else _value(name, text)
            continue
        if name != MASK:
            _check_file(form, name, len(images))
        with _about(name):
            upload, _ = await uploads.put(_pieces(part))
        if name == MASK:
            data[MASK] = upload.id
        else:
            images[name if form.files else str(len(images))] = upload.id
    ordered = [images[name] for name in form.files or images if name in images]
    return {**data, "images": ordered} if ordered else data


def _check_file(form: Form, name: str, before: int) -> None:
    """Refuse a picture that is one too many, or called what none is called."""
    if before == form.most or (form.files and _is_beyond(name, form.files)):
        where = f", in {', '.join(form.files)}" if form.files else ""
        raise _problem(name, f"at most {form.most} pictures are taken{where}.")
    if form.files and name not in form.files:
        raise _problem(name, f"a picture comes in {', '.join(form.files)}, or {MASK}.")


def _is_beyond(name: str, files: Sequence[str]) -> bool:
    """Say whether a name goes on where the names of the pictures end: ``file_5``."""
    found = re.fullmatch(rf"{files[0]}_0*([0-9]+)", name)
    # Not as a number: somebody may send one of thousands of digits.
    return found is not None and (len(found[1]), found[1]) > (1, str(len(files)))


async def _parts(request: web.Request) -> AsyncIterator[BodyPartReader]:
    """Yield the fields of a form, each to be read before the next."""
    with _form_errors():
        reader = await request.multipart()
    while True:
        with _form_errors():
            part = await reader.next()
        if part is None:
            return
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise MalformedError("Each part of a form needs a name, and none may be a form itself.")
        yield part


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while not part.at_eof():
        with _form_errors():
            piece = await part.read_chunk(CHUNK)
        yield piece


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    pieces = request.content.iter_chunked(CHUNK)
    while True:
        with _form_errors():
            piece = await anext(pieces, None)
        if piece is None:
            return
        yield piece


async def _text(part: BodyPartReader) -> str:
    text = bytearray()
    async for piece in _pieces(part):
        text += piece
        if len(text) > MOST_WORDS:
            raise TooLargeError(f"The field {part.name} is larger than 1 MiB.")
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise MalformedError(f"The field {part.name} is not UTF-8.") from error


def _value(name: str, text: str) -> Any:
    """Read a field that holds JSON."""
    try:
        return whole_json(text)
    except (ValueError, RecursionError) as error:
        raise _problem(name, f"it is not JSON: {error}.", text[:200]) from error


@contextmanager
def _form_errors() -> Iterator[None]:
    try:
        yield
    except web.RequestPayloadError as error:
        raise MalformedError("The body broke off, or is not encoded as its headers say.") from error
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError) as error:
        raise MalformedError("The form is broken, so that its fields cannot be told.") from error


@contextmanager
def _about(field: str) -> Iterator[None]:
    """Let a refusal of a file say which one it is."""
    try:
        yield
    except (PromptError, RequestError) as error:
        detail = Detail(parameter=field, message=error.message)
        raise _again(error, f"{field}: {error.message}", detail) from error


def _again(error: ImagineError, message: str, detail: Detail) -> ImagineError:
    return type(error)(message, details=[detail], hint=error.hint, code=error.error_code)


def link_of(image: str | PictureRef, field: str) -> str:
    """Return the link of a picture that a body names: an upload, one of a job, or the web's.

    Raises:
        PromptError: it is nothing that could be a picture.
    """
    if isinstance(image, PictureRef):
        link = picture_link(image.job, image.image)
        if not is_own(link):
            raise _problem(field, "job must be the id of a set.", image.job[:200])
        return link
    for link in (image, upload_link(image)):
        if is_own(link):
            return link
    web_link = read_link(image)
    if web_link is None:
        raise _problem(
            field, "it is neither the id of an upload, nor a link, nor a picture of a set.", image
        )
    return web_link


def _problem(field: str | None, message: str, value: str | None = None) -> PromptError:
    detail = Detail(parameter=field, value=value and value[:200], message=f"{field}: {message}")
    return PromptError(f"The body is wrong: {field}: {message}", details=[detail])
