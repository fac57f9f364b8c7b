"""What several engines have together, how much memory is left, and for how long one is waited."""

import pytest

from imagine.catalog import Catalog, Choices, InputSchema, NodeSchema, merged
from imagine.memory_left import memory_left
from imagine.out_of_reach import REFUSED_S, SILENT_S, UNBEGUN_S, is_given_up
from imagine.planner import Planner
from imagine.preflight import preflight
from imagine.profiles import load_profiles
from tests.catalogs import object_info
from tests.fakes.comfy import example_graph


def catalog_of(*checkpoints: str, without: str = "") -> Catalog:
    info = object_info(checkpoints=list(checkpoints))
    info.pop(without, None)
    return Catalog.from_object_info(info)


def test_a_single_catalog_stays_the_very_same():
    one = catalog_of("a.safetensors")
    assert merged([one]) is one
    assert merged([one, one]) is one


def test_several_catalogs_have_all_models_and_nodes():
    one = catalog_of("a.safetensors", "b.safetensors", without="RescaleCFG")
    other = catalog_of("sd_xl_base_1.0.safetensors", "b.safetensors", without="KSamplerAdvanced")
    both = merged([one, other])
    assert both.checkpoints == ("a.safetensors", "b.safetensors", "sd_xl_base_1.0.safetensors")
    assert both.has("RescaleCFG")
    assert both.has("KSamplerAdvanced")
    assert preflight(example_graph(), both) == ()
    assert preflight(example_graph(), one) != ()


def test_an_input_takes_what_either_takes():
    def node(low: float | None, high: float | None, *, required: bool) -> Catalog:
        schema = InputSchema("INT", required, None, low, high)
        closed = Choices(("a",), frozenset("a"), is_closed=required)
        inputs = {"n": schema, "list": InputSchema("COMBO", False, closed)}
        return Catalog({"Node": NodeSchema(inputs, ("n",) if required else (), (), False)})

    schema = merged([node(1, 5, required=True), node(0, None, required=False)]).schemas["Node"]
    assert (schema.inputs["n"].minimum, schema.inputs["n"].maximum) == (0, None)
    assert schema.required == ()
    choices = schema.inputs["list"].choices
    assert choices is not None
    assert not choices.is_closed


@pytest.mark.parametrize(
    ("stats", "free"),
    [
        ({"devices": [{"vram_free": 5}], "system": {"ram_free": 7}}, 5),
        ({"devices": [{"name": "cpu"}], "system": {"ram_free": 7}}, 7),
        ({"devices": [], "system": {}}, 0),
        ({"devices": "?", "system": None}, 0),
        ({"devices": [{"vram_free": "much"}, 3]}, 0),
        (None, 0),
    ],
)
def test_the_memory_left_is_that_of_the_card_else_that_of_the_host(stats, free):
    assert memory_left(stats) == free


@pytest.mark.parametrize(
    ("out_s", "is_refused", "has_begun", "is_left"),
    [
        (0.0, True, False, False),
        (0.0, False, False, True),
        (UNBEGUN_S, False, False, False),
        (REFUSED_S - 1, True, True, True),
        (REFUSED_S, True, True, False),
        (SILENT_S - 1, False, True, True),
        (SILENT_S, False, True, False),
    ],
)
def test_how_long_a_job_is_left_to_an_engine_out_of_reach(out_s, is_refused, has_begun, is_left):
    assert is_given_up(out_s, is_refused=is_refused, has_begun=has_begun) is not is_left


@pytest.mark.parametrize("flag", ["", " --model sd_xl"])
async def test_a_stored_job_keeps_its_model_although_a_better_one_was_installed(flag):
    chosen = "sd_xl_base_1.0.safetensors"
    before = catalog_of(chosen)
    planner = Planner(load_profiles(), catalog=lambda: before)
    (planned,) = await planner.plan_all(f"a fox{flag}", {})
    job = planned.job("batch")
    after = catalog_of("sd_xl_turbo.safetensors", chosen, "flux1-schnell-fp8.safetensors")
    again = await planner.plan_stored(job, "other-id", after)
    assert again.plan.parameters == job.parameters
    assert set(again.notes) == set(job.notes)


async def test_a_stored_job_takes_another_model_when_its_own_is_gone():
    before = catalog_of("sd_xl_base_1.0.safetensors")
    planner = Planner(load_profiles(), catalog=lambda: before)
    (planned,) = await planner.plan_all("a fox", {})
    after = catalog_of("flux1-schnell-fp8.safetensors")
    again = await planner.plan_stored(planned.job("batch"), "other-id", after)
    assert again.plan.parameters["model"] == "flux1-schnell-fp8.safetensors"
