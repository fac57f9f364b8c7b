"""More around a picture: zoom, pan, make square, another shape.

The window that is worked on holds a part of the picture and the room around it. What is made there
is laid on the canvas, and the picture over it, so that none of its pixels change.

The model may also change the rim of the picture a little: next to the room the latent shows some of
the room, which would stay as a grey seam.
"""

from imagine.geometry import scaled
from imagine.graph import Output
from imagine.image_request import Outpaint
from imagine.input_image import Box, Size
from imagine.workflows.painting import Ground, paint
from imagine.workflows.studio import Place, Studio, name_of

# How wide that rim is. Units: pixels.
RIM = 24


def outpaint(studio: Studio) -> None:
    start = studio.request.start
    assert isinstance(start, Outpaint), "the recipe of this start"
    graph, layout = studio.graph, start.layout
    placed = studio.load(start.image, "Source")
    place = layout.place.size
    if place != start.image.size:
        placed = graph.scale(placed, place, "Source: at its new size")
    window = layout.window.size
    pixels, mask = _window(studio, start, placed, window)
    latent = graph.encode_picture(pixels, studio.vae, "Window as a latent")
    latent = studio.repeated(graph.noise_mask(latent, mask))

    def finish(picture: Output, at: Place) -> Output:
        name = name_of(at)
        if layout.work != window:
            picture = graph.scale(picture, window, f"{name}: at full size")
        if window != layout.canvas:
            canvas = graph.blank(layout.canvas, f"{name}: canvas")
            left, top = layout.window.left, layout.window.top
            picture = graph.lay(picture, canvas, left, top, f"{name}: on the canvas")
        return graph.lay(placed, picture, layout.place.left, layout.place.top, f"{name}: source")

    paint(studio, Ground(latent, layout.work, model=graph.soft_mask(studio.model), finish=finish))


def _window(studio: Studio, start: Outpaint, placed: Output, window: Size) -> tuple[Output, Output]:
    """Return what is worked on, with room around the picture, and a mask of that room."""
    graph, layout = studio.graph, start.layout
    visible = layout.visible
    inner = visible.seen_from(layout.place)
    if inner.size != layout.place.size:
        placed = graph.crop(placed, inner, "Source: the part worked on")
    stands = scaled(visible.seen_from(layout.window), window, layout.work)
    if stands.size != inner.size:
        placed = graph.scale(placed, stands.size, "Source: at the size worked on")
    room = Box(
        stands.left,
        stands.top,
        layout.work.width - stands.right,
        layout.work.height - stands.bottom,
    )
    return graph.pad(placed, room, RIM, "Room around it")
