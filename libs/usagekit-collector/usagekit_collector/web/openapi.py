"""The API's document, made from its operations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from usagekit_collector import __version__
from usagekit_collector.web.operations import ErrorAnswer, Operation
from usagekit_collector.web.spreadsheets import KIND

_REFERENCE = "#/components/schemas/{name}"


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """OpenAPI 3.1, as JSON has it."""
    kinds = [one.result for one in operations if not isinstance(one.result, tuple)]
    kinds += [one.body for one in operations if one.body is not None]
    _, schemas = msgspec.json.schema_components([*kinds, ErrorAnswer], ref_template=_REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _described(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "usagekit-collector",
            "version": __version__,
            "description": "What was captured, who is who, and what can be learned from it.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"password": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"password": []}],
    }


def _described(one: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": _name(one),
        "summary": one.summary,
        "parameters": [*_path_parameters(one), *_query_parameters(one)],
        "responses": {"200": {"description": "what was asked for", "content": _content(one)}},
    }
    errors = {400: "what was asked cannot be", 401: "the password is missing or wrong"}
    errors |= {403: "a page of another origin may not ask", 429: "too many wrong passwords"}
    errors |= {503: "too much at once: try again"}
    if one.body is not None:
        errors |= {408: "the body took too long", 413: "the body is too long"}
        errors |= {415: "the body is not said to be application/json"}
    for status, when in sorted((errors | dict(one.errors)).items()):
        schema = {"$ref": _REFERENCE.format(name="ErrorAnswer")}
        content = {"application/json": {"schema": schema}}
        found["responses"][str(status)] = {"description": when, "content": content}
    if one.body is not None:
        schema = {"$ref": _REFERENCE.format(name=one.body.__name__)}
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return found


def _name(one: Operation) -> str:
    return "_".join([one.method.lower(), *re.findall(r"\w+", one.path.removeprefix("/api"))])


def _content(one: Operation) -> dict[str, Any]:
    if isinstance(one.result, tuple):
        return {kind: {} for kind in one.result}
    (schema,), _ = msgspec.json.schema_components([one.result], ref_template=_REFERENCE)
    found: dict[str, Any] = {"application/json": {"schema": schema}}
    if "format" in one.query.__struct_fields__:
        found[KIND] = {}
    return found


def _path_parameters(one: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"{(\w+)(?::\w+)?}", one.path)
    ]


def _never_null(kind: dict[str, Any]) -> dict[str, Any]:
    """The kind of a parameter, which is there or is not."""
    kind = {key: value for key, value in kind.items() if key != "description"}
    if {"type": "null"} not in kind.get("anyOf", ()):
        return kind
    (other,) = (one for one in kind.pop("anyOf") if one != {"type": "null"})
    kind.pop("default", None)
    return {**other, **kind}


def _query_parameters(one: Operation) -> list[dict[str, Any]]:
    (reference,), schemas = msgspec.json.schema_components([one.query])
    schema = schemas[reference["$ref"].rpartition("/")[2]]
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": kind.get("description", ""),
            "schema": _never_null(kind),
        }
        for name, kind in schema["properties"].items()
    ]
