"""What the inputs of a graph are for, found by following it from its samplers.

A sampler's conditioning leads to the prompt, its latent to the size, its model to checkpoint and
LoRAs. Names of nodes are not believed for this, so that custom samplers and encoders work too.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from imagine.catalog import Catalog
from imagine.importing.beside import STOP, encoders, sought
from imagine.importing.equals import equal_rates, equal_sizes
from imagine.importing.lora_slots import LoraSlot, lora_slots, names_file, stacks_of
from imagine.importing.making import latent_samplers
from imagine.importing.named_roles import (
    MODELS,
    WORDS,
    boxes,
    by_names,
    texts_by_name,
)
from imagine.importing.sizes import Size, picked_elsewhere, sizes_of
from imagine.importing.stages import continues, handed_over, last_step
from imagine.importing.texts import Text, typed, written
from imagine.importing.walking import (
    Feed,
    behind,
    inputs_of,
    links_of,
    number_of,
)
from imagine.importing.widgets import SEEDS
from imagine.repair import Graph

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
# What samplers call the two sides of their conditioning.
_WANTED = ("positive", "conditioning", "pos_conditioning", "positive_conditioning", "cond")
_UNWANTED = ("negative", "neg_conditioning", "negative_conditioning", "uncond")
_CONDITIONED = {"positive": ("prompt", _WANTED), "negative": ("negative", _UNWANTED)}
_STEERERS = ("noise", "guider", "sampler", "sigmas")
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
# What a language model is told, before it writes the prompt.
_INSTRUCTIONS = "instructions"
# A continuation of the same sampling has these again, and both must be equal.
_CONTINUED = ("steps", "cfg", "sampler", "scheduler")
# And these, where it begins with what another one left.
_KEPT = (*_CONTINUED, "seed", "denoise", "shift")
_SIDES = ("width", "height")
# By these a latent comes from a picture, or from another latent.
_CHANGED = ("pixels", "image", "images", "samples")
_LATENTS = ("latent", "latent_image")
# Of so many all are shown.
_FEW_SAMPLERS = 3
# What stands behind more of them has names of its own, as all the rest.
MOST_SAMPLERS = 16


@dataclass(frozen=True, slots=True)
class Role:
    """A usual name, and the inputs that it is for. ``pass_``: of the first sampler, or a later.

    ``is_part``: it is one of several, and its title says more of it. ``count``: which of several
    things that have two values each, 0 for none of them. ``is_spare``: nothing is there yet.
    ``place``: the usual name that it stands for, if that is another one. ``is_first``: it is of the
    first sampler, or counts as much.
    """

    name: str
    feeds: tuple[Feed, ...]
    pass_: int = 0
    is_part: bool = False
    count: int = 0
    is_spare: bool = False
    place: str = ""
    is_first: bool = True


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
        self.samplers = self._samplers()

    def roles(self) -> list[Role]:
        for pass_, sampler in enumerate(self.samplers):
            steering = self._steering(sampler)
            self._texts(steering, pass_)
            self._steer(steering, pass_)
            self._take_sizes(sizes_of(self.graph, self.catalog, sampler), pass_)
            self._models(steering, pass_)
        if not self.samplers:
            self.samplers = self._others()
            for pass_, sampler in enumerate(self.samplers):
                self._steer(self._steering(sampler), pass_)
        self._texts_beside()
        if not any(role.place in ("width", "height") for role in self.found):
            self._take_sizes(picked_elsewhere(self.graph, self.catalog), 0)
        known = {role.name for role in self.found}
        if any(role.place == "width" != role.name for role in self.found):  # a node picks both
            known |= {"width", "height"}
        finding = list(self._finding())
        last = {text.feed for texts in finding for text in texts}
        for name in WORDS:
            texts = texts_by_name(self.graph, self.catalog, name, last)
            is_other = bool(self.samplers) and not last.isdisjoint(text.feed for text in texts)
            if name not in known and not is_other:
                self._take_text(name, texts, 0)
        for texts in finding:
            self._add_parts("find", texts)
        for text in boxes(self.graph, self.catalog) if not self.samplers else ():
            self._add_parts("prompt", [text])
        for name, feeds in by_names(self.graph, known):
            self._take(name, feeds, 0)
        self._take_handed_over()
        for name, feeds in equal_rates(self.graph, self.catalog):
            self._take(name, feeds, 0, "frame_rate")
        self.found += self._counted_loras()
        self.found += [part for feed, part in self.parts.items() if feed not in self.taken]
        first = {0, *self._anew()}
        self.found = [
            replace(
                role,
                is_first=role.pass_ in first or self._repaints(role) or self._counts(role),
                is_spare=role.is_spare or self._paints_anew(role),
            )
            for role in self.found
        ]
        return self._with_equal_sizes(self._joined())

    def _samplers(self) -> list[str]:
        """Return the samplers in the order in which they work on a latent."""
        samplers = latent_samplers(self.graph)
        if not samplers:  # of packs that take pictures, or make the latent themselves
            samplers = [
                n
                for n in self.graph
                if self._is_seeded(n)
                and ("positive" in links_of(self.graph, n) or self._is_piped(n))
            ]
            # Loaders of packs take both, too, to hand them on.
            stepping = [n for n in samplers if "steps" in inputs_of(self.graph, n)]
            samplers = stepping or samplers
        return self._in_turn(samplers)

    def _others(self) -> list[str]:
        """Return the samplers of packs whose texts and sizes come by links of their own."""
        return self._in_turn(
            [
                node_id
                for node_id in self.graph
                if "model" in links_of(self.graph, node_id)
                and "steps" in inputs_of(self.graph, node_id)
                and self._is_seeded(node_id)
            ]
        )

    def _is_piped(self, node_id: str) -> bool:
        """Say whether a sampler gets all that it works with by one link."""
        inputs = inputs_of(self.graph, node_id)
        return {"steps", "cfg", "sampler_name"} <= inputs.keys() and "pipe" in inputs

    def _is_seeded(self, node_id: str) -> bool:
        return not SEEDS.isdisjoint(inputs_of(self.graph, node_id))

    def _in_turn(self, samplers: Sequence[str]) -> list[str]:
        samplers = samplers[:MOST_SAMPLERS]
        return sorted(samplers, key=lambda n: self._turn(n, samplers))

    def _turn(self, sampler: str, samplers: Sequence[str]) -> tuple[int, int]:
        """Return when a sampler works on its latent; what only helps another stands behind it."""
        before = {*behind(self.graph, sampler)} - {sampler}
        start = links_of(self.graph, sampler).get("latent_image")
        of_latent = {*behind(self.graph, start[0])} if start else before
        return len(of_latent.intersection(samplers)), -len(before.intersection(samplers))

    def _steering(self, sampler: str) -> list[str]:
        """Return a sampler with the nodes that give it noise, guider, sampler and sigmas."""
        found = [sampler]
        for node_id in found:
            for name, (source, _) in links_of(self.graph, node_id).items():
                if name in _STEERERS and source not in found:
                    found.append(source)
        return found

    def _take(self, name: str, feeds: Sequence[Feed], pass_: int, place: str = "") -> None:
        free = tuple(feed for feed in feeds if feed not in self.taken)
        if free:
            self.taken.update(free)
            self.found.append(Role(name, free, pass_, place=place))

    def _steer(self, steering: Sequence[str], pass_: int) -> None:
        for node_id in steering:
            for name in inputs_of(self.graph, node_id):
                if name in STEERING and (feed := number_of(self.graph, node_id, name)):
                    ends = last_step(self.graph, node_id, feed) if name == "steps" else []
                    self._take(STEERING[name], [feed, *ends], pass_)

    # The prompt

    def _texts(self, steering: Sequence[str], pass_: int) -> None:
        """Take the texts of both sides: what is on both belongs to the prompt."""
        known: set[Feed] = set()
        for side, (name, names) in _CONDITIONED.items():
            found = self._encoded_by(names, steering, side, pass_)
            for texts in found:
                self._take_text(name, [text for text in texts if text.feed not in known], pass_)
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
        waiting, seen = deque([start] if start else []), set()
        while waiting:
            source, slot = waiting.popleft()
            if source in seen:
                continue
            seen.add(source)
            if self.graph[source].get("class_type") == STOP and side == "negative":
                continue
            if side == "positive" and (feed := number_of(self.graph, source, "guidance")):
                self._take("guidance", [feed], pass_)
            if texts := [*filter(None, self._typed_texts(source, side))]:
                yield from texts
                continue
            links = links_of(self.graph, source)
            wanted = next((links[name] for name in _WANTED if name in links), None)
            unwanted = next((links[name] for name in _UNWANTED if name in links), None)
            if wanted is not None and unwanted is not None:
                is_wanted = self._side_of(source, slot, side) == "positive"
                waiting.append(wanted if is_wanted else unwanted)
                continue
            waiting.extend(end for key, end in links.items() if self._is_conditioning(key, end))

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
            if size.feed not in self.taken:
                self.taken.add(size.feed)
                self.found.append(Role(size.name, (size.feed,), pass_, place=size.place))

    def _take_handed_over(self) -> None:
        """Take the step at which one sampler hands over to the next as one number."""
        for feeds in handed_over(self.graph, self.samplers):
            free = tuple(feed for feed in feeds if feed not in self.taken)
            for at, role in enumerate(self.found):
                if feeds[0] in role.feeds:  # it is the last of the steps
                    self.taken.update(free)
                    self.found[at] = replace(role, feeds=(*role.feeds, *free))
            self._take(feeds[0][1], feeds, 0)

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

    # What is one

    def _anew(self) -> set[int]:
        """Return the later passes with a model of their own, and a size or a prompt."""
        models, others = (
            {role.pass_ for role in self.found if (role.place or role.name) in names}
            for names in (("model",), ("width", "length", "prompt"))
        )
        return {pass_ for pass_ in models & others - {0} if not self._goes_on(pass_)}

    def _counts(self, role: Role) -> bool:
        """Say whether it is how one of so few samplers works that each can be shown."""
        if len(self.samplers) > _FEW_SAMPLERS or role.name not in ("seed", "steps", "cfg"):
            return False
        return role.name != "seed" or not (self._adds_none(role) or self._goes_on(role.pass_))

    def _adds_none(self, role: Role) -> bool:
        inputs = inputs_of(self.graph, role.feeds[0][0])
        return inputs.get("add_noise") in ("disable", False)

    def _goes_on(self, pass_: int) -> bool:
        earlier = self.samplers[:pass_]
        return any(continues(self.graph, self.samplers[pass_], first) for first in earlier)

    def _repaints(self, role: Role) -> bool:
        """Say whether it is how much a later sampler changes of what there is."""
        value = self._value(role)
        return role.name == "denoise" and isinstance(value, int | float) and 0 < value < 1

    def _paints_anew(self, role: Role) -> bool:
        """Say whether it is how much of nothing is to be changed: that is always all."""
        if role.name != "denoise" or self._value(role) != 1 or role.pass_ >= len(self.samplers):
            return False
        start = links_of(self.graph, self.samplers[role.pass_]).get("latent_image")
        while start is not None:
            links = links_of(self.graph, start[0])
            if not links.keys().isdisjoint(_CHANGED):
                return False
            start = next((links[name] for name in _LATENTS if name in links), None)
            if start is None:
                return True
        return False

    def _joined(self) -> list[Role]:
        """Join what must stay equal: texts that are the same, and a sampling that goes on."""
        found: list[Role] = []
        # By name and text, where in the list those stand that can be the same.
        alike: dict[tuple[str, str | None], list[int]] = {}
        for role in self.found:
            if role.name not in (*WORDS, *_KEPT, *_SIDES):
                found.append(role)
                continue
            value = self._value(role)
            places = alike.setdefault((role.name, value if isinstance(value, str) else None), [])
            same = next((at for at in places if self._is_same(found[at], role)), None)
            if same is None:
                places.append(len(found))
                found.append(role)
            else:
                first = found[same]
                found[same] = replace(first, feeds=(*first.feeds, *role.feeds))
        return found

    def _with_equal_sizes(self, roles: list[Role]) -> list[Role]:
        """Return the roles, of which each size feeds all that has the same of its run."""
        more: dict[Feed, list[Feed]] = {}
        for pass_ in sorted({role.pass_ for role in self.found if role.is_first}):
            own = [role for role in self.found if role.pass_ == pass_ and role.place == role.name]
            sizes = {role.name: role.feeds[0] for role in own}
            if not self.samplers or not sizes.keys() >= {*_SIDES}:
                continue
            for side, feed in equal_sizes(self.graph, self.samplers[pass_], sizes):
                if feed not in self.taken:
                    self.taken.add(feed)
                    more.setdefault(sizes[side], []).append(feed)
        return [
            replace(
                role, feeds=(*role.feeds, *(f for feed in role.feeds for f in more.get(feed, ())))
            )
            for role in roles
        ]

    def _is_same(self, one: Role, other: Role) -> bool:
        if one.name != other.name or self._value(one) != self._value(other):
            return False
        if one.name in WORDS:
            return bool(self._value(one)) or one.feeds[0][0] == other.feeds[0][0]
        if one.pass_ == other.pass_:
            return False
        if one.name in _SIDES:
            return self._is_same_size(one.pass_, other.pass_)
        if one.name not in _KEPT:
            return False
        if continues(self.graph, self.samplers[other.pass_], self.samplers[one.pass_]):
            return True
        if one.name in (*_CONTINUED, "denoise") and self._are_twins(one.pass_, other.pass_):
            return True
        adds_none = inputs_of(self.graph, other.feeds[0][0]).get("add_noise") == "disable"
        return adds_none and one.name in _CONTINUED

    def _are_twins(self, one: int, other: int) -> bool:
        """Say whether two samplers work with the same model, and begin from the same latent."""
        first, second = (links_of(self.graph, self.samplers[pass_]) for pass_ in (one, other))
        names = ("model", "latent_image")
        return all(name in first and first[name] == second.get(name) for name in names)

    def _is_same_size(self, first: int, later: int) -> bool:
        """Say whether a sampler begins from what another one made, and makes it as large."""
        one, other = (
            {r.name: self._value(r) for r in self.found if r.pass_ == pass_ and r.name in _SIDES}
            for pass_ in (first, later)
        )
        return one == other and self.samplers[first] in behind(self.graph, self.samplers[later])

    def _value(self, role: Role) -> Any:
        node_id, name = role.feeds[0]
        return inputs_of(self.graph, node_id).get(name)
