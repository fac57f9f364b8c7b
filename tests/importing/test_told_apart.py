"""What several pictures are called, so that nobody takes one for another."""

from typing import Any

from imagine.importing.reading import Imported
from imagine.profiles import load_profiles
from imagine.registry.from_import import entry_of
from tests.importing.samples import parameter, read, recorded


def blend(
    files: tuple[str, str],
    *,
    names: tuple[str, str] = ("image1", "image2"),
    titles: tuple[str | None, str | None] = (None, None),
    class_type: str = "ImageBlend",
) -> Imported:
    """Read a graph that makes one picture of two."""
    graph: dict[str, Any] = {}
    for at, (file, title) in enumerate(zip(files, titles, strict=True)):
        graph[str(at)] = {"class_type": "LoadImage", "inputs": {"image": file}}
        if title:
            graph[str(at)]["_meta"] = {"title": title}
    graph["5"] = {"class_type": class_type, "inputs": {names[0]: ["0", 0], names[1]: ["1", 0]}}
    graph["6"] = {
        "class_type": "SaveImage",
        "inputs": {"images": ["5", 0], "filename_prefix": "a"},
    }
    return read(graph)


def shown(flow: Imported) -> list[str]:
    return [parameter(flow, name).label for name in ("image", "image_2")]


def test_pictures_are_called_by_what_they_are_for():
    names = ("destination", "source")
    flow = blend(("a.png", "b.png"), names=names, class_type="ImageCompositeMasked")
    assert shown(flow) == ["Destination image", "Source image"]
    assert parameter(flow, "image").description.startswith("Goes into ImageCompositeMasked")
    assert shown(blend(("a.png", "b.png"), names=("face_image", "style"), class_type="Swap")) == [
        "Face image",
        "Style image",
    ]


def test_what_only_changes_a_picture_is_looked_through():
    graph = dict(
        blend(("a.png", "b.png"), names=("destination", "source"), class_type="Paste").graph
    )
    graph["9"] = {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}}
    graph["5"] = {
        "class_type": "Paste",
        "inputs": {"destination": ["0", 0], "source": ["9", 0]},
    }
    assert shown(read(graph)) == ["Destination image", "Source image"]


def test_titles_that_people_wrote_come_first():
    flow = blend(("dress.png", "woman.png"), titles=("Das Kleid", "Load Image 2"))
    assert shown(flow) == ["Das Kleid", "Image 2 (woman)"]
    assert shown(blend(("1.png", "2.png"), titles=("人物", "Load Image"))) == ["人物", ""]


def test_else_the_words_of_their_files_are_told_beside():
    flow = blend(("example-red-dress.jpg", "clipspace/young woman_0012.png [input]"))
    assert shown(flow) == ["Image (red dress)", "Image 2 (young woman)"]
    assert "example-red-dress.jpg" in parameter(flow, "image").description


def test_names_that_say_nothing_are_left_out():
    assert shown(blend(("ComfyUI_0001.png", "9f86d081884c7d65.png"))) == ["", ""]
    same = blend(("fox.png", "fox.png"), names=("ref_image_1", "ref_image_2"), class_type="Refer")
    assert shown(same) == ["", ""]
    assert "as ref_image_2" in parameter(same, "image_2").description


def test_one_picture_alone_is_the_image():
    flow = blend(("fox.png", "fox.png"))
    graph = {**flow.graph, "5": {"class_type": "ImageInvert", "inputs": {"image": ["0", 0]}}}
    alone = parameter(read(graph), "image")
    assert (alone.label, alone.description) == ("", "Load Image: image")


def test_the_label_stands_in_the_entry_and_the_name_stays():
    flow = blend(("dress.png", "woman.png"))
    made = entry_of(flow, id="two", name="Two", profiles=load_profiles(), catalog=recorded())
    assert [one.name for one in made.parameters[:2]] == ["image", "image_2"]
    assert [one.shown_label for one in made.parameters[:2]] == [
        "Image (dress)",
        "Image 2 (woman)",
    ]


def test_a_picture_that_is_painted_upon_is_not_called_by_what_it_only_helps():
    graph = {
        "0": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        "1": {"class_type": "LoadImage", "inputs": {"image": "b.png"}},
        "2": {"class_type": "Guide", "inputs": {"control_image": ["0", 0], "pose": ["1", 0]}},
        "3": {"class_type": "Detailer", "inputs": {"image": ["0", 0], "model": ["2", 0]}},
        "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "a"}},
    }
    labels = [one.label for one in read(graph).parameters if one.type == "image"]
    assert sorted(labels) == ["", "Pose image"]


def test_what_was_painted_on_comfyuis_page_is_not_called_by_the_name_of_its_file():
    flow = blend(("clipspace/clipspace-mask-123.png", "owl.png"))
    assert "mask" not in shown(flow)[0].lower()
