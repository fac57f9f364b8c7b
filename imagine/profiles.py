"""What the product knows of model families: how to recognise one, and how to run it well.

The knowledge is data, in ``model_profiles.toml``; an owner adds to it or changes it in a file of
the same form. Apart from the builder, so that a new model is a few lines of TOML.
"""

import fnmatch
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from imagine.errors import SettingsError
from imagine.models import Frozen
from imagine.names import basename, nearest, plain

BUILT_IN = Path(__file__).with_name("model_profiles.toml")

# Where a safetensors header says what it was made from: ModelSpec, and Kohya's training scripts.
_ARCHITECTURE_KEYS = ("modelspec.architecture", "ss_base_model_version")
_NOT_IN_PATTERNS = re.compile(r"[^0-9a-z*?\[\]]+")


class Profile(Frozen):
    """How models of one kind are recognised and run.

    ``rank`` orders families when nothing is configured, lowest first. ``unsuitable`` says in one
    sentence why words alone do not make a picture with it. A checkpoint brings its own text
    encoders unless ``text_encoders_inside`` is false; a split model always needs them, and a VAE.
    Companion files are patterns, best first, one list for each text encoder. ``edit`` is how the
    model takes the pictures that it is to change; ``redux``, ``unclip`` and ``ip_adapter`` tell by
    which means a picture may guide it. ``system_prompt`` names what Lumina 2 is told first.

    Units: ``pixels`` is width × height of one picture; sides are multiples of ``step``, and better
    of ``grid``, on which the family was trained.
    """

    id: str
    family: str
    label: str
    rank: int = 100
    names: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    unsuitable: str | None = None
    edit: Literal["reference_latent", "qwen"] | None = None
    redux: bool = False
    unclip: bool = False
    ip_adapter: str | None = None
    latent: str = "EmptyLatentImage"
    length: int | None = Field(None, ge=1)
    pixels: int = Field(1024 * 1024, ge=64 * 64)
    step: int = Field(16, ge=8, multiple_of=8)
    grid: int = Field(64, ge=8, multiple_of=8)
    steps: int = Field(25, ge=1, le=150)
    cfg: float = Field(5.0, ge=0, le=30)
    sampler: str = "euler"
    scheduler: str = "normal"
    guidance: float | None = Field(None, ge=0, le=100)
    shift_node: Literal["ModelSamplingSD3", "ModelSamplingAuraFlow"] | None = None
    shift: float | None = Field(None, ge=0, le=100)
    text_encoders: tuple[tuple[str, ...], ...] = Field((), max_length=4)
    text_encoder_type: str | None = None
    text_encoders_inside: bool = True
    system_prompt: Literal["superior", "alignment"] | None = None
    vae: tuple[str, ...] = ()
    lora: Literal["model_and_clip", "model"] = "model_and_clip"
    clip_skip: bool = False

    @property
    def negative(self) -> bool:
        """Whether a negative prompt works as the family is run here (it needs a cfg above 1)."""
        return self.cfg > 1

    @property
    def can_be_split(self) -> bool:
        """Whether a file of the diffusion model alone can be run with companion files."""
        return bool(self.text_encoders and self.vae)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a model file is taken for, and what told it: its header, its name, or both."""

    profile: Profile
    header: str | None = None
    pattern: str | None = None


class Profiles:
    """All profiles, in the order in which they are tried: the special ones before the general.

    ``own`` are the ids of those that the owner added or changed.
    """

    def __init__(self, profiles: Sequence[Profile], own: Collection[str] = ()) -> None:
        self._profiles = tuple(profiles)
        self.own = frozenset(own)
        # Every plan looks at every installed model, so what a name is, is found once.
        self._evidence = lru_cache(maxsize=10_000)(self._find)

    def __iter__(self) -> Iterator[Profile]:
        return iter(self._profiles)

    def __getitem__(self, profile_id: str) -> Profile:
        return next(profile for profile in self._profiles if profile.id == profile_id)

    def recognise(self, name: str, metadata: Mapping[str, Any] | None = None) -> Profile | None:
        """Return the profile of a model file, or None when nothing tells what it is.

        A header that names the architecture decides the family; the name then tells the variant,
        also one that its header hides, such as an inpainting model.
        """
        evidence = self.evidence(name, metadata)
        return evidence.profile if evidence is not None else None

    def evidence(self, name: str, metadata: Mapping[str, Any] | None = None) -> Evidence | None:
        """Return what tells the profile of a model file, or None when nothing does."""
        return self._evidence(name, _architecture(metadata))

    def _find(self, name: str, architecture: str | None) -> Evidence | None:
        by_header = next((p for p in self._profiles if _first(p.architectures, architecture)), None)
        header = architecture if by_header is not None else None
        for profile in self._profiles:
            if by_header and not profile.unsuitable and profile.family != by_header.family:
                continue
            if pattern := _first(profile.names, name):
                told = header if by_header and profile.family == by_header.family else None
                return Evidence(profile, told, pattern)
        return Evidence(by_header, header) if by_header is not None else None


def load_profiles(extra: Path | None = None) -> Profiles:
    """Read the profiles, those of ``extra`` first; an entry of the same name changes ours.

    Raises:
        SettingsError: the file cannot be read, or an entry cannot be.
    """
    ours = _read(BUILT_IN)
    if extra is None:
        return Profiles([_profile(key, ours, BUILT_IN) for key in ours])
    theirs = _read(extra)
    merged = {key: theirs[key] for key in theirs if key not in ours}
    merged |= {key: ours[key] | theirs.get(key, {}) for key in ours}
    # Theirs first, so that a mistake is told of the entry in which it stands.
    read = {key: _profile(key, merged, extra) for key in (*theirs, *merged)}
    return Profiles([read[key] for key in merged], own=theirs)


def matches(pattern: str, name: str) -> bool:
    """Say whether a pattern fits a file's name, or its path between two words.

    ``*``, ``?`` and ``[...]`` as in file names; case, separators and extension do not count.
    """
    fits = _compiled(pattern).match
    return bool(fits(plain(basename(name))) or fits(f"-{plain(name)}-"))


@lru_cache(maxsize=1000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(_NOT_IN_PATTERNS.sub("-", pattern.lower())))


def _first(patterns: tuple[str, ...], name: str | None) -> str | None:
    """Return the first pattern that a name fits."""
    fitting = (pattern for pattern in patterns if name is not None and matches(pattern, name))
    return next(fitting, None)


def _architecture(metadata: Mapping[str, Any] | None) -> str | None:
    found = ((metadata or {}).get(key) for key in _ARCHITECTURE_KEYS)
    return next((value for value in found if isinstance(value, str) and value), None)


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The model profiles {path} cannot be read: {error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The model profiles {path} are not valid TOML: {error}.") from error
    for key, table in tables.items():
        if not isinstance(table, dict):
            raise SettingsError(
                f"{path}: {key} stands alone. Each profile is a table, such as [{key}]."
            )
    return tables


def _profile(key: str, tables: Mapping[str, dict[str, Any]], path: Path) -> Profile:
    try:
        return Profile.model_validate({"id": key, "family": key} | _with_base(key, tables, path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            near = nearest(place, Profile.model_fields)
            complaint = f"there is no key {place}" + (f"; did you mean {near[0]}" if near else "")
        else:
            complaint = f"{place}: {first['msg']}"
        raise SettingsError(f"{path}: [{key}] {complaint}.") from error


def _with_base(key: str, tables: Mapping[str, dict[str, Any]], path: Path) -> dict[str, Any]:
    """Fill what a table leaves out from the one it is ``like``: all but how to recognise it."""
    table: dict[str, Any] = {}
    seen: list[str] = []
    while True:
        own = dict(tables[key])
        base = own.pop("like", None)
        table = ({"family": key} if base is None else {}) | own | table
        seen.append(key)
        if base is None:
            return table
        if base not in tables or base in seen:
            raise SettingsError(
                f"{path}: [{key}] is like {base!r}, which is no other profile. "
                f"The profiles are: {', '.join(tables)}."
            )
        tables = {**tables, base: _general(tables[base])}
        key = base


def _general(table: dict[str, Any]) -> dict[str, Any]:
    own = ("names", "architectures", "unsuitable", "edit", "rank", "label")
    return {key: value for key, value in table.items() if key not in own}
