"""Words that stand for looks: the house look, oddness, detail, variety, and numbered styles.

Midjourney's looks are in its models; here each is a wording towards which a prompt is moved, so
that every model can follow. A style code is a draw from the tables below: the same number is the
same look for ever, so options are only ever added to the tables.
"""

from imagine.chance import pick, shuffled

HOUSE = (
    "cinematic composition, rich color grading, dramatic volumetric light, intricate detail, "
    "striking atmosphere, masterful craft"
)
PLAIN = "plain snapshot, even daylight, ordinary colors, nothing arranged"
DETAIL = "very fine detail, crisp texture, strong tonal contrast, sharp focus"
ANIME = "anime illustration, clean line art, cel shading, expressive character design"

# What the styles of Midjourney's anime models looked like.
NAMED = {
    "cute": "cute anime illustration, soft pastel colors, rounded shapes, gentle light",
    "expressive": "expressive anime illustration, bold shapes, vivid colors, rich shading",
    "original": "classic anime illustration, clean cel shading",
    "scenic": "scenic anime illustration, wide vistas, luminous sky, painterly background",
}

_ODD = (
    "surreal dream logic, impossible geometry",
    "uncanny materials, liquid metal and moss",
    "strange scale, tiny next to enormous",
    "glitched patterns, broken symmetry",
    "alien botany, bioluminescent growths",
    "inside-out architecture, floating parts",
    "collage of unrelated things, dadaist",
    "acid colors, psychedelic folds",
    "melting forms, biomorphic abstraction",
    "paradoxical shadows, light from nowhere",
    "puppet theater, handmade props",
    "fossil textures, crystalline decay",
)
# A picture with light words stands beside one with dark words, so that a set is spread wide.
_BRIGHT = (
    "soft morning fog, pale light",
    "bright noon, clear sky",
    "in winter, snow, cold white light",
    "high-key light, white background",
    "golden hour, warm haze",
    "spring, fresh pale colors",
)
_DARK = (
    "at night, lit by lamps",
    "storm, dark clouds, rain",
    "dramatic low sun, long shadows",
    "neon glow, deep shadows",
    "late autumn dusk, dark red",
    "moonlight, deep blue",
)
_VIEWS = (
    "seen from far away, wide view",
    "close-up, filling the frame",
    "flat graphic shapes, bold colors",
    "seen from above",
    "seen from below, towering",
    "loose watercolor sketch",
    "minimal, much empty space",
    "crowded with detail and ornament",
)

_MEDIUM = (
    "gouache painting", "watercolor", "oil painting with thick strokes", "risograph print",
    "linocut", "charcoal drawing", "colored pencil", "ink wash", "pastel drawing",
    "woodblock print", "analog film photograph", "instant photograph", "studio photograph",
    "macro photograph", "infrared photograph", "black and white photograph",
    "double exposure", "paper cutout", "clay animation still", "low-poly render",
    "isometric illustration", "pixel art", "mosaic",
    "stained glass", "embroidery", "fresco", "silkscreen poster", "airbrush painting",
    "children's book illustration", "engraving", "blueprint drawing", "mixed-media collage",
)  # fmt: skip
_PALETTE = (
    "muted earth colors", "pastel colors", "deep blues and amber", "black, white and one red",
    "teal and orange", "sepia", "acid green and violet", "dusty pink and grey", "gold and black",
    "primary colors", "monochrome blue", "warm ochre", "cold silver", "neon on black",
    "sun-bleached colors", "forest greens", "burgundy and cream", "turquoise and coral",
    "charcoal and lime", "lavender and mint",
)  # fmt: skip
_LIGHT = (
    "soft window light", "hard flash", "golden hour", "blue hour", "overcast light", "candlelight",
    "neon light", "backlight", "rim light", "moonlight", "dappled shade", "stage light",
    "foggy glow", "high-key light", "low-key light", "stormy light",
)  # fmt: skip
_TOUCH = (
    "grainy", "smooth", "high contrast", "low contrast", "minimal", "ornate", "geometric",
    "organic shapes", "flat", "deep perspective", "symmetrical", "off-center", "dreamy", "crisp",
    "faded", "glossy",
)  # fmt: skip


def odd(seed: int) -> str:
    """Return words for an unusual look, the same for a seed."""
    return ", ".join(shuffled(_ODD, "odd", seed)[:2])


def variety(seed: int, count: int) -> list[str]:
    """Return words for each picture of a set by which they differ."""
    bright, dark, views = (shuffled(words, "variety", seed) for words in (_BRIGHT, _DARK, _VIEWS))
    lights = [light for pair in zip(bright, dark, strict=True) for light in pair]
    return [f"{lights[place % len(lights)]}, {views[place % len(views)]}" for place in range(count)]


def style(code: str) -> str:
    """Return the look of a style code."""
    tables = (_MEDIUM, _PALETTE, _LIGHT, _TOUCH)
    return ", ".join(pick(table, "style", code) for table in tables)
