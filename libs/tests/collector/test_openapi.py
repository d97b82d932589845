"""The API is what its document says, whatever it is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from starlette.routing import Route
from usagekit_collector.web.api import OPERATIONS
from usagekit_collector.web.app import create_pages
from usagekit_collector.web.browser import ROUTES
from usagekit_collector.web.openapi import document

from tests.support.collector import Collector, Project, event
from tests.support.wire import unharmed

DOCUMENT = document(OPERATIONS)
KNOWN = schemathesis.openapi.from_dict(DOCUMENT)
ANY: list[Any] = [found.ok() for found in KNOWN.get_all_operations() if isinstance(found, Ok)]
# What an SDK for browsers asks for, and is no question to us.
OF_BROWSERS = {path for path, _, _ in ROUTES}
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
EXAMPLES = 15


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One in which there is something to be told."""
    with Collector(tmp_path_factory.mktemp("openapi")) as running:
        made = running.project()
        for day in range(1, 4):
            for name in ("CLI execution succeeded", "CLI execution failed"):
                when = {"timestamp": f"2026-05-0{day}T11:00:00Z", "$set": {"a": [1.5, None]}}
                what = {"command_name": f"command {day}", "cli_version": f"1.{day}"}
                how = {"duration": 1.5, "failure_kind": "exit", "error_type": "E"}
                made.capture(event(f"anon-{day}", name, **when, **what, **how))
        made.capture(event("user-1", "$create_alias", alias="anon-1"))
        yield made
        unharmed(running)


def test_the_document_is_openapi_3_1_and_is_what_is_served(project: Project) -> None:
    KNOWN.validate()
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert project.collector.get("/openapi.json").json == DOCUMENT
    named = [one["operationId"] for path in DOCUMENT["paths"].values() for one in path.values()]
    assert len(named) == len({*named}) == len(OPERATIONS)


def test_every_route_of_the_api_is_in_the_document_with_all_its_methods(project: Project) -> None:
    service: Any = None  # which no route needs to be made
    routes = [route for route in create_pages(service).routes if isinstance(route, Route)]
    found = {
        (re.sub(r":\w+}", "}", route.path), method.lower())
        for route in routes
        if route.path.startswith("/api") and route.path.rstrip("/") not in OF_BROWSERS
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert found == {(path, method) for path, one in DOCUMENT["paths"].items() for method in one}
    assert ("/api/events", "get") in found
    refused = project.collector.request("PUT", "/api/events")
    assert (refused.status, {*refused.headers["allow"].split(", ")}) == (405, {"GET", "HEAD"})


def strategy_of(operation: Any, project: Project) -> st.SearchStrategy[Any]:
    """Requests to it: those that it must take, and those that it must refuse."""
    names = [one["name"] for one in operation.definition.raw["parameters"]]
    # Which zones there are is more than a schema can say.
    said = {"project": project.token, "tz": "Europe/Berlin"}
    query = {name: value for name, value in said.items() if name in names}
    ways = [operation.as_strategy(generation_mode=one, query=query) for one in MODES]
    if "distinct_id" in names:
        known = {"distinct_id": "anon-2"}
        ways.append(operation.as_strategy(query=query, path_parameters=known))
    if operation.body:
        # Which characters can be printed is more than a schema can say.
        ways[0] = ways[0].filter(lambda case: case.body["name"].strip().isprintable())
    return st.one_of(ways)


@pytest.mark.parametrize("operation", ANY, ids=[one.label for one in ANY])
def test_an_operation_takes_what_is_documented_and_answers_as_documented(
    operation: Any, project: Project
) -> None:
    with requests.Session() as session:

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy_of(operation, project))
        def ask(case: Any) -> None:
            case.call_and_validate(base_url=project.collector.url, session=session)

        ask()
