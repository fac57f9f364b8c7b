"""One job as Server-Sent Events: in order, resumed by Last-Event-ID, and with an end."""

import pytest

from imagine.app_keys import PARTS
from tests.conftest import SMALL, Client, StartServer
from tests.following import Event, events, finish, submit


async def test_a_job_is_told_from_now_to_its_end_with_progress(start_server: StartServer):
    client = await start_server(sketch_step_ms=5)
    (job,) = await submit(client, f"a red fox {SMALL} --batch 2")
    async with events(client, job["id"]) as stream:
        told = [event async for event in stream]
    assert stream.answer.content_type == "text/event-stream"
    assert stream.heads == ["retry: 2000"]
    changes = [event for event in told if event.kind == "job"]
    assert [event.id for event in changes] == [event.data["job"]["sequence"] for event in changes]
    assert changes[-1] is told[-1]
    assert changes[-1].data["job"]["state"] == "succeeded"
    assert {event.kind for event in told} == {"job", "progress"}
    assert values(told) == sorted(values(told))


def values(told: list[Event]) -> list[float]:
    return [
        e.data["value"] if e.kind == "progress" else e.data["job"]["progress"]["value"]
        for e in told
    ]


async def test_a_stream_resumes_with_every_change_since_the_last_event(client: Client):
    (job,) = await submit(client, f"a red fox {SMALL} --steps 2")
    await finish(client, f"an owl {SMALL} --batch 1 --steps 1")
    async with events(client, job["id"], job["sequence"]) as stream:
        told = [event async for event in stream]
    ids = [event.id for event in told if event.id is not None]
    states = [event.data["job"]["state"] for event in told if event.kind == "job"]
    assert ids == sorted(set(ids))
    assert ids[0] > job["sequence"]
    assert set(states) == {"running", "succeeded"}
    assert [len(event.data["job"]["images"]) for event in told if event.kind == "job"][-1] == 4
    for at, last in enumerate(ids[:-1]):
        async with events(client, job["id"], last) as stream:
            assert [event.id async for event in stream] == ids[at + 1 :]


async def test_an_event_source_comes_back_until_it_knows_the_end(client: Client):
    job = await finish(client, f"a red fox {SMALL} --batch 1 --steps 1")
    last: int | None = None
    statuses = []
    while 204 not in statuses:
        async with events(client, job["id"], last) as stream:
            statuses.append(stream.answer.status)
            if stream.answer.status == 200:
                (event,) = [event async for event in stream]
                assert event.data["job"] == job
                last = event.id
    assert statuses == [200, 204]


async def test_what_changed_after_the_end_is_told_to_whoever_knows_the_end(client: Client):
    job = await finish(client, f"a red fox {SMALL} --batch 1 --steps 1")
    for favorites in ([0], []):
        async with client.patch(f"/api/jobs/{job['id']}", json={"favorites": favorites}) as answer:
            assert answer.status == 200
    async with events(client, job["id"], job["sequence"]) as stream:
        told = [event.data["job"]["favorites"] async for event in stream]
    assert told == [[0], []]
    async with client.delete(f"/api/jobs/{job['id']}") as answer:
        known = (await answer.json())["sequence"]
    async with events(client, job["id"], known - 1) as stream:
        assert [(event.kind, event.id) async for event in stream] == [("removed", known)]
    async with events(client, job["id"], known) as stream:
        assert stream.answer.status == 204


async def test_a_job_that_was_made_again_is_followed_on(start_server: StartServer):
    client = await start_server(sketch_step_ms=20)
    (job,) = await submit(client, f"a fox {SMALL} --batch 1 --steps 5")
    async with client.post(f"/api/jobs/{job['id']}/cancel") as answer:
        assert answer.status in (200, 202)
    async with events(client, job["id"]) as stream:
        canceled = [event async for event in stream][-1]
    assert canceled.data["job"]["state"] == "canceled"
    async with client.post(f"/api/jobs/{job['id']}/retry") as answer:
        assert answer.status == 202
    async with events(client, job["id"], canceled.id) as stream:
        told = [event async for event in stream if event.kind == "job"]
    assert told[0].data["job"]["state"] == "queued"
    assert told[-1].data["job"]["state"] == "succeeded"


async def test_after_a_restart_a_stream_resumes_with_the_job_as_it_is_now(
    start_server: StartServer,
):
    client = await start_server()
    (submitted,) = await submit(client, f"a red fox {SMALL} --batch 1 --steps 1")
    async with events(client, submitted["id"]) as stream:
        end = [event async for event in stream][-1]
    await client.close()
    client = await start_server()
    async with events(client, submitted["id"], submitted["sequence"]) as stream:
        (told,) = [event async for event in stream]
    assert told == end
    async with events(client, submitted["id"], end.id) as stream:
        assert stream.answer.status == 204


@pytest.mark.parametrize("last", ["999999", "-1", "fox", "1.5", "9" * 40])
async def test_a_last_event_that_is_not_ours_begins_anew(client: Client, last: str):
    job = await finish(client, f"a red fox {SMALL} --batch 1 --steps 1")
    async with events(client, job["id"], last) as stream:
        (told,) = [event async for event in stream]
    assert told.data["job"] == job


async def test_a_stream_that_knows_all_hears_the_newest_progress_at_once(
    start_server: StartServer,
):
    client = await start_server(sketch_step_ms=50)
    (job,) = await submit(client, f"a red fox {SMALL} --batch 1")
    async with events(client, job["id"]) as stream:
        told = aiter(stream)
        while (event := await anext(told)).kind != "progress" or event.data["step"] < 4:
            pass
        known = client.app[PARTS].store.sequence
        async with events(client, job["id"], known) as again:
            first = await anext(aiter(again))
    assert first.kind == "progress"
    assert first.data["value"] >= event.data["value"]
    async with client.post(f"/api/jobs/{job['id']}/cancel") as answer:
        assert answer.status in (200, 202)
