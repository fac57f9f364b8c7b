"""Words to pictures: which scene, in which mood, and the painting of it."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from PIL import Image, ImageEnhance

from imagine.sketch.canvas import Canvas
from imagine.sketch.effects import accent, finish, graded, with_tones_of
from imagine.sketch.reading import Reading, read, words_of
from imagine.sketch.scenes.abstract import paint_abstract
from imagine.sketch.scenes.animals import paint_animal
from imagine.sketch.scenes.cat import paint_cat
from imagine.sketch.scenes.city import paint_city
from imagine.sketch.scenes.dunes import paint_dunes
from imagine.sketch.scenes.dwelling import paint_dwelling
from imagine.sketch.scenes.garden import paint_garden
from imagine.sketch.scenes.portrait import paint_portrait
from imagine.sketch.scenes.reef import paint_reef
from imagine.sketch.scenes.ridges import paint_ridges
from imagine.sketch.scenes.sea import paint_sea
from imagine.sketch.scenes.sky import paint_sky
from imagine.sketch.scenes.space import paint_space
from imagine.sketch.scenes.still import paint_still
from imagine.sketch.scenes.woods import paint_woods
from imagine.sketch.shapes import BLACK, WHITE, mix
from imagine.sketch.sheet import sheet_of

# Larger pictures are painted at this many pixels and scaled up.
MAX_PIXELS = 4_200_000
# The side of a picture that is painted for its tones only.
STUDY_PX = 96


@dataclass(frozen=True, slots=True)
class Scene:
    """A painting function and the words that call for it; ``mixes_tints``: it uses them itself."""

    paint: Callable[[Canvas, Reading], None]
    weights: Mapping[str, float]
    mixes_tints: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A text that stands for itself, and the words mixed into it, each with its share of it."""

    text: str
    weight: float
    accents: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything that a painting depends on, besides its size.

    The strongest phrase, the seed and the index decide what is where; everything else changes
    only light, colour and grain, so that a set can be compared with one setting changed.
    """

    phrases: tuple[tuple[str, float], ...]
    avoid: str
    seed: int
    index: int = 0
    cfg: float = 5.0
    manner: str = ""
    ink: float = 0.0
    has_subject: bool = True

    def parts(self) -> tuple[Part, ...]:
        """Return the texts that stand for themselves, the strongest first.

        One that begins as another does and only goes on is mixed into that one.
        """
        weights: dict[str, float] = {}
        for text, weight in self.phrases:
            if weight > 0:
                weights[text] = weights.get(text, 0.0) + weight
        heads: dict[str, dict[str, float]] = {text: {} for text in weights}
        for text in sorted(weights, key=len, reverse=True):
            head = min((h for h in heads if h and _goes_on(h, text)), key=len, default=None)
            if head is not None:
                heads[head][text[len(head) :]] = weights[text]
                del heads[text]
        parts = []
        for text, more in heads.items():
            total = weights[text] + sum(more.values())
            parts.append(Part(text, total, tuple((w, more[w] / total) for w in sorted(more))))
        return tuple(sorted(parts, key=lambda part: -part.weight))

    def text(self) -> str:
        """Return the words that count, the strongest phrase first."""
        parts = self.parts()
        return " ".join(part.text for part in parts if part.weight * 4 >= parts[0].weight)

    def scene(self) -> Scene:
        """Return the scene that the strongest phrase calls for, or else all together."""
        first = self.parts()[:1]
        scene = choose(first[0].text, self.avoid) if first else ABSTRACT
        return scene if scene is not ABSTRACT else choose(self.text(), self.avoid)

    def lot(self) -> str:
        """Return what all pictures of a set share."""
        first = self.parts()[:1]
        return f"{' '.join(first[0].text.split()).lower() if first else ''}|{self.seed}"

    def key(self) -> str:
        """Return the text from which the composition of this picture is drawn."""
        return f"{self.lot()}|{self.index}"

    def detail(self) -> str:
        """Return the text from which its grain is drawn."""
        parts = self.parts()
        phrases = tuple((p.text, round(p.weight / parts[0].weight, 4)) for p in parts)
        return f"{self.key()}|{phrases}|{self.avoid}|{self.cfg}|{self.manner}"


def _goes_on(head: str, text: str) -> bool:
    """Say whether a text begins with the words of another and goes on."""
    return text.startswith(head) and text != head and not text[len(head)].isalnum()


def _calls(**groups: str) -> dict[str, float]:
    """Read ``w9="fox wolf", w3="snow"`` as the weights of words."""
    return {word: float(name[1:]) for name, words in groups.items() for word in words.split()}


SCENES = (
    Scene(
        paint_abstract, _calls(w8="abstract pattern marble swirl texture shapes geometric"), True
    ),
    Scene(paint_animal, _calls(w10="fox wolf wolves dog husky coyote", w4="animal")),
    Scene(paint_cat, _calls(w10="cat kitten", w4="windowsill")),
    Scene(
        paint_portrait,
        _calls(
            w9="portrait woman man girl boy king queen prince princess wizard witch lady detective",
            w7="person people face warrior child gentleman knight samurai poet musician",
        ),
        True,
    ),
    Scene(
        paint_space,
        _calls(
            w10="astronaut cosmonaut spaceman nebula galaxy",
            w8="planet saturn jupiter space cosmos universe asteroid comet spaceship rocket cosmic",
        ),
        True,
    ),
    Scene(
        paint_reef,
        _calls(
            w10="jellyfish whale coral reef shark octopus underwater",
            w8="fish diver turtle",
        ),
        True,
    ),
    Scene(
        paint_sea,
        _calls(
            w9="lighthouse boat ship sailboat yacht harbour harbor pier",
            w6="sea ocean wave coast beach island sail sailing cliff",
            w4="storm tempest",
        ),
    ),
    Scene(
        paint_city,
        _calls(
            w8="city street skyline skyscraper neon cyberpunk tokyo paris london alley umbrella",
            w6="town traffic cafe downtown metropolis avenue",
            w2="rain rainy",
        ),
    ),
    Scene(paint_dunes, _calls(w9="desert dune sahara camel caravan mars martian oasis", w4="sand")),
    Scene(
        paint_still,
        _calls(
            w10="vase pottery ceramic bouquet jug teapot still",
            w7="bottle bowl fruit apple lemon pear",
            w3="table",
        ),
    ),
    Scene(
        paint_dwelling,
        _calls(
            w9="cabin cottage hut chalet farmhouse",
            w7="house barn farm church home village",
            w2="smoke",
        ),
    ),
    Scene(
        paint_woods,
        _calls(
            w10="stag deer elk doe",
            w6="forest wood woodland jungle grove tree enchanted firefly fireflies",
        ),
    ),
    Scene(
        paint_garden,
        _calls(
            w8="garden meadow poppy poppies tulip lavender sunflower daisy daisies butterfly",
            w6="flower field rose blossom",
            w2="spring",
        ),
        True,
    ),
    Scene(
        paint_sky,
        _calls(
            w10="aurora borealis",
            w8="milky tent campfire camping",
            w3="starry stars star night",
        ),
        True,
    ),
    Scene(
        paint_ridges,
        _calls(
            w9="castle fortress palace balloon",
            w7="mountain ridge alps peak fjord valley volcano",
            w6="hill landscape canyon tower temple monastery lake",
            w3="misty mist fog river bird",
            w2="sunrise sunset dawn dusk winter snow morning evening",
        ),
    ),
)

ABSTRACT = SCENES[0]


def paint(brief: Brief, width: int, height: int) -> Image.Image:
    """Paint a brief at a size; another size is the same picture, larger or smaller."""
    if (sheet := sheet_of(brief.text())) is not None:
        alone = replace(brief, phrases=((sheet.text, 1.0),))
        return sheet.arrange(lambda wide, high: paint(alone, wide, high), width, height)
    scale = min(1.0, (MAX_PIXELS / (width * height)) ** 0.5)
    canvas = Canvas(
        max(1, round(width * scale)), max(1, round(height * scale)), random.Random(brief.key())
    )
    scene = brief.scene()
    reading = read(
        brief.text(),
        brief.avoid,
        frozenset(scene.weights),
        lot=brief.lot(),
        index=brief.index,
        has_subject=brief.has_subject,
    )
    scene.paint(canvas, reading)
    if reading.tints and not scene.mixes_tints:
        tint = reading.tints[0]
        shadow, light = mix(tint, BLACK, 0.8), mix(tint, WHITE, 0.72)
        canvas.image = graded(canvas.image, shadow, light, 0.34)
    if reading.has_fog:
        canvas.veil((214, 218, 222), [(0, 0.05), (0.55, 0.4), (1, 0.12)])
    canvas.vignette(0.5)
    canvas.rng = random.Random(brief.detail())
    canvas.image = _mixed(finish(canvas.image, reading.words, brief.ink), brief)
    canvas.image = ImageEnhance.Color(canvas.image).enhance(0.94 + min(brief.cfg, 20) * 0.012)
    canvas.grain(3.0)
    picture = canvas.image
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    return picture


def _mixed(picture: Image.Image, brief: Brief) -> Image.Image:
    """Let the weaker phrases and the words mixed in act on light, colour and texture."""
    parts = brief.parts()
    total = sum(part.weight for part in parts)
    for words, share in parts[0].accents if parts else ():
        picture = accent(picture, read(words, brief.avoid, frozenset()), share)
    for part in parts[1:]:
        share = part.weight / total
        if choose(part.text, brief.avoid) is not ABSTRACT:
            study = paint(replace(brief, phrases=((part.text, 1.0),)), STUDY_PX, STUDY_PX)
            picture = with_tones_of(picture, study, share)
        picture = accent(picture, read(part.text, brief.avoid, frozenset()), share)
    return picture


def choose(text: str, avoid: str = "") -> Scene:
    """Return the scene that the words call for most; what nobody knows becomes abstract."""
    unwanted = set(words_of(avoid))
    words = [word for word in words_of(text) if word not in unwanted]
    best, best_score = SCENES[0], 0.0
    for scene in SCENES:
        score = 0.0
        for place, word in enumerate(words):
            weight = scene.weights.get(word) or scene.weights.get(word.removesuffix("s"), 0.0)
            # What is said first is what the picture is of.
            score += weight * (1 + 0.3 * (1 - place / len(words)))
        if score > best_score:
            best, best_score = scene, score
    return best
