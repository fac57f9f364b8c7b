"""A workflow that was read becomes an entry: its parameters, what it needs, where it belongs.

Choices and models are left to the engine, so that what is installed later can be chosen too; the
values that the maker left in the graph are the defaults.
"""

import re
import sys
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

from imagine.catalog import Catalog
from imagine.importing import parameters as read
from imagine.importing.bounds import BOUNDLESS
from imagine.importing.documents import Format
from imagine.importing.fields import DRAWN, ParameterType
from imagine.importing.making import latent_samplers, writes
from imagine.importing.naming import LONGEST_NAME
from imagine.importing.outputs import OutputKind
from imagine.importing.parameters import Rank
from imagine.importing.reading import Imported
from imagine.importing.switches import as_switched, switches
from imagine.importing.walking import Feed, behind, inputs_of, links_of, users_of
from imagine.profiles import Profiles
from imagine.registry.entries import (
    FILES,
    LONGEST_TEXT,
    MOST_PARAMETERS,
    NAMED_TYPES,
    NAMES,
    NUMBERS,
    RESERVED,
    Entry,
    Parameter,
    Source,
)
from imagine.registry.filling import kept_outputs
from imagine.repair import Graph, folder_of

# Units: characters; notes.
LONGEST_ID = 60
LONGEST_NOTE = 500
MOST_NOTES = 50
# Under which files are saved; each run has its own.
_PREFIX = "filename_prefix"
Value: TypeAlias = bool | int | float | str | None
# Devices of Windows, which no file can be called.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(10))}
)
_NOT_IN_ID = re.compile(r"[^a-z0-9]+")
# Where the models lie that make the pictures.
_MODEL_FOLDERS = ("checkpoints", "diffusion_models")
# What such a name says is only that no recipe of ours knows the model.
_UNKNOWN = ("no-picture", "unknown-recipe")
_CATEGORIES = {"video": "video", "model": "3d", "audio": "audio"}
# What makers call the prompt, where they give it a name.
_PROMPTS = ("positive_prompt", "positive", "prompt_text", "text_prompt", "main_prompt")
# A text that stands for one, which a program puts in its place.
_PLACEHOLDER = re.compile(
    r"\s*(\{\{?[\w .-]+\}?\}|__[A-Za-z0-9_]+__|%[A-Za-z_]+%|\$\{?[A-Za-z_]+\}?|PLACEHOLDER\w*)\s*"
)
# What is about the picture that it takes, though it could be without one.
_ABOUT = re.compile(
    r"edit|kontext|to_?video|i2v|im(a)?ge?_?(2|to)|upscale|swap|clone", re.IGNORECASE
)
# What wants a picture with a transparent part, and has no mask of its own then.
_PAINTED = ("VAEEncodeForInpaint", "InpaintModelConditioning", "SetLatentNoiseMask")


def entry_of(
    imported: Imported,
    *,
    id: str,
    name: str,
    profiles: Profiles,
    catalog: Catalog | None = None,
    source: Source = Source.OWN,
    file: str = "",
) -> Entry:
    """Return the entry of a workflow that was read. ``catalog``: what it was read with."""
    sent = _sent(imported.graph, catalog)
    usable = [
        one
        for one in imported.parameters
        if not _is_ours(one, imported) and any(node_id in sent for node_id, _ in one.feeds)
    ]
    usable = list(_as_people_say(usable, _category(imported, usable)))
    kept = [one for one in usable if not _is_long(one.default)][:MOST_PARAMETERS]
    notes = [note[:LONGEST_NOTE] for note in imported.notes[:MOST_NOTES]]
    if len(kept) < (all_ := len(usable)):
        notes.append(f"Of {all_} values {len(kept)} can be set; the others stay as they are.")
    return Entry(
        id=id,
        name=name,
        category=_category(imported, usable),
        family=_family(imported, profiles),
        parameters=tuple(_parameters(imported, kept, catalog)),
        notes=tuple(notes),
        graph=imported.graph,
        source=source,
        file=file,
    )


def id_of(text: str) -> str:
    """Return a text as an id that may be a file's name on every system; "" when nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    found = _NOT_IN_ID.sub("_", plain.lower()).strip("_")[:LONGEST_ID].rstrip("_")
    return f"{found}_workflow" if found in _DEVICES else found


def words_of(stem: str) -> str:
    """Return the name of a file as the name of what is in it."""
    words = " ".join(stem.replace("_", " ").split())
    return words[:1].upper() + words[1:]


def free_id(wanted: str, taken: Container[str]) -> str:
    """Return this id, or the next one that is not taken: ``portrait``, ``portrait_2``."""
    found, number = wanted, 1
    while found in taken:
        number += 1
        found = f"{wanted}_{number}"
    return found


def _is_ours(one: read.Parameter, imported: Imported) -> bool:
    """Say whether a value is set for each run anyway: the names of the files that it saves."""
    saving = {output.node_id for output in imported.outputs}
    return all(node_id in saving and name == _PREFIX for node_id, name in one.feeds)


def _sent(graph: Graph, catalog: Catalog | None) -> Container[str]:
    """Return the nodes that are sent for a job: of unknown ones nobody knows whether they are."""
    if catalog is None:
        return graph
    ends = [output.node_id for output in kept_outputs(graph, catalog)]
    strange = (one for one in graph if not catalog.has(str(graph[one].get("class_type"))))
    return {*behind(graph, *ends, *strange)} if ends else graph


def _is_long(value: object) -> bool:
    return isinstance(value, str) and len(value) > LONGEST_TEXT


def _as_people_say(found: Sequence[read.Parameter], category: str) -> Iterator[read.Parameter]:
    """Yield parameters, the prompt under its own name, and without what only marks its place."""
    names = {one.name for one in found}
    prompt = next((name for name in _PROMPTS if name in names), None)
    is_clip = category == "video" and "length" not in names
    scales = [one.default for one in found if "cfg" in one.name.split("_")]
    # Normalized attention guidance (NAG) has a scale of its own.
    is_other = any("nag" in one.name.split("_") for one in found)
    is_unguided = bool(scales) and all(scale == 1 for scale in scales) and not is_other
    for one in found:
        is_main_text = one.type is ParameterType.TEXT and one.rank is Rank.MAIN
        if "prompt" not in names and one.name == prompt and is_main_text:
            yield replace(one, name="prompt", label=one.label or one.name.replace("_", " "))
        elif one.name == "batch_size" and one.default != 1 and is_clip:
            # What makes a clip of single pictures counts its frames as a batch.
            yield replace(one, label="Frames", description="How many pictures the clip has")
        elif one.name == "negative" and is_unguided:
            yield replace(one, description="Changes nothing while cfg is 1")
        else:
            yield one


def _parameters(
    imported: Imported, found: Sequence[read.Parameter], catalog: Catalog | None
) -> Iterator[Parameter]:
    # Only the page's form says of a seed that it is meant to stay.
    draws = imported.format is Format.API and imported.container == "json"
    taken = {one.name for one in found}
    files: set[Feed] = set()
    used = _Used.of(imported.graph, catalog) if catalog is not None else None
    has_prompt = any(one.name == "prompt" for one in found)
    has_file = False
    for one in found:
        name = one.name
        is_other = one.type not in NAMED_TYPES.get(name, (one.type,))
        if name in RESERVED or is_other or len(name) > LONGEST_NAME:
            name = _other_name(one, taken)
            taken.add(name)
            if name == f"{one.name}_value":  # only a flag may not be called so
                one = replace(one, label=one.label or one.name.replace("_", " ").capitalize())
        # A mask that is painted into a picture comes after it, and feeds the same.
        is_needed = (
            one.type in FILES
            and files.isdisjoint(one.feeds)
            and not all(
                (takers := used.takers(node) if used is not None else None) is not None
                and (has_file or (has_prompt and not any(map(_ABOUT.search, takers))))
                for node, _ in one.feeds
            )
        )
        has_file |= is_needed
        if one.type in FILES and one.type is not ParameterType.MASK:
            files.update(one.feeds)
        default = DRAWN if one.type is ParameterType.SEED and draws else _default(one)
        yield _parameter(one, name, default, is_needed)


def _parameter(one: read.Parameter, name: str, default: Value, is_needed: bool) -> Parameter:
    is_number = one.type in NUMBERS and one.type is not ParameterType.SEED
    return Parameter(
        name=name,
        type=one.type,
        label=one.label[:80],
        description=one.description[:1000],
        default=default,
        required=is_needed,
        min=_bound(one.min) if is_number else None,
        max=_bound(one.max) if is_number else None,
        step=_whole(one.step) if is_number and one.step is not None and one.step > 0 else None,
        rank=one.rank,
        feeds=one.feeds[:100],
    )


def _default(one: read.Parameter) -> Value:
    """Return what the maker left there, if it can be; of what each engine has others of, nothing.

    What is left out is what stands in the graph.
    """
    if one.type in (*FILES, *NAMES) or not isinstance(one.default, bool | int | float | str):
        return None
    value = one.default
    if one.type is ParameterType.TEXT and _PLACEHOLDER.fullmatch(str(value)):
        return ""
    if isinstance(value, int | float) and not -sys.float_info.max <= value <= sys.float_info.max:
        return None
    if isinstance(value, float) and one.type is not ParameterType.FLOAT and value.is_integer():
        value = int(value)
    bare = Parameter(name="value", type=one.type, min=one.min, max=one.max, feeds=(("1", "value"),))
    return value if bare.fits(value) else None


def _bound(value: float | None) -> int | float | None:
    """Return a bound that says something: those of 64 bits do not."""
    return None if value is None or abs(value) >= BOUNDLESS else _whole(value)


def _whole(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def _other_name(one: read.Parameter, taken: Container[str]) -> str:
    """Return a name for what may not have its own."""
    if len(name := f"{one.name}_value") <= LONGEST_NAME and name not in taken:
        return name
    start = one.name[: LONGEST_NAME - 4].rstrip("_")
    if len(one.name) > LONGEST_NAME and start not in taken:
        return start
    return next(name for n in range(2, 1000) if (name := f"{start}_{n}") not in taken)


# --- What it needs, and where it belongs


@dataclass(frozen=True, slots=True)
class _Used:
    """What of a graph makes something, as its switches stand, and who takes what from whom."""

    graph: Graph
    catalog: Catalog
    users: Mapping[str, Sequence[Feed]]

    @classmethod
    def of(cls, graph: Graph, catalog: Catalog) -> Self:
        """Leave out what is behind a switch that passes on something else."""
        found = switches(graph, catalog)
        return cls(graph, catalog, users_of(as_switched(graph, found) if found else graph))

    def takers(self, node_id: str) -> list[str] | None:
        """Return what takes a file and can be without it, None if one cannot: class and input."""
        takers: list[str] = []
        waiting, seen = [node_id], {node_id}
        while waiting:
            for user, name in self.users.get(waiting.pop(), ()):
                schema = self.catalog.schema_of(self.graph[user])
                wanted = schema.inputs.get(name) if schema is not None else None
                if schema is None or wanted is None or schema.is_output:
                    return None
                links = links_of(self.graph, user)
                is_led = len(links) > 1 or writes(schema, inputs_of(self.graph, user))
                if not wanted.is_required and is_led:
                    takers.append(f"{self.graph[user]['class_type']} {name}")
                elif user not in seen:
                    # What only works on it, such as a scaling, goes with it.
                    if len(links) > 1:
                        return None
                    seen.add(user)
                    waiting.append(user)
        return takers


def _category(imported: Imported, usable: Sequence[read.Parameter]) -> str:
    """Guess where a workflow belongs from what comes out, and what goes in."""
    kinds = {output.kind for output in imported.outputs if output.is_kept} or {
        output.kind for output in imported.outputs
    }
    for kind, category in _CATEGORIES.items():
        if kind in kinds:
            return category
    if OutputKind.IMAGE not in kinds:
        return "other"
    types = {one.type for one in usable}
    classes = {str(node.get("class_type", "")) for node in imported.graph.values()}
    if ParameterType.IMAGE in types:
        has_prompt = any(one.name == "prompt" for one in usable)
        is_scaling = any("upscale" in name.lower() for name in classes)
        if is_scaling and not has_prompt and not latent_samplers(imported.graph):
            return "upscale"
        if ParameterType.MASK in types or not classes.isdisjoint(_PAINTED):
            return "repaint"
        return "image-to-image"
    return "text-to-image" if ParameterType.TEXT in types else "other"


def _family(imported: Imported, profiles: Profiles) -> str:
    """Return the family of the first model that is recognised by its name."""
    for one in sorted(imported.parameters, key=lambda one: one.rank is Rank.MORE):
        if one.type is not ParameterType.MODEL or not isinstance(one.default, str):
            continue
        node_id, name = one.feeds[0]
        folder = folder_of(imported.graph[node_id]["class_type"], name)
        if folder not in _MODEL_FOLDERS and not one.name.startswith("model"):
            continue
        profile = profiles.recognise(one.default)
        if profile is not None and profile.family not in _UNKNOWN:
            return profile.family[:40]
    return ""
