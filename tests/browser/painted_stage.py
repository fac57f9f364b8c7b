"""The lens's stage with uploads, and actions upon pictures."""

import hashlib
import io
from typing import Any

from aiohttp import BodyPartReader, web
from PIL import Image

from tests.browser.lens_stage import LensStage
from tests.browser.stage import Json, make_job


class PaintedStage(LensStage):
    """Keeps uploads in ``uploads`` and the actions that were asked for in ``actions``."""

    def __init__(self) -> None:
        super().__init__()
        self.uploads: dict[str, bytes] = {}
        self.actions: list[tuple[str, Json]] = []

    def app(self) -> web.Application:
        app = super().app()
        app.middlewares.append(self._pictures)
        return app

    @web.middleware
    async def _pictures(self, request: web.Request, handler: Any) -> web.StreamResponse:
        match request.path.split("/")[2:]:
            case ["uploads"]:
                return await self._upload(request)
            case ["uploads", digest]:
                return web.Response(body=self.uploads[digest], content_type="image/png")
            case ["jobs", job_id, "actions"]:
                return await self._act(request, job_id)
            case _:
                response: web.StreamResponse = await handler(request)
                return response

    async def _upload(self, request: web.Request) -> web.Response:
        part = await (await request.multipart()).next()
        assert isinstance(part, BodyPartReader)
        assert part.name == "image"
        data = bytes(await part.read())
        await self.gate.wait()
        try:
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
        except OSError:
            error = {"code": "not_a_picture", "message": "It is no picture that can be read.",
                     "hint": "Use a PNG, JPEG or WebP file.", "request_id": "1",
                     "details": []}  # fmt: skip
            return web.json_response({"error": error}, status=415)
        digest = hashlib.sha256(data).hexdigest()
        self.uploads[digest] = data
        answer = {"id": digest, "link": f"upload:{digest}", "url": f"/api/uploads/{digest}",
                  "width": width, "height": height, "media_type": "image/png",
                  "bytes": len(data)}  # fmt: skip
        return web.json_response(answer, status=201)

    async def _act(self, request: web.Request, job_id: str) -> web.Response:
        body = await request.json()
        self.actions.append((job_id, body))
        await self.gate.wait()
        if self.refusals:
            status, error, headers = self.refusals.pop(0)
            known = {"code": "refused", "request_id": "1", "details": []}
            return web.json_response({"error": known | error}, status=status, headers=headers)
        self._number += 1
        job = make_job(self._number, body.get("prompt", "again"), state="queued", pictures=1)
        job = await self.put(job, position=1)
        answer = {"batch": job["batch"], "jobs": [job], "warnings": []}
        return web.json_response(answer, status=202)
