"""The table of moves: what may follow what, and nothing else."""

import itertools

import pytest

from imagine.jobs import MOVES
from imagine.models import JobState

ALLOWED = {
    ("queued", "running"),
    ("queued", "failed"),
    ("queued", "canceled"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "canceled"),
    ("running", "queued"),
    ("failed", "queued"),
    ("canceled", "queued"),
    ("succeeded", "expired"),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(JobState, repeat=2)))
def test_a_state_may_follow_only_as_the_table_says(before: JobState, after: JobState):
    assert (after in MOVES[before]) == ((before, after) in ALLOWED)
