"""What can be set in a graph: each value that somebody may want to change, with type and range.

Names come from what a maker marked, then from what a value is for (`imagine.importing.roles`),
then from titles. What several inputs get from one place is one parameter, and the constant
plumbing of a graph stands behind what people change.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from imagine.catalog import Catalog
from imagine.importing.aside import aside, setting_of
from imagine.importing.between import (
    after_sampling,
    before_result,
    few,
    instead,
    is_sampled,
    of_result,
)
from imagine.importing.bounds import Range
from imagine.importing.companions import GUIDE_FILE, companion, is_vae
from imagine.importing.conversion import Shared
from imagine.importing.fields import DRAWN, PRIMITIVES, Field, Fields, ParameterType
from imagine.importing.joining import Role
from imagine.importing.named_roles import MODELS
from imagine.importing.naming import Mark, Names, read_mark, safe_name, titled
from imagine.importing.roles import find_roles
from imagine.importing.switches import as_switched, switches, unswitched
from imagine.importing.told_apart import labels, noises
from imagine.importing.walking import Feed, inputs_of, is_number, links_of
from imagine.repair import Graph, folder_of


class Rank(StrEnum):
    """Whether a parameter is shown at once, or among the rest."""

    MAIN = "main"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that can be set, and the inputs that it feeds.

    ``label``: what to call it where its name says too little.
    ``is_required``: a file without which the graph cannot run.
    """

    name: str
    type: ParameterType
    min: float | None
    max: float | None
    step: float | None
    default: Any
    choices: tuple[Any, ...]
    description: str
    feeds: tuple[Feed, ...]
    rank: Rank = Rank.MORE
    is_required: bool = False
    label: str = ""


# The order in which people look for them.
_MAIN = (
    *("prompt", "negative", "find", "path", "image", "mask", "video", "audio"),
    *("model", "lora", "lora_strength"),
    *(
        "width",
        "height",
        "length",
        "frame_rate",
        "batch_size",
        "seed",
        "steps",
        "cfg",
        "guidance",
        "sampler",
        "scheduler",
    ),
    "denoise",
)
# Of these the later ones count as much as the first.
_TEXTS = ("prompt", "negative", "find", "path")
_ALL_MAIN = (*_TEXTS, "image", "mask", "video", "audio", "model", "lora", "lora_strength")
_SHORT = {
    "ckpt_name": "model",
    "unet_name": "model",
    "lora_name": "lora",
    "vae_name": "vae",
    "sampler_name": "sampler",
    "noise_seed": "seed",
    "strength_model": "lora_strength",
    "strength_clip": "lora_strength_clip",
}
_OF_FOLDERS = {
    "text_encoders": "text_encoder",
    "controlnet": "controlnet",
    "upscale_models": "upscale_model",
    "style_models": "style_model",
    "clip_vision": "clip_vision",
}
# Inputs of these names are what a node is about, when its title names one of several.
_ABOUT = ("value", "text", "prompt", "string", "strength", "strength_model", "image", "seed")
_FILES = (ParameterType.IMAGE, ParameterType.MASK, ParameterType.VIDEO, ParameterType.AUDIO)
# A switch that has one of these on its other side, too, decides what becomes of it.
_TOLD = (ParameterType.TEXT, *_FILES)
# What has a file for each half of a sampling.
_BY_HALVES = re.compile(r"(?:model|lora)(?:_\d+)?")
# A graph with one of these says by it what is made.
_USUAL = ("seed", "steps", "cfg")
# A text that its input only calls a text has the name of its node's title.
_ANY_TEXT = (
    *("text", "string", "str", "value", "prompt", "text_a", "text_b", "text_c", "text_d"),
    *("string_a", "string_b", "string_c", "string_d", "replace"),
)
# What its maker has in a place of its own comes first by that.
_GIVEN = ("end_at_step", "end_step", "frame_rate", "fps")
# Beside a prompt these say nothing without the node that has them.
_VAGUE = frozenset(
    {
        *("a", "b", "amount", "blur", "dilation", "end", "factor", "method", "mode", "opacity"),
        *("operation", "radius", "scale", "start", "strength", "threshold"),
        *("type", "weight", "x", "y"),
    }
)
_MEANINGLESS = ("value", "int", "float", "number", "string", "boolean")


@dataclass(frozen=True, slots=True)
class _Draft:
    """A parameter that has no name of its own yet. ``place``: by which they are sorted."""

    fields: tuple[Field, ...]
    name: str
    is_main: bool
    place: tuple[int, int]
    mark: Mark | None = None
    label: str | None = None
    is_usual: bool = False


def infer(
    graph: Graph,
    catalog: Catalog | None,
    *,
    shared: Sequence[Shared] = (),
    chosen: Iterable[Feed] = (),
    left_to_chance: Collection[Feed] = (),
) -> tuple[Parameter, ...]:
    """Return the parameters of a graph, those that come first first.

    ``graph``: each node has a class and inputs. ``shared``: values that one place gives to several
    inputs. ``chosen``: what the maker chose for ComfyUI's App mode. ``left_to_chance``: seeds that
    are meant to be another one each time, whose default is -1.
    """
    fields = Fields(graph, catalog)
    found = list(_Drafts(fields, shared, list(chosen)).all())
    drafts = sorted(found, key=lambda draft: draft.place)
    # What somebody marked has its name before all that only looks like it. The usual is counted as
    # the samplers have it, whichever of them stands in front.
    given = Names()
    names = {id(d): given.unique(d.mark.name) for d in drafts if d.mark is not None}
    names |= {id(d): given.unique(d.name) for d in found if d.mark is None and d.is_usual}
    made = (
        _parameter(fields, draft, names.get(id(draft)) or given.unique(draft.name))
        for draft in drafts
    )
    drawn = (
        replace(one, default=DRAWN)
        if one.type is ParameterType.SEED and not {*one.feeds}.isdisjoint(left_to_chance)
        else one
        for one in made
    )
    whole = [part for one in drawn for part in _with_mask(fields, one, given)]
    return tuple(_halved(_told_apart(fields, whole)))


def _halved(parameters: Iterable[Parameter]) -> Iterator[Parameter]:
    """Yield parameters, models and LoRAs with the half of the sampling that each is for."""
    found = list(parameters)
    told: dict[str, str] = {}
    for kind in (ParameterType.MODEL, ParameterType.LORA):
        files = [one for one in found if one.type is kind and _BY_HALVES.fullmatch(one.name)]
        halves = noises([str(one.default) for one in files])
        told |= {one.name: half for one, half in zip(files, halves, strict=True) if half}
    for one in found:
        half = told.get(one.name.replace("lora_strength", "lora"))
        plain = one.name.replace("_", " ").capitalize()
        yield replace(one, label=f"{plain} ({half})") if half and not one.label else one


def _told_apart(fields: Fields, parameters: Sequence[Parameter]) -> Iterator[Parameter]:
    """Yield parameters, the pictures among them with labels where there are several."""
    pictures = [
        one
        for one in parameters
        if one.type is ParameterType.IMAGE and one.name.rstrip("_0123456789") == "image"
    ]
    found = labels([fields.by_feed[one.feeds[0]] for one in pictures], fields)
    told = {id(one): label for one, label in zip(pictures, found, strict=True) if label is not None}
    for one in parameters:
        if len(pictures) < 2 or (label := told.get(id(one))) is None:
            yield one
            continue
        number = one.name.replace("_", " ").capitalize()
        text = f"{number} ({label.text})" if label.needs_number else label.text
        yield replace(one, label=text, description=label.description)


class _Drafts:
    """The values of one graph, while they are joined and named."""

    def __init__(self, fields: Fields, shared: Sequence[Shared], chosen: Sequence[Feed]) -> None:
        self.fields = fields
        self.shared = shared
        self.chosen = chosen
        self.groups = {feed: group for group in shared for feed in group.feeds}
        self.left = dict(fields.by_feed)
        self.nodes: dict[str, list[Field]] = {}
        for (node_id, _), field in fields.by_feed.items():
            self.nodes.setdefault(node_id, []).append(field)
        self.counts = Counter(name for _, name in fields.by_feed)
        self.is_steered = is_sampled(fields.graph)
        self.found: set[str] = set()
        self.files: list[Feed] = []
        self.short: set[Feed] = set()
        self.results: set[Feed] = set()
        self.switching: set[Feed] = set()

    def all(self) -> Iterator[_Draft]:
        yield from self._marked()
        yield from self._usual()
        yield from self._given_once()
        yield from self._rest()

    def _take(self, feeds: Iterable[Feed]) -> tuple[Field, ...]:
        """Take inputs, and all that get their values from the same place."""
        whole: list[Feed] = []
        for feed in feeds:
            whole += self.groups[feed].feeds if feed in self.groups else [feed]
        return tuple(self.left.pop(feed) for feed in dict.fromkeys(whole) if feed in self.left)

    def _marked(self) -> Iterator[_Draft]:
        for at, (mark, feeds) in enumerate(self._marks()):
            if fields := self._take(feeds):
                place = (0 if mark.is_main else 2, at)
                group = self.groups.get(fields[0].feed)
                label = group.label if group is not None else None
                yield _Draft(fields, mark.name, mark.is_main, place, mark, label)

    def _marks(self) -> Iterator[tuple[Mark, list[Feed]]]:
        for fields in self.nodes.values():
            mark = read_mark(fields[0].title)
            if mark is not None and not mark.is_output:
                yield mark, [_about(fields, mark.about or mark.name).feed]
        for group in self.shared:
            if (mark := group.mark or read_mark(group.label or "")) is not None:
                yield mark, list(group.feeds)

    def _usual(self) -> Iterator[_Draft]:
        graph, catalog = self.fields.graph, self.fields.catalog
        found = switches(graph, catalog)
        now = as_switched(graph, found) if found else graph
        pictures = [Role(*picture) for picture in self._pictures()]
        used = list(self._drafts(find_roles(now, catalog)))
        used += self._drafts([one for one in pictures if one.feeds[0][0] in now])
        yield from used
        if found:
            later = list(self._drafts([*find_roles(graph, catalog), *pictures], is_used=False))
            told = [draft for draft in used if self.fields.type_of(draft.fields[0]) in _TOLD]
            waiting = {field.feed[0] for draft in (*later, *told) for field in draft.fields}
            self.switching = {
                one.control
                for one in found
                if one.control is not None and not waiting.isdisjoint(unswitched(graph, one))
            }
            yield from later

    def _drafts(self, roles: Iterable[Role], *, is_used: bool = True) -> Iterator[_Draft]:
        """Yield what is for something. ``is_used``: what is made is made with it as it stands."""
        for role in roles:
            name, feeds, pass_ = role.name, role.feeds, role.pass_
            if name in _GIVEN and any(feed in self.groups for feed in feeds):
                continue
            fields = self._take(feeds)
            if not fields:
                continue
            self.is_steered |= name == "prompt"
            self.found.add(name)
            usual = role.place or name
            is_first = role.is_first or name in _ALL_MAIN
            is_main = usual in _MAIN and is_first and is_used and not role.is_spare
            behind = "negative" if role.is_part else usual
            place = (1, _MAIN.index(behind)) if is_main else (2, pass_)
            label = next((self.groups[f].label for f in feeds if f in self.groups), None)
            is_later = pass_ > 0 and name not in _ALL_MAIN
            prefix = self._whose(fields[0]) if is_later else ""
            called = titled(prefix, name)
            if role.count > 1:
                called = f"{name}_{role.count}"
            if role.is_part:
                called = self._name_of_part(name, fields[0], label) or name
            yield _Draft(fields, called, is_main, place, label=label, is_usual=True)

    def _whose(self, field: Field) -> str:
        """Return how the settings of a later sampler are told from those of the first."""
        node_id, plain = field.feed[0], field.class_type.lower()
        is_other = "positive" in links_of(self.fields.graph, node_id) and "sampler" not in plain
        return safe_name(field.label or "") or (safe_name(field.class_type) if is_other else "")

    def _name_of_part(self, usual: str, field: Field, label: str | None) -> str:
        """Return what a person or its input calls a text that is one of several, "" if nothing."""
        name = safe_name(label or field.label or "")
        name = "" if name in _MAIN or "text_encode" in name else name
        own = safe_name(field.feed[1])
        own = "" if own.rstrip("_0123456789") in _ANY_TEXT else own
        is_alone = label is not None or len(self.nodes[field.feed[0]]) == 1
        if usual == "find" and links_of(self.fields.graph, field.feed[0]):
            return usual  # what finds is called by how it does it
        return name or own if is_alone else own or name

    def _pictures(self) -> list[tuple[str, tuple[Feed, ...], int]]:
        """Return the pictures, sounds and videos in the order in which the graph takes them."""
        found: list[tuple[str, tuple[Feed, ...], int]] = []
        for node_id in self.fields.in_order():
            for name in inputs_of(self.fields.graph, node_id):
                field = self.left.get((node_id, name))
                if field is None:
                    continue
                kind = self.fields.picture_kind(field) or self.fields.medium(field)
                if called := kind or self.fields.medium_named(field):
                    self.files.append((node_id, name))
                    found.append((str(called), ((node_id, name),), 0))
        return found

    def _given_once(self) -> Iterator[_Draft]:
        for at, group in enumerate(self.shared):
            if fields := self._take(group.feeds):
                name = safe_name(group.label or "") or self._plain_name(fields[0])
                type_ = self.fields.type_of(fields[0])
                is_main = type_ not in (ParameterType.MODEL, ParameterType.LORA)
                place = (1 if is_main else 2, len(_MAIN) + at)
                yield _Draft(fields, name, is_main, place, label=group.label)

    def _rest(self) -> Iterator[_Draft]:
        chosen = {feed for feed in (*self.chosen, *self.switching) if feed in self.left}
        larger = {*after_sampling(self.fields, self.left)}
        if not self.is_steered:
            has_usual = not self.found.isdisjoint(_USUAL)
            chosen |= before_result(self.fields, self.left, self.files, has_usual)
        else:
            known = chosen | larger
            others = {f: one for f, one in self.left.items() if f not in known}
            chosen |= few(self.fields, {f: n for f, n in others.items() if companion(n) is None})
        chosen |= {*instead(self.fields, self.left, self.found)}
        chosen |= aside(self.fields, self.left)
        self.results = of_result(self.fields, larger)
        counts = Counter(name for _, name in (*larger, *chosen))
        shown = (feed for feed in (*larger, *chosen) if feed[1] not in self.found)
        self.short = {feed for feed in shown if counts[feed[1]] == 1}
        # What guides a sampling comes before how much it does.
        for at, feed in enumerate(sorted(self.left, key=lambda feed: feed[1] != GUIDE_FILE)):
            if fields := self._take([feed]):
                if (beside := companion(fields[0])) is not None and feed not in chosen:
                    called, behind = beside
                    yield _Draft(fields, called, True, (1, _MAIN.index(behind)))
                    continue
                # Who gives a number a node of its own means to change it, and so with a title.
                is_titled = bool(fields[0].label)
                is_told = is_titled or not isinstance(fields[0].value, str)
                is_own = is_told and fields[0].class_type.startswith(PRIMITIVES)
                is_free = not self.is_steered or is_number(fields[0].value)
                is_own |= is_titled and is_free and self._is_alone(feed[0])
                is_main = feed in chosen or feed in larger or is_own
                place = (1 if is_main else 2, len(_MAIN) + len(self.shared) + at)
                if feed in larger and feed not in chosen:
                    place = (1, _MAIN.index("height"))
                yield _Draft(fields, self._plain_name(fields[0]), is_main, place)

    def _is_alone(self, node_id: str) -> bool:
        """Say whether a node holds one value, and hands it on."""
        holds = len(inputs_of(self.fields.graph, node_id)) == 1
        return holds and node_id in self.fields.users

    def _plain_name(self, field: Field) -> str:
        """Return a name from the title of a node, else from its input, else from its class."""
        node_id, name = field.feed
        folder = folder_of(field.class_type, name)
        if is_vae(field.class_type) and name in MODELS:
            return "vae"
        short = _OF_FOLDERS.get(folder or "") or safe_name(_SHORT.get(name, name))
        # What is written in another script has its own name as a label.
        short = short or safe_name(field.class_type) or "value"
        alone = len(self.nodes[node_id]) == 1
        mark = read_mark(field.title)
        if mark is not None:
            return short if mark.is_output else titled(mark.name, short)
        if not alone and (setting := setting_of(self.fields, node_id)) is not None:
            return short if setting in short.split("_") else titled(setting, short)
        is_vague = short in _VAGUE and self.is_steered and not alone
        is_said = short not in _MAIN and name not in (*_MEANINGLESS, *_ANY_TEXT) and not is_vague
        is_own = is_said and (self.counts[name] == 1 or field.feed in self.short)
        if field.feed in self.results and not field.label:
            return f"result_{short}"
        if (label := safe_name(field.label or "")) and not is_own:
            return label if alone else titled(label, short)
        users = self.fields.users.get(node_id)
        if alone and users and name in _MEANINGLESS:
            return safe_name(_SHORT.get(users[0][1], users[0][1])) or short
        is_only = self.counts[name] == 1 or field.feed in self.short
        if short != safe_name(name) or (is_only and not is_vague):
            return short
        return titled(safe_name(field.class_type), short)


def _with_mask(fields: Fields, parameter: Parameter, names: Names) -> Iterator[Parameter]:
    """Yield a parameter, and the mask that ComfyUI's page would paint into its picture.

    It feeds the same node, which gives both; without it the transparency of the picture counts.
    """
    yield parameter
    if parameter.type is ParameterType.IMAGE and fields.gives_mask(parameter.feeds[0]):
        yield replace(
            parameter,
            name=names.unique("mask"),
            type=ParameterType.MASK,
            description="Where it is white, it is painted anew; without one, where the picture is "
            "transparent",
            is_required=False,
        )


def _about(fields: Sequence[Field], name: str) -> Field:
    """Return the input of a node that its marked title means."""
    named = [f for f in fields if f.feed[1] == name or _SHORT.get(f.feed[1]) == name]
    usual = [f for f in fields if f.feed[1] in _ABOUT]
    return (named or usual or list(fields))[0]


def _parameter(fields: Fields, draft: _Draft, name: str) -> Parameter:
    types = [fields.type_of(one, draft.name) for one in draft.fields]
    # What goes on with a sampling has the seed of it, and draws nothing by it.
    at = types.index(ParameterType.SEED) if ParameterType.SEED in types else 0
    field, type_ = draft.fields[at], types[at]
    made = Parameter(
        name=name,
        type=type_,
        min=None,
        max=None,
        step=None,
        default=field.value,
        choices=(),
        description=_description(draft),
        feeds=tuple(other.feed for other in draft.fields),
        rank=Rank.MAIN if draft.is_main else Rank.MORE,
        is_required=type_ in _FILES and fields.is_needed(field),
        label=_own_label(fields, draft),
    )
    wanted = fields.bounds(field)
    if wanted is not None and type_ in (
        ParameterType.INT,
        ParameterType.FLOAT,
        ParameterType.SEED,
    ):
        usual = None if type_ is ParameterType.FLOAT else 1
        step = wanted.step if wanted.step is not None else usual
        ends = fields.range(draft.fields, is_whole=type_ is not ParameterType.FLOAT)
        low, high = (None, None) if ends.is_empty else (ends.low, ends.high)
        made = replace(
            made,
            min=low if low is not None else wanted.minimum,
            max=high if high is not None else wanted.maximum,
            step=step,
        )
    elif wanted is not None and wanted.choices is not None and wanted.upload is None:
        made = replace(made, choices=wanted.choosable(field.value))
    return _narrowed(made, draft.mark)


def _own_label(fields: Fields, draft: _Draft) -> str:
    """Return what its maker calls a value in a script that gives no name; "" for all others."""
    field = draft.fields[0]
    is_box = len(inputs_of(fields.graph, field.feed[0])) == 1 and not draft.is_usual
    written = [field.feed[1], draft.label or (field.label or "" if is_box else "")]
    found = (" ".join(one.split()) for one in written if one.strip() and not safe_name(one))
    return next(found, "")


def _description(draft: _Draft) -> str:
    field = draft.fields[0]
    tip = field.wanted.description if field.wanted is not None else None
    if tip:
        return " ".join(tip.split())
    where = draft.label or field.title
    return where if len(draft.fields) > 1 else f"{where}: {field.feed[1]}"


def _narrowed(parameter: Parameter, mark: Mark | None) -> Parameter:
    """Return a parameter with the range that its maker wrote into a title, as far as it can be."""
    is_number = parameter.type in (ParameterType.INT, ParameterType.FLOAT)
    if mark is None or not is_number or len(mark.range) < 2 or mark.range[0] >= mark.range[1]:
        return parameter
    low, high, *steps = mark.range
    ends = Range(low, high).within(Range(parameter.min, parameter.max))
    if ends.is_empty:
        return parameter
    step = steps[0] if steps else parameter.step
    return replace(parameter, min=ends.low, max=ends.high, step=step)
