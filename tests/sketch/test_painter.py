"""Which words call for which scene, and that every scene can be painted at every size."""

import pytest
from PIL import ImageOps, ImageStat

from imagine.sketch.painter import SCENES, Brief, Scene, choose, paint
from tests.sketch.helpers import distance

NAMES = {scene.paint.__name__.removeprefix("paint_"): scene for scene in SCENES}


def brief(words: str, seed: int = 1, **fields: object) -> Brief:
    return Brief(((words, 1.0),), "", seed, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "scene"),
    [
        ("a red fox in the snow", "animal"),
        ("a grey wolf in an autumn forest at dusk", "animal"),
        ("first light over layered hills, thin mist in the valleys, pines in front", "ridges"),
        ("a castle on a mountain", "ridges"),
        ("a rain-soaked avenue at night, one figure under an umbrella", "city"),
        ("neon city in the rain", "city"),
        ("hand-thrown vases on a stone shelf, window light in the afternoon", "still"),
        ("a jellyfish drifting in deep water, soft light from above", "reef"),
        ("wind-shaped dunes at dusk, five walkers on the ridge", "dunes"),
        ("a lighthouse in a storm, long exposure", "sea"),
        ("a sailboat at sunset", "sea"),
        ("northern lights over a lake", "sky"),
        ("an astronaut above a ringed planet", "space"),
        ("portrait of an old man with a hat", "portrait"),
        ("a cat at the window at night", "cat"),
        ("a cabin in the snow, smoke from the chimney", "dwelling"),
        ("a field of poppies", "garden"),
        ("sunlight through a forest, a stag on the path", "woods"),
        ("qwertz", "abstract"),
        ("", "abstract"),
        ("ein Fuchs, ü 狐", "abstract"),
    ],
)
def test_words_choose_the_scene(words: str, scene: str) -> None:
    assert choose(words) is NAMES[scene]


def test_unwanted_words_do_not_choose() -> None:
    assert choose("a fox in a city", avoid="fox") is NAMES["city"]


def test_the_strongest_phrase_comes_first() -> None:
    both = Brief((("a city", 0.5), ("a fox", 1.5)), "", 1)

    assert both.text() == "a fox a city"
    assert choose(both.text()) is NAMES["animal"]


@pytest.mark.parametrize("scene", SCENES, ids=NAMES)
@pytest.mark.parametrize("size", [(8, 8), (16, 48), (80, 24)])
def test_every_scene_can_be_painted_in_every_shape(scene: Scene, size: tuple[int, int]) -> None:
    word = max(scene.weights, key=lambda w: scene.weights[w])

    assert paint(brief(word), *size).size == size
    assert paint(brief(word, has_subject=False), *size).size == size


@pytest.mark.parametrize("scene", SCENES, ids=NAMES)
def test_a_larger_size_is_the_same_picture(scene: Scene) -> None:
    word = max(scene.weights, key=lambda w: scene.weights[w])
    small, large = (paint(brief(word), side, side).resize((32, 32)) for side in (96, 192))
    other = paint(brief(word, seed=2), 96, 96).resize((32, 32))

    assert distance(small, large) < 9
    assert distance(small, large) < distance(small, other)


def test_the_four_of_a_set_have_different_hours() -> None:
    pictures = [paint(brief("a red fox in the snow", index=k), 64, 36) for k in range(4)]
    light = sorted(ImageStat.Stat(picture.convert("L")).mean[0] for picture in pictures)

    assert light[-1] - light[0] > 40


def test_another_setting_keeps_the_composition() -> None:
    one = paint(Brief((("a red fox", 1.0), ("highly detailed", 0.05)), "", 1, cfg=5), 128, 72)
    other = paint(Brief((("a red fox", 1.0),), "blurry", 1, cfg=8, manner="euler"), 128, 72)

    assert 0 < distance(one, other) < 8


@pytest.mark.parametrize("technique", ["watercolor", "ink drawing", "pixel art", "monochrome"])
def test_a_named_technique_changes_the_picture(technique: str) -> None:
    plain = paint(brief("a fox"), 96, 96)

    assert distance(plain, paint(brief(f"a fox, {technique}"), 96, 96)) > 5


def test_a_fox_in_the_snow_is_red_on_white() -> None:
    picture = paint(brief("a red fox in the snow at noon"), 160, 90)
    pixels = picture.tobytes()
    triples = list(zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True))

    red = sum(r > 150 and r > g * 1.5 and r > b * 2 for r, g, b in triples)
    white = sum(min(triple) > 170 for triple in triples)
    assert red > len(triples) * 0.02
    assert white > len(triples) * 0.2


def test_a_character_sheet_shows_one_character_several_times() -> None:
    words = "a woman with red hair, character sheet, front, side and back view"
    sheet = paint(Brief(((words, 1.0),), avoid="", seed=3), 330, 150)
    six = paint(Brief(((f"{words}, six faces", 1.0),), avoid="", seed=3), 330, 150)

    assert sheet.size == six.size == (330, 150)
    # Five pixels of paper, then a view, and so on; every second one is mirrored.
    one, other = (sheet.crop((left, 5, left + 103, 145)) for left in (5, 113))
    assert distance(ImageOps.mirror(other), one) < 1
    assert distance(six, sheet) > 10
    corners = [sheet.getpixel((x, y)) for x in (0, 329) for y in (0, 149)]
    assert all(min(corner) > 200 for corner in corners if isinstance(corner, tuple))
