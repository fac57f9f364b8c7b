"""What stands aside of a sampling and decides its result all the same.

Seeds by which words are drawn, looks that are chosen from lists, recordings, the borders of a
picture, and what a setting of the sampler is worked out of.
"""

from collections.abc import Iterator, Mapping, Sequence

from imagine.importing.between import is_advanced, is_plumbing, words_of
from imagine.importing.fields import Field, Fields, ParameterType
from imagine.importing.named_roles import STEERED
from imagine.importing.samplers import STEERING
from imagine.importing.walking import Feed, inputs_of, is_number, links_of, schema_at

# Of so many seeds of other nodes each is shown: by one of them something is drawn.
_FEW_SEEDS = 3
# What lists of pictures, sounds and videos end with.
_MEDIA = (
    *(".png", ".jpg", ".jpeg", ".webp", ".gif", ".wav", ".mp3", ".flac", ".ogg", ".m4a"),
    *(".mp4", ".webm", ".mov", ".mkv", ".avi"),
)
# By how much a picture is extended, in nodes that are called so.
_BORDERS, _EXTENDING = frozenset({"left", "top", "right", "bottom"}), ("pad", "outpaint", "extend")
# And the part of a sound that is taken.
_PARTS, _CUTTING = ("start_time", "end_time", "start", "end", "duration"), ("crop", "trim", "cut")
# So many choices are looks, styles or kinds of people, of a node that writes the prompt of them.
_MANY_LOOKS = 8
# What has one of these writes by a language model.
_OF_WRITERS = frozenset({"temperature", "tokens", "model", "system", "top"})
_PAINTING = frozenset({"MODEL", "CLIP", "IMAGE", "LATENT"})


def aside(fields: Fields, left: Mapping[Feed, Field]) -> set[Feed]:
    """Return what belongs in front of the values that have no role."""
    nodes: dict[str, list[Field]] = {}
    for field in left.values():
        nodes.setdefault(field.feed[0], []).append(field)
    seeds = {feed for feed, field in left.items() if _draws(fields, field)}
    found = seeds if len(seeds) <= _FEW_SEEDS else set()
    found |= {feed for feed, field in left.items() if _names_medium(fields, field)}
    found |= {feed for feed, field in left.items() if _is_border(fields, field)}
    for node_id, beside in nodes.items():
        found.update(_looks(fields, node_id, beside))
        if setting_of(fields, node_id) is not None:
            found.update(one.feed for one in beside if len(beside) > 1 and is_number(one.value))
    return found


def setting_of(fields: Fields, node_id: str) -> str | None:
    """Return which setting of a sampler a node works out of nothing but its own values."""
    names = {STEERING.get(name) for _, name in fields.users.get(node_id, ())}
    is_first = len(names) == 1 and not links_of(fields.graph, node_id)
    return names.pop() if is_first else None


def _draws(fields: Fields, field: Field) -> bool:
    """Say whether by a seed something is drawn apart from samplings: words, LoRAs, a number."""
    names = inputs_of(fields.graph, field.feed[0]).keys()
    is_sampling = not STEERED.isdisjoint(names) or "positive" in names
    return not is_sampling and fields.type_of(field) is ParameterType.SEED


def _names_medium(fields: Fields, field: Field) -> bool:
    """Say whether one of a list of pictures or sounds is chosen, which a pack has somewhere."""
    is_file = isinstance(field.value, str) and field.value.lower().endswith(_MEDIA)
    return is_file and fields.type_of(field) is ParameterType.CHOICE


def _is_border(fields: Fields, field: Field) -> bool:
    """Say whether a picture is extended by a value, or it says which part of a sound is taken."""
    names, class_type = inputs_of(fields.graph, field.feed[0]).keys(), field.class_type.lower()
    is_extended = names >= _BORDERS and any(word in class_type for word in _EXTENDING)
    is_cut = "audio" in class_type and any(word in class_type for word in _CUTTING)
    return field.feed[1] in (_BORDERS if is_extended else _PARTS if is_cut else ())


def _looks(fields: Fields, node_id: str, beside: Sequence[Field]) -> Iterator[Feed]:
    """Yield by what a node writes a prompt that people choose from lists, and do not type."""
    schema = schema_at(fields.graph, fields.catalog, node_id)
    is_model = any(not _OF_WRITERS.isdisjoint(words_of(one.feed[1])) for one in beside)
    if schema is None or is_model or not _is_writer(schema.outputs):
        return
    lists = [one.wanted.choices for one in beside if one.wanted and one.wanted.choices]
    if all(len(choices.known) < _MANY_LOOKS for choices in lists):
        return
    for field in beside:
        is_plain = fields.type_of(field) in (ParameterType.CHOICE, ParameterType.INT)
        if is_plain and not is_plumbing(field.feed[1]) and not is_advanced(field):
            yield field.feed


def _is_writer(outputs: Sequence[str]) -> bool:
    """Say whether a node gives a text, and nothing to paint with."""
    return "STRING" in outputs and _PAINTING.isdisjoint(outputs)
