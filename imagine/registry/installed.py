"""Which installed file stands in for the one that a workflow was made with.

Apart from the settling, because the choice is a subject of its own: the same file in another
folder, another one of the same family, or for a whole checkpoint any that makes pictures. A file
that is about something else (a depth map's, the other half of a pair) is never taken.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from imagine.catalog import Catalog
from imagine.importing.fields import ParameterType
from imagine.models import Note, NoteLevel
from imagine.names import TAKEN, basename, nearest, plain, stem
from imagine.profiles import Profile, Profiles, matches
from imagine.registry.entries import Entry
from imagine.registry.fed import wanted_file
from imagine.repair import folder_of

_MODELS = ("checkpoints", "diffusion_models")
# Files that only their folder names.
_NAMELESS = (
    *("model", "diffusion_pytorch_model", "pytorch_model", "pytorch_lora_weights"),
    *("adapter_model", "lora", "vae", "checkpoint"),
)
# The loader whose graphs ask of a checkpoint only that it makes pictures.
_WHOLE = "CheckpointLoaderSimple"
# The family of the sketch engine, which needs no other file than its own.
_SKETCH = "sketch"
# Words of a file's name by which it does another work than one that is spelled nearly so.
_TELLING = frozenset(
    {
        *("high", "low", "i2v", "t2v", "ti2v", "s2v", "flf2v", "vace", "base", "refiner"),
        *("pose", "openpose", "depth", "canny", "scribble", "lineart", "tile", "inpaint", "union"),
        *("edit", "encoder", "decoder", "lightning", "turbo", "schnell", "dev", "krea", "kontext"),
        *("1", "2", "3", "sd15", "sdxl", "xl", "flux", "wan", "qwen"),
    }
)


class StandIns:
    """The installed files of one engine, asked for those that do what a workflow wants."""

    def __init__(self, catalog: Catalog, profiles: Profiles, family: str) -> None:
        self._catalog = catalog
        self._profiles = profiles
        self._family = family

    def find(
        self, wanted: str | None, installed: Sequence[str], class_type: str, name: str
    ) -> str | None:
        """Return the installed file to load in place of ``wanted``; None when none would do.

        ``class_type`` and ``name``: the node and the input that load it.
        """
        found = self._find(wanted, installed, class_type, name)
        if found is None and folder_of(class_type, name) != "loras":
            return self._painter(installed)
        return found

    def _find(
        self, wanted: str | None, installed: Sequence[str], class_type: str, name: str
    ) -> str | None:
        if wanted is not None and (same := same_file(wanted, installed)) is not None:
            return same
        folder = folder_of(class_type, name)
        if folder in _MODELS:
            return self._model(wanted, installed, is_whole=class_type == _WHOLE)
        if wanted is None or folder == "loras":
            return None  # nothing tells which would do
        if folder in ("text_encoders", "vae"):
            found = self._companion(wanted, installed, is_vae=folder == "vae")
        elif folder == "upscale_models":
            found = next(iter(nearest(wanted, installed)), None) or next(iter(installed), None)
        else:
            found = None
        return found or next(iter(nearest(wanted, _alike(wanted, installed), least=TAKEN)), None)

    def _model(self, wanted: str | None, installed: Sequence[str], *, is_whole: bool) -> str | None:
        kind = self._kind(wanted) if wanted is not None else None
        known = {one: told for one in installed if (told := self._kind(one)) is not None}
        same = [one for one, profile in known.items() if kind and profile.id == kind.id]
        if found := self._nearest(wanted, same):
            return found
        if kind is not None and kind.unsuitable is not None and kind.edit is None:
            return None
        family = self._family or (kind.family if kind is not None else "")
        edit = kind.edit if kind is not None else None
        related = [
            one
            for one, profile in known.items()
            if profile.family == family and (profile.unsuitable is None or profile.edit == edit)
        ]
        if related:
            return min(related, key=lambda one: known[one].rank)
        if not is_whole or edit is not None:
            return None
        whole = [
            one
            for one, profile in known.items()
            if profile.unsuitable is None and profile.text_encoders_inside
        ]
        best = min(whole, key=lambda one: known[one].rank, default=None)
        return best or next((one for one in installed if one not in known), None)

    def _nearest(self, wanted: str | None, names: Sequence[str]) -> str | None:
        if wanted is None:
            return next(iter(names), None)
        return next(iter(nearest(wanted, _alike(wanted, names), least=0.0)), None)

    def _companion(self, wanted: str, installed: Sequence[str], *, is_vae: bool) -> str | None:
        """Find a text encoder or a VAE that a family takes in place of another one."""
        for patterns in self._companions(is_vae=is_vae):
            if not any(matches(pattern, wanted) for pattern in patterns):
                continue
            fitting = (one for p in patterns for one in installed if matches(p, one))
            if (found := next(fitting, None)) is not None:
                return found
        return None

    def _companions(self, *, is_vae: bool) -> Iterator[tuple[str, ...]]:
        """Yield what stands for each other, that of the workflow's own family first."""
        for profile in sorted(self._profiles, key=lambda one: one.family != self._family):
            yield from (profile.vae,) if is_vae else profile.text_encoders

    def _painter(self, installed: Sequence[str]) -> str | None:
        """Return what the sketch engine lists everywhere: it paints whatever a graph asks for."""
        kinds = ((one, self._kind(one)) for one in installed)
        return next((one for one, kind in kinds if kind and kind.family == _SKETCH), None)

    def _kind(self, name: str) -> Profile | None:
        return self._profiles.recognise(name, self._catalog.metadata.get(name))


def stand_in_notes(
    entry: Entry, values: Mapping[str, Any], given: Collection[str]
) -> tuple[Note, ...]:
    """Say which files were taken in place of those that a workflow names, and nobody gave."""
    instead: dict[str, list[str]] = {}
    for parameter in entry.of_type(ParameterType.MODEL):
        wanted = wanted_file(entry, parameter)
        used = values.get(parameter.name)
        if parameter.name in given or not isinstance(wanted, str) or not isinstance(used, str):
            continue
        if same_file(wanted, (used,)) is None:
            instead.setdefault(used, []).append(wanted)
    return tuple(
        Note(
            parameter="model",
            level=NoteLevel.INFO,
            message=f"Model: {used}, in place of {', '.join(wanted)}.",
        )
        for used, wanted in instead.items()
    )


def same_file(wanted: str, installed: Sequence[str]) -> str | None:
    """Return a file by its name, whatever folder it lies in and however its path is written."""
    if wanted in installed:
        return wanted
    key = _path if stem(wanted) in _NAMELESS else stem
    return next((one for one in installed if key(one) == key(wanted)), None)


def _path(name: str) -> str:
    return name.replace("\\", "/").lower()


def _alike(wanted: str, names: Sequence[str]) -> list[str]:
    """Return the names that tell the same of what the file is about."""
    told = _told(wanted)
    return [one for one in names if _told(one) == told]


def _told(name: str) -> frozenset[str]:
    """Return the telling words of a name; a folder tells only where the file itself does not."""
    words = plain(name if stem(name) in _NAMELESS else basename(name)).split("-")
    return _TELLING.intersection(words)
