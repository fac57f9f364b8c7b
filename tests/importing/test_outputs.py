"""What comes out is told by its kind, also where a pack saves it."""

import pytest

from imagine.catalog import Catalog
from imagine.importing.outputs import OutputKind, find_outputs
from tests.catalogs import recorded_info
from tests.importing.samples import edited, read, recorded


@pytest.mark.parametrize(
    ("class_type", "name", "kind", "is_kept"),
    [
        ("SaveImage", "images", "image", True),
        ("PreviewImage", "images", "image", False),
        ("SaveAnimatedWEBP", "images", "video", True),
        ("SaveAnimatedPNG", "images", "video", True),
        ("SaveWEBM", "images", "video", True),
        ("SaveVideo", "video", "video", True),
        ("VHS_VideoCombine", "images", "video", True),
        ("SaveGLB", "mesh", "model", True),
        ("Preview3D", "model_file", "model", False),
        ("SaveAudio", "audio", "audio", True),
        ("SaveAudioMP3", "audio", "audio", True),
        ("PreviewAudio", "audio", "audio", False),
        ("PreviewAny", "source", "text", False),
        ("ShowText|pysssss", "text", "text", False),
        ("SaveText|pysssss", "text", "text", True),
        ("Save Text File", "text", "text", True),
        ("Image Save", "images", "image", True),
        ("Image Comparer (rgthree)", "image_a", "image", False),
        ("easy showAnything", "anything", "text", False),
        ("SomebodysExporter", "images", "image", True),
        ("SaveLoRA", "lora", "other", True),
    ],
)
def test_each_end_has_its_kind(class_type, name, kind, is_kept):
    graph = {
        "1": {"class_type": "SomebodysMaker", "inputs": {}},
        "2": {"class_type": class_type, "inputs": {name: ["1", 0]}},
    }
    (output,) = find_outputs(graph, recorded())
    assert (output.kind, output.is_kept) == (kind, is_kept)


def test_a_video_that_is_only_shown_is_not_kept():
    graph = {
        "1": {
            "class_type": "VHS_VideoCombine",
            "inputs": {"images": ["2", 0], "save_output": False},
        },
        "2": {"class_type": "SomebodysMaker", "inputs": {}},
    }
    (output,) = find_outputs(graph, recorded())
    assert not output.is_kept


def with_packs(**ends: tuple[str, list[str]]) -> Catalog:
    """Return the recorded nodes with ends of packs: the type each takes, and what it gives."""
    packs = {
        name: {"input": {"required": {"it": [taken]}}, "output": given, "output_node": True}
        for name, (taken, given) in ends.items()
    }
    return Catalog.from_object_info(recorded_info() | packs)


def test_what_only_passes_on_is_not_kept_in_place_of_what_is_shown():
    graph = {
        "1": {"class_type": "SvgPicker", "inputs": {"it": "<svg/>"}},
        "2": {"class_type": "SomebodysMaker", "inputs": {"svg": ["1", 0]}},
        "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
    }
    outputs = find_outputs(graph, with_packs(SvgPicker=("STRING", ["STRING"])))
    assert {output.node_id: output.is_kept for output in outputs} == {"1": False, "3": False}


def test_what_saves_and_passes_on_is_kept():
    graph = {
        "1": {"class_type": "EmptyImage", "inputs": {}},
        "2": {"class_type": "SaveAndPass", "inputs": {"it": ["1", 0]}},
        "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
    }
    outputs = find_outputs(graph, with_packs(SaveAndPass=("IMAGE", ["IMAGE"])))
    assert {output.node_id: output.is_kept for output in outputs} == {"2": True, "3": False}


def test_what_tidies_up_keeps_nothing():
    graph = {
        "1": {"class_type": "EmptyImage", "inputs": {}},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
        "3": {"class_type": "PurgeVRAM", "inputs": {"it": ["1", 0]}},
    }
    outputs = find_outputs(graph, with_packs(PurgeVRAM=("*", [])))
    assert not any(output.is_kept for output in outputs)


def test_an_end_that_takes_no_link_is_what_it_gives():
    graph = {"1": {"class_type": "WordsOfAMachine", "inputs": {"it": "a fox"}}}
    (output,) = find_outputs(graph, with_packs(WordsOfAMachine=("STRING", ["STRING"])))
    assert output.kind == "text"


MEASURE = {
    "input": {"required": {"image": ["IMAGE"]}},
    "output": ["INT", "INT"],
    "output_node": True,
}


def test_what_only_measures_is_no_end_and_what_it_showed_last_is_no_setting():
    document = edited("sd15_default")
    save = next(one for one in document["nodes"] if one["type"] == "SaveImage")
    save["type"] = "PreviewImage"
    slots = [{"name": "image", "type": "IMAGE", "link": save["inputs"][0]["link"]}]
    values = ["Width: 512 , Height: 512"]
    document["nodes"].append(
        {"id": 90, "type": "image measure", "inputs": slots, "widgets_values": values}
    )
    catalog = Catalog.from_object_info(recorded_info() | {"image measure": MEASURE})
    flow = read(document, catalog)
    assert [(one.title, one.is_kept) for one in flow.outputs] == [
        ("Preview Image (PreviewImage)", False)
    ]
    assert flow.notes == ()


def test_what_saves_as_a_sound_gives_one_whatever_it_is_called():
    graph = {
        "1": {"class_type": "SomebodysDecoderAndPlayer", "inputs": {"format": "wav", "save": True}},
    }
    kinds = {"input": {"required": {"format": [["wav", "mp3"]], "save": ["BOOLEAN"]}}}
    known = Catalog.from_object_info(
        recorded_info()
        | {"SomebodysDecoderAndPlayer": {**kinds, "output": [], "output_node": True}}
    )
    assert [one.kind for one in find_outputs(graph, known)] == [OutputKind.AUDIO]
