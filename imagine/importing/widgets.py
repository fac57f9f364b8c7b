"""The values of a node by name: ComfyUI's page keeps them by position only.

The order is that of the node's schema, with what the page puts in between: the choice what becomes
of a seed after a run, and the button that uploads. A file may be older or newer than the schema;
where it names its widgets itself, the order in which more values fit is taken.

Source: ComfyUI_frontend, ``src/composables/widgets`` and ``src/scripts/widgets.ts``.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product
from typing import Any

from imagine.catalog import CHOICE, InputSchema, NodeSchema
from imagine.importing.known_widgets import is_power_lora, known_values
from imagine.importing.page_graph import Node, Slot

CONTROLS = frozenset({"fixed", "increment", "decrement", "randomize", "increment-wrap"})
SEEDS = frozenset({"seed", "noise_seed"})
CONTROL = "control_after_generate"

# What stands among the values of a node, and only the page looks at it.
_OF_THE_PAGE = (CONTROL, "upload", "videopreview", "audioUI")
# What upload buttons leave behind.
_BUTTONS = ("image", "video", "audio", "file")
# And those of ComfyUI's loaders of 3D models.
_MODEL_LOADERS, _MODEL_BUTTONS = (
    ("Load3D", "Preview3D"),
    (
        "upload3dmodel",
        "uploadExtraResources",
        "clear",
    ),
)
# Where it showed a picture from.
_SHOWN = ("/view?", "/api/view?")
# What a pack's page shows, and nobody writes: HTML, also within a longer text.
_MARKUP = re.compile(
    r"</?(?:a|b|br|button|center|code|details|div|em|font|h[1-6]|hr|html|i|iframe|img|li|ol|p|pre"
    r"|section|small|span|strong|style|summary|svg|table|tbody|td|tr|u|ul|video)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
# Early files have it in front of each sampler, and a yes or no where the control stands now.
_SAMPLER, _EARLY = "sampler_name", "sample_"
# Units: characters.
_LONGEST_FIELD = 300
_PLAIN = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", CHOICE})
# Types of which the page makes something to click, and keeps a value.
_SPECIAL = frozenset(
    {"LOAD_3D", "LOAD_3D_ANIMATION", "WEBCAM", "AUDIO_RECORD", "COLOR", "MARKDOWN"}
)
# What a value of the wrong kind counts against an order, and one that a list does not hold.
_WRONG, _UNLISTED = 1.0, 0.25


def named_values(node: Node, schema: NodeSchema | None) -> dict[str, Any] | None:
    """Return the values of a node's widgets by name.

    None when they are there, and nobody can say what they are for.
    """
    if isinstance(node.values, dict):
        return _whole(node, schema, _known_only(node.values, schema))
    if node.named:
        return _whole(node, schema, _known_only(node.named, schema))
    values = node.values
    if node.type.startswith(_MODEL_LOADERS):
        values = [value for value in values if value not in _MODEL_BUTTONS]
    if loras := [value for value in values if is_power_lora(value)]:
        return {f"lora_{n}": value for n, value in enumerate(loras, 1)}
    own = [slot.name for slot in node.inputs if slot.is_widget and slot.name]
    if schema is None:
        return _unknown(node, own, values)
    orders = [list(widget_names(node, schema))]
    is_made = any(wanted.is_dynamic or wanted.parts for wanted in schema.inputs.values())
    if own and (is_made or len(own) >= len(orders[0])):
        orders.append(own)
    # Not every file marks what was a widget before a link fed it; its value keeps its place.
    whole = [name for name in schema.order if _keeps_value(schema.inputs[name], None)]
    if len(whole) > len(orders[0]):
        orders.append(whole)
    # Buttons that a pack puts in between leave null behind, and so does a value that is not set.
    plain = [value for value in values if value is not None]
    givens = [values] if len(plain) == len(values) else [values, plain]
    # A file may be older than what a format brings along.
    schemas = [schema, schema.without_plain_parts()] if is_made else [schema]
    ways = product(orders, givens, schemas)
    readings = [_walk(node, order, given, one) for order, given, one in ways]
    best = min(readings, key=lambda named: _misfits(named, schema.chosen(named)))
    return _whole(node, schema, {n: v for n, v in best.items() if v is not None})


def _known_only(values: Mapping[str, Any], schema: NodeSchema | None) -> dict[str, Any]:
    """Return what the page would send, of values that stand by name.

    What a schema does not list is sent as well: some nodes take what their own page adds.
    """
    page = (*_OF_THE_PAGE, *CONTROLS)  # a control may stand under its own value
    found = {n: one for n, one in values.items() if n not in page and not is_control_name(n)}
    if schema is None or any(wanted.is_dynamic for wanted in schema.inputs.values()):
        return found
    schema, plain = schema.chosen(found), str | int | float
    return {
        n: v
        for n, v in found.items()
        if n in schema.inputs or isinstance(v, plain) or is_power_lora(v)
    }


def unread_texts(node: Node, named: Mapping[str, Any], schema: NodeSchema) -> list[str]:
    """Return the texts among a node's values that stand for nothing in its schema.

    They are of widgets that only the page of a pack makes; nobody else knows their names. What an
    end without widgets of its own has there is what it showed last.
    """
    linked = {slot.name for slot in node.inputs if slot.link is not None}
    shows = schema.is_output and linked.issuperset(widget_names(node, schema))
    if not isinstance(node.values, list) or node.named or shows:
        return []
    read = [value for value in named.values() if isinstance(value, str)]
    texts = [v for v in node.values if isinstance(v, str) and not _is_of_the_page(v)]
    return [text for text in dict.fromkeys(texts) if texts.count(text) > read.count(text)]


def _is_of_the_page(text: str) -> bool:
    if not text.strip() or text in CONTROLS or text.lower() in _BUTTONS:
        return True
    if text.startswith(_SHOWN):
        return True
    begins = _MARKUP.match(text.lstrip()) is not None
    return begins or (len(text) > _LONGEST_FIELD and _MARKUP.search(text) is not None)


def is_control_name(name: str) -> bool:
    """Say whether a value says what the page does with a seed; a second one has ``#1`` behind."""
    return name.partition("#")[0] == CONTROL


def is_left_to_chance(node: Node, name: str, value: Any, schema: NodeSchema | None) -> bool:
    """Say whether the page would change a value after each run."""
    named = node.values if isinstance(node.values, dict) else node.named
    controls = {n: one for n, one in named.items() if is_control_name(n) and one is not None}
    if len(controls) == 1:
        return name in SEEDS and [*controls.values()] != ["fixed"]
    if controls and "seed" in name:  # each stands behind its own
        behind_it = next((after for one, after in pairwise(named) if one == name), None)
        return bool(controls.get(behind_it or "", "fixed") != "fixed")
    listed = node.values if isinstance(node.values, list) else []
    pairs = pairwise(listed)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    behind = [b for a, b in pairs if is_whole and not isinstance(a, bool) and a == value]
    if control := next(filter(_is_control, behind), None):
        return bool(control != "fixed")
    # Early files have only a yes or no there, which may as well be the next widget's.
    order = [*widget_names(node, schema)] if schema is not None else []
    following = order[order.index(name) + 1 :][:1] if name in order else []
    is_early = not any(schema.inputs[n].type == "BOOLEAN" for n in following) if schema else True
    return name in SEEDS and is_early and any(one is True for one in behind)


def widget_names(node: Node, schema: NodeSchema) -> Iterator[str]:
    """Yield the inputs of a node that keep a value on the page, also while a link feeds them."""
    slots = {slot.name: slot for slot in node.inputs}
    for name in schema.order:
        if _keeps_value(schema.inputs[name], slots.get(name)):
            yield name


def _keeps_value(wanted: InputSchema, slot: Slot | None) -> bool:
    is_plain = wanted.type in _PLAIN and not wanted.is_slot and slot is None
    is_special = wanted.type in _SPECIAL or wanted.is_socketless
    return is_plain or is_special or (slot is not None and slot.is_widget)


def has_control(name: str, wanted: InputSchema | None) -> bool:
    """Say whether the page asks what becomes of a value after a run."""
    return name in SEEDS or (wanted is not None and wanted.has_control)


def _walk(
    node: Node, names: Sequence[str], values: Sequence[Any], schema: NodeSchema
) -> dict[str, Any]:
    inputs = dict(schema.inputs)
    slots = {slot.name: slot for slot in node.inputs}
    uploads = any(wanted.upload for wanted in inputs.values())
    named: dict[str, Any] = {}
    waiting = deque(names)
    at = 0
    while waiting:
        name = waiting.popleft()
        wanted = inputs.get(name)
        is_optional = wanted is not None and not wanted.is_required
        if uploads and is_optional and at < len(values) and values[at] == "image":
            at += 1  # the button stands behind what is required
        if at >= len(values):
            break
        named[name] = values[at]
        at += 1
        if wanted is not None and (parts := wanted.parts_of(name, named[name])):
            inputs.update(parts)
            kept = [part for part in parts if _keeps_value(parts[part], slots.get(part))]
            waiting.extendleft(part for part in reversed(kept) if part not in waiting)
        following = inputs.get(waiting[0]) if waiting else None
        is_switch = following is not None and following.type == "BOOLEAN"
        if has_control(name, wanted) and at < len(values):
            at += _is_control(values[at]) or (isinstance(values[at], bool) and not is_switch)
    return {name: _renamed(name, value) for name, value in named.items()}


def _renamed(name: str, value: Any) -> Any:
    """Return a value as ComfyUI calls it by now."""
    is_early = name == _SAMPLER and isinstance(value, str)
    return value.removeprefix(_EARLY) if is_early else value


def _unknown(node: Node, own: Sequence[str], values: Sequence[Any]) -> dict[str, Any] | None:
    """Name the values of a node whose schema nobody has, as far as the file tells."""
    if not any(_says_something(value) for value in values):
        return {}
    plain = [v for v in values if not _is_control(v) and _says_something(v)]
    if own and len(own) >= len(plain):
        return _walk_unknown(own, values)
    return known_values(node.type, plain)


def _walk_unknown(order: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    at = 0
    for name in order:
        if at >= len(values):
            break
        named[name] = values[at]
        at += 1
        is_whole = isinstance(named[name], int) and not isinstance(named[name], bool)
        if is_whole and at < len(values) and _is_control(values[at]):
            at += 1
    return named


def _says_something(value: Any) -> bool:
    """Say whether a value is more than what a button or a player leaves behind."""
    if isinstance(value, list):
        return any(not isinstance(entry, dict) for entry in value)
    return value is not None and not (isinstance(value, dict) and "lora" not in value)


def _is_control(value: Any) -> bool:
    return isinstance(value, str) and value in CONTROLS


def _misfits(named: Mapping[str, Any], schema: NodeSchema) -> float:
    return sum(_misfit(value, schema.inputs.get(name)) for name, value in named.items())


def _misfit(value: Any, wanted: InputSchema | None) -> float:
    if wanted is None or value is None:
        return 0.0
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match wanted.type:
        case "INT" | "FLOAT":
            return 0.0 if is_number else _WRONG
        case "STRING":
            return 0.0 if isinstance(value, str) else _WRONG
        case "BOOLEAN":
            return 0.0 if isinstance(value, bool) else _WRONG
        case _ if wanted.choices is not None:
            if not isinstance(value, str | int | float):
                return _WRONG
            return 0.0 if value in wanted.choices.known else _UNLISTED
        case _:
            return 0.0


def _whole(node: Node, schema: NodeSchema | None, named: dict[str, Any]) -> dict[str, Any]:
    """Return values with what the page fills in for those that a file does not have."""
    if schema is None:
        return named
    found: dict[str, Any] = {}
    slots = {slot.name: slot for slot in node.inputs}
    waiting = list(reversed(schema.order))
    inputs = dict(schema.inputs)
    while waiting:
        name = waiting.pop()
        wanted = inputs[name]
        value = wanted.filled_in if wanted.is_required else None
        if _keeps_value(wanted, slots.get(name)) and value is not None:
            found[name] = value
        parts = wanted.parts_of(name, named.get(name, found.get(name)))
        inputs.update(parts)
        waiting += reversed(parts)
    return {**found, **named}
