"""A second pass: a picture is enlarged, and worked over at its new size, tile by tile if large."""

from math import ceil

from imagine.geometry import STEP
from imagine.graph import Output
from imagine.image_request import Refine
from imagine.input_image import Box, Size
from imagine.workflows.studio import Place, Studio, name_of

# The soft edge of a tile, well inside of what tiles share. Units: pixels.
EDGE = 64
BLUR = 24


def refine_set(studio: Studio, picture: Output, place: Place) -> Output:
    """Do the second pass of a set, if it has one (``--hd``)."""
    how = studio.request.refine
    return picture if how is None else refine(studio, picture, how, place)


def refine(studio: Studio, picture: Output, how: Refine, place: Place) -> Output:
    graph, name = studio.graph, name_of(place)
    if how.upscaler is not None:
        upscaler = graph.load_upscaler(how.upscaler)
        picture = graph.upscale(upscaler, picture, f"{name}: enlarging")
    picture = graph.scale(picture, how.size, f"{name}: at its new size")
    if how.denoise <= 0:
        return picture
    if not how.tiles:
        return _reworked(studio, picture, how, how.size, place)
    masks: dict[tuple[bool, ...], Output] = {}
    worked = picture
    for number, box in enumerate(how.tiles, start=1):
        title = f"{name}: tile {number} of {len(how.tiles)}"
        tile = graph.crop(picture, box, title)
        tile = _reworked(studio, tile, how, box.size, place)
        mask = _soft_edges(studio, box, masks)
        worked = graph.lay(tile, worked, box.left, box.top, f"{title}: in its place", mask)
    return worked


def _reworked(studio: Studio, picture: Output, how: Refine, size: Size, place: Place) -> Output:
    """Return a picture of a size sampled once more, at a size that a latent can have."""
    graph, name = studio.graph, name_of(place)
    even = Size(*(ceil(side / STEP) * STEP for side in size))
    if even != size:
        picture = graph.scale(picture, even, f"{name}: at an even size")
    latent = graph.encode_picture(picture, studio.vae, f"{name}: as a latent again")
    samples = studio.sample(
        latent, place, size=even, denoise=how.denoise, steps=how.steps, doing="detail"
    )
    worked = studio.decode(samples, place)
    return worked if even == size else graph.scale(worked, size, f"{name}: at its exact size")


def _soft_edges(studio: Studio, box: Box, known: dict[tuple[bool, ...], Output]) -> Output:
    """Return the mask of a tile: white, fading in over the tiles that lie there already.

    Those are on its left and above it; towards the others it is whole, for them to fade in over.
    """
    fades = (box.left > 0, box.top > 0)
    if fades not in known:
        graph = studio.graph
        left, top = (EDGE if fading else 0 for fading in fades)
        inner = Size(box.width - left, box.height - top)
        black = graph.blank(box.size, "Edge of a tile")
        white = graph.blank(inner, "Middle of a tile", white=True)
        grey = graph.lay(white, black, left, top, "Tile")
        known[fades] = graph.to_mask(graph.blur(grey, BLUR, "Soft edge"), "Tile as a mask")
    return known[fades]
