"""From what pictures say to jobs, and both together with what was known before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from imagine.ids import new_id
from imagine.models import Job, JobState, Marks
from imagine.regathering import MARGIN, FoundPicture, Known, Row, Said, arrange, gather

MADE = datetime(2026, 11, 20, 10, tzinfo=UTC)
JOB = "0198f3a1-7c2e-7d4b-9e10-8d3f0a91c2e4"


def said(**fields: Any) -> Said:
    given = {"job": JOB, "number": 7, "batch": "b", "prompt": "a fox", "canonical": "a fox"}
    return Said.model_validate(
        {**given, "text": "a fox", "parameters": {"seed": 4}, "created_at": MADE, **fields}
    )


def found(index: int = 0, **fields: Any) -> FoundPicture:
    given: dict[str, Any] = {
        "name": f"2026-11-20-a-fox-8d3f0a91c2e4-{index}.png",
        "said": said(),
        "index": index,
        "width": 64,
        "height": 48,
        "media_type": "image/png",
        "bytes": 100,
        "written_at": MADE + timedelta(seconds=index),
        "favorite": False,
        "deleted_at": None,
    }
    return FoundPicture(**{**given, **fields})


def one(*pictures: FoundPicture) -> Job:
    (job,), _ = gather(pictures)
    return job


def known(*jobs: Job, sequence: int = 50, number: int = 9) -> Known:
    return Known({job.id: Row(job, Marks(priority=3)) for job in jobs}, sequence, number)


def test_pictures_of_one_job_are_one_job_in_their_order():
    job = one(found(2), found(0, favorite=True), found(1))
    assert [image.index for image in job.images] == [0, 1, 2]
    assert (job.state, job.favorites, job.number) == (JobState.SUCCEEDED, (0,), 7)
    assert job.finished_at == MADE + timedelta(seconds=2)
    assert job.images[0].seed == 4


def test_of_one_index_the_newest_attempt_is_the_one():
    late = found(name="2026-11-20-a-fox-8d3f0a91c2e4-0-2.png", said=said(attempt=2))
    (job,), spare = gather([late, found(written_at=MADE + timedelta(hours=1)), found(1)])
    assert spare == 1
    assert [image.url[-6:] for image in job.images] == ["-2.png", "-1.png"]
    assert job.attempt == 2


def test_a_job_is_in_the_trash_when_all_of_it_is():
    noon = MADE + timedelta(hours=2)
    assert one(found(0, deleted_at=MADE), found(1, deleted_at=noon)).deleted_at == noon
    assert one(found(0, deleted_at=MADE), found(1)).deleted_at is None


@pytest.mark.parametrize(
    "fields",
    [{"job": "../etc"}, {"number": -1}, {"number": 2**60}, {"kind": "x"}, {"created_at": "noon"}],
)
def test_what_somebody_made_up_is_not_ours(fields: dict[str, Any]):
    with pytest.raises(ValidationError):
        said(**fields)


def test_what_a_later_version_says_besides_is_left_aside():
    assert one(found(said=said(mood="calm", parameters={"seed": "none"}))).images[0].seed is None


def test_numbers_stay_where_they_are_free_and_else_the_older_keeps_its_own():
    ids = [new_id() for _ in range(4)]
    times = [MADE + timedelta(hours=hours) for hours in (3, 1, 2, 4)]
    jobs = [
        one(found(said=said(job=ids[n], number=number, created_at=times[n])))
        for n, number in enumerate((5, 5, 0, 8))
    ]
    gallery = arrange(jobs)
    numbers = {row.job.id: row.job.number for row in gallery.rows}
    assert numbers == {ids[1]: 5, ids[3]: 8, ids[2]: 9, ids[0]: 10}
    assert gallery.number == 10
    assert [row.job.number for row in gallery.rows] == sorted(numbers.values())


def test_without_a_database_the_sequence_jumps_beyond_all_that_was_told():
    gallery = arrange([one(found(said=said(sequence=41)))])
    assert gallery.rows[0].job.sequence == gallery.sequence > 41 + MARGIN


def test_what_was_known_stays_and_is_not_told_again():
    before = one(found(0), found(1)).model_copy(
        update={"number": 3, "sequence": 20, "state": JobState.FAILED}
    )
    gallery = arrange([one(found(0), found(1))], known(before))
    assert gallery.rows == (Row(before, Marks(priority=3)),)
    assert (gallery.sequence, gallery.number) == (50, 9)


def test_files_say_what_is_starred_and_in_the_trash():
    before = one(found(0), found(1)).model_copy(update={"sequence": 20, "favorites": (1,)})
    changed = one(found(0, favorite=True, deleted_at=MADE))
    (row,) = arrange([changed], known(before)).rows
    assert (row.job.favorites, row.job.deleted_at, len(row.job.images)) == ((0,), MADE, 1)
    assert row.job.sequence == 51


def test_a_finished_job_without_files_is_expired_and_a_waiting_one_goes_on_waiting():
    over = one(found(said=said(job=new_id(), number=1)))
    waiting = over.model_copy(
        update={"id": new_id(), "number": 2, "state": JobState.QUEUED, "images": ()}
    )
    running = over.model_copy(update={"id": new_id(), "number": 3, "state": JobState.RUNNING})
    jobs = [row.job for row in arrange([], known(over, waiting, running)).rows]
    assert [job.state for job in jobs] == [JobState.EXPIRED, JobState.QUEUED, JobState.RUNNING]
    assert all(job.images == () for job in jobs)


def test_an_expired_job_whose_files_are_back_is_finished_again():
    whole = one(found())
    before = whole.model_copy(update={"state": JobState.EXPIRED, "images": ()})
    (row,) = arrange([whole], known(before)).rows
    assert (row.job.state, len(row.job.images)) == (JobState.SUCCEEDED, 1)
