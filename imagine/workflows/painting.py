"""From a latent to the finished picture: the road that all recipes but enlarging take.

What a flag adds on this road is a step of its own in ``STEPS``; a step that nobody asked for leaves
the picture as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass

from imagine.graph import Output
from imagine.input_image import Size
from imagine.workflows.refining import refine_set
from imagine.workflows.seamless import make_seamless
from imagine.workflows.studio import Place, Studio

Step = Callable[[Studio, Output, Place], Output]

STEPS: tuple[Step, ...] = (make_seamless, refine_set)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a set is painted on. ``batch``: the latents of all its pictures.

    ``denoise``: how much is redrawn. ``finish``: what becomes of each decoded picture.
    """

    batch: Output
    size: Size
    denoise: float = 1.0
    model: Output | None = None
    finish: Callable[[Output, Place], Output] | None = None


def paint(studio: Studio, ground: Ground) -> None:
    """Add the branch of each picture."""
    batch = studio.graph.same_noise(ground.batch) if studio.request.same_noise else ground.batch
    for place, latent in studio.places(batch):
        samples = studio.sample(
            latent, place, size=ground.size, denoise=ground.denoise, model=ground.model
        )
        picture = studio.decode(samples, place)
        for step in STEPS:
            picture = step(studio, picture, place)
        if ground.finish is not None:
            picture = ground.finish(picture, place)
        studio.save(picture, place)
