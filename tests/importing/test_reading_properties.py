"""Whatever a file holds: it becomes an entry, or is refused with one of our own errors."""

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagine.errors import WorkflowError
from imagine.importing.power_loras import POWER_LORA
from imagine.importing.reading import read_workflow
from imagine.profiles import load_profiles
from imagine.registry.entry_text import Notation, make_entry, read_text, write_entry
from imagine.registry.from_import import entry_of
from tests.importing.samples import NAMES, edited, read, recorded

# Twice as much to read may take little more than twice the calls; comparing all takes four times.
MOST_GROWTH = 2.6

KEYS = st.sampled_from(
    [
        *("nodes", "links", "id", "type", "inputs", "outputs", "widgets_values", "mode", "title"),
        *("properties", "proxyWidgets", "definitions", "subgraphs", "extra", "groupNodes", "name"),
        *("class_type", "_meta", "prompt", "workflow", "link", "widget", "linearData", "origin_id"),
        *("origin_slot", "target_id", "target_slot", "external", "config", "order", "1", "3"),
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 12),
    st.floats(),
    st.sampled_from(["KSampler", "CLIPTextEncode", "Reroute", "PrimitiveNode", "SaveImage", "1"]),
    st.sampled_from(["GetNode", "SetNode", "LoadImage", "workflow/x", "-10", "-20", "", "*"]),
    st.sampled_from([10**400, "\ud83d", "a.b", "lora.safetensors", "Power Lora Loader (rgthree)"]),
    st.text(max_size=4),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PROFILES = load_profiles()


def read_or_refuse(data: bytes) -> None:
    for catalog in (recorded(), None):
        with suppress(WorkflowError):
            flow = read_workflow(data, catalog)
            made = entry_of(flow, id="it", name="It", profiles=PROFILES, catalog=catalog)
            told = read_text(write_entry(made, "it.json"), Notation.TOML)
            assert told.pop("graph") == "it.json"
            assert make_entry(told, made.graph, stem="it", source=made.source, file="") == made


@QUICK
@given(VALUES)
def test_any_json_is_read_or_refused(value):
    read_or_refuse(json.dumps(value).encode())


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    read_or_refuse(data)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in a document, as container and key."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        here = waiting.pop()
        keys = here.keys() if isinstance(here, dict) else range(len(here))
        for key in list(keys):
            found.append((here, key))
            if isinstance(here[key], dict | list):
                waiting.append(here[key])
    return found


@QUICK
@given(st.data())
def test_a_workflow_with_anything_in_any_place_is_read_or_refused(data):
    document = edited(data.draw(st.sampled_from(NAMES)))
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(document)))
        container[key] = data.draw(VALUES)
    read_or_refuse(json.dumps(document).encode())


# What nobody drew: loaders of several LoRAs in circles, joined texts, stages and sizes by links.
TANGLED: dict[str, Any] = {
    "1": ("CheckpointLoaderSimple", {"ckpt_name": "a.safetensors"}),
    "2": (POWER_LORA, {"model": ["1", 0], "clip": ["1", 1], "lora_1": {"on": False}}),
    "3": (POWER_LORA, {"model": ["2", 0], "lora_1": {"lora": "b.safetensors", "strength": 1}}),
    "4": ("Joiner", {"text_a": "a fox in the snow", "text_b": ["5", 0]}),
    "5": ("PrimitiveStringMultiline", {"value": "at night"}),
    "6": ("CLIPTextEncode", {"clip": ["2", 1], "text": ["4", 0]}),
    "7": ("PrimitiveInt", {"value": 512}),
    "8": ("SizePicker", {"resolution": "square", "size": ["7", 0]}),
    "9": ("EmptyLatentImage", {"width": ["8", 0], "height": ["8", 1], "batch_size": 1}),
    "10": ("KSamplerAdvanced", {"model": ["3", 0], "positive": ["6", 0], "steps": ["7", 0]}),
    "11": ("KSamplerAdvanced", {"model": ["3", 0], "positive": ["6", 0], "start_at_step": 9}),
    "12": ("LoadImage", {"image": "a cat.png"}),
    "13": ("GroundingDinoSegment", {"image": ["12", 0], "prompt": "face"}),
    "14": ("VAEDecode", {"samples": ["11", 0], "vae": ["1", 2]}),
    "15": ("SaveImage", {"images": ["14", 0], "filename_prefix": "a"}),
    "16": ("Stacker", {"model": ["1", 0], "lora_01": "None", "strength_01": 1.0}),
}


@QUICK
@given(st.data())
def test_a_graph_with_links_and_values_in_any_place_is_read_or_refused(data):
    graph = {n: {"class_type": kind, "inputs": {**told}} for n, (kind, told) in TANGLED.items()}
    graph["10"]["inputs"]["latent_image"] = ["9", 0]
    graph["11"]["inputs"]["latent_image"] = ["10", 0]
    feeds = [(node, name) for node in graph.values() for name in node["inputs"]]
    links = st.tuples(st.sampled_from(list(graph)), st.integers(-1, 2)).map(list)
    for _ in range(data.draw(st.integers(1, 8))):
        node, name = data.draw(st.sampled_from(feeds))
        node["inputs"][name] = data.draw(links | links | VALUES)
    read_or_refuse(json.dumps(graph).encode())


@pytest.mark.parametrize(
    ("class_type", "link", "values"),
    [
        ("LoraLoaderModelOnly", "model", {"lora_name": "a.safetensors", "strength_model": 1.0}),
        (POWER_LORA, "model", {"lora_1": {"on": True, "lora": "a.safetensors", "strength": 1}}),
        (POWER_LORA, "model", {"lora_1": {"on": False, "lora": "a.safetensors"}}),
        ("CR LoRA Stack", "lora_stack", {"lora_name_1": "a.safetensors", "model_weight_1": 1.0}),
        ("MathExpression", "width", {"expression": "a"}),
        ("LatentUpscaleBy", "samples", {"scale_by": 1.5}),
    ],
)
def test_a_long_row_of_nodes_is_read_without_comparing_each_with_all(
    class_type: str, link: str, values: dict[str, Any]
):
    def row(length: int) -> dict[str, Any]:
        document = edited("sd15_api")
        end = {"model": ["4", 0], "samples": ["5", 0]}.get(link, 1)
        for at in range(length):
            document[f"n{at}"] = {"class_type": class_type, "inputs": {link: end, **values}}
            end = [f"n{at}", 0]
        document["apply"] = {"class_type": "Apply", "inputs": {"model": ["4", 0], link: end}}
        used = {"samples": "latent_image", "width": "width"}.get(link, "model")
        document["5" if link == "width" else "3"]["inputs"][used] = (
            ["apply", 0] if link == "lora_stack" else end
        )
        return document

    assert growth(row) < MOST_GROWTH


def test_hundreds_of_pictures_and_sizes_by_links_are_read_once_each():
    def many(count: int) -> dict[str, Any]:
        loaders = {
            f"n{at}": {"class_type": "LoadImage", "inputs": {"image": f"{at}.png"}}
            for at in range(count)
        }
        sizes: dict[str, Any] = {
            f"s{at}": {
                "class_type": "AspectRows",
                "inputs": {"width": [f"s{at + 1}", 0], "height": [f"s{at + 1}", 0]},
            }
            for at in range(count)
        }
        joined = {"class_type": "Many", "inputs": {f"image_{n}": [n, 0] for n in loaders}}
        return edited("sd15_api") | loaders | sizes | {"many": joined}

    assert growth(many) < MOST_GROWTH


def growth(document: Callable[[int], dict[str, Any]]) -> float:
    """Return how many times as many calls it takes to read twice as much."""
    read(document(200))  # what is remembered from now on is not counted
    return calls_of(document(800)) / calls_of(document(400))


def calls_of(document: dict[str, Any]) -> int:
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(counted)
    try:
        read(document)
    finally:
        sys.setprofile(None)
    return count
