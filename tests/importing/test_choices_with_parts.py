"""Choices that bring inputs along: ``resize_type``, and ``resize_type.width`` with one of them."""

import json
from typing import Any

import pytest

from imagine.catalog import Catalog
from imagine.importing.fields import ParameterType
from imagine.importing.reading import Imported
from imagine.preflight import preflight
from imagine.profiles import load_profiles
from imagine.registry.entries import Entry
from imagine.registry.entry_text import Notation, make_entry, read_text, write_entry
from imagine.registry.filling import fill
from imagine.registry.from_import import entry_of
from imagine.registry.settling import settle
from tests.catalogs import recorded_info
from tests.importing.samples import parameter, read, values
from tests.registry.samples import PICTURES, link


def options(**inputs: dict[str, Any]) -> list[Any]:
    listed = [{"key": key.replace("_", " "), "inputs": parts} for key, parts in inputs.items()]
    return ["COMFY_DYNAMICCOMBO_V3", {"options": listed}]


RESIZE = {
    "input": {
        "required": {
            "input": ["IMAGE,MASK", {}],
            "resize_type": options(
                scale_dimensions={
                    "required": {
                        "width": ["INT", {"default": 512, "min": 0, "max": 8192}],
                        "height": ["INT", {"default": 768, "min": 0, "max": 8192}],
                        "crop": ["COMBO", {"options": ["disabled", "center"]}],
                    }
                },
                scale_by_multiplier={
                    "required": {"multiplier": ["FLOAT", {"default": 1.0, "min": 0.01, "max": 8.0}]}
                },
                match_size={"required": {"match": ["IMAGE,MASK", {}]}},
                none={},
            ),
            "scale_method": ["COMBO", {"options": ["nearest-exact", "area", "lanczos"]}],
        }
    },
    "output": ["IMAGE"],
}
SAMPLING = {
    "required": {
        "temperature": ["FLOAT", {"default": 0.7, "min": 0.01, "max": 2.0}],
        "top_k": ["INT", {"default": 64, "min": 0, "max": 1000}],
        "seed": ["INT", {"default": 0, "min": 0, "max": 2**64 - 1, "control_after_generate": True}],
    }
}
WRITE = {
    "input": {
        "required": {
            "clip": ["CLIP", {}],
            "prompt": ["STRING", {"multiline": True}],
            "max_length": ["INT", {"default": 256, "min": 1, "max": 2048}],
            "sampling_mode": options(on=SAMPLING, off={}),
        },
        "optional": {
            "thinking": ["BOOLEAN", {"default": False}],
            "use_default_template": ["BOOLEAN", {"default": True}],
        },
    },
    "output": ["STRING"],
}
NESTED = {
    "input": {
        "required": {
            "model": options(
                large={"required": {"size": options(own={"required": {"width": ["INT", {}]}})}},
                small={},
            ),
            "steps": ["INT", {"default": 4}],
        }
    },
    "output": ["IMAGE"],
}
CATALOG = Catalog.from_object_info(
    recorded_info() | {"Resize": RESIZE, "Write": WRITE, "Nested": NESTED}
)
PROFILES = load_profiles()
PICTURE = link(0)


def resizing(widgets: Any, inputs: tuple[str, ...] = ()) -> Imported:
    """Read a page's file with a Resize; ``inputs``: the slots that its widgets have."""
    slots = [{"name": name, "type": "*", "widget": {"name": name}} for name in inputs]
    return page("Resize", [{"name": "input", "type": "IMAGE,MASK", "link": 1}, *slots], widgets)


def page(class_type: str, inputs: list[dict[str, Any]], widgets: Any) -> Imported:
    nodes: list[dict[str, Any]] = [
        {"id": 1, "type": "LoadImage", "widgets_values": ["fox.png", "image"]},
        {"id": 2, "type": class_type, "inputs": inputs, "widgets_values": widgets},
        {
            "id": 3,
            "type": "SaveImage",
            "inputs": [{"name": "images", "type": "IMAGE", "link": 2}],
            "widgets_values": ["fox"],
        },
    ]
    links = [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"]]
    return read({"nodes": nodes, "links": links}, CATALOG)


def set_values(flow: Imported) -> dict[str, Any]:
    return {n: v for n, v in values(flow.graph, "2").items() if not isinstance(v, list)}


def entry(flow: Imported) -> Entry:
    made = entry_of(flow, id="resize", name="Resize", profiles=PROFILES, catalog=CATALOG)
    text = write_entry(made, "resize.json")
    graph = json.loads(json.dumps(made.graph))
    read_back = read_text(text, Notation.TOML)
    return make_entry(
        read_back, graph, stem="resize", source=made.source, file=made.file, text=text
    )


@pytest.mark.parametrize(
    ("widgets", "found"),
    [
        (
            ["scale by multiplier", 0.5, "area"],
            {
                "resize_type": "scale by multiplier",
                "resize_type.multiplier": 0.5,
                "scale_method": "area",
            },
        ),
        (
            ["scale dimensions", 640, 480, "center", "lanczos"],
            {
                "resize_type": "scale dimensions",
                "resize_type.width": 640,
                "resize_type.height": 480,
                "resize_type.crop": "center",
                "scale_method": "lanczos",
            },
        ),
        (["none", "area"], {"resize_type": "none", "scale_method": "area"}),
        (["match size", "area"], {"resize_type": "match size", "scale_method": "area"}),
    ],
)
def test_what_is_chosen_says_which_values_follow(widgets, found):
    assert set_values(resizing(widgets)) == found


def test_values_of_optional_inputs_stand_behind_the_parts_of_a_required_choice():
    widgets = ["hello", 512, "on", 0.9, 40, 7, "randomize", True, False]
    flow = page("Write", [{"name": "clip", "type": "CLIP"}], widgets)
    assert set_values(flow) == {
        "prompt": "hello",
        "max_length": 512,
        "sampling_mode": "on",
        "sampling_mode.temperature": 0.9,
        "sampling_mode.top_k": 40,
        "sampling_mode.seed": 7,
        "thinking": True,
        "use_default_template": False,
    }
    assert ("2", "sampling_mode.seed") in flow.left_to_chance
    assert parameter(flow, "sampling_mode_seed").type == ParameterType.SEED


def test_slots_of_some_widgets_change_nothing():
    widgets = ["scale by multiplier", 0.5, "area"]
    slots = ("resize_type", "resize_type.multiplier", "scale_method")
    assert set_values(resizing(widgets, slots)) == set_values(resizing(widgets))
    assert set_values(resizing(widgets, slots[2:])) == set_values(resizing(widgets))


def test_the_parts_of_a_choice_that_is_not_there_are_named_by_their_slots():
    slots = ("resize_type", "resize_type.factor", "scale_method")
    assert set_values(resizing(["scale by factor", 2, "area"], slots)) == {
        "resize_type": "scale by factor",
        "resize_type.factor": 2,
        "scale_method": "area",
    }


def test_choices_within_choices_are_followed():
    assert set_values(page("Nested", [], ["large", "own", 640, 8])) == {
        "model": "large",
        "model.size": "own",
        "model.size.width": 640,
        "steps": 8,
    }


def test_what_a_file_leaves_out_is_filled_in_as_the_page_does():
    flow = resizing([])
    assert set_values(flow) == {
        "resize_type": "scale dimensions",
        "resize_type.width": 512,
        "resize_type.height": 768,
        "resize_type.crop": "disabled",
        "scale_method": "nearest-exact",
    }
    assert flow.problems == ()


def test_the_choice_and_its_parts_are_fields_with_their_ranges():
    flow = resizing(["scale dimensions", 640, 480, "center", "lanczos"])
    kind = parameter(flow, "resize_type")
    # What needs another picture cannot be chosen where there is none.
    assert kind.choices == ("scale dimensions", "scale by multiplier", "none")
    assert (kind.type, kind.default) == (ParameterType.CHOICE, "scale dimensions")
    parts = {one.feeds[0][1]: one for one in flow.parameters}
    assert (parts["resize_type.width"].type, parts["resize_type.width"].max) == ("int", 8192)
    assert parts["resize_type.crop"].choices == ("disabled", "center")
    settled = next(one for one in settle(entry(flow), CATALOG, PROFILES) if one.choices)
    assert settled.choices == kind.choices


def test_what_is_chosen_already_stays_a_choice():
    assert "match size" in parameter(resizing(["match size", "area"]), "resize_type").choices


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (
            {"resize_type": "scale by multiplier"},
            {"resize_type": "scale by multiplier", "resize_type.multiplier": 1.0},
        ),
        ({"resize_type": "none", "resize_type_width": 64}, {"resize_type": "none"}),
        (
            {"resize_type_width": 64},
            {
                "resize_type": "scale dimensions",
                "resize_type.width": 64,
                "resize_type.height": 480,
                "resize_type.crop": "center",
            },
        ),
    ],
)
def test_another_choice_brings_its_own_parts_and_takes_the_others_away(given, sent):
    one = entry(resizing(["scale dimensions", 640, 480, "center", "lanczos"]))
    made = fill(
        one,
        {"image": PICTURE, **given},
        images=PICTURES,
        catalog=CATALOG,
        filename_prefix="imagine/a",
    )
    sent = {"input": ["1", 0], "scale_method": "lanczos", **sent}
    assert values(made.graph, "2") == sent
    assert preflight(made.graph, CATALOG) == ()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"resize_type": "scale by multiplier", "resize_type.multiplier": 0.5}, None),
        ({"resize_type": "scale by multiplier"}, "resize_type.multiplier is missing"),
        ({"resize_type": "scale dimensions", "resize_type.multiplier": 0.5}, "width is missing"),
        ({"resize_type": "scale by multiplier", "resize_type.multiplier": 99}, "takes"),
        ({"resize_type": "by eye"}, "resize_type is by eye"),
        ({}, "the input resize_type is missing"),
    ],
)
def test_what_is_wrong_with_a_choice_or_its_parts_is_told(given, told):
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "fox.png"}},
        "2": {
            "class_type": "Resize",
            "inputs": {"input": ["1", 0], "scale_method": "area", **given},
        },
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "a"}},
    }
    problems = preflight(graph, CATALOG)
    assert bool(problems) == (told is not None)
    assert told is None or told in str(problems[0].message)
