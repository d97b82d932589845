"""The login's file and folder, as one user can try them: links, pipes, what is in the way.

Two users: test_neighbours.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from arcade_cli import credentials, private
from arcade_cli.errors import ArcadeError

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.home import Home, Ran

pytestmark = pytest.mark.measured

KEY = "made-up-key-of-ada"


@pytest.fixture
def checkout(untracked: Home, tmp_path: Path) -> Path:
    """A checkout that carries a link for the credentials, and is worked in; what it leads to."""
    document = tmp_path / "document.yaml"
    document.write_text(f"cloud: {{api: {{key: {KEY}}}}}")
    (tmp_path / "checkout/.arcade").mkdir(parents=True)
    (tmp_path / "checkout/.arcade/credentials.yaml").symlink_to(document)
    untracked.environ["ARCADE_WORK_DIR"] = str(tmp_path / "checkout")
    return document


def test_a_link_in_the_folder_is_not_read_through(
    untracked: Home, cloud: ArcadeCloud, checkout: Path
) -> None:
    for words in (("whoami",), ("login", "--host", cloud.url, "--timeout", "5")):
        ran = untracked.run(*words)
        ran.refused_in_one_message("is a link", "not followed", "arcade logout")
    assert cloud.asked == []


def test_a_logout_removes_a_link_and_nothing_that_it_leads_to(
    untracked: Home, cloud: ArcadeCloud, checkout: Path
) -> None:
    before = checkout.read_text()
    assert untracked.run("logout") == Ran(0, "Logged out.\n", "")
    cloud.add_account("ada@example.test")
    assert untracked.login().code == 0
    assert checkout.read_text() == before


def test_a_folder_that_is_a_link_is_followed_in_the_home_only(
    untracked: Home, cloud: ArcadeCloud, tmp_path: Path
) -> None:
    """Elsewhere it may have come with a checkout, and lead to whatever its author wished for."""
    documents, work = tmp_path / "documents", tmp_path / "work"
    documents.mkdir(mode=0o755)
    (documents / "credentials.yaml").write_text(f"cloud: {{api: {{key: {KEY}}}}}")
    work.mkdir()
    (work / ".arcade").symlink_to("../documents")
    cloud.add_account("ada@example.test")
    for words in (("login", "--host", cloud.url, "--timeout", "5"), ("whoami",), ("logout",)):
        ran = untracked.run(*words, environ={"ARCADE_WORK_DIR": str(work)})
        ran.refused_in_one_message("is a link", "checkout", f"rm {work}/.arcade")
    assert cloud.asked == []
    (document,) = documents.iterdir()
    assert KEY in document.read_text()
    assert documents.stat().st_mode & 0o777 == 0o755
    document.unlink()
    untracked.state.symlink_to(documents)
    assert untracked.login(environ={"ARCADE_WORK_DIR": f"{untracked.folder}/"}).code == 0
    assert list(documents.iterdir()) == [document]


def test_a_link_that_leads_nowhere_creates_nothing(untracked: Home, cloud: ArcadeCloud) -> None:
    untracked.state.mkdir()
    (untracked.state / "credentials.yaml").symlink_to(untracked.folder / "made")
    untracked.run("whoami").refused_in_one_message("is a link")
    (untracked.state / "credentials.yaml").unlink()
    untracked.state.rmdir()
    untracked.state.symlink_to(untracked.folder / "made")
    cloud.add_account("ada@example.test")
    ran = untracked.login()
    ran.refused_in_one_message("could not be stored", "No such file")
    assert not (untracked.folder / "made").exists()


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir], ids=["a pipe", "a folder"])
def test_what_is_no_file_keeps_nobody_waiting(
    untracked: Home, make: Callable[[Path], None]
) -> None:
    untracked.state.mkdir()
    make(untracked.state / "credentials.yaml")
    untracked.run("whoami").refused_in_one_message("cannot be read", "arcade logout")


def test_a_file_of_any_size_is_not_read_into_memory(untracked: Home) -> None:
    untracked.state.mkdir()
    (untracked.state / "credentials.yaml").write_text("#" * 2_000_000)
    untracked.run("whoami").refused_in_one_message("cannot be read", "arcade logout")


def test_a_login_is_on_disk_before_it_has_its_name(
    own_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)

        def note(*words: object, name: str = name, real: Callable[..., None] = real, **more: object) -> None:  # fmt: skip # noqa: E501
            steps.append(name)
            real(*words, **more)

        monkeypatch.setattr(os, name, note)
    credentials.save(credentials.Credentials(KEY))
    assert steps == ["fsync", "replace", "fsync"]  # the file, and the folder that names it


def test_a_write_that_fails_leaves_nothing_of_the_key(own_environment: Path) -> None:
    taken = own_environment / ".arcade/credentials.yaml"
    taken.mkdir(parents=True)
    with pytest.raises(ArcadeError, match="could not be stored: Is a directory"):
        credentials.save(credentials.Credentials(KEY))
    assert list((own_environment / ".arcade").iterdir()) == [taken]


@pytest.mark.parametrize("umask", [0o000, 0o077], ids=oct)
def test_each_folder_that_is_made_is_the_user_s_alone(
    tmp_path: Path, untracked: Home, cloud: ArcadeCloud, umask: int
) -> None:
    cloud.add_account("ada@example.test")
    work = tmp_path / "one/two"
    ran = untracked.login(environ={"ARCADE_WORK_DIR": str(work)}, umask=umask)
    assert ran.code == 0
    for folder in (tmp_path / "one", work, work / ".arcade"):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_closed_takes_no_key(
    own_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_environment / ".arcade").mkdir()
    (own_environment / ".arcade").chmod(0o755)
    monkeypatch.setattr(os, "fchmod", lambda *_: None)  # as file systems without permissions do
    with pytest.raises(private.NotPrivateError, match="stays 755"):
        credentials.save(credentials.Credentials(KEY))
    assert list((own_environment / ".arcade").iterdir()) == []


def test_without_handles_of_folders_a_login_is_kept_all_the_same(
    own_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private, "_POSIX", False)  # as on Windows
    for name in ("geteuid", "fchmod"):
        monkeypatch.delattr(os, name)
    assert credentials.load() is None
    credentials.require_place()
    credentials.save(credentials.Credentials(KEY, email="ada@example.test"))
    assert [path.name for path in (own_environment / ".arcade").iterdir()] == ["credentials.yaml"]
    loaded = credentials.load()
    assert loaded is not None
    assert (loaded.secret, loaded.email) == (KEY, "ada@example.test")
    assert (credentials.delete(), credentials.delete()) == (True, False)
