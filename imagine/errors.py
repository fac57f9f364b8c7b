"""Every error that Imagine tells a person, and the one shape in which it is told.

::

    ImagineError
    ├── PromptError            a prompt or an option that cannot be (422)
    ├── RequestError           a request that cannot be read or served (4xx)
    │   ├── MalformedError         400
    │   ├── ForbiddenError         403
    │   ├── NotFoundError          404
    │   ├── ConflictError          409
    │   ├── TooLargeError          413
    │   ├── UnsupportedMediaError  415
    │   └── QueueFullError         429
    ├── WorkflowError          a graph that this engine cannot run (422)
    ├── EngineError            ComfyUI said no, or said nothing
    │   ├── EngineUnavailableError 503, nobody answers: the job waits
    │   ├── EngineTimeoutError     504
    │   └── EngineRejectedError    502, the graph was refused
    ├── JobError               a job that ended badly while it ran
    ├── StorageError           the disk or the database refused (503)
    └── SettingsError          a setting that cannot be: told in the terminal, before we serve

A message says what is wrong and what would work, for the person who typed the prompt. ``hint`` is
the next step, one sentence. ``details`` name each single problem, with its place in the prompt.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

# The codes of a `StorageError` that say what is wrong with the disk.
DISK_FULL, DISK_UNWRITABLE = "disk_full", "disk_unwritable"


class Detail(BaseModel):
    """One problem: which parameter, what was given, what is allowed, where it stands.

    Units: ``start`` and ``end`` count Unicode code points of the prompt as it was sent.
    """

    model_config = ConfigDict(frozen=True)

    parameter: str | None = None
    value: str | None = None
    allowed: str | None = None
    start: int | None = None
    end: int | None = None
    suggestion: str | None = None
    message: str | None = None


class ErrorBody(BaseModel):
    """The error object of every answer and of every failed job."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    hint: str | None = None
    request_id: str | None = None
    details: tuple[Detail, ...] = ()


class ImagineError(Exception):
    """Base of all errors that have a sentence for a person."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500

    def __init__(
        self,
        message: str,
        *,
        details: Sequence[Detail] = (),
        hint: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)
        self.hint = hint
        self.error_code = code or self.code

    def body(self, request_id: str | None = None) -> ErrorBody:
        return ErrorBody(
            code=self.error_code,
            message=self.message,
            hint=self.hint,
            request_id=request_id,
            details=self.details,
        )


class PromptError(ImagineError):
    """A prompt or an option that cannot be; ``details`` holds every problem found."""

    code = "invalid_parameter"
    status = 422

    def named(self, names: Mapping[str, str]) -> "PromptError":
        """Return the error with the field or flag of each value that does not say where it stood.

        ``names``: by value.
        """
        details = [
            detail.model_copy(update={"parameter": names.get(detail.value or "")})
            if detail.parameter is None
            else detail
            for detail in self.details
        ]
        return PromptError(self.message, details=details, hint=self.hint, code=self.error_code)


class RequestError(ImagineError):
    """A request that cannot be read or served."""

    code = "bad_request"
    status = 400


class MalformedError(RequestError):
    """The body or the query is not what this route reads."""


class ForbiddenError(RequestError):
    """The Host or the Origin is not one of ours."""

    code = "forbidden"
    status = 403


class NotFoundError(RequestError):
    """There is no such thing."""

    code = "not_found"
    status = 404


class ConflictError(RequestError):
    """The thing is there, but not in a state in which this can be done."""

    code = "conflict"
    status = 409


class TooLargeError(RequestError):
    """A body or a picture is larger than this route takes."""

    code = "too_large"
    status = 413


class UnsupportedMediaError(RequestError):
    """The body is of a kind that this route does not read."""

    code = "unsupported_media_type"
    status = 415


class QueueFullError(RequestError):
    """The queue is at its bound."""

    code = "queue_full"
    status = 429

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class WorkflowError(ImagineError):
    """A graph that this engine cannot run: a missing node, model or value."""

    code = "invalid_workflow"
    status = 422


class EngineError(ImagineError):
    """ComfyUI said no, or said nothing."""

    code = "engine_error"
    status = 502


class EngineUnavailableError(EngineError):
    """Nobody answers; what waits goes on waiting."""

    code = "engine_unavailable"
    status = 503


class EngineTimeoutError(EngineError):
    """The engine took longer to answer than we wait."""

    code = "engine_timeout"
    status = 504


class EngineRejectedError(EngineError):
    """The engine refused the graph."""

    code = "engine_rejected"


class JobError(ImagineError):
    """A job that ended badly while it ran."""

    code = "job_failed"


class StorageError(ImagineError):
    """The disk or the database refused."""

    code = "storage_error"
    status = 503


class SettingsError(ImagineError):
    """A setting that cannot be; it is told in the terminal, before anything is served."""

    code = "invalid_settings"
