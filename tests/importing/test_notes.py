"""What a person should know: sounds, videos, texts that the page draws, missing files."""

from typing import Any

import pytest

from imagine.catalog import Catalog
from tests.catalogs import object_info
from tests.importing.samples import edited, node, parameter, read


def with_models(document: dict[str, Any], *names: str) -> dict[str, Any]:
    node(document, 4)["properties"]["models"] = [
        {"name": name, "url": f"https://models.example/{name}", "directory": "checkpoints"}
        for name in names
    ]
    return document


def loading(class_type: str, name: str) -> dict[str, Any]:
    """A picture of words, and beside it a node that loads something."""
    document = edited("sd15_api")
    document["50"] = {"class_type": class_type, "inputs": {name: "clip.bin"}}
    document["51"] = {"class_type": "SomebodysCutter", "inputs": {"what": ["50", 0]}}
    return document


@pytest.mark.parametrize(
    ("class_type", "name", "called"),
    [
        ("LoadAudio", "audio", "audio"),
        ("LoadVideo", "file", "video"),
        ("VHS_LoadVideo", "video", "video"),
        ("VHS_LoadVideoFFmpeg", "video", "video"),
        ("VHS_LoadAudioUpload", "audio", "audio"),
    ],
)
def test_sounds_and_videos_that_can_be_uploaded_are_files_as_pictures_are(class_type, name, called):
    flow = read(loading(class_type, name))
    found = parameter(flow, called)
    assert (found.type, found.rank, found.choices) == (called, "main", ())
    assert found.is_required
    assert flow.notes == ()


@pytest.mark.parametrize(
    ("class_type", "name", "called"),
    [
        ("VHS_LoadVideoPath", "video", "video"),
        ("VHS_LoadVideoFFmpegPath", "video", "video"),
        ("LoadVideoFromURL", "video", "video"),
        ("VHS_LoadAudio", "audio_file", "audio"),
        ("LoadAudioFromPath", "audio", "audio"),
    ],
)
def test_what_takes_a_path_or_an_address_stays_a_text_and_a_note_says_so(class_type, name, called):
    flow = read(loading(class_type, name))
    found = parameter(flow, called)
    assert (found.type, found.default, found.rank) == ("text", "clip.bin", "main")
    assert any("the path or the address" in note and class_type in note for note in flow.notes)


def test_the_files_that_an_engine_has_are_no_choices_of_a_video():
    info = object_info()
    info["VHS_LoadVideo"] = {
        "input": {
            "required": {"video": [["a.mp4", "b.mp4"], {}]},
            "optional": {"format": [["None", "Wan"], {}]},
        },
        "output": ["IMAGE"],
    }
    info["VHS_LoadVideoPath"] = {
        "input": {"required": {"video": ["STRING", {"default": "/a/path"}]}},
        "output": ["IMAGE"],
    }
    catalog = Catalog.from_object_info(info)
    schema = catalog.schemas["VHS_LoadVideo"].inputs["video"]
    assert schema.upload == "video"
    assert schema.choices is not None
    assert not schema.choices.is_closed
    assert catalog.schemas["VHS_LoadVideo"].inputs["format"].upload is None
    assert catalog.schemas["VHS_LoadVideoPath"].inputs["video"].upload is None
    found = parameter(read(loading("VHS_LoadVideo", "video"), catalog), "video")
    assert (found.type, found.choices) == ("video", ())


def test_where_the_same_pack_takes_an_upload_a_path_becomes_one():
    info = object_info()
    info["VHS_LoadVideo"] = {
        "input": {"required": {"video": [["a.mp4"], {}]}},
        "output": ["IMAGE"],
    }
    info["VHS_LoadVideoPath"] = {
        "input": {"required": {"video": ["STRING", {"default": "/a/path"}]}},
        "output": ["IMAGE"],
    }
    document = loading("VHS_LoadVideoPath", "video")
    flow = read(document, Catalog.from_object_info(info))
    found = parameter(flow, "video")
    assert (found.type, found.default, found.is_required) == ("video", "", True)
    assert flow.graph[found.feeds[0][0]]["class_type"] == "VHS_LoadVideo"
    assert any("takes a video, in place of a path" in note for note in flow.notes)
    del info["VHS_LoadVideo"]
    path = parameter(read(document, Catalog.from_object_info(info)), "video")
    assert (path.type, path.default) == ("text", "clip.bin")


def test_a_choice_of_words_stays_as_it_is_and_a_note_says_so():
    document = edited("sd15_api")
    document["6"]["inputs"]["text"] = "a {red|green} fox"
    flow = read(document)
    assert parameter(flow, "prompt").default == "a {red|green} fox"
    (note,) = flow.notes
    assert "{red|green}" in note


def test_json_in_a_text_is_no_choice_of_words():
    document = edited("sd15_api")
    document["6"]["inputs"]["text"] = '{"a": 1}'
    assert read(document).notes == ()


def test_model_files_that_a_template_names_and_that_are_missing_are_told_with_their_place():
    document = with_models(edited("sd15_default"), "v1-5-pruned-emaonly.ckpt")
    (note,) = read(document).notes
    assert "v1-5-pruned-emaonly.ckpt in models/checkpoints" in note
    assert "https://models.example/" in note


def test_model_files_that_are_installed_or_not_loaded_are_not_told():
    document = with_models(edited("sd15_default"), "v1-5-pruned-emaonly.ckpt", "other.ckpt")
    ready = Catalog.from_object_info(object_info(checkpoints=["v1-5-pruned-emaonly.ckpt"]))
    assert read(document, ready).notes == ()
