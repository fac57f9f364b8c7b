"""Seconds of a job, learned from those before it."""

import pytest

from imagine.estimates import REMEMBERED, Estimates
from tests.samples import PARAMETERS


def learned() -> Estimates:
    estimates = Estimates()
    estimates.learn("sketch", PARAMETERS, steps=80, sampling_s=8.0, total_s=10.0)
    return estimates


def test_nothing_is_known_at_first():
    assert Estimates().seconds("sketch", PARAMETERS) is None


def test_the_same_job_takes_as_long_again():
    assert learned().seconds("sketch", PARAMETERS) == pytest.approx(10.0)


def test_more_steps_take_longer_and_steps_done_count():
    more = PARAMETERS | {"steps": 40}
    assert learned().seconds("sketch", more) == pytest.approx(18.0)
    assert learned().seconds("sketch", more, done=80) == pytest.approx(8.0)


def test_another_size_is_scaled_by_its_pixels():
    larger = PARAMETERS | {"width": 256}
    assert learned().seconds("sketch", larger) == pytest.approx(20.0)


def test_another_model_or_engine_is_unknown():
    assert learned().seconds("sketch", PARAMETERS | {"model": "other"}) is None
    assert learned().seconds("comfyui", PARAMETERS) is None


def test_newer_jobs_count_more():
    estimates = learned()
    for _ in range(20):
        estimates.learn("sketch", PARAMETERS, steps=80, sampling_s=16.0, total_s=18.0)
    assert estimates.seconds("sketch", PARAMETERS) == pytest.approx(18.0, abs=0.1)


def test_second_passes_are_learned_with_what_they_belong_to():
    estimates = learned()
    large = PARAMETERS | {"hd": True}
    estimates.learn("sketch", large, steps=160, sampling_s=32.0, total_s=33.0)
    assert estimates.seconds("sketch", large) == pytest.approx(33.0)
    assert estimates.seconds("sketch", large, done=80) == pytest.approx(16.0)
    assert estimates.seconds("sketch", PARAMETERS) == pytest.approx(10.0)


def test_memory_is_bounded():
    estimates = Estimates()
    for width in range(1, REMEMBERED + 50):
        size = PARAMETERS | {"width": width}
        estimates.learn("sketch", size, steps=1, sampling_s=1.0, total_s=1.0)
    assert len(estimates._paces) == REMEMBERED
