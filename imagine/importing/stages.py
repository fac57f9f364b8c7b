"""Which sampler goes on with the work of another one, so that both need the same settings."""

from collections.abc import Iterator, Sequence

from imagine.importing.walking import Feed, inputs_of, links_of, number_of, value_at
from imagine.repair import Graph

# How samplers call the step with which they begin, and that at which they end.
_STARTS = ("start_at_step", "start_step")
_ENDS = ("end_at_step", "end_step")


def continues(graph: Graph, later: str, first: str) -> bool:
    """Say whether a sampler begins after the first step, with a latent of the other one."""
    return _begins_later(graph, later) and first in _latents_of(graph, later)


def handed_over(graph: Graph, samplers: Sequence[str]) -> Iterator[list[Feed]]:
    """Yield where one sampler ends, with where those that go on with its work begin there."""
    found: dict[Feed, list[Feed]] = {}
    for later in samplers:
        start = _step(graph, later, _STARTS)
        first = next((one for one in _latents_of(graph, later) if one in samplers), None)
        end = _step(graph, first, _ENDS) if first is not None else None
        if start and end and start != end and value_at(graph, start) == value_at(graph, end):
            found.setdefault(end, [end]).append(start)
    yield from found.values()


def last_step(graph: Graph, sampler: str, steps: Feed) -> list[Feed]:
    """Return where a sampler ends, if that is with the last of its steps."""
    end = _step(graph, sampler, _ENDS)
    is_last = end is not None and end != steps and value_at(graph, end) == value_at(graph, steps)
    return [end] if end is not None and is_last else []


def _step(graph: Graph, sampler: str, names: Sequence[str]) -> Feed | None:
    inputs = inputs_of(graph, sampler)
    return next((number_of(graph, sampler, name) for name in names if name in inputs), None)


def _begins_later(graph: Graph, sampler: str) -> bool:
    if inputs_of(graph, sampler).keys().isdisjoint(_STARTS):
        return False
    feed = _step(graph, sampler, _STARTS)
    value = value_at(graph, feed) if feed is not None else None
    # What is worked out from other numbers is where the other one ends.
    return value > 0 if isinstance(value, int | float) else True


def _latents_of(graph: Graph, sampler: str) -> list[str]:
    """Return what a sampler got its latent from: no picture was made of it in between."""
    found, known = [sampler], {sampler}
    for node_id in found:
        for name, (source, _) in links_of(graph, node_id).items():
            is_latent = "latent" in name or name.startswith("samples")
            if is_latent and source not in known:
                known.add(source)
                found.append(source)
    return found[1:]
