"""Pictures from a picture: it is encoded, covered with as much noise as it may change, redrawn."""

from imagine.graph import Output
from imagine.image_request import Redraw
from imagine.workflows.painting import Ground, paint
from imagine.workflows.studio import Studio


def image_to_image(studio: Studio) -> None:
    start, request = studio.request.start, studio.request
    assert isinstance(start, Redraw), "the recipe of this start"
    graph = studio.graph
    pixels = _laid_together(studio, start)
    latent = graph.encode_picture(pixels, studio.vae, "The picture as a latent")
    paint(studio, Ground(studio.repeated(latent), request.size, start.denoise))


def _laid_together(studio: Studio, start: Redraw) -> Output:
    """Return the pictures at the size of the set; several are mixed in equal shares."""
    size, graph = studio.request.size, studio.graph
    mixed: Output | None = None
    for number, image in enumerate(start.images, start=1):
        pixels = studio.load(image, f"Source {number}")
        if image.size != size:
            pixels = graph.scale(pixels, size, f"Source {number}: fitted", crop=True)
        if mixed is None:
            mixed = pixels
        else:
            mixed = graph.blend(mixed, pixels, round(1 / number, 2), f"Sources 1 to {number}")
    assert mixed is not None, "a start has pictures"
    return mixed
