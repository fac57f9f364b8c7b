"""A crash between any two lines leaves a state from which recovery is right.

Each life (`tests.lines.lives`) is lived once to learn which lines of the product it runs through;
then the server dies at some of them, is started again, and asked again for the same things. At how
many, and the seed of what is random, may be set from outside (``docs/architecture.md``).
"""

import logging
import os
import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.lines.lives import LIVES, Life
from tests.lines.rig import Rig, choose, rigged

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(os.name == "nt", reason="Windows cannot fork"),
]

logger = logging.getLogger(__name__)

POINTS = int(os.environ.get("CRASH_POINTS") or 3)
SEED = int(os.environ.get("CRASH_SEED") or random.randrange(10**9))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with rigged(tmp_path_factory.mktemp("lines")) as rig:
        yield rig
        assert rig.deaths > 0, "the server never died, so nothing was tried"


@pytest.mark.parametrize("kind", LIVES)
async def test_a_crash_at_any_line_leaves_a_state_from_which_recovery_is_right(
    rig: Rig, kind: type[Life]
):
    lines = await rig.lines(kind)
    places = choose(lines, POINTS, random.Random(SEED))
    wrong, deaths = [], 0
    for place in places:
        lived = await rig.live(kind, place)
        deaths += lived.died
        for problem in lived.problems:
            wrong.append(f"at {place}: {problem}")
            logger.warning("%s %s", kind.__name__, wrong[-1])
    logger.info(
        "%s runs %s lines, %s different ones; it died at %s of %s",
        *(kind.__name__, len(lines), len(set(lines)), deaths, len(places)),
    )
    assert wrong == [], f"with the seed {SEED}"
