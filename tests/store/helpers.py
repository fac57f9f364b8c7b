"""Jobs for the store, and how they come into each state."""

import json
from typing import Any

from imagine.ids import new_id
from imagine.models import Job, JobImage, JobState, utc_now
from imagine.store import JobQuery, SqliteJobStore

QUEUED, RUNNING, SUCCEEDED = JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED
FAILED, CANCELED, EXPIRED = JobState.FAILED, JobState.CANCELED, JobState.EXPIRED
MOVES = {
    QUEUED: frozenset({RUNNING, FAILED, CANCELED}),
    RUNNING: frozenset({SUCCEEDED, FAILED, CANCELED, QUEUED}),
    SUCCEEDED: frozenset({EXPIRED}),
    FAILED: frozenset({QUEUED}),
    CANCELED: frozenset({QUEUED}),
    EXPIRED: frozenset(),
}
URL = "http://127.0.0.1:8188"
PICTURE = JobImage(
    index=0,
    url="/api/images/a.png",
    thumbnail="/api/thumbnails/a.png",
    width=64,
    height=32,
    media_type="image/png",
    bytes=100,
    seed=7,
)


def job(prompt: str = "a red fox", **fields: Any) -> Job:
    given: dict[str, Any] = {
        "id": new_id(),
        "number": 0,
        "batch": new_id(),
        "prompt": prompt,
        "canonical": f"{prompt} --seed 7",
        "text": prompt,
        "parameters": {"seed": 7, "model": None, "no": ["hat"]},
        "created_at": utc_now(),
    }
    return Job(**{**given, **fields})


async def add(store: SqliteJobStore, prompt: str = "a red fox", **fields: Any) -> Job:
    [added] = await store.add([job(prompt, **fields)])
    return added


async def run(store: SqliteJobStore, made: Job) -> Job:
    claimed = await store.claim_attempt(
        made.id, prompt_id=made.id, engine="comfyui", engine_url=URL
    )
    assert claimed is not None
    return claimed


async def in_state(store: SqliteJobStore, state: JobState) -> Job:
    """Add a job and lead it to a state along allowed moves."""
    made = await add(store)
    if state in (RUNNING, SUCCEEDED, EXPIRED):
        made = await run(store, made)
    if state is EXPIRED:
        await store.move(made.id, SUCCEEDED)
    if state not in (QUEUED, RUNNING):
        moved = await store.move(made.id, state)
        assert moved is not None
        made = moved
    return made


async def numbers(store: SqliteJobStore, **query: Any) -> list[int]:
    page = await store.page(JobQuery(**query))
    return [json.loads(body)["number"] for _, body in page.bodies]
