"""Which installed model makes the pictures, and which files it needs beside it.

Apart from the builder, because the choice is a subject of its own: a typed name may be half a
name, a configured one may be missing, and with neither the best installed model is taken and said.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from imagine.catalog import Catalog
from imagine.errors import Detail, PromptError, WorkflowError
from imagine.models import Note, NoteLevel
from imagine.names import basename, find, nearest, plain
from imagine.profiles import Profile, Profiles, matches

# Words by which a checkpoint of an unknown kind is taken for SD 1.5; all others are taken for SDXL.
_OLD = ("*sd1*", "*-15-*", "*1.5*", "*-v1-*", "*sd14*")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of one model; text encoders and a VAE only when the model brings none."""

    model: str
    is_checkpoint: bool
    text_encoders: tuple[str, ...] = ()
    vae: str = ""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model, how to run it, and what to tell about the choice."""

    name: str
    profile: Profile
    notes: tuple[Note, ...] = ()


def choose_model(
    typed: str | None,
    default: str | None,
    catalog: Catalog,
    profiles: Profiles,
    *,
    edits: bool = False,
) -> ModelChoice:
    """Return the model that was typed, else the configured one, else the best installed.

    With ``edits`` the prompt brings a picture that is to be changed: then models that do just that
    may be typed too, and are preferred when nothing was.

    Raises:
        PromptError: the typed name fits no installed model, or several.
        WorkflowError: no model is installed that makes pictures from words.
    """
    if typed is not None:
        return _typed(typed, catalog, profiles, edits=edits)
    if edits and (editor := _editor(default, catalog, profiles)) is not None:
        return editor
    notes: tuple[Note, ...] = ()
    if default is not None:
        usable = _usable(catalog, profiles)
        found = find(default, usable)
        if len(found) == 1:
            return ModelChoice(found[0], known_or_guessed(found[0], catalog, profiles)[0])
        fits = "fits several models" if found else "is not installed"
        text = f"The model {default} of the settings {fits}, so another was taken."
        if near := () if found else nearest(default, usable):
            text += f" The nearest is {near[0]}."
        notes = (Note(parameter="model", message=text),)
    choice = _best(catalog, profiles)
    return ModelChoice(choice.name, choice.profile, notes + choice.notes)


def usable_models(catalog: Catalog, profiles: Profiles) -> tuple[tuple[str, Profile], ...]:
    """Return the models that make pictures from words and whose files are all there."""
    known = (
        (name, known_or_guessed(name, catalog, profiles)[0]) for name in _usable(catalog, profiles)
    )
    return tuple((name, profile) for name, profile in known if is_complete(name, profile, catalog))


def model_files(name: str, profile: Profile, catalog: Catalog) -> ModelFiles:
    """Return the files to load for a model.

    Raises:
        WorkflowError: a companion file is missing, or the model is in the wrong folder.
    """
    is_checkpoint = name in catalog.checkpoints
    if not is_checkpoint and not profile.can_be_split:
        raise WorkflowError(
            f"{basename(name)} cannot be loaded from models/diffusion_models.",
            hint=f"Use a {profile.label} file that goes into ComfyUI's models/checkpoints.",
        )
    wants_encoders = not is_checkpoint or not profile.text_encoders_inside
    encoders = _companions(profile.text_encoders if wants_encoders else (), catalog.text_encoders)
    vaes = _companions((profile.vae,) if not is_checkpoint else (), catalog.vaes)
    if missing := [*_missing(encoders, "text_encoders"), *_missing(vaes, "vae")]:
        message = f"{basename(name)} needs files that are not installed: {', '.join(missing)}."
        raise WorkflowError(
            message,
            hint="Put them into ComfyUI's models folder, and reload the models.",
            details=[Detail(parameter="model", value=name, message=message)],
        )
    return ModelFiles(
        model=name,
        is_checkpoint=is_checkpoint,
        text_encoders=tuple(found for found, _ in encoders if found is not None),
        vae=next((found for found, _ in vaes if found is not None), ""),
    )


def _typed(typed: str, catalog: Catalog, profiles: Profiles, *, edits: bool) -> ModelChoice:
    usable = _usable(catalog, profiles, edits=edits)
    family = _of_family(typed, catalog, profiles, edits=edits)
    found = find(typed, usable) or family or find(typed, installed_models(catalog))
    if not found:
        raise _unknown(typed, usable)
    if len(found) > 1:
        some = ", ".join(found[:5]) + (" …" if len(found) > 5 else "")
        message = f"--model {typed} fits several models: {some}."
        raise _refusal(typed, message, found[0], "Type more of the name.")
    name = found[0]
    if (reason := why_not(name, catalog, profiles, edits=edits)) is not None:
        near = nearest(typed, usable)
        message = f"{name} makes no pictures from words. {reason}"
        known = _recognise(name, catalog, profiles)
        hint = "Put a picture in front of the words." if known is not None and known.edit else None
        raise _refusal(typed, message, near[0] if near else None, hint)
    profile, notes = known_or_guessed(name, catalog, profiles)
    if name not in family and _letters(typed) not in _letters(name):
        text = f"Model: {name}, the nearest to {typed}."
        notes += (Note(parameter="model", level=NoteLevel.INFO, message=text),)
    return ModelChoice(name, profile, notes)


def _editor(default: str | None, catalog: Catalog, profiles: Profiles) -> ModelChoice | None:
    """Return the complete model that changes pictures best: the configured one, if it does."""
    editors = {
        name: profile
        for name, profile in _recognised(catalog, profiles, edits=True)
        if profile.edit is not None and is_complete(name, profile, catalog)
    }
    found = find(default, tuple(editors)) if default is not None else ()
    if len(found) == 1:
        return ModelChoice(found[0], editors[found[0]])
    name = min(editors, key=lambda name: editors[name].rank, default=None)
    if name is None:
        return None
    text = f"Model: {name}, the best installed that changes pictures."
    note = Note(parameter="model", level=NoteLevel.INFO, message=text)
    return ModelChoice(name, editors[name], (note,))


def _best(catalog: Catalog, profiles: Profiles) -> ModelChoice:
    """Return the complete model of the best rank, else the first checkpoint of an unknown kind."""
    ranked = sorted(_recognised(catalog, profiles), key=lambda pair: pair[1].rank)
    for name, profile in ranked:
        if is_complete(name, profile, catalog):
            text = f"Model: {name}, the best installed."
            note = Note(parameter="model", level=NoteLevel.INFO, message=text)
            return ModelChoice(name, profile, (note,))
    for name in catalog.checkpoints:
        if _recognise(name, catalog, profiles) is None:
            profile, notes = known_or_guessed(name, catalog, profiles)
            return ModelChoice(name, profile, notes)
    if ranked:
        model_files(*ranked[0], catalog)
    raise WorkflowError(
        "No model is installed that makes pictures from words.",
        hint="Put a checkpoint, such as sd_xl_base_1.0.safetensors, into ComfyUI's "
        "models/checkpoints folder, and reload the models.",
    )


def installed_models(catalog: Catalog) -> tuple[str, ...]:
    """Return everything that may be a model that makes pictures, usable or not."""
    return tuple(dict.fromkeys((*catalog.checkpoints, *catalog.diffusion_models)))


def unrecognised(catalog: Catalog, recognised: Callable[[str], bool]) -> dict[str, str]:
    """Return the folder of each model whose name does not tell what it is; its header may."""
    folders = dict.fromkeys(catalog.diffusion_models, "diffusion_models")
    folders |= dict.fromkeys(catalog.checkpoints, "checkpoints")
    return {name: folder for name, folder in folders.items() if not recognised(name)}


def why_not(name: str, catalog: Catalog, profiles: Profiles, *, edits: bool = False) -> str | None:
    """Return why a model makes no pictures from words, or None when it does."""
    profile = _recognise(name, catalog, profiles)
    if profile is not None:
        return None if edits and profile.edit is not None else profile.unsuitable
    if name in catalog.checkpoints:
        return None
    return "Nothing tells what kind it is; an entry of your own in the model profiles does."


def _recognised(
    catalog: Catalog, profiles: Profiles, *, edits: bool = False
) -> Iterator[tuple[str, Profile]]:
    for name in installed_models(catalog):
        profile = _recognise(name, catalog, profiles)
        if profile is not None and why_not(name, catalog, profiles, edits=edits) is None:
            yield name, profile


def _usable(catalog: Catalog, profiles: Profiles, *, edits: bool = False) -> tuple[str, ...]:
    """Return the models that make pictures here, whether or not all their files are there."""
    return tuple(
        name
        for name in installed_models(catalog)
        if why_not(name, catalog, profiles, edits=edits) is None
    )


def _of_family(typed: str, catalog: Catalog, profiles: Profiles, *, edits: bool) -> tuple[str, ...]:
    """Return the models of the family that was typed in place of a name: ``sd15``, ``SD 1.5``."""
    wanted = _letters(typed)
    return tuple(
        name
        for name, profile in _recognised(catalog, profiles, edits=edits)
        if wanted in (_letters(profile.family), _letters(profile.label))
    )


def _recognise(name: str, catalog: Catalog, profiles: Profiles) -> Profile | None:
    return profiles.recognise(name, catalog.metadata.get(name))


def known_or_guessed(
    name: str, catalog: Catalog, profiles: Profiles
) -> tuple[Profile, tuple[Note, ...]]:
    """Return how a model is run; when nothing tells, the likeliest, with a note that says so."""
    known = _recognise(name, catalog, profiles)
    if known is not None:
        return known, ()
    guess = profiles["sd15" if any(matches(word, name) for word in _OLD) else "sdxl"]
    text = (
        f"Model: {name}. Nothing tells what kind it is, so it is run like {guess.label}; "
        "an entry of your own in the model profiles sets it right."
    )
    return guess, (Note(parameter="model", message=text),)


def is_complete(name: str, profile: Profile, catalog: Catalog) -> bool:
    """Say whether all files that a model needs are there."""
    return what_is_missing(name, profile, catalog) is None


def what_is_missing(name: str, profile: Profile, catalog: Catalog) -> str | None:
    """Return which files a model needs that are not there, or that it lies in the wrong folder."""
    try:
        model_files(name, profile, catalog)
    except WorkflowError as error:
        return error.message
    return None


def _companions(
    wanted: tuple[tuple[str, ...], ...], installed: tuple[str, ...]
) -> list[tuple[str | None, str]]:
    """Return for each wanted file the installed one that does best, and its usual name."""
    return [
        (
            next((n for pattern in patterns for n in installed if matches(pattern, n)), None),
            patterns[0],
        )
        for patterns in wanted
    ]


def _missing(companions: list[tuple[str | None, str]], folder: str) -> list[str]:
    return [f"{folder}/{usual}.safetensors" for found, usual in companions if found is None]


def _unknown(typed: str, installed: tuple[str, ...]) -> PromptError:
    near = nearest(typed, installed, 3)
    if not near:
        some = ", ".join(installed[:5]) or "none"
        return _refusal(typed, f"No installed model is called {typed}. Installed: {some}.", None)
    message = f"No installed model is called {typed}. Did you mean {near[0]}?"
    return _refusal(typed, message, near[0])


def _refusal(
    typed: str, message: str, suggestion: str | None, hint: str | None = None
) -> PromptError:
    detail = Detail(
        parameter="model",
        value=typed,
        allowed="an installed model, or a part of its name",
        suggestion=suggestion,
        message=message,
    )
    return PromptError(message, details=[detail], hint=hint)


def _letters(name: str) -> str:
    return plain(basename(name)).replace("-", "")
