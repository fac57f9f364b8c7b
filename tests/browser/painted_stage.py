"""The lens's stage with uploads, and actions upon pictures."""

import hashlib
import io
from typing import Any

from aiohttp import BodyPartReader, web
from PIL import Image

from tests.browser.lens_stage import LensStage
from tests.browser.stage import Json


class PaintedStage(LensStage):
    """Keeps uploads by their id, and what was asked for as (job, body)."""

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
                self.actions.append((job_id, await request.json()))
                await self.gate.wait()
                if self.refusals:
                    return self.refused()
            case _:
                pass
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
            message = "It is no picture that can be read."
            error = {"message": message, "hint": "Use a PNG, JPEG or WebP file."}
            self.refusals.append((415, error, {}))
            return self.refused()
        digest = hashlib.sha256(data).hexdigest()
        self.uploads[digest] = data
        answer = {"id": digest, "link": f"upload:{digest}", "url": f"/api/uploads/{digest}",
                  "width": width, "height": height, "media_type": "image/png",
                  "bytes": len(data)}  # fmt: skip
        return web.json_response(answer, status=201)
