"""Whatever a file holds: it is read, or refused with one of our own errors."""

import json
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagine.errors import WorkflowError
from imagine.importing.reading import read_workflow
from tests.importing.samples import NAMES, edited, recorded

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
    st.text(max_size=4),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read_or_refuse(data: bytes) -> None:
    for catalog in (recorded(), None):
        with suppress(WorkflowError):
            read_workflow(data, catalog)


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
