"""Where the size of a picture stands again: in what a model, a text or a scaler is told of it.

Apart from where it is found (`imagine.importing.sizes`): these only follow it.
"""

from collections.abc import Iterator, Mapping

from imagine.importing.walking import Feed, behind, number_of, value_at
from imagine.repair import Graph

# How nodes call both sides; a node may have several such pairs.
_PAIRS = (("width", "height"), ("target_width", "target_height"))
# Classes of nodes whose sides are those of a part, or of another picture.
_OTHERS = ("crop", "pad", "mask", "load", "preprocessor", "save")


def equal_sizes(
    graph: Graph, sampler: str, sizes: Mapping[str, Feed]
) -> Iterator[tuple[str, Feed]]:
    """Yield each side with an input that has it again, of what a sampler works with.

    ``sizes``: where the width and the height stand.
    """
    wanted = tuple(value_at(graph, sizes[side]) for side in ("width", "height"))
    for node_id in behind(graph, sampler):
        class_type = str(graph[node_id].get("class_type", "")).lower()
        if any(word in class_type for word in _OTHERS):
            continue
        for pair in _PAIRS:
            feeds = [number_of(graph, node_id, name) for name in pair]
            values = tuple(value_at(graph, feed) if feed else None for feed in feeds)
            if values == wanted:
                yield from ((s, f) for s, f in zip(("width", "height"), feeds, strict=True) if f)
