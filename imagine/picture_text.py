"""What a picture file says of itself, beside ComfyUI's own ``prompt`` chunk.

ComfyUI writes the ``imagine`` object as a JSON text chunk for us; the A1111-style
``parameters`` and the picture's index are plain text, which we insert into the bytes. A picture
that comes without all that gets it as a sidecar. `imagine.regathering` reads it all again.
"""

from typing import Any

from imagine.image_bytes import a1111_parameters
from imagine.models import Job
from imagine.planned import Planned


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
            "parameters": job.parameters,
            "notes": [note.model_dump(mode="json") for note in job.notes],
            "parents": [parent.model_dump() for parent in job.parents],
            "sequence": job.sequence,
            "steps": _steps(planned),
            "engine": job.engine,
            "prompt_id": job.prompt_id,
            "attempt": job.attempt,
            "created_at": job.created_at.isoformat(),
            "started_at": job.started_at.isoformat() if job.started_at else None,
        }
    }


def inserted_text(planned: Planned, index: int) -> dict[str, str]:
    """Return the plain text chunks of one picture, put into its bytes on its way to the disk."""
    used = planned.plan.parameters
    return {
        "parameters": a1111_parameters(planned.prompt.text, used.get("negative"), used),
        "imagine-index": str(index),
    }


def sidecar_text(job: Job, planned: Planned, index: int) -> dict[str, Any]:
    """Return all of it, for a picture in which none of it stands."""
    workflow = planned.workflow
    assert workflow is not None, "planned against a catalog"
    return {**picture_text(job, planned), **inserted_text(planned, index), "prompt": workflow.graph}


def _steps(planned: Planned) -> int:
    """Return how many steps the whole graph takes, as progress counts them."""
    samplers = planned.workflow.samplers if planned.workflow is not None else {}
    return sum(sampler.steps for sampler in samplers.values())
