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
        self.taken: dict[str, Json] = {}  # what was told of each upload
        self.upload_refusals: list[tuple[int, Json, dict[str, str]]] = []
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
            case ["uploads", digest] if digest not in self.uploads:
                raise web.HTTPNotFound
            case ["uploads", digest]:
                media_type = self.taken.get(digest, {}).get("media_type", "image/png")
                return web.Response(body=self.uploads[digest], content_type=media_type)
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
        await self.gate.wait()
        part = await (await request.multipart()).next()
        assert isinstance(part, BodyPartReader)
        assert part.name == "image"
        data = bytes(await part.read())
        if self.upload_refusals:
            self.refusals.insert(0, self.upload_refusals.pop(0))
            return self.refused()
        told = read(data)
        if told is None:
            message = "It is no picture that can be read."
            error = {"message": message, "hint": "Use a PNG, JPEG or WebP file."}
            self.refusals.append((415, error, {}))
            return self.refused()
        digest = hashlib.sha256(data).hexdigest()
        self.uploads[digest] = data
        answer = {"id": digest, "link": f"upload:{digest}", "url": f"/api/uploads/{digest}",
                  "bytes": len(data)} | told  # fmt: skip
        self.taken[digest] = answer
        return web.json_response(answer, status=201)


def read(data: bytes) -> Json | None:
    """Return what is told of a file that came in: of every clip that it is one of the tests."""
    size: Json = {"width": None, "height": None, "duration_s": None}
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        size = {"width": 320, "height": 192, "duration_s": 2.0}
        return {"kind": "video", "media_type": "video/webm"} | size
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return {"kind": "audio", "media_type": "audio/wav"} | size
    try:
        with Image.open(io.BytesIO(data)) as image:
            size |= {"width": image.width, "height": image.height}
    except OSError:
        return None
    return {"kind": "image", "media_type": "image/png"} | size
