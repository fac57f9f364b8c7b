"""Pictures beside the words: for each one the best way that the model and the engine allow.

The ways are tried in order, the truest first; the last is to begin from the picture itself. What
was done is always said.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
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
from imagine.models import NoteLevel
from imagine.planning.desk import Desk
from imagine.profiles import matches
from imagine.prompt_values import Weighted

# The files by which the ways are known to work. Each family was trained on one kind of vision model
# only, and with another its nodes fail.
REDUX = ("*redux*",)
SIGLIP = ("*sigclip*", "*siglip*")
VISION: Mapping[str, Sequence[str]] = {
    "sdxl": ("*-clip-vision-g-*", "*vit*bigg*"),
    "sd2": ("*vit*-h-*", "*clip-vision-h-*"),
}
IP_VISION = ("*vit*-h-14*s32b*b79k*", "*ipadapter*sd15*", "*sd15*model*")
IP_ADAPTERS: Mapping[str, Sequence[str]] = {
    "sdxl": ("*plus-sdxl-vit-h",),
    "sd15": ("*ip-adapter-plus-sd15",),
}
IP_FACES: Mapping[str, Sequence[str]] = {
    "sdxl": ("*plus-face-sdxl-vit-h",),
    "sd15": ("*plus-face-sd15",),
}
# The preset of IPAdapter that reads faces.
FACES = "PLUS FACE (portraits)"
# The flag that says how much the pictures of another count, and its usual value.
STRENGTHS = {"images": "iw", "sref": "sw", "cref": "cw", "oref": "ow"}
USUAL = {"iw": 1.0, "sw": 100.0, "cw": 100.0, "ow": 100.0}
# How many pictures Qwen-Image-Edit reads.
MOST_EDITED = 3
# img2img as the last resort: how much is redrawn at --iw 0, and how much less for each 1.
BARE = 0.95
PER_IW = 0.2
# A style takes only the colors of its picture, and a character its outlines.
STYLE_DENOISE = 0.88
CHARACTER_DENOISE = 0.7
EDIT_DENOISE = 0.75
BLEND_DENOISE = 0.5

# Why there is nothing to redraw.
WHOLLY_NEW = "the picture only guides a set that is all new"


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


Way = Callable[[Desk, Wish], Guide | None]

# What is said of each way. The first takes a picture whole, with no strength.
HOW: Mapping[type, str] = {
    Reference: "reference latents",
    PhotoMaker: "PhotoMaker, which keeps the face",
    Redux: "FLUX Redux",
    IpAdapter: "IPAdapter",
    Unclip: "a vision model (unCLIP)",
}


def settle_references(desk: Desk, can_begin: bool) -> tuple[tuple[Guide, ...], Redraw | None]:
    """Return the guides of a set, and the pictures that it begins from as the last resort.

    ``can_begin``: whether it does not already begin from a picture.
    """
    wishes = list(_wishes(desk))
    if desk.profile.edit == "qwen" and wishes:
        if can_begin and "denoise" in desk.typed:
            desk.leave_out("denoise", WHOLLY_NEW)
        return _read_together(desk, wishes), None
    guides: list[Guide] = []
    rest: list[Wish] = []
    # (flag, kind of guide) → how many pictures; each is said once.
    told: dict[tuple[str, type], int] = {}
    for wish in wishes:
        guide = next((guide for way in WAYS if (guide := way(desk, wish)) is not None), None)
        if guide is None:
            rest.append(wish)
            continue
        guides.append(guide)
        kind = (wish.parameter, type(guide))
        told[kind] = told.get(kind, 0) + 1
    for (parameter, way), number in told.items():
        verb = "guide" if number > 1 else "guides"
        desk.tell(parameter, f"{_name(parameter, number)} {verb} the model through {HOW[way]}.")
        _strength(desk, parameter, counts=way is not Reference)
    if can_begin:
        redraw = _begin(desk, rest)
        if guides and redraw is None and "denoise" in desk.typed:
            desk.leave_out("denoise", WHOLLY_NEW)
        return tuple(guides), redraw
    _leave(desk, rest)
    return tuple(guides), None


# --- what was asked for


def _wishes(desk: Desk) -> Iterator[Wish]:
    iw, sw, cw, ow = (desk.number(name, usual) for name, usual in USUAL.items())
    denoise = min(1.0, max(0.05, BARE - PER_IW * iw))
    fronts = [desk.inputs[link] for link in desk.prompt.images if link in desk.inputs]
    for image in fronts:
        yield Wish("images", image, max(iw, 0.0), 1 / len(fronts), denoise)
    yield from _listed(desk, "sref", (sw / 100) ** 0.5, STYLE_DENOISE, is_style=True)
    yield from _listed(desk, "cref", max(cw, 10) / 100, CHARACTER_DENOISE)
    yield from _listed(desk, "oref", (ow / 100) ** 0.5, CHARACTER_DENOISE)
    yield from _listed(desk, "edit", 1.0, EDIT_DENOISE)


def _strength(desk: Desk, parameter: str, *, counts: bool) -> None:
    """Take note that the strength of a flag counts, or say that it does not."""
    name = STRENGTHS.get(parameter)
    if name is None or name not in desk.typed:
        return
    if counts:
        desk.honoured.add(name)
    else:
        desk.leave_out(name, "here a picture is taken whole")


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


def _reference_latent(desk: Desk, wish: Wish) -> Guide | None:
    if desk.profile.edit != "reference_latent" or not desk.has("ReferenceLatent"):
        return None
    return Reference(wish.image)


def _photo_maker(desk: Desk, wish: Wish) -> Guide | None:
    models = desk.catalog.photomakers if desk.catalog is not None else ()
    if wish.parameter != "cref" or desk.profile.family != "sdxl" or not models:
        return None
    return PhotoMaker(wish.image, models[0], round(min(0.9, 0.6 * wish.weight), 2))


def _redux(desk: Desk, wish: Wish) -> Guide | None:
    if not desk.profile.redux or desk.catalog is None or not desk.has("StyleModelApply"):
        return None
    style_model = _first(REDUX, desk.catalog.style_models)
    vision = _first(SIGLIP, desk.catalog.clip_visions)
    if style_model is None or vision is None:
        return None
    strength = (0.3 if wish.is_style else 0.7) * wish.weight
    return Redux(wish.image, style_model, vision, round(min(3.0, strength), 3))


def _ip_adapter(desk: Desk, wish: Wish) -> Guide | None:
    """Guide by IPAdapter if its nodes and files are there; it looks for the files while it runs."""
    preset = desk.profile.ip_adapter
    if preset is None or desk.catalog is None:
        return None
    if not desk.has("IPAdapterUnifiedLoader", "IPAdapterAdvanced"):
        return None
    files = desk.catalog.choices("IPAdapterModelLoader", "ipadapter_file")
    wanted = IP_ADAPTERS
    if wish.parameter == "cref" and _first(IP_FACES.get(desk.profile.family, ()), files):
        preset, wanted = FACES, IP_FACES
    if _first(wanted.get(desk.profile.family, ()), files) is None:
        return None
    if _first(IP_VISION, desk.catalog.clip_visions) is None:
        return None
    kind = "style transfer" if wish.is_style else "linear"
    return IpAdapter(wish.image, preset, round(min(2.0, 0.7 * wish.weight), 2), kind)


def _unclip(desk: Desk, wish: Wish) -> Guide | None:
    if not desk.profile.unclip or desk.catalog is None or not desk.has("unCLIPConditioning"):
        return None
    vision = _first(VISION.get(desk.profile.family, ()), desk.catalog.clip_visions)
    if vision is None:
        return None
    strength = round(min(10.0, (0.4 if wish.is_style else 0.8) * wish.weight), 2)
    return Unclip(wish.image, vision, strength)


WAYS: Sequence[Way] = (_reference_latent, _photo_maker, _redux, _ip_adapter, _unclip)


def _first(patterns: Sequence[str], names: Sequence[str]) -> str | None:
    found = (name for pattern in patterns for name in names if matches(pattern, name))
    return next(found, None)


# --- together, and as the last resort


def _read_together(desk: Desk, wishes: Sequence[Wish]) -> tuple[Guide, ...]:
    images = tuple(dict.fromkeys(wish.image for wish in wishes))
    for parameter in dict.fromkeys(wish.parameter for wish in wishes):
        desk.honoured.add(parameter)
        _strength(desk, parameter, counts=False)
    text = f"{desk.profile.label} reads the words and {_count(len(images))} together."
    if len(images) > MOST_EDITED:
        text += f" It takes {MOST_EDITED}, so the others were left out."
    desk.tell(wishes[0].parameter, text)
    is_normed = desk.catalog is not None and desk.has("CFGNorm")
    return (QwenEdit(images[:MOST_EDITED], is_normed),)


def _begin(desk: Desk, wishes: Sequence[Wish]) -> Redraw | None:
    """Begin from the pictures that nothing else can take."""
    if not wishes:
        return None
    usual = min(wish.denoise for wish in wishes)
    # Without words there is nothing else to go by than the pictures.
    usual = usual if desk.prompt.text else min(usual, BLEND_DENOISE)
    denoise = round(desk.denoise(usual), 2)
    for parameter in dict.fromkeys(wish.parameter for wish in wishes):
        desk.honoured.add(parameter)
        # Of all last resorts, only that of pictures at the front has a strength.
        _strength(desk, parameter, counts=parameter == "images")
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
    parameters = [wish.parameter for wish in wishes]
    for parameter in dict.fromkeys(parameters):
        number = parameters.count(parameter)
        was = "was" if number == 1 else "were"
        desk.tell(
            parameter,
            f"{_name(parameter, number)} {was} left out: nothing is installed here that reads "
            "pictures with this model.",
            NoteLevel.WARNING,
        )
        _strength(desk, parameter, counts=True)  # it goes with its picture


def _name(parameter: str, number: int) -> str:
    what = "at the front" if parameter == "images" else f"of --{parameter}"
    return f"A picture {what}" if number == 1 else f"{number} pictures {what}"


def _count(number: int) -> str:
    return f"{number} pictures" if number > 1 else "1 picture"
