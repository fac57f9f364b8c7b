"""Latents that lead back to themselves: a file may say so, and its import ends all the same."""

import pytest

from imagine.importing.parameters import Rank
from tests.importing.samples import edited, read
from tests.importing.test_stages import at
from tests.importing.test_what_steers import engine, kind, of


@pytest.mark.parametrize("name", ["latent", "latent_image"])
@pytest.mark.parametrize("back", ["20", "21"])
def test_a_latent_that_leads_back_to_itself_ends(name: str, back: str):
    passing = kind(["LATENT"], **{name: ["LATENT"]})
    document = edited("sd15_api") | {
        "20": of("SomebodysPass", **{name: ["21", 0]}),
        "21": of("SomebodysPass", **{name: [back, 0]}),
    }
    document["3"]["inputs"] |= {"latent_image": ["20", 0], "denoise": 1}
    flow = read(document, engine(SomebodysPass=passing))
    assert at(flow, "3", "steps").rank is Rank.MAIN
