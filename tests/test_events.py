"""What watchers hear: shared bytes, order, and what gives way when one falls behind."""

import json
import uuid

from imagine.events import BEHIND, CROWDED, LocalEventBus, encode_preview
from imagine.ids import new_id
from imagine.models import JobState, Progress, Stage
from tests.samples import a_job


async def test_every_listener_gets_the_same_bytes():
    bus = LocalEventBus()
    with bus.listen() as one, bus.listen() as two:
        bus.stored(a_job())
        first, second = (await one.read())[0], (await two.read())[0]
    assert first.data is second.data
    assert json.loads(first.data)["type"] == "job"


async def test_a_listener_of_one_job_hears_only_of_that_and_of_the_server():
    bus = LocalEventBus()
    mine, other = a_job(), a_job()
    with bus.listen(frozenset({mine.id})) as listener:
        bus.stored(other)
        bus.stored(mine)
        bus.offer("queue", {"running": 0})
        kinds = [(m.kind, m.job) for m in await listener.read()]
    assert kinds == [("job", mine.id), ("queue", None)]


async def test_previews_can_be_declined():
    bus = LocalEventBus()
    job = a_job()
    with bus.listen(previews=False) as listener:
        bus.offer_preview(job.id, 0, "image/jpeg", b"picture")
        bus.stored(job)
        assert [m.kind for m in await listener.read()] == ["job"]


async def test_a_slow_listener_loses_old_progress_and_no_state_change():
    bus = LocalEventBus()
    job = a_job(state=JobState.RUNNING)
    with bus.listen() as listener:
        for step in range(1, 500):
            bus.offer_progress(job.id, 1, Progress(value=step / 500), Stage.SAMPLING)
            if step % 100 == 0:
                bus.stored(job.model_copy(update={"sequence": step}))
        messages = await listener.read()
    assert [m.sequence for m in messages if m.kind == "job"] == [100, 200, 300, 400]
    values = [json.loads(m.data)["value"] for m in messages if m.kind == "progress"]
    assert values[-1] == 499 / 500
    assert values == sorted(values)
    assert len(messages) <= CROWDED + 5


async def test_a_listener_that_stays_behind_is_told_so_and_holds_nothing():
    bus = LocalEventBus()
    job = a_job()
    with bus.listen() as listener:
        for _ in range(BEHIND + 1):
            bus.stored(job)
        assert listener.is_behind
        assert await listener.read() == []


async def test_a_late_listener_finds_the_newest_preview_and_progress():
    bus = LocalEventBus()
    job = a_job(state=JobState.RUNNING)
    for step in (1, 2):
        bus.offer_progress(job.id, 1, Progress(value=step / 10), Stage.SAMPLING)
        bus.offer_preview(job.id, 1, "image/jpeg", b"preview %d" % step)
    with bus.listen() as listener:
        progress, preview = bus.newest(listener)
    assert json.loads(progress.data)["value"] == 0.2
    assert preview.data.endswith(b"preview 2")


async def test_a_change_of_a_running_job_is_told_with_its_newest_progress():
    bus = LocalEventBus()
    job = a_job(state=JobState.RUNNING)
    bus.offer_progress(job.id, 1, Progress(value=0.5), Stage.DECODING)
    with bus.listen() as listener:
        bus.stored(job)
        (message,) = await listener.read()
    told = json.loads(message.data)["job"]
    assert (told["progress"]["value"], told["stage"]) == (0.5, "decoding")


async def test_an_ended_job_leaves_nothing_behind():
    bus = LocalEventBus()
    job = a_job(state=JobState.RUNNING)
    bus.offer_preview(job.id, 0, "image/jpeg", b"picture")
    bus.stored(job.model_copy(update={"state": JobState.SUCCEEDED}))
    assert bus.passing(job.id) is None


def test_a_preview_frame_has_the_fixed_head():
    job_id = new_id()
    frame = encode_preview(job_id, 3, "image/jpeg", b"\xff\xd8")
    assert frame[:4] == bytes((1, 1, 0, 3))
    assert uuid.UUID(bytes=frame[4:20]) == uuid.UUID(job_id)
    assert frame[20:] == b"\xff\xd8"
    assert encode_preview(job_id, None, "image/png", b"")[1:4] == bytes((2, 255, 255))
