"""The routes of the newer protocol of SDKs, and what they are answered."""

from __future__ import annotations

from datetime import datetime, timezone

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from usagekit_collector.errors import Busy
from usagekit_collector.ingest.decode import Refused
from usagekit_collector.ingest.v1 import Unfit, read_batch, read_head, take, unpack
from usagekit_collector.web.access import may_make_project
from usagekit_collector.web.bodies import text_of_request
from usagekit_collector.web.memory import Share
from usagekit_collector.web.service import Service

ROUTES_V1 = ("/i/v1/analytics/events", "/i/v1/ai/events")
_AGAIN = {"Retry-After": "1"}


async def capture_v1(request: Request) -> Response:
    """Takes in a batch, and says of each event what became of it, once that is on disk."""
    service: Service = request.app.state.service
    if request.method == "OPTIONS":
        return Response()
    answer = await _answer(service, request)
    service.metrics.answered(answer.status_code)
    return answer


async def _answer(service: Service, request: Request) -> Response:
    try:
        with service.memory.share() as share:
            return JSONResponse({"results": await _take_in(service, request, share)})
    except Refused as refused:
        headers = request.headers
        sender = headers.get("posthog-sdk-info") or headers.get("user-agent", "")
        service.refusals.tell(refused.status, refused.text, sender)
        tag = refused.tag if isinstance(refused, Unfit) else "payload_too_large"
        return _failure(refused.status, tag, refused.text)
    except Busy as busy:
        service.refusals.tell(503, str(busy), request.headers.get("posthog-sdk-info", ""))
        answer = _failure(503, "service_unavailable", f"{busy}: try again")
        answer.headers.update(_AGAIN)
        return answer
    except ClientDisconnect:
        return Response(status_code=499)


async def _take_in(service: Service, request: Request, share: Share) -> dict[str, dict[str, str]]:
    """What each event is answered. Raises Refused, Busy, ClientDisconnect."""
    head = read_head(request.headers)
    text = await text_of_request(
        request,
        share,
        lambda body, limit: unpack(body, head.packing, limit),
    )
    events, results = take(read_batch(text), head, datetime.now(timezone.utc))
    may_make = may_make_project(request.headers, service.settings.allow_origin)
    project = await service.project_of(head.token, may_make=may_make)
    if project is None:
        raise Unfit(401, "invalid_api_token", "no project has this token")
    if events:
        await service.store(project, events)
    return results


def _failure(status: int, tag: str, text: str) -> Response:
    said = {"error": tag, "error_description": text, "error_uri": "https://posthog.com/docs/api"}
    return JSONResponse(said, status)
