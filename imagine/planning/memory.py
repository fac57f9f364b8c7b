"""What is made otherwise after memory ran out: half the batch at a time, so the same pictures.

Which of the two was done stands in the parameter `PARAMETER` of the job, and in a note.
"""

from dataclasses import replace
from enum import StrEnum

from imagine.image_request import ImageRequest
from imagine.models import Note, NoteLevel

PARAMETER = "oom_retry"


class Spared(StrEnum):
    """What is done about memory at the second try, beside asking the engine to free it."""

    HALF_BATCH = "half_batch"
    NOTHING_ELSE = "memory_freed"


TOLD = {
    Spared.HALF_BATCH: "Memory ran out at the first try, so the engine was asked to free it, and "
    "the pictures are made in two halves.",
    Spared.NOTHING_ELSE: "Memory ran out at the first try, so the engine was asked to free it; "
    "the pictures are made one at a time in any case, so there was no batch to halve.",
}


def spare(request: ImageRequest) -> ImageRequest:
    """Return a request that takes less memory, if there is one for the same pictures."""
    return replace(request, is_halved=request.together)


def spared(request: ImageRequest) -> Spared:
    return Spared.HALF_BATCH if request.together else Spared.NOTHING_ELSE


def memory_note(how: Spared) -> Note:
    return Note(parameter=PARAMETER, level=NoteLevel.WARNING, message=TOLD[how])
