"""Durable jobs: what is written, what is refused, what is told."""

import asyncio

import pytest

from imagine.errors import (
    ConflictError,
    ErrorBody,
)
from imagine.models import Job, JobState, Progress, Stage, utc_now
from imagine.store import SqliteJobStore
from tests.store.helpers import (
    CANCELED,
    FAILED,
    MOVES,
    PICTURE,
    QUEUED,
    RUNNING,
    SUCCEEDED,
    URL,
    add,
    in_state,
    job,
    numbers,
    run,
)

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
