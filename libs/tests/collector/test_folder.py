"""The folder of an embedded store: it is nobody else's, nothing else is in it, and it is found
whatever it is called."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from usagekit_collector.address import of_folder

from tests.support.collector import Collector, event
from tests.support.stopped import ask_engine, exported, in_lines, told

NewCollector = Callable[..., Collector]
INTO = ("--token", "phc_made_up")
BY_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can plant what is another's")
COMMANDS = [
    ["serve"],
    ["export"],
    *(
        pytest.param(words, marks=pytest.mark.torture)
        for words in (
            ["doctor"],
            ["doctor", "--rebuild-identity"],
            ["token", "create", "acme"],
            ["import", "-", *INTO],
        )
    ),
]


def content(folder: Path) -> dict[str, tuple[int, bytes]]:
    """All that is in a folder: its mode, and what is in it."""
    found = {}
    for path in [folder, *folder.rglob("*")]:
        inside = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path)] = (path.lstat().st_mode, inside)
    return found


def take_in(collector: Collector, *names: str) -> None:
    events = [event(name, timestamp="2026-03-01T12:00:00Z") for name in names]
    ran = collector.run("import", "-", *INTO, said=in_lines(events))
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_folder_with_something_else_in_it_is_refused_and_stays_as_it_is(
    new_collector: NewCollector, tmp_path: Path, command: list[str]
) -> None:
    home = tmp_path / "home"
    (home / "scratch").mkdir(parents=True)
    (home / "scratch" / "tmp12345678.raw").write_text("somebody's own")
    home.chmod(0o755)
    before = content(home)
    said = told(new_collector(store=of_folder(home)), *command)
    assert str(home) in said
    assert "no store" in said
    assert "--store" in said
    assert content(home) == before


@pytest.mark.parametrize("command", [["doctor"], ["export"]], ids=" ".join)
@pytest.mark.parametrize("is_there", [False, True])
def test_whoever_only_looks_makes_no_store(
    new_collector: NewCollector, tmp_path: Path, command: list[str], is_there: bool
) -> None:
    place = tmp_path / "new"
    if is_there:
        place.mkdir()
    assert f"there is no store in {place}" in told(new_collector(store=of_folder(place)), *command)
    assert list(tmp_path.glob("new/*")) == []
    assert place.exists() == is_there


@pytest.mark.parametrize("command", [["doctor"], ["export"]], ids=" ".join)
def test_whoever_only_looks_leaves_a_store_as_it_is(
    new_collector: NewCollector, command: list[str]
) -> None:
    collector = new_collector()
    take_in(collector, "user-1")
    collector.folder.joinpath("store").chmod(0o755)
    before = content(collector.folder / "store")
    ran = collector.run(*command)
    assert ran.returncode == 0, ran.stderr
    assert content(collector.folder / "store") == before


@pytest.mark.parametrize("command", [["doctor"], ["export"]], ids=" ".join)
def test_a_store_of_an_earlier_version_is_left_for_whoever_writes(
    new_collector: NewCollector, command: list[str]
) -> None:
    collector = new_collector()
    take_in(collector, "user-1")
    ask_engine(collector, "DELETE FROM migrations WHERE number >= 5", "SELECT 1")
    assert "usagekit-collector serve" in told(collector, *command)
    take_in(collector, "user-2")
    assert collector.run(*command).returncode == 0


def test_an_empty_volume_may_become_a_store(new_collector: NewCollector, tmp_path: Path) -> None:
    (tmp_path / "volume" / "lost+found").mkdir(parents=True)
    collector = new_collector(store=of_folder(tmp_path / "volume"))
    take_in(collector, "user-1")
    assert [one["distinct_id"] for one in exported(collector)] == ["user-1"]


def test_a_store_that_others_could_open_is_closed_to_them(new_collector: NewCollector) -> None:
    collector = new_collector()
    store = collector.folder / "store"
    store.mkdir(parents=True)
    store.chmod(0o2777)
    with collector:
        assert stat.S_IMODE(store.stat().st_mode) == 0o2700
    assert "could be opened by others" in collector.log.read_text()
    collector.log.write_text("")
    with collector:
        assert "could be opened by others" not in collector.log.read_text()


@BY_ROOT
@pytest.mark.parametrize("theirs", ["folder", "lock"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_belongs_to_another_user_is_no_store_of_ours(
    new_collector: NewCollector, theirs: str, command: list[str]
) -> None:
    collector = new_collector()
    take_in(collector, "user-1")
    store = collector.folder / "store"
    os.chown(store if theirs == "folder" else store / "collector.lock", 54_321, 54_321)
    before = content(store)
    assert "belongs to another user (uid 54321)" in told(collector, *command)
    assert content(store) == before


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_lock_that_is_a_link_leads_nowhere(
    new_collector: NewCollector, tmp_path: Path, command: list[str]
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("somebody's own")
    collector = new_collector()
    store = collector.folder / "store"
    store.mkdir(parents=True)
    (store / "collector.lock").symlink_to(precious)
    assert "the store's folder cannot be used" in told(collector, *command)
    assert precious.read_text() == "somebody's own"


def test_what_an_earlier_version_left_behind_goes_and_what_is_somebodys_stays(
    new_collector: NewCollector,
) -> None:
    collector = new_collector()
    take_in(collector, "user-1")
    scratch = collector.folder / "store" / "scratch"
    scratch.mkdir()
    scratch.joinpath("tmpabcd_123.raw").write_text("an event")
    scratch.joinpath("notes.raw").write_text("somebody's own")
    take_in(collector, "user-2")
    assert os.listdir(scratch) == ["notes.raw"]
    scratch.joinpath("notes.raw").unlink()
    take_in(collector, "user-3")
    assert not scratch.exists()


@pytest.mark.parametrize(
    "name",
    [
        "my Jürgen%20",
        *(
            pytest.param(name, marks=pytest.mark.torture)
            for name in ("Jürgen", "my stuff", "a%20b", "a#b&c=d", "日本", "'\"\\")
        ),
    ],
)
def test_a_store_lies_in_the_folder_that_is_named_whatever_its_name(
    new_collector: NewCollector, tmp_path: Path, name: str
) -> None:
    collector = new_collector(store="chdb:///~/store", open=True)
    home = tmp_path / "users" / name
    collector.environ["HOME"] = str(home)
    take_in(collector, "user-1")
    with collector:
        assert [one["distinct_id"] for one in collector.project(INTO[1]).events()] == ["user-1"]
    assert {"collector.lock", "metadata", "store"} < set(os.listdir(home / "store"))
    assert os.listdir(home.parent) == [name]


@pytest.mark.parametrize("is_half_moved", [pytest.param(False, marks=pytest.mark.torture), True])
def test_a_store_that_lay_beside_its_folder_is_moved_there(
    new_collector: NewCollector, tmp_path: Path, is_half_moved: bool
) -> None:
    collector = new_collector(store=of_folder(tmp_path / "my störe"))
    take_in(collector, "user-1")
    # As an earlier version left it: the lock in the one, all else in the other.
    strayed = tmp_path / "my%20st%C3%B6re"
    strayed.mkdir()
    for one in (tmp_path / "my störe").iterdir():
        if one.name != "collector.lock" and (one.name != "data" or not is_half_moved):
            one.rename(strayed / one.name)
    assert "lie in" in told(collector, "export")
    with collector:
        assert [one["distinct_id"] for one in collector.project(INTO[1]).events()] == ["user-1"]
    assert not strayed.exists()
    assert "has been moved" in collector.log.read_text()


@BY_ROOT
def test_what_another_user_has_put_beside_a_folder_is_left_there(
    new_collector: NewCollector, tmp_path: Path
) -> None:
    planted = tmp_path / "my%20store" / "metadata"
    planted.mkdir(parents=True)
    os.chown(planted.parent, 54_321, 54_321)
    collector = new_collector(store=of_folder(tmp_path / "my store"))
    take_in(collector, "user-1")
    assert planted.exists()
    assert [one["distinct_id"] for one in exported(collector)] == ["user-1"]
