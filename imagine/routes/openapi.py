"""The API described by its own handlers: a decorator, and the OpenAPI 3.1 document made from it."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import UnionType
from typing import Any, get_args

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from imagine import __version__
from imagine.errors import ErrorBody
from imagine.routes.workflow_schemas import form_schema, run_schema

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PREFIX = "#/components/schemas/"
RUN_PATH = "/api/workflows/{id}"


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
    # A model, or one of several.
    body: type[BaseModel] | UnionType | None = None
    # Further kinds of body, by media type, as JSON schemas.
    forms: Mapping[str, Mapping[str, Any]] | None = None
    query: type[BaseModel] | None = None
    # A model or one of several, or a media type; None is an answer without a body.
    answers: Mapping[int, type[BaseModel] | UnionType | str | None] | None = None
    headers: Mapping[str, str] | None = None
    errors: tuple[int, ...] = ()


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the OpenAPI document of these routes; `with_workflows` adds to it."""
    operations = list(operations)
    models: dict[tuple[type[BaseModel], Any], None] = {(ErrorAnswer, "serialization"): None}
    for operation in operations:
        models |= {(model, "validation"): None for model in _models(operation.body)}
        for answer in (operation.answers or {}).values():
            models |= {(model, "serialization"): None for model in _models(answer)}
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


def _models(kind: object) -> tuple[type[BaseModel], ...]:
    """Return the models that a body or an answer is one of."""
    if isinstance(kind, UnionType):
        return get_args(kind)
    return (kind,) if isinstance(kind, type) and issubclass(kind, BaseModel) else ()


def _schema(kind: object, mode: str, refs: Mapping[Any, Any]) -> Any:
    found = [refs[model, mode] for model in _models(kind)]
    return found[0] if len(found) == 1 else {"anyOf": found}


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
        schema = _schema(operation.body, "validation", refs)
        content = {"application/json": {"schema": schema}, **content}
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
            schema = _schema(answer, "serialization", refs)
            told["content"] = {"application/json": {"schema": schema}}
        responses[str(status)] = told
    error = {"application/json": {"schema": refs[ErrorAnswer, "serialization"]}}
    for status in operation.errors:
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": error}
    responses["default"] = {"description": "An error", "content": error}
    return responses


def with_workflows(
    base: Mapping[str, Any], workflows: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return a document in which each workflow has a path of its own, with a typed body.

    ``base``: a document that has the path of them all, whose answers are those of each.
    """
    general = base["paths"][RUN_PATH]["post"]
    picture = {"anyOf": [{"type": "string"}, {"$ref": f"{PREFIX}PictureRef"}]}
    paths = dict(base["paths"])
    for told in workflows:
        run = run_schema(told, picture)
        batch = {
            "type": "object",
            "properties": {
                "batch": {
                    "type": "array",
                    "items": run,
                    "minItems": 1,
                    "maxItems": told["max_batch_size"],
                }
            },
            "required": ["batch"],
            "additionalProperties": False,
        }
        operation = {
            **general,
            "operationId": f"post_api_workflows_{told['id'].replace('-', '_')}",
            "summary": told["name"],
            "description": told["description"],
            "tags": [told["category"]],
            "parameters": [one for one in general["parameters"] if one["in"] != "path"],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": {"anyOf": [run, batch]}},
                    "multipart/form-data": {"schema": form_schema(told)},
                },
            },
        }
        paths[RUN_PATH.replace("{id}", told["id"])] = {"post": operation}
    return {**base, "paths": paths}
