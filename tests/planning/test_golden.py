"""The graphs in ``golden/`` are rewritten only on purpose::

IMAGINE_REWRITE_GOLDEN=1 pytest tests/planning/test_golden.py
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from imagine.prompt import Prompt
from imagine.prompt_values import Weighted
from tests.planning.helpers import (
    FAMILIES,
    built,
    engine_of,
    planned,
    sentences,
)
from tests.prompts import prompt

GOLDEN = Path(__file__).parents[1] / "golden"

FEW: dict[str, Any] = {"batch": 2}
RECIPES: dict[str, tuple[str, Prompt]] = {
    **{name: (name, prompt(no=("fog", "text"), aspect="16:9", **FEW)) for name in FAMILIES},
    "one-by-one": ("sdxl", prompt()),
    "together": ("sdxl", prompt(batch_mode="together")),
    "single": ("sdxl", prompt(batch=1)),
    "unfinished": ("sdxl", prompt(stop=50, **FEW)),
    "loras": ("sdxl", prompt(lora=(Weighted("fox"), Weighted("detail", 0.6)), clip_skip=2, **FEW)),
    "loras-model-only": ("qwen-image", prompt(lora=(Weighted("fox", -1.0),), **FEW)),
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_graph_of_a_recipe_is_the_golden_one(recipe: str) -> None:
    family, asked = RECIPES[recipe]
    engine = engine_of(family)
    made = planned(asked, engine)
    workflow = built(made, engine)
    found = {
        "parameters": made.parameters,
        "notes": sentences(made),
        "graph": workflow.graph,
    }
    path = GOLDEN / f"text-to-image-{recipe}.json"
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("IMAGINE_REWRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(text)
