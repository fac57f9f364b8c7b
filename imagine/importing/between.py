"""What says how the nodes between a picture, or a sampler, and the result work.

Apart from the roles, which follow a graph from its samplers: a node that makes a picture larger has
none, and still its numbers are what somebody wants to set.
"""

from collections.abc import Container, Iterable, Iterator, Mapping

from imagine.importing.equals import LOADED_FRAMES
from imagine.importing.fields import SHOWING, Field, Fields, ParameterType
from imagine.importing.making import makes
from imagine.importing.named_roles import STEERED, is_automatic
from imagine.importing.walking import (
    Feed,
    ahead,
    behind,
    given_by,
    inputs_of,
    is_number,
    links_of,
    schema_at,
)
from imagine.importing.widgets import SEEDS
from imagine.repair import Graph, folder_of

# Words in the names of what says what is made.
_TELLING = frozenset(
    {
        *("resolution", "scale", "rescale", "upscale", "factor", "multiplier", "megapixels"),
        *("megapixel", "width", "height", "aspect", "strength", "weight", "intensity", "opacity"),
        *("fidelity", "visibility", "sharpness", "preset", "mode", "style", "speed"),
        *("zoom", "pan", "frames", "duration"),
        *("x", "y", "coord", "coords", "coordinates", "point", "points"),
    }
)
# Words in the names of what only says how it is worked out.
_PLUMBING = frozenset(
    {
        *("device", "dtype", "precision", "tile", "tiled", "tiles", "tiling", "overlap", "cache"),
        *("batch", "chunk", "chunks", "blocks", "block", "swap", "offload", "debug", "method"),
        *("gpu", "cpu"),
        *("interpolation", "memory", "vram", "threads", "keep", "loaded", "backend", "attention"),
        *("compile", "noise", "format", "clear", "free", "unload", "output", "verbose", "log"),
        "divisible",
    }
)
# What such a name ends with where it says how much all the same.
_AMOUNTS = frozenset({"factor", "multiplier"})
# And of what a sampler that makes its own latent is told of the result.
_MADE = frozenset(
    {
        *("resolution", "aspect", "megapixels", "duration", "seconds", "frames", "length"),
        *("segments", "guidance", "size"),
    }
)
_GIVEN = frozenset({"IMAGE", "VIDEO", "AUDIO"})
_BEGINS = frozenset({"latent_image", "image", "images", "pixels"})
# How loaders call it where their files lie.
_PLACES = frozenset({"path", "folder", "directory", "dir", "url"})
_SIDES = ("width", "height")
_SET = (ParameterType.INT, ParameterType.FLOAT, ParameterType.BOOL, ParameterType.CHOICE)
_CHOSEN = (ParameterType.CHOICE, ParameterType.MODEL, ParameterType.TEXT)
# So much is shown whatever its names tell, and of what nothing tells, up to so many.
_FEW_ABLE = 8
_MOST_UNTOLD = 12
# And of the settings of packs' nodes, apart from what only keeps them from going wrong.
_KEEPING = _PLUMBING | {"multiple", "expression", "operator", "err", "error", "provider"}
# When a guide begins and ends to act, as parts of the whole.
_ACTING = ("start_at", "end_at", "start_percent", "end_percent")
_MOST_FEW = 4
# A longer list names files, and no ways in which a node works.
_MOST_MODES = 30
# Words of classes that only bring something in, put it away, or look for what guides a sampling.
_ENDS = ("load", "save", "combine", "preprocessor", *SHOWING)
# What takes a conditioning, or a latent to begin from, is a sampler.
_SAMPLING = ("positive", "conditioning", "latent_image", "guider")
# By so much a node makes its picture larger: by the first ones always, by the others if it scales.
_BY = ("scale_by", "upscale_by")
_BY_SCALING = ("scale", "multiplier", "factor", "upscale", "upscale_factor", "rescale_factor")
_SCALING = ("upscal", "scale", "resize", "hires")
_PICTURED = frozenset({"image", "images", "pixels"})
# Words in the names of what a picture is scaled to.
_SIZED = frozenset(
    {"width", "height", "length", "side", "edge", "size", "resolution", "megapixels", "longest"}
)
# And to so much, where its class says that it does.
_TO, _UPSCALING = ("resolution", "target_resolution", "megapixels"), "upscal"


def is_sampled(graph: Graph) -> bool:
    """Say whether a graph has a sampler that takes a conditioning."""
    return any(_is_conditioned(graph, node_id) for node_id in graph)


def after_sampling(fields: Fields, left: Mapping[Feed, Field]) -> Iterator[Feed]:
    """Yield by how much a picture that was sampled is made larger, and to what any is upscaled."""
    graph = fields.graph
    made = ahead(graph, [node_id for node_id in graph if _samples(graph, node_id)])
    for feed, field in left.items():
        is_scaling = any(word in field.class_type.lower() for word in _SCALING)
        is_to = feed[1] in _TO and _UPSCALING in field.class_type.lower()
        is_side = is_scaling and feed[1] in _SIDES and not _is_automatic(fields, *feed)
        is_by = feed[1] in _BY or (is_scaling and feed[1] in _BY_SCALING) or is_side
        if is_number(field.value) and (is_to or (is_by and feed[0] in made)):
            yield feed


def of_result(fields: Fields, larger: Iterable[Feed]) -> set[Feed]:
    """Return the sides of what comes out: of those pictures no latent is made any more."""
    sides = {feed for feed in larger if feed[1] in _SIDES}
    if not sides:
        return sides
    schemas = {n: schema_at(fields.graph, fields.catalog, n) for n in fields.graph}
    latent = [n for n, schema in schemas.items() if schema and "LATENT" in schema.outputs]
    before = {*behind(fields.graph, *latent)}
    return {feed for feed in sides if feed[0] not in before}


def instead(fields: Fields, left: Mapping[Feed, Field], found: Container[str]) -> Iterator[Feed]:
    """Yield what does the work of something usual that a graph lacks.

    ``found``: the usual names that it has. A file of a conditioning stands for the prompt, typed
    sigmas for the steps, what a picture is scaled to for the size, how many frames are loaded for
    the length; a sampler of a pack that makes its own latent has the size itself.
    """
    is_led = "width" not in found and is_sampled(fields.graph)
    for feed, field in left.items():
        is_text = "prompt" not in found and _gives_conditioning(fields, field)
        is_steps = "steps" not in found and feed[1] == "sigmas"
        type_ = fields.type_of(field)
        is_size = is_led and _is_scaled_to(fields, field)
        is_asked = _is_asked(fields, feed[0])
        is_drawn = is_asked and type_ is ParameterType.SEED
        is_length = "length" not in found and feed[1] == LOADED_FRAMES
        if is_size or is_drawn or is_length or (type_ in _CHOSEN and (is_text or is_steps)):
            yield feed
        elif type_ in _SET and (is_asked or _is_pack_sampler(fields.graph, feed[0])):
            words = words_of(feed[1])
            if not _MADE.isdisjoint(words) and _PLUMBING.isdisjoint(words):
                yield feed


def _is_scaled_to(fields: Fields, field: Field) -> bool:
    """Say whether a picture is scaled to a number: so large is what a sampler makes of it."""
    node_id, name = _aim(fields, field)
    class_type = str(fields.graph[node_id]["class_type"]).lower()
    links = links_of(fields.graph, node_id)
    is_scaler = any(word in class_type for word in _SCALING) and not _PICTURED.isdisjoint(links)
    words = words_of(name)
    is_told = not _SIZED.isdisjoint(words) and "steps" not in words and not is_plumbing(name)
    is_meant = is_told and is_number(field.value)
    return is_scaler and is_meant and not _is_automatic(fields, node_id, name)


def _gives_conditioning(fields: Fields, field: Field) -> bool:
    return given_by(fields.graph, fields.catalog, field.feed[0], 0) == "CONDITIONING"


def words_of(name: str) -> set[str]:
    return {*name.lower().replace(".", "_").split("_")}


def _is_pack_sampler(graph: Graph, node_id: str) -> bool:
    """Say whether a node samples with neither a latent nor a picture to begin from."""
    inputs, links = inputs_of(graph, node_id), links_of(graph, node_id)
    is_seeded = not SEEDS.isdisjoint(inputs) and not STEERED.isdisjoint(inputs)
    return is_seeded and bool(links) and _BEGINS.isdisjoint(links)


def _is_asked(fields: Fields, node_id: str) -> bool:
    """Say whether a node makes something of a prompt all by itself, as those of services do."""
    schema = schema_at(fields.graph, fields.catalog, node_id)
    if schema is None or _GIVEN.isdisjoint(schema.outputs):
        return False
    wanted = schema.inputs.get("prompt")
    return wanted is not None and wanted.type == "STRING" and not makes(schema)


def before_result(
    fields: Fields, left: Mapping[Feed, Field], files: Iterable[Feed], has_usual: bool
) -> set[Feed]:
    """Return what says what is made of files in a graph that has neither prompt nor sampler.

    ``has_usual``: something usual steers it, too. Then nodes that nobody knows say it only on the
    way of a file.
    """
    takers = [user for source, _ in files for user, _ in fields.users.get(source, ())]
    is_alone = not takers and not has_usual  # of what it is made, nobody can say
    on_way = {*fields.graph} if is_alone else {*ahead(fields.graph, takers)}
    on_way |= {*_givers(fields, on_way)}
    able: dict[Feed, set[str]] = {}
    for feed, field in left.items():
        node_id, name = _aim(fields, field)
        is_own = node_id in on_way or (field.wanted is None and not has_usual)
        words = words_of(name)
        is_shown = is_own and not _is_inner(fields, node_id) and not is_plumbing(name)
        if is_shown and _is_set(fields, field, node_id):
            able[feed] = words
    places = {feed for feed, field in left.items() if is_alone and _is_place(field)}
    told = {feed for feed, words in able.items() if not _TELLING.isdisjoint(words)}
    if len(able) <= (_FEW_ABLE if told else _MOST_UNTOLD):
        return places | {*able}
    return places | told | {feed for feed in able if left[feed].wanted is None}


def few(fields: Fields, left: Mapping[Feed, Field]) -> set[Feed]:
    """Return how the nodes of packs work, where so little can be set that nothing has to be hidden.

    What ComfyUI's own nodes are set by is known; of these only their maker could say it.
    """
    found = {
        feed
        for feed, field in left.items()
        if (schema := schema_at(fields.graph, fields.catalog, feed[0])) is not None
        and schema.is_of_pack
        and _KEEPING.isdisjoint(words_of(feed[1]))
        and feed[1] not in _ACTING
        and not is_advanced(field)
        and fields.type_of(field) in _SET
        and folder_of(field.class_type, feed[1]) is None
        and not _is_inner(fields, feed[0])
        and not _is_dormant(fields, field)
        and not any(word in field.class_type.lower() for word in _ENDS)
    }
    # Where nothing else samples, these nodes are all there is.
    most = _MOST_FEW if is_sampled(fields.graph) else _FEW_ABLE
    return found if len(found) <= most else set()


def _is_inner(fields: Fields, node_id: str) -> bool:
    """Say whether a node stands in a subgraph, whose maker says what of it can be set."""
    return ":" in node_id and node_id.partition(":")[0] not in fields.graph


def is_plumbing(name: str) -> bool:
    """Say whether a value only says how something is worked out, and not by how much."""
    words = name.lower().replace(".", "_").split("_")
    return words[-1] not in _AMOUNTS and not _PLUMBING.isdisjoint(words)


def _is_place(field: Field) -> bool:
    """Say whether a value tells from where files are taken that nobody uploads."""
    is_loader = "load" in field.class_type.lower() and isinstance(field.value, str)
    return is_loader and not _PLACES.isdisjoint(words_of(field.feed[1]))


def is_advanced(field: Field) -> bool:
    return field.wanted is not None and field.wanted.is_advanced


def _is_dormant(fields: Fields, field: Field) -> bool:
    """Say whether a value is for another choice of its node: ``resize_width`` when it rescales.

    Or for something that the node is not given, such as ``feature_threshold`` without a feature, or
    that is off.
    """
    node_id, name = field.feed
    for other, value in inputs_of(fields.graph, node_id).items():
        if value is False and name.startswith(f"{other}_"):
            return True
        sibling = fields.by_feed.get((node_id, other))
        choices = sibling.wanted.choices if sibling is not None and sibling.wanted else None
        if choices is None or len(choices.known) > _MOST_MODES:
            continue
        others = {str(one) for one in choices.known} - {str(value), ""}
        if any(name.startswith(f"{one}_") for one in others):
            return True
    schema = schema_at(fields.graph, fields.catalog, node_id)
    given = inputs_of(fields.graph, node_id)
    return schema is not None and any(
        other not in given and one.filled_in is None and name.startswith(f"{other}_")
        for other, one in schema.inputs.items()
    )


def _givers(fields: Fields, on_way: Container[str]) -> Iterator[str]:
    """Yield the nodes that take nothing, and only say something to those on the way."""
    for node_id, users in fields.users.items():
        is_first = not links_of(fields.graph, node_id)
        if is_first and all(user in on_way for user, _ in users):
            yield node_id


def _is_automatic(fields: Fields, node_id: str, name: str) -> bool:
    """Say whether a value is 0, or stands beside one that is: then a side follows from another."""
    names = _SIDES if name in _SIDES else (name,)
    return any(is_automatic(fields.graph, (node_id, one)) for one in names)


def _is_set(fields: Fields, field: Field, node_id: str) -> bool:
    """Say whether a value is a number, a switch or a choice of a node between others."""
    class_type = str(fields.graph[node_id]["class_type"]).lower()
    if node_id not in fields.users or any(word in class_type for word in ("load", "save")):
        return False
    if field.feed[1] in _SIDES and _is_automatic(fields, *field.feed):
        return False
    if _is_dormant(fields, field) or is_advanced(field):
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
