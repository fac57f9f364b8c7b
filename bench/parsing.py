"""What reading a prompt costs by its length: ten times the characters are ten times the work.

The shapes are those that make a careless reader slow: many flags, many parts, and characters that
open something which never closes.
"""

import time

from bench.figures import Figure
from imagine.prompt_parser import Vocabulary, inspect

LENGTHS = (100, 600, 3_000, 6_000)
READING_S = 0.01
WILDCARDS = {"animals": ("fox", "owl", "wolf"), "wild/animals": ("lion", "a __animals__ cub")}

SHAPES = {
    "words": "a red fox in the snow, soft light, ",
    "parts": "hot::2 dog::-0.5 ",
    "flags": "--no cats, dogs ",
    "weights": "--sref https://example.org/a.png::2 ",
    "unknown flags": "--nope 3 --nada ",
    "dashes": "--- – — -",
    "options": "{red, blue} ",
    "open braces": "{a, ",
    "brackets": "(((((",
    "wildcards": "__animals__ and __wild/animals__, ",
    "unknown wildcards": "__a__b__c",
    "underscores": "_",
    "loras": "<lora:ink:0.8>, ",
    "open loras": "<lora:<lora:",
    "links": "https://example.org/__a__.png ",
    "glued flags": "a--ar -- -- --",
    "colons": "::::",
    "quotes": "\"a 'b ",
    "spaces": "    \t",
}


def measure_parsing(repeats: int) -> list[Figure]:
    """Read prompts of every shape and length; the shape that grows fastest is told."""
    vocabulary = Vocabulary(wildcards=WILDCARDS)
    inspect("a red fox --ar 16:9", vocabulary)  # what the first call compiles
    costs = {
        shape: {length: cost_ms(grown(text, length), vocabulary, repeats) for length in LENGTHS}
        for shape, text in SHAPES.items()
    }
    growth = {shape: cost[LENGTHS[3]] / cost[LENGTHS[1]] for shape, cost in costs.items()}
    worst = max(growth, key=lambda shape: growth[shape])
    return [
        Figure(
            "parsing",
            costs[worst][LENGTHS[3]],
            costs[worst][LENGTHS[1]],
            details={"worst": worst, "ms": costs, "growth": growth},
        )
    ]


def grown(text: str, length: int) -> str:
    return ("a fox " + text * (length // len(text) + 1))[:length]


def cost_ms(prompt: str, vocabulary: Vocabulary, repeats: int) -> float:
    """Return the least of some readings, each long enough for the clock.

    Processor time, and the least of it: what else the machine does is not the reader's fault.
    """
    found = []
    for _ in range(repeats):
        began, count = time.thread_time(), 0
        while (taken := time.thread_time() - began) < READING_S or not count:
            inspect(prompt, vocabulary)
            count += 1
        found.append(1000 * taken / count)
    return min(found)
