"""What is planned otherwise after memory ran out."""

from typing import Any

import pytest

from imagine.models import NoteLevel
from imagine.workflow_builder import OutputNode, Sampler
from tests.planning.helpers import about, built, nodes, planned
from tests.prompts import prompt


@pytest.mark.parametrize(
    ("count", "shares"), [(4, [(0, 2), (2, 2)]), (3, [(0, 2), (2, 1)]), (2, [(0, 1), (1, 1)])]
)
def test_a_batch_is_made_in_two_halves_of_the_same_noise(count: int, shares: list[tuple[int, int]]):
    made = planned(prompt(batch_mode="together", batch=count), after_oom=True)
    workflow = built(made)
    (empty,) = nodes(workflow, "EmptyLatentImage")
    assert empty["batch_size"] == count
    taken = nodes(workflow, "LatentFromBatch")
    assert [(one["batch_index"], one["length"]) for one in taken] == shares
    samplers = nodes(workflow, "KSampler")
    assert len({(one["seed"], one["steps"], one["cfg"]) for one in samplers}) == 1
    assert [output.image for output in workflow.outputs] == [first for first, _ in shares]
    assert made.parameters["batch_mode"] == "together"
    assert made.parameters["oom_retry"] == "half_batch"
    note = about(made, "oom_retry")
    assert note.level is NoteLevel.WARNING
    assert "two halves" in note.message


@pytest.mark.parametrize("asked", [{}, {"batch": 1, "batch_mode": "together"}])
def test_where_there_is_no_batch_only_the_memory_is_freed(asked: dict[str, Any]):
    plain, made = planned(prompt(**asked)), planned(prompt(**asked), after_oom=True)
    assert built(made).graph == built(plain).graph
    assert made.parameters == plain.parameters | {"oom_retry": "memory_freed"}
    assert "no batch to halve" in about(made, "oom_retry").message


def test_the_progress_of_halves_counts_all_steps_and_the_previews_are_of_no_single_picture():
    made = planned(prompt(batch_mode="together", steps=10), after_oom=True)
    workflow = built(made)
    assert list(workflow.samplers.values()) == [Sampler(None, 10), Sampler(None, 10)]
    assert sorted(workflow.weights[node] for node in workflow.samplers) == [20.0, 20.0]
    together = built(planned(prompt(batch_mode="together", steps=10)))
    assert together.outputs == (OutputNode(together.outputs[0].node_id, None),)
