"""The bench measures what it says, with so little of everything that this is no measurement."""

import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest

from bench.figures import TARGETS, Figure
from bench.ground import Scale
from bench.report import chart, markdown, write
from bench.run import run

TINY = Scale(
    instant_jobs=2, long_jobs=1, rounds=1, round_jobs=8, watched_jobs=1, watched_step_ms=5,
    watchers=5, slices=1, slice_s=0.05, stored=(20, 60), starts=1, flood=10, parses=1,
    soak_jobs=8, soak_s=0.4, crowd=5, crowd_jobs=10,
)  # fmt: skip
BEGAN = datetime(2026, 11, 20, tzinfo=UTC)


async def test_a_run_gives_every_figure_and_leaves_nothing_behind(tmp_path):
    figures, failed = await run(TINY, tmp_path)
    assert failed == []
    assert [figure.name for figure in figures] == list(TARGETS)
    found = {figure.name: figure for figure in figures}
    for name in ("own_picture", "flood", "left", "soak_left", "crowd"):
        assert found[name].is_met is not False, found[name].details
    assert found["own_picture"].details["good"] == TINY.round_jobs
    assert found["soak"].details["troubles"] == {}
    assert found["flood"].details["run_by_engine"] == TINY.flood


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure("instant_job", 8.0, 2.0), True),
        (Figure("instant_job", 8.1, 2.0), False),
        (Figure("jobs_a_second", 50.0, 200.0), True),
        (Figure("jobs_a_second", 49.0, 200.0), False),
        (Figure("jobs_a_second", 49.0, 200.0, 0.3), True),
        (Figure("cpu", 10.5), False),
        (Figure("cpu", None), None),
    ],
)
def test_a_target_is_met_on_the_right_side_of_its_limit(figure, met):
    assert figure.is_met is met


def test_the_table_has_a_line_for_each_figure_with_target_and_verdict():
    table = markdown([Figure("lag_of_many", 9.0, 3.0, counts=(200,)), Figure("cpu", 12.0)])
    assert table.splitlines()[2:] == [
        "| Progress lag, 200 watchers | 3 ms | 9 ms | 3.00 × | ≤ 4 × | met |",
        "| Processor time a job, 32 at once | – | 12 ms | – | ≤ 10 ms | **missed** |",
    ]


def test_results_are_json_with_a_chart_beside_them(tmp_path):
    path = write(tmp_path, [Figure("cpu", 12.0), Figure("left", 0.0)], "quick", BEGAN)
    results = json.loads(path.read_text(encoding="utf-8"))
    assert [(row["name"], row["met"]) for row in results["figures"]] == [
        ("cpu", False),
        ("left", True),
    ]
    assert results["scale"] == "quick"
    ET.fromstring(path.with_suffix(".svg").read_text(encoding="utf-8"))


def test_the_chart_shows_how_much_of_each_target_is_used():
    drawn = chart([Figure("cpu", 5.0), Figure("memory", None)])
    assert drawn.count("<rect") == 2  # the ground, and the one that was measured
    assert "5 ms" in drawn
