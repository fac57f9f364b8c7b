"""Where a number stands again that must stay equal: a size, the length of a sound, a rate.

A model, a text or a scaler is told of the size too, apart from where it is set
(`imagine.importing.sizes`); the rate is told to a model, and to what saves the clip.
"""

from collections.abc import Iterator, Mapping, Sequence

from imagine.catalog import Catalog
from imagine.importing.walking import (
    Feed,
    behind,
    is_number,
    number_of,
    value_at,
    wanted_at,
)
from imagine.repair import Graph

# How nodes call both sides; a node may have several such pairs.
_PAIRS = (("width", "height"), ("target_width", "target_height"))
# How nodes call how many pictures a second of a clip has.
_RATES = ("frame_rate", "fps")
# And how long a sound is to be.
LASTING = ("seconds", "duration")
# And how many frames of a clip are loaded at most.
LOADED_FRAMES = "frame_load_cap"
# Classes of nodes whose sides are those of a part, or of another picture.
_OTHERS = ("crop", "pad", "load", "preprocessor", "save")


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


def equal_lengths(graph: Graph, length: Feed) -> Iterator[Feed]:
    """Yield where it stands again how long a sound is to be: its words are told of it."""
    yield from _again(graph, length, LASTING)


def equal_frames(graph: Graph, count: Feed) -> Iterator[Feed]:
    """Yield where a clip is loaded with as many frames as are made.

    Who loads one frame wants a picture of it, however many are made.
    """
    if value_at(graph, count) != 1:
        yield from _again(graph, count, (LOADED_FRAMES,))


def _again(graph: Graph, first: Feed, names: Sequence[str]) -> Iterator[Feed]:
    """Yield the inputs of these names that have the same value as another one."""
    value = value_at(graph, first)
    for node_id in graph:
        for name in names:
            feed = number_of(graph, node_id, name)
            if feed is not None and feed != first and value_at(graph, feed) == value:
                yield feed


def equal_rates(graph: Graph, catalog: Catalog | None) -> Iterator[tuple[str, list[Feed]]]:
    """Yield the rates, equal ones together: what takes only whole numbers in front."""
    alike: dict[float, dict[Feed, str]] = {}
    for node_id in graph:
        for name in _RATES if "load" not in str(graph[node_id].get("class_type")).lower() else ():
            feed = number_of(graph, node_id, name)
            rate = value_at(graph, feed) if feed is not None else None
            if feed is not None and is_number(rate) and rate > 0:  # 0 is left to the node
                alike.setdefault(rate, {}).setdefault(feed, name)
    for feeds in alike.values():
        whole = sorted(feeds, key=lambda feed: not _is_whole(graph, catalog, feed))
        yield feeds[whole[0]], whole


def _is_whole(graph: Graph, catalog: Catalog | None, feed: Feed) -> bool:
    wanted = wanted_at(graph, catalog, feed)
    return wanted is not None and wanted.type == "INT"
