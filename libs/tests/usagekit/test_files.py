"""Whole files, on disk where it matters, and folders that only their owner may write."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest
from usagekit import stored
from usagekit.config import UsageConfig
from usagekit.identity import UsageIdentity
from usagekit.service import UsageService
from usagekit.snapshot import open_folder, read_text, system

from tests.support.policy import policy

ANON = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def config(tmp_path: Path) -> UsageConfig:
    return policy(tmp_path / "state")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is put on disk, and what gets its name, in this order."""
    seen: list[tuple[str, str]] = []
    fsync, replace, link = os.fsync, os.replace, os.link

    def watched_fsync(fd: int) -> None:
        fsync(fd)
        seen.append(("synced", os.readlink(f"/proc/self/fd/{fd}")))

    def named(step: Callable[..., None]) -> Callable[..., None]:
        def watched(source: str, target: str, **options: int) -> None:
            folder = os.readlink(f"/proc/self/fd/{options['src_dir_fd']}")
            step(source, target, **options)
            seen.append((f"{folder}/{source}", target))

        return watched

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", named(replace))
    monkeypatch.setattr(os, "link", named(link))
    return seen


DEEDS: dict[str, tuple[str, Callable[[UsageConfig], object]]] = {
    "the first identity": ("usage.json", lambda c: UsageIdentity(c).load_or_create()),
    "a link": ("usage.json", lambda c: UsageIdentity(c).set_linked_principal_id("made-up-account")),
    "a stranger": ("usage.json", lambda c: UsageIdentity(c).reset_to_anonymous()),
    "what an alias is for": ("link", lambda c: UsageIdentity(c).prepare_alias("made-up-account")),
    "on": ("choice", lambda c: stored.choose(c, on=True)),
    "off": ("choice", lambda c: stored.choose(c, on=False)),
    "who has logged in": ("principal", lambda c: stored.identify(c, "made-up-account")),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_what_must_not_be_lost_is_on_disk_before_it_has_its_name(
    config: UsageConfig, steps: list[tuple[str, str]], deed: str
) -> None:
    """A power failure leaves an empty file where a name is on disk before what it stands for."""
    name, do = DEEDS[deed]
    do(config)
    (scratch,) = [source for source, target in steps if target == name][-1:]
    assert steps.index(("synced", scratch)) < steps.index((scratch, name))


@pytest.mark.parametrize("on", [True, False])
def test_a_choice_is_found_again_after_a_power_failure_in_a_new_home_too(
    config: UsageConfig, steps: list[tuple[str, str]], on: bool
) -> None:
    stored.choose(config, on=on)
    after = [place for what, place in steps[[t for _, t in steps].index("choice") :]]
    home = config.paths.home
    assert {config.paths.folder, home, os.path.dirname(home)} <= set(after)


def test_an_ordinary_command_waits_for_no_disk(
    config: UsageConfig, steps: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "spawn_detached", lambda *_: None)
    UsageIdentity(config).load_or_create()
    steps.clear()
    service = UsageService(config, {})
    event = {"event_name": "e", "distinct_id": ANON, "is_anon": True, "properties": {}}
    service.begin(event)
    UsageIdentity(config).load_or_create()
    service.capture(event)
    assert len(os.listdir(config.paths.spool)) == 1
    assert [step for step in steps if step[0] == "synced"] == []


@pytest.mark.parametrize("mode", [0o702, 0o720, 0o777, 0o1777])
def test_a_folder_that_others_may_write_is_not_opened(config: UsageConfig, mode: int) -> None:
    UsageIdentity(config).load_or_create()
    for path in (config.paths.home, config.paths.folder):
        os.chown(path, -1, 54_322)  # a group that is not this user's alone
        os.chmod(path, mode)
        with pytest.raises(PermissionError):
            open_folder(config.paths, config.paths.folder)
        os.chmod(path, 0o700)
    open_folder(config.paths, config.paths.folder).close()


@pytest.mark.parametrize("end", ["", "/", "//"])
def test_a_link_that_others_may_have_made_is_not_followed_for_a_slash_at_its_end(
    tmp_path: Path, end: str
) -> None:
    documents, place = tmp_path / "documents", tmp_path / "place"
    documents.mkdir()
    place.mkdir()
    place.chmod(0o1777)
    (place / "state").symlink_to(documents)
    identity = UsageIdentity(policy(f"{place}/state{end}")).load_or_create()
    assert identity.one_off
    assert list(documents.iterdir()) == []


def test_a_folder_that_others_may_read_is(config: UsageConfig) -> None:
    UsageIdentity(config).load_or_create()
    os.chmod(config.paths.home, 0o755)
    open_folder(config.paths, config.paths.folder).close()


def test_a_group_of_one_is_nobody_else(config: UsageConfig) -> None:
    """As Debian has it: each user's own group, and a umask that lets it write."""
    UsageIdentity(config).load_or_create()
    user = pwd.getpwuid(os.geteuid())
    assert grp.getgrgid(user.pw_gid).gr_name == user.pw_name, "the tests' user has a shared group"
    os.chown(config.paths.home, -1, user.pw_gid)
    os.chmod(config.paths.home, 0o775)
    open_folder(config.paths, config.paths.folder).close()


def test_a_file_that_somebody_else_may_write_is_not_read(config: UsageConfig) -> None:
    UsageIdentity(config).load_or_create()
    assert read_text(config.paths, config.paths.identity)
    os.chmod(config.paths.identity, 0o606)
    assert read_text(config.paths, config.paths.identity) is None
