"""The stage with the real prompt language behind it, and submissions that a test can bend."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web

from imagine.errors import NotFoundError
from imagine.explain import explain
from imagine.parameters import describe
from imagine.planner import Planner
from imagine.profiles import load_profiles
from imagine.workflow_files import Registry
from tests.browser.stage import Json, Stage
from tests.catalogs import catalog

SECONDS = 11.7
CHECKPOINTS = ("sd_xl_base_1.0.safetensors", "dreamshaper_8.safetensors")


class LensStage(Stage):
    """Reads prompts as the server does; ``refusals`` and ``gate`` bend a submission."""

    def __init__(self) -> None:
        super().__init__()
        installed = catalog(checkpoints=CHECKPOINTS, loras=("ink.safetensors",))
        self._planner = Planner(
            load_profiles(None), catalog=lambda: installed, registry=Registry(Path("nothing"))
        )
        self._models, _ = self._planner.models(installed)
        # Flags that no model honours.
        self.lacking: set[str] = set()
        # Answers for the next submissions, in order: (status, error, headers).
        self.refusals: list[tuple[int, Json, dict[str, str]]] = []
        # While it is not set, submissions and readings wait.
        self.gate = asyncio.Event()
        self.gate.set()
        self.reading = asyncio.Event()
        self.reading.set()
        self.keys: list[str] = []

    @property
    def submitted(self) -> list[str]:
        """The prompts that were posted, in order."""
        return [body["prompt"] for _, path, body in self.asked if path == "/api/imagine"]

    def app(self) -> web.Application:
        app = super().app()
        app.middlewares.append(self._language)
        return app

    def _flags(self, workflow: str | None) -> web.Response:
        try:
            known = self._planner.parameters(workflow)
        except NotFoundError as error:
            return web.json_response({"error": {"message": error.message}}, status=404)
        return web.json_response({"parameters": describe(known.parameters)})

    @web.middleware
    async def _language(self, request: web.Request, handler: Any) -> web.StreamResponse:
        match request.path:
            case "/api/parse":
                await self.reading.wait()
                body = await request.json()
                return web.json_response(self.read(body["prompt"]))
            case "/api/parameters":
                return self._flags(request.query.get("workflow"))
            case "/api/catalog":
                return web.json_response({
                    "engine": self.engine, "models": self._models, "loras": ["ink.safetensors"],
                    "samplers": ["euler", "dpmpp_2m"], "schedulers": ["normal", "karras"],
                    "default_model": CHECKPOINTS[0],
                })  # fmt: skip
            case "/api/imagine":
                self.keys.append(request.headers.get("Idempotency-Key", ""))
                await self.gate.wait()
                if self.refusals:
                    return self.refused()
            case _:
                pass
        response: web.StreamResponse = await handler(request)
        return response

    def refused(self) -> web.Response:
        """Answer as the next refusal says."""
        status, error, headers = self.refusals.pop(0)
        body = {"code": "refused", "request_id": "1", "details": []} | error
        return web.json_response({"error": body}, status=status, headers=headers)

    def read(self, prompt: str) -> Json:
        """Return the body of ``/api/parse``."""
        answer = explain(prompt, {}, self._planner, seconds=lambda _: SECONDS)
        for name in self.lacking:
            if f"--{name}" in prompt:
                message = f"--{name} was left out: this model has nothing like it."
                note = {"parameter": name, "level": "warning", "message": message}
                answer["warnings"].append(note)
        return answer
