"""What says how the nodes between a picture, or a sampler, and the result work.

Apart from the roles, which follow a graph from its samplers: a node that makes a picture larger has
none, and still its numbers are what somebody wants to set.
"""

from collections.abc import Container, Iterable, Iterator, Mapping

from imagine.importing.fields import Field, Fields, ParameterType
from imagine.importing.named_roles import is_automatic
from imagine.importing.walking import Feed, ahead, given_by, inputs_of, links_of
from imagine.importing.widgets import SEEDS
from imagine.repair import Graph, folder_of

# Words in the names of what says what is made.
_TELLING = frozenset(
    {
        *("resolution", "scale", "rescale", "upscale", "factor", "multiplier", "megapixels"),
        *("megapixel", "width", "height", "aspect", "strength", "weight", "intensity", "opacity"),
        *("fidelity", "visibility", "sharpness", "preset", "mode", "style"),
    }
)
# Words in the names of what only says how it is worked out.
_PLUMBING = frozenset(
    {
        *("device", "dtype", "precision", "tile", "tiled", "tiles", "tiling", "overlap", "cache"),
        *("batch", "chunk", "chunks", "blocks", "block", "swap", "offload", "debug", "method"),
        *("interpolation", "memory", "vram", "threads", "keep", "loaded", "backend", "attention"),
        *("compile", "noise", "format", "clear", "free", "unload"),
    }
)
# And of what a sampler that makes its own latent is told of the result.
_MADE = frozenset(
    {
        *("resolution", "aspect", "megapixels", "duration", "seconds", "frames", "length"),
        *("segments", "guidance"),
    }
)
_BEGINS = frozenset({"latent_image", "image", "images", "pixels"})
_SIDES = ("width", "height")
_SET = (ParameterType.INT, ParameterType.FLOAT, ParameterType.BOOL, ParameterType.CHOICE)
_CHOSEN = (ParameterType.CHOICE, ParameterType.MODEL, ParameterType.TEXT)
# Of what nothing tells, all is shown up to so many.
_MOST_UNTOLD = 12
# What takes a conditioning, or a latent to begin from, is a sampler.
_SAMPLING = ("positive", "conditioning", "latent_image", "guider")
# By so much a node makes its picture larger: by the first ones always, by the others if it scales.
_BY = ("scale_by", "upscale_by")
_BY_SCALING = ("scale", "multiplier", "factor", "upscale", "upscale_factor", "rescale_factor")
_SCALING = ("upscal", "scale", "resize", "hires")


def is_sampled(graph: Graph) -> bool:
    """Say whether a graph has a sampler that takes a conditioning."""
    return any(_is_conditioned(graph, node_id) for node_id in graph)


def after_sampling(fields: Fields, left: Mapping[Feed, Field]) -> Iterator[Feed]:
    """Yield by how much a picture that was sampled is made larger."""
    graph = fields.graph
    made = ahead(graph, [node_id for node_id in graph if _samples(graph, node_id)])
    for feed, field in left.items():
        is_scaling = any(word in field.class_type.lower() for word in _SCALING)
        is_by = feed[1] in _BY or (is_scaling and feed[1] in _BY_SCALING)
        is_number = isinstance(field.value, int | float) and not isinstance(field.value, bool)
        if is_by and is_number and feed[0] in made:
            yield feed


def instead(fields: Fields, left: Mapping[Feed, Field], found: Container[str]) -> Iterator[Feed]:
    """Yield what does the work of something usual that a graph lacks.

    ``found``: the usual names that it has. A file of a conditioning stands for the prompt, typed
    sigmas for the steps; a sampler of a pack that makes its own latent has the size itself.
    """
    for feed, field in left.items():
        is_text = "prompt" not in found and _gives_conditioning(fields, field)
        is_steps = "steps" not in found and feed[1] == "sigmas"
        type_ = fields.type_of(field)
        if type_ in _CHOSEN and (is_text or is_steps):
            yield feed
        elif type_ in _SET and _is_pack_sampler(fields.graph, feed[0]):
            words = _words(feed[1])
            if not _MADE.isdisjoint(words) and _PLUMBING.isdisjoint(words):
                yield feed


def _gives_conditioning(fields: Fields, field: Field) -> bool:
    return given_by(fields.graph, fields.catalog, field.feed[0], 0) == "CONDITIONING"


def _words(name: str) -> set[str]:
    return {*name.lower().replace(".", "_").split("_")}


def _is_pack_sampler(graph: Graph, node_id: str) -> bool:
    """Say whether a node samples with neither a latent nor a picture to begin from."""
    inputs, links = inputs_of(graph, node_id), links_of(graph, node_id)
    is_seeded = not SEEDS.isdisjoint(inputs)
    return is_seeded and "steps" in inputs and bool(links) and _BEGINS.isdisjoint(links)


def before_result(
    fields: Fields, left: Mapping[Feed, Field], files: Iterable[Feed], has_usual: bool
) -> set[Feed]:
    """Return what says what is made of files in a graph that has neither prompt nor sampler.

    ``has_usual``: something usual steers it, too. Then nodes that nobody knows say it only on the
    way of a file.
    """
    takers = [user for source, _ in files for user, _ in fields.users.get(source, ())]
    on_way = ahead(fields.graph, takers)
    able: dict[Feed, set[str]] = {}
    for feed, field in left.items():
        node_id, name = _aim(fields, field)
        is_own = node_id in on_way or (field.wanted is None and not has_usual)
        words = _words(name)
        if is_own and _PLUMBING.isdisjoint(words) and _is_set(fields, field, node_id):
            able[feed] = words
    told = {feed for feed, words in able.items() if not _TELLING.isdisjoint(words)}
    if not told and len(able) <= _MOST_UNTOLD:
        return {*able}
    return told | {feed for feed in able if left[feed].wanted is None}


def _is_set(fields: Fields, field: Field, node_id: str) -> bool:
    """Say whether a value is a number, a switch or a choice of a node between others."""
    class_type = str(fields.graph[node_id]["class_type"]).lower()
    if node_id not in fields.users or any(word in class_type for word in ("load", "save")):
        return False
    if field.feed[1] in _SIDES and any(
        is_automatic(fields.graph, (node_id, side)) for side in _SIDES
    ):
        return False
    # Scalers call what they do with the sides that do not fit a crop.
    is_how = field.feed[1] == "crop" or folder_of(field.class_type, field.feed[1]) is not None
    return not is_how and fields.type_of(field) in _SET


def _samples(graph: Graph, node_id: str) -> bool:
    is_set = "model" in links_of(graph, node_id) and "steps" in inputs_of(graph, node_id)
    return is_set or _is_conditioned(graph, node_id)


def _is_conditioned(graph: Graph, node_id: str) -> bool:
    return any(name in _SAMPLING for name in links_of(graph, node_id))


def _aim(fields: Fields, field: Field) -> Feed:
    """Return the input that a value is for: a node that only holds it gives it to another one."""
    node_id, _ = field.feed
    users = fields.users.get(node_id)
    is_held = len(inputs_of(fields.graph, node_id)) == 1
    return users[0] if is_held and users else field.feed
