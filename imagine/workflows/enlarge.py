"""A picture made larger: upscale, and the full-size version of a draft."""

from imagine.image_request import Enlarge
from imagine.workflows.refining import refine
from imagine.workflows.studio import Studio


def enlarge(studio: Studio) -> None:
    start = studio.request.start
    assert isinstance(start, Enlarge), "the recipe of this start"
    source = studio.load(start.image, "Source")
    studio.save(refine(studio, source, start.refine, 0), 0)
