"""Which sampler goes on with the work of another one, so that both need the same settings."""

from imagine.importing.walking import inputs_of, links_of, number_of
from imagine.repair import Graph

# How samplers call the step with which they begin.
_STARTS = ("start_at_step", "start_step")


def continues(graph: Graph, later: str, first: str) -> bool:
    """Say whether a sampler begins after the first step, with a latent of the other one."""
    return _begins_later(graph, later) and first in _latents_of(graph, later)


def _begins_later(graph: Graph, sampler: str) -> bool:
    inputs = inputs_of(graph, sampler)
    for name in _STARTS:
        if name in inputs:
            feed = number_of(graph, sampler, name)
            value = inputs_of(graph, feed[0])[feed[1]] if feed is not None else None
            # What is worked out from other numbers is where the other one ends.
            return value > 0 if isinstance(value, int | float) else True
    return False


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
