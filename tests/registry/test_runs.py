"""Runs of workflows on a whole server: what is sent, made again, adopted, changed and removed."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imagine.app_keys import PARTS
from imagine.models import JobState
from imagine.server import is_comfyui_awaited
from tests.conftest import Client, StartServer
from tests.fakes.comfy import FakeComfy, Stage
from tests.following import Follower, finish, follow, ready, submit
from tests.routes.test_actions import act, upload
from tests.routes.workflows import (
    PORTRAIT,
    WORDS,
    get,
    join_entry,
    joined,
    post,
    put,
    started,
)

SIZE = (64, 64)
CHECKPOINT = "sd_xl_base_1.0.safetensors"


def words_of(checkpoint: str) -> dict[str, Any]:
    graph: dict[str, Any] = json.loads(json.dumps(WORDS))
    graph["4"]["inputs"]["ckpt_name"] = checkpoint
    return graph


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the owner's workflows."""
    return tmp_path / "workflows"


@pytest.fixture
async def comfy() -> AsyncIterator[FakeComfy]:
    async with FakeComfy(checkpoints=[CHECKPOINT], loras=["ink.safetensors"]) as fake:
        yield fake


async def ended(client: Client, prompt: str, **body: Any) -> dict[str, Any]:
    job = await finish(client, prompt, **body)
    assert job["state"] == "succeeded", job["error"]
    return job


# --- what is sent


async def test_a_prompt_sends_exactly_the_filled_graph(
    start_server: StartServer, comfy: FakeComfy, folder: Path
):
    put(folder, "portrait", graph=words_of(CHECKPOINT))
    client = await ready(start_server, comfy)
    text = "a fox --workflow portrait --steps 8 --seed 7"
    job = await ended(client, text)
    (sent,) = comfy.submitted
    expected = words_of(CHECKPOINT)
    expected["3"]["inputs"] |= {"seed": 7, "steps": 8}
    expected["6"]["inputs"]["text"] = "a fox"
    expected["7"]["inputs"]["text"] = "ugly"
    expected["9"]["inputs"]["filename_prefix"] = f"imagine/{job['id']}"
    assert sent["prompt"] == expected
    assert (job["kind"], job["canonical"]) == ("workflow", text)
    assert job["parameters"]["model"] == CHECKPOINT
    assert job["parameters"]["family"] == "sdxl"
    assert job["images"][0]["seed"] == 7

    again = await ended(client, job["canonical"])
    expected["9"]["inputs"]["filename_prefix"] = f"imagine/{again['id']}"
    assert comfy.submitted[1]["prompt"] == expected


async def test_a_retry_sends_the_same_values_again(
    start_server: StartServer, comfy: FakeComfy, folder: Path
):
    put(folder, "portrait", graph=words_of(CHECKPOINT))
    client = await ready(start_server, comfy)
    comfy.fail_next()
    job = await finish(client, "a fox --workflow portrait --steps 8")
    assert job["state"] == "failed"
    async with follow(client) as follower:
        await post(client, f"/api/jobs/{job['id']}/retry", 202)
        await follower.job(job["id"], "succeeded")
    first, second = (one["prompt"] for one in comfy.submitted)
    assert second["3"] == first["3"]
    assert second["9"]["inputs"]["filename_prefix"] != first["9"]["inputs"]["filename_prefix"]


async def test_a_restart_adopts_what_runs(
    start_server: StartServer, comfy: FakeComfy, folder: Path
):
    put(folder, "portrait", graph=words_of(CHECKPOINT))
    client = await ready(start_server, comfy)
    comfy.hold(Stage.SAMPLING)
    (job,) = await submit(client, "a fox --workflow portrait --steps 3")
    await comfy.reached(Stage.SAMPLING)
    await client.close()
    client = await ready(start_server, comfy)
    async with follow(client) as follower:
        comfy.release()
        told = await _end(client, follower, job["id"])
    assert (told["state"], told["attempt"]) == ("succeeded", 1)
    assert len(comfy.submitted) == 1


async def _end(client: Client, follower: Follower, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = await get(client, f"/api/jobs/{job_id}")
    return job if not JobState(job["state"]).is_active else await follower.end(job_id)


async def test_a_changed_workflow_is_told_and_a_removed_one_fails_with_a_sentence(
    start_server: StartServer, comfy: FakeComfy, folder: Path
):
    entry = put(folder, "portrait", graph=words_of(CHECKPOINT))
    put(folder, "other", graph=words_of(CHECKPOINT))
    client = await ready(start_server, comfy)
    await post(client, "/api/queue/pause", 200)
    (changed,) = await submit(client, "a fox --workflow portrait --steps 8 --iw 2")
    (removed,) = await submit(client, "a fox --workflow other")
    await client.close()
    put(folder, "portrait", PORTRAIT, {**words_of(CHECKPOINT), "9": _saved_elsewhere()})
    (folder / "other.toml").unlink()
    (folder / "other.json").unlink()
    assert entry.exists()
    client = await ready(start_server, comfy)
    async with follow(client) as follower:
        await post(client, "/api/queue/resume", 200)
        one = await _end(client, follower, changed["id"])
        two = await _end(client, follower, removed["id"])
    assert one["state"] == "succeeded"
    assert [note["message"] for note in one["notes"] if note["parameter"] != "model"] == [
        "--iw was left out: the workflow Portrait has nothing like it.",
        "The workflow Portrait was changed since this set was asked for.",
    ]
    assert two["state"] == "failed"
    assert "The workflow other, which makes set 2, is no longer there" in two["error"]["message"]
    assert "Put its files back" in two["error"]["hint"]
    put(folder, "other", "name = ", words_of(CHECKPOINT))
    async with follow(client) as follower:
        await post(client, f"/api/jobs/{removed['id']}/retry", 202)
        two = await _end(client, follower, removed["id"])
    assert "set 2, cannot be read: other.toml: This is no TOML" in two["error"]["message"]


def _saved_elsewhere() -> dict[str, Any]:
    inputs = {"filename_prefix": "elsewhere", "images": ["8", 0]}
    return {"class_type": "SaveImage", "inputs": inputs}


async def test_the_registry_is_read_while_the_server_runs(start_server: StartServer, folder: Path):
    client = await started(start_server)
    body = {"prompt": "a fox --workflow portrait"}
    error = await post(client, "/api/imagine", 422, json=body)
    assert "no such workflow" in error["error"]["message"]
    put(folder, "portrait")
    assert (await ended(client, body["prompt"]))["parameters"]["workflow"] == "portrait"
    rows = await get(client, "/api/parameters?workflow=portrait")
    assert "--sharpness" not in [row["flag"] for row in rows["parameters"]]
    more = '\n[[parameters]]\nname = "sharpness"\ntype = "float"\nfeeds = ["3.denoise"]\n'
    put(folder, "portrait", PORTRAIT + more)
    rows = await get(client, "/api/parameters?workflow=portrait")
    assert "--sharpness" in [row["flag"] for row in rows["parameters"]]
    job = await ended(client, "a fox --workflow portrait --sharpness 0.5")
    assert job["parameters"]["sharpness"] == 0.5
    await get(client, "/api/parameters?workflow=potrait", 404)


async def test_a_run_on_the_sketch_engine_waits_for_no_comfyui(
    start_server: StartServer, folder: Path
):
    put(folder, "portrait")
    put(folder, "join", join_entry(1), joined(1))
    client = await started(start_server)
    await post(client, "/api/queue/pause", 200)
    image = await upload(client, Image.new("RGB", SIZE))
    await submit(client, "a fox --workflow portrait")
    await submit(client, "--workflow join", images=[image])
    assert not await is_comfyui_awaited(client.app[PARTS].store)


async def test_speed_and_sight_count_with_a_workflow(start_server: StartServer, folder: Path):
    put(folder, "portrait")
    client = await started(start_server)
    await post(client, "/api/queue/pause", 200)
    (slow,) = await submit(client, "a fox --workflow portrait")
    (quick,) = await submit(client, "a fox --workflow portrait --turbo --stealth")
    line = await get(client, "/api/queue")
    assert line["positions"] == {quick["id"]: 1, slow["id"]: 2}
    assert quick["parameters"]["speed"] == "turbo"
    assert quick["parameters"]["visibility"] == "stealth"
    page = await get(client, "/api/jobs?visibility=stealth")
    assert [job["id"] for job in page["jobs"]] == [quick["id"]]


async def test_the_time_of_runs_is_learned_apart_from_pictures(
    start_server: StartServer, folder: Path
):
    put(folder, "portrait")
    client = await started(start_server, sketch_step_ms=1)
    text = "a fox --workflow portrait --steps 6"
    before = await post(client, "/api/parse", 200, json={"prompt": text})
    await ended(client, "a fox --size 64x64 --batch 1 --steps 6")
    between = await post(client, "/api/parse", 200, json={"prompt": text})
    await ended(client, text)
    after = await post(client, "/api/parse", 200, json={"prompt": text})
    assert (before["eta_s"], between["eta_s"]) == (None, None)
    assert after["eta_s"] is not None


# --- pictures


async def test_pictures_beside_a_prompt_and_its_links_reach_the_graph_in_order(
    start_server: StartServer, comfy: FakeComfy, folder: Path
):
    put(folder, "join", join_entry(3), joined(3))
    client = await ready(start_server, comfy)
    ids = [await upload(client, Image.new("RGB", (64, 48 + 16 * n))) for n in range(3)]
    job = await ended(client, f"upload:{ids[0]} --workflow join", images=ids[1:])
    graph = comfy.submitted[0]["prompt"]
    assert [graph[node]["inputs"]["image"] for node in "123"] == [
        f"imagine/{upload_id}.png" for upload_id in ids
    ]
    assert (job["parameters"]["width"], job["parameters"]["height"]) == (64, 48)
    links = " ".join(f"upload:{upload_id}" for upload_id in ids)
    assert job["canonical"].startswith(f"{links} --workflow join")


async def test_a_mask_beside_a_prompt_goes_into_the_mask_of_the_workflow(
    start_server: StartServer, comfy: FakeComfy
):
    client = await ready(start_server, comfy)
    image = await upload(client, Image.new("RGB", SIZE))
    mask = await upload(client, Image.new("L", SIZE, 255))
    job = await ended(client, "a hat --workflow inpaint", images=[image], mask=mask)
    assert job["parameters"]["image"] == f"upload:{image}"
    assert job["parameters"]["mask"].startswith("upload:")
    error = await post(
        client,
        "/api/imagine",
        422,
        json={"prompt": "a hat --workflow image_to_image", "images": [image], "mask": mask},
    )
    assert "takes no mask" in error["error"]["message"]


# --- what grows from it


async def test_a_reroll_is_the_same_workflow_with_another_seed(
    start_server: StartServer, folder: Path
):
    put(folder, "portrait")
    client = await started(start_server)
    job = await ended(client, "a fox --workflow portrait --steps 3 --seed 7")
    child = await act(client, job, action="reroll")
    assert (child["kind"], child["parents"]) == ("workflow", [{"job": job["id"], "image": 0}])
    changed = {
        name for name, value in child["parameters"].items() if job["parameters"][name] != value
    }
    assert changed == {"seed"}
    seed = child["parameters"]["seed"]
    assert child["canonical"] == f"a fox --workflow portrait --steps 3 --seed {seed}"


async def test_a_side_alone_is_kept_as_it_was_given(start_server: StartServer, folder: Path):
    put(folder, "portrait", PORTRAIT.replace('"steps"', '"width"').replace("steps =", "width ="))
    client = await started(start_server)
    job = await ended(client, "a fox --workflow portrait --width 9")
    assert (job["parameters"]["width"], job["parameters"]["height"]) == (9, 64)
    child = await act(client, job, action="reroll")
    assert (child["state"], child["parameters"]["width"]) == ("succeeded", 9)


async def test_a_remix_changes_what_its_prompt_says(start_server: StartServer, folder: Path):
    put(folder, "portrait")
    client = await started(start_server)
    job = await ended(client, "a fox --workflow portrait --steps 3 --seed 7")
    child = await act(client, job, action="remix", prompt="an owl --cfg 2")
    used = child["parameters"]
    assert (used["prompt"], used["steps"], used["cfg"]) == ("an owl", 3, 2)
    assert used["seed"] != 7
    assert "--steps 3" in child["canonical"]
    whole = await act(client, job, action="remix", prompt="an owl --workflow portrait")
    assert (whole["parameters"]["steps"], whole["canonical"].count("--steps")) == (2, 0)


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        ({"action": "upscale"}, "upscale"),
        ({"action": "variation", "strength": "subtle"}, "variation"),
        ({"action": "zoom"}, "zoom"),
        ({"action": "pan", "direction": "left"}, "pan"),
    ],
)
async def test_other_actions_work_with_the_words_alone(
    start_server: StartServer, folder: Path, ask: dict[str, Any], kind: str
):
    put(folder, "portrait")
    client = await started(start_server)
    job = await ended(client, "a fox --workflow portrait --seed 7")
    child = await act(client, job, **ask)
    assert (child["kind"], child["text"]) == (kind, "a fox")
    assert "workflow" not in child["parameters"]
    assert "--workflow" not in child["canonical"]


async def test_no_picture_of_a_run_is_made_alone(start_server: StartServer, folder: Path):
    put(folder, "portrait")
    client = await started(start_server)
    job = await ended(client, "a fox --workflow portrait")
    path = f"/api/jobs/{job['id']}/actions"
    error = await post(client, path, 422, json={"action": "single"})
    assert "made by the workflow portrait" in error["error"]["message"]
    assert error["error"]["details"][0]["suggestion"] == "reroll"


# --- without the server


def test_parse_knows_workflows_without_a_server(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from typer.testing import CliRunner

    from imagine.cli import app

    put(folder, "portrait")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["parse", "a fox --workflow portrait --steps 3", "--json"])
    body = json.loads(done.stdout)
    assert body["errors"] == []
    assert body["jobs"][0]["parameters"]["steps"] == 3
