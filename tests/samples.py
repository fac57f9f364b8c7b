"""Small made-up values that many tests start from."""

from typing import Any

from imagine.ids import new_id
from imagine.models import Job, utc_now

PARAMETERS: dict[str, Any] = {
    "aspect": "1:1",
    "seed": 42,
    "width": 128,
    "height": 128,
    "steps": 20,
    "cfg": 5.0,
    "sampler": "euler",
    "scheduler": "normal",
    "model": "sketch.safetensors",
    "batch_size": 4,
}


def a_job(**fields: Any) -> Job:
    """Return a job as the store would, with some fields of its own."""
    return Job(
        **{
            "id": new_id(),
            "number": 1,
            "batch": new_id(),
            "prompt": "a red fox",
            "canonical": "a red fox --seed 42",
            "text": "a red fox",
            "parameters": PARAMETERS,
            "created_at": utc_now(),
            **fields,
        }
    )
