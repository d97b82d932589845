"""What is taken out of a text before it is sent, what stays, and at what cost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usagekit.event import Event
from usagekit.redact import SENT_MESSAGE_LIMIT, Redactor, redact_name
from usagekit.schema import PROPERTIES
from usagekit.wire import to_wire

HOME, USER, HOST = "/home/ada", "ada", "made-up-host"
REDACTOR = Redactor((HOME,), (USER, HOST, "Ada Lovelace"))


def redact(text: str, limit: int = 10_000) -> str:
    return REDACTOR.redact(text, limit)


GOES = [
    # addresses of machines
    ("cannot reach 192.0.2.7", "cannot reach <ip>"),
    ("cannot reach 192.0.2.7:8080", "cannot reach <ip>:8080"),
    ("cannot reach 2001:db8:0:1:2:3:4:5", "cannot reach <ip>"),
    ("cannot reach [2001:db8::1]:80", "cannot reach [<ip>]:80"),
    ("cannot reach fe80::1", "cannot reach <ip>"),
    # e-mail
    ("no account for ada.l+x@mail.example", "no account for <email>"),
    ("<ada@mail.example>, <bob@mail.example>", "<<email>>, <<email>>"),
    # keys
    (
        "-----BEGIN RSA PRIVATE KEY----- TUFERSBVUA== -----END RSA PRIVATE KEY----- is bad",
        "<key> is bad",
    ),
    (
        "bad key:\n-----BEGIN MADE UP KEY-----\nTUFERSBVUA\nmadeup\n-----END MADE UP KEY-----\nbye",
        "bad key: <key> <value>",
    ),
    ("bad key: -----BEGIN MADE UP KEY-----\nTUFERSBVUA\ncut off", "bad key: <key>"),
    # names
    ("no such user: ada", "no such user: <name>"),
    ("no such user: ADA", "no such user: <name>"),
    ("signed by Ada Lovelace on made-up-host", "signed by <name> on <name>"),
    # numbers that identify
    ("request 00000000-0000-4000-8000-000000000001 failed", "request <uuid> failed"),
    ("object 0123456789abcdef is gone", "object <hex> is gone"),
    # paths
    ("no such file: /etc/made-up/hosts", "no such file: <path>"),
    ("no such file: '/srv/a/b.txt'", "no such file: '<path>.txt'"),
    ("no such file: /home/ada/notes.md.", "no such file: <path>.md."),
    ("no such file: ~/notes.md", "no such file: <path>.md"),
    ("no such file: ~bob/notes.md", "no such file: <path>.md"),
    ("no such file: ../up/notes.md", "no such file: <path>.md"),
    ("no such file: /home/ada", "no such file: ~"),
    (r"no such file: C:\Users\Bob\notes.md", "no such file: <path>.md"),
    (r"no such file: \\server\share\notes.md", "no such file: <path>.md"),
    ("no such file: C:/Users/Bob/notes.md", "no such file: <path>.md"),
    ('File "/srv/app/main.py", line 3', 'File "<path>.py", line 3'),
    # secrets by their name
    ("password=hunter2", "password=<secret>"),
    ("password: hunter2, again", "password: <secret>, again"),
    ("{'password': 'hunter 2', 'a': 1}", "{'password': <secret>, 'a': 1}"),
    ('{"api_key": "hunter \'2"}', '{"api_key": <secret>}'),
    (r"{\"password\": \"hunter2\"}", None),
    ("MADE_UP_API_KEY=hunter2 tool", "MADE_UP_API_KEY=<secret> tool"),
    ("x" * 50 + "_password=hunter2", None),
    ("?api-key=hunter2&a=1", "?api-key=<secret>&a=1"),
    ("Authorization: Bearer hunter2", None),
    ("Bearer hunter2", "Bearer <secret>"),
    ("Basic aHVudGVyMg==", "Basic <secret>"),
    ("token hunter2", "token <secret>"),
    ("--password hunter2", None),
    ("['tool', '--password', 'hunter2']", None),
    ("Cookie: hunter2", "Cookie: <secret>"),
    # tokens by their look
    ("ghp_hunter2hunter2", "<token>"),
    ("sk-hunter2hunter2", "<token>"),
    ("phc_hunter2hunter2", "<token>"),
    ("arc_hunter2hunter2", "<token>"),
    ("eyJhunter2.hunter2.hunter2", "<token>"),
    ("was 1hunter2hunter2hunter2hunter2", "was <value>"),
    # secrets by what stands around them
    ("password => hunter2", "password => <secret>"),
    ("token := hunter2", "token := <secret>"),
    ("secret -> hunter2", "secret -> <secret>"),
    ("API key: hunter2", "API key: <secret>"),
    ("Set-Cookie: sid=hunter2; Path=/hunter2", "Set-Cookie: <secret>"),
    ("Authorization: Made-Up hunter2, hunter2", "Authorization: <secret>"),
    ("machine made.example login hunter2 password hunter2", "<secret>"),
    ("made.example:5432:hunter2:hunter2:hunter2", "<secret>"),
    ("-u hunter2:hunter2", "-u <secret>"),
    ("mysql -phunter2", "mysql -p<secret>"),
    ("jdbc:oracle:thin:hunter2/hunter2@//made.example", "jdbc:<url>"),
    ("ada:hunter2@192.0.2.7 refused", None),
    ("[type=x, input_value='hunter2 open', input_type=str]", None),
    (r"{\"token\": \"hunter2\"}", None),
    (r"{\\\"token\\\": \\\"hunter2\\\"}", None),
    ("Passwort: hunter2", "<value>: <secret>"),
    ("contraseña = hunter2", None),
    ("пароль: hunter2", None),
    ("密码：hunter2", None),
    ("name = 'hunter2''s open'", "name = '<value>'"),
    ('for "hunter2 open"', 'for "<value>"'),
    ("for user 'open'", "for user '<value>'"),
    ("Key (name)=(hunter2 open) already exists.", "key (<value>)=(<value>) already exists."),
    ("pass\u200bword: hunter2", "password: <secret>"),
    ("\x1b[31mpassword\x1b[0m: hunter2", "password: <secret>"),
    ("query SELECT open FROM hunter2 WHERE id = 7", "query <value>"),
    ("PIN 4711", "PIN <number>"),
    ("call +49 30 123456", None),
    ("没有客户hunter2先生", "<value>"),
    # paths with spaces, escaped, or of other kinds
    (r"at C:\Users\Jane Hunter\My hunter2\open review.docx", "at <path>.docx"),
    ("at /home/jdoe/hunter2 open/review.docx", "at <path>.docx"),
    (r"at \\?\C:\hunter2", "at <path>"),
    (r"at %APPDATA%\hunter2\open.txt", "at <path>.txt"),
    (r"at Documents\hunter2\open.docx", "at <path>.docx"),
    ("at %2Fhome%2Fhunter2%2Fopen.txt", "at <path>.txt"),
    (r"at https:\/\/made.example\/hunter2", None),
    ("at /srv/open?key=hunter2&a=b", "at <path>"),
    ("at api.example.com/hunter2?open=hunter2", "at <host>"),
    # web addresses
    ("GET https://made-up.example/hunter2?a=hunter2#hunter2", "GET https://made-up.example/<path>"),
    ("postgres://ada:hunter2@db.example:5432/x", "postgres://db.example:5432/<path>"),
    ("postgres://ada:a@hunter2@db/x", None),
    ("postgres://ada:a/hunter2@db/x", None),
    ("'https://made-up.example' failed", "'https://made-up.example/<path>' failed"),
]


@pytest.mark.parametrize(("text", "expected"), GOES)
def test_what_must_not_be_said_goes(text: str, expected: str | None) -> None:
    """Where no result is given, more than one would do: the made-up secret must be gone."""
    said = redact(text)
    assert "hunter" not in said
    if expected is not None:
        assert said == expected


@pytest.mark.parametrize(
    "text",
    [
        "it broke",
        "No module named 'yaml.scanner'",
        "division by zero",
        "expected 3 arguments, got 4",
        "HTTP 503: try again in 10.5 seconds",
        "invalid literal for int() with base 10: 'x'",
        "'NoneType' object has no attribute 'name'",
        "unsupported operand type(s) for +: 'int' and 'str'",
        "at 10:20:30",
        "and/or",
        "version 1.2.3 is too old",
        "tool failed: TOOL_RUNTIME_FATAL",
        "UnicodeDecodeErrorInTheMiddleOfNowhere",
        "the token has expired",
        "0x7f3a10",
        "version 1.2.3.4 is required, and pytest@8.3.1 found",
        "std::map in c::d",
        "answer yes/no/cancel",
        "passed: 3, failed: 1",
        "the author of the manifest is missing",
        "invalid password: must be at least 12 characters",
        "the token was revoked; basic auth is not supported",
        "listening on port 8080",
        "GET https://api.example.com/<path>",
        "up-to-date",
        "region eu-west-1 is not enabled",
        "",
    ],
)
def test_what_says_what_went_wrong_stays(text: str) -> None:
    assert redact(text) == text


def test_a_text_becomes_one_line() -> None:
    assert redact(" one\n\n  two\tthree\r\n") == "one two three"


def test_half_a_character_is_no_reason_to_fail() -> None:
    assert redact("a \ud800 b") == "a ? b"


def test_names_are_hidden_as_whole_words_and_not_if_they_are_too_short_to_tell() -> None:
    redactor = Redactor(("/",), ("al", "bob", "b+"))
    assert redactor.redact("al and bob and bobby and b+") == "<value> and <name> and <value> and b+"


def test_the_longest_folder_is_hidden_first() -> None:
    redactor = Redactor(("/srv/a", "/srv/a b", ""))
    assert redactor.redact("in /srv/a b") == "in ~"


def test_this_machine_s_home_user_and_host_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setenv("HOME", "/made up/home of-grace")
    monkeypatch.setenv("USER", "grace-made-up")
    redactor = Redactor.for_this_machine()
    assert redactor.redact("in /made up/home of-grace!") == "in ~!"
    assert redactor.redact("for grace-made-up") == "for <name>"
    if len(socket.gethostname()) > 2:
        assert redactor.redact(f"on {socket.gethostname()}!") in ("on <name>!", "on <ip>!")


LIMITS = st.integers(2, 400)


@given(st.text(max_size=500), LIMITS)
def test_a_text_is_never_longer_than_the_limit(text: str, limit: int) -> None:
    assert len(REDACTOR.redact(text, limit)) <= limit


def test_a_text_is_cut_after_it_is_redacted_and_so_never_within_a_secret() -> None:
    said = REDACTOR.redact("x " * 140 + "ada.lovelace@mail.example and more of it all")
    assert len(said) == SENT_MESSAGE_LIMIT
    assert "lovelace" not in said


def test_no_text_is_cut_before_it_is_redacted_however_much_shorter_that_makes_it() -> None:
    for length in range(0, 5_000, 5):
        said = REDACTOR.redact(f"/srv/{'x' * length} ada.lovelace@mail.example")
        assert said == "<path> <email>"


# Frames in which a made-up secret may stand, for each kind of rule.
CANARY = st.text("abcdef0123456789", min_size=8, max_size=12).map(lambda text: f"canary{text}")
FRAMES = [
    "-----BEGIN MADE UP KEY-----\n{}\n{}\n-----END MADE UP KEY-----",
    "https://user:{}@made-up.example/",
    "https://made-up.example/{}?q={}#{}",
    "{}@mail.example",
    "eyJ{}.{}.{}",
    "Bearer {}",
    "basic {}",
    "password={}",
    "MADE_UP_TOKEN: {}",
    '"api_key": "{} {}"',
    "'secret': '{}'",
    "session_id={}",
    "ghp_{}",
    "sk-{}",
    "github_pat_{}",
    "xoxb-{}",
    "/srv/{}/{}",
    "~/{}/x.txt",
    "./{}/x.txt",
    "C:\\{}\\{}.txt",
    "\\\\{}\\share",
    "1{}{}",
]
AROUND = st.text(st.characters(exclude_characters="\"'"), max_size=30)
BEFORE = st.sampled_from([" ", "\n", " '", ' "', " (", ": ", "\t"])
AFTER = st.sampled_from(["", " ", "\n", "' ", '" ', ") ", ", ", "; "])


@given(frame=st.sampled_from(FRAMES), canary=CANARY, before=BEFORE, after=AFTER, texts=st.data())
def test_a_secret_does_not_survive_whatever_stands_around_it(
    frame: str, canary: str, before: str, after: str, texts: st.DataObject
) -> None:
    first, last = texts.draw(AROUND), texts.draw(AROUND)
    secret = frame.replace("{}", canary)
    assert canary not in redact(f"{first}{before}{secret}{after}{last}")


@given(
    st.uuids().map(str)
    | st.ip_addresses(v=4).map(str)
    | st.ip_addresses(v=6).map(lambda address: address.exploded)
    | st.text("0123456789abcdef", min_size=16, max_size=80)
    | st.sampled_from([USER, HOST, "ADA LOVELACE"]),
    AROUND,
    AROUND,
)
def test_no_address_number_or_name_survives(secret: str, first: str, last: str) -> None:
    said = redact(f"{first} ({secret}) {last}")
    assert f"({secret})" not in said


@given(st.text(max_size=200) | st.sampled_from(GOES).map(lambda row: row[0]))
def test_a_text_that_is_redacted_again_says_no_more(text: str) -> None:
    """It may say less: what is next to a placeholder and looks like a name is hidden too."""
    once = redact(text)
    again = [word for word in redact(once).split() if not re.search(r"<\w+>", word)]
    assert set(again) <= set(once.split())


HOSTILE = [
    *("a", "0", "f", "-", "_", "/", "\\", ".", "@", ":", "=", "~", "'", '"', "?", "\n", "é"),
    *("a.", "a-", "a/", "/a", "./", "../", "~/", "-/", "+/=", "a@", "a:", "0.", "0:", ":/", "://"),
    *("http://", "http://a@", "a://b@c:", "password", "password:", "secret-", "token ", "eyJ-"),
    *("-----BEGIN a-----", "-----BEGIN a-----\n", "-----BEGIN ", "sk-", "ghp_", "c:\\", "\\\\a"),
]


@pytest.mark.timeout(30, func_only=True)
@pytest.mark.parametrize("piece", HOSTILE, ids=ascii)
def test_a_text_made_to_take_long_takes_no_longer_than_its_length(piece: str) -> None:
    """Each takes minutes if a pattern's time is the square of the text's length. What stands at
    the end is there so that what matched till then has to be given up."""
    text = piece * (100_000 // len(piece)) + "//\n@"
    assert len(REDACTOR.redact(text)) <= SENT_MESSAGE_LIMIT


@pytest.mark.parametrize(
    "name",
    ["toolkit.run", "auth:login", "1.2.3.4", "6.1.0-28-amd64", "deploy.to-v2-of-production-24"],
)
def test_a_name_stays_what_it_is(name: str) -> None:
    assert redact_name(name) == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("run.ghp_madeUp0000madeUp0000", "run.<token>"),
        ("ada@mail.example", "<email>"),
        ("https://ada:made-up@mail.example/a?b=c", "https://mail.example/<path>"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYWRlLXVwIn0.c2ln", "<token>"),
        ("a" * 1000, "a" * 200),
        ("lone \ud800", "lone ?"),
    ],
)
def test_a_name_with_the_shape_of_a_secret_in_it_loses_it(name: str, said: str) -> None:
    assert redact_name(name) == said


TEXTS = [name for name, field in PROPERTIES.items() if "string" in field.kind and not field.values]


@pytest.mark.parametrize("name", TEXTS)
def test_no_property_that_is_text_leaves_with_a_token_in_it(name: str) -> None:
    text = "made ghp_madeUp0000madeUp0000 up"
    event = Event(
        event_name="CLI execution failed",
        distinct_id="made-up",
        is_anon=False,
        properties={name: text if PROPERTIES[name].kind == "string" else [text]},
        uuid="00000000-0000-4000-8000-000000000000",
        timestamp="2026-11-23T09:30:00.000000Z",
    )
    assert "made <token> up" in repr(to_wire(event)["properties"][name])
