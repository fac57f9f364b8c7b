"""A tile that repeats without a seam, with ComfyUI's own nodes.

The picture is rolled by half, so that its edges meet in the middle, and a cross over the place
where they meet is painted anew. The cross does not reach the border, which would break what is
whole there; what it leaves is painted in a second round, rolled so that it lies inside. Then the
picture is rolled back, and its edges go on into each other.
"""

from imagine.graph import Output
from imagine.input_image import Box, Size
from imagine.workflows.studio import Place, Studio, name_of

# Shares of the sides: how wide the cross is, and how far from the border it ends.
WIDTH = 0.16
GAP = 0.1
MOST_BLUR = 31
# Each round redraws so much, in so many of the steps.
DENOISE = 0.75
STEPS = 0.6


def make_seamless(studio: Studio, picture: Output, place: Place) -> Output:
    """Make a picture seamless, if that was asked for (``--tile``)."""
    if not studio.request.seamless:
        return picture
    size = studio.request.size
    half = Size(size.width // 2, size.height // 2)
    quarter = Size(size.width // 4, size.height // 4)
    picture = _rolled(studio, picture, half, place)
    picture = _repainted(studio, picture, _cross(size), "cross", place)
    # From a half back to a quarter, and from there back to nothing.
    picture = _rolled(studio, picture, _rest(size, _rest(half, quarter)), place)
    picture = _repainted(studio, picture, _ends(size, quarter), "ends", place)
    return _rolled(studio, picture, _rest(size, quarter), place)


def _rest(size: Size, done: Size) -> Size:
    return Size(size.width - done.width, size.height - done.height)


def _softness(size: Size) -> int:
    """Return how soft the edges of what is painted are: they must not reach the border."""
    return max(2, min(MOST_BLUR, round(min(size) * GAP / 2)))


def _rolled(studio: Studio, picture: Output, by: Size, place: Place) -> Output:
    """Move a picture right and down; what leaves on one side comes in on the other."""
    graph, (width, height) = studio.graph, studio.request.size
    title = f"{name_of(place)}: rolled"
    right = graph.crop(picture, Box(width - by.width, 0, width, height), title)
    left = graph.crop(picture, Box(0, 0, width - by.width, height), title)
    picture = graph.join(right, left, "right", title)
    low = graph.crop(picture, Box(0, height - by.height, width, height), title)
    high = graph.crop(picture, Box(0, 0, width, height - by.height), title)
    return graph.join(low, high, "down", title)


def _cross(size: Size) -> tuple[Box, ...]:
    """Return the two bars over the middle, which end before the border."""
    width, height = size
    across, down = round(width * WIDTH), round(height * WIDTH)
    return (
        Box(
            (width - across) // 2,
            round(height * GAP),
            (width + across) // 2,
            round(height * (1 - GAP)),
        ),
        Box(
            round(width * GAP), (height - down) // 2, round(width * (1 - GAP)), (height + down) // 2
        ),
    )


def _ends(size: Size, quarter: Size) -> tuple[Box, ...]:
    """Return the places that the cross left out, where they lie after rolling by a quarter."""
    width, height = size
    across, down = round(width * WIDTH), round(height * WIDTH)
    far, deep = round(width * GAP * 1.5), round(height * GAP * 1.5)
    # Where the middle of the upper edge lies now, and the middle of the left one.
    top = Size(quarter.width + width // 2, quarter.height)
    side = Size(quarter.width, quarter.height + height // 2)
    return _box(top, far, down // 2), _box(side, across // 2, deep)


def _box(middle: Size, across: int, down: int) -> Box:
    x, y = middle
    return Box(x - across, y - down, x + across, y + down)


def _repainted(
    studio: Studio, picture: Output, boxes: tuple[Box, ...], what: str, place: Place
) -> Output:
    """Paint boxes of a picture anew, with soft edges."""
    graph, size, name = studio.graph, studio.request.size, name_of(place)
    grey = graph.blank(size, f"{name}: {what}")
    for box in boxes:
        white = graph.blank(box.size, f"{name}: {what}", white=True)
        grey = graph.lay(white, grey, box.left, box.top, f"{name}: {what}")
    grey = graph.blur(grey, _softness(size), f"{name}: soft {what}")
    mask = graph.to_mask(grey, f"{name}: {what}")
    latent = graph.encode_picture(picture, studio.vae, f"{name}: {what}")
    latent = graph.noise_mask(latent, mask)
    samples = studio.sample(
        latent,
        place,
        size=size,
        denoise=DENOISE,
        steps=max(4, round(studio.request.steps * STEPS)),
        model=graph.soft_mask(studio.model),
        doing=f"seam, {what}",
    )
    return graph.lay(studio.decode(samples, place), picture, 0, 0, f"{name}: {what}", mask)
