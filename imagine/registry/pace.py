"""What a progress meter has to know of a graph that others made: its steps, and what nodes cost."""

from collections.abc import Sequence

from imagine.catalog import Catalog
from imagine.graph import Sampler
from imagine.graph.costs import likely_cost
from imagine.importing.outputs import Output, OutputKind
from imagine.importing.walking import inputs_of, links_of
from imagine.repair import Graph, is_link

# What a sampler is taken to do whose steps nothing tells.
USUAL_STEPS = 20
# A node that takes one of these by a link, and has steps, samples.
_SAMPLED = ("model", "positive", "latent_image", "samples", "latent", "guider", "image_embeds")
_STEPS = ("steps", "num_steps", "num_inference_steps", "sampling_steps")
_FIRST = ("start_at_step", "start_step")
_LAST = ("end_at_step", "end_step")
_MOST_STEPS = 10_000
# A number above 1 in one of these makes several pictures.
_COUNTS = ("batch_size", "amount", "length", "frames", "num_frames", "video_frames")


def pace_of(
    graph: Graph, catalog: Catalog, outputs: Sequence[Output]
) -> tuple[dict[str, Sampler], dict[str, float]]:
    """Return the samplers of a graph, and the weight of each node.

    Where nothing samples, the node that costs most stands for a sampler of one step.
    """
    image = 0 if _makes_one(graph, outputs) else None
    steps = {node_id: found for node_id in graph if (found := _steps(graph, node_id, catalog))}
    weights = {
        node_id: float(steps.get(node_id) or likely_cost(str(node.get("class_type"))))
        for node_id, node in graph.items()
    }
    if not steps and weights:
        steps = {max(weights, key=lambda node_id: weights[node_id]): 1}
    return {node_id: Sampler(image, count) for node_id, count in steps.items()}, weights


def _makes_one(graph: Graph, outputs: Sequence[Output]) -> bool:
    """Say whether a graph makes a single picture, so that each step is one of it."""
    if len(outputs) != 1 or outputs[0].kind is not OutputKind.IMAGE:
        return False
    return not any(
        (_number(graph, node_id, name) or 1) > 1
        for node_id in graph
        for name in _COUNTS
        if name in inputs_of(graph, node_id)
    )


def _steps(graph: Graph, node_id: str, catalog: Catalog) -> int:
    """Return how many steps a node samples; 0 when it does not."""
    schema = catalog.schemas.get(str(graph[node_id].get("class_type")))
    if schema is not None and (schema.is_output or "SIGMAS" in schema.outputs):
        return 0
    links, inputs = links_of(graph, node_id), inputs_of(graph, node_id)
    if "sigmas" in links:
        if links.keys().isdisjoint(("sampler", "guider")):
            return 0
        return min(_of_sigmas(graph, *links["sigmas"]), _MOST_STEPS)
    name = next((name for name in _STEPS if name in inputs), None)
    if name is None or links.keys().isdisjoint(_SAMPLED):
        return 0
    steps = _number(graph, node_id, name)
    steps = USUAL_STEPS if steps is None else steps
    first = next((_number(graph, node_id, one) for one in _FIRST if one in inputs), None)
    last = next((_number(graph, node_id, one) for one in _LAST if one in inputs), None)
    end = steps if last is None or last < 0 else min(steps, last)
    return max(0, min(int(end - max(0, first or 0)), _MOST_STEPS))


def _of_sigmas(graph: Graph, node_id: str, slot: int) -> int:
    """Return how many steps a schedule has, followed to the node that makes it."""
    splits: list[tuple[str, int]] = []
    seen: set[str] = set()
    while node_id not in seen and "sigmas" in (links := links_of(graph, node_id)):
        seen.add(node_id)
        splits.append((node_id, slot))
        node_id, slot = links["sigmas"]
    found = _number(graph, node_id, "steps")
    total = USUAL_STEPS if found is None else int(found)
    for split, part in reversed(splits):
        total = _part(graph, split, part, total)
    return max(0, total)


def _part(graph: Graph, node_id: str, slot: int, total: int) -> int:
    """Return the steps of one half of a split schedule; of what is not split, all."""
    match str(graph[node_id].get("class_type")):
        case "SplitSigmas":
            first = min(total, int(_number(graph, node_id, "step") or 0))
        case "SplitSigmasDenoise":
            first = total - round(total * min(1.0, _number(graph, node_id, "denoise") or 0.0))
        case _:
            return total
    return first if slot == 0 else total - first


def _number(graph: Graph, node_id: str, name: str) -> float | None:
    """Return a number that is typed in a node, or in the one that gives it."""
    value = inputs_of(graph, node_id).get(name)
    if (source := links_of(graph, node_id).get(name)) is not None:
        typed = [one for one in inputs_of(graph, source[0]).values() if not is_link(one)]
        value = typed[0] if len(typed) == 1 else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
