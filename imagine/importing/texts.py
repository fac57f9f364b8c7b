"""Which texts of a graph lead to where one is taken, and which of them is the prompt.

A text box, a joiner of several, a preset of a style, a language model that writes the prompt: what
people typed in any of them decides what is made.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from imagine.catalog import Catalog
from imagine.importing.naming import safe_name
from imagine.importing.numbered import families
from imagine.importing.walking import Feed, given_by, inputs_of, schema_at
from imagine.names import EXTENSIONS
from imagine.repair import Graph, is_link

# What inputs that hold a text are called, in one of the words of their name.
_TEXTS = frozenset(
    {
        *("text", "texts", "string", "str", "value", "prompt", "prompts", "positive", "negative"),
        *("pos", "neg", "subject", "prefix", "suffix", "prepend", "append", "replace"),
        *("replacement", "instruction", "instructions", "instruct", "system", "message"),
        *("question", "query", "content", "template"),
    }
)
# Of these names it is something else, whatever else they say.
_NO_TEXTS = frozenset(
    {
        *(
            "file",
            "filename",
            "save",
            "path",
            "folder",
            "dir",
            "url",
            "key",
            "delimiter",
            "separator",
        ),
        *("encoding", "mode", "type", "format", "model", "id", "device", "language", "find"),
        *("regex", "pattern", "exclude", "output", "expression", "linebreak", "normalization"),
    }
)
# What may lead to a text, by a part of its type; and what does not, by the input's name, where
# nobody knows the type.
_TYPES = ("STRING", "TEXT", "PROMPT", "JSON", "DICT", "ANY", "MATCH", "AUTOGROW")
_OTHER_NAMES = frozenset(
    {"image", "images", "mask", "model", "clip", "vae", "latent", "pixels", "samples", "video"}
)
# Units: nodes. No prompt is made of more.
_MOST_NODES = 200
# Units: words. So much in an input of any other name is written by somebody.
_WRITTEN = 5
_SIDES = {"positive": frozenset({"pos", "positive"}), "negative": frozenset({"neg", "negative"})}
# What the box of the prompt is called, and those of what is only added to it.
_PROMPTS = frozenset({"prompt", "positive", "subject", "user"})
_ADDED = frozenset({"style", "prefix", "suffix", "quality", "trigger", "lora", "neg", "negative"})
# What inputs and titles of texts say that tell a language model how to write the prompt.
_TELLING = frozenset({"system", "instruct", "instruction", "instructions", "template"})
# Beside one of these stands what a person asks it for, under a name of these words.
COMMANDS = frozenset({"system", "instruct", "instruction", "instructions"})
_ASKED = frozenset({"prompt", "user", "text", "message"})
# And what such texts begin with.
_TOLD = re.compile(
    r"""[\W_]*(
        (system|role|task|instructions?)\s*[:\n]
        | (from\ now\ on,?\s+)? you(\ are|['’]re|\ will|\ must)\b
        | act\ (as|like)\b | as\ an?\ (expert|professional|experienced|ai|assistant)\b
        | your\ (task|job|role|goal|purpose)\b
        | (describe|caption|analy[sz]e)\ (this|the|these)\ ([\w-]+\ ){0,2}
          (image|picture|photo|video|frame)s?\b
        | (re)?(write|phrase|generate|create|expand|improve|enhance|refine|convert)\b
          [^.\n]{0,40}\b(prompt|description|caption)s?\b
        | 你(现在)?是
    )""",
    re.IGNORECASE | re.VERBOSE,
)
# How nodes call what they look for in a text, and what they put there instead.
_SOUGHT, _PUT = (
    frozenset({"find", "pattern", "regex", "search"}),
    frozenset({"replace", "replacement"}),
)
# This one counts its texts.
_REPLACER, _REPLACER_SEEKS, _REPLACER_PUTS = "StringFunction|pysssss", "text_b", "text_c"
# Of such a pair the engine reads the second only where the first is not filled in anew.
_PRESET, _FILLED, _KEPT = "wildcard_text", "populated_text", (False, "fixed", "reproduce")


@dataclass(frozen=True, slots=True)
class Text:
    """A typed text, and where. ``is_box``: there is nothing else in its node.

    ``is_told``: it tells a language model how to write, and is not what people want to see.
    ``is_asked``: it is what such a model is asked for.
    """

    feed: Feed
    value: str
    title: str = ""
    is_box: bool = False
    is_told: bool = False
    is_asked: bool = False


def typed(graph: Graph, catalog: Catalog | None, node_id: str, name: str) -> Text:
    """Return the text that is typed into an input."""
    return _Reader(graph, catalog, "positive").text(node_id, name, is_told=False)


def written(
    graph: Graph,
    catalog: Catalog | None,
    start: str,
    side: str,
    seen: set[str] | None = None,
) -> list[Text]:
    """Return the texts that an input gets through links, in front what is most likely the prompt.

    ``start``: the node that feeds it. ``side``: of a node with two texts that of this side.
    ``seen``: nodes that are not looked at; those that were are added.
    """
    found = list(_Reader(graph, catalog, side).texts(start, set() if seen is None else seen))
    # In a joiner with more inputs than texts nobody looks for what is empty.
    kept = [one for one in found if one.value.strip() or one.is_box] or found[:1]
    meant = [one for one in kept if not one.is_told] or kept
    first = min(meant, key=lambda one: _turn(graph, one, side), default=None)
    return [] if first is None else [first, *(one for one in kept if one is not first)]


def _turn(graph: Graph, text: Text, side: str) -> tuple[bool, bool, bool, int]:
    """Return what sorts texts: what is asked for, the prompt by its title, else the longest."""
    words = _words(text.title) | _words(text.feed[1]) - {"prompt", "positive"}
    sided = words & _SIDES[side]
    is_added = not (words - sided).isdisjoint(_ADDED)
    is_asked = text.is_asked and any(letter.isalnum() for letter in text.value)
    length = 0 if _is_scheduled(graph, text.feed) else len(text.value.strip())
    return (
        not is_asked,
        is_added,
        not sided and words.isdisjoint(_PROMPTS),
        -length,
    )


def _is_scheduled(graph: Graph, feed: Feed) -> bool:
    """Say whether a text is one of several that each have a number, such as their frame's."""
    numbered = families(inputs_of(graph, feed[0])).values()
    return any(
        feed[1] in one.values() and one is not other and one.keys() == other.keys()
        for one in numbered
        for other in numbered
    )


def reads_pictures(graph: Graph, catalog: Catalog | None, node_id: str) -> bool:
    """Say whether a node works from a picture: it needs no words then."""
    schema = schema_at(graph, catalog, node_id)
    wanted = schema.inputs if schema is not None else {}
    links = [name for name, value in inputs_of(graph, node_id).items() if is_link(value)]
    return any(
        wanted[name].type == "IMAGE" if name in wanted else name in ("image", "images")
        for name in links
    )


class _Reader:
    """One graph, while the texts behind one input are gathered."""

    def __init__(self, graph: Graph, catalog: Catalog | None, side: str) -> None:
        self.graph = graph
        self.catalog = catalog
        self.side = side

    def texts(self, start: str, seen: set[str]) -> Iterator[Text]:
        """Yield each typed text in the order in which the inputs name them."""
        if start in seen:
            return
        seen.add(start)
        most = len(seen) + _MOST_NODES
        waiting = [(start, name, False, False) for name in self._names(start)[::-1]]
        while waiting and len(seen) < most:
            node_id, name, is_told, is_asked = waiting.pop()
            value = inputs_of(self.graph, node_id)[name]
            is_told = is_told or not _words(name).isdisjoint(_TELLING)
            is_asked = not is_told and (is_asked or self._is_asked(node_id, name))
            if not is_link(value):
                if value.strip() or not reads_pictures(self.graph, self.catalog, node_id):
                    text = self.text(node_id, name, is_told=is_told)
                    yield replace(text, is_asked=is_asked and not text.is_told)
            elif value[0] not in seen:
                seen.add(value[0])
                names = self._names(value[0])[::-1]
                waiting += [(value[0], other, is_told, is_asked) for other in names]

    def text(self, node_id: str, name: str, *, is_told: bool) -> Text:
        value = inputs_of(self.graph, node_id)[name]
        title = self._title(node_id)
        is_box = len(self._names(node_id)) == 1
        is_said = is_box and not _words(title).isdisjoint(_TELLING)
        is_told = is_told or is_said or _TOLD.match(value) is not None
        return Text((node_id, name), value, title, is_box, is_told)

    def _is_asked(self, node_id: str, name: str) -> bool:
        """Say whether an input says what a model is asked for, beside how it has to write.

        So does what a mark in a longer text is replaced by.
        """
        if self._replaced_by(node_id) == name:
            return True
        if not _words(name) <= _ASKED or _words(name).isdisjoint(("prompt", "user")):
            return False
        others = inputs_of(self.graph, node_id)
        return any(not _words(other).isdisjoint(COMMANDS) for other in others)

    def _replaced_by(self, node_id: str) -> str | None:
        """Return the input of a node that says what it puts in place of a part of a text."""
        inputs = inputs_of(self.graph, node_id)
        if self.graph[node_id].get("class_type") == _REPLACER:
            return _REPLACER_PUTS if inputs.get("action") == "replace" else None
        is_sought = any(not _words(name).isdisjoint(_SOUGHT) for name in inputs)
        puts = (name for name in inputs if not _words(name).isdisjoint(_PUT))
        return next(puts, None) if is_sought else None

    def _title(self, node_id: str) -> str:
        """Return the title of a node, if a person wrote it."""
        node = self.graph[node_id]
        meta = node.get("_meta")
        title = meta.get("title") if isinstance(meta, Mapping) else None
        schema = schema_at(self.graph, self.catalog, node_id)
        own = (str(node.get("class_type", "")), schema.label if schema is not None else None)
        return title if isinstance(title, str) and title not in own else ""

    def _names(self, node_id: str) -> list[str]:
        """Return the inputs of a node that hold a text, or lead to one, of the side wanted."""
        inputs = inputs_of(self.graph, node_id)
        found = {
            name: value
            for name, value in inputs.items()
            if (
                self._is_led(node_id, name, value)
                if is_link(value)
                else self._is_typed(node_id, name, value)
            )
        }
        if self._replaced_by(node_id) == _REPLACER_PUTS:
            found.pop(_REPLACER_SEEKS, None)
        if _PRESET in found and _FILLED in found:
            del found[_PRESET if inputs.get("mode") in _KEPT else _FILLED]
        wanted, other = (
            [name for name in found if not _words(name).isdisjoint(_SIDES[side])]
            for side in (self.side, "negative" if self.side == "positive" else "positive")
        )
        if self.side == "negative":
            return wanted or list(found)
        return wanted if wanted and other else [name for name in found if name not in other]

    def _is_typed(self, node_id: str, name: str, value: object) -> bool:
        if not isinstance(value, str) or value.lower().endswith(EXTENSIONS):
            return False
        schema = schema_at(self.graph, self.catalog, node_id)
        wanted = schema.inputs.get(name) if schema is not None else None
        if schema is not None and (wanted is None or wanted.type not in ("STRING", "*")):
            return False
        words = _words(name)
        if not words.isdisjoint(_NO_TEXTS):
            return False
        if schema is not None and {*schema.outputs} == {"STRING"} and self._is_joined(node_id):
            return True
        return not words.isdisjoint(_TEXTS) or len(value.split()) >= _WRITTEN

    def _is_joined(self, node_id: str) -> bool:
        """Say whether a node makes one text of others that come to it."""
        links = [value for value in inputs_of(self.graph, node_id).values() if is_link(value)]
        given = [given_by(self.graph, self.catalog, *link) for link in links]
        return bool(given) and all(kind in ("STRING", "*") for kind in given)

    def _is_led(self, node_id: str, name: str, link: list[Any]) -> bool:
        if link[0] not in self.graph or not _words(name).isdisjoint(_NO_TEXTS):
            return False
        user = schema_at(self.graph, self.catalog, node_id)
        wanted = user.inputs.get(name) if user is not None else None
        given = given_by(self.graph, self.catalog, *link)
        types = [kind for kind in (wanted.type if wanted is not None else None, given) if kind]
        if not types:
            return name.lower() not in _OTHER_NAMES
        return all(kind == "*" or any(part in kind.upper() for part in _TYPES) for kind in types)


@functools.lru_cache(maxsize=4096)
def _words(name: str) -> frozenset[str]:
    return frozenset(word.rstrip("0123456789") for word in safe_name(name).split("_"))
