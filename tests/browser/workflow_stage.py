"""The stage of the painter with a library of workflows, which a test changes as if in files."""

import hashlib
import json
from typing import Any

from aiohttp import BodyPartReader, web

from tests.browser.painted_stage import PaintedStage
from tests.browser.stage import POLICY, Json, make_job

SAMPLERS = ["euler", "euler_ancestral", "dpmpp_2m", "dpmpp_3m_sde", "heun", "uni_pc"]
LORAS = [f"style/ink_{number:02}.safetensors" for number in range(30)]


def parameter(name: str, kind: str, **changes: Any) -> Json:
    """Return a parameter as the API tells it."""
    label = name.replace("_", " ").capitalize()
    return {
        "name": name, "flag": f"--{name.replace('_', '-')}", "type": kind, "label": label,
        "description": "", "default": None, "required": False, "min": None, "max": None,
        "step": None, "choices": [], "rank": "main", "feeds": [["1", name]],
    } | changes  # fmt: skip


def taken(parameters: list[Json]) -> Json:
    """Return how many files go into parameters of a kind."""
    return {"min": sum(one["required"] for one in parameters), "max": len(parameters)}


def workflow(workflow_id: str, *parameters: Json, **changes: Any) -> Json:
    """Return a workflow as the API tells it."""
    images = [one for one in parameters if one["type"] == "image"]
    masks = [one for one in parameters if one["type"] == "mask"]
    videos = [one for one in parameters if one["type"] == "video"]
    audios = [one for one in parameters if one["type"] == "audio"]
    return {
        "id": workflow_id, "name": workflow_id.replace("_", " ").capitalize(),
        "description": "", "category": "image", "family": "", "version": 1, "source": "shipped",
        "inputs": {
            "prompt": any(one["name"] == "prompt" for one in parameters),
            "images": taken(images), "videos": taken(videos), "audios": taken(audios),
            "mask": "optional" if masks else None, "batch": False,
        },
        "max_batch_size": 1, "parameters": list(parameters), "outputs": ["image"], "example": {},
        "picture": None, "notes": [], "available": True, "reason": None, "problems": [],
        "revision": "0123456789ab",
    } | changes  # fmt: skip


PROMPT = parameter("prompt", "text", default="")
STEPS = parameter(
    "steps", "int", min=1, max=150, step=1, default=20,
    description="More give more detail, up to a point.",
)  # fmt: skip
SEED = parameter("seed", "seed", min=0, max=4294967295)
EVERYTHING = workflow(
    "portrait",
    PROMPT,
    parameter("image", "image", description="Whose face it is."),
    parameter("mask", "mask"),
    STEPS,
    parameter("cfg", "float", min=0.0, max=30.0, step=0.1, default=7.0, label="Guidance"),
    parameter("sampler", "choice", choices=SAMPLERS, default="euler"),
    parameter("upscale", "choice", choices=["off", "2×", "4×"], default="off"),
    parameter("tiling", "bool", default=False, description="Its sides fit together."),
    SEED,
    parameter("title", "text", default="fox"),
    parameter("model", "model", choices=["sd_xl_base_1.0.safetensors", "dream.safetensors"],
              default="sd_xl_base_1.0.safetensors"),
    parameter("lora", "lora", choices=LORAS),
    parameter("negative", "text", default="blurry", rank="more"),
    parameter("denoise", "float", min=0.0, max=1.0, step=0.05, default=1.0, rank="more"),
    description="A portrait in any style, from a picture and words.",
    picture="/api/thumbnails/portrait.webp",
)  # fmt: skip
IN_WORDS = workflow(
    "text_to_image", PROMPT, STEPS, SEED,
    description="Pictures of words.", picture="/api/thumbnails/words.webp",
)  # fmt: skip
ABSENT = workflow(
    "image_to_video", PROMPT, parameter("image", "image", required=True),
    category="video", outputs=["video"], description="A clip of a picture.", available=False,
    reason="The model wan2.1_i2v_480p.safetensors is not installed.",
    problems=[{"parameter": None, "value": None, "allowed": None, "start": None, "end": None,
               "suggestion": None, "message": "There is no node WanImageToVideo."}],
)  # fmt: skip


class WorkflowStage(PaintedStage):
    """Has ``library``, and what was asked to be made in ``made``, as (workflow, body)."""

    def __init__(self, *library: Json) -> None:
        super().__init__()
        self.library: dict[str, Json] = {
            one["id"]: one for one in library or (IN_WORDS, EVERYTHING, ABSENT)
        }
        self.broken: list[Json] = []
        self.removed: dict[str, Json] = {}
        self.made: list[tuple[str, Json]] = []
        # What the next file that comes in becomes, and what is said of it.
        self.next_added = workflow("added", PROMPT, STEPS, source="own")
        self.next_notes: list[str] = []
        self.unchanged = 0

    def app(self) -> web.Application:
        app = super().app()
        app.add_routes([
            web.get("/workflows", self._workflows_page),
            web.get("/api/workflows", self._library),
            web.post("/api/workflows", self._add),
            web.post("/api/workflows/{id}", self._make),
            web.delete("/api/workflows/{id}", self._remove),
            web.post("/api/workflows/{id}/restore", self._restore),
        ])  # fmt: skip
        return app

    async def _workflows_page(self, _: web.Request) -> web.Response:
        text = self.templates.get_template("workflows.html").render(self.index_variables)
        headers = {"Content-Security-Policy": POLICY}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def _library(self, request: web.Request) -> web.Response:
        workflows = list(self.library.values())
        body = {
            "workflows": workflows, "broken": self.broken,
            "categories": sorted({one["category"] for one in workflows}),
        }  # fmt: skip
        tag = hashlib.sha256(json.dumps(body).encode()).hexdigest()
        if any(known.value == tag for known in request.if_none_match or ()):
            self.unchanged += 1
            return web.Response(status=304)
        return web.json_response(body, headers={"ETag": f'"{tag}"'})

    async def _add(self, request: web.Request) -> web.Response:
        part = await (await request.multipart()).next()
        assert isinstance(part, BodyPartReader)
        assert part.name == "file"
        await part.read()
        if self.refusals:
            return self.refused()
        added = self.next_added
        self.library[added["id"]] = added
        answer = {"workflow": added, "notes": self.next_notes}
        return web.json_response(answer, status=201)

    async def _make(self, request: web.Request) -> web.Response:
        chosen = self.library[request.match_info["id"]]
        body = await request.json()
        self.made.append((chosen["id"], body))
        await self.gate.wait()
        if self.refusals:
            return self.refused()
        self._number += 1
        job = make_job(
            self._number, body.get("prompt", ""), f"--workflow {chosen['id']}",
            state="queued", pictures=1, kind="workflow",
        )  # fmt: skip
        job["parameters"] |= {"workflow": chosen["id"]} | body.get("parameters", {})
        job = await self.put(job, position=1)
        answer = {"batch": job["batch"], "jobs": [job], "warnings": []}
        return web.json_response(answer, status=202)

    async def _remove(self, request: web.Request) -> web.Response:
        gone = self.library.pop(request.match_info["id"])
        self.removed[gone["id"]] = gone
        return web.json_response(gone)

    async def _restore(self, request: web.Request) -> web.Response:
        back = self.removed.pop(request.match_info["id"])
        self.library[back["id"]] = back
        return web.json_response(back)
