"""What several pictures are called, so that nobody takes one for another."""

from typing import Any

import pytest

from imagine.importing.reading import Imported
from imagine.importing.told_apart import noises
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


def guided(*places: Any) -> Imported:
    """Read a graph whose clip is guided by pictures at these frames."""
    graph: dict[str, Any] = {}
    for at, place in enumerate(places):
        graph[f"{at}"] = {"class_type": "LoadImage", "inputs": {"image": "a.png"}}
        inputs = {"image": [f"{at}", 0], "frame_idx": place, "latent": [f"1{at - 1}", 2]}
        graph[f"1{at}"] = {"class_type": "SomebodysGuide", "inputs": inputs}
    graph["10"]["inputs"].pop("latent")
    last = [f"1{len(places) - 1}", 2]
    graph["20"] = {"class_type": "SomebodysFilmMaker", "inputs": {"latent": last}}
    graph["21"] = {
        "class_type": "SaveImage",
        "inputs": {"images": ["20", 0], "filename_prefix": "a"},
    }
    return read(graph)


def told(flow: Imported) -> dict[str, str]:
    """Return what pictures are called, by their loaders."""
    return {one.feeds[0][0]: one.label for one in flow.parameters if one.type == "image"}


def test_guides_of_a_clip_say_which_frame_they_are():
    flow = guided(0, 48, -1)
    assert told(flow) == {"0": "First frame", "1": "Frame 48", "2": "Last frame"}
    said = {one.description for one in flow.parameters if one.type == "image"}
    assert "Goes into SomebodysGuide (node 12) as last frame" in said


def test_guides_of_one_frame_or_of_one_that_is_worked_out_are_told_apart_otherwise():
    assert told(guided(0, 0)) == {"0": "", "1": ""}
    assert told(guided(["30", 0], 0)) == {"0": "", "1": "First frame"}


def test_the_title_of_a_guide_says_more_than_its_frame():
    graph = dict(guided(0, -1).graph)
    graph["0"] = {**graph["0"], "_meta": {"title": "Sunrise"}}
    assert told(read(graph)) == {"0": "Sunrise", "1": "Last frame"}


def test_pictures_of_one_guide_say_what_guides_with_their_numbers():
    flow = blend(("a.png", "b.png"), class_type="IPAdapterEncoder")
    assert shown(flow) == ["Image (ipadapter)", "Image 2 (ipadapter)"]
    assert parameter(flow, "image").description == "Goes into IPAdapterEncoder (node 5)"
    assert shown(blend(("a.png", "b.png"), class_type="Apply_InstantID")) == [
        "Image (instantid)",
        "Image 2 (instantid)",
    ]


def test_the_kind_of_a_guide_says_more_than_a_file():
    flow = blend(("a.png", "kitchen.png"), class_type="IPAdapterEncoder")
    assert shown(flow) == ["Image (ipadapter)", "Image 2 (ipadapter)"]
    # And a file says nothing that another picture is for.
    assert shown(blend(("kitchen depth.png", "canny.png"))) == ["Image (kitchen)", ""]


def test_pictures_stand_in_the_order_of_what_is_made_whatever_is_shown_first():
    flow = blend(("a.png", "b.png"))
    graph: dict[str, Any] = {
        "00": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
        **flow.graph,
    }
    found = read(graph)
    assert parameter(found, "image").feeds == (("0", "image"),)
    assert parameter(found, "image_2").feeds == (("1", "image"),)


def test_else_a_picture_is_called_by_what_works_on_it():
    graph = dict(blend(("a.png", "b.png"), class_type="ApplyHairTransfer").graph)
    graph["8"] = {"class_type": "ImageResizeSomehow", "inputs": {"image": ["0", 0]}}
    graph["9"] = {"class_type": "HairRemover", "inputs": {"image": ["0", 0]}}
    graph["5"] = {
        "class_type": "ApplyHairTransfer",
        "inputs": {"image1": ["9", 0], "image2": ["1", 0]},
    }
    assert shown(read(graph)) == ["Image (hair remover)", "Image 2 (hair transfer)"]


def test_a_node_whose_name_says_nothing_gives_none():
    assert shown(blend(("a.png", "b.png"), class_type="ApplyNode")) == ["", ""]
    assert shown(blend(("a.png", "b.png"), class_type="加载")) == ["", ""]


def test_words_of_files_that_only_say_how_large_they_are_say_nothing():
    assert shown(blend(("IMG Large.jpeg", "image small.png"))) == ["", ""]


HIGH, LOW = "high noise", "low noise"


@pytest.mark.parametrize(
    ("files", "halves"),
    [
        (["wan2.2_high_noise_14B.gguf", "wan2.2_low_noise_14B.gguf"], [HIGH, LOW]),
        (["Wan/HIGH/a.safetensors", "x_LowNoise.gguf", "x_HighNoise.gguf"], ["", LOW, HIGH]),
        (["high_detail.safetensors", "low_poly.safetensors"], ["", ""]),
        (["Wan2_2-T2V-HN.safetensors", "Wan2_2-T2V-LN.safetensors"], [HIGH, LOW]),
        (["low_1.gguf", "plain.safetensors", "high_2.gguf"], [LOW, "", HIGH]),
        (["high_quality.safetensors", "plain.safetensors"], ["", ""]),
        (["highlands.safetensors", "lowlands.safetensors"], ["", ""]),
        (["high.safetensors"], [""]),
        ([], []),
    ],
)
def test_models_say_for_which_half_of_a_sampling_they_are(files: list[str], halves: list[str]):
    assert noises(files) == halves


def test_loras_and_their_strengths_say_it_as_their_models_do():
    graph: dict[str, Any] = {"9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}}}
    latent = ["5", 0]
    graph["5"] = {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512}}
    graph["6"] = {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["7", 0]}}
    graph["7"] = {"class_type": "CLIPLoader", "inputs": {"clip_name": "c.safetensors"}}
    for at, half in enumerate(("high", "low")):
        loader, lora, sampler = f"{at}1", f"{at}2", f"{at}3"
        graph[loader] = {
            "class_type": "UNETLoader",
            "inputs": {"unet_name": f"wan_{half}_noise.safetensors"},
        }
        graph[lora] = {
            "class_type": "LoraLoaderModelOnly",
            "inputs": {
                "model": [loader, 0],
                "lora_name": f"fast_{half}.safetensors",
                "strength_model": 1.0,
            },
        }
        graph[sampler] = {
            "class_type": "KSampler",
            "inputs": {
                "model": [lora, 0],
                "positive": ["6", 0],
                "negative": ["6", 0],
                "latent_image": latent,
                "seed": 1,
            },
        }
        latent = [sampler, 0]
    graph["8"] = {"class_type": "VAEDecode", "inputs": {"samples": latent}}
    found = {one.name: one.label for one in read(graph).parameters if one.label}
    assert found == {
        "model": "Model (high noise)",
        "model_2": "Model 2 (low noise)",
        "lora": "Lora (high noise)",
        "lora_2": "Lora 2 (low noise)",
        "lora_strength": "Lora strength (high noise)",
        "lora_strength_2": "Lora strength 2 (low noise)",
    }
