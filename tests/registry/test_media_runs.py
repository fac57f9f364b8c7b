"""Runs that begin from a video or a sound on a whole server: what the engine gets, by every way."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy
from tests.following import finish, ready
from tests.media import flac, mp4, wav, webm
from tests.painting import picture
from tests.registry.test_media import film
from tests.routes.test_actions import act
from tests.routes.workflows import WAIT, form, get, post, put_graph, upload

FILM, SOUND, OTHER = mp4(), wav(), webm()
RUN = "/api/workflows/film"


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy() as fake:
        fake.give("SaveVideo", {"images": {"made.mp4": mp4((32, 16), 4000)}})
        yield fake


@pytest.fixture
async def client(start_server: StartServer, comfy: FakeComfy, tmp_path: Path) -> Client:
    put_graph(tmp_path / "workflows", "film", film())
    put_graph(tmp_path / "workflows", "silent", film(with_sound=False))
    return await ready(start_server, comfy)


async def ran(client: Client, comfy: FakeComfy, body: Any, path: str = RUN) -> dict[str, Any]:
    """Run a workflow to its end, and see that the engine has got what its graph loads."""
    told = await post(client, path, 200, headers=WAIT, **body)
    (job,) = told["jobs"]
    assert job["state"] == "succeeded", job["error"]
    check_files(comfy)
    assert isinstance(job, dict)
    return job


def check_files(comfy: FakeComfy) -> None:
    graph = comfy.submitted[-1]["prompt"]
    loaded = {one["inputs"][name] for one in graph.values() for name in _NAMES if name in _of(one)}
    assert loaded
    assert loaded <= set(comfy.uploaded)


_NAMES = ("file", "audio")


def _of(node: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in node["inputs"].items() if isinstance(value, str)}


def sent(comfy: FakeComfy) -> dict[str, Any]:
    graph: dict[str, Any] = comfy.submitted[-1]["prompt"]
    return graph


# --- every way to bring one


async def test_a_video_and_a_sound_among_the_parameters_reach_the_graph(client, comfy):
    video, sound = await upload(client, FILM), await upload(client, SOUND)
    values = {"video": f"upload:{video}", "audio": f"upload:{sound}"}
    job = await ran(client, comfy, {"json": {"parameters": values}})
    assert sent(comfy)["1"]["inputs"]["file"] == f"imagine/{video}.mp4"
    assert sent(comfy)["3"]["inputs"]["audio"] == f"imagine/{sound}.wav"
    assert comfy.files["input", "imagine", f"{video}.mp4"] == FILM
    assert comfy.files["input", "imagine", f"{sound}.wav"] == SOUND
    assert {name: job["parameters"][name] for name in values} == values
    assert (job["parameters"]["width"], job["parameters"]["height"]) == (64, 48)
    assert f"--video upload:{video}" in job["canonical"]
    assert job["images"][0]["media_type"] == "video/mp4"


async def test_the_files_of_a_form_fill_the_parameters_of_their_kind(client, comfy):
    await ran(client, comfy, {"data": form(("file_2", FILM), ("file", SOUND))})
    assert sent(comfy)["1"]["inputs"]["file"].endswith(".mp4")
    assert sent(comfy)["3"]["inputs"]["audio"].endswith(".wav")


async def test_a_request_may_list_them_with_its_images(client, comfy):
    body = {"images": [await upload(client, SOUND), await upload(client, OTHER)]}
    await ran(client, comfy, {"json": {"workflow": "film", **body}}, "/api/generate")
    assert sent(comfy)["1"]["inputs"]["file"].endswith(".webm")


@pytest.mark.parametrize("is_flag", [True, False])
async def test_a_prompt_names_them_by_flag_or_in_front(client, comfy, is_flag: bool):
    link = f"upload:{await upload(client, FILM)}"
    text = f"--workflow film --video {link}" if is_flag else f"{link} --workflow film"
    parsed = await post(client, "/api/parse", 200, json={"prompt": text})
    assert parsed["ok"], parsed
    job = await finish(client, text)
    assert job["state"] == "succeeded", job["error"]
    check_files(comfy)
    assert "3" not in sent(comfy)
    assert job["parameters"]["video"] == link


async def test_files_beside_a_prompt_are_sorted_out_too(client, comfy):
    video = await upload(client, FILM)
    job = await finish(client, "--workflow film", images=[video])
    assert job["parameters"]["video"] == f"upload:{video}"


async def test_a_clip_that_was_made_here_is_a_video(client, comfy):
    video = await upload(client, FILM)
    made = await ran(client, comfy, {"json": {"images": [video]}})
    link = f"picture:{made['id']}/0"
    job = await ran(client, comfy, {"json": {"parameters": {"video": link}}})
    assert (job["parameters"]["width"], job["parameters"]["height"]) == (32, 16)
    assert job["parents"] == [{"job": made["id"], "image": 0}]
    assert comfy.files["input", "imagine", sent(comfy)["1"]["inputs"]["file"][8:]] == mp4(
        (32, 16), 4000
    )


# --- again


async def test_a_run_is_made_again_with_the_same_files(client, comfy):
    job = await ran(client, comfy, {"data": form(("file", FILM), ("file_2", SOUND))})
    first = sent(comfy)
    await act(client, job, action="reroll")
    assert [sent(comfy)[one]["inputs"] for one in "13"] == [first[one]["inputs"] for one in "13"]
    again = await finish(client, job["canonical"])
    assert again["parameters"]["video"] == job["parameters"]["video"]


async def test_a_remix_changes_the_sound_and_keeps_the_video(client, comfy):
    job = await ran(client, comfy, {"data": form(("file", FILM), ("file_2", SOUND))})
    link = f"upload:{await upload(client, flac())}"
    for prompt in (f"--audio {link}", f"{link} "):
        child = await act(client, job, action="remix", prompt=prompt)
        assert child["parameters"]["video"] == job["parameters"]["video"]
        assert child["parameters"]["audio"] == link
    assert sent(comfy)["3"]["inputs"]["audio"].endswith(".flac")


async def test_an_engine_that_lost_a_video_gets_it_once_more(client, comfy):
    lost = {
        "type": "prompt_outputs_failed_validation",
        "message": "Prompt outputs failed validation",
        "details": "",
        "extra_info": {},
    }
    wrong = {
        "type": "custom_validation_failed",
        "message": "Custom validation failed for node",
        "details": "file - Invalid video file: imagine/a.mp4",
        "extra_info": {"input_name": "file", "received_value": "imagine/a.mp4"},
    }
    node = {"errors": [wrong], "dependent_outputs": ["5"], "class_type": "LoadVideo"}
    comfy.reject_next({"error": lost, "node_errors": {"1": node}})
    job = await ran(client, comfy, {"data": form(("file", FILM))})
    assert comfy.uploaded.count(f"imagine/{job['parameters']['video'][7:]}.mp4") == 2


# --- what is refused


async def test_a_file_of_another_kind_is_refused_by_the_name_of_its_parameter(client):
    image, sound = await upload(client, picture()), await upload(client, SOUND)
    body = {"parameters": {"video": f"upload:{image}", "audio": f"upload:{sound}"}}
    error = (await post(client, RUN, 422, json=body))["error"]
    assert error["message"] == (
        "video: The file is a picture (PNG), and a video (MP4 or WebM) is needed here."
    )
    body["parameters"] = {"video": f"upload:{sound}"}
    error = (await post(client, RUN, 422, json=body))["error"]
    assert "video: The file is a sound (WAV)" in error["message"]
    error = (
        await post(
            client, "/api/imagine", 422, json={"prompt": f"--workflow film --video upload:{sound}"}
        )
    )["error"]
    assert error["details"][0]["parameter"] == "video"


async def test_a_video_is_no_picture_of_a_prompt_nor_of_another_workflow(client):
    link = f"upload:{await upload(client, FILM)}"
    error = (await post(client, "/api/imagine", 422, json={"prompt": f"{link} a fox"}))["error"]
    assert "a video (MP4), and a still picture is needed" in error["message"]
    body = {"prompt": "a fox", "images": [link]}
    error = (await post(client, "/api/workflows/image_to_image", 422, json=body))["error"]
    assert "takes no videos, and here is 1" in error["message"]


async def test_too_many_and_none_are_refused_by_kind(client):
    two = form(("file", FILM), ("file_2", OTHER))
    error = (await post(client, RUN, 422, data=two))["error"]
    assert error["message"].endswith("takes 1 video, and here are 2.")
    error = (await post(client, RUN, 422, json={}))["error"]
    assert "video is missing: the workflow begins from a video" in error["message"]
    error = (await post(client, "/api/workflows/silent", 422, data=form(("file", SOUND))))["error"]
    assert "takes no sounds, and here is 1" in error["message"]


# --- what is told


async def test_its_entry_and_its_schema_tell_of_it(client):
    told = await get(client, RUN)
    assert told["available"], told["problems"]
    assert told["inputs"]["videos"] == {"min": 1, "max": 1}
    assert told["inputs"]["audios"] == {"min": 0, "max": 1}
    document = await get(client, "/api/openapi.json")
    body = document["paths"][RUN]["post"]["requestBody"]["content"]
    assert "video" in json.dumps(body["application/json"]["schema"])
    assert {"file", "file_2"} <= body["multipart/form-data"]["schema"]["properties"].keys()
