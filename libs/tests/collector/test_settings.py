"""What a collector is told: which of three places goes first, what cannot be, what stays secret."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from usagekit_collector.address import read
from usagekit_collector.settings import PREFIX, RENAMED, Settings, SettingsError, descriptions, load

from tests.support.collector import Collector
from tests.support.stopped import told

SECRET = "made-up-secret"


def variables(**said: str) -> dict[str, str]:
    return {f"{PREFIX}{name.upper()}": value for name, value in said.items()}


def file_of(folder: Path, text: str) -> str:
    path = folder / "collector.toml"
    path.write_text(text)
    return str(path)


def refusal(options: dict[str, Any], environ: dict[str, str], config: str | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load(options, environ, config)
    return str(caught.value)


def test_an_option_goes_before_a_variable_and_a_variable_before_the_file(tmp_path: Path) -> None:
    config = file_of(tmp_path, 'port = 1\nreaders = 2\nbatch_events = 3\nhost = "127.0.0.3"')
    environ = variables(port="11", readers="12")
    settings = load({"port": 21, "readers": None, "host": None}, environ, config)
    assert (settings.port, settings.readers, settings.batch_events) == (21, 12, 3)
    assert (settings.host, settings.query_seconds) == ("127.0.0.3", 30.0)


def test_a_variable_names_the_file_and_an_option_another(tmp_path: Path) -> None:
    config = file_of(tmp_path, "port = 1")
    (tmp_path / "other").mkdir()
    other = file_of(tmp_path / "other", "port = 2")
    assert load({}, variables(config=config)).port == 1
    assert load({}, variables(config=config), other).port == 2


def test_an_empty_variable_says_nothing(tmp_path: Path) -> None:
    config = file_of(tmp_path, f'port = 1\npassword = "{SECRET}"')
    settings = load({}, variables(port="", password="", config=""), config)
    assert (settings.port, settings.password) == (1, SECRET)


@pytest.mark.parametrize("link", ["tcp://10.96.12.3:8600", "udp://[fd00::1]:8600"])
def test_a_link_to_a_service_of_its_name_is_no_port(tmp_path: Path, link: str) -> None:
    config = file_of(tmp_path, "port = 7")
    warnings: list[str] = []
    environ = variables(port=link, port_8600_tcp=link, service_host="10.96.12.3")
    assert load({}, environ, config, warn=warnings.append).port == 7
    (warning,) = warnings
    assert warning.startswith(f"{PREFIX}PORT is passed over")
    assert load({"port": 8}, environ, config).port == 8


def test_a_collector_among_services_starts_and_says_what_it_passed_over(
    new_collector: Callable[..., Collector],
) -> None:
    collector = new_collector()
    collector.environ |= variables(port="tcp://10.96.12.3:8600")
    ran = collector.run("token", "create", "acme")
    assert (ran.returncode, ran.stdout[:4]) == (0, b"phc_"), ran
    (said,) = ran.stderr.decode().splitlines()
    assert f"{PREFIX}PORT is passed over" in said


def test_every_setting_can_be_a_variable_and_a_name_in_the_file(tmp_path: Path) -> None:
    texts = {
        "host": "::1",
        "store": "clickhouse://server/db",
        "password": SECRET,
        "log_level": "debug",
        "log_format": "text",
        "batch_seconds": "0.5",
        "state": "a/folder",
        "request_seconds": "1.5",
        "query_seconds": "2.5",
        "lease_seconds": "3.5",
        "merge_dangerously": "false",
        "open": "true",
        "allow_origin": "https://app.example",
        "issues_url": "https://forge.example/new?title={title}&body={body}",
        "posthog_js": "node_modules/posthog-js",
    }
    said = {name: texts.get(name, "7") for name in Settings.__struct_fields__}
    lines = (
        f"{name} = {text if text[0].isdigit() else json.dumps(text)}" for name, text in said.items()
    )
    expected = load({}, variables(**said))
    assert load({}, {}, file_of(tmp_path, "\n".join(lines))) == expected
    assert {name: str(getattr(expected, name)) for name in said} == {
        **said,
        "merge_dangerously": "False",
        "open": "True",
    }


def test_an_unknown_name_in_the_file_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    assert "no setting 'pasword': is it password?" in refusal(
        {}, {}, file_of(tmp_path, f'pasword = "{SECRET}"')
    )
    assert '"usagekit-collector serve -h" names all' in refusal(
        {}, {}, file_of(tmp_path, "[collector]\nport = 1")
    )


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("port", ["-1"], "expected a whole number of at least 0"),
        ("port", ["65536"], "expected a whole number of at most 65535"),
        ("port", ["1.5", "eighty"], "expected a whole number"),
        ("retention_days", ["36501", "99999999999999999999"], "at most 36500"),
        ("retention_days", ["-1"], "at least 0"),
        ("batch_events", ["0"], "at least 1"),
        ("batch_seconds", ["0", "nan", "-0.1"], "a number of more than 0"),
        ("batch_seconds", ["inf", "1e9"], "a number of at most 60"),
        ("intake_events", ["0"], "at least 1"),
        ("intake_bytes", ["0"], "at least 1"),
        ("max_inflight_bytes", ["0"], "at least 1"),
        ("request_seconds", ["0", "-1", "nan"], "more than 0"),
        ("readers", ["0"], "at least 1"),
        ("readers", ["101"], "at most 100"),
        ("query_seconds", ["0"], "more than 0"),
        ("query_bytes", ["0"], "at least 1"),
        ("lease_seconds", ["0"], "more than 0"),
        ("max_projects", ["-1"], "at least 0"),
        ("log_format", ["yaml"], "expected one of auto, json, text"),
        ("log_level", ["loud", "INFO\n"], "expected one of debug, info, warning, error"),
    ],
)
def test_what_is_out_of_range_is_refused_with_where_it_was_said(
    tmp_path: Path, name: str, values: list[str], says: str
) -> None:
    for value in values:
        said = refusal({}, variables(**{name: value}))
        assert said.startswith(f"{PREFIX}{name.upper()}: "), said
        assert says in said
        assert refusal({name: value}, {}).startswith(f"--{name.replace('_', '-')}: ")
    config = file_of(tmp_path, f"{name} = {json.dumps(values[0])}")
    assert refusal({}, {}, config).startswith(f"{name} in {config}: ")


def test_a_store_that_cannot_be_one_is_refused_without_its_password() -> None:
    said = refusal({"store": f"clickhouse://user:{SECRET}/x@server/db"}, {})
    assert "%2F for /" in said
    assert SECRET not in said


def test_the_store_of_whoever_says_nothing_is_in_their_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert load({}, {}).store == f"chdb://{tmp_path}/.local/share/usagekit-collector"
    monkeypatch.setenv("XDG_DATA_HOME", "/some/where else")
    assert load({}, {}).store == "chdb:///some/where%20else/usagekit-collector"
    assert read(load({"store": "chdb:///~/mine"}, {}).store).folder == tmp_path / "mine"


def test_serve_names_every_setting_in_its_help(new_collector: Callable[..., Collector]) -> None:
    said = new_collector(password=SECRET).run("serve", "--help").stdout.decode()
    assert [name for name in descriptions() if name not in said.replace("-", "_")] == []
    assert SECRET not in said


def test_no_password_is_printed_whatever_happens(new_collector: Callable[..., Collector]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    store = f"clickhouse://user:{SECRET}@127.0.0.1:{port}/db?ca_cert={SECRET}"
    unreachable = new_collector(store=store, password=f"api-{SECRET}")
    for command in (["serve"], ["export"]):
        said = told(unreachable, *command)
        assert "cannot be opened" in said, said
        assert SECRET not in said

    with new_collector(password=SECRET, log_level="debug") as running:
        assert running.get("/api/projects").status == 200
        for word in ("wrong-" + SECRET, ""):
            wrong = told(running, "export", "--url", running.url, "--password", word or "x")
            assert f"{PREFIX}PASSWORD" in wrong, wrong
            assert SECRET not in wrong
        running.stop()
        assert SECRET not in running.log.read_text()


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_a_name_of_earlier_versions_is_refused_with_the_one_of_now(
    tmp_path: Path, embedded: Collector, old: str, new: str
) -> None:
    assert f"it is called {new} now" in refusal({}, {}, file_of(tmp_path, f"{old} = 1"))
    assert f"{PREFIX}{old.upper()}: it is called {new} now" in refusal(
        {}, {f"{PREFIX}{old.upper()}": "1"}
    )
    flag = f"--{old.replace('_', '-')}"
    for words in ([flag, "1"], [f"{flag}=1"]):
        ran = embedded.run("serve", *words)
        assert ran.returncode == 2
        assert f"{flag}: it is called {new} now".encode() in ran.stderr


def test_an_embedded_store_has_its_intake_in_its_own_folder() -> None:
    assert "state is for a store on a server" in refusal({"state": "elsewhere"}, {})
