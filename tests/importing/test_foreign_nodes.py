"""What other servers mark as inputs becomes parameters, and runs without their nodes."""

from typing import Any

import pytest

from imagine.importing.parameters import Rank
from tests.importing.samples import edited, node, parameter, read, values


def graph(**nodes: dict[str, Any]) -> dict[str, Any]:
    """Return the usual graph with some nodes more, or others."""
    return {**edited("sd15_api"), **{key.strip("n"): node for key, node in nodes.items()}}


def of(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def test_a_value_of_comfydeploy_has_its_name_range_and_description():
    document = graph(
        n50=of(
            "ComfyUIDeployExternalNumberSlider",
            input_id="detail",
            default_value=6.5,
            min_value=1,
            max_value=12,
            display_name="How strict",
        )
    )
    document["3"]["inputs"]["cfg"] = ["50", 0]
    flow = read(document)
    found = parameter(flow, "detail")
    assert (found.default, found.min, found.max, found.rank) == (6.5, 1, 12, Rank.MAIN)
    assert found.feeds == (("3", "cfg"),)
    assert values(flow.graph, "3")["cfg"] == 6.5
    assert "50" not in flow.graph


def test_a_text_of_comfydeploy_is_the_text_wherever_it_goes():
    document = graph(
        n50=of("ComfyUIDeployExternalText", input_id="positive_prompt", default_value="a hut")
    )
    document["6"]["inputs"]["text"] = ["50", 0]
    assert parameter(read(document), "positive_prompt").default == "a hut"


def test_a_seed_of_another_server_that_draws_is_drawn():
    document = graph(
        n50=of(
            "SwarmInputInteger", title="My Seed", value=-1, min=-1, max=99, view_type="seed", step=1
        )
    )
    document["3"]["inputs"]["seed"] = ["50", 0]
    assert parameter(read(document), "my_seed").default == -1


def test_a_step_is_taken_with_the_range_and_what_is_advanced_stands_behind():
    document = graph(
        n50=of(
            "SwarmInputInteger", title="Steps", value=12, min=4, max=40, step=2, is_advanced=True
        )
    )
    document["3"]["inputs"]["steps"] = ["50", 0]
    found = parameter(read(document), "steps")
    assert (found.min, found.max, found.step, found.rank) == (4, 40, 2, Rank.MORE)


@pytest.mark.parametrize(
    ("class_type", "inputs", "name"),
    [
        ("ComfyUIDeployExternalImage", {"input_id": "portrait"}, "portrait"),
        ("ETN_LoadImageBase64", {"image": "aGk="}, "image"),
        ("SwarmLoadImageB64", {"image_base64": ""}, "image"),
        ("SwarmInputImage", {"title": "My Photo", "value": ""}, "my_photo"),
    ],
)
def test_their_pictures_are_loaded_as_all_others_are(class_type, inputs, name):
    document = graph(
        n50=of(class_type, **inputs), n51=of("VAEEncode", pixels=["50", 0], vae=["4", 2])
    )
    document["3"]["inputs"]["latent_image"] = ["51", 0]
    flow = read(document)
    assert flow.graph["50"]["class_type"] == "LoadImage"
    assert parameter(flow, name).type == "image"
    assert [p for p in flow.problems or () if p.parameter == "class_type"] == []


def test_the_picture_that_stands_in_for_a_missing_one_is_the_default():
    document = graph(
        n49=of("LoadImage", image="stand-in.png"),
        n50=of("ComfyUIDeployExternalImage", input_id="photo", default_value=["49", 0]),
        n51=of("VAEEncode", pixels=["50", 0], vae=["4", 2]),
    )
    document["3"]["inputs"]["latent_image"] = ["51", 0]
    assert parameter(read(document), "photo").default == "stand-in.png"


def test_a_mask_in_base64_is_a_mask():
    document = graph(
        n50=of("ETN_LoadMaskBase64", mask=""),
        n51=of("SetLatentNoiseMask", samples=["5", 0], mask=["50", 0]),
    )
    document["3"]["inputs"]["latent_image"] = ["51", 0]
    flow = read(document)
    assert values(flow.graph, "50") == {"image": "", "channel": "red"}
    assert parameter(flow, "mask").type == "mask"


def test_what_they_send_over_a_socket_is_saved():
    document = edited("sd15_api")
    document["9"] = of("ETN_SendImageWebSocket", images=["8", 0], format="PNG")
    flow = read(document)
    assert flow.graph["9"]["class_type"] == "SaveImage"
    assert [(output.kind, output.is_kept) for output in flow.outputs] == [("image", True)]


def test_on_the_page_they_are_read_as_well():
    document = edited("sd15_default")
    document["nodes"].append(
        {
            "id": 50,
            "type": "ComfyUIDeployExternalNumberInt",
            "inputs": [],
            "outputs": [{"name": "value", "type": "INT", "links": [900]}],
            "widgets_values": ["how_many_steps", 14, "Steps", ""],
        }
    )
    document["links"].append([900, 50, 0, 3, 4, "INT"])
    node(document, 3)["inputs"].append(
        {"name": "steps", "type": "INT", "link": 900, "widget": {"name": "steps"}}
    )
    flow = read(document)
    assert parameter(flow, "how_many_steps").default == 14
    assert flow.notes == ()


def test_an_address_is_no_name():
    document = graph(
        n50=of("ComfyUIDeployExternalImage", input_id="https://pictures.example/a.png"),
        n51=of("VAEEncode", pixels=["50", 0], vae=["4", 2]),
    )
    document["3"]["inputs"]["latent_image"] = ["51", 0]
    assert parameter(read(document), "image").default == ""


@pytest.mark.parametrize(
    ("class_type", "inputs", "told"),
    [
        ("LoadImageFromBase64", {"data": "aGk="}, "Base64"),
        ("easy loadImageBase64", {"base64_data": "", "image_output": "Hide"}, "Base64"),
        ("LoadImageFromUrl", {"url": "a.example/b.png"}, "an address"),
    ],
)
def test_a_picture_from_a_text_of_any_pack_is_a_picture(class_type, inputs, told):
    document = graph(
        n50=of(class_type, **inputs),
        n51=of("VAEEncodeForInpaint", pixels=["50", 0], vae=["4", 2], mask=["50", 1]),
    )
    document["3"]["inputs"]["latent_image"] = ["51", 0]
    flow = read(document)
    assert flow.graph["50"]["class_type"] == "LoadImage"
    assert parameter(flow, "image").feeds == (("50", "image"),)
    assert [note for note in flow.notes if note.endswith(f"in place of {told}.")]


def test_what_gives_another_thing_than_a_picture_stays():
    document = graph(
        n50=of("LoadLatentFromBase64", data="aGk="), n51=of("ImageToBase64", image=["8", 0])
    )
    document["3"]["inputs"]["latent_image"] = ["50", 0]
    assert read(document).graph["50"]["class_type"] == "LoadLatentFromBase64"


# --- CozyGen


@pytest.mark.parametrize(
    ("class_type", "value", "target", "type_"),
    [
        ("CozyGenIntInput", 14, "steps", "int"),
        ("CozyGenFloatInput", 6.5, "cfg", "float"),
        ("CozyGenChoiceInput", "heun", "sampler_name", "choice"),
    ],
)
def test_a_value_of_cozygen_is_one_of_the_node_that_it_goes_to(class_type, value, target, type_):
    place = "default_choice" if class_type == "CozyGenChoiceInput" else "default_value"
    document = graph(n50=of(class_type, param_name="My Own", **{place: value}))
    document["3"]["inputs"][target] = ["50", 0]
    flow = read(document)
    found = parameter(flow, "my_own")
    assert (found.default, found.type, found.rank) == (value, type_, Rank.MAIN)
    assert found.feeds == (("3", target),)
    assert (values(flow.graph, "3")[target], "50" in flow.graph) == (value, False)
    assert [p for p in flow.problems or () if p.parameter == "class_type"] == []


def test_a_number_of_cozygen_has_its_range_and_step():
    ends = {"min_value": 4, "max_value": 40, "step": 2, "priority": 10}
    document = graph(n50=of("CozyGenIntInput", param_name="Steps", default_value=12, **ends))
    document["3"]["inputs"]["steps"] = ["50", 0]
    found = parameter(read(document), "steps")
    assert (found.default, found.min, found.max, found.step) == (12, 4, 40, 2)


def test_a_text_of_cozygen_is_the_text():
    words = {"param_name": "Positive Prompt", "default_value": "a hut", "display_multiline": True}
    document = graph(n50=of("CozyGenStringInput", **words))
    document["6"]["inputs"]["text"] = ["50", 0]
    found = parameter(read(document), "positive_prompt")
    assert (found.default, found.type, found.feeds) == ("a hut", "text", (("6", "text"),))


def test_a_switch_of_cozygen_is_a_switch():
    document = graph(
        n50=of("CozyGenBoolInput", param_name="Remember it", default_value=True),
        n51=of("SomebodysKeeper", image=["8", 0], keep=["50", 0]),
    )
    document["9"]["inputs"]["images"] = ["51", 0]
    flow = read(document)
    found = parameter(flow, "remember_it")
    assert (found.default, found.type, found.feeds) == (True, "bool", (("51", "keep"),))


def test_a_picture_of_cozygen_is_loaded_as_all_others_are():
    document = graph(
        n50=of("CozyGenImageInput", param_name="Photo"),
        n51=of("VAEEncode", pixels=["50", 0], vae=["4", 2]),
    )
    document["3"]["inputs"]["latent_image"] = ["51", 0]
    flow = read(document)
    assert flow.graph["50"]["class_type"] == "LoadImage"
    assert (parameter(flow, "photo").type, parameter(flow, "photo").default) == ("image", "")


def test_a_yes_or_no_of_cozygen_is_a_number_where_one_belongs():
    document = graph(n50=of("CozyGenBoolInput", param_name="Two", default_value=True))
    document["5"]["inputs"]["batch_size"] = ["50", 0]
    assert type(values(read(document).graph, "5")["batch_size"]) is int
