"""A file whose reader leaves is closed, whatever was under way."""

import asyncio
import threading
from pathlib import Path
from typing import Any, BinaryIO

from aiohttp import web

from imagine.routes.files import FileAnswer
from tests.following import eventually


class Slow(FileAnswer):
    """Takes its time to open the file, in the thread where that is done."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.go_on = threading.Event()
        self.file: BinaryIO | None = None

    def _make_response(self, request: Any, accept_encoding: str) -> Any:
        found = super()._make_response(request, accept_encoding)
        self.file = found[1]
        assert self.go_on.wait(20)
        return found


async def test_a_file_that_is_being_opened_when_its_reader_leaves_is_closed(tmp_path: Path):
    path = tmp_path / "fox.png"
    path.write_bytes(b"fox" * 1000)
    answers: list[tuple[web.Request, Slow]] = []

    async def serve(request: web.Request) -> web.StreamResponse:
        answers.append((request, Slow(path)))
        return answers[-1][1]

    app = web.Application()
    app.router.add_get("/fox.png", serve)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        _, writer = await asyncio.open_connection(*runner.addresses[0])
        writer.write(b"GET /fox.png HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await eventually(lambda: bool(answers) and answers[0][1].file is not None)
        request, answer = answers[0]
        writer.close()
        await eventually(lambda: request.transport is None)
        answer.go_on.set()
        await eventually(lambda: answer.file is not None and answer.file.closed)
    finally:
        await runner.cleanup()
