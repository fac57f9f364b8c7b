"""What to call pictures of which a graph takes several: by what they are for, else by their files.

Their loaders are mostly called the same, and a form of “Image” and “Image 2” says nothing.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from imagine.importing.companions import guide_of
from imagine.importing.fields import Field, Fields
from imagine.importing.naming import safe_name
from imagine.importing.walking import Feed, inputs_of, links_of, schema_at
from imagine.names import basename
from imagine.repair import title

# What says nothing, also with a number behind it: all pictures go into something called this.
_PLAIN = frozenset(
    {
        *("image", "images", "img", "pixels", "picture", "pictures", "photo", "photos", "frame"),
        *("frames", "batch", "video", "videos", "audio", "audios", "sound", "media", "file"),
        *("input", "inputs", "in", "value", "values", "any", "anything", "on", "true", "false"),
        *("switch", "select", "optional", "opt", "pass", "list", "passthrough", "and", "the"),
    }
)
# And what files are called by programs.
_OF_FILES = frozenset(
    {
        *("comfyui", "temp", "output", "example", "untitled", "unnamed", "download", "pasted"),
        *("screenshot", "whatsapp", "clipspace", "copy", "final", "new", "default", "upload"),
        *("large", "small", "medium", "big", "full", "original", "edited", "img", "image", "photo"),
        *("depth", "canny", "pose", "openpose", "lineart", "normal", "seg", "scribble", "mask"),
        *("generated", "dsc", "pxl", "jpg", "jpeg", "png", "webp", "mp", "resized", "test"),
    }
)
# Words of nodes that make a picture ready for others, and of all that do anything.
_PREPARING = frozenset(
    {
        *("load", "resize", "scale", "upscale", "crop", "pad", "preprocessor", "preprocess", "vae"),
        *("batch", "size", "preview", "show", "save", "image", "images", "switch", "reroute"),
        *("conditioning", "list", "get", "set", "mask", "latent", "encode", "composite"),
    }
)
_DOING = frozenset({"apply", "node", "advanced", "simple", "pysssss", "v1", "v2", "v3"})
# How files call the halves of a sampling that each have a model.
_HALVES = {"high noise": {"high", "highnoise", "hn"}, "low noise": {"low", "lownoise", "ln"}}
_NOT_LETTERS = re.compile(r"[^a-z]+")
_CLIPSPACE = "clipspace"
_LOADING = ("load", "loader", "loading", "upload", "node")
_VOWELS = re.compile(r"[aeiouy]")
_SLOT_OF_PICTURES = 0
# What has one of these beside a picture paints upon it.
_PAINTS = frozenset({"positive", "model", "basic_pipe", "detailer_pipe"})
# The number of a frame, and what its ends are called.
_PLACE, _ENDS = "frame_idx", {0: "First frame", -1: "Last frame"}
# How many nodes that only change a picture are followed, and how many words a name has.
_MOST_PASSED, _MOST_WORDS = 4, 4
# Units: characters.
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Label:
    """What to call a picture, "" for nothing else than usual, and what to say of it.

    ``needs_number``: the text alone does not say that it is a picture.
    """

    text: str
    description: str
    needs_number: bool = False


def labels(pictures: Sequence[Field], fields: Fields) -> list[Label | None]:
    """Return for each of some pictures what only it is called; None where nothing is known."""
    found: list[Label | None] = [None] * len(pictures)
    ways: tuple[Callable[[Field, Fields], Label | None], ...]
    ways = (_titled, _used_as, _guiding, _worked_on, _filed_as)
    for way in ways:
        names = [way(picture, fields) for picture in pictures]
        counts = Counter(name.text.lower() for name in names if name is not None)
        for at, name in enumerate(names):
            is_told = name is not None and (way is _guiding or counts[name.text.lower()] == 1)
            if found[at] is None and is_told:
                found[at] = name
    return [
        label if label is not None else _used_alike(picture, fields)
        for label, picture in zip(found, pictures, strict=True)
    ]


def noises(files: Sequence[str]) -> list[str]:
    """Return for each of some files of models which half of a sampling it is for, by its name.

    Wan 2.2 has one model for high noise and one for low, and LoRAs for each. "" where a file does
    not say it, or where there is nothing for the other half.
    """
    words = [[*_NOT_LETTERS.split(basename(file).lower())] for file in files]
    halves = [
        next((name for name, half in _HALVES.items() if not half.isdisjoint(own)), "")
        for own in words
    ]
    if not all(half in halves for half in _HALVES):
        return [""] * len(files)
    either = frozenset().union(*_HALVES.values())
    bare = [tuple(word for word in own if word not in either) for own in words]
    return [
        half if "noise" in "".join(own) or _has_twin(at, bare, halves) else ""
        for at, (half, own) in enumerate(zip(halves, words, strict=True))
    ]


def _has_twin(at: int, bare: Sequence[tuple[str, ...]], halves: Sequence[str]) -> bool:
    """Say whether there is the same file for the other half."""
    others = (one for one, half in zip(bare, halves, strict=True) if half and half != halves[at])
    return bare[at] in others


def _worked_on(picture: Field, fields: Fields) -> Label | None:
    """Return what the first node is called that does more with a picture than to prepare it."""
    for user, _ in _uses(picture, fields):
        name = safe_name(fields.graph[user]["class_type"])
        words = [word for word in name.split("_") if word not in _DOING]
        if not words or not _PREPARING.isdisjoint(name.split("_")):
            continue
        return Label(" ".join(words), f"Goes into {title(fields.graph, user)}", needs_number=True)
    return None


def _guiding(picture: Field, fields: Fields) -> Label | None:
    """Return what kind of guide a picture is for; it may be for the same as another one."""
    for user, _ in _uses(picture, fields):
        if (guide := guide_of(fields.graph[user]["class_type"])) is not None:
            return Label(guide, f"Goes into {title(fields.graph, user)}", needs_number=True)
    return None


def _titled(picture: Field, fields: Fields) -> Label | None:
    """Return the title that a person wrote, if it says more than that a picture is loaded."""
    text = " ".join((picture.label or "").split())[:_LONGEST].rstrip()
    words = [word for word in safe_name(text).split("_") if word]
    if not text or (words and not _meant([word for word in words if word not in _LOADING])):
        return None
    return Label(text, f"{picture.title}: {picture.feed[1]}")


def _used_as(picture: Field, fields: Fields) -> Label | None:
    """Return what a picture is for: what the first input that is not just an image calls it.

    None for one that is itself painted anew, whatever else it is for.
    """
    label: Label | None = None
    for user, name in _uses(picture, fields):
        if (place := _placed(fields, user)) is not None:
            return Label(place, f"Goes into {title(fields.graph, user)} as {place.lower()}")
        words = _meant(safe_name(name.rpartition(".")[2]).split("_"))
        inputs = inputs_of(fields.graph, user)
        if not words and any(isinstance(inputs.get(name), list) for name in _PAINTS):
            return None
        if words and label is None:
            text = " ".join(words).capitalize()
            used = f"Goes into {title(fields.graph, user)} as {name}"
            label = Label(text if len(words) > 1 else f"{text} image", used)
    return label


def _placed(fields: Fields, user: str) -> str | None:
    """Return which frame of a clip a node makes of its picture; None for other nodes."""
    at = inputs_of(fields.graph, user).get(_PLACE)
    if not isinstance(at, int) or isinstance(at, bool):
        return None
    return _ENDS.get(at, f"Frame {at}")


def _uses(picture: Field, fields: Fields) -> Iterator[Feed]:
    """Yield the inputs that get a picture, the nearest first, also through what only scales it."""
    waiting, seen = deque([(picture.feed[0], 0)]), {picture.feed[0]}
    while waiting:
        node_id, passed = waiting.popleft()
        for user, name in fields.users.get(node_id, ()):
            if node_id == picture.feed[0] and not _is_picture(fields, user, name):
                continue
            yield user, name
            if passed < _MOST_PASSED and user not in seen and _passes_on(fields, user):
                seen.add(user)
                waiting.append((user, passed + 1))


def _used_alike(picture: Field, fields: Fields) -> Label | None:
    """Return what a picture is for, where others are called the same: only to be said of it."""
    used = _used_as(picture, fields)
    return Label("", used.description) if used is not None else None


def _is_picture(fields: Fields, user: str, name: str) -> bool:
    """Say whether an input takes what its loader shows, and not the mask in it."""
    link = inputs_of(fields.graph, user)[name]
    return bool(link[1] == _SLOT_OF_PICTURES)


def _passes_on(fields: Fields, node_id: str) -> bool:
    """Say whether a node makes one picture of one, such as a scaling."""
    schema = schema_at(fields.graph, fields.catalog, node_id)
    return (
        schema is not None
        and schema.outputs[:1] in (("IMAGE",), ("*",))
        and len(links_of(fields.graph, node_id)) == 1
    )


def _meant(words: Sequence[str]) -> list[str]:
    """Return the words of an input's name when they say what a picture is for."""
    plain = [word for word in words if word and not word.isdecimal()]
    bare = [word.rstrip("0123456789") for word in plain]
    means = any(len(word) > 1 and word not in _PLAIN for word in bare)
    return [word for word in bare if word] if means else []


def _filed_as(picture: Field, fields: Fields) -> Label | None:
    """Return the words of the file that the maker had there."""
    name = basename(str(picture.value))
    if name.startswith(_CLIPSPACE):
        return None  # ComfyUI's own name for what was painted there
    words = [
        word
        for word in safe_name(name.rpartition(".")[0]).split("_")
        if len(word) > 2 and word.isalpha() and _VOWELS.search(word)
    ]
    telling = [word for word in words if word not in _PLAIN | _OF_FILES][:_MOST_WORDS]
    if not telling:
        return None
    return Label(" ".join(telling), f"The maker had {name} here", needs_number=True)
