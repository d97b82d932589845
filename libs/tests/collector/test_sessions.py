"""Signing in to the pages: whoever knows the password, and nobody by way of another page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from tests.support.collector import Answer, Collector

PASSWORD = "made-up-password"
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site", "Origin": "http://127.0.0.1:1"},
]
LINK = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}


class Visitor:
    """A browser, with its cookies and no password of its own."""

    def __init__(self, collector: Collector) -> None:
        self.url = collector.url
        self.cookie = ""
        self.other = Collector(collector.folder, open=True)
        self.other.url = collector.url

    def get(self, path: str, **headers: str) -> Answer:
        return self.other.request(
            "GET", path, None, Accept="text/html", Cookie=self.cookie, **headers
        )

    def post(self, path: str, headers: dict[str, str] | None = None, **form: str) -> Answer:
        body = "&".join(f"{name}={quote(value)}" for name, value in form.items()).encode()
        said = {"Content_Type": "application/x-www-form-urlencoded", **(headers or {})}
        answer = self.other.request("POST", path, body, Cookie=self.cookie, **said)
        if answer.status == 303 and "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].split(";")[0]
        return answer

    def csrf(self, path: str = "/sign-in") -> str:
        return self.get(path).body.decode().split('name="csrf" value="')[1].split('"')[0]

    def sign_in(self, password: str = PASSWORD, following: str = "/") -> Answer:
        return self.post("/sign-in", csrf=self.csrf(), password=password, next=following)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    with Collector(tmp_path_factory.mktemp("guarded"), password=PASSWORD) as running:
        running.request("POST", "/api/tokens", b'{"name": "made up"}')
        yield running


@pytest.fixture
def visitor(guarded: Collector) -> Visitor:
    return Visitor(guarded)


def test_who_has_not_signed_in_is_asked_to_and_comes_back(visitor: Visitor) -> None:
    asked = visitor.get("/errors?range=7")
    assert (asked.status, asked.headers["location"]) == (303, "/sign-in?next=%2Ferrors%3Frange%3D7")
    page = visitor.get(asked.headers["location"]).body.decode()
    assert 'value="/errors?range=7"' in page
    answer = visitor.sign_in(following="/errors?range=7")
    assert (answer.status, answer.headers["location"]) == (303, "/errors?range=7")
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    assert visitor.get("/errors?range=7").status == 200


def test_nobody_is_led_away_by_a_sign_in(visitor: Visitor) -> None:
    for following in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"):
        assert visitor.sign_in(following=following).headers["location"] == "/"


def test_who_signs_out_is_out_with_the_cookie_too(visitor: Visitor) -> None:
    visitor.sign_in()
    cookie = visitor.cookie
    assert visitor.post("/sign-out", csrf=visitor.csrf("/")).status == 303
    visitor.cookie = cookie
    assert visitor.get("/").status == 303


def test_a_form_of_another_page_does_nothing(visitor: Visitor) -> None:
    csrf = visitor.csrf()
    for headers in FOREIGN:
        answer = visitor.post("/sign-in", headers, csrf=csrf, password=PASSWORD)
        assert (answer.status, "set-cookie" in answer.headers) == (403, False)
    for wrong in ("", "0" * 64):
        assert visitor.post("/sign-in", csrf=wrong, password=PASSWORD).status == 403
    visitor.sign_in()
    assert visitor.post("/sign-out", csrf=csrf).status == 403
    assert visitor.get("/").status == 200


def test_a_page_of_another_origin_reads_nothing_and_a_link_leads_here(visitor: Visitor) -> None:
    visitor.sign_in()
    for headers in FOREIGN:
        assert visitor.get("/", **headers).status == 403
    framed = LINK | {"Sec_Fetch_Dest": "iframe"}
    assert visitor.get("/", **framed).status == 403
    assert visitor.get("/", **LINK).status == 200
    # A browser sends no cookie with such a link: the page asks once more, from here.
    visitor.cookie = ""
    again = visitor.get("/errors?range=7", **LINK)
    assert again.status == 200
    assert b'url=/errors?range=7"' in again.body
    assert visitor.get("/errors?range=7", Sec_Fetch_Site="same-origin").status == 303


def test_a_cookie_that_is_made_up_or_changed_is_none(visitor: Visitor) -> None:
    visitor.sign_in()
    said, _, signature = visitor.cookie.partition("=")[2].rpartition(".")
    later = f"{int(time.time()) + 10**8}.{said.partition('.')[2]}"
    for cookie in ("", ".", "..", f"{said}.", f"{later}.{signature}", f"x{said}.{signature}"):
        visitor.cookie = f"usagekit={cookie}"
        assert visitor.get("/").status == 303, cookie
    visitor.cookie = "usagekit=" + "9" * 4_000 + ".a.b"
    assert visitor.get("/").status == 303


def test_a_wrong_password_takes_its_time_and_ten_are_too_many(guarded: Collector) -> None:
    visitor = Visitor(guarded)
    csrf = visitor.csrf()
    began = time.monotonic()
    answer = visitor.post("/sign-in", csrf=csrf, password="wrong", next="/errors")
    assert answer.status == 401
    assert b"this is not the password" in answer.body
    assert b'name="next" value="/errors"' in answer.body
    assert time.monotonic() - began >= 1


def test_a_name_that_points_here_is_refused_where_there_is_no_password(
    new_collector: Callable[..., Collector],
) -> None:
    collector = new_collector(open=True).start()
    for path in ("/", "/errors", "/sign-in"):
        answer = collector.request("GET", path, Accept="text/html", Host="rebound.example")
        assert answer.status == 400, path
    assert collector.request("GET", "/", Accept="text/html").status == 200


def test_no_form_is_too_large(visitor: Visitor) -> None:
    assert visitor.post("/sign-in", csrf="x" * 5_000, password=PASSWORD).status == 413
