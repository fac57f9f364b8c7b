"""Actions, blends and families over HTTP: every action makes a child that continues its parent."""

import asyncio
import io
import json
from typing import Any

import pytest
from PIL import Image, ImageChops

from imagine.app_keys import PARTS
from tests.conftest import SMALL, Client, StartServer
from tests.following import eventually, finish, follow, submit
from tests.pictures import pixels, read
from tests.routes.test_jobs import problem

QUICK = f"{SMALL} --steps 2"
WIDE = "--size 256x128 --steps 2 --batch 2"


async def act(client: Client, job: dict[str, Any], **ask: Any) -> dict[str, Any]:
    """Do something with a job, wait for the child's end and return it."""
    path = f"/api/jobs/{job['id']}/actions"
    async with client.post(path, json=ask, headers={"Prefer": "wait=60"}) as answer:
        told = await answer.json()
        assert answer.status == 200, told
    (child,) = told["jobs"]
    assert child["state"] == "succeeded", child["error"]
    return dict(child)


async def upload(client: Client, picture: Image.Image) -> str:
    """Bring a picture in; return its id."""
    data = io.BytesIO()
    picture.save(data, "PNG")

    async def chunks() -> Any:
        yield data.getvalue()

    put = await client.app[PARTS].uploads.put(chunks())
    return put.upload.id


def sizes(job: dict[str, Any]) -> list[tuple[int, int]]:
    return [(image["width"], image["height"]) for image in job["images"]]


def differs(one: Image.Image, two: Image.Image) -> bool:
    return ImageChops.difference(one.convert("RGB"), two.convert("RGB")).getbbox() is not None


@pytest.mark.parametrize(
    ("ask", "kind", "expected"),
    [
        ({"action": "single", "image": 1}, "single", [(256, 128)]),
        ({"action": "upscale"}, "upscale", [(512, 256)]),
        ({"action": "upscale", "strength": "creative"}, "upscale", [(512, 256)]),
        ({"action": "variation", "image": 1}, "variation", [(256, 128)] * 2),
        ({"action": "variation", "strength": "subtle"}, "variation", [(256, 128)] * 2),
        ({"action": "reroll"}, "imagine", [(256, 128)] * 2),
        ({"action": "remix", "prompt": f"an owl {WIDE}"}, "imagine", [(256, 128)] * 2),
        ({"action": "zoom"}, "zoom", [(256, 128)] * 2),
        ({"action": "zoom", "factor": 1.5}, "zoom", [(256, 128)] * 2),
        ({"action": "pan", "direction": "left"}, "pan", [(384, 128)] * 2),
        ({"action": "pan", "direction": "right"}, "pan", [(384, 128)] * 2),
        ({"action": "pan", "direction": "up"}, "pan", [(256, 192)] * 2),
        ({"action": "pan", "direction": "down"}, "pan", [(256, 192)] * 2),
        ({"action": "square"}, "square", [(256, 256)] * 2),
        ({"action": "reshape", "aspect": "1:2"}, "zoom", [(256, 512)] * 2),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
async def test_an_action_makes_a_child_of_its_kind_and_size(
    client: Client, ask: dict[str, Any], kind: str, expected: list[tuple[int, int]]
):
    parent = await finish(client, f"a red fox {WIDE} --seed 7")
    child = await act(client, parent, **ask)
    assert child["kind"] == kind
    assert child["parents"] == [{"job": parent["id"], "image": ask.get("image", 0)}]
    assert sizes(child) == expected
    keeps = ask["action"] in ("single", "upscale")
    assert (child["parameters"]["seed"] == 7) == keeps
    again = await finish(client, parent["canonical"])
    assert await pixels(client, again["images"][0]["url"]) == await pixels(
        client, parent["images"][0]["url"]
    )


async def test_a_single_is_the_same_picture(client: Client):
    parent = await finish(client, f"a red fox {QUICK}")
    for index in (0, 3):
        child = await act(client, parent, action="single", image=index)
        assert child["parameters"]["member"] == index
        (picture,) = child["images"]
        assert await pixels(client, picture["url"]) == await pixels(
            client, parent["images"][index]["url"]
        )


async def test_a_pan_continues_its_picture(client: Client):
    parent = await finish(client, f"a red fox {QUICK} --batch 1")
    child = await act(client, parent, action="pan", direction="left")
    before = await read(client, parent["images"][0]["url"])
    after = await read(client, child["images"][0]["url"])
    assert not differs(after.crop((64 + 48, 0, 192, 128)), before.crop((48, 0, 128, 128)))


async def test_a_region_leaves_all_else_as_it_was(client: Client):
    parent = await finish(client, f"a red fox {QUICK} --batch 1")
    mask = Image.new("L", (128, 128), 0)
    mask.paste(255, (0, 0, 64, 128))
    ask = {"action": "region", "mask": await upload(client, mask), "prompt": "a blue owl"}
    child = await act(client, parent, **ask)
    assert child["kind"] == "region"
    assert child["text"] == "a blue owl"
    before = await read(client, parent["images"][0]["url"])
    after = await read(client, child["images"][0]["url"])
    assert differs(after.crop((0, 0, 64, 128)), before.crop((0, 0, 64, 128)))
    assert not differs(after.crop((64, 0, 128, 128)), before.crop((64, 0, 128, 128)))


async def test_a_draft_is_enhanced_to_its_full_size(client: Client):
    draft = await finish(client, "a red fox --draft --ar 2:1 --batch 1")
    child = await act(client, draft, action="enhance")
    assert child["kind"] == "upscale"
    assert "--draft" not in child["canonical"]
    ((width, height),) = sizes(child)
    ((small, _),) = sizes(draft)
    assert width > 1.5 * small
    assert width / height == pytest.approx(2, rel=0.02)


async def test_a_reroll_repeats_what_its_job_grew_from(client: Client):
    parent = await finish(client, f"a red fox {QUICK} --batch 2")
    panned = await act(client, parent, action="pan", direction="up", image=1)
    again = await act(client, panned, action="reroll", image=1)
    assert again["kind"] == "pan"
    assert again["parameters"]["origin"] == panned["parameters"]["origin"]
    assert again["parents"] == [{"job": panned["id"], "image": 1}]
    assert again["parameters"]["seed"] != panned["parameters"]["seed"]
    assert sizes(again) == sizes(panned)
    other = await act(client, again, action="remix", prompt="a wolf --batch 2 --steps 2 --seed 5")
    assert (other["kind"], other["text"]) == ("pan", "a wolf")
    assert other["parameters"]["origin"] == panned["parameters"]["origin"]
    assert other["parameters"]["seed"] == 5
    assert sizes(other) == sizes(panned)


async def test_a_reroll_of_a_single_makes_the_set(client: Client):
    parent = await finish(client, f"a red fox {QUICK}")
    varied = await act(client, parent, action="variation", image=2)
    single = await act(client, varied, action="single", image=3)
    assert single["kind"] == "single"
    child = await act(client, single, action="reroll")
    assert child["kind"] == "variation"
    assert "member" not in child["parameters"]
    assert child["parameters"]["origin"] == varied["parameters"]["origin"]
    assert len(child["images"]) == 4


async def test_a_new_prompt_may_make_several_children(client: Client):
    parent = await finish(client, f"a red fox {QUICK} --batch 1")
    prompt = "a {red, blue} owl --batch 1 --steps 2 --repeat 2"
    path = f"/api/jobs/{parent['id']}/actions"
    ask = {"action": "variation", "prompt": prompt}
    async with client.post(path, json=ask) as answer:
        assert answer.status == 202
        told = await answer.json()
    assert answer.headers["Location"] == f"/api/jobs/{told['jobs'][0]['id']}"
    assert [job["text"] for job in told["jobs"]] == ["a red owl"] * 2 + ["a blue owl"] * 2
    assert {job["kind"] for job in told["jobs"]} == {"variation"}
    assert len({job["parameters"]["seed"] for job in told["jobs"]}) == 4


async def test_many_actions_at_once_are_all_made(client: Client):
    parent = await finish(client, f"a red fox {QUICK} --batch 2")
    asks = [{"action": name} for name in ("variation", "upscale", "reroll", "single", "zoom")]
    children = await asyncio.gather(*(act(client, parent, **ask) for ask in asks for _ in range(3)))
    assert len({child["id"] for child in children}) == 15
    async with client.get(f"/api/jobs/{parent['id']}/family") as answer:
        told = await answer.json()
    assert {edge["child"] for edge in told["edges"]} == {child["id"] for child in children}


async def test_a_key_makes_one_child_and_is_of_one_job_only(client: Client):
    jobs = [await finish(client, f"a {name} {QUICK} --batch 1") for name in ("fox", "owl")]
    ask, headers = {"action": "reroll"}, {"Idempotency-Key": "k-1"}
    paths = [f"/api/jobs/{job['id']}/actions" for job in jobs]
    answers = []
    for _ in range(2):
        async with client.post(paths[0], json=ask, headers=headers) as answer:
            assert answer.status == 202
            answers.append(await answer.text())
    assert answers[0] == answers[1]
    async with client.post(paths[1], json=ask, headers=headers) as answer:
        assert (await problem(answer, 409))["code"] == "conflict"


@pytest.mark.parametrize(
    ("ask", "parameter", "words"),
    [
        ({"action": "upscal"}, "action", "Did you mean upscale?"),
        ({}, "action", "action is missing"),
        ({"action": "pan", "direction": "north"}, "direction", "no direction 'north'"),
        ({"action": "pan"}, "direction", "left, right, up, down"),
        ({"action": "upscale", "strength": "strong"}, "strength", "subtle or creative"),
        ({"action": "zoom", "factor": True}, "factor", "number"),
        ({"action": "zoom", "factor": "2"}, "factor", "number"),
        ({"action": "reshape", "aspect": "0:1"}, "aspect", "aspect"),
        ({"action": "region", "mask": "../etc"}, "mask", "neither the id of an upload"),
        ({"action": "region", "mask": "0" * 64}, "mask", "upload"),
        ({"action": "single", "image": 9}, "image", "no picture 9"),
        ({"action": "single", "image": -1}, "image", "greater than or equal to 0"),
        ({"action": "reroll", "speed": 1}, "speed", "there is no speed here"),
        ({"action": "remix", "prompt": "a fox --steps 0"}, "steps", "1–150"),
        ({"action": "remix", "prompt": " "}, None, "mpty prompt"),
    ],
)
async def test_an_action_that_cannot_be_is_refused_by_its_field(
    client: Client, ask: dict[str, Any], parameter: str | None, words: str
):
    job = await finish(client, f"a red fox {QUICK} --batch 2 --steps 1")
    async with client.post(f"/api/jobs/{job['id']}/actions", json=ask) as answer:
        error = await problem(answer, 422)
    told = error["message"] + json.dumps(error["details"], ensure_ascii=False)
    assert words in told
    if parameter is not None:
        assert error["details"][0]["parameter"] == parameter


async def test_only_a_finished_picture_can_be_acted_on(start_server: StartServer):
    client = await start_server(sketch_step_ms=1000)
    (job,) = await submit(client, f"a red fox {SMALL}")
    for path, status in ((f"/api/jobs/{job['id']}/actions", 409), ("/api/jobs/x/actions", 404)):
        async with client.post(path, json={"action": "upscale"}) as answer:
            await problem(answer, status)


async def test_a_blend_says_which_picture_is_not_there(client: Client):
    pictures = [await upload(client, Image.new("RGB", (64, 64))), "0" * 64]
    async with client.post("/api/blend", json={"images": pictures}) as answer:
        error = await problem(answer, 422)
    assert [detail["parameter"] for detail in error["details"]] == ["images.1"]


async def test_pictures_of_jobs_and_uploads_blend(client: Client):
    job = await finish(client, f"a red fox {QUICK} --batch 2")
    picture = await upload(client, Image.new("RGB", (64, 64), "navy"))
    images = [{"job": job["id"], "image": 1}, picture]
    headers = {"Prefer": "wait=60"}
    for more in ({"aspect": "2:1"}, {"prompt": "in oil --ar 2:1 --batch 1"}):
        body = {"images": images, **more}
        async with client.post("/api/blend", json=body, headers=headers) as answer:
            told = await answer.json()
            assert answer.status == 200, told
        (blend,) = told["jobs"]
        assert blend["state"] == "succeeded"
        assert blend["kind"] == "blend"
        assert blend["parents"] == [{"job": job["id"], "image": 1}]
        width, height = sizes(blend)[0]
        assert width / height == pytest.approx(2, rel=0.02)
        assert f"picture:{job['id']}/1 upload:{picture}" in blend["canonical"]


async def test_a_prompt_that_names_pictures_says_what_it_grew_from(client: Client):
    one = await finish(client, f"a red fox {QUICK}")
    other = await finish(client, f"an owl {QUICK}")
    child = await finish(
        client, f"picture:{one['id']}/2 a cat {QUICK} --sref picture:{other['id']}/0"
    )
    parents = [{"job": one["id"], "image": 2}, {"job": other["id"], "image": 0}]
    assert child["parents"] == parents
    async with client.get(f"/api/jobs/{other['id']}/family") as answer:
        family = await answer.json()
    assert child["id"] in [job["id"] for job in family["jobs"]]


@pytest.mark.parametrize("count", [0, 1, 6])
async def test_a_blend_takes_two_to_five_pictures(client: Client, count: int):
    body = {"images": ["0" * 64] * count}
    async with client.post("/api/blend", json=body) as answer:
        error = await problem(answer, 422)
    assert error["details"][0]["allowed"] == "2–5"


@pytest.mark.parametrize("image", ["nonsense", "0" * 64, {"job": "x"}, {"image": 0}, 7])
async def test_a_blend_of_what_is_not_there_is_refused(client: Client, image: Any):
    async with client.post("/api/blend", json={"images": [image, image]}) as answer:
        await problem(answer, 422)


async def test_the_family_of_a_chain_is_the_whole_chain(client: Client):
    chain = [await finish(client, f"a red fox {QUICK} --batch 2")]
    for ask in (
        {"action": "variation", "image": 1},
        {"action": "pan", "direction": "left"},
        {"action": "square"},
        {"action": "upscale"},
    ):
        chain.append(await act(client, chain[-1], **ask))
    async with client.delete(f"/api/jobs/{chain[2]['id']}") as answer:
        assert answer.status == 200
    told: dict[str, Any] = {}
    for member in (chain[0], chain[2], chain[4]):
        async with client.get(f"/api/jobs/{member['id']}/family") as answer:
            told = await answer.json()
        assert told["root"] == chain[0]["id"]
        assert [job["id"] for job in told["jobs"]] == [job["id"] for job in chain]
        assert [edge["image"] for edge in told["edges"]] == [1, 0, 0, 0]
        assert told["truncated"] is False
    assert [bool(job["deleted_at"]) for job in told["jobs"]] == [False, False, True, False, False]
    async with client.get("/api/jobs/x/family") as answer:
        await problem(answer, 404)


async def test_a_waiting_job_is_moved_in_line_and_stays_there_after_a_restart(
    start_server: StartServer,
):
    client = await start_server(sketch_step_ms=2000)
    prompts = ("one", "two", "three", "four --relax", "five --turbo")
    async with follow(client) as follower:
        jobs = [(await submit(client, f"{prompt} {QUICK}"))[0] for prompt in prompts]
        jobs += await submit(client, f"six {QUICK} --relax", priority=1)
        await follower.job(jobs[1]["id"], "running")
    names = {job["id"]: job["text"] for job in jobs}

    async def line() -> list[str]:
        async with client.get("/api/queue") as answer:
            positions = (await answer.json())["positions"]
        waiting = {"three", "four", "five", "six"}
        return [names[job] for job in positions if names[job] in waiting]

    assert await line() == ["five", "six", "three", "four"]
    async with client.patch(f"/api/jobs/{jobs[5]['id']}", json={"priority": 100}) as answer:
        assert (await answer.json())["position"] < 4
    assert await line() == ["six", "five", "three", "four"]
    await client.close()
    client = await start_server(sketch_step_ms=2000)
    queue = client.app[PARTS].queue
    # The new engine does not know the first two, so they go back into the line.
    left = ["five", "one", "two", "three", "four"]
    await eventually(lambda: [names[place.id] for place in queue.line()] == left)
    assert [names[job] for job in queue.begun()] == ["six"]


@pytest.mark.parametrize(
    ("body", "status"),
    [({"priority": 101}, 422), ({"priority": 1.5}, 422), ({}, 422), ({"priority": 1}, 409)],
)
async def test_a_priority_that_cannot_be_is_refused(
    client: Client, body: dict[str, Any], status: int
):
    job = await finish(client, f"a red fox {QUICK} --batch 1")
    async with client.patch(f"/api/jobs/{job['id']}", json=body) as answer:
        await problem(answer, status)


async def test_jobs_are_found_by_number_by_the_beginning_of_an_id_and_by_sight(client: Client):
    prompts = (f"a fox {QUICK} --batch 1 --stealth", f"an owl {QUICK} --batch 1")
    hidden, shown = [await finish(client, prompt) for prompt in prompts]
    for query, found in (
        (f"number={shown['number']}", [shown]),
        (f"id={hidden['id'][:35]}", [hidden]),
        (f"id={hidden['id']}", [hidden]),
        ("id=0~", []),
        ("number=99", []),
        ("visibility=stealth", [hidden]),
        ("visibility=public", [shown]),
        ("", [shown, hidden]),
    ):
        async with client.get(f"/api/jobs?{query}") as answer:
            told = await answer.json()
        assert [job["id"] for job in told["jobs"]] == [job["id"] for job in found]
    async with client.get("/api/jobs?visibility=secret") as answer:
        await problem(answer, 400)
