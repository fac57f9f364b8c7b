"""Where settings come from: defaults < ``imagine.toml`` < ``IMAGINE_*`` environment < flags.

They are read here, in place of a settings library: a name that nobody knows is refused in every
source, every complaint is a sentence that names the source, and reading them costs a tenth of the
start-up time.
"""

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from imagine.errors import SettingsError
from imagine.settings import ENV_PREFIX, Settings, display, env_name, flag_name, is_table

CONFIG_NAME = "imagine.toml"
CONFIG_ENV = "IMAGINE_CONFIG"
PATHS = ("output", "profiles", "wildcards", "workflows", "characters")
# Settings whose own check says in a sentence what is wrong with a value.
OWN_WORDS = ("comfyui_url", "base_path", "trusted_proxy")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and for each of them the name of the source that won."""

    settings: Settings
    sources: Mapping[str, str]

    def rows(self) -> list[tuple[str, str, str]]:
        """Return (name, value, source) of every setting, as ``--show-config`` prints them."""
        return [
            (name, display(getattr(self.settings, name)), self.sources[name])
            for name in Settings.model_fields
        ]


def load(
    flags: Mapping[str, Any],
    *,
    environ: Mapping[str, str],
    folder: Path,
    config: Path | None = None,
) -> Loaded:
    """Merge all sources; ``flags`` holds only what was given on the command line.

    Args:
        flags: values by setting name.
        environ: the environment; ``IMAGINE_CONFIG`` names a file as ``config`` does.
        folder: where ``imagine.toml`` is looked for.
        config: a settings file that must exist, in place of the one in ``folder``.

    Raises:
        SettingsError: every problem of every source, one sentence each.
    """
    named = config or (Path(environ[CONFIG_ENV]) if environ.get(CONFIG_ENV) else None)
    path = named or folder / CONFIG_NAME
    from_file = _read_file(path) if named or path.exists() else {}
    from_env = _read_environment(environ)
    values = {**from_file, **from_env, **flags}
    sources = dict.fromkeys(Settings.model_fields, "default")
    sources |= dict.fromkeys(from_file, str(named or CONFIG_NAME))
    sources |= {name: env_name(name) for name in from_env}
    sources |= {name: flag_name(name) for name in flags}
    try:
        return Loaded(Settings.model_validate(values), sources)
    except ValidationError as error:
        sentences = [_sentence(problem, sources) for problem in error.errors()]
        raise SettingsError("\n".join(dict.fromkeys(sentences))) from error


def _read_file(path: Path) -> dict[str, Any]:
    try:
        # utf-8-sig: editors on Windows put a byte order mark in front
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be read: {error.strerror}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from error
    values = {key.replace("-", "_"): value for key, value in table.items()}
    _refuse_unknown(values, {name: name for name in Settings.model_fields}, f" in {path}")
    for name in PATHS:
        # A path in a file is meant from where the file lies.
        if isinstance(values.get(name), str):
            values[name] = path.parent / Path(values[name]).expanduser()
    return values


def _read_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what is set; an empty value counts as not set, as compose files write it."""
    ours = {name: value for name, value in environ.items() if name.startswith(ENV_PREFIX)}
    known = {env_name(name): name for name in Settings.model_fields}
    _refuse_unknown(ours, {**known, CONFIG_ENV: "config"}, " in the environment")
    return {known[name]: value for name, value in ours.items() if name in known and value}


def _refuse_unknown(given: Mapping[str, object], known: Mapping[str, str], where: str) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise SettingsError(
            "\n".join(f"There is no setting {name}{where}.{_hint(name, known)}" for name in unknown)
        )


def _hint(word: str, known: Mapping[str, str] | type[StrEnum]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""


def _sentence(problem: ErrorDetails, sources: Mapping[str, str]) -> str:
    """Turn one complaint of pydantic into a sentence that says where the value came from."""
    own_words = str(problem["ctx"]["error"]) if problem["type"] == "value_error" else ""
    if not problem["loc"]:
        return f"The {own_words}" if own_words else problem["msg"]
    name = str(problem["loc"][0])
    source = sources[name]
    where = source if source in (env_name(name), flag_name(name)) else f"{name} (from {source})"
    if name in OWN_WORDS and own_words:
        return f"{where}: {own_words}."
    value = problem["input"]
    shown = value if isinstance(value, str) else json.dumps(value, default=str)
    kind = Settings.model_fields[name].annotation
    choices = kind if isinstance(kind, type) and issubclass(kind, StrEnum) else None
    hint = _hint(str(value), choices) if choices else ""
    return f"{where} cannot be {shown or 'empty'}: it takes {takes(name)}.{hint}"


def takes(name: str) -> str:
    """Say which values a setting takes."""
    field = Settings.model_fields[name]
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "one of " + ", ".join(kind)
    if kind is bool:
        return "true or false"
    if kind is int:
        low = next(limit.ge for limit in field.metadata if hasattr(limit, "ge"))
        high = next(limit.le for limit in field.metadata if hasattr(limit, "le"))
        return f"a whole number from {low} to {high}"
    if kind == tuple[str, ...]:
        return "one or more texts"
    if is_table(name):
        return 'a table of names and texts, such as "6.1" = "sdxl"'
    return "a path" if name in PATHS else "a text"
