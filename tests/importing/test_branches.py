"""A part of a graph that never runs neither blocks the others nor lends them its values."""

import json
from typing import Any

import pytest

from imagine.catalog import Catalog
from imagine.importing.reading import read_workflow
from imagine.profiles import load_profiles
from imagine.registry.availability import problems
from imagine.registry.entries import Entry
from imagine.registry.from_import import entry_of
from tests.catalogs import object_info
from tests.importing.samples import parameter, read

INFO = object_info(checkpoints=["one.safetensors"], loras=["ink.safetensors"])
CATALOG = Catalog.from_object_info(INFO)


def node(class_type: str, _title: str | None = None, **inputs: Any) -> dict[str, Any]:
    meta = {"_meta": {"title": _title}} if _title else {}
    return {"class_type": class_type, "inputs": inputs, **meta}


def painting(**others: dict[str, Any]) -> dict[str, Any]:
    """Return a graph that saves a picture of 640 by 512, with other nodes before it."""
    words: dict[str, Any] = {"clip": ["n1", 1]}
    sampled: dict[str, Any] = {"seed": 7, "steps": 20, "cfg": 7.0, "sampler_name": "euler"}
    return {
        **others,
        "n1": node("CheckpointLoaderSimple", ckpt_name="one.safetensors"),
        "n2": node("CLIPTextEncode", text="a fox", **words),
        "n3": node("CLIPTextEncode", text="blurry", **words),
        "n4": node("EmptyLatentImage", width=640, height=512, batch_size=1),
        "n5": node(
            "KSampler",
            model=["n1", 0],
            positive=["n2", 0],
            negative=["n3", 0],
            latent_image=["n4", 0],
            scheduler="normal",
            denoise=1.0,
            **sampled,
        ),
        "n6": node("VAEDecode", samples=["n5", 0], vae=["n1", 2]),
        "n7": node("SaveImage", images=["n6", 0], filename_prefix="fox"),
    }


def scaling(title: str | None = None, **inputs: Any) -> dict[str, Any]:
    size = {"upscale_method": "area", "width": 96, "height": 64, "crop": "disabled"}
    return node("ImageScale", title, **{**size, **inputs})


def shown(source: str = "a1") -> dict[str, Any]:
    return node("PreviewImage", "Look", images=[source, 0])


def left_out(**others: dict[str, Any]) -> list[str]:
    """Return the notes on a graph that is as good as without these nodes."""
    flow = read(painting(**others), CATALOG)
    assert flow.graph.keys() == painting().keys()
    assert flow.problems == ()
    return list(flow.notes)


def entry(document: dict[str, Any]) -> Entry:
    return entry_of(
        read(document, CATALOG), id="it", name="It", profiles=load_profiles(), catalog=CATALOG
    )


# --- What is left out


def test_an_output_that_gets_no_picture_on_its_way_is_left_out_and_a_note_says_why():
    notes = left_out(a1=scaling("Resize"), a2=shown())
    assert notes == ["Look (PreviewImage) is left out: Resize (ImageScale) gets no image."]


def test_an_output_that_nothing_leads_to_is_left_out():
    assert left_out(a1=node("SaveImage", filename_prefix="x")) == [
        "SaveImage (node a1) is left out: it gets no images."
    ]


def test_nothing_in_place_of_a_link_is_no_link():
    assert left_out(a1=scaling(image=None), a2=shown()) != []


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        (["gone", 0], "gets its image from node gone, which is not there"),
        (["n6", 4], "gets its image from slot 4 of VAEDecode (node n6), which is not there"),
        (["n6"], "gets its image from nowhere"),
        (["n6", "0"], "gets its image from nowhere"),
    ],
)
def test_an_output_behind_a_link_to_nowhere_is_left_out(link: list[Any], reason: str):
    (note,) = left_out(a1=scaling(image=link), a2=shown())
    assert note == f"Look (PreviewImage) is left out: ImageScale (node a1) {reason}."


def test_a_link_to_nowhere_breaks_an_optional_input_too():
    blend = node("ImageCompositeMasked", x=0, y=0, resize_source=False, mask=["gone", 0])
    blend["inputs"] |= {"destination": ["n6", 0], "source": ["n6", 0]}
    (note,) = left_out(a1=blend, a2=shown())
    assert "mask from node gone" in note


def test_an_output_behind_a_file_that_nobody_chose_is_left_out():
    lora = node("LoraLoaderModelOnly", lora_name="", strength_model=1.0, model=["n1", 0])
    sampler = {**painting()["n5"]["inputs"], "model": ["a1", 0]}
    decoded = node("VAEDecode", samples=["a2", 0], vae=["n1", 2])
    (note,) = left_out(a1=lora, a2=node("KSampler", **sampler), a3=decoded, a4=shown("a3"))
    assert note == (
        "Look (PreviewImage) is left out: LoraLoaderModelOnly (node a1) has no lora_name."
    )


def test_a_second_kept_output_that_is_broken_is_left_out_as_well():
    saved = node("SaveImage", images=["a1", 0], filename_prefix="big")
    assert len(left_out(a1=scaling(), a2=saved)) == 1


def test_outputs_with_the_same_name_and_mistake_are_told_once():
    assert len(left_out(a1=scaling(), a2=shown(), a3=shown())) == 1


def test_what_another_output_needs_stays():
    mixed = node("ImageBatch", image1=["a1", 0])
    flow = read(
        painting(a1=scaling(image=["n6", 0]), a2=mixed, a3=shown("a2"), a4=shown()), CATALOG
    )
    assert flow.graph.keys() == {*painting(), "a1", "a4"}


# --- What stays


def kept_as_it_is(document: dict[str, Any], catalog: Catalog | None = CATALOG) -> list[str]:
    """Return the problems of a graph of which nothing is left out."""
    flow = read_workflow(json.dumps(document).encode(), catalog)
    assert flow.graph.keys() == document.keys()
    assert not any("left out" in note for note in flow.notes)
    return [problem.message or "" for problem in flow.problems or ()]


@pytest.mark.parametrize(
    "inputs",
    [
        {"image": ["n6", 0], "width": 10**9},
        {"image": ["n6", 0], "crop": "somehow"},
        {"image": ["n1", 0]},
    ],
)
def test_a_value_that_cannot_be_here_stays_a_problem(inputs: dict[str, Any]):
    assert len(kept_as_it_is(painting(a1=scaling(**inputs), a2=shown()))) == 1


def test_a_model_that_is_not_installed_stays_a_problem():
    lora = node("LoraLoaderModelOnly", lora_name="oil.pt", strength_model=1.0, model=["n1", 0])
    sampler = {**painting()["n5"]["inputs"], "model": ["a1", 0]}
    decoded = node("VAEDecode", samples=["a2", 0], vae=["n1", 2])
    document = painting(a1=lora, a2=node("KSampler", **sampler), a3=decoded, a4=shown("a3"))
    (problem,) = kept_as_it_is(document)
    assert "oil.pt" in problem


@pytest.mark.parametrize("loose", [{}, {"a2": scaling(image=["a1", 0])}], ids=["end", "loose"])
def test_an_unknown_node_stays_a_problem_also_where_nothing_runs(loose: dict[str, Any]):
    document = painting(a1=node("SomebodysSharpener", image=["n6", 0]), **loose)
    assert len(kept_as_it_is(document)) == 1


def test_the_only_output_stays_with_its_mistake():
    document = painting()
    del document["n5"]["inputs"]["latent_image"]
    (problem,) = kept_as_it_is(document)
    assert "latent_image" in problem


@pytest.mark.parametrize(
    "remaining",
    [
        {"a1": node("PreviewAny", source="words")},
        {"a1": node("LoadImage", image="a.png"), "a2": shown()},
        {
            "a1": node("LoadImage", image="a.png"),
            "a2": node("SaveImage", images=["a1", 0], filename_prefix="copy"),
        },
    ],
    ids=["a text", "a picture that is shown", "a picture that nothing paints"],
)
def test_what_a_workflow_is_for_does_not_go_in_favour_of_something_less(remaining: dict[str, Any]):
    document = painting(**remaining)
    del document["n5"]["inputs"]["latent_image"]
    assert len(kept_as_it_is(document)) == 1


def test_what_tidies_up_is_no_reason_to_go():
    purge = {
        "input": {"required": {"anything": ["*"]}},
        "output": ["*"],
        "output_node": True,
    }
    catalog = Catalog.from_object_info({**INFO, "PurgeVRAM": purge})
    document = painting(a1=node("PurgeVRAM", anything=["n6", 0]))
    document["n7"] = shown("a2")
    document["a2"] = node("ImageBatch", image1=["n6", 0])
    assert len(kept_as_it_is(document, catalog)) == 1


def test_a_picture_that_is_only_shown_is_enough_where_nothing_leads_to_what_saves():
    document = painting(a1=shown("n6"))
    del document["n7"]["inputs"]["images"]
    flow = read(document, CATALOG)
    assert [output.node_id for output in flow.outputs] == ["a1"]
    assert flow.problems == ()


def test_a_value_that_has_a_default_is_no_reason_to_go():
    scaled = scaling(image=["n6", 0])
    del scaled["inputs"]["width"]
    document = painting(a1=scaled, a2=shown())
    assert kept_as_it_is(document) == []
    assert read(document, CATALOG).graph["a1"]["inputs"]["width"] == 512


def test_a_picture_that_is_yet_to_be_chosen_is_no_reason_to_go():
    document = painting(a1=node("LoadImage", image=""), a2=scaling(image=["a1", 0]), a3=shown("a2"))
    assert read(document, CATALOG).graph.keys() == document.keys()


def test_without_a_list_of_nodes_nothing_is_left_out():
    document = painting(a1=scaling(), a2=shown(), a3=node("LoadImage", image="a.png"))
    assert kept_as_it_is(document, None) == []


# --- What lends no values


def test_a_branch_that_is_left_out_lends_no_size():
    flow = read(painting(a1=scaling(), a2=shown()), CATALOG)
    assert [parameter(flow, name).default for name in ("width", "height")] == [640, 512]


LOOSE = {
    "a picture": {"a1": node("LoadImage", image="a.png")},
    "a scaled picture": {
        "a1": node("LoadImage", image="a.png"),
        "a2": scaling(image=["a1", 0]),
    },
    "a sampler": {"a1": {**painting()["n5"], "inputs": {**painting()["n5"]["inputs"], "seed": 1}}},
    "words": {"a1": node("CLIPTextEncode", text="a hen", clip=["n1", 1])},
    "an unknown node": {
        "a1": node("SomebodysLoader", width=1, prompt="a hen", image="a.png"),
        "a2": scaling(image=["a1", 0]),
    },
    "a broken branch": {
        "a1": node("LoadImage", image="a.png"),
        "a2": node("ImageBatch", image1=["a1", 0]),
        "a3": shown("a2"),
    },
}


@pytest.mark.parametrize("name", LOOSE)
def test_nodes_that_no_output_needs_lend_no_parameter(name: str):
    usual, made = entry(painting()), entry(painting(**LOOSE[name]))
    assert made.parameters == usual.parameters
    assert made.category == "text-to-image"


def test_a_note_says_nothing_of_nodes_that_do_not_run():
    document = painting(a1=node("CLIPTextEncode", text="{red|green}", clip=["n1", 1]))
    assert read(document, CATALOG).notes == ()


def test_a_loose_node_does_not_make_an_optional_picture_needed():
    masked = node("ImageCompositeMasked", x=0, y=0, resize_source=False, mask=["a2", 0])
    masked["inputs"] |= {"destination": ["a1", 0], "source": ["n6", 0]}
    document = painting(
        a1=node("LoadImage", image="a.png"), a2=node("LoadImageMask", image="b.png", channel="red")
    )
    document["n7"]["inputs"]["images"] = ["n8", 0]
    document["n8"] = masked
    loose = node("SetLatentNoiseMask", samples=["n5", 0], mask=["a2", 0])
    mask = entry({**document, "n9": loose}).parameter("mask")
    assert mask is not None
    assert not mask.required


def test_such_a_workflow_can_be_run():
    made = entry(
        painting(a1=scaling(), a2=node("SaveImage", images=["a1", 0], filename_prefix="x"))
    )
    assert problems(made, CATALOG, load_profiles()) == ()
    assert any("is left out" in note for note in made.notes)


# --- The form of the page


def test_an_open_slot_of_the_page_leaves_its_output_out():
    page = {
        "nodes": [
            {"id": 1, "type": "EmptyImage", "widgets_values": [64, 64, 1, 0], "inputs": []},
            {
                "id": 2,
                "type": "SaveImage",
                "widgets_values": ["x"],
                "inputs": [{"name": "images", "type": "IMAGE", "link": 9}],
            },
            {
                "id": 3,
                "type": "ImageInvert",
                "title": "Negative of a film",
                "inputs": [{"name": "image", "type": "IMAGE", "link": None}],
            },
            {
                "id": 4,
                "type": "PreviewImage",
                "inputs": [{"name": "images", "type": "IMAGE", "link": 10}],
            },
        ],
        "links": [[9, 1, 0, 2, 0, "IMAGE"], [10, 3, 0, 4, 0, "IMAGE"]],
        "version": 0.4,
    }
    flow = read(page, CATALOG)
    assert flow.graph.keys() == {"1", "2"}
    assert flow.notes == (
        "Preview Image (PreviewImage) is left out: Negative of a film (ImageInvert) gets no image.",
    )
