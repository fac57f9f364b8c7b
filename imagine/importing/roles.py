"""What the inputs of a graph are for, found by following it from its samplers.

A sampler's conditioning leads to the prompt, its latent to the size, its model to checkpoint and
LoRAs. Names of nodes are not believed for this, so that custom samplers and encoders work too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from imagine.catalog import Catalog
from imagine.importing.beside import STOP, encoders, sought
from imagine.importing.equals import LASTING, equal_frames, equal_lengths, equal_rates
from imagine.importing.joining import Role, joined
from imagine.importing.lora_slots import LoraSlot, lora_slots, names_file, stacks_of
from imagine.importing.named_roles import (
    MODELS,
    WORDS,
    boxes,
    by_names,
    is_path,
    is_unwanted,
    other_prompts,
    texts_by_name,
)
from imagine.importing.samplers import STEERING, other_samplers, samplers_of, steering_of
from imagine.importing.shown import without_shown
from imagine.importing.sizes import Size, picked_elsewhere, sizes_of
from imagine.importing.stages import handed_over, last_step
from imagine.importing.texts import Text, reads_pictures, typed, written
from imagine.importing.walking import (
    Feed,
    inputs_of,
    links_of,
    number_of,
)
from imagine.repair import Graph

# Of these a sampler that works in stages has one for each, with the stage in front.
_STAGED = ("steps", "cfg")
# What samplers call the two sides of their conditioning.
_WANTED = ("positive", "conditioning", "pos_conditioning", "positive_conditioning", "cond")
_NEGATIVE = ("negative", "neg_conditioning", "negative_conditioning", "uncond")
_CONDITIONED = {"positive": ("prompt", _WANTED), "negative": ("negative", _NEGATIVE)}
_TEXTS = (
    "text",
    "prompt",
    "user_prompt",
    "tags",
    "lyrics",
    "llama",
    "text_g",
    "text_l",
    "t5xxl",
    "clip_l",
    "clip_g",
    "positive",
    "string",
)
# What encoders decide beside their texts: some write a part of a song by themselves.
_BESIDE_TEXTS = ("guidance", "seed")
# What some of them put before all texts, and behind them.
_AROUND = ("pre_text", "app_text")
# What a language model is told, before it writes the prompt.
_INSTRUCTIONS = "instructions"


def find_roles(graph: Graph, catalog: Catalog | None) -> list[Role]:
    """Return what is for what; one input has one role, that of the earliest sampler."""
    return _Follower(graph, catalog).roles()


class _Follower:
    """One graph, while it is followed."""

    def __init__(self, graph: Graph, catalog: Catalog | None) -> None:
        self.graph = graph
        self.catalog = catalog
        self.taken: set[Feed] = set()
        self.found: list[Role] = []
        self.parts: dict[Feed, Role] = {}
        self.loras: list[tuple[LoraSlot, int]] = []
        self.samplers = samplers_of(graph)

    def roles(self) -> list[Role]:
        for pass_, sampler in enumerate(self.samplers):
            steering = steering_of(self.graph, sampler)
            self._steer(steering, pass_)
            self._texts(steering, pass_)
            self._take_sizes(sizes_of(self.graph, self.catalog, sampler), pass_)
            self._models(steering, pass_)
        if not self.samplers:
            self.samplers = other_samplers(self.graph)
            for pass_, sampler in enumerate(self.samplers):
                self._steer(steering_of(self.graph, sampler), pass_)
        self._texts_beside()
        if not any(role.place in ("width", "height") for role in self.found):
            self._take_sizes(picked_elsewhere(self.graph, self.catalog), 0)
        known = {role.name for role in self.found}
        if any(role.place == "width" != role.name for role in self.found):  # a node picks both
            known |= {"width", "height"}
        finding = list(self._finding())
        last = {text.feed for texts in finding for text in texts}
        for name in WORDS:
            texts = texts_by_name(self.graph, self.catalog, name, last | self.taken)
            is_other = bool(self.samplers) and not last.isdisjoint(text.feed for text in texts)
            if name not in known and not is_other and not self._is_open_question(texts):
                self._take_text(name, texts, 0)
        for texts in finding:
            self._add_parts("find", texts)
        for name, text in other_prompts(self.graph, self.catalog):
            self._add_parts(name, [text])
        for text in boxes(self.graph, self.catalog) if not self.samplers else ():
            self._add_parts("path" if is_path(text.value) else "prompt", [text])
        for name, feeds in by_names(self.graph, known):
            self._take(name, feeds, 0)
        self._take_handed_over()
        for name, feeds in equal_rates(self.graph, self.catalog):
            self._take(name, feeds, 0, "frame_rate")
        self.found += self._counted_loras()
        self.found += [part for feed, part in self.parts.items() if feed not in self.taken]
        self.found = without_shown(self.graph, self.catalog, self.found)
        return joined(self.graph, self.samplers, self.found)

    def _take(self, name: str, feeds: Sequence[Feed], pass_: int, place: str = "") -> None:
        free = tuple(feed for feed in feeds if feed not in self.taken)
        if free:
            self.taken.update(free)
            self.found.append(Role(name, free, pass_, place=place))

    def _steer(self, steering: Sequence[str], pass_: int) -> None:
        for node_id in steering:
            inputs = inputs_of(self.graph, node_id)
            for name in inputs:
                if name in STEERING and (feed := number_of(self.graph, node_id, name)):
                    ends = last_step(self.graph, node_id, feed) if name == "steps" else []
                    self._take(STEERING[name], [feed, *ends], pass_)
            for name in inputs if node_id in self.samplers else ():
                usual = name.rpartition("_")[2]
                if usual in _STAGED and usual not in inputs and name not in STEERING:
                    feed = number_of(self.graph, node_id, name)
                    self._take(name, [feed] if feed else [], pass_, usual)

    # The prompt

    def _texts(self, steering: Sequence[str], pass_: int) -> None:
        """Take the texts of both sides: what is on both belongs to the prompt."""
        known: set[Feed] = set()
        for side, (name, names) in _CONDITIONED.items():
            found = self._encoded_by(names, steering, side, pass_)
            new = [[text for text in texts if text.feed not in known] for texts in found]
            first, *others = [texts for texts in new if texts] or [[]]
            self._take_text(name, first, pass_)
            for texts in others:
                self._add_parts(name, texts)
            known.update(text.feed for texts in found for text in texts)

    def _texts_beside(self) -> None:
        """Keep what is encoded for others than a sampler, after the texts that a sampler takes."""
        for node_id, name in encoders(self.graph, self.catalog):
            side = "negative" if name == "negative" else "positive"
            for texts in self._typed_texts(node_id, side):
                if name in WORDS and all(role.name != name for role in self.found):
                    self._take_text(name, texts, 0)
                else:
                    self._add_parts(name, texts)

    def _finding(self) -> Iterator[list[Text]]:
        """Yield what is looked for in a picture; what is empty belongs to another of its tasks."""
        for node_id, name in sought(self.graph, self.catalog):
            link = links_of(self.graph, node_id).get(name)
            if link is not None:
                yield written(self.graph, self.catalog, link[0], "positive")
                continue
            value = inputs_of(self.graph, node_id)[name]
            if isinstance(value, str) and value.strip():
                yield [typed(self.graph, self.catalog, node_id, name)]

    def _is_open_question(self, texts: Sequence[Text]) -> bool:
        """Say whether a text beside a sampler is empty, and its node writes from a picture."""
        if not self.samplers or any(text.value.strip() for text in texts):
            return False
        return any(reads_pictures(self.graph, self.catalog, text.feed[0]) for text in texts)

    def _take_text(self, name: str, texts: Sequence[Text], pass_: int) -> None:
        """Take the first of what a text is made of, and keep the others.

        Of these it is known only in the end that they are no whole texts elsewhere.
        """
        if texts:
            self._take(name, [texts[0].feed], pass_)
        # Where nothing else is written, what tells a model how to write is all that can be said.
        self._add_parts(name, texts[1:], is_all_told=all(text.is_told for text in texts))

    def _add_parts(self, name: str, texts: Sequence[Text], *, is_all_told: bool = False) -> None:
        for text in texts:
            called = _INSTRUCTIONS if text.is_told and not is_all_told else name
            self.parts.setdefault(text.feed, Role(called, (text.feed,), is_part=True))

    def _encoded_by(
        self, names: Sequence[str], steering: Sequence[str], side: str, pass_: int
    ) -> list[list[Text]]:
        return [
            texts
            for name in names
            for node_id in steering
            for texts in self._encoded(node_id, name, side, pass_)
        ]

    def _encoded(self, node_id: str, name: str, side: str, pass_: int) -> Iterator[list[Text]]:
        """Yield the texts behind a conditioning, also through nodes that take both of a pair."""
        start = links_of(self.graph, node_id).get(name)
        waiting, seen = [start] if start else [], set()
        while waiting:
            source, slot = waiting.pop()
            if source in seen:
                continue
            seen.add(source)
            if self.graph[source].get("class_type") == STOP and side == "negative":
                continue
            for beside in _BESIDE_TEXTS if side == "positive" else ():
                if feed := number_of(self.graph, source, beside):
                    self._take(beside, [feed], pass_)
            for beside in _AROUND:
                if isinstance(inputs_of(self.graph, source).get(beside), str):
                    around = typed(self.graph, self.catalog, source, beside)
                    self._add_parts("prompt" if side == "positive" else "negative", [around])
            if texts := [*filter(None, self._typed_texts(source, side))]:
                yield from texts
                continue
            ends = {
                name: end
                for name, end in links_of(self.graph, source).items()
                if self._is_conditioning(name, end)
            }
            unwanted = {name for name in ends if is_unwanted(name)}
            if unwanted and unwanted < ends.keys():
                is_other = self._side_of(source, slot, side) == "negative"
                own = [end for name, end in ends.items() if (name in unwanted) == is_other]
                waiting += reversed(own)
            elif not unwanted or side == "negative":
                waiting += reversed(ends.values())

    def _side_of(self, node_id: str, slot: int, side: str) -> str:
        """Return which of a pair a node passes on through an output."""
        schema = (
            self.catalog.schemas.get(self.graph[node_id]["class_type"]) if self.catalog else None
        )
        if schema is None or not 0 <= slot < len(schema.outputs):
            return side
        return ("positive", "negative")[schema.outputs[:slot].count("CONDITIONING") % 2]

    def _is_conditioning(self, name: str, end: tuple[str, int]) -> bool:
        node = self.graph[end[0]]
        schema = self.catalog.schemas.get(node.get("class_type", "")) if self.catalog else None
        if schema is None:
            return "cond" in name.lower() or name in ("positive", "negative")
        return 0 <= end[1] < len(schema.outputs) and schema.outputs[end[1]] in ("CONDITIONING", "*")

    def _typed_texts(self, node_id: str, side: str) -> Iterator[list[Text]]:
        """Yield for each input of an encoder the texts that it is made of, the first in front."""
        links = links_of(self.graph, node_id)
        if side == "negative" and isinstance(inputs_of(self.graph, node_id).get(side), str):
            # Loaders of packs take both texts.
            yield [typed(self.graph, self.catalog, node_id, side)]
            return
        for name in _TEXTS:
            if isinstance(inputs_of(self.graph, node_id).get(name), str):
                yield [typed(self.graph, self.catalog, node_id, name)]
            elif name in links and name != "positive":
                yield written(self.graph, self.catalog, links[name][0], side)

    # The size, and the models

    def _take_sizes(self, sizes: Sequence[Size], pass_: int) -> None:
        for size in sizes:
            same: Iterable[Feed] = ()
            if size.name in LASTING:
                same = equal_lengths(self.graph, size.feed)
            elif size.place in ("length", "batch_size"):
                same = equal_frames(self.graph, size.feed)
            self._take(size.name, [size.feed, *same], pass_, size.place)

    def _take_handed_over(self) -> None:
        """Take the step at which one sampler hands over to the next as one number."""
        for feeds in handed_over(self.graph, self.samplers):
            free = tuple(feed for feed in feeds if feed not in self.taken)
            for at, role in enumerate(self.found):
                if feeds[0] in role.feeds:  # it is the last of the steps
                    self.taken.update(free)
                    self.found[at] = replace(role, feeds=(*role.feeds, *free))
            self._take(feeds[0][1], feeds, 0, "steps")

    def _models(self, steering: Sequence[str], pass_: int) -> None:
        chain: dict[str, None] = {}
        for node_id in steering:
            at = links_of(self.graph, node_id).get("model")
            while at is not None and at[0] not in chain:
                chain[at[0]] = None
                links = links_of(self.graph, at[0])
                at = links.get("model") or links.get("model1")
        for node_id in reversed(chain):
            for holder in (*stacks_of(self.graph, node_id), node_id):
                for slot in lora_slots(self.graph, holder):
                    self._take_lora(slot, pass_)
            inputs = inputs_of(self.graph, node_id)
            for name in inputs:
                feed = number_of(self.graph, node_id, name)
                if feed is None:
                    continue
                if name in ("strength_model", "lora_strength"):
                    self._take_lora(LoraSlot(None, feed, is_empty=False), pass_)
                elif (
                    name in MODELS
                    and isinstance(inputs.get(name), str)
                    and "model" not in links_of(self.graph, node_id)  # else it adds to one
                ):
                    self._take("model", [feed], pass_)

    def _take_lora(self, slot: LoraSlot, pass_: int) -> None:
        file = None if slot.file in self.taken else slot.file
        strength = None if slot.strength in self.taken else slot.strength
        if file is not None or strength is not None:
            self.taken.update(feed for feed in (file, strength) if feed is not None)
            self.loras.append((LoraSlot(file, strength, slot.is_empty), pass_))

    def _counted_loras(self) -> Iterator[Role]:
        """Yield each LoRA and its strength under the same count, those in use first."""
        if not any(slot.file is not None for slot, _ in self.loras):  # no chain led to one
            for node_id in self.graph:
                is_loader = "lora" in str(self.graph[node_id].get("class_type", "")).lower()
                for slot in lora_slots(self.graph, node_id):
                    if names_file(self.graph, slot) or (slot.is_empty and is_loader):
                        self._take_lora(slot, 0)
        order = sorted(self.loras, key=lambda one: (one[0].is_empty, one[0].file is None))
        for count, (slot, pass_) in enumerate(order, 1):
            for name, feed in (("lora", slot.file), ("lora_strength", slot.strength)):
                if feed is not None:
                    yield Role(name, (feed,), pass_, count=count, is_spare=slot.is_empty)
