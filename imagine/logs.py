"""What the log looks like: lines for people or for machines, each with its request."""

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

from imagine.settings import LogFormat, LogLevel

# Set by the server's middleware while it serves a request; tasks begun meanwhile inherit it.
request_id: ContextVar[str] = ContextVar("request_id", default="-")
client: ContextVar[str] = ContextVar("client", default="-")

# These tell at INFO what we tell ourselves, or what nobody asked for.
QUIET = ("aiohttp.access", "alembic", "asyncio", "PIL", "sqlalchemy", "websockets")

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

# A prompt may hold line breaks and escape sequences: a line of the log stays one line of text.
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code != 9}


def configure(log_format: LogFormat, level: LogLevel, stream: TextIO | None = None) -> None:
    """Send every log line to ``stream`` (standard error); calling it again replaces the first."""
    handler = OurHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format is LogFormat.JSON else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [old for old in root.handlers if not isinstance(old, OurHandler)]
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)


class OurHandler(logging.StreamHandler[TextIO]):
    """The one handler that ``configure`` put there."""


class TextFormatter(logging.Formatter):
    """One line a record: time, level, room, message, extras, request and who sent it."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        message = record.getMessage().translate(_CONTROL)
        extras = "".join(
            f" {key}={str(value).translate(_CONTROL)}" for key, value in _extras(record).items()
        )
        request = request_id.get()
        line = f"{time} {record.levelname.lower():7} {_room(record)}: {message}{extras}"
        if request != "-":
            sender = "" if client.get() == "-" else f" from {client.get()}"
            line += f" [{request.translate(_CONTROL)}{sender}]"
        return line if record.exc_info is None else f"{line}\n{_trace(record)}"


class JsonFormatter(logging.Formatter):
    """One JSON object a record; extras stand beside the usual fields."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = _extras(record) | {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get(),
            "client": client.get(),
        }
        if record.exc_info is not None:
            entry["traceback"] = _trace(record)
        return json.dumps(entry, ensure_ascii=False, default=str)


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    """Return what the caller gave as ``extra``, such as the id of the job."""
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _room(record: logging.LogRecord) -> str:
    return record.name.removeprefix("imagine.")


def _trace(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    return "".join(traceback.format_exception(error)).rstrip() if error else ""
