"""What a page is asked by, and what its forms bring."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from usagekit_collector.web.operations import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

# Bytes of a form.
_LARGEST_FORM = 4_096
_HOST = re.compile(r"[\w.:\[\]-]{1,255}")


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form. Raises ApiError."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise ApiError(413, "too long")
    found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=None)
    return {name: values[0] for name, values in found.items()}


def origin_of(request: Request) -> str:
    """Where the collector is, as whoever asks says."""
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host}" if _HOST.fullmatch(host) else ""


def path_of(request: Request) -> str:
    """What was asked for, by which it can be asked for again."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}"


def with_next(request: Request) -> str:
    """The query of a page that leads back here."""
    return urlencode({"next": path_of(request)})


def own_path(text: str) -> str:
    """A path of ours, whatever was said."""
    is_own = re.fullmatch(r"/(?![/\\])[^\\\r\n]*", text)
    return text if is_own else "/"
