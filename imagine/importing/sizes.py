"""Where the size of what a sampler makes is set: in its latent, or in a node that picks one.

Pickers offer shapes by their names, a number of megapixels, or sides of one's own, and work the
width and the height out of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from imagine.catalog import Catalog
from imagine.importing.equals import LASTING
from imagine.importing.named_roles import SIZES, is_automatic, is_sized
from imagine.importing.naming import safe_name
from imagine.importing.walking import (
    Feed,
    behind,
    inputs_of,
    is_number,
    links_of,
    number_of,
    schema_at,
    value_at,
)
from imagine.repair import Graph

_SIDES = ("width", "height")
# Words in the names of what picks a size, and of what counts beside it.
_CHOICES = frozenset(
    {"aspect", "ratio", "resolution", "res", "preset", "dimensions", "orientation"}
)
# The choice that leaves the sides to somebody.
_OWN = "custom"
_PICKING = _CHOICES | {"megapixels", "megapixel", "mp", "size"}
_BESIDE = _PICKING | {"width", "height", "swap", "invert"}
# Makes several of one latent.
_REPEATS = "RepeatLatentBatch"
# What is made from a picture or a latent has its size.
_PICTURES = ("IMAGE", "MASK", "LATENT", "VIDEO")
_PICTURED = ("image", "images", "pixels", "mask", "latent", "samples", "video")


@dataclass(frozen=True, slots=True)
class Size:
    """One value that decides the size. ``place``: which of `SIZES` it has the place of."""

    place: str
    name: str
    feed: Feed


def sizes_of(graph: Graph, catalog: Catalog | None, sampler: str) -> list[Size]:
    """Return what decides the size of what a sampler makes."""
    found = _of_latent(graph, catalog, sampler)
    is_counted = any(one.place == "batch_size" for one in found)
    return found if is_counted else [*found, *_repeated(graph, sampler)]


def _repeated(graph: Graph, sampler: str) -> Iterator[Size]:
    """Yield how many are made of one latent, such as that of a picture."""
    start, seen = links_of(graph, sampler).get("latent_image"), set[str]()
    while start is not None and start[0] not in seen:
        node_id = start[0]
        seen.add(node_id)
        feed = number_of(graph, node_id, "amount")
        if feed is not None and graph[node_id].get("class_type") == _REPEATS:
            yield Size("batch_size", "batch_size", feed)
            return
        start = links_of(graph, node_id).get("samples")


def _of_latent(graph: Graph, catalog: Catalog | None, sampler: str) -> list[Size]:
    start = links_of(graph, sampler).get("latent_image")
    for node_id in behind(graph, start[0]) if start else [sampler]:
        names = inputs_of(graph, node_id)
        is_sized_ = all(any(name in names for name in SIZES[side]) for side in _SIDES)
        if is_sized_ and _makes_latent(graph, catalog, node_id):
            return list(_of_node(graph, catalog, node_id))
        lasting = _lasting(graph, catalog, node_id) if start and node_id == start[0] else None
        if lasting is not None:
            return [lasting]
        picked = _picked(graph, catalog, node_id) if start and node_id == start[0] else []
        if any(isinstance(names.get(one.feed[1]), str) for one in picked):
            count = number_of(graph, node_id, "batch_size")
            return [*picked, *([Size("batch_size", "batch_size", count)] if count else [])]
    return []


def _lasting(graph: Graph, catalog: Catalog | None, node_id: str) -> Size | None:
    """Return how long a sound is to be, of a node that makes a latent of nothing else."""
    for name in LASTING:
        feed = number_of(graph, node_id, name)
        if feed is not None and _makes_latent(graph, catalog, node_id):
            return Size("length", name, feed)
    return None


def picked_elsewhere(graph: Graph, catalog: Catalog | None) -> list[Size]:
    """Return what picks the size of the first node that has one by links."""
    known: set[str] = set()
    for node_id in graph:
        links = links_of(graph, node_id)
        if all(side in links for side in _SIDES) and is_sized(graph, node_id):
            picker = _picker(graph, catalog, links["width"][0], known)
            if picker is not None:
                return _picked(graph, catalog, picker)
    return []


def _of_node(graph: Graph, catalog: Catalog | None, node_id: str) -> Iterator[Size]:
    """Yield the sizes that a node has, or those of what picks them for it."""
    names, links = inputs_of(graph, node_id), links_of(graph, node_id)
    sizes = {role: next((n for n in own if n in names), "") for role, own in SIZES.items()}
    sources = (links[sizes[side]][0] for side in _SIDES if sizes[side] in links)
    for picker in dict.fromkeys(_picker(graph, catalog, source) for source in sources):
        yield from _picked(graph, catalog, picker) if picker is not None else ()
    for name, value in names.items():
        if isinstance(value, str) and not _CHOICES.isdisjoint(_words(name)):
            yield Size("width", safe_name(name), (node_id, name))
    found = {role: _sized(graph, catalog, node_id, name) for role, name in sizes.items() if name}
    sides = [found.get(side) for side in _SIDES]
    follows = any(is_automatic(graph, feed) for feed in sides)
    for role, feed in found.items():
        is_dead = feed in sides and (follows or (feed and _is_unchosen(graph, catalog, feed[0])))
        if feed is not None and not is_dead:
            yield Size(role, role, feed)


def _sized(graph: Graph, catalog: Catalog | None, node_id: str, name: str) -> Feed | None:
    """Return where a size is typed: also in a node that scales a picture to it.

    Of what is worked out it is the one number that a node gives for it.
    """
    if (feed := number_of(graph, node_id, name)) is not None:
        return feed
    links = links_of(graph, node_id)
    source = links[name][0] if name in links else None
    value = inputs_of(graph, source).get(name) if source is not None else None
    if source is None or is_number(value):
        return (source, name) if source is not None else None
    return _held(graph, catalog, source)


def _held(graph: Graph, catalog: Catalog | None, start: str) -> Feed | None:
    """Return the one number that somebody typed to work a size out of; None if there are more."""
    found: list[Feed] = []
    for node_id in behind(graph, start):
        if _is_of_picture(graph, catalog, node_id):
            return None
        inputs = inputs_of(graph, node_id)
        numbers = [name for name, value in inputs.items() if is_number(value)]
        if len(inputs) == 1:
            found += [(node_id, name) for name in numbers]
    return found[0] if len(found) == 1 else None


def _makes_latent(graph: Graph, catalog: Catalog | None, node_id: str) -> bool:
    """Say whether a node makes a latent from a size, and not from another latent."""
    if "samples" in inputs_of(graph, node_id):
        return False
    schema = catalog.schemas.get(graph[node_id].get("class_type", "")) if catalog else None
    if schema is not None:
        return "LATENT" in schema.outputs
    return "image" not in links_of(graph, node_id)


def _picker(
    graph: Graph, catalog: Catalog | None, start: str, known: set[str] | None = None
) -> str | None:
    """Return the nearest node that picks a size, of those that this one works with.

    ``known``: nodes that are not looked at; those that were are added.
    """
    known = set() if known is None else known
    waiting = [] if start in known else [start]
    known.add(start)
    for node_id in waiting:
        if _is_of_picture(graph, catalog, node_id):
            continue
        if _picked(graph, catalog, node_id):
            return node_id
        sources = (source for source, _ in links_of(graph, node_id).values())
        found = [source for source in dict.fromkeys(sources) if source not in known]
        known.update(found)
        waiting += found
    return None


def _picked(graph: Graph, catalog: Catalog | None, node_id: str) -> list[Size]:
    """Return by what a node picks a size, nothing when it is no picker."""
    if _is_of_picture(graph, catalog, node_id):
        return []
    found: list[Size] = []
    for name in inputs_of(graph, node_id):
        feed = number_of(graph, node_id, name)
        words = _words(name)
        is_dead = name in _SIDES and _is_unchosen(graph, catalog, node_id)
        if feed is None or "batch" in words or is_dead:
            continue
        if not _BESIDE.isdisjoint(words):
            side = name if name in _SIDES else "width"
            found.append(Size(side, safe_name(name), feed))
    return found if any(not _PICKING.isdisjoint(_words(one.name)) for one in found) else []


def _is_unchosen(graph: Graph, catalog: Catalog | None, node_id: str) -> bool:
    """Say whether a node has sides of one's own only for a choice that is not the one made."""
    schema = schema_at(graph, catalog, node_id)
    for name in inputs_of(graph, node_id):
        wanted = schema.inputs.get(name) if schema is not None else None
        if wanted is None or wanted.choices is None or _CHOICES.isdisjoint(_words(name)):
            continue
        own = [one for one in wanted.choices.known if _OWN in str(one).lower()]
        chosen = number_of(graph, node_id, name)  # None where it is worked out
        if own and chosen is not None and value_at(graph, chosen) not in own:
            return True
    return False


def _is_of_picture(graph: Graph, catalog: Catalog | None, node_id: str) -> bool:
    for name, (source, slot) in links_of(graph, node_id).items():
        schema = catalog.schemas.get(graph[source].get("class_type", "")) if catalog else None
        outputs = schema.outputs if schema is not None else ()
        if name in _PICTURED or any(one in _PICTURES for one in outputs[slot : slot + 1]):
            return True
    return False


def _words(name: str) -> set[str]:
    return {*safe_name(name).split("_")}
