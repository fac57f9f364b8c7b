"""What every installed model was taken for, and why: for ``imagine models`` and the page.

Apart from the choice of a model, which needs the answer only: here it is told to a person, who
corrects it with an entry in the model profiles.
"""

from dataclasses import dataclass
from typing import Any

from imagine.catalog import Catalog
from imagine.model_choice import (
    installed_models,
    is_complete,
    known_or_guessed,
    usable_models,
    what_is_missing,
    why_not,
)
from imagine.names import basename
from imagine.profiles import Evidence, Profile, Profiles
from imagine.sizes import fit_aspect


@dataclass(frozen=True, slots=True)
class Recognised:
    """A model file: the profile it is run with, what told it, and what is wrong with it, if any.

    ``reason`` is the end of a sentence ("its name fits *sd_xl*"), ``problem`` a whole one.
    """

    profile: Profile | None
    reason: str
    problem: str | None


def explain_model(name: str, catalog: Catalog, profiles: Profiles) -> Recognised:
    """Say what an installed model was taken for and why, and why it cannot be used."""
    evidence = profiles.evidence(name, catalog.metadata.get(name))
    problem = why_not(name, catalog, profiles)
    if evidence is not None:
        missing = what_is_missing(name, evidence.profile, catalog)
        if problem is None or evidence.profile.edit is not None:
            problem = " ".join(part for part in (problem, missing) if part) or None
        return Recognised(evidence.profile, _reason(evidence, profiles), problem)
    if problem is not None:
        return Recognised(None, "nothing tells what it is", problem)
    guess, _ = known_or_guessed(name, catalog, profiles)
    return Recognised(guess, f"nothing tells what it is; taken for {guess.label}", None)


def describe_models(
    catalog: Catalog, profiles: Profiles, default: str | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return, ready for JSON, the models that make pictures from words, and the others."""
    usable = dict(usable_models(catalog, profiles))
    found = {name: explain_model(name, catalog, profiles) for name in installed_models(catalog)}
    models = [
        _entry(name, found[name]) | {"default": name == default} | _usual(profile)
        for name, profile in usable.items()
    ]
    others = [
        _entry(name, one) | {"problem": one.problem, "edits": _can_edit(name, one, catalog)}
        for name, one in found.items()
        if name not in usable
    ]
    return models, others


def _entry(name: str, found: Recognised) -> dict[str, Any]:
    profile = found.profile
    return {
        "name": name,
        "label": basename(name),
        "family": profile.family if profile is not None else None,
        "family_label": profile.label if profile is not None else None,
        "reason": found.reason,
    }


def _usual(profile: Profile) -> dict[str, Any]:
    """Return what is used with a model unless a flag says otherwise."""
    width, height = fit_aspect(1, 1, pixels=profile.pixels, step=profile.step, grid=profile.grid)
    return {
        "width": width,
        "height": height,
        "steps": profile.steps,
        "cfg": profile.cfg,
        "sampler": profile.sampler,
        "scheduler": profile.scheduler,
        "negative": profile.negative,
    }


def _reason(evidence: Evidence, profiles: Profiles) -> str:
    told = []
    if evidence.header is not None:
        told.append(f"its header says {evidence.header}")
    if evidence.pattern is not None:
        told.append(f"its name fits {evidence.pattern}")
    own = f" (your profile {evidence.profile.id})" if evidence.profile.id in profiles.own else ""
    return " and ".join(told) + own


def _can_edit(name: str, found: Recognised, catalog: Catalog) -> bool:
    """Say whether a model is of use when the prompt brings a picture to change."""
    profile = found.profile
    if profile is None or profile.edit is None:
        return False
    return is_complete(name, profile, catalog)
