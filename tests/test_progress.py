"""The meter of a run: monotonic, weighted, below one, with an honest estimate."""

import pytest

from imagine.models import Stage
from imagine.progress import ALMOST, ProgressMeter
from imagine.workflow_builder import Sampler, Workflow

CLASSES = {
    "1": "CheckpointLoaderSimple",
    "2": "KSampler",
    "3": "VAEDecode",
    "4": "KSampler",
    "5": "VAEDecode",
}


def meter(expected_s: float | None = None) -> ProgressMeter:
    """Two branches of ten steps, with a loader before them."""
    workflow = Workflow(
        graph={node: {"class_type": name, "inputs": {}} for node, name in CLASSES.items()},
        outputs=(),
        samplers={"2": Sampler(image=0, steps=10), "4": Sampler(image=1, steps=10)},
        weights={"1": 1.0, "2": 10.0, "3": 1.0, "4": 10.0, "5": 1.0},
    )
    return ProgressMeter(workflow, now=0.0, expected_s=expected_s)


def test_a_run_counts_up_to_almost_one():
    run = meter()
    values = []
    now = 0.0
    run.begin(now)
    for node in CLASSES:
        run.node_started(node)
        for step in range(1, 11 if node in "24" else 1):
            now += 1
            run.step(node, step, 10, now)
            values.append(run.read(now).value)
        run.node_finished(node)
        values.append(run.read(now).value)
    assert values == sorted(values)
    assert values[-1] == ALMOST
    assert run.read(now).step == run.read(now).steps == 20


def test_the_branches_may_come_in_any_order():
    run = meter()
    run.node_started("4")
    run.step("4", 10, 10, 1.0)
    run.node_started("2")
    run.step("2", 3, 10, 2.0)
    progress = run.read(2.0)
    assert progress.step == 13
    assert progress.image == 0


def test_cached_nodes_count_as_done():
    run = meter()
    run.cached(("1", "2", "3"))
    assert run.read(0.0).value == pytest.approx(12 / 23, abs=1e-3)


def test_progress_never_goes_back_when_the_engine_does():
    run = meter()
    run.step("2", 9, 10, 1.0)
    before = run.read(1.0).value
    run.step("2", 1, 10, 2.0)
    assert run.read(2.0).value == before


def test_the_stage_follows_the_node():
    run = meter()
    assert run.stage is Stage.SUBMITTED
    run.begin(0.0)
    stages = []
    for node in "123":
        run.node_started(node)
        stages.append(run.stage)
    assert stages == [Stage.LOADING, Stage.SAMPLING, Stage.DECODING]


def test_the_estimate_is_what_was_learned_until_the_run_has_its_own_pace():
    run = meter(expected_s=30.0)
    run.begin(0.0)
    assert run.read(10.0).eta_s == 20.0
    run.step("2", 1, 10, 11.0)
    run.step("2", 2, 10, 13.0)
    assert run.read(13.0).eta_s == 36.0


def test_nothing_is_promised_when_nothing_is_known():
    assert meter().read(5.0).eta_s is None


def test_steps_are_timed_within_a_sampler_only():
    run = meter()
    for step in range(1, 11):
        run.step("2", step, 10, float(step))
    for step in range(1, 11):
        run.step("4", step, 10, 100.0 + step)
    assert run.sampling_s == pytest.approx(20.0)


def test_a_node_that_the_graph_does_not_have_changes_nothing():
    run = meter()
    run.node_started("99")
    run.step("99", 1, 0, 1.0)
    assert run.read(1.0).value == 0
