"""The planner that an owner's settings describe: for the server, and for ``imagine parse``."""

from collections.abc import Callable

from imagine.catalog import Catalog
from imagine.defaults import Defaults
from imagine.planner import Inputs, Planner
from imagine.profiles import Profiles
from imagine.settings import Settings
from imagine.wildcards import Wildcards


def planner_for(
    settings: Settings,
    profiles: Profiles,
    *,
    catalog: Callable[[], Catalog | None] = lambda: None,
    inputs: Inputs | None = None,
) -> Planner:
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
    )
