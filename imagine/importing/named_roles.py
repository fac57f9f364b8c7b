"""What inputs are for by their names alone, where no sampler leads to them.

Packs and services have samplers of their own, which take no latent; their inputs are called alike.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

from imagine.catalog import Catalog
from imagine.importing.companions import is_vae
from imagine.importing.texts import COMMANDS, Text, typed, written
from imagine.importing.walking import (
    Feed,
    given_by,
    inputs_of,
    links_of,
    number_of,
    schema_at,
    users_of,
    value_at,
)
from imagine.importing.widgets import SEEDS
from imagine.names import EXTENSIONS
from imagine.repair import Graph

# How nodes call what is a size; the first that a node has is taken.
SIZES = {
    "width": ("width", "empty_latent_width"),
    "height": ("height", "empty_latent_height"),
    "length": ("length", "num_frames", "frames_number", "video_length", "frames", "frame_number"),
    "batch_size": ("batch_size",),
}
MODELS = (
    *("ckpt_name", "unet_name", "model_name", "model", "gguf_name", "base_ckpt_name"),
    *("diffusion_model", "diffusion_models", "gguf"),
)
# Words of inputs that take the name of a file.
_OF_FILES = frozenset({"path", "file", "filename", "folder", "dir", "model", "url", "prefix"})
# How the page of a pack writes that there is no text.
_NOTHING = "[none]"
# And what they take looks like this.
_PATH = re.compile(
    r"[A-Za-z]:[\\/][^\n]*|\\\\\w[^\n]*|[\\/]\w[^\s\\/]*[\\/][^\n]*|(?:\.{1,2}|~)[\\/]\S*|https?://\S+"
)
# By these names the rest is found, where there is no sampler that takes a latent.
_NAMED = {
    "prompt": ("prompt", "positive_prompt", "positive", "text"),
    "negative": ("negative_prompt", "negative"),
    "seed": ("seed", "noise_seed"),
    "steps": (
        *("steps", "num_steps", "num_inference_steps", "inference_steps", "sampling_steps"),
        "diffusion_steps",
    ),
    "cfg": ("cfg", "cfg_scale", "guidance_scale"),
    "width": SIZES["width"],
    "height": SIZES["height"],
    "length": ("num_frames", "frames_number", "video_length", "length"),
}
WORDS = ("prompt", "negative")
# Beside a seed one of these makes a sampler of a node.
STEERED = frozenset({*_NAMED["steps"], *_NAMED["cfg"]})
# What inputs say of themselves that take the other side.
_UNWANTED = frozenset({"negative", "neg", "uncond", "nag"})
Users: TypeAlias = Mapping[str, Collection[Feed]]
# Nodes with a width and a height that is not the picture's.
_OTHER_SIZES = ("crop", "pad", "mask", "load", "preprocessor", "text", "save", "scheduler")


def is_wanted(name: str) -> bool:
    """Say whether an input takes what a picture is to be, and says so."""
    return "positive" in name.lower().split("_")


def is_unwanted(name: str) -> bool:
    """Say whether an input takes what a picture is not to be."""
    return not _UNWANTED.isdisjoint(name.lower().split("_"))


def by_names(graph: Graph, known: Collection[str]) -> Iterator[tuple[str, list[Feed]]]:
    """Yield the usual names that are not known yet, with the inputs that they are for.

    The first node that has one of the names is taken.
    """
    for role, names in _NAMED.items():
        if role in known or role in WORDS:
            continue
        for node_id in sorted(graph, key=lambda node_id: not _is_sampler(graph, node_id)):
            if role in SIZES and not is_sized(graph, node_id):
                continue
            if role == "steps" and not _is_steered(graph, node_id):
                continue
            feeds = (number_of(graph, node_id, name) for name in names)
            if feed := next((feed for feed in feeds if feed is not None), None):
                yield role, [feed, *_equal_sizes(graph, role, feed)]
                break
    yield from _models(graph, known)


def texts_by_name(
    graph: Graph, catalog: Catalog | None, role: str, last: Collection[Feed]
) -> list[Text]:
    """Return the texts of the first node that has one with the name of a role.

    ``last``: what is for something else. It is taken where there is nothing else, and so is what
    only tells a model how to write.
    """
    first: list[Text] = []
    seen: set[str] = set()
    users = users_of(graph)
    for node_id in sorted(graph, key=lambda node_id: not _is_sampler(graph, node_id)):
        # What saves only writes them down, and a box may hold the name of a file.
        is_saved = "save" in str(graph[node_id].get("class_type", "")).lower()
        uses = users.get(node_id, ())
        is_number = _counts(graph, catalog, node_id) or _becomes_number(graph, catalog, uses)
        if is_saved or _names_file(uses) or is_number:
            continue
        is_other = _is_for_unwanted(uses)
        if is_other and role == "prompt":
            continue
        for name in (*_NAMED[role], *(_NAMED["prompt"] if is_other else ())):
            written_ = _texts(graph, catalog, node_id, name, role, seen)
            texts = [
                text for text in written_ if not is_path(text.value) and text.value != _NOTHING
            ]
            if texts and not texts[0].is_told and texts[0].feed not in last:
                return texts
            first = first or texts
    worded = (_worded(graph, catalog, users, node_id, role) for node_id in graph)
    found = ([text for text in texts if text.feed not in last] for texts in worded)
    return next(filter(None, found), first)


def boxes(graph: Graph, catalog: Catalog | None) -> Iterator[Text]:
    """Yield what stands alone in a node that hands it on to others, and names no file."""
    users = users_of(graph)
    for node_id in graph:
        inputs = inputs_of(graph, node_id)
        texts = [name for name, value in inputs.items() if isinstance(value, str)]
        is_box = len(inputs) == 1 and given_by(graph, catalog, node_id, 0) == "STRING"
        uses = users.get(node_id, ())
        is_other = _names_file(uses) or _becomes_number(graph, catalog, uses)
        if is_box and texts and uses and not is_other:
            yield typed(graph, catalog, node_id, texts[0])


def other_prompts(graph: Graph, catalog: Catalog | None) -> Iterator[tuple[str, Text]]:
    """Yield what is written anywhere as a prompt by its name, with the side that it is of."""
    users = users_of(graph)
    for node_id in graph:
        for role in WORDS:
            for text in _worded(graph, catalog, users, node_id, role):
                if text.value.strip() and text.value != _NOTHING:
                    yield role, text


def _worded(
    graph: Graph, catalog: Catalog | None, users: Users, node_id: str, role: str
) -> list[Text]:
    """Return the prompts of a node that has several, such as ``scene_prompt``."""
    schema = schema_at(graph, catalog, node_id)
    is_other = _is_for_unwanted(users.get(node_id, ()))
    found: list[Text] = []
    for name, value in inputs_of(graph, node_id).items():
        words = [word for word in name.lower().split("_") if not word.isdecimal()]
        wanted = schema.inputs.get(name) if schema is not None else None
        is_text = isinstance(value, str) and (wanted is None or wanted.type == "STRING")
        is_text &= COMMANDS.isdisjoint(words)
        is_prompt = words[-1:] == ["prompt"] or words[-2:] == ["prompt", "text"]
        if is_text and is_prompt and (is_other or is_unwanted(name)) == (role == "negative"):
            found.append(typed(graph, catalog, node_id, name))
    return [text for text in found if not text.is_told]


def is_path(text: str) -> bool:
    """Say whether a text tells where something is, and not what is wanted."""
    return _PATH.fullmatch(text.strip()) is not None


def _is_for_unwanted(uses: Collection[Feed]) -> bool:
    """Say whether all that takes what a node gives takes it for what is not to be."""
    return bool(uses) and all(is_unwanted(name) for _, name in uses)


def _names_file(uses: Collection[Feed]) -> bool:
    """Say whether all that takes what a node gives takes it for the name of a file."""
    names = ({*name.lower().split("_")} for _, name in uses)
    return bool(uses) and not any(_OF_FILES.isdisjoint(words) for words in names)


def _becomes_number(graph: Graph, catalog: Catalog | None, uses: Collection[Feed]) -> bool:
    """Say whether all that takes what a node gives makes a number of it."""
    return bool(uses) and all(_counts(graph, catalog, user) for user, _ in uses)


def _counts(graph: Graph, catalog: Catalog | None, node_id: str) -> bool:
    return given_by(graph, catalog, node_id, 0) in ("INT", "FLOAT", "NUMBER")


def _texts(
    graph: Graph, catalog: Catalog | None, node_id: str, name: str, role: str, seen: set[str]
) -> list[Text]:
    """Return the texts of an input, apart from those of nodes that were seen before."""
    if name in (links := links_of(graph, node_id)):
        side = "negative" if role == "negative" else "positive"
        return written(graph, catalog, links[name][0], side, seen)
    is_typed = isinstance(inputs_of(graph, node_id).get(name), str)
    return [typed(graph, catalog, node_id, name)] if is_typed else []


def _models(graph: Graph, known: Collection[str]) -> Iterator[tuple[str, list[Feed]]]:
    """Yield the files that no chain of models led to, by their names and what they end with."""
    for node_id in graph:
        for name, value in inputs_of(graph, node_id).items():
            if not isinstance(value, str) or not value.lower().endswith(EXTENSIONS):
                continue
            is_other = name == "model_name" or is_vae(str(graph[node_id].get("class_type", "")))
            if name in MODELS and not is_other and "model" not in known:
                yield "model", [(node_id, name)]


def _equal_sizes(graph: Graph, role: str, feed: Feed) -> Iterator[Feed]:
    """Yield where the same size stands again, in a node that scales or makes the latent."""
    value = value_at(graph, feed)
    for node_id in graph if role in ("width", "height") else ():
        inputs = inputs_of(graph, node_id)
        is_whole = {"width", "height"} <= inputs.keys() and is_sized(graph, node_id)
        if is_whole and node_id != feed[0] and inputs[role] == value:
            yield (node_id, role)


def is_sized(graph: Graph, node_id: str) -> bool:
    """Say whether a size that a node has is likely that of the pictures."""
    class_type = str(graph[node_id].get("class_type", "")).lower()
    inputs = inputs_of(graph, node_id)
    makes = not SEEDS.isdisjoint(inputs)  # whatever its name has in it
    if not makes and any(word in class_type for word in _OTHER_SIZES):
        return False
    sides = (n for role in ("width", "height") for n in SIZES[role] if n in inputs)
    return not any(is_automatic(graph, number_of(graph, node_id, name)) for name in sides)


def _is_sampler(graph: Graph, node_id: str) -> bool:
    """Say whether a node draws something, and is told how well: what only writes texts is not."""
    names = inputs_of(graph, node_id).keys()
    return not SEEDS.isdisjoint(names) and not STEERED.isdisjoint(names)


def _is_steered(graph: Graph, node_id: str) -> bool:
    """Say whether the steps of a node are those of a sampling: a blur has some, too."""
    names = inputs_of(graph, node_id).keys()
    others = {*SEEDS, *_NAMED["cfg"], "guidance", "scheduler", "sampler", "sampler_name", "sigmas"}
    return not names.isdisjoint(others) or "model" in names


def is_automatic(graph: Graph, feed: Feed | None) -> bool:
    """Say whether a side is 0: then it follows from the other one, or from a picture."""
    return feed is not None and value_at(graph, feed) == 0
