"""The two sides of every comparison, and how each is spoken with.

``Direct`` is the limit: a bare client of ComfyUI's own protocol with nothing between. ``Imagine``
is the same wish through our server. Each job has a text and a seed of its own, because a prompt
that was there before is answered from the engine's cache.
"""

import itertools
import json
import secrets
import uuid
from dataclasses import dataclass
from typing import Any, Protocol

from bench.graphs import SIDE_PX, STEPS, plain_graph

# Two runs against one engine must not wish for the same picture.
RUN = secrets.randbelow(2**14)
_numbers = itertools.count(RUN * 2**17)


@dataclass(frozen=True, slots=True)
class Wish:
    """One picture to be made."""

    seed: int

    @property
    def text(self) -> str:
        return f"a lighthouse on a cliff at dusk, study {self.seed}"


@dataclass(frozen=True, slots=True)
class News:
    """What a text frame says of a job. Units: ``fraction`` of the sampler's steps."""

    job: str
    fraction: float | None = None
    is_over: bool = False
    pictures: tuple[str, ...] = ()
    trouble: str | None = None


def next_wish() -> Wish:
    return Wish(next(_numbers) % 2**31)


class Side(Protocol):
    """How to speak with one server."""

    @property
    def socket_path(self) -> str: ...

    def submission(self, wish: Wish) -> tuple[str, Any]:
        """Return path and JSON body of a job's POST."""

    def job_id(self, answer: Any) -> str:
        """Return the id in the answer to it."""

    def news(self, payload: bytes, *, only_ends: bool) -> News | None:
        """Read a text frame; ``only_ends`` leaves the rest unread, to be quick."""


class Direct:
    """ComfyUI's own protocol. With ``is_public`` its progress is told to every socket."""

    def __init__(self, *, is_public: bool = False) -> None:
        self._is_public = is_public
        self._client = uuid.uuid4().hex

    @property
    def socket_path(self) -> str:
        """A path; for public prompts another one for each socket."""
        client = uuid.uuid4().hex if self._is_public else self._client
        return f"/ws?clientId={client}"

    def submission(self, wish: Wish) -> tuple[str, Any]:
        body: dict[str, Any] = {"prompt": plain_graph(wish.text, wish.seed)}
        return "/prompt", body if self._is_public else body | {"client_id": self._client}

    def job_id(self, answer: Any) -> str:
        return str(answer["prompt_id"])

    def news(self, payload: bytes, *, only_ends: bool) -> News | None:
        if payload.startswith(b'{"type": "progress') and (
            only_ends or payload.startswith(b'{"type": "progress_state')
        ):
            return None
        message = json.loads(payload)
        data = message["data"]
        match message["type"]:
            case "progress":
                return News(data["prompt_id"], data["value"] / data["max"])
            case "executed":
                paths = [
                    f"/view?filename={file['filename']}&subfolder={file['subfolder']}&type=output"
                    for file in data["output"]["images"]
                ]
                return News(data["prompt_id"], 1.0, is_over=True, pictures=tuple(paths))
            case "execution_error" | "execution_interrupted" as trouble:
                return News(data["prompt_id"], is_over=True, trouble=trouble)
            case _:
                return None


class Imagine:
    """Our server: one POST, and one socket that tells of all jobs."""

    socket_path = "/api/live"

    def submission(self, wish: Wish) -> tuple[str, Any]:
        flags = f"--size {SIDE_PX}x{SIDE_PX} --steps {STEPS} --batch 1 --seed {wish.seed}"
        return "/api/imagine", {"prompt": f"{wish.text} {flags}"}

    def job_id(self, answer: Any) -> str:
        return str(answer["jobs"][0]["id"])

    def news(self, payload: bytes, *, only_ends: bool) -> News | None:
        if payload.startswith(b'{"type":"job"'):
            job = json.loads(payload)["job"]
            match job["state"]:
                case "succeeded":
                    pictures = tuple(image["url"] for image in job["images"])
                    return News(job["id"], 1.0, is_over=True, pictures=pictures)
                case "failed" | "canceled" as state:
                    trouble = job["error"]["message"] if job["error"] else state
                    return News(job["id"], is_over=True, trouble=trouble)
                case _:
                    return None
        elif payload.startswith(b'{"type":"progress"') and not only_ends:
            progress = json.loads(payload)
            return News(progress["job"], progress["step"] / progress["steps"])
        return None
