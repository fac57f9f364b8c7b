"""The settings of a server: one frozen model, and where each value came from.

Defaults < ``imagine.toml`` < ``IMAGINE_*`` environment < flags. They are read once, in ``cli``, and
passed down. This file reads its sources itself, in place of a settings library: a name that nobody
knows is refused in every source, every complaint is a sentence that names the source, and reading
them costs a tenth of the start-up time.
"""

import difflib
import ipaddress
import json
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from imagine.errors import SettingsError
from imagine.models import Frozen

CONFIG_NAME = "imagine.toml"
ENV_PREFIX = "IMAGINE_"
CONFIG_ENV = "IMAGINE_CONFIG"
PATHS = ("output", "profiles", "wildcards")
# Settings whose own check says in a sentence what is wrong with a value.
OWN_WORDS = ("comfyui_url", "base_path", "trusted_proxy")
LOOPBACK = "loopback"
LONGEST_BASE_PATH = 200
PATH_PART = re.compile(r"[A-Za-z0-9._~-]+")


class EngineChoice(StrEnum):
    """Who makes the pictures; ``auto`` looks for a ComfyUI and sketches when there is none."""

    AUTO = "auto"
    COMFYUI = "comfyui"
    SKETCH = "sketch"


class LogFormat(StrEnum):
    """How a log line looks: for a person or for a machine."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """The least important line that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class BatchMode(StrEnum):
    """How a set of pictures is sampled: one after the other, or as one latent batch."""

    ONE_BY_ONE = "one_by_one"
    TOGETHER = "together"


class Settings(Frozen):
    """Everything that can be set about a server; the descriptions are the help texts."""

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(
        8190,
        ge=0,
        le=65535,
        description="Port to listen on; when it is taken, the next free one (0 = any)",
    )
    comfyui_url: tuple[str, ...] = Field(
        ("http://127.0.0.1:8188",),
        min_length=1,
        description="Where ComfyUI is; several addresses are several engines",
    )
    output: Path = Field(Path("output"), description="Folder for the pictures and the database")
    engine: EngineChoice = Field(
        EngineChoice.AUTO,
        description="Who makes the pictures; auto takes ComfyUI when it answers, else sketches",
    )
    sketch_step_ms: int = Field(
        40,
        ge=0,
        le=60_000,
        description="How long a step of the sketch engine takes, in ms (0 = full speed)",
    )
    open: bool = Field(default=False, description="Open the page in the browser")
    allow_open: bool = Field(
        default=False,
        description="Allow an address that other machines can reach (there are no accounts yet)",
    )
    allowed_hosts: tuple[str, ...] = Field(
        (), description="Further host names under which browsers may reach this server"
    )
    allow_private_links: bool = Field(
        default=False,
        description="Let prompts name pictures in your own network, by link",
    )
    base_path: str = Field(
        "", description="The path under which a proxy shows this server, such as /imagine"
    )
    trusted_proxy: tuple[str, ...] = Field(
        (),
        description="Address or network of a proxy whose X-Forwarded headers are believed; "
        "loopback is this machine",
    )
    log_format: LogFormat = Field(LogFormat.TEXT, description="Log lines for people or machines")
    log_level: LogLevel = Field(LogLevel.INFO, description="The least important lines to log")
    batch_mode: BatchMode = Field(
        BatchMode.ONE_BY_ONE,
        description="Sample the pictures of a set one after the other, or as one latent batch",
    )
    max_waiting: int = Field(
        10_000,
        ge=1,
        le=1_000_000,
        description="How many jobs may wait before new ones are turned away",
    )
    job_timeout_s: int = Field(
        7200,
        ge=0,
        le=604_800,
        description="How long an engine may work on one job, in seconds (0 = as long as it takes)",
    )
    oom_retry: bool = Field(
        default=False,
        description="When memory runs out, free it and try once more, with half the batch",
    )
    min_free_mb: int = Field(
        200,
        ge=0,
        le=1_000_000,
        description="With less free space than this, in MB, the queue pauses (0 = never)",
    )
    default_model: str | None = Field(
        None, description="Model for prompts without --model; else the best one installed"
    )
    profiles: Path | None = Field(None, description="A TOML file with model profiles of your own")
    wildcards: Path = Field(
        Path("wildcards"), description="Folder with a text file for each wildcard __name__"
    )
    presets: Mapping[str, str] = Field({}, description="What --p NAME adds to a prompt, by name")
    versions: Mapping[str, str] = Field(
        {}, description="Models that stand for versions, such as 7 or niji 6"
    )

    @field_validator(
        "port", "sketch_step_ms", "max_waiting", "job_timeout_s", "min_free_mb", mode="before"
    )
    @classmethod
    def _refuse_truth_as_number(cls, value: object) -> object:
        if isinstance(value, bool):  # else pydantic reads true as 1
            raise ValueError("true is no number")
        return value

    @field_validator("comfyui_url", "allowed_hosts", "trusted_proxy", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("presets", "versions", mode="before")
    @classmethod
    def _read_json(cls, value: object) -> object:
        # The environment has no tables. What is no JSON is refused as the text that it is.
        if isinstance(value, str):
            with suppress(ValueError):
                return json.loads(value)
        return value

    @field_validator("versions")
    @classmethod
    def _normalise_versions(cls, versions: Mapping[str, str]) -> Mapping[str, str]:
        return {version_name(name): model for name, model in versions.items()}

    @field_validator("comfyui_url")
    @classmethod
    def _normalise_urls(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(web_address(url) for url in urls))

    @field_validator("base_path")
    @classmethod
    def _normalise_base_path(cls, path: str) -> str:
        return base_path(path)

    @field_validator("trusted_proxy")
    @classmethod
    def _normalise_networks(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_network_name(name) for name in names))

    @field_validator("output", "profiles", "wildcards")
    @classmethod
    def _expand_home(cls, path: Path | None) -> Path | None:
        return path.expanduser() if path is not None else None

    @model_validator(mode="after")
    def _keep_strangers_out(self) -> Self:
        if not (self.allow_open or is_loopback(self.host)):
            raise ValueError(
                f"host {self.host or '(empty)'} can be reached by other machines, and everybody "
                "who reaches this server may use it: there are no accounts yet. Add --allow-open "
                "if that is what you want, or leave the host at 127.0.0.1."
            )
        return self


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


def flag_name(name: str) -> str:
    return "--" + name.replace("_", "-")


def env_name(name: str) -> str:
    return ENV_PREFIX + name.upper()


def display(value: object) -> str:
    """Write a value for a person; a password within an address is left out."""
    match value:
        case None:
            return "-"
        case bool():
            return "true" if value else "false"
        case Mapping():
            return json.dumps(dict(value), ensure_ascii=False) if value else "-"
        case tuple():
            return ", ".join(_without_password(str(part)) for part in value) or "-"
        case _:
            return str(value)


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


def is_table(name: str) -> bool:
    """Tell whether a setting is a table: it has no flag, and is JSON in the environment."""
    return Settings.model_fields[name].annotation == Mapping[str, str]


def version_name(typed: str) -> str:
    """Return a version as a prompt names it: ``v7`` and ``7.0`` are 7, ``niji6`` is niji 6."""
    name = typed.strip().lower().replace("-", "").removesuffix(".0")
    if name.startswith("niji"):
        return f"niji {name.removeprefix('niji').strip()}"
    return name.removeprefix("version").removeprefix("v").strip()


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a server that listens on ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def base_path(text: str) -> str:
    """Return a path with a slash in front and none behind: ``imagine/`` is ``/imagine``.

    Raises:
        ValueError: it is none, with a sentence that says so.
    """
    path = text.strip().removeprefix("/").removesuffix("/")
    parts = path.split("/") if path else []
    if len(path) > LONGEST_BASE_PATH or not all(map(_is_path_part, parts)):
        raise ValueError(
            f"{text[:80]} is no path, such as /imagine or /art/imagine: it takes letters, digits "
            "and . _ ~ - between single slashes, and no part that is only dots"
        )
    return "".join(f"/{part}" for part in parts)


def _is_path_part(part: str) -> bool:
    return PATH_PART.fullmatch(part) is not None and part.strip(".") != ""


def _network_name(text: str) -> str:
    if text.strip().lower() in (LOOPBACK, "localhost"):
        return LOOPBACK
    found = network(text)
    return str(found if found.num_addresses > 1 else found.network_address)


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Return the network that is meant by an address or a network.

    Raises:
        ValueError: it is neither, with a sentence that says so.
    """
    try:
        given = ipaddress.ip_interface(text.strip())
    except ValueError:
        raise ValueError(
            f"{text[:80]} is no address or network, such as 127.0.0.1, 10.0.0.0/8, fd00::/8 "
            "or loopback"
        ) from None
    if given.ip != given.network.network_address:
        raise ValueError(
            f"{text[:80]} is one address of the network {given.network}: give {given.ip} or "
            f"{given.network}"
        )
    return given.network


def web_address(text: str) -> str:
    """Return an address without its last slash; ``localhost:8188`` is enough to type.

    Raises:
        ValueError: it is none, with a sentence that says so.
    """
    address = text if "://" in text else f"http://{text}"
    if not _is_web_address(address):
        raise ValueError(f"{text or 'nothing'} is no web address, such as http://127.0.0.1:8188")
    return address.rstrip("/")


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        place = parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that does not close
        return False
    plain = not (parts.query or parts.fragment or any(map(str.isspace, address)))
    return parts.scheme in ("http", "https") and bool(place) and plain


def _without_password(text: str) -> str:
    parts = urlsplit(text)
    if parts.password is None:
        return text
    return parts._replace(netloc=f"{parts.username}:***@{parts.netloc.rpartition('@')[2]}").geturl()


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
