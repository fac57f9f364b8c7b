"""Runs: the messages of ComfyUI in its order, its cache, its queue, its interrupts."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imagine.sketch import serve
from tests.sketch.helpers import (
    Client,
    connected,
    distance,
    finish,
    four_branches,
    link,
    node,
    recording,
    sampler,
    text_to_image,
)


def shapes(messages: Iterable[tuple[str, Any]]) -> list[Any]:
    """Reduce messages to what must agree: kinds, fields, numbers, nodes by first appearance."""
    nodes: dict[str, int] = {}
    found: list[Any] = []
    for kind, data in messages:
        match kind:
            case "preview":
                found.append((kind,))
            case "status":
                found.append((kind, data["status"]["exec_info"]["queue_remaining"]))
            case "progress_state":
                states = [
                    (nodes.setdefault(n, len(nodes)), s["value"], s["max"], s["state"], sorted(s))
                    for n, s in data["nodes"].items()
                ]
                found.append((kind, states))
            case "execution_cached":
                found.append((kind, len(data["nodes"]), sorted(data)))
            case _:
                node_id = data.get("node")
                index = None if node_id is None else nodes.setdefault(node_id, len(nodes))
                found.append((kind, index, data.get("value"), data.get("max"), sorted(data)))
    return found


def recorded_runs(name: str) -> list[list[tuple[str, Any]]]:
    """Split a recording into runs, each from its first status to `executing` null."""
    runs: list[list[tuple[str, Any]]] = [[]]
    for line in recording(name):
        if line["ch"] != "ws" or line["dir"] != "recv":
            continue
        if "bin" in line:
            runs[-1].append(("preview", line["bin"]["event"]))
            continue
        kind, data = line["json"]["type"], line["json"]["data"]
        if kind == "feature_flags" or "sid" in data:
            continue
        runs[-1].append((kind, data))
        if kind == "executing" and data["node"] is None:
            runs.append([])
    return runs[:-1]


async def test_a_plain_run_tells_what_comfyui_tells(engine: str) -> None:
    async with connected(engine, metadata=False) as client:
        run = await client.run(text_to_image(steps=8))

    assert shapes(run.messages) == shapes(recorded_runs("txt2img_small_previews")[0])
    assert set(run.preview_events) == {1}


async def test_four_branches_run_one_after_the_other_with_their_own_previews(
    client: Client,
) -> None:
    run = await client.run(four_branches(steps=6))

    assert shapes(run.messages) == shapes(recorded_runs("four_branches")[0])
    assert set(run.preview_events) == {4}
    order = [data["node"] for data in run.of("executed")]
    assert order == ["50", "51", "52", "53"]


async def test_the_cache_is_used_as_comfyui_uses_it(engine: str) -> None:
    first = text_to_image(seed=1)
    graphs = [first, first, text_to_image(seed=2), text_to_image(seed=2, prefix="u"), first]
    async with connected(engine, metadata=False) as client:
        runs = [await client.run(graph) for graph in graphs]

    recorded = recorded_runs("cached_rerun")
    for run, expected in zip(runs[1:], recorded[1:], strict=True):
        assert shapes(run.messages) == shapes(expected)
    assert runs[1].images() == runs[0].images()
    assert runs[3].of("execution_cached")[0]["nodes"] == ["1", "2", "3", "4", "5", "6"]


async def test_free_memory_empties_the_cache(client: Client) -> None:
    await client.run(text_to_image())
    await client.post("/free", {"free_memory": True})

    run = await client.run(text_to_image())

    assert run.of("execution_cached")[0]["nodes"] == []


async def test_a_changed_upload_is_not_taken_from_the_cache(client: Client, tmp_path: Path) -> None:
    graph = {
        "1": node("LoadImage", image="x.png"),
        "2": node("SaveImage", images=link("1"), filename_prefix="copy"),
    }
    for colour in ("red", "blue"):
        picture = Image.new("RGB", (16, 16), colour)
        picture.save(tmp_path / "input" / "x.png")
        (copy,) = await client.pictures(graph)
        assert copy.tobytes() == picture.tobytes()


async def test_previews_are_large_jpegs_and_sharpen(client: Client) -> None:
    run = await client.run(text_to_image(size=128, steps=20))

    assert len(run.previews) >= 8
    assert all(preview.startswith(b"\xff\xd8\xff") for preview in run.previews)
    pictures = [Image.open(BytesIO(preview)) for preview in run.previews]
    assert {picture.size for picture in pictures} == {(512, 512)}
    last = pictures[-1].convert("L")
    distances = [distance(picture.convert("L"), last) for picture in pictures]
    assert distances[0] > 4 * distances[-2]
    assert distances == sorted(distances, reverse=True)


async def test_the_preview_names_its_node_and_prompt(client: Client) -> None:
    run = await client.run(text_to_image(), prompt_id="chosen")

    frame = run.of("preview")[0]
    length = struct.unpack(">I", frame[4:8])[0]
    about = json.loads(frame[8 : 8 + length])
    assert about == {
        "node_id": "5",
        "prompt_id": "chosen",
        "display_node_id": "5",
        "parent_node_id": None,
        "real_node_id": "5",
        "image_type": "image/jpeg",
    }


async def test_the_history_has_the_run_when_executing_is_null(client: Client) -> None:
    run = await client.run(text_to_image())

    entry = (await client.get(f"/history/{run.prompt_id}"))[run.prompt_id]

    assert entry["prompt"][1] == run.prompt_id
    assert entry["prompt"][3] == {"client_id": "tester"}
    assert entry["prompt"][4] == ["7"]
    assert entry["outputs"]["7"]["images"] == run.images()
    assert entry["status"]["status_str"] == "success"
    assert [event for event, _ in entry["status"]["messages"]] == [
        "execution_start",
        "execution_cached",
        "execution_success",
    ]
    assert entry["meta"]["7"]["real_node_id"] == "7"


@pytest.fixture
async def slow() -> AsyncIterator[str]:
    async with serve(step_ms=20) as server:
        yield server.url


async def test_an_interrupt_with_an_id_stops_only_that_run(slow: str) -> None:
    async with connected(slow, "a") as a, connected(slow, "b") as b:
        first = await a.submit(text_to_image(steps=1000))
        second = await b.submit(text_to_image(steps=2, seed=2))
        await a.hear(first, lambda kind, _: kind == "progress")
        await b.post("/interrupt", {"prompt_id": "unknown"})
        await b.post("/interrupt", {"prompt_id": second})
        await a.hear(first, lambda kind, _: kind == "progress")

        await a.post("/interrupt", {"prompt_id": first})
        run = await a.hear(first)
        other = await b.hear(second)

        (told,) = run.of("execution_interrupted")
        assert (told["node_id"], told["node_type"]) == ("5", "KSampler")
        assert sorted(told["executed"]) == ["1", "2", "3", "4"]
        assert run.kinds()[-3:] == ["execution_interrupted", "status", "executing"]
        assert "execution_success" in other.kinds()
        entry = (await a.get(f"/history/{first}"))[first]
        assert entry["status"]["status_str"] == "error"
        assert entry["status"]["messages"][-1][0] == "execution_interrupted"


async def test_an_interrupt_without_id_stops_whatever_runs(slow: str) -> None:
    async with connected(slow) as client:
        prompt_id = await client.submit(text_to_image(steps=1000))
        await client.hear(prompt_id, lambda kind, _: kind == "progress")

        async with client.session.post(f"{slow}/interrupt") as answer:
            assert answer.status == 200

        run = await client.hear(prompt_id)
        assert "execution_interrupted" in run.kinds()


async def test_an_idle_interrupt_does_not_hit_the_next_prompt(client: Client) -> None:
    await client.post("/interrupt", {})

    run = await client.run(text_to_image())

    assert "execution_success" in run.kinds()


async def test_a_deleted_prompt_leaves_no_trace_and_the_running_one_stays(slow: str) -> None:
    async with connected(slow) as client:
        ids = [await client.submit(text_to_image(steps=steps)) for steps in (500, 2, 3)]
        await client.hear(ids[0], lambda kind, _: kind == "progress")
        queue = await client.get("/queue")
        assert [item[1] for item in queue["queue_running"]] == ids[:1]
        assert sorted(item[1] for item in queue["queue_pending"]) == sorted(ids[1:])
        assert (await client.get("/prompt"))["exec_info"]["queue_remaining"] == 3

        for prompt_id in (ids[1], ids[0], "unknown"):
            assert (await client.post("/queue", {"delete": [prompt_id]}))[0] == 200
        await client.post("/interrupt", {"prompt_id": ids[0]})
        await client.hear(ids[0])
        last = await client.hear(ids[2])

        started = [data["prompt_id"] for data in last.of("execution_start")]
        assert started == [ids[2]]
        assert await client.get(f"/history/{ids[1]}") == {}
        assert list(await client.get("/history")) == [ids[0], ids[2]]


async def test_clearing_the_queue_drops_all_that_wait(slow: str) -> None:
    async with connected(slow) as client:
        ids = [await client.submit(text_to_image(steps=500, seed=s)) for s in range(3)]
        await client.hear(ids[0], lambda kind, _: kind == "progress")

        await client.post("/queue", {"clear": True})

        assert (await client.get("/queue"))["queue_pending"] == []
        await client.post("/interrupt", {})
        await client.hear(ids[0])


async def test_front_and_number_decide_the_order(slow: str) -> None:
    async with connected(slow) as client:
        first = await client.submit(text_to_image(steps=1000))
        await client.hear(first, lambda kind, _: kind == "progress")
        await client.submit(text_to_image(steps=1, seed=1), prompt_id="usual")
        await client.submit(text_to_image(steps=1, seed=2), prompt_id="late", number=99)
        await client.submit(text_to_image(steps=1, seed=3), prompt_id="ahead", front=True)
        await client.post("/interrupt", {})
        for prompt_id in ("ahead", "usual", "late"):
            await client.hear(prompt_id)

        assert list(await client.get("/history")) == [first, "ahead", "usual", "late"]


async def test_a_failing_node_ends_the_run_and_not_the_engine(client: Client) -> None:
    graph = {
        "1": node("EmptyImage", width=8, height=8, batch_size=1, color=0),
        "2": node("UpscaleModelLoader", model_name="nope.pth"),
        "3": node("ImageUpscaleWithModel", upscale_model=link("2"), image=link("1")),
        "4": node("SaveImage", images=link("3"), filename_prefix="x"),
    }

    run = await client.run(graph)

    (error,) = run.of("execution_error")
    assert error["node_id"] == "2"
    assert error["exception_type"] == "FileNotFoundError"
    assert error["exception_message"] == (
        "Model in folder 'upscale_models' with filename 'nope.pth' not found.\n"
    )
    assert run.kinds()[-3:] == ["execution_error", "status", "executing"]
    assert "execution_success" in (await client.run(text_to_image())).kinds()


async def test_too_many_pixels_are_out_of_memory(client: Client) -> None:
    graph = text_to_image()
    graph["4"]["inputs"].update(width=16384, height=16384)

    run = await client.run(graph)

    (error,) = run.of("execution_error")
    assert (error["node_id"], error["exception_type"]) == ("5", "OutOfMemoryError")


async def test_a_prefix_that_leaves_the_folder_fails_when_saving(client: Client) -> None:
    run = await client.run(text_to_image(prefix="../../x"))

    (error,) = run.of("execution_error")
    assert error["node_type"] == "SaveImage"
    assert "5" in error["executed"]


async def test_messages_go_to_the_client_that_submitted(engine: str) -> None:
    async with connected(engine, "a") as a, connected(engine, "b") as b:
        await a.run(text_to_image())
        run = await b.run(text_to_image(seed=2))

    heard_before = run.kinds()[: run.kinds().index("execution_start")]
    assert set(heard_before) == {"status"}


async def test_a_prompt_without_client_tells_its_progress_to_everyone(client: Client) -> None:
    await client.post("/prompt", {"prompt": text_to_image(), "prompt_id": "nobody"})

    run = await client.hear(
        "nobody",
        lambda kind, data: kind == "status" and data["status"]["exec_info"]["queue_remaining"] == 0,
    )

    assert set(run.kinds()) == {"status", "progress_state", "progress", "preview"}
    assert set(run.preview_events) == {1}


async def test_a_client_that_comes_back_is_told_the_node_in_work(slow: str) -> None:
    async with connected(slow, "a") as first:
        prompt_id = await first.submit(text_to_image(steps=1000))
        await first.hear(prompt_id, lambda kind, _: kind == "progress")
    async with connected(slow, "a", metadata=False) as again:
        message = await again.ws.receive_json()

        assert message == {"type": "executing", "data": {"node": "5"}}
        await again.post("/interrupt", {})
        await again.hear(prompt_id)


async def test_half_a_graph_with_errors_runs_its_valid_half(client: Client) -> None:
    graph = text_to_image()
    graph["77"] = node("LoadImage", image="no_such_file.png")
    graph["8"] = node("SaveImage", images=link("77"), filename_prefix="bad")

    status, answer = await client.post("/prompt", {"prompt": graph, "client_id": "tester"})
    run = await client.hear(answer["prompt_id"])

    assert status == 200
    assert list(answer["node_errors"]) == ["77"]
    assert [data["node"] for data in run.of("executed")] == ["7"]


async def test_two_passes_report_two_rows_of_steps(client: Client) -> None:
    graph = text_to_image(steps=3)
    graph["11"] = node("LatentUpscaleBy", samples=link("5"), upscale_method="bicubic", scale_by=1.5)
    graph["12"] = sampler(link("11"), denoise=0.4, steps=5)

    run = await client.run(finish(graph, link("12")))

    seen = [(data["node"], data["value"], data["max"]) for data in run.of("progress")]
    assert seen == [("5", s, 3) for s in (1, 2, 3)] + [("12", s, 5) for s in (1, 2, 3, 4, 5)]


async def test_stopping_in_the_middle_of_a_run_leaves_no_task() -> None:
    async with serve(step_ms=20) as server, connected(server.url) as client:
        prompt_id = await client.submit(text_to_image(steps=1000))
        await client.hear(prompt_id, lambda kind, _: kind == "progress")

    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("sketch")]
