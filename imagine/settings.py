"""The settings of a server: one frozen model, with the help texts and what each takes.

`imagine.settings_sources` reads them, once, in ``cli``; they are passed down from there.
"""

import ipaddress
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from imagine.models import Frozen

ENV_PREFIX = "IMAGINE_"
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
    storage: str = Field("disk", description="The kind of storage for pictures and uploads")
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
    workflows: Path = Field(
        Path("workflows"), description="Folder with ComfyUI workflows of your own"
    )
    characters: Path = Field(
        Path("characters.toml"), description="A TOML file with the characters of --character ID"
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

    @field_validator("output", "profiles", "wildcards", "workflows", "characters")
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


def is_table(name: str) -> bool:
    """Tell whether a setting is a table: it has no flag, and is JSON in the environment."""
    return Settings.model_fields[name].annotation == Mapping[str, str]


def version_name(typed: str) -> str:
    """Return a version as a prompt names it: ``v7`` and ``7.0`` are 7, ``niji6`` is niji 6."""
    name = typed.strip().lower().replace("-", "").removesuffix(".0")
    if name.startswith("niji"):
        return f"niji {name.removeprefix('niji').strip()}"
    return name.removeprefix("version").removeprefix("v").strip()


def is_everywhere(host: str) -> bool:
    """Tell whether this is every address of the machine: one to listen on, not one to call."""
    return host in ("0.0.0.0", "::")


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
