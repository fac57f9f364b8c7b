"""What of several samplings is one: what must stay equal is set once, and what counts comes first.

A refiner, an upscaled second pass, a clip made of a picture: each sampler has settings of its own,
and some of them go wrong when only one is changed.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from imagine.importing.equals import equal_sizes
from imagine.importing.named_roles import WORDS
from imagine.importing.stages import continues
from imagine.importing.walking import Feed, behind, inputs_of, links_of
from imagine.repair import Graph

# A continuation of the same sampling has these again, and both must be equal.
_CONTINUED = ("steps", "cfg", "sampler", "scheduler")
# And these, where it begins with what another one left.
_KEPT = (*_CONTINUED, "seed", "denoise", "shift")
_SIDES = ("width", "height")
# What is one where the same models work again, as for the next part of a film.
_REPEATED = (*_CONTINUED, *_SIDES, "length", "batch_size", "denoise", "guidance", "shift")
_MODELS = ("model", "lora", "lora_strength")
# By these a latent comes from a picture, or from another latent.
_CHANGED = frozenset({"pixels", "image", "images", "samples"})
_LATENTS = ("latent", "latent_image")
# Of so many samplers all are shown, each with these.
_FEW_SAMPLERS = 3
_SHOWN = ("seed", "steps", "cfg")


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


def joined(graph: Graph, samplers: Sequence[str], roles: Sequence[Role]) -> list[Role]:
    """Return roles with those as one that must stay equal, and what comes first marked as such.

    ``samplers``: in their turn; a role's ``pass_`` counts them.
    """
    joining = _Joining(graph, samplers, roles)
    joining.roles = joining.marked()
    return joining.with_equal_sizes(joining.joined())


class _Joining:
    """The roles of one graph, while they are compared. ``roles``: before any is joined."""

    def __init__(self, graph: Graph, samplers: Sequence[str], roles: Sequence[Role]) -> None:
        self.graph = graph
        self.samplers = samplers
        self.roles = list(roles)
        # By its count, the LoRA that a strength belongs to; by its pass, what a sampler works with.
        self.files: dict[int, Any] = {}
        models: dict[int, list[str]] = {}
        for role in roles:
            if role.name in ("model", "lora"):
                models.setdefault(role.pass_, []).append(str(self._value(role)))
            if role.name == "lora":
                self.files[role.count] = self._value(role)
        self.models = {pass_: sorted(files) for pass_, files in models.items()}

    def marked(self) -> list[Role]:
        first = {0, *self._anew()}
        return [
            replace(
                role,
                is_first=role.pass_ in first or self._repaints(role) or self._counts(role),
                is_spare=role.is_spare or self._paints_anew(role),
            )
            for role in self.roles
        ]

    def _anew(self) -> set[int]:
        """Return the later passes with a model of their own, and a size or a prompt."""
        models, others = (
            {role.pass_ for role in self.roles if (role.place or role.name) in names}
            for names in (("model",), ("width", "length", "prompt"))
        )
        return {pass_ for pass_ in models & others - {0} if not self._goes_on(pass_)}

    def _counts(self, role: Role) -> bool:
        """Say whether it is how one of so few samplers works that each can be shown."""
        if len(self.samplers) > _FEW_SAMPLERS or (role.place or role.name) not in _SHOWN:
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
        node_id, seen = self.samplers[role.pass_], set[str]()
        names: tuple[str, ...] = ("latent_image",)
        while node_id not in seen:
            seen.add(node_id)
            links = links_of(self.graph, node_id)
            start = next((links[name] for name in names if name in links), None)
            if start is None or not _CHANGED.isdisjoint(links_of(self.graph, start[0])):
                return start is None and len(seen) > 1
            node_id, names = start[0], _LATENTS
        return False

    def joined(self) -> list[Role]:
        """Join what must stay equal: texts that are the same, and a sampling that goes on."""
        found: list[Role] = []
        # By name and value, where in the list those stand that can be the same.
        alike: dict[Hashable, list[int]] = {}
        for role in self.roles:
            is_spare = role.is_spare and role.name in _MODELS
            if is_spare or role.name not in (*WORDS, *_KEPT, *_REPEATED, *_MODELS):
                found.append(role)
                continue
            places = alike.setdefault(self._key(role), [])
            same = next((at for at in places if self._is_same(found[at], role)), None)
            if same is None:
                # Of one sampler only texts can be the same.
                if role.name in WORDS or all(found[at].pass_ != role.pass_ for at in places):
                    places.append(len(found))
                found.append(role)
            else:
                first = found[same]
                found[same] = replace(first, feeds=(*first.feeds, *role.feeds))
        return self._counted(found)

    def _key(self, role: Role) -> Hashable:
        value = self._value(role)
        beside = self.files.get(role.count) if role.name in _MODELS else None
        return (role.name, value if isinstance(value, Hashable) else None, beside)

    def _counted(self, roles: Sequence[Role]) -> list[Role]:
        """Return roles whose counts have no gaps."""
        counts = sorted({role.count for role in roles if role.count})
        places = {count: at for at, count in enumerate(counts, 1)}
        return [replace(role, count=places.get(role.count, 0)) for role in roles]

    def with_equal_sizes(self, roles: Sequence[Role]) -> list[Role]:
        """Return the roles, of which each size feeds all that has the same of its run."""
        taken = {feed for role in self.roles for feed in role.feeds}
        more: dict[Feed, list[Feed]] = {}
        for pass_ in sorted({role.pass_ for role in self.roles if role.is_first}):
            own = [role for role in self.roles if role.pass_ == pass_ and role.place == role.name]
            sizes = {role.name: role.feeds[0] for role in own}
            if not self.samplers or not sizes.keys() >= {*_SIDES}:
                continue
            for side, feed in equal_sizes(self.graph, self._last_behind(pass_), sizes):
                if feed not in taken:
                    taken.add(feed)
                    more.setdefault(sizes[side], []).append(feed)
        return [
            replace(
                role, feeds=(*role.feeds, *(f for feed in role.feeds for f in more.get(feed, ())))
            )
            for role in roles
        ]

    def _last_behind(self, pass_: int) -> str:
        """Return the last sampler that works on what a sampler made, or that one itself."""
        first = self.samplers[pass_]
        later = (one for one in self.samplers[:pass_:-1] if first in behind(self.graph, one))
        return next(later, first)

    def _is_same(self, one: Role, other: Role) -> bool:
        if one.name != other.name or self._value(one) != self._value(other):
            return False
        if one.name in WORDS:
            is_one_node = one.feeds[0][0] == other.feeds[0][0]
            if one.is_part and other.is_part and is_one_node:
                return False  # the texts of a schedule come one after the other
            return bool(self._value(one)) or is_one_node
        if one.name == "model":
            return bool(one.feeds[0][1] == other.feeds[0][1])
        if one.pass_ == other.pass_:
            return False
        if one.name in (*_MODELS, *_REPEATED) and self._are_alike(one.pass_, other.pass_):
            return True
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

    def _are_alike(self, one: int, other: int) -> bool:
        """Say whether two samplers work with the same models, each with loaders of its own."""
        files = self.models.get(one)
        return files is not None and files == self.models.get(other)

    def _are_twins(self, one: int, other: int) -> bool:
        """Say whether two samplers work with the same model, and begin from the same latent."""
        first, second = (links_of(self.graph, self.samplers[pass_]) for pass_ in (one, other))
        names = ("model", "latent_image")
        return all(name in first and first[name] == second.get(name) for name in names)

    def _is_same_size(self, first: int, later: int) -> bool:
        """Say whether a sampler begins from what another one made, and makes it as large."""
        one, other = (
            {r.name: self._value(r) for r in self.roles if r.pass_ == pass_ and r.name in _SIDES}
            for pass_ in (first, later)
        )
        return one == other and self.samplers[first] in behind(self.graph, self.samplers[later])

    def _value(self, role: Role) -> Any:
        node_id, name = role.feeds[0]
        return inputs_of(self.graph, node_id).get(name)
