"""The generated text: tables of flags, what each does, ways of pictures, actions, models."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, takewhile

from imagine.fidelity import Fidelity
from imagine.geometry import MAX_SIDE
from imagine.parameters import PARAMETERS, Group, ItemKind, Parameter, short
from scripts.prompt_docs.acting import ACTIONS, PARENT, sentence, sizes
from scripts.prompt_docs.examples import ACTS, BLEND_FLAG, BLENDED, SEED, Example, Shown, example_of
from scripts.prompt_docs.families import Family, families, grouped, outcome
from scripts.prompt_docs.guiding import KITS, NAMES, ways

BEGIN = "<!-- flags: begin -->"
END = "<!-- flags: end -->"
# The folder of the pictures, from where the document stands.
PICTURES = "pictures"

_HEADINGS = {
    Group.IMAGE: "The picture",
    Group.REFERENCE: "References",
    Group.ENGINE: "The engine",
    Group.VIDEO: "Video",
    Group.QUEUE: "The queue",
    Group.LEGACY: "Of old models",
}
_FIDELITIES = {
    Fidelity.EXACT: "as at Midjourney",
    Fidelity.CLOSE: "the same idea, carried out by other means; small things differ",
    Fidelity.APPROXIMATE: "goes the same way, but to pictures that look different from theirs",
    Fidelity.OWN_MEANING: "a flag of ours, or one to which this server gives its own meaning",
    Fidelity.NOT_HERE: "read and checked, then left out with a note",
}
# What a part of the graph does of which no note tells.
_BRINGS = {"rescale_cfg": "RescaleCFG keeps light and dark from burning out, too"}
_COLUMNS = ("Flag", "Aliases", "Name", "Takes", "Default", "Midjourney", "Meaning", "Fidelity")
# They name what a server has, so there is nothing to try them with.
_OF_A_SERVER = ("model", "workflow", "character")
# The model whose notes are quoted.
QUOTED = "SDXL"
_WAYS = "[how pictures guide a set](#how-pictures-guide-a-set)"


def generated() -> str:
    """Return all that stands between the markers, with them."""
    parts = [
        BEGIN,
        *_overview(),
        *_details(),
        *_ways(),
        *_actions(),
        *_models(),
        END,
    ]
    return "\n\n".join(parts) + "\n"


def with_generated(document: str) -> str:
    """Return the document with its generated part made anew.

    Raises:
        ValueError: it has no markers.
    """
    before, begun, rest = document.partition(f"{BEGIN}\n")
    _, ended, after = rest.partition(f"{END}\n")
    if not (begun and ended):
        raise ValueError(f"The document has no {BEGIN} and {END}, each on a line of its own.")
    return f"{before}{generated()}{after}"


# --- the tables of flags


def _overview() -> Iterator[str]:
    yield "## Every flag"
    yield (
        "*Midjourney* is the versions that have the flag; `ours` are flags of this server. "
        "*Fidelity* is how near it comes:"
    )
    yield _table(("Fidelity", "Means"), _FIDELITIES.items())
    for group, rows in groupby(PARAMETERS, key=lambda row: row.group):
        yield f"### {_HEADINGS[group]}"
        yield _table(_COLUMNS, map(_row, rows))


def _row(row: Parameter) -> tuple[str, ...]:
    flag = f"`{row.flag}`"
    return (
        flag if row.is_legacy else f"[{flag}](#{row.flag})",
        " ".join(f"`{alias}`" for alias in row.aliases),
        f"`{row.name}`",
        row.range,
        "" if row.default is None else short(row.default),
        "ours" if row.ours else row.versions,
        row.meaning,
        row.fidelity,
    )


# --- what each flag does


def _details() -> Iterator[str]:
    yield "## What each flag does here"
    yield (
        f"*Note* is what a job with {QUOTED} says; where other models differ, it is said below. "
        f"The pictures are of the built-in sketch engine, with `--seed {SEED}`: on the left "
        "without the flag, on the right with it. Where the prompt names a picture, it comes first. "
        "Sketches show what a flag does, and not how well a model paints."
    )
    for row in PARAMETERS:
        if not row.is_legacy:
            yield f"### `{row.flag}`"
            yield from _detail(row)


def _detail(row: Parameter) -> Iterator[str]:
    example = example_of(row)
    yield f"*{row.fidelity}* · {_marked(row.here)}"
    yield "\n".join(f"- {line}" for line in (f"`{example.prompt}`", *_lines(row, example)))
    if example.shown is not Shown.NOTHING:
        yield f"![Without {row.flag}, and with it]({PICTURES}/{picture_name(row)})"


def picture_name(row: Parameter) -> str:
    return f"{row.name.replace('_', '-')}.webp"


def _lines(row: Parameter, example: Example) -> Iterator[str]:
    """Say what becomes of the example, and with which models it is another thing."""
    if row.fidelity is Fidelity.NOT_HERE or row.name in _OF_A_SERVER:
        return
    usual = outcome(example, next(one for one in families() if one.label == QUOTED))
    if usual.told:
        yield f"Note: *{' '.join(usual.told)}*"
    if row.group is Group.REFERENCE and row.items is not ItemKind.PROFILE:
        yield f"With other models, or more installed: {_WAYS}."
        return
    groups = grouped(example)
    out = [(found.reason, members) for found, members in groups if found.reason is not None]
    if len(groups) == 2 and len(out) == 1 and len(out[0][1]) > len(families()) / 2:
        rest = next(members for found, members in groups if found.reason is None)
        yield f"Only with {listed(rest)}; elsewhere it is left out: {out[0][0]}."
        return
    for found, members in groups if len(groups) > 1 else ():
        if found.reason is not None:
            yield f"Not with {listed(members)}: {_marked(found.reason)}."
        elif found.brings:
            yield f"With {listed(members)}: {'; '.join(_BRINGS[name] for name in found.brings)}."
        elif found.told and found.tale != usual.tale:
            yield f"With {listed(members)}: *{' '.join(found.told)}*"


def _marked(sentence: str) -> str:
    """Show flags as what is typed."""
    return re.sub(r"(?<!\S)--[a-z]+(?:-[a-z]+)*", lambda flag: f"`{flag[0]}`", sentence)


def listed(members: Sequence[Family]) -> str:
    """Name models; those of a family that is there as a whole by what their names share."""
    names: list[str] = []
    for family, whole in _by_family(families()):
        some = [one.label for one in members if one.profile.family == family]
        shared = _shared(whole)
        if len(some) == len(whole):
            names.append(shared)
        else:
            names += (f"{label} itself" if label == shared else label for label in some)
    return ", ".join(names)


def _by_family(members: Sequence[Family]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for one in members:
        found.setdefault(one.profile.family, []).append(one.label)
    return list(found.items())


def _shared(labels: Sequence[str]) -> str:
    """Return what the names of a family begin with, up to the end of a word."""
    if len(labels) == 1:
        return labels[0]
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*labels, strict=False))
    return "".join(letters[0] for letters in same).rstrip(" (.")


# --- pictures beside the words


def _ways() -> Iterator[str]:
    yield "## How pictures guide a set"
    yield (
        "For each picture the first of these ways is taken that the model and what is installed "
        "in ComfyUI allow; the job says which. *Heeds* are the strengths that count on this way; "
        "others are left out with a note."
    )
    rows = []
    for way in ways():
        members = [one for one in families() if one.label in way.models]
        most = "every model that only makes pictures" if way.kind == "Redraw" else listed(members)
        rows.append(
            (
                NAMES[way.kind],
                most,
                ", ".join(f"`{flag}`" if flag.startswith("-") else flag for flag in way.flags),
                " ".join(f"`{flag}`" for flag in way.heeds),
                KITS[way.kind][1],
            )
        )
    yield _table(("Way", "Models", "For", "Heeds", "Needs"), rows)


# --- actions


def _actions() -> Iterator[str]:
    yield "## What can be done with a picture"
    yield (
        "Each makes a child of the set; `single`, `upscale` and `enhance` keep its seed, the "
        "others draw a new one. *Size* is that of what grows from a picture of "
        f"{PARENT.width}×{PARENT.height} with {QUOTED}; no side may be longer than {MAX_SIDE}. "
        "Pan, square and reshape leave every pixel of the picture as it was, and region those "
        "outside the mask; a zoom lays the smaller picture over what is new."
    )
    yield _table(
        ("Action", "Does here", "Size", "Fidelity"),
        ((action.name, sentence(action), sizes(action), action.fidelity) for action in ACTIONS),
    )
    yield (
        "The sketch engine did these: on the left what was there, on the right a picture of the "
        "child."
    )
    for act in ACTS:
        caption = f"{act.caption[0].upper()}{act.caption[1:]}"
        yield f"{caption}:\n\n![{caption}]({PICTURES}/action-{act.name}.webp)"
    both = " and ".join(f"“{words}”" for words in BLENDED)
    yield f"Blend of {both}, with `{BLEND_FLAG}`:\n\n![Blend]({PICTURES}/action-blend.webp)"


# --- models


def _models() -> Iterator[str]:
    yield "## The models"
    yield (
        "How each kind of model is run unless the prompt says otherwise. *Square* is the size at "
        "1:1. When no model is named, the first of these that is installed makes the pictures; "
        "those that change pictures are taken for `--edit` only."
    )
    yield _table(
        ("Model", "Square", "Steps", "cfg", "Sampler", "`--no`", "`--clip-skip`"),
        (
            (
                one.label + (" (changes pictures)" if one.edits else ""),
                f"{one.side}×{one.side}",
                str(one.profile.steps),
                short(one.profile.cfg),
                f"{one.profile.sampler}, {one.profile.scheduler}",
                _yes(one.profile.negative),
                _yes(one.profile.clip_skip),
            )
            for one in families()
        ),
    )


def _yes(value: bool) -> str:
    return "yes" if value else "–"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as Markdown has it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in lines
    )
