"""The shape of an API operation: what it takes and gives, from which its document is made too."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import msgspec
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import Response

from usagekit_collector.errors import CollectorError
from usagekit_collector.web.service import Service
from usagekit_collector.web.spreadsheets import KIND, csv_of

if TYPE_CHECKING:
    from starlette.requests import Request

# Of a parameter, in what msgspec says is wrong.
_NAME = re.compile(r"at `\$\.(\w+)")


class _AnyText(Convertor[str]):
    """What a distinct_id may be: with slashes and line breaks in it too."""

    regex = r"(?s:.+)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("any", _AnyText())


class ApiError(CollectorError):
    """An answer that is no success.

    Attributes:
        status: of HTTP.
        text: words for whoever asked.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class ErrorAnswer(msgspec.Struct):
    """What went wrong, in words."""

    error: str


class NoParameters(msgspec.Struct):
    """Takes none."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the API does.

    Attributes:
        method: of HTTP.
        path: with its parameters in braces.
        handler: does it, given the service, what was asked, and the request's own parameters; its
            docstring says what it does.
        query: a Struct; its fields are the parameters of the query, checked before the handler.
        body: a Struct, for what is sent; None for nothing.
        result: what is given back: a type that msgspec can describe; or media types.
        errors: the statuses of failures that it may answer with, and when.
    """

    method: str
    path: str
    handler: Callable[[Service, Any, Request], Awaitable[Any]]
    result: Any
    query: type[msgspec.Struct] = NoParameters
    body: type[msgspec.Struct] | None = None
    errors: Mapping[int, str] = {}

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return " ".join((self.handler.__doc__ or "").split())


async def run(operation: Operation, service: Service, request: Request) -> Response:
    """Check what was asked, do it, and write the answer down. Raises ApiError."""
    asked = parameters(operation.query, request)
    if operation.body is not None:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ApiError(415, "say what it is: Content-Type: application/json")
        asked = (asked, await _body(operation.body, request))
    result = await operation.handler(service, asked, request)
    if isinstance(result, Response):
        return result
    if getattr(asked, "format", "") == "csv":
        return Response(csv_of(result, operation.result), media_type=KIND)
    return Response(msgspec.json.encode(result), media_type="application/json")


def parameters(kind: type[msgspec.Struct], request: Request) -> Any:
    """The parameters of a query. Raises ApiError for what is unknown, or cannot be."""
    hints = get_type_hints(kind)
    found: dict[str, Any] = {}
    names = {field.encode_name: field.name for field in msgspec.structs.fields(kind)}
    for key in request.query_params:
        if key not in names:
            raise ApiError(400, f"there is no parameter {key!r}; there are: {', '.join(names)}")
        values = request.query_params.getlist(key)
        is_list = _is_repeated(hints[names[key]])
        if len(values) > 1 and not is_list:
            raise ApiError(400, f"{key} is there twice: say it once")
        found[key] = values if is_list else values[0]
    try:
        return msgspec.convert(found, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ApiError(400, _with_example(str(error), kind)) from error


def _with_example(error: str, kind: type[msgspec.Struct]) -> str:
    """What is wrong with a parameter, and one that is not."""
    name = _NAME.search(error)
    if name is None:
        return error
    meta = get_type_hints(kind, include_extras=True)[name[1]].__metadata__[0]
    example = (meta.extra_json_schema or {}).get("examples", [""])[0]
    return f"{error}: {meta.description}" + (f" For example {name[1]}={example}" if example else "")


def _is_repeated(hint: Any) -> bool:
    return get_origin(hint) in (tuple, list) or any(_is_repeated(one) for one in get_args(hint))


async def _body(kind: type[msgspec.Struct], request: Request) -> Any:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > 65_536:
            raise ApiError(413, "too long")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(400, str(error)) from error
