"""What watchers hear: shared bytes, order, and what gives way when one falls behind."""

import json
import uuid

from imagine.events import CROWDED, READ_BYTES, UNREAD_BYTES, LocalEventBus, Message, encode_preview
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


async def test_unread_state_changes_are_the_logs_and_cost_a_listener_nothing():
    bus = LocalEventBus()
    job = a_job()
    with bus.listen() as fast, bus.listen() as slow:
        first = []
        for sequence in range(1, 101):
            bus.stored(job.model_copy(update={"sequence": sequence}))
            first += await fast.read()
        second = await slow.read()
    assert [m.sequence for m in second] == list(range(1, 101))
    assert all(one.data is other.data for one, other in zip(first, second, strict=True))


async def test_a_listener_that_the_log_has_left_behind_is_told_so_and_holds_nothing():
    bus = LocalEventBus(log_bytes=20_000)
    job = a_job()
    with bus.listen() as listener:
        for sequence in range(1, 101):
            bus.stored(job.model_copy(update={"sequence": sequence}))
        assert listener.is_behind
        assert not listener.is_open
        assert await listener.read() == []


async def test_a_listener_of_one_quiet_job_is_not_left_behind_by_the_others():
    bus = LocalEventBus(log_bytes=20_000)
    mine, other = a_job(sequence=1), a_job()
    with bus.listen(frozenset({mine.id}), since=0) as listener:
        for sequence in range(2, 101):
            bus.stored(other.model_copy(update={"sequence": sequence}))
        assert listener.is_open
        bus.stored(mine.model_copy(update={"sequence": 101}))
        assert [m.sequence for m in await listener.read()] == [101]


async def test_unread_previews_are_bounded_in_bytes_and_the_oldest_go_first():
    bus = LocalEventBus()
    jobs = [a_job(state=JobState.RUNNING) for _ in range(12)]
    with bus.listen() as listener:
        for job in jobs:
            bus.offer_preview(job.id, 0, "image/png", bytes(UNREAD_BYTES // 8))
            bus.stored(job)
        messages = await listener.read()
    assert [m.job for m in messages if m.kind == "job"] == [job.id for job in jobs]
    previews = [m for m in messages if m.kind == "preview"]
    assert [m.job for m in previews] == [job.id for job in jobs[-7:]]
    assert sum(len(m.data) for m in previews) <= UNREAD_BYTES


async def test_what_passes_keeps_its_place_among_the_state_changes():
    bus = LocalEventBus()
    job = a_job(state=JobState.RUNNING)
    with bus.listen() as listener:
        bus.stored(job.model_copy(update={"sequence": 1}))
        bus.offer_progress(job.id, 1, Progress(value=0.5), Stage.SAMPLING)
        bus.stored(job.model_copy(update={"sequence": 2, "state": JobState.SUCCEEDED}))
        bus.offer("queue", {"running": 0})
        kinds = [m.kind for m in await listener.read()]
    assert kinds == ["job", "progress", "job", "queue"]


async def test_a_long_replay_comes_in_pieces_with_what_passed_at_its_end():
    bus = LocalEventBus()
    long = a_job(prompt="fox " * 10_000)
    for sequence in range(1, 81):
        bus.stored(long.model_copy(update={"sequence": sequence}))
    pieces: list[list[Message]] = []
    with bus.listen(since=0) as listener:
        bus.offer("queue", {"running": 0})
        while not pieces or pieces[-1][-1].kind != "queue":
            pieces.append(await listener.read())
    assert len(pieces) > 2
    assert all(sum(len(m.data) for m in piece) <= 1.1 * READ_BYTES for piece in pieces)
    told = [m.sequence for piece in pieces for m in piece]
    assert told == [*range(1, 81), None]


async def test_whoever_comes_while_the_server_stops_is_let_go_too():
    bus = LocalEventBus()
    with bus.listen() as early:
        bus.close()
        with bus.listen() as late:
            assert not early.is_open
            assert not late.is_open
            assert await late.read() == []


async def test_a_late_listener_finds_the_newest_preview_and_progress():
    bus = LocalEventBus()
    job = a_job(state=JobState.RUNNING)
    for step in (1, 2):
        bus.offer_progress(job.id, 1, Progress(value=step / 10), Stage.SAMPLING)
        bus.offer_preview(job.id, 1, "image/jpeg", b"preview %d" % step)
    with bus.listen() as listener:
        listener.catch_up({}, bus.newest())
        progress, preview = await listener.read()
    assert json.loads(progress.data)["value"] == 0.2
    assert preview.data.endswith(b"preview 2")


async def test_progress_comes_after_the_change_that_is_the_first_a_listener_hears_of_its_job():
    bus = LocalEventBus()
    job = a_job(state=JobState.RUNNING)
    bus.stored(job.model_copy(update={"sequence": 1}))
    with bus.listen() as listener:
        bus.offer_progress(job.id, 1, Progress(value=0.5), Stage.SAMPLING)
        bus.stored(job.model_copy(update={"sequence": 2}))
        listener.catch_up({}, bus.newest())
        assert [m.kind for m in await listener.read()] == ["job", "progress"]


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
