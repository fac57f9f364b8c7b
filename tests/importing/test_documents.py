"""What a file is: each kind is read, and each other thing is called by its name."""

import io
import json
import struct
import zlib
from contextlib import suppress

import pytest
from PIL import Image

from imagine.errors import WorkflowError
from imagine.image_bytes import PNG_HEAD_BYTES, with_text
from imagine.importing import documents
from imagine.importing.documents import Format, read_document
from imagine.importing.reading import read_workflow
from tests.importing.samples import edited, raw, recorded, workflow


def picture(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, kind, **options)
    return file.getvalue()


def png(**texts: str) -> bytes:
    return with_text(picture("PNG"), texts)


def exif(prompt: str, workflow: str) -> bytes:
    tags = Image.Exif()
    tags[0x0110] = f"prompt:{prompt}"
    tags[0x010F] = f"workflow:{workflow}"
    return tags.tobytes()


def compact(name: str) -> str:
    return json.dumps(edited(name))


def refusal(data: bytes) -> str:
    with pytest.raises(WorkflowError) as caught:
        read_document(data)
    assert caught.value.hint
    return caught.value.message


def test_a_picture_gives_the_graph_that_made_it():
    found = read_document(png(prompt=compact("sd15_api"), workflow=compact("sd15_default")))
    assert (found.format, found.container) == (Format.API, "png")
    assert found.page["nodes"]


def test_a_picture_with_only_the_form_of_the_page_is_converted():
    read = read_workflow(png(workflow=compact("sd15_default")), recorded())
    assert read.graph == workflow("sd15_default").graph


def test_titles_come_from_the_form_of_the_page_when_the_graph_has_none():
    page = edited("sd15_default")
    page["nodes"][2]["title"] = "$subject"
    data = png(prompt=compact("sd15_api"), workflow=json.dumps(page))
    assert "subject" in [found.name for found in read_workflow(data, recorded()).parameters]


def test_text_that_is_not_latin_and_text_that_is_packed_are_read():
    graph = edited("sd15_api")
    graph["6"]["inputs"]["text"] = "狐"
    text = json.dumps(graph, ensure_ascii=False)
    plain = with_text(picture("PNG"), {"prompt": text})
    body = b"prompt\0\0" + zlib.compress(json.dumps(graph).encode())
    packed = struct.pack(">I", len(body)) + b"zTXt" + body
    packed += struct.pack(">I", zlib.crc32(b"zTXt" + body))
    bare = picture("PNG")
    for data in (plain, bare[:PNG_HEAD_BYTES] + packed + bare[PNG_HEAD_BYTES:]):
        assert read_document(data).raw["6"]["inputs"]["text"] == "狐"


@pytest.mark.parametrize("kind", ["WEBP", "JPEG"])
def test_webp_and_jpeg_hold_graphs_in_their_exif(kind):
    small = compact("upscale_model")
    data = picture(kind, exif=exif(compact("sd15_api"), small))
    found = read_document(data)
    assert found.format is Format.API
    assert found.raw["3"]["class_type"] == "KSampler"


@pytest.mark.parametrize(
    "wrapped",
    [
        {"prompt": edited("sd15_api"), "client_id": "x"},
        {"output": edited("sd15_api"), "workflow": edited("sd15_default")},
        {"prompt": [0, "id", edited("sd15_api"), {}, ["9"]], "outputs": {}},
    ],
)
def test_a_graph_inside_a_request_or_a_history_is_found(wrapped):
    assert read_document(json.dumps(wrapped).encode()).format is Format.API


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16"])
def test_other_codings_of_windows_are_read(coding):
    assert read_document(raw("sd15_api").decode().encode(coding)).format is Format.API


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty"),
        (b"{", "not JSON: Expecting property name"),
        (b'{"a": 1,\n "b" 2}', "line 2"),
        (b"<!doctype html><p>", "web page"),
        (b"a fox\nSteps: 20, Sampler: Euler, CFG scale: 7", "AUTOMATIC1111"),
        (b"[1, 2]", "a list"),
        (b'"text"', "a text"),
        (b"null", "null"),
        (b"{}", "empty"),
        (b'{"nodes": [], "links": []}', "empty"),
        (b'{"nodes": [{"name": "Start"}], "connections": {}}', "n8n"),
        (b'{"nodes": [{"id": "1"}], "edges": []}', "InvokeAI"),
        (b'{"sd_model_checkpoint": "x", "samples_save": true}', "settings file of AUTOMATIC1111"),
        (b'{"Comfy.Locale": "en"}', "settings file of ComfyUI"),
        (b'{"KSampler": {"input": {}, "input_order": {}}}', "/object_info"),
        (b'{"foo": 1, "bar": 2}', "foo, bar"),
        (b"\x00\x01\xff\xfe\x80", "neither JSON nor a picture"),
        (b"GIF89a", "GIF holds no graph"),
        (b"PK\x03\x04", "ZIP"),
        (b"[" * 100_000, "nested too deep"),
        (b"1" * 5000, "cannot be read"),
    ],
)
def test_what_is_no_workflow_is_called_by_its_name(data, told):
    assert told in refusal(data)


def test_a_picture_without_a_graph_says_where_one_would_be():
    assert "holds no workflow" in refusal(picture("PNG"))
    assert "holds no workflow" in refusal(picture("JPEG"))
    assert "cannot be read" in refusal(png(workflow="{"))


def test_a_file_beyond_the_bounds_is_refused(monkeypatch):
    monkeypatch.setattr(documents, "JSON_LIMIT", 10)
    assert "more than" in refusal(b" " * 11)
    monkeypatch.setattr(documents, "FILE_LIMIT", 10)
    assert "are read at most" in refusal(b" " * 11)


def test_a_picture_cut_anywhere_is_read_or_refused():
    whole = {
        png(prompt=compact("upscale_model")),
        picture("WEBP", exif=exif(compact("upscale_model"), "{}")),
        picture("JPEG", exif=exif(compact("upscale_model"), "{}")),
    }
    for data in whole:
        for end in range(0, len(data), 97):
            with suppress(WorkflowError):
                read_document(data[:end])
