"""The outermost layer: request ids, the one error shape, and the headers of every answer."""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web

from imagine.app_keys import CALLERS
from imagine.errors import (
    EngineUnavailableError,
    ErrorBody,
    ImagineError,
    QueueFullError,
    StorageError,
)
from imagine.ids import new_id
from imagine.logs import client, request_id
from imagine.routes.callers import CALLER

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

REQUEST_ID_KEY = web.RequestKey("request_id", str)
REQUEST_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# What aiohttp says in the headers of an error, beside the body that is replaced.
KEPT_HEADERS = ("Allow", "Content-Range")
# After so long it is worth asking again whether an engine is back.
ENGINE_RETRY_S = 5
# The same, whether the disk takes what it is given.
DISK_RETRY_S = 10


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give each request its id, refuse strangers, and turn every failure into the one shape."""
    given = request.headers.get("X-Request-ID", "")
    name = given if REQUEST_ID.fullmatch(given) else new_id()
    callers = request.app[CALLERS]
    caller = callers.identify(request)
    tokens = request_id.set(name), client.set(caller.address)
    request[REQUEST_ID_KEY] = name
    request[CALLER] = caller
    try:
        callers.check(request, caller)
        return await handler(request)
    except ImagineError as error:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.warning("%s %s: %s", request.method, request.path, error.message)
        return error_response(request, error.status, error.body(name), extra_headers(error))
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        body = http_error_body(request, error, name)
        headers = {name: error.headers[name] for name in KEPT_HEADERS if name in error.headers}
        return error_response(request, error.status, body, headers)
    except ConnectionError:
        raise
    except Exception:
        logger.exception("%s %s failed", request.method, request.path)
        body = ErrorBody(
            code="internal_error",
            message="Something went wrong inside Imagine.",
            hint=f"The log has the reason under request {name}.",
            request_id=name,
        )
        return error_response(request, HTTPStatus.INTERNAL_SERVER_ERROR, body)
    finally:
        request_id.reset(tokens[0])
        client.reset(tokens[1])


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the request id and the safety headers on every answer; a signal handler."""
    response.headers["X-Request-ID"] = request.get(REQUEST_ID_KEY, "-")
    response.headers.update(SECURITY_HEADERS)


def extra_headers(error: ImagineError) -> Mapping[str, str]:
    if isinstance(error, QueueFullError):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, EngineUnavailableError):
        return {"Retry-After": str(ENGINE_RETRY_S)}
    if isinstance(error, StorageError):
        return {"Retry-After": str(DISK_RETRY_S)}
    return {}


def http_error_body(request: web.Request, error: web.HTTPException, name: str) -> ErrorBody:
    """Say in our words what aiohttp refused."""
    match error.status:
        case HTTPStatus.NOT_FOUND:
            code, message = "not_found", f"There is nothing at {request.path}."
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = ", ".join(sorted(getattr(error, "allowed_methods", ()) or ()))
            code, message = "method_not_allowed", f"{request.path} takes {allowed}."
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            code, message = "too_large", "The body is larger than 1 MiB."
        case HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            code, message = "bad_range", "The file has no such range."
        case _:
            code, message = "bad_request", error.reason
    return ErrorBody(code=code, message=message, request_id=name)


def error_response(
    request: web.Request, status: int, body: ErrorBody, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return the one error shape: ``{"error": {...}}``.

    JSON may escape half of a character, and UTF-8 holds none: one that is quoted becomes ``?``.
    """
    text = json.dumps({"error": body.model_dump()}, ensure_ascii=False, separators=(",", ":"))
    return web.Response(
        status=status,
        body=text.encode(errors="replace"),
        content_type="application/json",
        headers=headers,
    )
