"""Durable jobs: what is written, what is refused, what is found again."""

import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from imagine.database import jobs as jobs_table
from imagine.errors import (
    DISK_UNWRITABLE,
    ConflictError,
    ErrorBody,
    MalformedError,
    StorageError,
)
from imagine.ids import new_id
from imagine.job_family import DOWNWARDS, MOST_MEMBERS, UPWARDS
from imagine.job_query import page_statement
from imagine.models import Job, JobImage, JobKind, JobState, Parent, Progress, Stage, utc_now
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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "output" / "imagine.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteJobStore]:
    async with SqliteJobStore(path, MOVES, busy_timeout_s=0.05) as opened:
        yield opened


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


# --- adding and finding


async def test_added_jobs_get_numbers_and_sequences_in_order(store):
    added = await store.add([job("one"), job("two")])
    assert [(a.prompt, a.number, a.sequence) for a in added] == [("one", 1, 1), ("two", 2, 2)]
    assert (await add(store)).number == 3
    assert store.sequence == 3


async def test_a_job_is_found_again_as_it_was_written(store):
    added = await add(
        store,
        "ein Fuchs — 狐 \x00 'quoted' %",
        images=(PICTURE,),
        error=ErrorBody(code="job_failed", message="no"),
        progress=Progress(value=0.5, step=3, steps=6),
    )
    assert await store.get(added.id) == added
    assert await store.get_body(added.id) == added.model_dump_json()


async def test_an_unknown_job_is_none_everywhere(store):
    assert await store.get("nobody") is None
    assert await store.get_body("nobody") is None
    assert await store.by_prompt_id("nobody") is None
    assert await store.move("nobody", RUNNING) is None
    assert await store.update("nobody", changes={}) is None
    assert await store.claim_attempt("nobody", prompt_id="p", engine="e", engine_url=URL) is None
    assert await store.request_cancel("nobody") is None
    assert await store.set_priority("nobody", 1) is None
    assert await store.marks("nobody") is None


async def test_adding_nothing_changes_nothing(store):
    assert await store.add([]) == []
    assert store.sequence == 0


async def test_a_job_that_is_there_already_is_refused_with_its_whole_batch(store):
    added = await add(store)
    with pytest.raises(ConflictError):
        await store.add([job("new"), added])
    assert store.counts["all"] == 1
    assert await numbers(store) == [1]


# --- moving


@pytest.mark.parametrize("origin", JobState)
@pytest.mark.parametrize("to", JobState)
async def test_only_the_table_of_moves_is_allowed(store, origin: JobState, to: JobState):
    made = await in_state(store, origin)
    before = store.sequence
    moved = await store.move(made.id, to)
    if to in MOVES[origin]:
        assert moved is not None
        assert (moved.state, moved.sequence) == (to, before + 1)
        assert await store.get(made.id) == moved
    else:
        assert moved is None
        assert (await store.get(made.id), store.sequence) == (made, before)


async def test_a_move_takes_its_changes_along(store):
    running = await in_state(store, RUNNING)
    ended = utc_now()
    changes = {"images": [PICTURE], "stage": None, "finished_at": ended}
    moved = await store.move(running.id, SUCCEEDED, attempt=1, changes=changes)
    assert moved is not None
    assert (moved.images, moved.stage, moved.finished_at) == ((PICTURE,), None, ended)


async def test_a_write_of_an_earlier_attempt_is_refused(store):
    made = await run(store, await add(store))
    await store.move(made.id, QUEUED)
    again = await store.claim_attempt(made.id, prompt_id="second", engine="comfyui", engine_url=URL)
    assert again is not None
    assert again.attempt == 2
    assert await store.move(made.id, FAILED, attempt=1) is None
    assert await store.update(made.id, attempt=1, changes={"images": [PICTURE]}) is None
    assert await store.get(made.id) == again


async def test_of_many_who_move_a_job_one_is_first(store):
    made = await in_state(store, RUNNING)
    moved = await asyncio.gather(*(store.move(made.id, SUCCEEDED) for _ in range(20)))
    assert sum(snapshot is not None for snapshot in moved) == 1


async def test_an_update_changes_no_state_and_raises_the_sequence(store):
    made = await add(store)
    starred = await store.update(made.id, changes={"favorites": (0, 2)})
    assert starred is not None
    assert (starred.state, starred.favorites, starred.sequence) == (QUEUED, (0, 2), 2)


@pytest.mark.parametrize("field", ["state", "attempt", "sequence", "number", "id", "created_at"])
async def test_what_the_store_itself_keeps_cannot_be_changed_from_outside(store, field: str):
    made = await add(store)
    with pytest.raises(ValueError, match=field):
        await store.update(made.id, changes={field: 1})


async def test_a_change_that_no_reader_could_read_is_refused(store):
    made = await add(store)
    for bad in ({"images": ["no picture"]}, {"no_such_field": 1}):
        with pytest.raises(ValueError, match="validation error"):
            await store.update(made.id, changes=bad)
    assert await store.get(made.id) == made


# --- attempts and cancelling


@pytest.mark.parametrize("state", [QUEUED, RUNNING])
async def test_what_is_active_cannot_be_put_into_the_trash(store, state: JobState):
    made = await in_state(store, state)
    assert await store.update(made.id, changes={"deleted_at": utc_now()}) is None


async def test_what_is_in_the_trash_is_not_queued(store):
    made = await in_state(store, FAILED)
    await store.update(made.id, changes={"deleted_at": utc_now()})
    assert await store.move(made.id, QUEUED) is None
    await store.update(made.id, changes={"deleted_at": None})
    assert await store.move(made.id, QUEUED) is not None


async def test_an_attempt_is_written_with_its_prompt_id_before_it_is_used(store):
    made = await add(store)
    claimed = await store.claim_attempt(
        made.id, prompt_id="p-1", engine="comfyui", engine_url=URL, changes={"stage": Stage.LOADING}
    )
    assert claimed is not None
    assert (claimed.state, claimed.attempt, claimed.prompt_id) == (RUNNING, 1, "p-1")
    assert (claimed.engine, claimed.stage) == ("comfyui", Stage.LOADING)
    assert claimed.started_at is not None
    assert await store.by_prompt_id("p-1") == claimed
    assert await store.by_prompt_id(made.id) is None


@pytest.mark.parametrize("state", [state for state in JobState if state is not QUEUED])
async def test_only_a_queued_job_is_claimed(store, state: JobState):
    made = await in_state(store, state)
    assert await store.claim_attempt(made.id, prompt_id="p", engine="e", engine_url=URL) is None


async def test_a_job_to_be_canceled_is_not_claimed(store):
    made = await add(store)
    assert await store.request_cancel(made.id) == made
    assert (await store.marks(made.id)).cancel_requested
    assert await store.claim_attempt(made.id, prompt_id="p", engine="e", engine_url=URL) is None


async def test_a_cancel_outlives_updates_and_the_loss_of_the_engine(store):
    running = await in_state(store, RUNNING)
    await store.request_cancel(running.id)
    await store.update(running.id, changes={"images": [PICTURE]})
    await store.move(running.id, QUEUED)
    assert (await store.marks(running.id)).cancel_requested


async def test_a_retry_forgets_the_cancel_before_it(store):
    made = await add(store)
    await store.request_cancel(made.id)
    await store.move(made.id, CANCELED)
    await store.move(made.id, QUEUED)
    assert not (await store.marks(made.id)).cancel_requested
    assert await store.claim_attempt(made.id, prompt_id="p", engine="e", engine_url=URL) is not None


async def test_what_one_life_left_behind_is_not_meant_for_the_next(store):
    running = await in_state(store, RUNNING)
    back = await store.move(running.id, QUEUED, marks={"losses": 2, "oom_retried": True})
    assert back is not None
    kept = await store.marks(running.id)
    assert (kept.losses, kept.oom_retried) == (2, True)
    await store.move(running.id, FAILED)
    await store.move(running.id, QUEUED)
    fresh = await store.marks(running.id)
    assert (fresh.losses, fresh.oom_retried) == (0, False)


async def test_an_attempt_given_up_on_an_engine_out_of_reach_is_remembered(store):
    running = await in_state(store, RUNNING)
    await store.move(running.id, QUEUED, stray=True)
    assert await store.strays(URL) == [running.prompt_id]
    assert await store.strays("http://elsewhere") == []
    await store.forget_stray(running.prompt_id)
    assert await store.strays(URL) == []


async def test_a_job_that_never_ran_leaves_no_stray(store):
    made = await add(store)
    await store.move(made.id, CANCELED, stray=True)
    assert await store.strays(URL) == []


async def test_a_pause_outlives_the_process(tmp_path):
    path = tmp_path / "imagine.db"
    for expected in (False, True):
        async with SqliteJobStore(path, MOVES) as store:
            assert store.paused is expected
            await store.set_paused(True)
            assert store.paused


async def test_every_change_is_told_once_in_the_order_of_the_sequences(tmp_path):
    told: list[Job] = []
    async with SqliteJobStore(tmp_path / "imagine.db", MOVES, told=told.append) as store:
        made = await asyncio.gather(*(add(store) for _ in range(20)))
        await asyncio.gather(*(store.move(one.id, CANCELED) for one in made))
        with pytest.raises(ConflictError):
            await store.add([made[0]])
        assert [job.sequence for job in told] == sorted({job.sequence for job in told})
        assert len(told) == 40
        assert store.sequence >= told[-1].sequence


async def test_a_change_is_told_before_its_write_returns(tmp_path):
    told: list[Job] = []
    async with SqliteJobStore(tmp_path / "imagine.db", MOVES, told=told.append) as store:
        made = await add(store)
        assert told == [made]


async def test_a_job_that_is_over_is_not_marked_to_be_canceled(store):
    made = await in_state(store, SUCCEEDED)
    assert await store.request_cancel(made.id) == made
    assert not (await store.marks(made.id)).cancel_requested


async def test_only_a_queued_job_gets_another_priority(store):
    running = await run(store, await add(store))
    assert await store.set_priority(running.id, 5) == (running, 0)
    assert (await store.marks(running.id)).priority == 0


async def test_next_is_above_all_that_are_queued_and_of_no_others(store):
    new = [job() for _ in range(3)]
    priorities = {new[0].id: 9, new[1].id: 3}
    first, second, third = await store.add(new, priorities=priorities)
    await run(store, first)
    assert await store.set_priority(third.id, None) == (third, 4)
    assert await store.set_priority(third.id, None) == (third, 4)
    assert await store.set_priority(second.id, None) == (second, 5)


async def test_canceling_many_ends_what_waits_and_marks_what_runs(store):
    queued, over = await add(store), await in_state(store, SUCCEEDED)
    running, untouched = await in_state(store, RUNNING), await add(store)
    found = await store.cancel_all([queued.id, over.id, running.id, "nobody"])
    assert [(one.id, one.state) for one in found] == [(queued.id, CANCELED), (running.id, RUNNING)]
    assert found[0].finished_at is not None
    assert (await store.marks(running.id)).cancel_requested
    assert await store.queued() == [untouched.id]
    assert await store.get(over.id) == over
    assert store.counts["canceled"] == 1


async def test_a_batch_is_found_with_its_states_and_without_trash(store):
    first, second, third = await store.add([job(batch="mine") for _ in range(3)])
    await add(store)
    await run(store, second)
    await store.move(third.id, CANCELED)
    await store.update(third.id, changes={"deleted_at": utc_now()})
    assert await store.batch("mine") == [(first.id, QUEUED), (second.id, RUNNING)]
    assert await store.batch("nobody") == []


async def test_active_jobs_come_oldest_first_with_their_priorities(store):
    new = [job() for _ in range(3)]
    first, second, third = await store.add(new, priorities={one.id: 2 for one in new[:2]})
    await store.set_priority(third.id, 5)
    await store.set_priority(first.id, 0)
    running = await run(store, second)
    await in_state(store, FAILED)
    active = await store.active()
    assert [found for found, _ in active] == [first, running, third]
    assert [marks.priority for _, marks in active] == [0, 2, 5]
    assert [marks.engine_url for _, marks in active] == [None, URL, None]


# --- pages


async def test_what_is_kept_out_of_sight_can_be_told_apart(store):
    for visibility in ("stealth", "public"):
        made = await add(store, parameters={"visibility": visibility})
        await store.update(made.id, changes={"favorites": ()})
    await add(store)
    assert await numbers(store) == [3, 2, 1]
    assert await numbers(store, stealth=True) == [1]
    assert await numbers(store, stealth=False) == [3, 2]


async def test_pages_follow_one_another_without_gap_or_repeat(store):
    await store.add([job() for _ in range(7)])
    seen: list[int] = []
    before = None
    while True:
        page = await store.page(JobQuery(limit=3, before=before))
        seen += [json.loads(body)["number"] for _, body in page.bodies]
        await store.add([job()])  # newer ones do not disturb
        if (before := page.next) is None:
            break
    assert seen == [7, 6, 5, 4, 3, 2, 1]


async def test_the_last_page_that_is_just_full_has_no_next(store):
    added = await store.add([job(), job()])
    page = await store.page(JobQuery(limit=2))
    assert page.next is None
    assert page.bodies == tuple((one.id, one.model_dump_json()) for one in reversed(added))


async def test_each_filter_shows_its_jobs_newest_first(store):
    for state in JobState:  # numbers 1 to 6
        await in_state(store, state)
    batch = new_id()
    await store.add([job(kind=JobKind.UPSCALE, batch=batch), job(batch=batch, favorites=(1,))])
    removed = await add(store, deleted_at=utc_now(), favorites=(0,), batch=batch)

    assert await numbers(store) == [8, 7, 6, 5, 4, 3, 2, 1]
    assert await numbers(store, states=frozenset({FAILED})) == [4]
    assert await numbers(store, states=frozenset({QUEUED, RUNNING})) == [8, 7, 2, 1]
    assert await numbers(store, states=frozenset({QUEUED, RUNNING}), limit=2) == [8, 7]
    assert await numbers(store, states=frozenset({QUEUED, RUNNING}), before="7") == [2, 1]
    assert await numbers(store, kind=JobKind.UPSCALE) == [7]
    assert await numbers(store, favorite=True) == [8]
    assert await numbers(store, batch=batch) == [8, 7]
    assert await numbers(store, number=4) == [4]
    assert await numbers(store, id=removed.id[:30], trash=True) == [removed.number]
    assert await numbers(store, trash=True) == [removed.number]
    assert await numbers(store, states=frozenset({QUEUED}), kind=JobKind.IMAGINE) == [8, 1]


@pytest.mark.parametrize(
    ("include", "exclude", "found"),
    [
        (("fox",), (), [3, 1]),
        (("FOX", "snow"), (), [1]),
        (("fox",), ("snow",), [3]),
        ((), ("fox",), [5, 4, 2]),
        (("ÄPFEL",), (), [2]),
        (("лиса",), (), [4]),
        (("100%",), (), [5]),
        (("%",), (), [5]),
        (("a_b",), (), []),
        (("/",), (), []),
        (("fo%x",), (), []),
        (("seed", "7"), (), [5, 4, 3, 2, 1]),
    ],
)
async def test_words_are_found_in_any_case_and_taken_literally(store, include, exclude, found):
    await store.add(
        [
            job("a red Fox in the Snow"),
            job("drei äpfel"),
            job("fox, aXb"),
            job("ЛИСА"),
            job("100% red"),
        ]
    )
    assert await numbers(store, include=include, exclude=exclude) == found


@pytest.mark.parametrize(
    "bad",
    [
        {"limit": 0},
        {"limit": 201},
        {"before": "-1"},
        {"before": "next"},
        {"before": "１２"},
        {"before": "9" * 19},
        {"include": ("a",) * 21},
    ],
)
def test_a_query_out_of_bounds_is_refused(bad: dict[str, Any]):
    with pytest.raises(MalformedError):
        JobQuery(**bad)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (JobQuery(), "jobs_live"),
        (JobQuery(before="9"), "jobs_live"),
        (JobQuery(trash=True), "jobs_trash"),
        (JobQuery(stealth=True), "jobs_stealth"),
        (JobQuery(stealth=False), "jobs_live"),
        (JobQuery(number=9), "PRIMARY KEY"),
        (JobQuery(favorite=True), "jobs_starred"),
        (JobQuery(kind=JobKind.PAN), "jobs_kind"),
        (JobQuery(batch="b"), "jobs_batch"),
        (JobQuery(states=frozenset({FAILED})), "jobs_state"),
    ],
)
async def test_every_filter_walks_an_index_and_sorts_nothing(store, path, query, index):
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    text = page_statement(query).compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
    [step] = [row.detail for row in plan]
    assert index in step


# --- families


async def grow(store: SqliteJobStore, *parents: Job) -> Job:
    return await add(
        store, parents=tuple(Parent(job=one.id, image=n) for n, one in enumerate(parents))
    )


async def test_a_family_is_the_same_whichever_member_is_asked_for(store):
    root = await add(store)
    await add(store)  # a stranger
    family = None
    left, right = await grow(store, root), await grow(store, root)
    other = await add(store)
    blend = await grow(store, left, other)
    last = await grow(store, blend)
    await store.move(right.id, FAILED)
    await store.update(right.id, changes={"deleted_at": utc_now()})
    for member in (left, blend, last):
        family = await store.family(member.id)
        assert family is not None
        assert family.root == root.id
        assert not family.truncated
        shown = {one.id for one in (root, left, right, blend, last)}
        beside = {other.id} if member is not left else set()
        assert {one for one, _ in family.bodies} == shown | beside
        ages = [json.loads(body)["number"] for _, body in family.bodies]
        assert ages == sorted(ages)
        lines = {(edge.parent, edge.image, edge.child) for edge in family.edges}
        assert (left.id, 0, blend.id) in lines
        assert ((other.id, 1, blend.id) in lines) == bool(beside)
    assert family is not None
    removed = json.loads(dict(family.bodies)[right.id])
    assert removed["deleted_at"] is not None
    assert await store.family("nobody") is None


async def test_a_job_whose_parent_is_gone_begins_its_family(store):
    orphan = await add(store, parents=(Parent(job=new_id(), image=0),))
    child = await grow(store, orphan)
    family = await store.family(child.id)
    assert family is not None
    assert family.root == orphan.id
    assert [edge.child for edge in family.edges] == [child.id]


async def test_a_large_family_is_told_in_part_with_the_way_up_from_its_member(store, monkeypatch):
    monkeypatch.setattr("imagine.job_family.MOST_MEMBERS", 4)
    root = await add(store)
    *_, last = [await grow(store, root) for _ in range(6)]
    family = await store.family(last.id)
    assert family is not None
    assert family.truncated
    assert [json.loads(body)["number"] for _, body in family.bodies] == [1, 2, 3, 7]


async def test_families_are_found_along_indexes_in_ten_thousand_jobs(store, path):
    jobs = [job()]
    while len(jobs) < 10_000:
        jobs.append(job(parents=(Parent(job=jobs[len(jobs) // 3].id, image=0),)))
    await store.add(jobs)
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement, values in (
            (UPWARDS, {"job": "a"}),
            (DOWNWARDS, {"roots": ["a"], "most": 9}),
        ):
            options = {"literal_binds": True}
            text = statement.params(**values).compile(engine, compile_kwargs=options)
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
            steps = [row.detail for row in plan if row.detail.startswith(("SEARCH", "SCAN"))]
            scanned = {step for step in steps if step.startswith("SCAN")}
            assert scanned <= {"SCAN line", "SCAN tree"}
            assert any("parents" in step for step in steps)
    family = await store.family(jobs[-1].id)
    assert family is not None
    assert len(family.bodies) == MOST_MEMBERS
    assert family.truncated


# --- sequences and counts


async def test_changes_since_a_sequence_come_in_their_order_each_job_once(store):
    first, _, third = await store.add([job(), job(), job()])
    await store.update(first.id, changes={"favorites": (0,)})
    await store.move(third.id, FAILED)
    await store.update(third.id, changes={"deleted_at": utc_now()})
    changes = await store.changes(2, 10)
    assert changes is not None
    assert [(change.id, change.deleted) for change in changes] == [
        (first.id, False),
        (third.id, True),
    ]
    assert changes[0].body == await store.get_body(first.id)
    assert await store.changes(6, 10) == []


@pytest.mark.parametrize(("since", "limit"), [(0, 2), (-1, 10), (4, 10), (2**70, 10)])
async def test_changes_that_cannot_be_told_are_none(store, since: int, limit: int):
    await store.add([job(), job(), job()])
    assert await store.changes(since, limit) is None


async def test_counts_follow_every_write_and_are_the_same_after_opening_again(store, path):
    for state in JobState:
        await in_state(store, state)
    starred = await add(store, favorites=(0,))
    removed = await in_state(store, SUCCEEDED)
    await store.update(removed.id, changes={"deleted_at": utc_now(), "favorites": (1,)})
    expected = {"all": 7, "starred": 1, "active": 3, "queued": 2, "running": 1, "succeeded": 1}
    expected |= {"failed": 1, "canceled": 1, "expired": 1, "trash": 1}
    assert store.counts == expected
    async with SqliteJobStore(path, MOVES) as again:
        assert again.counts == expected

    await store.update(removed.id, changes={"deleted_at": None})
    await store.update(starred.id, changes={"favorites": ()})
    assert (store.counts["succeeded"], store.counts["trash"]) == (2, 0)
    assert (store.counts["all"], store.counts["starred"]) == (8, 1)


async def test_sequence_and_number_go_on_after_opening_again(path):
    async with SqliteJobStore(path, MOVES) as store:
        made = await add(store)
        await store.update(made.id, changes={"favorites": (0,)})
    async with SqliteJobStore(path, MOVES) as again:
        assert again.sequence == 2
        added = await add(again)
    assert (added.number, added.sequence) == (2, 3)


# --- many at once, cancelling, crashes


async def test_two_hundred_writers_share_few_commits(store, path):
    commits: list[object] = []
    sa.event.listen(store._engine, "commit", commits.append)
    added = await asyncio.gather(*(add(store, f"number {n}") for n in range(200)))
    assert sorted(one.number for one in added) == list(range(1, 201))
    assert sorted(one.sequence for one in added) == list(range(1, 201))
    assert len(commits) <= 20
    assert store.counts["queued"] == 200


async def test_a_failing_write_does_not_spoil_those_beside_it(store):
    there = await add(store)
    outcomes = await asyncio.gather(
        add(store, "before"),
        store.add([there]),
        store.update(there.id, changes={"images": 5}),
        add(store, "after"),
        return_exceptions=True,
    )
    kinds = [type(outcome).__name__ for outcome in outcomes]
    assert kinds == ["Job", "ConflictError", "ValidationError", "Job"]
    assert store.counts["all"] == 3
    assert len(await numbers(store)) == 3


async def test_cancelled_writers_leave_whole_batches_or_nothing(path):
    async with SqliteJobStore(path, MOVES) as store:
        writers = [
            asyncio.create_task(store.add([job(batch=f"{n}"), job(batch=f"{n}")]))
            for n in range(50)
        ]
        await writers[0]
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)
        await add(store)
        counts = store.counts
    async with SqliteJobStore(path, MOVES) as again:
        assert again.counts == counts
        for n in range(50):
            assert len(await numbers(again, batch=f"{n}")) in (0, 2)


async def test_what_was_committed_is_there_after_a_crash(store, path, tmp_path):
    """The files as they lie while the store is open are what a killed process leaves."""
    added = await add(store)
    left = tmp_path / "left"
    shutil.copytree(path.parent, left)
    async with SqliteJobStore(left / path.name, MOVES) as again:
        assert await again.get(added.id) == added
        assert again.sequence == store.sequence


WRITER = """
import asyncio, sys
from pathlib import Path
from imagine.models import Job, JobState, utc_now
from imagine.store import SqliteJobStore

async def main():
    moves = {state: frozenset() for state in JobState}
    async with SqliteJobStore(Path(sys.argv[1]), moves) as store:
        for n in range(100_000):
            made = Job(id=str(n), number=0, batch="b", prompt="p", canonical="c", text="t",
                       parameters={}, created_at=utc_now())
            [added] = await store.add([made])
            print(added.number, flush=True)

asyncio.run(main())
"""


def kill_a_writer(path: Path) -> list[int]:
    """Return the numbers that a writing process reported before it was killed."""
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        reported = [int(process.stdout.readline()) for _ in range(20)]
        process.kill()
        return reported + [int(line) for line in process.stdout.read().split()]


async def test_a_killed_process_loses_no_job_it_reported(path):
    reported = kill_a_writer(path)
    async with SqliteJobStore(path, MOVES) as store:
        assert store.counts["all"] >= reported[-1]
        assert store.sequence == store.counts["all"]
        added = await add(store)
        assert added.number == store.counts["all"]


async def test_two_stores_on_one_file_lose_no_update(store, path):
    """Not how it is meant to be run; but `imagine rebuild` beside a server must harm nothing."""
    async with SqliteJobStore(path, MOVES) as other:
        stores = [store, other] * 20
        await asyncio.gather(*(add(one) for one in stores))
    assert await numbers(store, limit=200) == list(range(40, 0, -1))


# --- when the disk says no


async def test_a_locked_database_is_told_and_the_next_write_works(store, path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked") as caught:
            await add(store)
        assert caught.value.hint
        assert await numbers(store) == []  # reading goes on
        other.execute("ROLLBACK")
    assert (await add(store)).number == 1


def writing_connection(store: SqliteJobStore) -> Any:
    """Return SQLite's own connection, through which a disk can be played."""
    assert store._connection is not None
    return store._connection.connection.dbapi_connection


async def test_a_read_only_database_is_told_and_harms_nothing(store):
    made = await add(store)
    writing_connection(store).execute("PRAGMA query_only = ON")
    with pytest.raises(StorageError, match="cannot be opened for writing") as caught:
        await store.update(made.id, changes={"favorites": (0,)})
    assert "--output" in str(caught.value.hint)
    assert await store.get(made.id) == made
    assert store.sequence == 1


async def test_a_full_disk_is_told_and_harms_nothing(store):
    made = await add(store)
    raw = writing_connection(store)
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.execute(f"PRAGMA max_page_count = {pages}")
    outcomes = await asyncio.gather(
        *(add(store, "x" * 6000) for _ in range(5)), return_exceptions=True
    )
    assert all(isinstance(outcome, StorageError) for outcome in outcomes)
    assert "disk is full" in str(outcomes[0])
    assert store.counts["all"] == 1
    assert await store.get(made.id) == made

    raw.execute("PRAGMA max_page_count = 1000000")
    assert (await add(store)).number == 2


async def test_a_file_that_is_no_database_is_refused_with_the_next_step(path):
    path.parent.mkdir()
    path.write_bytes(b"not a database, whatever its name says" * 100)
    with pytest.raises(StorageError, match="not a database") as caught:
        await SqliteJobStore(path, MOVES).open()
    assert "imagine rebuild" in str(caught.value.hint)


async def test_a_place_where_nothing_can_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError) as caught:
        await SqliteJobStore(tmp_path / "file" / "imagine.db", MOVES).open()
    assert caught.value.hint


async def test_a_closed_store_says_so(path):
    store = SqliteJobStore(path, MOVES)
    async with store:
        pass
    with pytest.raises(StorageError):
        await add(store)
    with pytest.raises(StorageError):
        await store.get("any")
    async with store:  # and it can be opened again
        assert (await add(store)).number == 1


async def test_every_column_mirrors_the_snapshot(store, path):
    removed = utc_now()
    made = await add(store, kind=JobKind.PAN, favorites=(1,), deleted_at=removed)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        [row] = connection.execute("SELECT * FROM jobs").fetchall()
    assert set(row.keys()) == {column.name for column in jobs_table.columns}
    assert (row["kind"], row["starred"], row["state"]) == ("pan", 1, "queued")
    assert row["deleted_at"] == removed.isoformat()
    assert row["body"] == made.model_dump_json()


async def test_what_a_crash_left_of_a_copy_is_cleared_at_the_next_start(path):
    path.parent.mkdir()
    for name in ("imagine-before-0009-from-0008.db.part", "imagine-rebuilt.db.part-wal"):
        path.with_name(name).write_bytes(b"half")
    async with SqliteJobStore(path, MOVES):
        assert list(path.parent.glob("*.part*")) == []


def move(path: Path, _: Path) -> None:
    path.rename(path.with_name("aside.db"))


def move_folder(path: Path, elsewhere: Path) -> None:
    path.parent.rename(elsewhere)


def delete(path: Path, _: Path) -> None:
    path.unlink()


def replace(path: Path, elsewhere: Path) -> None:
    shutil.copy(path, elsewhere)
    elsewhere.replace(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the name of an open file")
@pytest.mark.parametrize("lose", [move, move_folder, delete, replace])
async def test_a_database_that_lost_its_name_takes_nothing_that_would_be_lost(
    path: Path, store: SqliteJobStore, tmp_path: Path, lose: Callable[[Path, Path], None]
):
    await add(store)
    lose(path, tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="moved away") as refusal:
        await add(store)
    assert refusal.value.error_code == DISK_UNWRITABLE
    with pytest.raises(StorageError):
        await store.probe()
    assert store.counts["all"] == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the name of an open file")
async def test_a_database_that_is_back_in_its_place_takes_writes_again(
    path: Path, store: SqliteJobStore, tmp_path: Path
):
    move_folder(path, tmp_path / "elsewhere")
    with pytest.raises(StorageError):
        await add(store)
    move_folder(tmp_path / "elsewhere" / path.name, path.parent)
    added = await add(store)
    assert await store.get(added.id) == added
