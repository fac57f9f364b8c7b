"""Files that a workflow is about, though its nodes could be without them: a face, a voice."""

from typing import Any

import pytest

from imagine.catalog import Catalog
from imagine.registry.entries import Entry
from imagine.registry.from_import import entry_of
from tests.catalogs import recorded_info
from tests.importing.samples import edited, read
from tests.registry.samples import PROFILES

LINES = ["STRING", {"multiline": True}]


def pictured(class_type: str, name: str) -> Entry:
    """Return the usual graph, whose picture a node changes by another one that it may be without.

    ``name``: how that node calls it.
    """
    optional = {name: ["IMAGE", {}]}
    pack = {
        "input": {"required": {"target": ["IMAGE", {}]}, "optional": optional},
        "output": ["IMAGE"],
    }
    document = edited("sd15_api")
    links = {"target": ["8", 0], name: ["20", 0]}
    document["20"] = {"class_type": "LoadImage", "inputs": {"image": "a.png"}}
    document["21"] = {"class_type": class_type, "inputs": links}
    document["9"]["inputs"]["images"] = ["21", 0]
    return made(document, class_type, pack)


def spoken(class_type: str, name: str) -> Entry:
    """Return a graph that speaks a text, with a voice that it may be without."""
    optional = {name: ["AUDIO", {}]}
    pack = {
        "input": {"required": {"prompt": LINES, "seed": ["INT", {}]}, "optional": optional},
        "output": ["AUDIO"],
    }
    links = {"prompt": "good morning", "seed": 5, name: ["1", 0]}
    saved = {"audio": ["2", 0], "filename_prefix": "x"}
    document = {
        "1": {"class_type": "LoadAudio", "inputs": {"audio": "a.wav"}},
        "2": {"class_type": class_type, "inputs": links},
        "3": {"class_type": "SaveAudio", "inputs": saved},
    }
    return made(document, class_type, pack)


def made(document: dict[str, Any], class_type: str, pack: dict[str, Any]) -> Entry:
    known = Catalog.from_object_info(recorded_info() | {class_type: pack})
    entry = entry_of(read(document, known), id="it", name="It", profiles=PROFILES, catalog=known)
    assert entry.parameter("prompt") is not None
    return entry


@pytest.mark.parametrize(
    ("class_type", "name", "is_needed"),
    [
        ("SomebodysFaceSwap", "source", True),
        ("SomebodysFaceSwapper", "source", True),
        ("SomebodysFaces", "swap_with", True),
        ("SomebodysFaces", "source", False),
    ],
)
def test_beside_a_prompt_the_face_that_is_swapped_is_needed(
    class_type: str, name: str, is_needed: bool
):
    [image] = pictured(class_type, name).of_type("image")  # type: ignore[arg-type]
    assert image.required is is_needed


@pytest.mark.parametrize(
    ("class_type", "name", "is_needed"),
    [
        ("SomebodysVoiceClone", "sample", True),
        ("SomebodysSpeaker", "voice_to_clone", True),
        ("SomebodysSpeaker", "sample", False),
    ],
)
def test_beside_a_text_the_voice_that_is_cloned_is_needed(
    class_type: str, name: str, is_needed: bool
):
    [audio] = spoken(class_type, name).of_type("audio")  # type: ignore[arg-type]
    assert audio.required is is_needed
