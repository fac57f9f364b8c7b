"""Reading what a request brings: JSON bodies, queries and headers, each refused in one sentence."""

import hashlib
import json
import math
import re
from typing import Annotated, Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from imagine.errors import Detail, MalformedError, PromptError, UnsupportedMediaError
from imagine.models import Once

Model = TypeVar("Model", bound=BaseModel)

LONGEST_WAIT_S = 300
KEY = re.compile(r"[!-~]{1,200}")
WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])", re.ASCII | re.IGNORECASE)


def whole_number(value: object) -> object:
    """Let 5.0 pass as 5, as JSON Schema does; true and "5" are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("it must be a whole number")
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        raise ValueError("it must be a whole number")
    return int(value)


JsonInt = Annotated[int, BeforeValidator(whole_number)]


class Body(BaseModel):
    """A JSON body; it refuses fields that it does not know."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """A query string; it refuses names that it does not know."""

    model_config = ConfigDict(extra="forbid")


async def read_body(request: web.Request, model: type[Model]) -> Model:
    """Read the JSON body of a request.

    Raises:
        UnsupportedMediaError: it is not announced as JSON.
        MalformedError: it is broken, not JSON, or not an object.
        PromptError: a field is missing, unknown or of a wrong type.
    """
    return checked(model, await read_object(request))


async def read_object(request: web.Request) -> dict[str, Any]:
    """Read the JSON body of a request, whatever fields it has.

    Raises:
        UnsupportedMediaError: it is not announced as JSON.
        MalformedError: it is broken, not JSON, or not an object.
    """
    if request.content_type != "application/json":
        raise UnsupportedMediaError(
            f"{request.path} reads application/json, not {request.content_type}.",
            hint="Send the header Content-Type: application/json.",
        )
    try:
        data = whole_json(await request.read())
    except web.RequestPayloadError as error:
        raise MalformedError(
            "The body is not encoded as its headers say.", hint="Send it without Content-Encoding."
        ) from error
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"The body is not JSON: {error}.") from error
    if not isinstance(data, dict):
        raise MalformedError("The body is not a JSON object.")
    return data


def whole_json(text: str | bytes) -> Any:
    """Read JSON as its standard has it, without NaN and infinities.

    Raises:
        ValueError, RecursionError: it is none.
    """
    return json.loads(text, parse_constant=_refuse_constant)


def checked(model: type[Model], data: dict[str, Any]) -> Model:
    """Return a body as its model.

    Raises:
        PromptError: a field is missing, unknown or of a wrong type.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise PromptError(**_problems(error, "The body")) from error


def read_query(request: web.Request, model: type[Model]) -> Model:
    """Read the query of a request; a name given twice is refused.

    Raises:
        MalformedError: a name that is unknown, given twice, or whose value cannot be.
    """
    query = request.query
    if len(query) != len(set(query)):
        raise MalformedError("The query gives one name twice.")
    try:
        return model.model_validate(dict(query))
    except ValidationError as error:
        raise MalformedError(**_problems(error, "The query")) from error


def read_wait(request: web.Request) -> int:
    """Return the seconds of ``Prefer: wait=N``; 0 without one (RFC 7240, 2 and 4.3)."""
    found = WAIT.search(",".join(request.headers.getall("Prefer", ())))
    return min(int(found[1]), LONGEST_WAIT_S) if found else 0


async def read_once(request: web.Request, content: bytes | None = None) -> Once | None:
    """Read the Idempotency-Key of a request, with a digest of what was sent under it.

    ``content``: what was sent, where the bytes of the body are not what counts.

    Raises:
        MalformedError: the key is empty, too long or not plain ASCII.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not KEY.fullmatch(key):
        raise MalformedError("An Idempotency-Key is 1–200 visible ASCII characters.")
    # Two jobs may be asked for the same.
    digest = hashlib.sha256(request.match_info.get("id", "").encode())
    digest.update(await request.read() if content is None else content)
    return Once(key=key, fingerprint=digest.hexdigest())


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _problems(error: ValidationError, whole: str) -> dict[str, Any]:
    details = [_detail(problem) for problem in error.errors(include_url=False)]
    first = details[0]
    return {"message": f"{whole} is wrong: {first.message}", "details": details}


def _detail(problem: ErrorDetails) -> Detail:
    name = ".".join(str(part) for part in problem["loc"]) or None
    match problem["type"]:
        case "extra_forbidden":
            message = f"there is no {name} here."
        case "missing":
            message = f"{name} is missing."
        case _:
            reason = problem["msg"].removeprefix("Value error, ")
            message = f"{name}: {reason[:1].lower()}{reason[1:]}."
    given = problem["input"]
    return Detail(
        parameter=name,
        value=None if problem["type"] == "missing" else str(given)[:200],
        message=message,
    )
