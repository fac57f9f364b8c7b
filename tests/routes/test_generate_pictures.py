"""Running workflows with pictures over HTTP: in a form, as uploads, one each."""

from pathlib import Path

import pytest

from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy
from tests.following import ready
from tests.painting import mask, picture
from tests.routes.workflows import (
    GENERATE,
    WAIT,
    colours,
    form,
    get,
    join_entry,
    joined,
    post,
    put,
    refused,
    run,
    started,
    upload,
)


@pytest.fixture
async def client(start_server: StartServer) -> Client:
    return await started(start_server)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "workflows"


@pytest.fixture
def portrait(own: Path) -> Path:
    return put(own, "portrait")


@pytest.mark.parametrize("count", [1, 2, 3, 4])
async def test_files_of_one_form_reach_the_graph_in_the_order_of_their_numbers(
    start_server: StartServer, own: Path, count: int
):
    put(own, "join", join_entry(4), joined(4))
    files = colours(4)
    names = ["file", "file_2", "file_3", "file_4"]
    # They come the other way round.
    fields = list(zip(names, files, strict=True))[:count][::-1]
    async with FakeComfy() as comfy:
        client = await ready(start_server, comfy)
        told = await post(client, "/api/workflows/join", 202, data=form(("priority", "5"), *fields))
        (job,) = told["jobs"]
        assert job["state"] == "queued"
        await comfy.until(lambda: len(comfy.submitted) == 1)
        graph = comfy.submitted[0]["prompt"]
        loaded = [graph[str(n)]["inputs"]["image"] for n in range(1, 5) if str(n) in graph]
        ids = [await upload(client, data) for data in files[:count]]
        assert [name.rsplit("/", 1)[-1].partition(".")[0] for name in loaded] == ids


@pytest.mark.parametrize(
    ("names", "field", "words"),
    [
        (["file", "file_2", "file_3", "file_4", "file_5"], "file_5", "at most 4 pictures"),
        (["file_5"], "file_5", "at most 4 pictures"),
        (["file_0010"], "file_0010", "at most 4 pictures"),
        (["file_04"], "file_04", "a picture comes in"),
        (["file", "file_1"], "file_1", "a picture comes in"),
        (["image"], "image", "a picture comes in"),
        (["file", "file"], "file", "given twice"),
    ],
)
async def test_a_fifth_file_or_a_strange_one_is_refused_with_a_sentence(
    client: Client, own: Path, names: list[str], field: str, words: str
):
    put(own, "join", join_entry(4), joined(4))
    fields = list(zip(names, colours(len(names)), strict=True))
    error = (await post(client, "/api/workflows/join", 422, data=form(*fields)))["error"]
    assert error["details"][0]["parameter"] == field
    assert words in error["message"]
    assert (await get(client, "/api/jobs"))["counts"]["all"] == 0


async def test_a_file_of_any_number_is_refused_and_not_counted_up_to(client: Client):
    head = f'form-data; name="file_{"9" * 5000}"; filename="a.png"'
    body = f"--x\r\nContent-Disposition: {head}\r\n\r\n.\r\n--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    error = (await post(client, "/api/generate", 422, data=body, headers=headers))["error"]
    assert "at most 4 pictures" in error["message"]


async def test_a_form_has_words_values_and_a_mask(client: Client):
    fields = [
        ("workflow", "inpaint"),
        ("prompt", "a boat"),
        ("parameters", '{"seed": 3, "steps": 1}'),
        ("file", picture(size=(64, 64))),
        ("mask", mask((64, 64))),
    ]
    told = await post(client, GENERATE, 200, data=form(*fields), headers=WAIT)
    (job,) = told["jobs"]
    assert (job["state"], job["parameters"]["seed"]) == ("succeeded", 3)


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("parameters", "{", "parameters"),
        ("parameters", "[1]", "parameters"),
        ("priority", "high", "priority"),
        ("what", "x", "what"),
    ],
)
async def test_a_field_of_a_form_that_cannot_be_is_named(
    client: Client, portrait: Path, name: str, value: str, field: str
):
    made = form(("workflow", "portrait"), (name, value))
    error = (await post(client, GENERATE, 422, data=made))["error"]
    assert error["details"][0]["parameter"] == field


async def test_a_missing_picture_or_mask_is_refused_by_its_name(client: Client):
    given = {"workflow": "inpaint", "prompt": "a boat"}
    assert (await refused(client, given))["parameter"] == "image"
    given["images"] = [await upload(client, picture(size=(64, 64)))]  # type: ignore[assignment]
    assert (await refused(client, given))["parameter"] == "mask"


async def test_an_uploaded_picture_can_be_used_in_any_number_of_runs(client: Client, own: Path):
    put(own, "join", join_entry(2), joined(2))
    sent = await upload(client, picture(size=(64, 64)))
    jobs = [await run(client, {"workflow": "join", "images": [sent]}) for _ in range(2)]
    again = {"job": jobs[0]["id"], "image": 0}
    third = await run(client, {"workflow": "join", "images": [sent, again]})
    assert {"job": jobs[0]["id"], "image": 0} in third["parents"]


async def test_a_picture_that_is_not_there_is_refused_by_its_field(client: Client, own: Path):
    put(own, "join", join_entry(2), joined(2))
    sent = await upload(client, picture())
    detail = await refused(client, {"workflow": "join", "images": [sent, "0" * 64]})
    assert detail["parameter"] == "images.1"


async def test_of_several_pictures_for_a_workflow_that_takes_one_each_makes_a_job(
    client: Client, own: Path
):
    put(own, "single", join_entry(1, most=3), joined(1))
    sent = [await upload(client, data) for data in colours(4)]
    told = await post(
        client, GENERATE, 200, json={"workflow": "single", "images": sent[:3]}, headers=WAIT
    )
    assert [job["images"][0]["height"] for job in told["jobs"]] == [48, 49, 50]
    assert {job["batch"] for job in told["jobs"]} == {told["batch"]}
    error = await post(client, GENERATE, 422, json={"workflow": "single", "images": sent})
    assert "3" in error["error"]["message"]


async def test_more_pictures_than_a_workflow_takes_are_refused(client: Client, own: Path):
    put(own, "join", join_entry(2), joined(2))
    sent = [await upload(client, data) for data in colours(3)]
    error = (await post(client, GENERATE, 422, json={"workflow": "join", "images": sent}))["error"]
    assert "takes 2 pictures" in error["message"]
