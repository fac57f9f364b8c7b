"""The API described by its own handlers: a decorator, and the OpenAPI 3.1 document made from it."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from imagine import __version__
from imagine.errors import ErrorBody

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PREFIX = "#/components/schemas/"


class ErrorAnswer(BaseModel):
    """The shape of every error."""

    error: ErrorBody


@dataclass(frozen=True, slots=True)
class Operation:
    """One route of the API: where it is, what it reads, what it answers."""

    method: str
    path: str
    handler: Handler
    summary: str
    body: type[BaseModel] | None = None
    # Further kinds of body, by media type, as JSON schemas.
    forms: Mapping[str, Mapping[str, Any]] | None = None
    query: type[BaseModel] | None = None
    # A model, or a media type; None is an answer without a body.
    answers: Mapping[int, type[BaseModel] | str | None] | None = None
    headers: Mapping[str, str] | None = None
    errors: tuple[int, ...] = ()


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the OpenAPI document of these routes."""
    operations = list(operations)
    models: dict[tuple[type[BaseModel], Any], None] = {(ErrorAnswer, "serialization"): None}
    for operation in operations:
        if operation.body is not None:
            models[operation.body, "validation"] = None
        for answer in (operation.answers or {}).values():
            if isinstance(answer, type):
                models[answer, "serialization"] = None
    refs, definitions = models_json_schema(list(models), ref_template=PREFIX + "{model}")
    paths: dict[str, Any] = {}
    for operation in operations:
        entry = _operation(operation, refs)
        paths.setdefault(operation.path, {})[operation.method.lower()] = entry
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Imagine",
            "version": __version__,
            "summary": "The Midjourney you run at home",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": definitions.get("$defs", {})},
    }


def _operation(operation: Operation, refs: Mapping[Any, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operationId": "_".join(
            [operation.method.lower(), *re.findall(r"\w+", operation.path)],
        ),
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": _responses(operation, refs),
    }
    content = {kind: {"schema": schema} for kind, schema in (operation.forms or {}).items()}
    if operation.body is not None:
        content = {"application/json": {"schema": refs[operation.body, "validation"]}, **content}
    if content:
        entry["requestBody"] = {"required": True, "content": content}
    return entry


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": {"type": "string"}}
        for part in operation.path.split("/")
        if part.startswith("{")
    ]
    if operation.query is not None:
        schema = operation.query.model_json_schema()
        found += [
            {"name": name, "in": "query", "required": False, "schema": _inline(value, schema)}
            for name, value in schema["properties"].items()
        ]
    found += [
        {"name": name, "in": "header", "description": text, "schema": {"type": "string"}}
        for name, text in (operation.headers or {}).items()
    ]
    return found


def _inline(value: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a property with its references to local definitions replaced."""
    if "$ref" in value:
        return dict(schema["$defs"][value["$ref"].rsplit("/", 1)[-1]])
    if "anyOf" in value:
        return value | {"anyOf": [_inline(option, schema) for option in value["anyOf"]]}
    return value


def _responses(operation: Operation, refs: Mapping[Any, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, answer in (operation.answers or {}).items():
        told: dict[str, Any] = {"description": operation.summary}
        if isinstance(answer, str):
            told["content"] = {answer: {}}
        elif answer is not None:
            told["content"] = {"application/json": {"schema": refs[answer, "serialization"]}}
        responses[str(status)] = told
    error = {"application/json": {"schema": refs[ErrorAnswer, "serialization"]}}
    for status in operation.errors:
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": error}
    responses["default"] = {"description": "An error", "content": error}
    return responses
