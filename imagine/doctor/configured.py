"""Checks of what is configured, which can be made without asking anybody."""

from pathlib import Path

from imagine.doctor.checks import Check, failed, ok, warning
from imagine.errors import SettingsError
from imagine.profiles import Profiles, load_profiles
from imagine.settings import EngineChoice, Settings, is_everywhere, is_loopback
from imagine.settings_sources import Loaded


def check_sources(loaded: Loaded) -> Check:
    """Say which sources the settings were read from; what cannot be read is no check but an end."""
    places = sorted({source for source in loaded.sources.values() if source != "default"})
    told = f"They were read from {', '.join(places)}." if places else "All are the defaults."
    return ok("settings.read", told)


def check_profiles(path: Path | None) -> tuple[Check, Profiles]:
    """Return the check of the owner's model profiles, and the profiles that can be used."""
    if path is None:
        return ok("settings.profiles", "There are none; those that come along are used."), (
            load_profiles()
        )
    try:
        return ok("settings.profiles", "They can be read."), load_profiles(path)
    except SettingsError as error:
        check = failed(
            "settings.profiles",
            error.message,
            error.hint or "Correct the file, or start Imagine without --profiles.",
        )
        return check, load_profiles()


def check_hosts(settings: Settings) -> Check:
    """Look whether those whom the address lets in are refused by their name."""
    if is_everywhere(settings.host) and not settings.allowed_hosts:
        return warning(
            "settings.hosts",
            "Other machines can connect, but each name and address but localhost is refused.",
            "Add the name or address that they type: --allowed-hosts NAME-OF-THIS-MACHINE.",
        )
    if is_loopback(settings.host) and settings.base_path and not settings.allowed_hosts:
        return warning(
            "settings.hosts",
            "A proxy is to show this server (--base-path), but only localhost is answered.",
            "Add the public name with --allowed-hosts, unless the proxy says Host: localhost.",
        )
    names = ", ".join(("localhost", *settings.allowed_hosts))
    return ok("settings.hosts", f"Browsers may come under {names}.")


def check_choice(settings: Settings, serving: str | None, answering: int) -> Check:
    """Say who makes the pictures.

    ``serving``: the kind of engine that serves, when a running server is asked. ``answering``: so
    many ComfyUIs answer.
    """
    if settings.engine is EngineChoice.SKETCH:
        return ok("engine.choice", "The sketch engine, as --engine sketch asks; no ComfyUI.")
    sketches = serving == "sketch" if serving else not answering
    if settings.engine is EngineChoice.COMFYUI or not sketches:
        wait = "" if answering else " None answers, so jobs wait."
        count = len(settings.comfyui_url)
        return ok("engine.choice", f"{'ComfyUI' if count == 1 else f'{count} ComfyUIs'}.{wait}")
    return warning(
        "engine.choice",
        "No ComfyUI answered, so the sketch engine stands in: quick procedural paintings."
        if not answering
        else "The sketch engine still stands in; a ComfyUI answers now, and takes the next jobs.",
        "Start ComfyUI, or say where it is with --comfyui-url; it is found while Imagine runs.",
    )
