"""What the progress meter is told of graphs that others made."""

from typing import Any

import pytest

from imagine.importing.outputs import find_outputs
from imagine.models import Stage
from imagine.progress import ProgressMeter
from imagine.registry.filling import fill
from imagine.registry.pace import pace_of
from tests.registry.samples import engine, entry, graph, imported, node

ENGINE = engine()


def steps_of(nodes: dict[str, Any]) -> dict[str, int]:
    samplers, _ = pace_of(nodes, ENGINE, find_outputs(nodes, ENGINE))
    return {node_id: sampler.steps for node_id, sampler in samplers.items()}


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("sd15_api", {"3": 20}),
        ("hires_fix", {"3": 20, "11": 14}),
        ("sdxl_base_refiner", {"10": 20, "11": 5}),
        ("flux_custom_sampler", {"13": 20}),
        ("wan_image_to_video", {"86": 2, "85": 2}),
        ("audio", {"5": 50}),
    ],
)
def test_the_steps_of_all_samplers_are_found(name: str, steps: dict[str, int]) -> None:
    assert steps_of(dict(imported(name).graph)) == steps


def custom(**sigmas: Any) -> dict[str, dict[str, Any]]:
    """Return a custom sampler (1) with what makes its sigmas: 2, and what is behind that."""
    links = {"noise": ["8", 0], "guider": ["8", 0], "sampler": ["8", 0], "latent_image": ["8", 0]}
    return {
        "1": {"class_type": "SamplerCustomAdvanced", "inputs": {**links, "sigmas": ["2", 0]}},
        "8": node("KSamplerSelect", sampler_name="euler"),
        **{name.removeprefix("n"): one for name, one in sigmas.items()},
    }


BASIC = node("BasicScheduler", model=["8", 0], scheduler="simple", steps=24, denoise=0.5)


@pytest.mark.parametrize(
    ("nodes", "steps"),
    [
        (custom(n2=BASIC), 24),
        (custom(n2=node("FlipSigmas", sigmas=["3", 0]), n3=BASIC), 24),
        (custom(n2=node("SplitSigmas", sigmas=["3", 0], step=9), n3=BASIC), 9),
        (custom(n2=node("SplitSigmasDenoise", sigmas=["3", 0], denoise=0.25), n3=BASIC), 18),
        (custom(n2=node("ManySigmas", values="1, 0")), 20),
        (custom(n2=node("FlipSigmas", sigmas=["2", 0])), 20),
        (custom(n2=BASIC | {"inputs": {"steps": ["3", 0]}}, n3=node("PrimitiveInt", value=6)), 6),
    ],
)
def test_the_steps_of_a_schedule_are_followed_to_where_it_is_made(
    nodes: dict[str, Any], steps: int
) -> None:
    assert steps_of(nodes) == {"1": steps}


def test_the_other_half_of_a_split_schedule_has_the_other_steps() -> None:
    nodes = custom(n2=node("SplitSigmas", sigmas=["3", 0], step=9), n3=BASIC)
    nodes["1"]["inputs"]["sigmas"] = ["2", 1]
    assert steps_of(nodes) == {"1": 15}


def test_samplers_of_packs_are_known_by_what_they_take() -> None:
    sampler = node("WanVideoSampler", model=["2", 0], steps=30, end_step=-1, start_step=5)
    assert steps_of({"1": sampler, "2": node("X")}) == {"1": 25}
    service = node("FluxProFillNode", image=["2", 0], steps=50)
    assert steps_of({"1": service, "2": node("LoadImage", image="a")}) != {"1": 50}


def test_what_does_nothing_is_no_sampler() -> None:
    nodes = graph()
    idle = nodes["5"] | {"class_type": "KSamplerAdvanced"}
    idle["inputs"] |= {"start_at_step": 20, "end_at_step": 10000}
    assert "5" not in steps_of(nodes | {"5": idle})


def test_where_nothing_samples_the_costliest_node_counts_as_one_step() -> None:
    made = imported("upscale_model")
    samplers, weights = pace_of(made.graph, ENGINE, find_outputs(made.graph, ENGINE))
    [(node_id, sampler)] = samplers.items()
    assert made.graph[node_id]["class_type"] == "ImageUpscaleWithModel"
    assert sampler.steps == 1
    assert weights[node_id] == max(weights.values())


def test_a_step_is_one_of_a_picture_only_when_there_is_one() -> None:
    def image(nodes: dict[str, Any]) -> int | None:
        return pace_of(nodes, ENGINE, find_outputs(nodes, ENGINE))[0]["5"].image

    many, two = graph(), graph()
    many["4"]["inputs"]["batch_size"] = 4
    two["9"] = two["7"]
    assert (image(graph()), image(many), image(two)) == (0, None, None)


def test_a_meter_reads_such_a_graph() -> None:
    workflow = fill(entry(), {}, images={}, catalog=ENGINE, filename_prefix="a")
    meter = ProgressMeter(workflow, now=0.0)
    meter.begin(0.0)
    meter.node_started("1")
    stages = [meter.stage]
    meter.step("5", 10, 20, 1.0)
    stages.append(meter.stage)
    read = meter.read(1.0)
    assert (read.step, read.steps, read.image) == (10, 20, 0)
    assert 0.4 < read.value < 0.6
    for node_id in ("6", "7"):
        meter.node_started(node_id)
        stages.append(meter.stage)
    assert stages == [Stage.LOADING, Stage.SAMPLING, Stage.DECODING, Stage.SAVING]
