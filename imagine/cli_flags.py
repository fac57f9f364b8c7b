"""What the commands share: flags, the settings that they stand for, and errors as sentences."""

import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from imagine.errors import ImagineError, SettingsError
from imagine.settings import Settings, display, flag_name, is_everywhere, is_table, web_address
from imagine.settings_sources import Loaded, load

Save = Annotated[Path | None, typer.Option(metavar="DIR", help="Save the pictures in this folder.")]
Server = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Address of the server; else the one of the settings."),
]
Config = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Settings file, in place of ./imagine.toml.")
]
Mask = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where it is white, the picture is painted anew."),
]
Aspect = Annotated[str | None, typer.Option(metavar="W:H", help="The new shape.")]

USAGE_EXIT = 2


def settings_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes ``**flags`` a flag for each setting; None = not given."""
    own = [
        parameter
        for parameter in inspect.signature(command).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    flags = (_flag(name) for name in Settings.model_fields if not is_table(name))
    signature = inspect.Signature([*own, *flags])
    command.__signature__ = signature  # type: ignore[attr-defined]  # typer reads it
    return command


def _flag(name: str) -> inspect.Parameter:
    field = Settings.model_fields[name]
    kind, spelling, text = field.annotation, flag_name(name), field.description
    accepted: Any = str  # `Settings` judges the value, in the same words for every source
    if kind is bool:
        accepted, spelling = bool, f"{spelling}/--no-{spelling[2:]}"
    elif kind == tuple[str, ...]:
        accepted, text = list[str], f"{text}; may be repeated"
    if field.default and kind is not bool:
        text = f"{text} (default: {display(field.default)})"
    option = typer.Option(spelling, help=f"{text}.", metavar=_metavar(name), show_default=False)
    annotation = Annotated[accepted | None, option]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _metavar(name: str) -> str | None:
    """Return what stands for the value in the help: ``--port N``."""
    kind = Settings.model_fields[name].annotation
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "|".join(kind)
    if kind in (bool, int):
        return "N" if kind is int else None
    names = {
        "base_path": "PATH",
        "comfyui_url": "URL",
        "output": "DIR",
        "profiles": "FILE",
        "trusted_proxy": "ADDRESS",
        "wildcards": "DIR",
        "workflows": "DIR",
        "characters": "FILE",
    }
    return names.get(name, "NAME")


@contextmanager
def told() -> Iterator[None]:
    """Tell our errors as sentences, in place of a traceback."""
    try:
        yield
    except ImagineError as error:
        typer.echo(error.message, err=True)
        if error.hint:
            typer.echo(error.hint, err=True)
        raise typer.Exit(USAGE_EXIT if isinstance(error, SettingsError) else 1) from error


def read_settings(flags: dict[str, Any], config: Path | None = None) -> Loaded:
    """Read all sources; ``flags`` may hold None for what was not given."""
    given = {name: value for name, value in flags.items() if value is not None}
    loaded = load(given, environ=os.environ, folder=Path.cwd(), config=config)
    if loaded.settings.presets or loaded.settings.versions:
        from imagine.prompt_presets import check_names

        check_names(loaded.settings.presets, loaded.settings.versions, loaded.sources)
    if loaded.sources["storage"] != "default":
        from imagine.storage import check_kind

        check_kind(loaded.settings.storage)
    return loaded


@told()
def server_address(given: str | None) -> str:
    """Return where to ask: what was given, else where the settings let a server listen."""
    if given is not None:
        try:
            return web_address(given)
        except ValueError as error:
            raise SettingsError(f"--server: {error}.") from error
    return own_address(read_settings({}).settings)


def own_address(settings: Settings) -> str:
    host = "127.0.0.1" if is_everywhere(settings.host) else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
