"""Names that have to be installed: the model, samplers, schedulers, LoRAs."""

from collections.abc import Iterator

from imagine.errors import PromptError
from imagine.image_request import Lora
from imagine.model_choice import choose_model, model_files, usable_models
from imagine.models import NoteLevel
from imagine.names import find, known_as, nearest, plain
from imagine.planning.desk import Desk
from imagine.prompt_links import links_of
from imagine.prompt_values import Weighted

# The flags whose pictures are to be recognised in what is made.
KEEPING = frozenset({"edit", "oref", "cref"})
# Looking for the nearest name takes its time, and so many are enough to see what is wrong.
MOST_UNKNOWN = 10


def settle_model(desk: Desk) -> None:
    """Choose the model: the typed one, that of the typed version, the owner's, or the best.

    Raises:
        WorkflowError: no model is installed that makes pictures from words.
    """
    typed = desk.text("model")
    default = _of_version(desk) or desk.defaults.model
    if desk.catalog is None:
        known = desk.profiles.recognise(typed or default or "")
        if known is not None and known.unsuitable is None:
            desk.profile = known
        return
    try:
        choice = choose_model(typed, default, desk.catalog, desk.profiles, edits=_edits(desk))
        model_files(choice.name, choice.profile, desk.catalog)
    except PromptError as error:
        desk.problems += (desk.placed(detail) for detail in error.details)
        return
    desk.model, desk.profile = choice.name, choice.profile
    desk.notes += choice.notes


def _edits(desk: Desk) -> bool:
    """Tell whether a model that changes pictures may be taken, and is better than another one.

    It keeps a person or a thing best; other pictures are for the model that the owner prefers.
    """
    assert desk.catalog is not None, "asked of an engine"
    if not links_of(desk.prompt):
        return False
    is_theirs = not KEEPING.isdisjoint(desk.typed)
    return is_theirs or "model" in desk.typed or not usable_models(desk.catalog, desk.profiles)


def _of_version(desk: Desk) -> str | None:
    """Return the model that the owner gave to the typed version of Midjourney."""
    for name, prefix in (("version", ""), ("niji", "niji ")):
        value = desk.text(name)
        model = desk.defaults.versions.get(f"{prefix}{value}") if value is not None else None
        if model is None:
            continue
        row = desk.prompt.vocabulary.by_name[name]
        if "model" in desk.typed:
            desk.leave_out(name, "--model says which model")
            return None
        desk.tell(name, f"{row.flag} {value} is made by {model} here.")
        return model
    return None


def settle_sampler(desk: Desk) -> tuple[str, str]:
    """Return the sampler and the scheduler as the engine lists them.

    Names of other programs may tell both: ``DPM++ 2M Karras``.
    """
    typed = desk.text("sampler")
    told = known_as(typed, desk.catalog.samplers) if typed and desk.catalog is not None else None
    sampler, scheduler = told or (typed, None)
    if scheduler is not None and "scheduler" not in desk.typed:
        desk.tell("sampler", f"--sampler {typed} is {sampler} with the scheduler {scheduler}.")
    return (
        _listed(desk, "sampler", sampler, desk.profile.sampler),
        _listed(desk, "scheduler", desk.text("scheduler") or scheduler, desk.profile.scheduler),
    )


def _listed(desk: Desk, name: str, typed: str | None, usual: str) -> str:
    """Return a sampler or scheduler as the engine lists it."""
    if desk.catalog is None:
        return typed or usual
    listed = desk.catalog.samplers if name == "sampler" else desk.catalog.schedulers
    if typed is None:
        if usual in listed or not listed:
            return usual
        text = f"This ComfyUI has no {name} {usual}, so {listed[0]} is used."
        desk.tell(name, text, NoteLevel.WARNING)
        return listed[0]
    wanted = plain(typed.replace("++", "pp"))
    found = next((entry for entry in listed if plain(entry) == wanted), None)
    if found is None:
        desk.refuse(name, typed, listed, nearest(wanted.replace("-", "_"), listed))
    return found or typed


def loras(desk: Desk) -> Iterator[Lora]:
    for item in desk.items("lora"):
        if not isinstance(item, Weighted):
            continue
        if len(desk.problems) >= MOST_UNKNOWN:
            return
        found = (item.value,) if desk.catalog is None else find(item.value, desk.catalog.loras)
        if len(found) == 1:
            yield Lora(found[0], item.weight)
        elif desk.catalog is not None:
            near = found or nearest(item.value, desk.catalog.loras, 3)
            desk.refuse("lora", item.value, desk.catalog.loras, near, ambiguous=bool(found))


def clip_skip(desk: Desk) -> int | None:
    layers = int(desk.number("clip_skip", 1))
    if layers == 1:
        return None  # what the model does by itself
    if not desk.profile.clip_skip:
        desk.leave_out("clip_skip", "this model has nothing like it")
        return None
    return layers
