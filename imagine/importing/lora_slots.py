"""The LoRAs that a node loads, each with the number that says how strongly it acts.

Packs stack several in one node (``lora_01`` and ``strength_01``), and hand them on by links of
their own, apart from the model.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from imagine.importing.numbered import uncounted
from imagine.importing.walking import Feed, inputs_of, is_number, links_of, number_of
from imagine.names import EXTENSIONS
from imagine.repair import Graph

_LORA = "lora"
# How loaders of several LoRAs call none, in small letters.
NO_LORA = ("none", "")
_DIGITS, _WORDS = re.compile(r"\d+"), re.compile(r"[a-z]+")
_STRENGTHS = frozenset({"strength", "weight", "wt", "str"})
_BESIDE = frozenset({"model", _LORA})
# How they call the switch of each, and what it holds when it is off.
_SWITCHES, _OFF = ("switch", "enable", "on_", "toggle"), ("Off", "off", False)
# Which of two numbers counts, says an input of the same node.
_MODES, _ADVANCED = ("mode", "input_mode"), "advanced"


@dataclass(frozen=True, slots=True)
class LoraSlot:
    """One LoRA: where its file and its strength stand, if they are typed anywhere.

    ``is_empty``: it is none, so far, or switched off.
    """

    file: Feed | None
    strength: Feed | None
    is_empty: bool


def lora_slots(graph: Graph, node_id: str) -> Iterator[LoraSlot]:
    """Yield the LoRAs that a node itself loads."""
    links = links_of(graph, node_id)
    beyond = uncounted(inputs_of(graph, node_id))
    for name, value in inputs_of(graph, node_id).items():
        if _LORA not in name:
            continue
        if name in links:
            if _stacks(graph, links[name][0]):
                continue
        elif not isinstance(value, str):
            continue
        file = number_of(graph, node_id, name)
        written = inputs_of(graph, file[0])[file[1]] if file is not None else None
        if file is not None and (not isinstance(written, str) or "\n" in written):
            continue  # a list of them is none
        strength = _strength_of(graph, node_id, name)
        if file is not None or strength is not None:
            is_none = isinstance(written, str) and written.lower() in NO_LORA
            is_off = name in beyond or _is_off(graph, node_id, name)
            yield LoraSlot(file, strength, is_none or is_off)


def names_file(graph: Graph, slot: LoraSlot) -> bool:
    """Say whether what a slot holds is a file beyond doubt."""
    written = inputs_of(graph, slot.file[0])[slot.file[1]] if slot.file is not None else ""
    return isinstance(written, str) and written.lower().endswith(EXTENSIONS)


def stacks_of(graph: Graph, node_id: str) -> list[str]:
    """Return the nodes that hand LoRAs on to this one, the farthest first."""
    found, known = [node_id], {node_id}
    for one in found:
        for name, (source, _) in links_of(graph, one).items():
            if _LORA in name and source not in known and _stacks(graph, source):
                known.add(source)
                found.append(source)
    return found[:0:-1]


def _stacks(graph: Graph, node_id: str) -> bool:
    return any(_LORA in name for name in inputs_of(graph, node_id))


def _is_off(graph: Graph, node_id: str, lora: str) -> bool:
    """Say whether the switch of the same count is off."""
    return any(
        value in _OFF and name.startswith(_SWITCHES) and _DIGITS.findall(name) == counts
        for name, value in inputs_of(graph, node_id).items()
        if (counts := _DIGITS.findall(lora)) and isinstance(value, str | bool)
    )


def _strength_of(graph: Graph, node_id: str, lora: str) -> Feed | None:
    """Return the number beside a LoRA: of the same count, and for the model."""
    inputs = inputs_of(graph, node_id)
    found: dict[str, Feed] = {}
    for name in inputs:
        words = {*_WORDS.findall(name.lower())}
        if words.isdisjoint(_STRENGTHS) or not words <= _STRENGTHS | _BESIDE:
            continue
        if _DIGITS.findall(name) != _DIGITS.findall(lora):
            continue
        feed = number_of(graph, node_id, name)
        value = inputs_of(graph, feed[0])[feed[1]] if feed is not None else None
        if feed is not None and is_number(value):
            found[name] = feed
    is_advanced = any(inputs.get(mode) == _ADVANCED for mode in _MODES)
    names = sorted(found, key=lambda name: (("model" in name) != is_advanced, _LORA not in name))
    return found[names[0]] if names else None
