"""What comes out is told by its kind, also where a pack saves it."""

import pytest

from imagine.importing.outputs import find_outputs
from tests.importing.samples import recorded


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
