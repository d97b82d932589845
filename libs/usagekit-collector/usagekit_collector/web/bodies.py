"""What a request brings, read and unpacked within the budget of memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from usagekit_collector.ingest.decode import Refused
from usagekit_collector.web.memory import Share

if TYPE_CHECKING:
    from starlette.requests import Request

# Bytes that a request has at most, as it is sent and when it is unpacked: if memory is for so many.
LARGEST_BODY = 20 * 1024 * 1024
LARGEST_UNPACKED = 5 * LARGEST_BODY


async def text_of_request(
    request: Request, share: Share, unpack: Callable[[bytes, int], bytes]
) -> bytes:
    """The body, unpacked. Whoever is too slow with it, the server cuts off.

    Args:
        request: whose body has not been read yet.
        share: which holds all of it.
        unpack: what is done to it; it is told how many bytes may come out.

    Raises Refused, Busy, ClientDisconnect.
    """
    body = await _read(request, share)
    text = unpack(body, min(LARGEST_UNPACKED, share.largest))
    if text is not body:
        if len(text) > share.largest:
            raise Refused(413, f"there is no memory for more than {share.largest} bytes of it")
        share.hold(len(text))
    return text


async def _read(request: Request, share: Share) -> bytes:
    limit = min(LARGEST_BODY, share.largest)
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise Refused(413, f"a body has at most {limit} bytes")
    body = bytearray()
    async for chunk in request.stream():
        share.hold(len(chunk))
        body += chunk
        if len(body) > limit:
            raise Refused(413, f"a body has at most {limit} bytes")
    return bytes(body)
