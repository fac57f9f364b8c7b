"""rgthree's Power Lora Loader as a row of ComfyUI's own loaders.

It keeps each LoRA with its switch and its strengths in one value, which no parameter could feed.
Rolled out, each LoRA can be set, left out or exchanged as any other, and the pack is not needed.
What is switched off there becomes a loader with no LoRA, so that it can be chosen again.

Source: rgthree-comfy, ``py/power_lora_loader.py``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from imagine.importing.conversion import Converted, Shared
from imagine.importing.known_widgets import is_power_lora
from imagine.importing.lora_slots import NO_LORA
from imagine.repair import Graph, is_link, title

POWER_LORA = "Power Lora Loader (rgthree)"
_NONE = "None"
_LOADERS = _BOTH, _MODEL_ONLY = "LoraLoader", "LoraLoaderModelOnly"
# What it gives, in the order of its outputs, by the inputs from which these come.
_THROUGH = ("model", "clip")


@dataclass(frozen=True, slots=True)
class _Lora:
    """One LoRA; "None" is none. ``clip_strength``: None is the same as ``strength``."""

    file: str
    strength: float
    clip_strength: float | None


def unrolled(converted: Converted) -> Converted:
    """Return a graph in which each LoRA of such a loader has a loader of its own."""
    found = [
        node_id
        for node_id, node in converted.graph.items()
        if node["class_type"] == POWER_LORA and isinstance(node["inputs"].get("model"), list)
    ]
    return _Unrolling(converted).all(found) if found else converted


class _Unrolling:
    """One graph, while such loaders are replaced."""

    def __init__(self, converted: Converted) -> None:
        self.converted = converted
        self.graph: dict[str, dict[str, Any]] = {}
        self.shared = list(converted.shared)
        self.notes = list(converted.notes)
        # Loader → what its outputs are now, by slot.
        self.ends: dict[str, list[Any]] = {}

    def all(self, found: list[str]) -> Converted:
        for node_id, node in self.converted.graph.items():
            if node_id in found:
                self._unroll(node_id, node["inputs"])
            else:
                self.graph[node_id] = node
        graph = _relinked(self.graph, self.ends)
        return replace(
            self.converted, graph=graph, shared=tuple(self.shared), notes=tuple(self.notes)
        )

    def _unroll(self, node_id: str, inputs: Mapping[str, Any]) -> None:
        ends = [inputs.get(name) for name in _THROUGH]
        loras = list(_loras(inputs))
        for number, lora in enumerate(loras, 1):
            loader = self._free(f"{node_id}:{number}")
            self.graph[loader] = _loader(lora, ends)
            if ends[1] is not None and lora.clip_strength is None:
                feeds = ((loader, "strength_model"), (loader, "strength_clip"))
                self.shared.append(Shared(None, feeds, is_chosen=False))
            ends = [[loader, slot] if end is not None else None for slot, end in enumerate(ends)]
        self.ends[node_id] = ends
        if off := ", ".join(_switched_off(inputs)):
            who = title(self.converted.graph, node_id)
            self.notes.append(f"{who}: switched off, and left out until you choose it: {off}.")

    def _free(self, wanted: str) -> str:
        """Return this id, or the next one that no node has."""
        while wanted in self.converted.graph or wanted in self.graph:
            wanted += "_"
        return wanted


def without_empty(graph: Graph) -> Graph:
    """Return a graph without the loaders that have no LoRA: they are left out when it runs."""
    ends = {
        node_id: [node["inputs"].get(name) for name in _THROUGH]
        for node_id, node in graph.items()
        if node["class_type"] in _LOADERS
        and str(node["inputs"].get("lora_name")).lower() in NO_LORA
    }
    return _relinked({n: node for n, node in graph.items() if n not in ends}, ends)


def _relinked(
    graph: Mapping[str, Mapping[str, Any]], ends: Mapping[str, Sequence[Any]]
) -> dict[str, dict[str, Any]]:
    """Return a graph without links to what is gone. ``ends``: what its outputs are now, by slot."""
    found: dict[str, dict[str, Any]] = {}
    for node_id, node in graph.items():
        led = {name: _end(value, ends) for name, value in node["inputs"].items()}
        inputs = {name: value for name, value in led.items() if value is not None}
        found[node_id] = {**node, "inputs": inputs}
    return found


def _end(value: Any, ends: Mapping[str, Sequence[Any]]) -> Any:
    """Return where a link leads now; None when it led to nothing, or in a circle."""
    passed: set[tuple[str, int]] = set()
    while is_link(value) and value[0] in ends:
        node_id, slot = value
        if (node_id, slot) in passed or slot not in range(len(ends[node_id])):
            return None
        passed.add((node_id, slot))
        value = ends[node_id][slot]
    return value


def _loras(inputs: Mapping[str, Any]) -> Iterator[_Lora]:
    for value in _chosen(inputs):
        strength, clip = (value.get(key) for key in ("strength", "strengthTwo"))
        yield _Lora(
            value["lora"] if value.get("on") is not False else _NONE,
            strength if isinstance(strength, int | float) else 1.0,
            clip if isinstance(clip, int | float) else None,
        )


def _switched_off(inputs: Mapping[str, Any]) -> Iterator[str]:
    return (value["lora"] for value in _chosen(inputs) if value.get("on") is False)


def _chosen(inputs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for value in inputs.values():
        file = value.get("lora") if is_power_lora(value) else None
        if isinstance(file, str) and file.lower() not in NO_LORA:
            yield value


def _loader(lora: _Lora, ends: list[Any]) -> dict[str, Any]:
    model, clip = ends
    inputs: dict[str, Any] = {"model": model}
    if clip is None:
        inputs |= {"lora_name": lora.file, "strength_model": lora.strength}
        return {"class_type": _MODEL_ONLY, "inputs": inputs}
    inputs |= {"clip": clip, "lora_name": lora.file, "strength_model": lora.strength}
    inputs["strength_clip"] = lora.strength if lora.clip_strength is None else lora.clip_strength
    return {"class_type": _BOTH, "inputs": inputs}
