"""What a picture file says of itself, beside ComfyUI's own ``prompt`` chunk.

ComfyUI writes the ``imagine`` object as a JSON text chunk for us; the A1111-style
``parameters`` and the picture's index are plain text, which we insert into the bytes.
"""

from typing import Any

from imagine.image_bytes import a1111_parameters
from imagine.models import Job
from imagine.planner import Planned


def picture_text(job: Job, planned: Planned) -> dict[str, Any]:
    """Return the ``extra_pnginfo`` of a job: one PNG text chunk a key, JSON-encoded by ComfyUI."""
    return {
        "imagine": {
            "job": job.id,
            "number": job.number,
            "batch": job.batch,
            "kind": job.kind,
            "prompt": job.prompt,
            "canonical": job.canonical,
            "text": job.text,
            "parameters": planned.plan.parameters,
            "notes": [note.model_dump(mode="json") for note in planned.notes],
            "parents": [parent.model_dump() for parent in job.parents],
            "created_at": job.created_at.isoformat(),
        }
    }


def inserted_text(planned: Planned, index: int) -> dict[str, str]:
    """Return the plain text chunks of one picture, put into its bytes on its way to the disk."""
    used = planned.plan.parameters
    return {
        "parameters": a1111_parameters(planned.prompt.text, used.get("negative"), used),
        "imagine-index": str(index),
    }
