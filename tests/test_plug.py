"""Pull the plug at random moments: no job and no picture is lost, doubled or stuck.

How often, and the seed of all that is random, may be set from outside (``docs/architecture.md``);
the seed is told with every failure, so that it can be given.
"""

import os
import random
from pathlib import Path

import pytest

from tests.plug.rig import Pulls, pull_the_plug

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows cannot fork")

SEED = int(os.environ.get("PLUG_SEED") or random.randrange(10**9))


def times(name: str, default: int) -> int:
    return int(os.environ.get(name) or default)


async def test_a_server_that_is_killed_loses_nothing_and_makes_nothing_twice(tmp_path: Path):
    verdict = await pull_the_plug(tmp_path, Pulls(server=times("PLUG_KILLS", 20)), SEED)
    assert verdict.problems == [], verdict.figures


async def test_an_engine_that_is_killed_costs_no_job_alone_or_with_the_server(tmp_path: Path):
    pulls = Pulls(engine=times("PLUG_ENGINE_KILLS", 5), both=times("PLUG_BOTH_KILLS", 3))
    verdict = await pull_the_plug(tmp_path, pulls, SEED)
    assert verdict.problems == [], verdict.figures
