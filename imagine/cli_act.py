"""``imagine act`` and ``imagine blend``: what the page does with finished pictures, from a shell.

Pictures are counted from 1 here, as people and the page do; the API counts from 0.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from imagine.cli_client import Api, ArgumentError, Exit, Wire
from imagine.cli_prompt import make
from imagine.models import JobState

_PICTURE = re.compile(r"(.+)/([0-9]{1,3})")


def act(
    action: str,
    job: str,
    *,
    image: int | None,
    mask: Path | None,
    fields: Mapping[str, Any],
    server: str,
    save: Path | None,
) -> Exit:
    """Do something with a picture of a set. ``fields`` of the request; None is left out."""

    async def submit(api: Api) -> Wire:
        found = await api.find_job(job)
        body: Wire = {"action": action, **_given(fields)}
        if image is not None:
            body["image"] = _index(found, image)
        if mask is not None:
            body["mask"] = await api.upload(mask)
        return await api.post(f"/api/jobs/{found['id']}/actions", body)

    return make(submit, fields.get("prompt") or "", server=server, save=save)


def blend(
    pictures: Sequence[str],
    *,
    fields: Mapping[str, Any],
    server: str,
    save: Path | None,
) -> Exit:
    """Mix pictures, each a file or a picture of a set (``128/2``), into a new set."""
    files = {name for name in pictures if Path(name).is_file()}

    async def submit(api: Api) -> Wire:
        images = [await _picture(api, name, is_file=name in files) for name in pictures]
        return await api.post("/api/blend", {"images": images, **_given(fields)})

    return make(submit, fields.get("prompt") or "", server=server, save=save)


def _given(fields: Mapping[str, Any]) -> Wire:
    return {name: value for name, value in fields.items() if value is not None}


async def _picture(api: Api, name: str, *, is_file: bool) -> str | Wire:
    """Return what a body calls a picture; a file wins over a set of that name."""
    found = _PICTURE.fullmatch(name)
    if found is None or is_file:
        return await api.upload(Path(name))
    job = await api.find_job(found[1])
    return {"job": job["id"], "image": _index(job, int(found[2]))}


def _index(job: Wire, number: int) -> int:
    """Return the index of a picture that is counted from 1.

    Raises:
        ArgumentError: the set has ended and has no such picture.
    """
    there = [picture["index"] + 1 for picture in job["images"]]
    if number < 1 or (number not in there and not JobState(job["state"]).is_active):
        listed = ", ".join(map(str, there)) or "none"
        verb = "are" if len(there) > 1 else "is"
        raise ArgumentError(f"Set {job['number']} has no picture {number}. There {verb} {listed}.")
    return number - 1
