"""Values of well-known nodes have names also where no engine tells them, and never wrong ones."""

import pytest

from imagine.importing.known_widgets import known_values
from tests.importing.samples import edited, node, read, values


@pytest.mark.parametrize(
    ("class_type", "given", "named"),
    [
        ("UnetLoaderGGUF", ["a.gguf"], {"unet_name": "a.gguf"}),
        ("IPAdapter", [0.8, 0, 1], {"weight": 0.8, "start_at": 0, "end_at": 1}),
        ("VRAM_Debug", [True, False, True], {"gc_collect": False}),
        ("Seed (rgthree)", [7, "", "", ""], {"seed": 7}),
        ("LoadImage", ["a.png", "image"], {"image": "a.png"}),
        ("Image Comparer (rgthree)", [], {}),
    ],
)
def test_values_get_their_names(class_type, given, named):
    found = known_values(class_type, given)
    assert found is not None
    assert found.items() >= named.items()


@pytest.mark.parametrize(
    ("class_type", "given"),
    [
        ("SomebodysNode", [1]),
        ("UnetLoaderGGUF", [8]),
        ("UnetLoaderGGUF", ["a.gguf", "another", "and more"]),
        ("ImageResize+", [512, 512]),
        ("VRAM_Debug", [1, 0, 1]),
    ],
)
def test_values_that_do_not_fit_what_is_known_stay_without_names(class_type, given):
    assert known_values(class_type, given) is None


def test_what_only_the_page_keeps_is_no_value_of_an_unknown_node():
    document = edited("sd15_default")
    document["nodes"].append(
        {
            "id": 60,
            "type": "SomebodysViewer",
            "inputs": [{"name": "images", "type": "IMAGE", "link": 900}],
            "widgets_values": [[{"url": "/view?x"}], None],
        }
    )
    document["links"].append([900, 8, 0, 60, 0, "IMAGE"])
    flow = read(document)
    assert values(flow.graph, "60") == {"images": ["8", 0]}
    assert flow.notes == ()


def test_values_that_a_file_names_itself_need_no_list():
    document = edited("sd15_default")
    sampler = node(document, 3)
    sampler["widgets_values_named"] = {"seed": 8, "steps": 31, "control_after_generate": "fixed"}
    sampler["type"] = "SomebodysSampler"
    given = values(read(document).graph, "3")
    assert (given["seed"], given["steps"]) == (8, 31)
    assert "control_after_generate" not in given


def test_names_of_a_file_win_over_the_order_and_leave_out_what_is_only_of_the_page():
    document = edited("sd15_default")
    node(document, 5)["widgets_values_named"] = {"height": 640, "width": 384, "fixed": "fixed"}
    given = values(read(document).graph, "5")
    assert (given["width"], given["height"], given["batch_size"]) == (384, 640, 1)
    assert "fixed" not in given
