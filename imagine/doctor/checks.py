"""What a check is: a hop with an id that stays, what was found there, and what to do about it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

# Every check there is, in the order of the report; docs/troubleshooting.md tells each of them.
TITLES: Mapping[str, str] = {
    "settings.read": "Settings",
    "settings.profiles": "Model profiles of your own",
    "settings.hosts": "Host names",
    "disk.output": "Output folder",
    "disk.space": "Free space",
    "disk.thumbnails": "Folder of the small pictures",
    "disk.trash": "Trash",
    "disk.lock": "Lock of the output folder",
    "database.file": "Database file",
    "database.version": "Database version",
    "database.sound": "Database integrity",
    "engine.choice": "Choice of the engine",
    "engine.reach": "Way to ComfyUI",
    "engine.guard": "Login of ComfyUI",
    "engine.comfyui": "What answers",
    "engine.version": "ComfyUI version",
    "engine.socket": "WebSocket of ComfyUI",
    "engine.previews": "Previews",
    "engine.upload": "Uploads to ComfyUI",
    "engine.nodes": "Nodes",
    "engine.models": "Models",
    "engine.memory": "Memory",
    "engine.metadata": "Graphs in the pictures",
    "engine.flags": "Flags of ComfyUI",
    "engine.clock": "Clock of ComfyUI",
    "server.reach": "Way to Imagine",
    "server.host": "Name of the server",
    "server.version": "Server version",
    "server.base_path": "Links of the page",
    "server.websocket": "Live socket",
    "server.events": "Server-Sent Events",
    "server.upload": "Uploads through the proxy",
    "server.clock": "Clock of the server",
}


class Status(StrEnum):
    """How a hop is. ``skipped``: it could not be looked at, because an earlier one failed."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One hop as it was found. ``fix`` is set when there is something to do.

    ``details`` are JSON; ``engine`` or ``server`` among them says whose hop it is.
    """

    id: str
    status: Status
    message: str
    fix: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return TITLES[self.id]

    def body(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"id": self.id, "title": self.title, **asdict(self), "status": str(self.status)}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All checks of one look, who looked, and when (RFC 3339, UTC)."""

    checks: tuple[Check, ...]
    version: str
    checked_at: str

    def body(self) -> dict[str, Any]:
        return {
            "checks": [check.body() for check in self.checks],
            "version": self.version,
            "checked_at": self.checked_at,
        }

    def count(self, status: Status) -> int:
        return sum(check.status is status for check in self.checks)


def ok(check_id: str, message: str, **details: Any) -> Check:
    return Check(check_id, Status.OK, message, None, details)


def warning(check_id: str, message: str, fix: str, **details: Any) -> Check:
    return Check(check_id, Status.WARNING, message, fix, details)


def failed(check_id: str, message: str, fix: str, **details: Any) -> Check:
    return Check(check_id, Status.FAILED, message, fix, details)


def skipped(check_id: str, because: str, **details: Any) -> Check:
    return Check(check_id, Status.SKIPPED, f"Not checked, because {because}.", None, details)


def skip_all(ids: Iterable[str], because: str, **details: Any) -> list[Check]:
    """Return what follows a failed hop."""
    return [skipped(check_id, because, **details) for check_id in ids]


def clock(check_id: str, skew_s: float | None, *, most_s: float, so: str = "") -> Check:
    """Judge by how much another machine's clock is ahead of ours; ``so`` is what comes of it."""
    if skew_s is None:
        return ok(check_id, "It does not tell the time.")
    if abs(skew_s) > most_s:
        side = "ahead" if skew_s > 0 else "behind"
        return warning(
            check_id,
            f"Its clock is {abs(skew_s):.0f} s {side} of ours{so}.",
            "Let both machines set their clocks by the network (NTP).",
            skew_s=round(skew_s),
        )
    return ok(check_id, "It agrees with ours.", skew_s=round(skew_s))
