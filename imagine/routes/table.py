"""Every route of the API, with what it reads and answers; the router and OpenAPI read this."""

import asyncio
import functools
import json
from dataclasses import replace
from typing import Any

from aiohttp import web

from imagine.app_keys import PARTS
from imagine.models import Job
from imagine.routes import (
    actions,
    catalog,
    characters,
    diagnostics,
    jobs,
    live,
    pictures,
    queue,
    running,
    uploads,
    wire,
    wire_workflows,
    workflows,
)
from imagine.routes.form_schemas import (
    A_FILE,
    FILE_FORM,
    GENERATE_FORM,
    IMAGINE_FORM,
    RUN_FORM,
    UPLOAD_FORM,
)
from imagine.routes.openapi import RUN_PATH, Operation, document, with_workflows
from imagine.routes.shown import base_of
from imagine.workflow_shelf import Shown

IMAGINE = Operation(
    "POST",
    "/api/imagine",
    jobs.imagine,
    "Make pictures of a prompt",
    body=wire.ImagineBody,
    answers={200: wire.SubmitAnswer, 202: wire.SubmitAnswer},
    headers={
        "Prefer": "wait=30 waits for the end, at most 300 seconds",
        "Idempotency-Key": "the same key and body again within 24 hours make nothing new",
    },
    errors=(400, 409, 413, 415, 422, 429, 503),
)

RUN = replace(
    IMAGINE,
    path=RUN_PATH,
    handler=running.generate,
    summary="Run this workflow, once or as a batch",
    body=wire_workflows.RunBody | wire_workflows.RunBatchBody,
    answers={
        200: wire.SubmitAnswer | wire_workflows.BatchAnswer,
        202: wire.SubmitAnswer | wire_workflows.BatchAnswer,
    },
    forms={"multipart/form-data": RUN_FORM},
    errors=(*IMAGINE.errors, 404),
)

OPERATIONS: tuple[Operation, ...] = (
    replace(IMAGINE, forms={"multipart/form-data": IMAGINE_FORM}),
    replace(IMAGINE, path="/imagine", forms={"multipart/form-data": IMAGINE_FORM}),
    Operation(
        "POST",
        "/api/parse",
        jobs.parse,
        "Say what a prompt would do, without doing it",
        body=wire.ImagineBody,
        answers={200: wire.ParseAnswer},
        errors=(400, 413, 415, 422),
    ),
    Operation(
        "GET",
        "/api/jobs",
        jobs.list_jobs,
        "List jobs, newest first",
        query=wire.JobsQuery,
        answers={200: wire.JobsAnswer},
        errors=(400,),
    ),
    Operation("GET", "/api/jobs/{id}", jobs.get_job, "One job", answers={200: Job}, errors=(404,)),
    Operation(
        "PATCH",
        "/api/jobs/{id}",
        jobs.patch_job,
        "Star pictures of a job, or move it in line",
        body=wire.PatchBody,
        answers={200: Job},
        errors=(400, 404, 409, 415, 422),
    ),
    Operation(
        "DELETE",
        "/api/jobs/{id}",
        jobs.delete_job,
        "Move a finished job into the trash",
        answers={200: Job},
        errors=(404, 409),
    ),
    Operation(
        "POST",
        "/api/jobs/{id}/cancel",
        jobs.cancel_job,
        "Cancel this job only; 202 while its engine is still stopping",
        answers={200: Job, 202: Job},
        errors=(404, 409),
    ),
    Operation(
        "POST",
        "/api/jobs/{id}/retry",
        jobs.retry_job,
        "Make a failed or canceled job again, as a new attempt",
        answers={202: Job},
        errors=(404, 409, 429),
    ),
    Operation(
        "POST",
        "/api/jobs/{id}/restore",
        jobs.restore_job,
        "Take a job out of the trash",
        answers={200: Job},
        errors=(404, 409),
    ),
    replace(
        IMAGINE,
        path="/api/jobs/{id}/actions",
        handler=actions.act,
        summary="Do something with a finished picture",
        body=wire.ActionBody,
        errors=(*IMAGINE.errors, 404),
    ),
    replace(
        IMAGINE,
        path="/api/blend",
        handler=actions.blend,
        summary="Mix pictures into a new set",
        body=wire.BlendBody,
    ),
    Operation(
        "GET",
        "/api/jobs/{id}/family",
        actions.family,
        "What a job grew from, and all that grew from the same beginning",
        answers={200: wire.FamilyAnswer},
        errors=(404,),
    ),
    Operation(
        "GET",
        "/api/jobs/{id}/events",
        jobs.job_events,
        "Follow one job as Server-Sent Events, to its end; 204 when that is known",
        answers={200: "text/event-stream", 204: None},
        headers={"Last-Event-ID": "the sequence after which to go on"},
        errors=(404,),
    ),
    Operation(
        "GET",
        "/api/live",
        live.live,
        "Follow everything on a WebSocket",
        query=wire.LiveQuery,
        answers={101: "application/json"},
        errors=(400, 403),
    ),
    Operation(
        "GET",
        "/api/images/{name}",
        pictures.image,
        "A picture, as the engine made it",
        answers={200: "image/*", 206: "image/*", 307: None},
        errors=(404, 416),
    ),
    Operation(
        "GET",
        "/api/thumbnails/{name}",
        pictures.thumbnail,
        "A small copy of a picture",
        query=wire.ThumbnailQuery,
        answers={200: "image/webp"},
        errors=(400, 404),
    ),
    Operation(
        "POST",
        "/api/uploads",
        uploads.put_upload,
        "Bring in a picture, a mask, a video or a sound; 200 when it was here already",
        forms={
            "multipart/form-data": UPLOAD_FORM,
            **dict.fromkeys(("image/*", "video/*", "audio/*"), A_FILE),
        },
        answers={200: wire.UploadAnswer, 201: wire.UploadAnswer},
        errors=(400, 413, 415, 422, 503),
    ),
    Operation(
        "GET",
        "/api/uploads/{id}",
        uploads.upload,
        "A file that came in, or a small copy of a picture",
        query=wire.UploadQuery,
        answers={200: "image/*", 206: "image/*", 307: None},
        errors=(400, 404, 416),
    ),
    Operation(
        "GET",
        "/api/workflows",
        workflows.list_workflows,
        "What workflows there are, and whether they run here",
        query=wire_workflows.WorkflowsQuery,
        answers={200: wire_workflows.WorkflowsAnswer, 304: None},
        errors=(400,),
    ),
    Operation(
        "POST",
        "/api/workflows",
        workflows.add_workflow,
        "Bring in a workflow: JSON in both forms of ComfyUI, or a picture of it",
        query=wire_workflows.AddQuery,
        forms={
            "multipart/form-data": FILE_FORM,
            "application/json": {"type": "object"},
            "image/*": A_FILE,
        },
        answers={201: wire_workflows.AddedAnswer},
        errors=(400, 413, 422, 503),
    ),
    Operation(
        "GET",
        RUN_PATH,
        workflows.get_workflow,
        "One workflow, and all that can be set in it",
        answers={200: wire_workflows.WorkflowEntry, 304: None},
        errors=(404,),
    ),
    RUN,
    Operation(
        "DELETE",
        RUN_PATH,
        workflows.remove_workflow,
        "Move a workflow of your own into the trash",
        answers={200: wire_workflows.WorkflowEntry},
        errors=(404, 409, 503),
    ),
    Operation(
        "POST",
        f"{RUN_PATH}/restore",
        workflows.restore_workflow,
        "Take a workflow out of the trash",
        answers={200: wire_workflows.WorkflowEntry},
        errors=(404, 409, 503),
    ),
    Operation(
        "GET",
        f"{RUN_PATH}/graph",
        workflows.workflow_graph,
        "The graph of a workflow, for ComfyUI",
        answers={200: "application/json"},
        errors=(404,),
    ),
    Operation(
        "GET",
        f"{RUN_PATH}/picture",
        workflows.workflow_picture,
        "What a workflow makes, to look at",
        answers={200: "image/*", 206: "image/*"},
        errors=(404, 416),
    ),
    replace(
        RUN,
        path="/api/generate",
        summary="Run any workflow, once or as a batch",
        body=wire_workflows.GenerateBody | wire_workflows.GenerateBatchBody,
        forms={"multipart/form-data": GENERATE_FORM},
    ),
    Operation(
        "GET",
        "/api/parameters",
        catalog.parameters,
        "Every flag of the prompt language, and of a workflow",
        query=wire.ParametersQuery,
        answers={200: wire.ParametersAnswer},
        errors=(400, 404),
    ),
    Operation(
        "GET",
        "/api/characters",
        characters.characters,
        "The characters of --character",
        answers={200: characters.CharactersAnswer},
    ),
    Operation(
        "GET",
        "/api/catalog",
        catalog.catalog,
        "What is installed: models, LoRAs, samplers",
        answers={200: wire.CatalogAnswer},
    ),
    Operation(
        "GET",
        "/api/health",
        catalog.health,
        "How each part is; 200 while the process serves",
        answers={200: wire.HealthAnswer},
    ),
    Operation(
        "GET",
        "/api/diagnostics",
        diagnostics.diagnostics,
        "Check each hop, and say what to do about it",
        answers={200: wire.DiagnosticsAnswer},
    ),
    Operation("GET", "/api/queue", queue.queue, "Our line", answers={200: wire.QueueAnswer}),
    Operation(
        "POST",
        "/api/queue/pause",
        queue.pause,
        "Hand nothing more to the engines; what runs goes on",
        answers={200: wire.QueueAnswer},
        errors=(503,),
    ),
    Operation(
        "POST",
        "/api/queue/resume",
        queue.resume,
        "Go on; 409 with the reason when something else holds the line",
        answers={200: wire.QueueAnswer},
        errors=(409, 503),
    ),
    Operation(
        "POST",
        "/api/queue/clear",
        queue.clear,
        "Cancel all that wait",
        answers={200: wire.CanceledAnswer},
        errors=(503,),
    ),
    Operation(
        "POST",
        "/api/batches/{batch}/cancel",
        queue.cancel_batch,
        "Cancel what waits or runs of a batch",
        answers={200: wire.CanceledAnswer},
        errors=(404, 503),
    ),
    Operation(
        "GET",
        "/api/comfyui/queue",
        queue.comfyui_queue,
        "ComfyUI's own queue, whoever filled it",
        answers={200: wire.ComfyQueueAnswer},
        errors=(502, 503, 504),
    ),
    Operation(
        "POST",
        "/api/comfyui/interrupt",
        queue.comfyui_interrupt,
        "Stop our own running jobs",
        answers={200: wire.CanceledAnswer},
    ),
)


def api_routes() -> list[web.RouteDef]:
    """Return the routes of the API, its own description included."""

    @functools.cache  # made when first asked for: it takes half as long as all else of a start
    def routes_described() -> dict[str, Any]:
        return document(OPERATIONS)

    @functools.lru_cache(maxsize=1)
    def described(shown: Shown) -> bytes:
        whole = with_workflows(routes_described(), shown.workflows.values())
        return json.dumps(whole).encode()

    async def openapi(request: web.Request) -> web.Response:
        shown = await request.app[PARTS].shelf.shown()
        servers = b'{"servers":[{"url":"%s"}],' % (base_of(request) or "/").encode()
        body = servers + (await asyncio.to_thread(described, shown))[1:]
        return web.Response(body=body, content_type="application/json")

    routes = [web.route(o.method, o.path, o.handler) for o in OPERATIONS]
    return [*routes, web.get("/api/openapi.json", openapi)]
