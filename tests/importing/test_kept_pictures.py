"""Files of which a pack keeps a small picture in the value: what is sent is the file's name."""

from typing import Any

import pytest

from imagine.importing.reading import Imported
from tests.importing.samples import edited, parameter, read, values
from tests.importing.test_what_steers import engine, kind, of

FILES = ["x.safetensors", "y.safetensors"]
KNOWN = engine(SomebodysStyler=kind(["MODEL"], model=["MODEL"], lora_name=[FILES], weight=["INT"]))


def for_programs(value: Any, weight: Any = 3) -> Imported:
    document = edited("sd15_api")
    document["20"] = of("SomebodysStyler", model=["4", 0], lora_name=value, weight=weight)
    document["3"]["inputs"]["model"] = ["20", 0]
    return read(document, KNOWN)


def of_the_page(widgets: Any) -> Imported:
    """Read a page's file whose model goes through a styler (20) to where it is saved."""
    document = edited("sd15_default")
    sampler = next(n for n in document["nodes"] if n["type"] == "KSampler")
    loader = next(n for n in document["nodes"] if n["type"].startswith("CheckpointLoader"))
    into = next(slot for slot in sampler["inputs"] if slot["name"] == "model")
    links = document["links"]
    into["link"] = 902
    slots = [{"name": "model", "type": "MODEL", "link": 901}]
    outputs = [{"name": "MODEL", "type": "MODEL", "links": [902]}]
    document["nodes"].append(
        {
            "id": 20,
            "type": "SomebodysStyler",
            "inputs": slots,
            "outputs": outputs,
            "widgets_values": widgets,
        }
    )
    at = sampler["inputs"].index(into)
    links += [[901, loader["id"], 0, 20, 0, "MODEL"], [902, 20, 0, sampler["id"], at, "MODEL"]]
    return read(document, KNOWN)


KEPT = [
    {"content": "x.safetensors", "image": None},
    {"content": "x.safetensors", "image": "x.png"},
    {"content": "x.safetensors"},
]


@pytest.mark.parametrize("kept", KEPT)
def test_a_file_with_a_picture_of_it_is_the_file_in_both_formats(kept: dict[str, Any]):
    flows = [for_programs(kept), of_the_page([kept, 3]), of_the_page({"lora_name": kept})]
    for flow in flows:
        assert values(flow.graph, "20")["lora_name"] == "x.safetensors"
        one = parameter(flow, "lora")
        assert (one.feeds, one.default) == ((("20", "lora_name"),), "x.safetensors")
        assert one.choices == tuple(FILES)
        assert not any(problem.parameter == "lora_name" for problem in flow.problems or ())


@pytest.mark.parametrize("kept", [{"content": 3}, {"content": None}, {"image": None}, {}])
def test_what_holds_no_name_of_a_file_stays_as_it_is(kept: dict[str, Any]):
    assert values(for_programs(kept).graph, "20")["lora_name"] == kept


def test_an_object_that_says_something_else_beside_stays_without_harm():
    flow = for_programs("x.safetensors", weight={"on": True, "value": 3})
    assert values(flow.graph, "20")["weight"] == {"on": True, "value": 3}
    assert parameter(flow, "prompt").feeds == (("6", "text"),)


@pytest.mark.parametrize(("value", "sent"), [(True, 1), (False, 0)])
def test_beside_it_a_yes_is_still_a_number_where_one_belongs(value: bool, sent: int):
    found = values(for_programs(KEPT[0], weight=value).graph, "20")["weight"]
    assert (found, type(found)) == (sent, int)
