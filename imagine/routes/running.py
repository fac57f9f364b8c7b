"""Running workflows: one, one for each picture, or a batch whose runs do not hurt each other."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from imagine.app_keys import PARTS, Parts
from imagine.errors import Detail, ErrorBody, ImagineError, PromptError, UnsupportedMediaError
from imagine.models import Job, Once
from imagine.planned import Planned
from imagine.registry.asking import WorkflowAsk
from imagine.registry.entries import MOST_BATCH
from imagine.routes.errors import REQUEST_ID_KEY
from imagine.routes.forms import (
    FORM,
    JSON,
    MASK,
    Form,
    image_fields,
    image_links,
    link_of,
    read_form,
)
from imagine.routes.presenting import json_answer, json_text, present
from imagine.routes.reading import checked, read_object, read_once, read_wait
from imagine.routes.shown import base_of
from imagine.routes.submitting import submitted, wait_for_end
from imagine.routes.wire_workflows import GenerateBody, RunBody

FILES = ("file", "file_2", "file_3", "file_4")
RUN_FORM = Form(
    frozenset({"prompt", "workflow", "character"}), frozenset({"parameters", "priority"}), FILES
)
BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Run:
    """One run that was asked for."""

    ask: WorkflowAsk
    priority: int | None
    # By which field each link came in.
    fields: Mapping[str, str]


async def generate(request: web.Request) -> web.Response:
    """Run the workflow that the body or the route names, or a batch."""
    if request.content_type == FORM:
        data = await read_form(request, RUN_FORM)
        # Not the bytes: each sending of a form has another boundary.
        once = await read_once(request, json.dumps(data, sort_keys=True).encode())
    elif request.content_type == JSON:
        data = await read_object(request)
        once = await read_once(request)
    else:
        raise UnsupportedMediaError(
            f"{request.path} reads {JSON} or {FORM}, not {request.content_type}.",
            hint=f"Send the header Content-Type: {JSON}.",
        )
    workflow = request.match_info.get("id")
    if BATCH in data:
        return await _generate_batch(request, read_batch(data), workflow, once)
    run = read_run(data, workflow)
    parts = request.app[PARTS]
    async with parts.jobs.alone(once):
        text = await parts.jobs.replay(once)
        if text is None:
            planned = await _plan(parts, run)
            text = await parts.jobs.add(planned, once, priority=run.priority)
    return await submitted(request, text)


def read_run(data: dict[str, Any], workflow: str | None) -> Run:
    """Read one run. ``workflow``: that of the route; else the body names it.

    Raises:
        PromptError: a field cannot be.
    """
    if workflow is None:
        body: RunBody = checked(GenerateBody, data)
        assert isinstance(body, GenerateBody)
        workflow = body.workflow
    else:
        body = checked(RunBody, data)
    images = image_links(body)
    mask = None if body.mask is None else link_of(body.mask, MASK)
    ask = WorkflowAsk(
        workflow=workflow,
        parameters=body.parameters,
        prompt=body.prompt,
        images=images,
        mask=mask,
        character=body.character,
    )
    fields = image_fields(images)
    return Run(ask, body.priority, fields if mask is None else {mask: MASK, **fields})


async def _plan(parts: Parts, run: Run) -> list[Planned]:
    try:
        return await parts.planner.plan_workflow(run.ask)
    except PromptError as error:
        raise error.named(run.fields) from error


# --- batches


def read_batch(data: Mapping[str, Any]) -> list[Any]:
    """Return the runs of a batch, each still to be read.

    Raises:
        PromptError: it is no batch, or too large.
    """
    if other := next((name for name in data if name != BATCH), None):
        raise _wrong(other, f"there is no {other} beside a batch: each of its runs has its own.")
    runs = data[BATCH]
    if not isinstance(runs, list) or not runs:
        raise _wrong(BATCH, "it takes a list of runs.")
    if len(runs) > MOST_BATCH:
        raise _too_many(f"A batch has at most {MOST_BATCH} runs", len(runs), MOST_BATCH)
    return runs


async def _generate_batch(
    request: web.Request, runs: Sequence[Any], workflow: str | None, once: Once | None
) -> web.Response:
    parts = request.app[PARTS]
    async with parts.jobs.alone(once):
        text = await parts.jobs.replay(once)
        if text is None:
            text = await _make_batch(request, runs, workflow, once)
    return await _batch_answer(request, text)


async def _make_batch(
    request: web.Request, runs: Sequence[Any], workflow: str | None, once: Once | None
) -> str:
    """Plan each run, queue those that can be, and return what came of all."""
    parts = request.app[PARTS]
    await _check_sizes(parts, runs, workflow)
    request_id = request[REQUEST_ID_KEY]
    found = await asyncio.gather(*(_try(parts, run, workflow, request_id) for run in runs))
    made = [one for one in found if isinstance(one, _Made)]

    def told(batch: str | None, jobs: Sequence[Job]) -> str:
        by_id = {job.id: job.model_dump_json() for job in jobs}
        results = (
            f'{{"job":{by_id[one.planned.prompt_id]}}}'
            if isinstance(one, _Made)
            else f'{{"error":{json_text(one.model_dump())}}}'
            for one in found
        )
        return f'{{"batch":{json.dumps(batch)},"results":[{",".join(results)}]}}'

    if not made:
        return told(None, ())
    priorities = {one.planned.prompt_id: one.priority for one in made if one.priority is not None}
    return await parts.jobs.add(
        [one.planned for one in made], once, priorities=priorities, answer=told
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """A run that can be."""

    planned: Planned
    priority: int | None


async def _try(parts: Parts, data: Any, workflow: str | None, request_id: str) -> _Made | ErrorBody:
    """Plan one run of a batch, or say why it cannot be."""
    try:
        if not isinstance(data, dict):
            raise PromptError("Each run of a batch is an object.")
        run = read_run(data, workflow)
        planned = await _plan(parts, run)
        if len(planned) > 1:
            message = "In a batch each run makes one job. Give each picture a run of its own."
            raise PromptError(message, details=[Detail(parameter="images", message=message)])
    except ImagineError as error:
        return error.body(request_id)
    return _Made(planned[0], run.priority)


async def _check_sizes(parts: Parts, runs: Sequence[Any], workflow: str | None) -> None:
    """Refuse a batch with more runs of a workflow than that allows.

    Raises:
        PromptError: there are more.
        NotFoundError: there is no workflow of the route's id.
    """
    limits = await parts.shelf.limits()
    if workflow is not None:
        names = [workflow] * len(runs)
    else:
        named = (run.get("workflow") for run in runs if isinstance(run, dict))
        names = [name for name in named if isinstance(name, str)]
    for name, count in Counter(names).items():
        if count > (most := limits.get(name, MOST_BATCH)):
            raise _too_many(
                f"The workflow {name} takes at most {most} runs in a batch", count, most
            )


async def _batch_answer(request: web.Request, text: str) -> web.Response:
    """Answer with a batch; wait for its jobs if that was preferred."""
    told = json.loads(text)
    job_ids = [one["job"]["id"] for one in told["results"] if "job" in one]
    if not job_ids:
        return json_answer(request, text)
    wait_s, status = read_wait(request), 202
    if wait_s:
        parts = request.app[PARTS]
        jobs = {job.id: job for job in await wait_for_end(parts, job_ids, wait_s)}
        if not any(job.state.is_active for job in jobs.values()):
            status = 200
        for one in told["results"]:
            if "job" in one:
                job = present(parts, jobs[one["job"]["id"]])
                one["job"] = job.model_dump(mode="json")
        text = json_text(told)
    answer = json_answer(request, text, status)
    answer.headers["Location"] = f"{base_of(request)}/api/jobs/{job_ids[0]}"
    if wait_s:
        answer.headers["Preference-Applied"] = f"wait={wait_s}"
    return answer


def _too_many(sentence: str, count: int, most: int) -> PromptError:
    message = f"{sentence}, and here are {count}."
    detail = Detail(parameter=BATCH, value=str(count), allowed=f"1–{most}", message=message)
    return PromptError(message, details=[detail], hint="Send the rest in another one.")


def _wrong(field: str, message: str) -> PromptError:
    detail = Detail(parameter=field, message=f"{field}: {message}")
    return PromptError(f"The body is wrong: {field}: {message}", details=[detail])
