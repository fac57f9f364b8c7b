"""A job as it is at this moment: what is stored, with the progress and the place that are not."""

import json
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from imagine.app_keys import PARTS, Parts
from imagine.models import Job
from imagine.routes.shown import base_of, shown

# No text of anybody stands before it, and within one each quote is escaped.
SEQUENCE = re.compile(r'"sequence":(\d+)')


def present(parts: Parts, job: Job) -> Job:
    """Return the snapshot with its newest progress, stage and position written in."""
    if not job.state.is_active:
        return job
    position = parts.queue.position(job.id)
    return parts.bus.now(job).model_copy(update={"position": position})


def present_text(parts: Parts, job_id: str, body: str) -> str:
    """Return a job's stored JSON, brought up to the moment if it is active.

    A job may have been told since its row was read: nobody is given what is older than that.
    """
    told = parts.bus.told(job_id)
    if told is not None and told[0] > sequence_of(body):
        return told[1]
    if parts.queue.position(job_id) is None and parts.bus.passing(job_id) is None:
        return body
    return present(parts, Job.model_validate_json(body)).model_dump_json()


def sequence_of(text: str) -> int:
    """Return the sequence of a job from its JSON."""
    found = SEQUENCE.search(text)
    assert found is not None, "a job has one"
    return int(found[1])


def job_answer(request: web.Request, job: Job, status: int = 200) -> web.Response:
    return json_answer(request, present(request.app[PARTS], job).model_dump_json(), status)


def json_text(told: Mapping[str, Any]) -> str:
    """Return something as JSON; half a character, of which UTF-8 has none, becomes ``?``."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace").decode()


def json_answer(request: web.Request, text: str, status: int = 200) -> web.Response:
    """Return JSON that is already text."""
    data = shown(base_of(request), text.encode())
    return web.Response(status=status, body=data, content_type="application/json", charset="utf-8")
