"""What becomes of a flag with each family of models, found by planning with an engine of each.

Nothing here is written by hand: the profiles say which families there are, the planner says what
becomes of a prompt, and two plans, with the flag and without it, are compared.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from imagine.catalog import Catalog, Choices, InputSchema, NodeSchema
from imagine.defaults import Defaults
from imagine.image_request import ImageRequest
from imagine.input_image import InputImage
from imagine.models import Origin
from imagine.profiles import Profile, load_profiles
from imagine.prompt_parser import VOCABULARY, parse
from imagine.sizes import fit_aspect
from imagine.workflow_builder import PicturePlan, plan
from scripts.prompt_docs.examples import LINK, PRESETS, SEED, Example
from tests.catalogs import catalog

PROFILES = load_profiles()
LORAS = ("ink.safetensors", "detail.safetensors")
# The picture that examples name, and one for models that need a picture in any case.
NAMED = InputImage(LINK, "imagine/boat.png", 1024, 1024)
GIVEN = InputImage("https://example.com/given.png", "imagine/given.png", 1024, 1024)
# The nodes of ComfyUI_IPAdapter_plus by which it is known, and the input that lists its files.
_ADAPTER_NODES = ("IPAdapterUnifiedLoader", "IPAdapterAdvanced", "IPAdapterModelLoader")
_ADAPTER_FILES = "ipadapter_file"
_NUMBERS = re.compile(r"[\d.,×:%]*\d[\d.,×:%]*")


@dataclass(frozen=True, slots=True)
class Kit:
    """What is installed beside the model, by which pictures can guide it."""

    style_models: tuple[str, ...] = ()
    clip_visions: tuple[str, ...] = ()
    photomakers: tuple[str, ...] = ()
    upscale_models: tuple[str, ...] = ()
    ip_adapters: tuple[str, ...] = ()


NO_KIT = Kit()


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of model, and the name of a file that is one."""

    profile: Profile
    file: str

    @property
    def label(self) -> str:
        """Its name, fit to stand in a list."""
        name, _, kind = self.profile.label.partition(", ")
        return f"{name} ({kind})" if kind else name

    @property
    def edits(self) -> bool:
        """Whether it only changes pictures."""
        return self.profile.unsuitable is not None

    @property
    def side(self) -> int:
        """The side of a square picture. Units: pixels."""
        profile = self.profile
        return fit_aspect(1, 1, pixels=profile.pixels, step=profile.step, grid=profile.grid)[0]

    def engine(self, kit: Kit = NO_KIT) -> Catalog:
        return _engine(self, kit)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a flag made of a prompt: what was told, which parts of the graph only it brings."""

    told: tuple[str, ...]
    brings: tuple[str, ...]
    changes: bool

    @property
    def reason(self) -> str | None:
        """Why the flag was left out, if it was."""
        found = (re.search(r" left out: (.*)\.$", note) for note in self.told)
        return next((match[1] for match in found if match), None)

    @property
    def tale(self) -> tuple[str, ...]:
        """The same for outcomes of which the same is told, but for numbers."""
        return tuple(_NUMBERS.sub("#", note) for note in self.told)


@cache
def families() -> tuple[Family, ...]:
    """Return one model of each kind that makes or changes pictures, the best first."""
    found: dict[str, Family] = {}
    for profile in sorted(PROFILES, key=lambda one: one.rank):
        if profile.unsuitable is None or profile.edit is not None:
            name = next(_names(profile), None)
            if name is not None:
                found.setdefault(profile.label, Family(profile, name))
    return tuple(found.values())


def _names(profile: Profile) -> Iterator[str]:
    """Return file names that are taken for a profile, made from its own patterns."""
    for pattern in profile.names:
        name = pattern.replace("[0-9]", "1").replace("*", "-").strip("-") + ".safetensors"
        if PROFILES.recognise(name) == profile:
            yield name


@cache
def _engine(family: Family, kit: Kit) -> Catalog:
    # The lists of the loaders stay as they were: plans look at the names only.
    if family.profile.can_be_split:
        return replace(_equipped(kit), diffusion_models=(family.file,))
    return replace(_equipped(kit), checkpoints=(family.file,))


@cache
def _equipped(kit: Kit) -> Catalog:
    """Return an engine with a kit and without a model."""
    made = catalog(
        loras=LORAS,
        style_models=kit.style_models,
        clip_visions=kit.clip_visions,
        photomakers=kit.photomakers,
        upscale_models=kit.upscale_models,
    )
    if not kit.ip_adapters:
        return made
    files = Choices(kit.ip_adapters, frozenset(kit.ip_adapters), is_closed=True)
    node = NodeSchema({_ADAPTER_FILES: InputSchema("COMBO", True, files)}, (), (), False)
    return replace(made, schemas={**made.schemas, **dict.fromkeys(_ADAPTER_NODES, node)})


def planned(
    text: str,
    family: Family,
    kit: Kit = NO_KIT,
    *,
    origin: Origin | None = None,
    pictures: tuple[InputImage, ...] = (),
) -> PicturePlan:
    """Plan a prompt with an engine of a family; a model that changes pictures is given one."""
    if family.edits and "--edit" not in text:
        text = f"{text} --edit {GIVEN.link}"
    prompt = parse(text, VOCABULARY)
    if "seed" not in prompt.parameters:
        prompt = prompt.with_parameters(seed=SEED)
    defaults = Defaults(presets=PRESETS)
    inputs = {each.link: each for each in (NAMED, GIVEN, *pictures)}
    return plan(prompt, family.engine(kit), PROFILES, defaults, inputs=inputs, origin=origin)


def outcome(example: Example, family: Family, kit: Kit = NO_KIT) -> Outcome:
    """Compare a prompt with its flag and without."""
    without, made = (planned(text, family, kit) for text in (example.words, example.prompt))
    before = [note.message for note in without.notes]
    told = tuple(note.message for note in made.notes if note.message not in before)
    return Outcome(
        told,
        tuple(_set(made.request) - _set(without.request)),
        changes=made.request != without.request,
    )


def _set(request: ImageRequest) -> set[str]:
    """Return the optional parts of a graph that it has, of those that nobody is told about."""
    return {"rescale_cfg"} if request.rescale_cfg is not None else set()


def grouped(example: Example, kit: Kit = NO_KIT) -> list[tuple[Outcome, Sequence[Family]]]:
    """Return the families by what becomes of an example, the largest group first."""
    groups: dict[tuple[str, ...], tuple[Outcome, list[Family]]] = {}
    for family in families():
        found = outcome(example, family, kit)
        groups.setdefault((*found.tale, *found.brings), (found, []))[1].append(family)
    return sorted(groups.values(), key=lambda group: -len(group[1]))
