"""What SDKs for browsers ask for before they send anything: nothing is switched on."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response

from usagekit_collector.settings import SettingsError
from usagekit_collector.web.service import Service

if TYPE_CHECKING:
    from starlette.requests import Request

_NO_FLAGS = {
    "flags": {},
    "featureFlags": {},
    "featureFlagPayloads": {},
    "errorsWhileComputingFlags": False,
    "quotaLimited": [],
    "sessionRecording": False,
    "supportedCompression": ["gzip", "gzip-js"],
}
# Of what is not named here nothing is loaded: a key for surveys, even if it is false, has
# posthog-js ask for their script.
_NO_CONFIG = {
    "token": "",
    "supportedCompression": ["gzip", "gzip-js"],
    "hasFeatureFlags": False,
    "captureDeadClicks": False,
    "capturePerformance": False,
    "autocapture_opt_out": True,
    "autocaptureExceptions": False,
    "analytics": {"endpoint": "/i/v0/e/"},
    "elementsChainAsString": True,
    "sessionRecording": False,
    "heatmaps": False,
    "siteApps": [],
    "defaultIdentifiedOnly": True,
}
# What is asked for by its name, and there is none of.
_NOTHING: dict[str, dict[str, list[object]]] = {
    "/api/surveys": {"surveys": []},
    "/api/early_access_features": {"earlyAccessFeatures": []},
    "/api/web_experiments": {"experiments": []},
}
# Seconds for which a browser keeps a script.
_KEPT = {"Cache-Control": "public, max-age=300", "Vary": "Origin"}
_SCRIPT = re.compile(r"[\w.-]+\.js", re.ASCII)
_NO_SCRIPTS = (
    "this collector serves no posthog-js: npm install posthog-js, and start it with "
    "--posthog-js node_modules/posthog-js; or have the page load posthog-js by itself\n"
)


def check_scripts(folder: str) -> None:
    """Raises SettingsError for what is no package of posthog-js."""
    if folder and not (Path(folder) / "dist" / "array.js").is_file():
        raise SettingsError(
            f"{folder} is no posthog-js: there is no dist/array.js in it. "
            "Say the folder of the package, such as node_modules/posthog-js."
        )


async def flags(_: Request) -> Response:
    """No feature flag is on, whoever asks."""
    return JSONResponse(_NO_FLAGS)


async def config(request: Request) -> Response:
    """Nothing is to be recorded but what is captured."""
    return JSONResponse({**_NO_CONFIG, "token": request.path_params["token"]})


async def config_script(request: Request) -> Response:
    """The same for a script tag."""
    token = re.sub(r"[^\w.-]", "", request.path_params["token"])
    answer = JSONResponse({**_NO_CONFIG, "token": token})
    text = (
        b"(function() { window._POSTHOG_REMOTE_CONFIG = window._POSTHOG_REMOTE_CONFIG || {};"
        b" window._POSTHOG_REMOTE_CONFIG['%b'] = {config: %b, siteApps: []}; })();"
    )
    return Response(text % (token.encode(), bytes(answer.body)), media_type="text/javascript")


async def script(request: Request) -> Response:
    """A script of the package of posthog-js that the collector was given, by its name."""
    service: Service = request.app.state.service
    folder = service.settings.posthog_js
    if not folder:
        return PlainTextResponse(_NO_SCRIPTS, 404)
    package = Path(folder)
    version = request.path_params.get("version")
    if version is not None and version != _version(package):
        return PlainTextResponse(f"the posthog-js here is {_version(package)}\n", 404)
    name = request.path_params["name"]
    path = package / "dist" / name
    # Nothing else, and nothing that a link leads to.
    is_here = _SCRIPT.fullmatch(name) and path.resolve().parent == package.resolve() / "dist"
    if not is_here or not path.is_file():
        return PlainTextResponse("this posthog-js has no script of this name\n", 404)
    return FileResponse(path, media_type="text/javascript", headers=_KEPT)


async def nothing(request: Request) -> Response:
    """There is none."""
    return JSONResponse(_NOTHING[request.url.path.rstrip("/")])


def _version(package: Path) -> str:
    try:
        return str(json.loads((package / "package.json").read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return "of no version that it says"


_ASKED = ["GET", "POST", "OPTIONS"]
ROUTES: list[tuple[str, Callable[[Request], Awaitable[Response]], list[str]]] = [
    ("/flags", flags, _ASKED),
    ("/decide", flags, _ASKED),
    ("/array/{token}/config", config, ["GET", "OPTIONS"]),
    ("/array/{token}/config.js", config_script, ["GET", "OPTIONS"]),
    ("/static/{name}", script, ["GET", "OPTIONS"]),
    ("/static/{version}/{name}", script, ["GET", "OPTIONS"]),
    *((path, nothing, ["GET", "OPTIONS"]) for path in _NOTHING),
]
