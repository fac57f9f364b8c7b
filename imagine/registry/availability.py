"""Whether an engine can run a workflow: what is missing, and what its entry asks for in vain."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from imagine.catalog import Catalog
from imagine.errors import Detail, WorkflowError
from imagine.importing.bounds import Range
from imagine.importing.fields import ParameterType
from imagine.importing.walking import Feed, inputs_of
from imagine.input_image import InputFile
from imagine.links import upload_link
from imagine.preflight import MOST_PROBLEMS, preflight
from imagine.profiles import Profiles
from imagine.registry.entries import FILES, NAMES, NOUNS, NUMBERS, PICTURES, Entry, Parameter
from imagine.registry.fed import Fed, wanted_file
from imagine.registry.filling import fill
from imagine.registry.settling import settle
from imagine.repair import folder_of, plain_range, title, written

# A file that stands for all those that a person would give.
_LINK = upload_link("0" * 64)
_FILE = InputFile(_LINK, "imagine/picture.png", 1024, 1024)
# What an input of the engine takes that a parameter of a type can feed.
_FITTING = {
    ParameterType.INT: ("INT", "FLOAT"),
    ParameterType.SEED: ("INT", "FLOAT"),
    ParameterType.FLOAT: ("FLOAT",),
    ParameterType.BOOL: ("BOOLEAN",),
    ParameterType.TEXT: ("STRING",),
}
# What loads a file that was uploaded, by what it holds.
_LOADERS = {"image": "LoadImage", "video": "LoadVideo", "audio": "LoadAudio"}
_CALLED = {
    "INT": "a whole number",
    "FLOAT": "a number",
    "STRING": "a text",
    "BOOLEAN": "true or false",
}


def problems(entry: Entry, catalog: Catalog, profiles: Profiles) -> tuple[Detail, ...]:
    """Return the reasons why an engine cannot run a workflow as it stands; none when it can."""
    return tuple(islice(_problems(entry, catalog, profiles), MOST_PROBLEMS))


def wrong_feeds(entry: Entry, catalog: Catalog) -> tuple[Detail, ...]:
    """Return what an entry feeds that an engine's nodes do not take, whatever the values."""
    fed = Fed(entry.graph, catalog)
    return tuple(found for one in entry.parameters for found in _wrong_feeds(entry, one, fed))


def reason(found: Sequence[Detail]) -> str | None:
    """Return in one sentence why a workflow cannot be run: the first problem."""
    return found[0].message if found else None


def remarks(entry: Entry, catalog: Catalog, profiles: Profiles) -> tuple[str, ...]:
    """Return what an entry asks for in vain, though it runs.

    That is more than its nodes take, and a model for which only one of another family stands in.
    """
    fed = Fed(entry.graph, catalog)
    wide = (told for one in entry.parameters if (told := _too_wide(one, fed)) is not None)
    if catalog.is_sketch:
        return tuple(wide)  # its one model stands in for all
    return (*wide, *_other_families(entry, catalog, profiles))


def _problems(entry: Entry, catalog: Catalog, profiles: Profiles) -> Iterator[Detail]:
    fed = Fed(entry.graph, catalog)
    for parameter in entry.parameters:
        yield from _wrong_feeds(entry, parameter, fed)
    settled = settle(entry, catalog, profiles)
    values = {one.name: used for one in settled if (used := _usual(one)) is not None}
    told: set[tuple[str, str]] = set()
    for parameter in settled:
        if (missing := _missing_file(entry, parameter, fed)) is not None:
            told |= {(name, missing.value or "") for _, name in parameter.feeds}
            yield missing
    try:
        filled = fill(
            entry, values, images={_LINK: _FILE}, catalog=catalog, filename_prefix="imagine"
        )
    except WorkflowError as error:
        yield Detail(message=error.message)
        return
    for problem in preflight(filled.graph, catalog):
        if (problem.parameter or "", problem.value or "") not in told:
            yield problem


def _usual(parameter: Parameter) -> Any:
    """Return a value with which a parameter is tried."""
    if parameter.type in FILES:
        return _LINK
    is_seed = parameter.type is ParameterType.SEED
    return max(0, int(parameter.min or 0)) if is_seed else parameter.default


def _wrong_feeds(entry: Entry, parameter: Parameter, fed: Fed) -> Iterator[Detail]:
    for feed in parameter.feeds:
        if (wrong := _wrong_feed(entry, parameter, feed, fed)) is not None:
            yield Detail(parameter=parameter.name, value=".".join(feed), message=wrong)
    theirs = fed.range(parameter)
    if parameter.type in NUMBERS and Range(parameter.min, parameter.max).within(theirs).is_empty:
        yield Detail(
            parameter=parameter.name,
            allowed=_ends(theirs),
            message=f"{parameter.name} would take {_ends(Range(parameter.min, parameter.max))}, "
            f"and what it feeds takes {_ends(theirs)}. Change its min and max.",
        )


def _wrong_feed(entry: Entry, parameter: Parameter, feed: Feed, fed: Fed) -> str | None:
    """Return a sentence when an input does not take what a parameter gives."""
    node = title(entry.graph, feed[0])
    start = f"{parameter.name} feeds {feed[1]} of {node}"
    class_type = str(entry.graph[feed[0]].get("class_type"))
    schema = fed.schema(feed)
    if schema is None:
        if fed.catalog is None or not fed.catalog.has(class_type) or _is_open(fed, class_type):
            return None  # the preflight tells of the node, or the node makes its inputs itself
        return f"{start}, which has no such input. Change its feeds."
    if parameter.type in FILES:
        wanted = "image" if parameter.type in PICTURES else parameter.type.value
        if schema.upload == wanted:
            return None
        noun, loader = NOUNS[parameter.type], _LOADERS[wanted]
        return f"{start}, which does not load an uploaded {noun}. Let it feed a {loader}."
    fitting = _FITTING.get(parameter.type)
    if fitting is None or schema.type not in _CALLED or schema.type in fitting:
        return None
    return f"{start}, which takes {_CALLED[schema.type]}. Change its type."


def _is_open(fed: Fed, class_type: str) -> bool:
    """Say whether a node makes inputs of its own, which its schema does not list."""
    schemas = fed.catalog.schemas[class_type].inputs if fed.catalog is not None else {}
    return not schemas or any(schema.is_dynamic for schema in schemas.values())


def _missing_file(entry: Entry, parameter: Parameter, fed: Fed) -> Detail | None:
    """Tell of a file that is not installed, and that nothing installed stands in for."""
    if parameter.type not in NAMES or parameter.default is not None:
        return None
    feed = parameter.feeds[0]
    if fed.schema(feed) is None or not inputs_of(entry.graph, feed[0]):
        return None
    wanted = wanted_file(entry, parameter)
    folder = folder_of(str(entry.graph[feed[0]].get("class_type")), feed[1])
    place = f"ComfyUI's models/{folder}" if folder else "its folder in ComfyUI"
    also = ", or choose another one" if parameter.choices else ""
    return Detail(
        parameter=parameter.name,
        value=None if wanted is None else written(wanted),
        message=f"{parameter.name}: {written(wanted or 'nothing')} is not installed, and nothing "
        f"like it. Put it into {place}{also}.",
    )


def _too_wide(parameter: Parameter, fed: Fed) -> str | None:
    if parameter.type not in NUMBERS:
        return None
    asked, theirs = Range(parameter.min, parameter.max), fed.range(parameter)
    both = asked.within(theirs)
    is_low = asked.low is not None and both.low != asked.low
    is_high = asked.high is not None and both.high != asked.high
    if both.is_empty or not (is_low or is_high):
        return None
    return f"{parameter.name} asks for {_ends(asked)}, and its node takes {_ends(theirs)}."


def _other_families(entry: Entry, catalog: Catalog, profiles: Profiles) -> Iterator[str]:
    for one in settle(entry, catalog, profiles):
        wanted = wanted_file(entry, one) if one.type is ParameterType.MODEL else None
        if not isinstance(wanted, str) or not isinstance(one.default, str):
            continue
        meant = profiles.recognise(wanted)
        used = profiles.recognise(one.default, catalog.metadata.get(one.default))
        if meant is not None and used is not None and meant.family != used.family:
            yield (
                f"{one.name} is {one.default} ({used.label}) here, in place of {wanted} "
                f"({meant.label}), which is not installed: sizes and steps may not fit."
            )


def _ends(ends: Range) -> str:
    return plain_range(ends.low, ends.high)
