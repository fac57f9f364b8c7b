"""The answer to whatever makes jobs: at once, or at their end when the request asked to wait."""

import asyncio
import contextlib
import re
from collections.abc import Iterable

from aiohttp import web

from imagine.app_keys import PARTS, Parts
from imagine.jobs import Submission
from imagine.models import Job
from imagine.routes.presenting import json_answer, present
from imagine.routes.reading import read_wait
from imagine.routes.shown import base_of

FIRST_JOB = re.compile(r'"jobs":\[\{"id":"([^"]+)"')


async def submitted(request: web.Request, text: str) -> web.Response:
    """Answer with a submission, which is JSON already; wait for its jobs if that was preferred."""
    wait_s = read_wait(request)
    if not wait_s:
        return submit_answer(request, text, status=202)
    parts = request.app[PARTS]
    made = Submission.model_validate_json(text)
    jobs = await wait_for_end(parts, [job.id for job in made.jobs], wait_s)
    is_done = not any(job.state.is_active for job in jobs)
    now = made.model_copy(update={"jobs": tuple(present(parts, job) for job in jobs)})
    answer = submit_answer(request, now.model_dump_json(), status=200 if is_done else 202)
    answer.headers["Preference-Applied"] = f"wait={wait_s}"
    return answer


def submit_answer(request: web.Request, text: str, status: int) -> web.Response:
    """Return a submission; its first job is where a client looks next."""
    answer = json_answer(request, text, status)
    first = FIRST_JOB.search(text)
    assert first is not None, "a submission has jobs"
    answer.headers["Location"] = f"{base_of(request)}/api/jobs/{first[1]}"
    return answer


async def wait_for_end(parts: Parts, job_ids: list[str], wait_s: int) -> list[Job]:
    """Wait until every job has ended, at most so long; return them as they stand then."""
    left = set(job_ids)
    with parts.bus.listen(frozenset(left), previews=False) as listener:
        left -= {job.id for job in await current(parts, left) if not job.state.is_active}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while left and listener.is_open:
                    left -= {m.job for m in await listener.read() if m.is_final and m.job}
    return await current(parts, job_ids)


async def current(parts: Parts, job_ids: Iterable[str]) -> list[Job]:
    return [await parts.jobs.get(job_id) for job_id in job_ids]
