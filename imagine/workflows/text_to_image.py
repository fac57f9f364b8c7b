"""Pictures from words: a batch of empty latents, which gives each picture its own noise."""

from imagine.workflows.painting import Ground, paint
from imagine.workflows.studio import Studio


def text_to_image(studio: Studio) -> None:
    request, profile = studio.request, studio.profile
    length = {} if profile.length is None else {"length": profile.length}
    latent = studio.graph.empty_latent(
        profile.latent, request.width, request.height, request.batch_size, **length
    )
    paint(studio, Ground(latent, request.size))
