"""Whether an engine can run a workflow, and what its entry asks for in vain."""

from imagine.catalog import Catalog
from imagine.errors import Detail
from imagine.registry.availability import problems, reason, remarks
from imagine.registry.entries import Entry, Parameter
from tests.catalogs import recorded_info
from tests.registry.samples import PROFILES, engine, entry, graph, imported, node, parameter

ENGINE = engine()
STEPS = parameter("steps", "int", "5.steps")
MODEL = parameter("model", "model", "1.ckpt_name")


def told(made: Entry, **models: tuple[str, ...]) -> list[str]:
    return [one.message or "" for one in problems(made, engine(**models), PROFILES)]


def of(*parameters: Parameter, **nodes: object) -> Entry:
    return entry(*parameters, nodes=graph() | {k.removeprefix("n"): v for k, v in nodes.items()})


def test_what_runs_has_no_problems() -> None:
    assert problems(entry(STEPS, MODEL), ENGINE, PROFILES) == ()
    assert reason(()) is None
    assert problems(imported("app_mode"), ENGINE, PROFILES) == ()


def test_a_model_that_is_missing_is_no_problem_while_another_one_does() -> None:
    assert told(entry(MODEL), checkpoints=("ponyDiffusionV6XL.safetensors",)) == []
    assert told(entry(MODEL), checkpoints=("sd_xl_refiner_1.0.safetensors",)) == [
        "model: sd_xl_base_1.0.safetensors is not installed, and nothing like it. "
        "Put it into ComfyUI's models/checkpoints, or choose another one."
    ]
    assert told(entry(MODEL), checkpoints=()) == [
        "model: sd_xl_base_1.0.safetensors is not installed, and nothing like it. "
        "Put it into ComfyUI's models/checkpoints."
    ]


def test_a_model_that_nothing_sets_is_told_by_the_preflight() -> None:
    [message] = told(entry(STEPS), checkpoints=("other.safetensors",))
    assert message.startswith("Model (CheckpointLoaderSimple): ckpt_name is sd_xl_base_1.0")


def test_a_node_that_is_missing_is_told_with_where_to_get_it() -> None:
    found = problems(imported("animatediff"), ENGINE, PROFILES)
    assert "ComfyUI-AnimateDiff-Evolved" in (reason(found) or "")


def test_pictures_are_taken_for_given() -> None:
    assert told(imported("upscale_model"), upscale_models=("4x-UltraSharp.pth",)) == []


def test_a_picture_has_to_feed_what_loads_pictures() -> None:
    pack = {"input": {"required": {"image": ["STRING", {}]}}, "output": ["IMAGE", "MASK"]}
    there = Catalog.from_object_info(recorded_info() | {"ETN_LoadImageBase64": pack})
    made = entry(
        parameter("image", "image", "1.image"),
        nodes={
            "1": node("ETN_LoadImageBase64", image=""),
            "2": node("SaveImage", images=["1", 0], filename_prefix="a"),
        },
    )
    assert reason(problems(made, there, PROFILES)) == (
        "image feeds image of ETN_LoadImageBase64 (node 1), which does not load an uploaded "
        "picture. Let it feed a LoadImage."
    )
    assert "ETN_LoadImageBase64" in (reason(problems(made, ENGINE, PROFILES)) or "")


def test_a_seed_is_tried_with_the_least_that_its_node_takes() -> None:
    pack = {"input": {"required": {"seed": ["INT", {"min": 1, "max": 99}]}}, "output": ["INT"]}
    there = Catalog.from_object_info(recorded_info() | {"SomebodysDice": pack})
    dice = {"class_type": "SomebodysDice", "inputs": {"seed": 7}}
    sampler = graph()["5"]
    sampler = sampler | {"inputs": {**sampler["inputs"], "seed": ["90", 0]}}
    made = of(parameter("seed", "seed", "90.seed"), n90=dice, n5=sampler)
    assert not [one for one in problems(made, there, PROFILES) if one.parameter == "seed"]


def test_a_feed_that_leads_to_no_input_is_told() -> None:
    assert told(entry(parameter("steps", "int", "5.stepz"))) == [
        "steps feeds stepz of Sampling (KSampler), which has no such input. Change its feeds."
    ]


def test_a_type_that_its_node_does_not_take_is_told() -> None:
    assert told(entry(parameter("words", "text", "5.steps"))) == [
        "words feeds steps of Sampling (KSampler), which takes a whole number. Change its type."
    ]
    assert told(entry(parameter("cfg", "int", "5.cfg"))) == []
    assert told(entry(parameter("sampler", "text", "5.sampler_name"))) == []


def test_more_than_a_node_takes_is_a_remark_and_nothing_in_common_a_problem() -> None:
    wide = entry(parameter("steps", "int", "5.steps", min=1, max=20000))
    assert told(wide) == []
    assert remarks(wide, ENGINE, PROFILES) == (
        "steps asks for 1–20000, and its node takes 1–10000.",
    )
    assert remarks(entry(STEPS), ENGINE, PROFILES) == ()
    none = entry(parameter("steps", "int", "5.steps", min=20000, max=30000))
    assert remarks(none, ENGINE, PROFILES) == ()
    assert told(none) == [
        "steps would take 20000–30000, and what it feeds takes 1–10000. Change its min and max."
    ]


def test_a_model_of_another_family_that_stands_in_is_a_remark() -> None:
    there = engine(checkpoints=("sd3.5_medium_incl_clips_t5xxlfp8scaled.safetensors",))
    [told] = remarks(entry(MODEL), there, PROFILES)
    assert told.startswith("model is sd3.5_medium_incl_clips_t5xxlfp8scaled.safetensors")
    assert "in place of sd_xl_base_1.0.safetensors (SDXL)" in told
    related = engine(checkpoints=("ponyDiffusionV6XL.safetensors",))
    assert remarks(entry(MODEL), related, PROFILES) == ()


def test_a_default_that_the_engine_does_not_have_is_told() -> None:
    sampler = parameter("sampler", "choice", "5.sampler_name", default="warp")
    [message] = told(entry(sampler))
    assert message.startswith("Sampling (KSampler): sampler_name is warp, which this ComfyUI does")


def test_each_problem_names_what_is_set_or_the_input() -> None:
    found = problems(entry(MODEL), engine(checkpoints=()), PROFILES)
    assert [one.parameter for one in found] == ["model"]
    assert isinstance(found[0], Detail)
