"""Which nodes are samplers, in which turn they work, and what steers each of them."""

from collections.abc import Sequence

from imagine.importing.making import latent_samplers
from imagine.importing.walking import behind, inputs_of, links_of
from imagine.importing.widgets import SEEDS
from imagine.repair import Graph

# What stands behind more of them has names of its own, as all the rest.
MOST_SAMPLERS = 16
# What the inputs of a sampler, and of what steers it, are called everywhere.
STEERING = {
    "seed": "seed",
    "noise_seed": "seed",
    "steps": "steps",
    "cfg": "cfg",
    "guidance": "guidance",
    "sampler_name": "sampler",
    "sampler": "sampler",
    "scheduler": "scheduler",
    "denoise": "denoise",
    "denoise_strength": "denoise",
    "shift": "shift",
}
_STEERERS = ("noise", "guider", "sampler", "sigmas")


def samplers_of(graph: Graph) -> list[str]:
    """Return the samplers in the order in which they work on a latent."""
    samplers = latent_samplers(graph)
    # Of packs that take pictures, or make the latent themselves.
    others = [
        n
        for n in graph
        if n not in samplers
        and _is_seeded(graph, n)
        and ("positive" in links_of(graph, n) or (not samplers and _is_piped(graph, n)))
    ]
    # Loaders of packs take both, too, to hand them on.
    stepping = [n for n in others if "steps" in inputs_of(graph, n)]
    return _in_turn(graph, [*samplers, *stepping] or others)


def other_samplers(graph: Graph) -> list[str]:
    """Return the samplers of packs whose texts and sizes come by links of their own."""
    return _in_turn(
        graph,
        [
            node_id
            for node_id in graph
            if "model" in links_of(graph, node_id)
            and "steps" in inputs_of(graph, node_id)
            and _is_seeded(graph, node_id)
        ],
    )


def _is_piped(graph: Graph, node_id: str) -> bool:
    """Say whether a sampler gets all that it works with by one link."""
    inputs = inputs_of(graph, node_id)
    return {"steps", "cfg", "sampler_name"} <= inputs.keys() and "pipe" in inputs


def _is_seeded(graph: Graph, node_id: str) -> bool:
    return not SEEDS.isdisjoint(inputs_of(graph, node_id))


def _in_turn(graph: Graph, samplers: Sequence[str]) -> list[str]:
    samplers = samplers[:MOST_SAMPLERS]
    return sorted(samplers, key=lambda n: _turn(graph, n, samplers))


def _turn(graph: Graph, sampler: str, samplers: Sequence[str]) -> tuple[int, int]:
    """Return when a sampler works on its latent; what only helps another stands behind it."""
    before = {*behind(graph, sampler)} - {sampler}
    start = links_of(graph, sampler).get("latent_image")
    of_latent = {*behind(graph, start[0])} if start else before
    return len(of_latent.intersection(samplers)), -len(before.intersection(samplers))


def steering_of(graph: Graph, sampler: str) -> list[str]:
    """Return a sampler with the nodes that give it noise, guider, sampler and sigmas."""
    found = [sampler]
    for node_id in found:
        for name, (source, _) in links_of(graph, node_id).items():
            if name in _STEERERS and source not in found:
                found.append(source)
    return found
