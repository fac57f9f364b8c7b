"""A file that is sent: found where it went meanwhile, closed when its reader leaves."""

import asyncio
import threading
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from imagine.errors import NotFoundError
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


@pytest.mark.parametrize(("is_there", "status"), [(True, 200), (False, 404)])
async def test_a_file_that_moves_before_it_is_opened_is_sent_from_where_it_is(
    tmp_path: Path, is_there: bool, status: int
):
    before, after = tmp_path / "images.png", tmp_path / "trash.png"
    before.write_bytes(b"fox")

    def elsewhere() -> Path:
        if not is_there:
            raise NotFoundError("It is gone.")
        return after

    async def serve(request: web.Request) -> web.StreamResponse:
        answer = FileAnswer(before, elsewhere=elsewhere)
        before.rename(after)
        return answer

    app = web.Application()
    app.router.add_get("/fox.png", serve)
    async with TestClient(TestServer(app)) as client, client.get("/fox.png") as answer:
        assert answer.status == status
        assert not is_there or await answer.read() == b"fox"
