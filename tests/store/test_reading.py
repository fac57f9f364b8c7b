"""Pages, families, changes and counts of the stored jobs."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from imagine.errors import (
    MalformedError,
)
from imagine.ids import new_id
from imagine.job_family import DOWNWARDS, MOST_MEMBERS, UPWARDS
from imagine.job_query import page_statement
from imagine.models import Job, JobKind, JobState, Parent, utc_now
from imagine.store import JobQuery, SqliteJobStore
from tests.store.helpers import (
    FAILED,
    MOVES,
    QUEUED,
    RUNNING,
    SUCCEEDED,
    add,
    in_state,
    job,
    numbers,
)

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
