"""Pictures beside the words: for each one the best way that the model and the engine allow.

The ways are tried in order, the truest first; the last is to begin from the picture itself. What
was done is always said.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from imagine.image_request import (
    Guide,
    IpAdapter,
    PhotoMaker,
    QwenEdit,
    Redraw,
    Redux,
    Reference,
    Unclip,
)
from imagine.input_image import InputImage
from imagine.planning.desk import Desk
from imagine.profiles import matches
from imagine.prompt_values import Weighted

# The files by which the ways are known to work.
REDUX = ("*redux*",)
SIGLIP = ("*sigclip*", "*siglip*")
VISION = ("*clip*vision*g*", "*bigg*", "*vit-h*", "*clip*vision*")
# The preset of IPAdapter that reads faces.
FACES = "PLUS FACE (portraits)"
# How many pictures Qwen-Image-Edit reads.
MOST_EDITED = 3
# img2img as the last resort: how much is redrawn at --iw 0, and how much less for each 1.
BARE = 0.95
PER_IW = 0.2
# A style takes only the colors of its picture, and a character its outlines.
STYLE_DENOISE = 0.88
CHARACTER_DENOISE = 0.7
EDIT_DENOISE = 0.75


@dataclass(frozen=True, slots=True)
class Wish:
    """One picture that is to guide the set: what for, how strongly, and how much else is redrawn.

    ``strength``: 1 is the usual. ``share``: what it counts among the pictures of the same flag.
    """

    parameter: str
    image: InputImage
    strength: float
    share: float
    denoise: float
    is_style: bool = False

    @property
    def weight(self) -> float:
        return self.strength * self.share


Way = Callable[[Desk, Wish], tuple[Guide, str] | None]


def settle_references(desk: Desk, can_begin: bool) -> tuple[tuple[Guide, ...], Redraw | None]:
    """Return the guides of a set, and the pictures that it begins from as the last resort.

    ``can_begin``: whether it does not already begin from a picture.
    """
    wishes = list(_wishes(desk))
    if desk.profile.edit == "qwen" and wishes:
        return _read_together(desk, wishes), None
    guides: list[Guide] = []
    rest: list[Wish] = []
    for wish in wishes:
        found = next((found for way in WAYS if (found := way(desk, wish)) is not None), None)
        if found is None:
            rest.append(wish)
            continue
        guides.append(found[0])
        desk.tell(wish.parameter, f"{_name(wish)} guides the model through {found[1]}.")
    if can_begin:
        return tuple(guides), _begin(desk, rest)
    _leave(desk, rest)
    return tuple(guides), None


# --- what was asked for


def _wishes(desk: Desk) -> Iterator[Wish]:
    iw, sw, cw, ow = (desk.number(name, usual) for name, usual in USUAL)
    denoise = min(1.0, max(0.05, BARE - PER_IW * iw))
    fronts = [desk.inputs[link] for link in desk.prompt.images if link in desk.inputs]
    for image in fronts:
        yield Wish("images", image, max(iw, 0.0), 1 / len(fronts), denoise)
    yield from _listed(desk, "sref", (sw / 100) ** 0.5, STYLE_DENOISE, is_style=True)
    yield from _listed(desk, "cref", max(cw, 10) / 100, CHARACTER_DENOISE)
    yield from _listed(desk, "oref", (ow / 100) ** 0.5, CHARACTER_DENOISE)
    yield from _listed(desk, "edit", 1.0, EDIT_DENOISE)


USUAL = (("iw", 1.0), ("sw", 100.0), ("cw", 100.0), ("ow", 100.0))
_STRENGTH_OF = {"images": "iw", "sref": "sw", "cref": "cw", "oref": "ow"}


def _listed(
    desk: Desk, name: str, strength: float, denoise: float, *, is_style: bool = False
) -> Iterator[Wish]:
    items = [item for item in desk.items(name) if isinstance(item, Weighted)]
    total = sum(item.weight for item in items)
    for item in items:
        image = desk.inputs.get(item.value)
        if image is not None and total > 0:
            yield Wish(name, image, strength, item.weight / total, denoise, is_style)


# --- the ways, the truest first


def _reference_latent(desk: Desk, wish: Wish) -> tuple[Guide, str] | None:
    if desk.profile.edit != "reference_latent" or not desk.has("ReferenceLatent"):
        return None
    return Reference(wish.image), "its reference latent"


def _photo_maker(desk: Desk, wish: Wish) -> tuple[Guide, str] | None:
    models = desk.catalog.photomakers if desk.catalog is not None else ()
    if wish.parameter != "cref" or desk.profile.family != "sdxl" or not models:
        return None
    share = round(min(0.9, 0.6 * wish.weight), 2)
    return PhotoMaker(wish.image, models[0], share), "PhotoMaker, which keeps the face"


def _redux(desk: Desk, wish: Wish) -> tuple[Guide, str] | None:
    if not desk.profile.redux or desk.catalog is None or not desk.has("StyleModelApply"):
        return None
    style_model = _first(REDUX, desk.catalog.style_models)
    vision = _first(SIGLIP, desk.catalog.clip_visions)
    if style_model is None or vision is None:
        return None
    strength = (0.3 if wish.is_style else 0.7) * wish.weight
    return Redux(wish.image, style_model, vision, round(min(3.0, strength), 3)), "FLUX Redux"


def _ip_adapter(desk: Desk, wish: Wish) -> tuple[Guide, str] | None:
    preset = desk.profile.ip_adapter
    if preset is None or desk.catalog is None:
        return None
    if not desk.has("IPAdapterUnifiedLoader", "IPAdapterAdvanced"):
        return None
    if wish.parameter == "cref":
        preset = FACES
    kind = "style transfer" if wish.is_style else "linear"
    weight = round(min(2.0, 0.7 * wish.weight), 2)
    return IpAdapter(wish.image, preset, weight, kind), "IPAdapter"


def _unclip(desk: Desk, wish: Wish) -> tuple[Guide, str] | None:
    if not desk.profile.unclip or desk.catalog is None or not desk.has("unCLIPConditioning"):
        return None
    vision = _first(VISION, desk.catalog.clip_visions)
    if vision is None:
        return None
    strength = round(min(10.0, (0.4 if wish.is_style else 0.8) * wish.weight), 2)
    return Unclip(wish.image, vision, strength), "a vision model (unCLIP)"


WAYS: Sequence[Way] = (_reference_latent, _photo_maker, _redux, _ip_adapter, _unclip)


def _first(patterns: Sequence[str], names: Sequence[str]) -> str | None:
    found = (name for pattern in patterns for name in names if matches(pattern, name))
    return next(found, None)


# --- together, and as the last resort


def _read_together(desk: Desk, wishes: Sequence[Wish]) -> tuple[Guide, ...]:
    images = tuple(dict.fromkeys(wish.image for wish in wishes))
    for wish in wishes:
        desk.honoured.update((wish.parameter, _STRENGTH_OF.get(wish.parameter, "")))
    text = f"{desk.profile.label} reads the words and {_count(len(images))} together."
    if len(images) > MOST_EDITED:
        text += f" It takes {MOST_EDITED}, so the others were left out."
    desk.tell(wishes[0].parameter, text)
    return (QwenEdit(images[:MOST_EDITED]),)


def _begin(desk: Desk, wishes: Sequence[Wish]) -> Redraw | None:
    """Begin from the pictures that nothing else can take."""
    if not wishes:
        return None
    denoise = round(desk.number("denoise", min(wish.denoise for wish in wishes)), 2)
    desk.honoured.add("denoise")
    for wish in wishes:
        desk.honoured.update((wish.parameter, _STRENGTH_OF.get(wish.parameter, "")))
    images = tuple(dict.fromkeys(wish.image for wish in wishes))
    what = "this picture" if len(images) == 1 else f"a mix of {_count(len(images))}"
    desk.tell(
        wishes[0].parameter,
        f"The set begins from {what}, and {denoise:.0%} is redrawn: nothing is installed here that "
        f"reads {'a style' if wishes[0].is_style else 'pictures'} with this model.",
    )
    return Redraw(images, denoise)


def _leave(desk: Desk, wishes: Sequence[Wish]) -> None:
    """Say that pictures were left out, because the set begins from another one already."""
    for wish in wishes:
        desk.tell(
            wish.parameter,
            f"{_name(wish)} was left out: nothing is installed here that reads pictures with this "
            "model.",
        )


def _name(wish: Wish) -> str:
    return (
        "A picture at the front"
        if wish.parameter == "images"
        else f"A picture of --{wish.parameter}"
    )


def _count(number: int) -> str:
    return f"{number} pictures" if number > 1 else "1 picture"
