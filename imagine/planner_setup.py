"""The planner that an owner's settings describe: for the server, and for ``imagine parse``."""

from collections.abc import Callable

from imagine.catalog import Catalog
from imagine.character_files import Characters
from imagine.defaults import Defaults
from imagine.planned import Inputs
from imagine.planner import Planner
from imagine.profiles import Profiles
from imagine.settings import Settings
from imagine.wildcards import Wildcards
from imagine.workflow_files import Registry


def planner_for(
    settings: Settings,
    profiles: Profiles,
    *,
    catalog: Callable[[], Catalog | None] = lambda: None,
    inputs: Inputs | None = None,
    registry: Registry | None = None,
    characters: Characters | None = None,
) -> Planner:
    """Return the planner; ``registry`` and ``characters`` are those that others look at too."""
    return Planner(
        profiles,
        catalog=catalog,
        wildcards=Wildcards(settings.wildcards).current,
        defaults=Defaults(
            model=settings.default_model,
            batch_mode=settings.batch_mode,
            presets=settings.presets,
            versions=settings.versions,
        ),
        inputs=inputs,
        registry=registry or Registry(settings.workflows, profiles=profiles),
        characters=characters or Characters(settings.characters),
    )
