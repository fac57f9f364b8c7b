"""Flags, models, health, the line, ComfyUI's own queue, and the description of it all."""

import json
import re
from typing import Any

import pytest
from aiohttp import web

from imagine.app_keys import PARTS
from imagine.routes.errors import Handler
from tests.conftest import SMALL, Client, StartServer
from tests.fakes.comfy import FakeComfy
from tests.following import finish, follow, submit

# Two in line whose numbers cannot be compared.
ODD_QUEUE = '{"queue_running": [], "queue_pending": [[1, "a"], ["x", "b"]]}'


class OddComfy(FakeComfy):
    """Answers one path with the same strange text always."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__()
        self.path = path
        self.text = text

    def _app(self) -> web.Application:
        app = super()._app()
        app.middlewares.append(self._odd)
        return app

    @web.middleware
    async def _odd(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == self.path:
            return web.Response(text=self.text, content_type="application/json")
        return await handler(request)


async def get(client: Client, path: str) -> Any:
    async with client.get(path) as answer:
        assert answer.status == 200, path
        return await answer.json()


async def test_health_names_the_engine_and_its_state(client: Client):
    async with follow(client) as follower:
        (job,) = await submit(client, f"a fox {SMALL} --batch 1 --steps 1")
        await follower.end(job["id"])
    told = await get(client, "/api/health")
    assert told["status"] == "ok"
    assert told["engine"]["kind"] == "sketch"
    assert told["engine"]["state"] == "ready"
    assert told["engine"]["reason"] is None
    assert told["queue"]["running"] == 0


async def test_the_catalog_lists_what_the_engine_has(client: Client):
    async with follow(client) as follower:
        (job,) = await submit(client, f"a fox {SMALL} --batch 1 --steps 1")
        await follower.end(job["id"])
    told = await get(client, "/api/catalog")
    assert told["default_model"] == "sketch.safetensors"
    assert [model["name"] for model in told["models"] if model["default"]] == ["sketch.safetensors"]
    assert "euler" in told["samplers"]
    assert "normal" in told["schedulers"]


async def test_every_flag_is_listed(client: Client):
    told = await get(client, "/api/parameters")
    names = {row["name"] for row in told["parameters"]}
    assert {"aspect", "seed", "no", "stylize", "lora", "batch"} <= names


async def test_parse_says_what_a_prompt_would_do_and_does_nothing(client: Client):
    body = {"prompt": "a red fox --ar 16:9 --weird 300 --no fog", "options": {"steps": 9}}
    async with client.post("/api/parse", json=body) as answer:
        assert answer.status == 200
        told = await answer.json()
    assert told["ok"]
    assert told["count"] == 1
    (job,) = told["jobs"]
    assert abs(job["width"] / job["height"] - 16 / 9) < 0.02 * 16 / 9
    assert job["typed"]["weird"] == 300
    assert job["parameters"]["steps"] == 9
    assert job["parameters"]["seed"] is None
    assert any(note["parameter"] == "weird" for note in job["notes"])
    assert (await get(client, "/api/jobs"))["jobs"] == []


async def test_parse_answers_200_to_errors_with_their_spans(client: Client):
    prompt = "a lighthouse --styilze 250"
    async with client.post("/api/parse", json={"prompt": prompt}) as answer:
        assert answer.status == 200
        told = await answer.json()
    assert not told["ok"]
    (error,) = told["errors"]
    assert prompt[error["start"] : error["end"]] == "--styilze"
    assert error["suggestion"] == "--stylize"


async def test_parse_knows_the_seconds_once_a_job_has_ended(client: Client):
    async with follow(client) as follower:
        (job,) = await submit(client, f"a fox {SMALL} --batch 1")
        await follower.end(job["id"])
    async with client.post("/api/parse", json={"prompt": f"an owl {SMALL}"}) as answer:
        assert (await answer.json())["eta_s"] is not None


async def test_comfyui_queue_tells_whose_prompts_are_there(start_server: StartServer):
    client = await start_server(sketch_step_ms=50)
    async with follow(client) as follower:
        (job,) = await submit(client, f"a fox {SMALL}")
        await follower.until(lambda m: m["type"] == "progress")
        told = await get(client, "/api/comfyui/queue")
        assert [item["job"] for item in told["running"]] == [job["id"]]
        async with client.post("/api/comfyui/interrupt") as answer:
            assert (await answer.json())["jobs"] == [job["id"]]
        assert (await follower.end(job["id"]))["state"] == "canceled"


@pytest.mark.parametrize(
    "odd", ["[]", '{"queue_running": null, "queue_pending": []}', ODD_QUEUE, "[" * 100_000]
)
async def test_a_queue_that_cannot_be_read_is_the_engines_fault(start_server: StartServer, odd):
    async with OddComfy("/queue", odd) as comfy:
        client = await start_server(engine="comfyui", comfyui_url=[comfy.url])
        async with client.get("/api/comfyui/queue") as answer:
            assert answer.status in (502, 503)
            assert (await answer.json())["error"]["hint"]


@pytest.mark.parametrize("system", [None, [], "x", {"comfyui_version": [1]}])
async def test_health_is_told_whatever_comfyui_says_of_itself(start_server: StartServer, system):
    async with OddComfy("/system_stats", json.dumps({"system": system})) as comfy:
        client = await start_server(engine="comfyui", comfyui_url=[comfy.url])
        async with follow(client) as follower:
            if follower.messages[0]["engine"]["state"] != "ready":
                await follower.until(lambda m: m["type"] == "engine")
        assert (await get(client, "/api/health"))["engine"]["version"] is None


async def test_an_interrupt_passes_over_what_has_ended_meanwhile(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    job = await finish(client, f"a fox {SMALL} --batch 1 --steps 1")
    monkeypatch.setattr(client.app[PARTS].queue, "begun", lambda: (job["id"],))
    async with client.post("/api/comfyui/interrupt") as answer:
        assert (answer.status, await answer.json()) == (200, {"jobs": []})


async def test_the_description_names_every_route_and_every_reference_resolves(client: Client):
    document = await get(client, "/api/openapi.json")
    assert document["openapi"] == "3.1.0"
    described = set(document["paths"])
    served = {
        resource.canonical
        for resource in client.server.app.router.resources()  # type: ignore[attr-defined]
    }
    pages = {"/", "/docs", "/workflows", "/static/{name}", "/api/openapi.json"}
    workflows = (await get(client, "/api/workflows"))["workflows"]
    assert served - pages == described - {f"/api/workflows/{one['id']}" for one in workflows}
    schemas = document["components"]["schemas"]
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)):
        assert reference.removeprefix("#/components/schemas/") in schemas


async def test_the_pages_are_served(client: Client):
    for path in ("/", "/docs"):
        async with client.get(path) as answer:
            assert answer.status == 200
            assert answer.content_type == "text/html"
    async with client.get("/static/js/main.js") as answer:
        assert answer.content_type == "text/javascript"
