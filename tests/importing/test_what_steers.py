"""What comes first in graphs of packs, on an engine that has these: with names and types."""

from typing import Any

import pytest

from imagine.catalog import Catalog
from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from tests.catalogs import recorded_info
from tests.importing.samples import edited, parameter, read


def of(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def kind(outputs: list[str], **inputs: Any) -> dict[str, Any]:
    """Return what an engine tells of a node."""
    return {"input": {"required": inputs}, "output": outputs, "output_node": False}


def engine(**kinds: dict[str, Any]) -> Catalog:
    """Return an engine with some nodes more than those of ComfyUI."""
    return Catalog.from_object_info({**recorded_info(), **kinds})


def main(flow: Imported) -> list[str]:
    return [one.name for one in flow.parameters if one.rank is Rank.MAIN]


def test_numbers_of_a_list_are_a_choice():
    packs = engine(SomebodysDoubler=kind(["IMAGE"], image=["IMAGE"], times=[[1, 2, 4]]))
    document = {
        "1": of("LoadImage", image="a.png"),
        "2": of("SomebodysDoubler", image=["1", 0], times=2),
        "3": of("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    found = parameter(read(document, packs), "times")
    assert (found.type, found.choices, found.default) == ("choice", (1, 2, 4), 2)


def two_of_a_pack(title: str) -> dict[str, Any]:
    """Return a graph with two nodes alike, of which one has a title."""
    second = of("SomebodysWiderOfPictures", image=["2", 0], resolution=2048, most=9)
    return {
        "1": of("LoadImage", image="a.png"),
        "2": of("SomebodysWiderOfPictures", image=["1", 0], resolution=1024, only_here=8),
        "3": {**second, "_meta": {"title": title}},
        "4": of("SaveImage", images=["3", 0], filename_prefix="x"),
    }


def test_of_a_long_title_only_so_much_is_in_a_name_that_its_input_stays_whole():
    flow = read(two_of_a_pack("The Wider of Pictures by Somebody (v12.5.10)"))
    names = {one.feeds[0]: one.name for one in flow.parameters}
    assert names["3", "resolution"] == "the_wider_of_pictures_by_resolution"
    assert names["2", "resolution"] == "somebodys_wider_of_pictures_resolution"


def test_a_name_that_only_one_input_has_needs_no_title():
    names = {one.feeds[0]: one.name for one in read(two_of_a_pack("The second")).parameters}
    assert (names["2", "only_here"], names["3", "most"]) == ("only_here", "most")
    assert names["3", "resolution"] == "the_second_resolution"


def test_what_a_title_in_another_script_has_of_latin_letters_is_no_name():
    for title in ("放大图像 ab v2", "Увеличение x2", "高清 HD"):
        names = {one.feeds[0]: one.name for one in read(two_of_a_pack(title)).parameters}
        assert names["3", "resolution"].startswith("somebodys_wider_of_pictures_resolution")
    names = {one.feeds[0]: one.name for one in read(two_of_a_pack("Größer, naïve → 2K")).parameters}
    assert names["3", "resolution"] == "groer_naive_2_k_resolution"


LARGER = kind(
    ["IMAGE"],
    image=["IMAGE"],
    seed=["INT", {"default": 1, "min": 0, "max": 99}],
    resolution=["INT", {"default": 1080}],
    max_resolution=["INT", {"default": 0}],
    preset=[["fast", "best"]],
    sharpen_mode=["BOOLEAN", {"default": True}],
    batch_size=["INT", {"default": 1}],
    tile_size=["INT", {"default": 512}],
    offload_device=[["cpu", "cuda"]],
    color_depth=["INT", {"default": 8}],
    **{f"curve_{n}": ["INT", {"default": 0}] for n in "abcd"},
)


def larger() -> dict[str, Any]:
    values = {"seed": 5, "resolution": 2160, "max_resolution": 4000, "preset": "best"}
    plumbing = {"batch_size": 1, "tile_size": 512, "offload_device": "cpu", "color_depth": 8}
    curve = {f"curve_{n}": 0 for n in "abcd"}
    return {
        "1": of("LoadImage", image="a.png"),
        "2": of(
            "SomebodysLarger", image=["1", 0], sharpen_mode=True, **values, **plumbing, **curve
        ),
        "3": of("SaveImage", images=["2", 0], filename_prefix="x"),
    }


def test_a_graph_without_prompt_and_sampler_is_set_by_what_its_nodes_make():
    flow = read(larger(), engine(SomebodysLarger=LARGER))
    told = ["resolution", "max_resolution", "preset", "sharpen_mode"]
    assert sorted(main(flow)) == sorted(["image", "seed", *told])
    behind = {one.name for one in flow.parameters} - {*main(flow)}
    assert {"tile_size", "offload_device", "color_depth", "curve_a"} <= behind


def test_where_so_little_can_be_set_all_that_steers_comes_first():
    document = larger()
    inputs = document["2"]["inputs"]
    document["2"]["inputs"] = {n: v for n, v in inputs.items() if not n.startswith("curve")}
    wanted = LARGER["input"]["required"]
    few = kind(["IMAGE"], **{n: v for n, v in wanted.items() if not n.startswith("curve")})
    flow = read(document, engine(SomebodysLarger=few))
    assert "color_depth" in main(flow)
    assert {"tile_size", "offload_device"}.isdisjoint(main(flow))


def test_what_a_loader_has_alike_does_not_lengthen_a_name_that_comes_first():
    loader = kind(["OPTIONS"], resolution=["INT", {"default": 8}])
    whole = {**LARGER["input"]["required"], "options": ["OPTIONS"]}
    packs = engine(SomebodysLarger=kind(["IMAGE"], **whole), SomebodysLoader=loader)
    document = larger() | {"4": of("SomebodysLoader", resolution=8)}
    document["2"]["inputs"]["options"] = ["4", 0]
    flow = read(document, packs)
    assert parameter(flow, "resolution").feeds == (("2", "resolution"),)
    assert "resolution" in main(flow)
    assert not rank_of(flow, "4", "resolution")


def rank_of(flow: Imported, node_id: str, name: str) -> bool:
    """Say whether an input comes first."""
    return any(one.rank is Rank.MAIN for one in flow.parameters if (node_id, name) in one.feeds)


def test_by_how_much_a_sampled_picture_is_made_larger_comes_after_the_size():
    document = edited("sd15_api")
    saving = next(n for n in document.values() if n["class_type"] == "SaveImage")
    scaling = of("ImageScaleBy", image=saving["inputs"]["images"], scale_by=1.5)
    scaling["inputs"]["upscale_method"] = "bicubic"
    saving["inputs"]["images"] = ["50", 0]
    flow = read(document | {"50": scaling})
    names = main(flow)
    assert names[names.index("height") + 1] == "scale_by"
    assert not rank_of(flow, "50", "upscale_method")


def test_by_how_much_a_picture_is_scaled_before_it_is_sampled_stays_behind():
    document = edited("sd15_api")
    sampler = next(n for n in document.values() if n["class_type"] == "KSampler")
    vae = next(n for n in document.values() if n["class_type"] == "VAEDecode")["inputs"]["vae"]
    sampler["inputs"]["latent_image"] = ["52", 0]
    flow = read(
        document
        | {
            "50": of("LoadImage", image="a.png"),
            "51": of("ImageScaleBy", image=["50", 0], upscale_method="area", scale_by=0.5),
            "52": of("VAEEncode", pixels=["51", 0], vae=vae),
        }
    )
    assert not rank_of(flow, "51", "scale_by")


def controlled() -> dict[str, Any]:
    """Return the usual graph with a ControlNet, and a model of movement beside its model."""
    document = edited("sd15_api")
    sampler = next(n for n in document.values() if n["class_type"] == "KSampler")["inputs"]
    applied = of("ControlNetApplyAdvanced", strength=0.7, start_percent=0, end_percent=1)
    ends = {"positive": sampler["positive"], "negative": sampler["negative"]}
    applied["inputs"] |= {**ends, "control_net": ["51", 0], "image": ["50", 0]}
    moving = of("SomebodysAnimateDiffApply", model=sampler["model"], motion=["53", 0])
    sampler |= {"positive": ["52", 0], "negative": ["52", 1], "model": ["54", 0]}
    return document | {
        "50": of("LoadImage", image="a.png"),
        "51": of("ControlNetLoader", control_net_name="depth.safetensors"),
        "52": applied,
        "53": of("SomebodysAnimateDiffLoader", model_name="moving.safetensors"),
        "54": moving,
    }


def test_what_guides_a_sampling_comes_after_its_loras_with_its_strength():
    flow = read(controlled())
    names = main(flow)
    at = names.index("controlnet")
    assert names[at - 2 : at + 3] == [
        "model",
        "motion_model",
        "controlnet",
        "controlnet_strength",
        "width",
    ]
    assert parameter(flow, "motion_model").feeds == (("53", "model_name"),)
    assert parameter(flow, "controlnet_strength").default == 0.7


def test_the_model_of_a_later_sampler_comes_first_too():
    document = edited("sd15_api")
    first = next(key for key, n in document.items() if n["class_type"] == "KSampler")
    second = of("KSampler", **document[first]["inputs"])
    second["inputs"] |= {"model": ["60", 0], "latent_image": [first, 0], "denoise": 0.4}
    decoder = next(n for n in document.values() if n["class_type"] == "VAEDecode")
    decoder["inputs"]["samples"] = ["61", 0]
    loader = of("UNETLoader", unet_name="low.safetensors", weight_dtype="default")
    names = main(read(document | {"60": loader, "61": second}))
    assert names[names.index("model") + 1] == "model_2"


def test_the_file_of_a_vae_is_no_model_whatever_its_input_is_called():
    document = larger() | {
        "4": of("SomebodysModelLoader", model="upscaler.safetensors"),
        "5": of("SomebodysVAELoader", model="vae.safetensors"),
    }
    document["2"]["inputs"] |= {"dit": ["4", 0], "decoder": ["5", 0]}
    flow = read(document)
    assert parameter(flow, "vae").rank is Rank.MORE
    assert "model" in main(flow)
    assert "model_2" not in main(flow)


def test_a_size_that_stands_again_in_the_same_run_is_one():
    document = edited("sd15_api")
    sampler = next(n for n in document.values() if n["class_type"] == "KSampler")["inputs"]
    latent = document[sampler["latent_image"][0]]["inputs"]
    latent |= {"width": 768, "height": 640}
    shift = of("ModelSamplingFlux", model=sampler["model"], max_shift=1.15, base_shift=0.5)
    shift["inputs"] |= {"width": 768, "height": 640}
    text = document[sampler["positive"][0]]["inputs"]["clip"]
    told = of("CLIPTextEncodeSDXL", clip=text, text_g="a fox", text_l="a fox", crop_w=0, crop_h=0)
    told["inputs"] |= {"width": 4096, "height": 4096, "target_width": 768, "target_height": 640}
    sampler |= {"model": ["70", 0], "positive": ["71", 0]}
    at = next(key for key, n in document.items() if n["inputs"] is latent)
    flow = read(document | {"70": shift, "71": told})
    assert set(parameter(flow, "width").feeds) == {
        (at, "width"),
        ("70", "width"),
        ("71", "target_width"),
    }
    assert parameter(flow, "height").feeds[0] == (at, "height")


def test_a_seed_where_no_noise_is_added_stays_as_it_is():
    document = edited("sd15_api")
    first = next(key for key, n in document.items() if n["class_type"] == "KSampler")
    inputs = document[first]["inputs"]
    sampling = inputs | {"noise_seed": 7, "end_at_step": 10, "start_at_step": 0}
    for name in ("seed", "denoise"):
        del sampling[name]
    on = {"add_noise": "enable", "return_with_leftover_noise": "enable"}
    off = {"add_noise": "disable", "return_with_leftover_noise": "disable"}
    document[first] = of("KSamplerAdvanced", **sampling | on)
    later = sampling | off | {"noise_seed": 0, "start_at_step": 10, "latent_image": [first, 0]}
    decoder = next(n for n in document.values() if n["class_type"] == "VAEDecode")
    decoder["inputs"]["samples"] = ["80", 0]
    flow = read(document | {"80": of("KSamplerAdvanced", **later)})
    still = next(one for one in flow.parameters if ("80", "noise_seed") in one.feeds)
    assert (still.type, still.default, still.rank) == ("int", 0, Rank.MORE)
    assert parameter(flow, "seed").feeds == ((first, "noise_seed"),)


def test_a_file_to_work_on_pictures_with_is_no_second_model():
    document = controlled()
    document["52"]["inputs"]["image"] = ["55", 0]
    document["55"] = of("SomebodysDepthFinder", image=["50", 0], ckpt_name="depth.pth")
    flow = read(document)
    assert not rank_of(flow, "55", "ckpt_name")


def test_what_a_graph_for_programs_lacks_by_now_gets_its_default_and_a_note():
    document = edited("sd15_api")
    del document["3"]["inputs"]["denoise"]
    flow = read(document)
    assert (flow.problems, flow.graph["3"]["inputs"]["denoise"]) == (
        read(edited("sd15_api")).problems,
        1.0,
    )
    assert any("needs denoise by now; it is 1.0." in note for note in flow.notes)


def test_a_file_in_place_of_words_and_sigmas_in_place_of_steps_come_first():
    packs = engine(
        WordsFromFile=kind(["CONDITIONING"], words=[["fox.bin", "owl.bin"]]),
        Noises=kind(["SIGMAS"], sigmas=["STRING", {"default": "1, 0"}]),
    )
    document = edited("sd15_api")
    for encoder in ("6", "7"):
        document[encoder] = of("WordsFromFile", words="fox.bin")
    inputs = document["3"]["inputs"]
    document["20"] = of("Noises", sigmas="1, 0.5, 0")
    document["21"] = of("KSamplerSelect", sampler_name="euler")
    names = ("model", "positive", "negative", "latent_image")
    given = {name: inputs[name] for name in names}
    document["3"] = of(
        "SamplerCustom",
        add_noise=True,
        noise_seed=5,
        cfg=7,
        sigmas=["20", 0],
        sampler=["21", 0],
        **given,
    )
    first = main(read(document, packs))
    assert {"sigmas", "words"} <= {
        name.rpartition("_")[2] if "words" in name else name for name in first
    }


def test_what_a_sampler_without_a_latent_is_told_of_its_result_comes_first():
    packs = engine(
        SomebodysFilmer=kind(
            ["IMAGE"],
            model=["MODEL"],
            prompt=["STRING", {"default": ""}],
            seed=["INT", {"default": 0}],
            steps=["INT", {"default": 20}],
            resolution=[["480p", "720p"]],
            num_segments=["INT", {"default": 4}],
            tile_size=["INT", {"default": 512}],
        )
    )
    document = {
        "1": of("UNETLoader", unet_name="film.safetensors", weight_dtype="default"),
        "2": of(
            "SomebodysFilmer",
            model=["1", 0],
            prompt="a fox",
            seed=1,
            steps=20,
            resolution="480p",
            num_segments=4,
            tile_size=512,
        ),
        "3": of("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    first = main(read(document, packs))
    assert {"prompt", "seed", "steps", "resolution", "num_segments"} <= {*first}
    assert "tile_size" not in first


def test_what_is_written_in_another_script_has_its_own_name_as_a_label():
    asked = {"缩放长度": ["INT", {"default": 1280, "min": 8, "max": 8192}]}
    document = edited("sd15_api")
    saving = next(n for n in document.values() if n["class_type"] == "SaveImage")
    document["50"] = of("SomebodysScaler", image=saving["inputs"]["images"], 缩放长度=1280)
    saving["inputs"]["images"] = ["50", 0]
    flow = read(document, engine(SomebodysScaler=kind(["IMAGE"], image=["IMAGE"], **asked)))
    made = next(one for one in flow.parameters if ("50", "缩放长度") in one.feeds)
    assert (made.name, made.label) == ("somebodys_scaler", "缩放长度")


def test_what_a_pack_called_otherwise_keeps_its_value():
    packs = engine(
        VHS_VideoCombine={
            **kind(
                [],
                images=["IMAGE"],
                frame_rate=["FLOAT", {"default": 8, "min": 1}],
                save_output=["BOOLEAN", {"default": True}],
            ),
            "output_node": True,
        }
    )
    document = edited("sd15_api")
    saving = next(n for n in document if document[n]["class_type"] == "SaveImage")
    pictures = document[saving]["inputs"]["images"]
    document[saving] = of("VHS_VideoCombine", images=pictures, frame_rate=8, save_image=False)
    flow = read(document, packs)
    inputs = flow.graph[saving]["inputs"]
    assert (inputs["save_output"], "save_image" in inputs) == (False, False)


def test_a_loader_that_reads_a_folder_of_its_own_takes_no_upload():
    packs = engine(**{"LoadVideo [n-suite]": kind(["IMAGE"], video=[["a.mp4", "b.mp4"]])})
    document = {
        "1": of("LoadVideo [n-suite]", video="a.mp4"),
        "2": of("SaveImage", images=["1", 0], filename_prefix="x"),
    }
    made = next(one for one in read(document, packs).parameters if ("1", "video") in one.feeds)
    assert made.type == "choice"


def test_the_guidance_that_stands_beside_the_texts_is_the_guidance():
    document = edited("sd15_api")
    for encoder in ("6", "7"):
        clip = document[encoder]["inputs"]["clip"]
        document[encoder] = {
            "class_type": "CLIPTextEncodeFlux",
            "inputs": {"clip": clip, "clip_l": encoder, "t5xxl": encoder, "guidance": 3.5},
        }
    flow = read(document)
    assert parameter(flow, "guidance").feeds == (("6", "guidance"),)
    assert parameter(flow, "guidance").rank == "main"
    assert set(parameter(flow, "prompt").feeds) == {("6", "clip_l"), ("6", "t5xxl")}


def test_the_seed_of_what_writes_beside_the_texts_is_in_front_after_that_of_the_sampler():
    document = edited("sd15_api")
    for encoder in ("6", "7"):
        document[encoder] = {
            "class_type": "SomebodysSongEncoder",
            "inputs": {**document[encoder]["inputs"], "seed": int(encoder)},
        }
    song = kind(["CONDITIONING"], clip=["CLIP"], text=["STRING"], seed=["INT", {"min": 0}])
    flow = read(document, engine(SomebodysSongEncoder=song))
    assert parameter(flow, "seed").feeds == (("3", "seed"),)
    assert parameter(flow, "seed_2").feeds == (("6", "seed"),)
    assert {parameter(flow, name).rank for name in ("seed", "seed_2")} == {Rank.MAIN}


def test_what_samples_for_an_upscaler_is_a_later_sampler_and_shows_its_seed():
    document = edited("sd15_api")
    sampling = {name: document["3"]["inputs"][name] for name in ("model", "positive", "negative")}
    document["30"] = of("SomebodysProvider", **sampling, seed=5, steps=7, cfg=3.0, denoise=0.6)
    document["31"] = of("SomebodysLargener", samples=["3", 0], upscaler=["30", 0])
    document["8"]["inputs"]["samples"] = ["31", 0]
    flow = read(document)
    for name in ("seed", "steps", "cfg", "denoise"):
        (feed,) = (one.feeds for one in flow.parameters if ("30", name) in one.feeds)
        assert feed == (("30", name),)
        assert parameter(flow, f"somebodys_provider_{name}").rank is Rank.MAIN
        assert parameter(flow, name).feeds == (("3", name),)


def test_the_steps_of_a_node_that_holds_several_settings_are_found_by_a_word_of_their_name():
    document = edited("sd15_api")
    document["20"] = of("SomebodysConfig", steps_total=30, refiner_step=24, cfg=7.0)
    document["3"]["inputs"] |= {"steps": ["20", 0], "cfg": ["20", 2]}
    flow = read(document)
    assert parameter(flow, "steps").feeds == (("20", "steps_total"),)
    assert parameter(flow, "cfg").feeds == (("20", "cfg"),)


def test_of_two_settings_that_could_be_meant_none_is():
    document = edited("sd15_api")
    document["20"] = of("SomebodysConfig", steps_high=30, steps_low=24)
    document["3"]["inputs"] |= {"steps": ["20", 0]}
    assert "steps" not in {one.name for one in read(document).parameters}


def test_how_often_a_latent_is_repeated_is_how_many_are_made():
    document = edited("sd15_api")
    document["20"] = of("VAEEncode", pixels=["21", 0], vae=["4", 2])
    document["21"] = of("LoadImage", image="fox.png")
    document["22"] = of("RepeatLatentBatch", samples=["20", 0], amount=4)
    document["3"]["inputs"]["latent_image"] = ["22", 0]
    found = parameter(read(document), "batch_size")
    assert (found.feeds, found.rank) == ((("22", "amount"),), Rank.MAIN)


def test_a_latent_that_is_empty_has_its_own_count_and_not_that_of_its_repetition():
    document = edited("sd15_api")
    document["22"] = of("RepeatLatentBatch", samples=["5", 0], amount=4)
    document["3"]["inputs"]["latent_image"] = ["22", 0]
    assert parameter(read(document), "batch_size").feeds == (("5", "batch_size"),)


@pytest.mark.parametrize(
    ("title", "value", "rank"),
    [
        ("How long", 3, Rank.MAIN),
        ("How fast", 1.5, Rank.MAIN),
        ("", 3, Rank.MORE),
        ("Which way", "left", Rank.MORE),
    ],
)
def test_a_titled_node_that_only_holds_a_number_is_in_front(title: str, value: Any, rank: Rank):
    document = edited("sd15_api")
    document["20"] = {**of("SomebodysHolder", held=value), "_meta": {"title": title}}
    document["21"] = of("SomebodysMaths", a=["20", 0], model=["4", 0], b=2, c=3)
    document["3"]["inputs"]["model"] = ["21", 0]
    (found,) = (one for one in read(document).parameters if ("20", "held") in one.feeds)
    assert found.rank is rank


@pytest.mark.parametrize(
    ("wanted", "inputs"),
    [
        ("seed", {"seed_mode": "random", "value": 77}),
        ("cfg", {"cfg_rescale": 0.7, "value": 6.5}),
        ("steps", {"max_steps": 50, "value": 20}),
        ("steps", {"steps_total": "many", "value": 20}),
    ],
)
def test_a_setting_is_not_taken_for_another_that_has_its_word(wanted: str, inputs: dict[str, Any]):
    document = edited("sd15_api")
    document["20"] = of("SomebodysConfig", **inputs)
    document["3"]["inputs"] |= {wanted: ["20", 0]}
    assert wanted not in {one.name for one in read(document).parameters}
