"""The example of docs/outputs.md, done as it is told there."""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imagine.errors import EngineUnavailableError
from imagine.image_reading import picture_files, read_picture
from imagine.images import ImageStore
from imagine.media import OUTPUT_TYPES, OutputType
from imagine.storage import DiskStorage
from tests.conftest import StartServer
from tests.fakes.comfy import FakeComfy
from tests.following import ready
from tests.outputs.stage import graph_of, made, runs
from tests.test_images import put

DOCUMENT = (Path(__file__).parents[2] / "docs" / "outputs.md").read_text(encoding="utf-8")
PLY = b"ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nend_header\n0.5\n1.5\n"


def example() -> type[OutputType]:
    """Run the code of the document, and return its class."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(textwrap.dedent(code), "docs/outputs.md", "exec"), names)
    made: type[OutputType] = names["Ply"]
    return made


@pytest.fixture
def with_ply() -> Iterator[None]:
    OUTPUT_TYPES.append(example()())
    yield
    OUTPUT_TYPES.pop()


@pytest.mark.parametrize("kind", OUTPUT_TYPES)
def test_every_kind_has_its_row(kind: OutputType):
    most = f"{kind.limit >> 30} GiB" if kind.limit >> 30 else f"{kind.limit >> 20} MiB"
    row = rf"^\| {kind.name} \| `\.{kind.extension}` \| `{kind.media_type}` \| .* \| {most} \|$"
    assert re.search(row, DOCUMENT, re.MULTILINE)


@pytest.mark.usefixtures("with_ply")
async def test_a_kind_that_was_added_goes_all_the_way(start_server: StartServer, tmp_path: Path):
    async with FakeComfy() as comfy:
        client = await ready(start_server, comfy)
        comfy.give("SaveGLB", {"3d": {"fox.ply": PLY}})
        runs(client, graph_of("SaveGLB"), ["1"])
        job = await made(client)
        assert job["state"] == "succeeded", job["error"]
        (told,) = job["images"]
        assert (told["media_type"], told["bytes"]) == ("model/ply", len(PLY))
        assert told["url"].endswith("-0.ply")
        async with client.get(told["url"]) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "model/ply"
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert await answer.read() == PLY
    storage = DiskStorage(tmp_path / "output")
    (file,) = picture_files(storage)
    found = read_picture(storage, file)
    assert found is not None
    assert (found.said.job, found.media_type) == (job["id"], "model/ply")


@pytest.mark.usefixtures("with_ply")
async def test_a_broken_file_of_it_is_refused(tmp_path: Path):
    async with ImageStore(DiskStorage(tmp_path), tmp_path) as images:
        with pytest.raises(EngineUnavailableError, match="a model that ends too early"):
            await put(images, PLY.replace(b"vertex 2", b"vertex 900"))
