"""The identity on disk: made once, changed in whole steps, aliased at most once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import usagekit
from hypothesis import example, given
from hypothesis import strategies as st
from usagekit.config import UsageConfig
from usagekit.identity import UsageIdentity, _to_json
from usagekit.link import link
from usagekit.snapshot import (
    FileLock,
    Identity,
    is_uuid,
    parse_any_json,
    parse_identity,
    read_identity,
)

from tests.support.policy import policy

ADA, BOB = "made-up-account-ada", "made-up-account-bob"
ANON = "00000000-0000-4000-8000-000000000001"

Fetch = Callable[[], "str | None"]


class Quick(UsageConfig):
    identity_timeout = 0.2  # type: ignore[misc]
    change_lock_wait = 0.1  # type: ignore[misc]


def config_in(home: Path, fetch: Fetch | None = None) -> UsageConfig:
    return policy(home, Quick, credentials=str(home / "credentials"), fetch_principal=fetch)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def config(state: Path) -> UsageConfig:
    return config_in(state)


def store(state: Path, content: str | bytes | dict[str, Any]) -> Path:
    """Put something where the identity belongs."""
    state.mkdir(exist_ok=True)
    text = json.dumps(content) if isinstance(content, dict) else content
    path = state / "usage.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def log_in(state: Path, secret: str = "made-up-key") -> None:
    state.mkdir(exist_ok=True)
    (state / "credentials").write_text(secret)


def on_disk(state: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((state / "usage.json").read_text())
    return content


def described(identity: Identity) -> tuple[str, str | None, bool]:
    return identity.anon_id, identity.linked_principal_id, identity.one_off


class TestLoadOrCreate:
    def test_the_first_time_there_is_a_new_random_id_linked_to_nobody(
        self, config: UsageConfig, state: Path
    ) -> None:
        identity = UsageIdentity(config).load_or_create()
        assert UUID(identity.anon_id).version == 4
        assert (identity.linked_principal_id, identity.one_off) == (None, False)
        assert on_disk(state) == {"anon_id": identity.anon_id, "linked_principal_id": None}

    def test_the_next_time_it_is_the_same(self, config: UsageConfig) -> None:
        first = UsageIdentity(config).anon_id
        assert UsageIdentity(config).anon_id == first

    def test_what_was_read_is_kept_by_who_has_read_it(
        self, config: UsageConfig, state: Path
    ) -> None:
        identity = UsageIdentity(config)
        first = identity.anon_id
        store(state, {"anon_id": ANON, "linked_principal_id": ADA})
        assert identity.anon_id == first
        assert described(UsageIdentity(config).load_or_create()) == (ANON, ADA, False)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b"7",
            b'"a"',
            b"\xff\xfe\x00",
            b"[" * 10_000,
            b"{}",
            b'{"anon_id": null, "linked_principal_id": null}',
            b'{"anon_id": 7, "linked_principal_id": null}',
            b'{"anon_id": ["a"]}',
            b'{"anon_id": ""}',
            b'{"anon_id": "not-a-uuid", "linked_principal_id": null}\n',
            b'{"anon_id": "00000000-0000-4000-8000-00000000000g", "linked_principal_id": null}\n',
            b'{"anon_id": "000000000000400080000000000000000001", "linked_principal_id": null}\n',
            b'{"anon_id": "00000000-0000-4000-8000-000000000001", "linked_principal_id": 7}\n',
            b'{"anon_id": "00000000-0000-4000-8000-000000000001", "linked_principal_id": ""}\n',
            b'{"anon_id": "00000000-0000-4000-8000-000000000001", "linked_principal_id": [1]}',
            b'{"anon_id": "00000000-0000-4000-8000-000000000001", "linked_principal_id": nu',
        ],
    )
    def test_what_is_damaged_is_replaced_once(
        self, config: UsageConfig, state: Path, content: bytes
    ) -> None:
        store(state, content)
        identity = UsageIdentity(config).load_or_create()
        assert UUID(identity.anon_id).version == 4
        assert (identity.linked_principal_id, identity.one_off) == (None, False)
        assert UsageIdentity(config).anon_id == identity.anon_id
        assert on_disk(state)["anon_id"] == identity.anon_id

    @pytest.mark.parametrize("principal", [None, ADA, 'a "b" \\ é \n'])
    @pytest.mark.parametrize(
        "layout",
        [
            json.dumps,
            lambda fields: json.dumps(fields, indent=2),
            lambda fields: json.dumps(fields, separators=(",", ":")),
            lambda fields: json.dumps(fields, sort_keys=True) + "\r\n\r\n",
            lambda fields: json.dumps(dict(reversed(fields.items())), ensure_ascii=False),
            lambda fields: json.dumps({**fields, "more": {"anon_id": "x"}}),
        ],
    )
    def test_other_layouts_of_the_same_content_are_the_same_identity(
        self,
        config: UsageConfig,
        state: Path,
        layout: Callable[[dict[str, Any]], str],
        principal: str | None,
    ) -> None:
        text = layout({"anon_id": ANON, "linked_principal_id": principal})
        path = store(state, text)
        assert described(UsageIdentity(config).load_or_create()) == (ANON, principal, False)
        assert path.read_bytes() == text.encode()

    def test_an_identity_without_a_link_s_key_is_linked_to_nobody(
        self, config: UsageConfig, state: Path
    ) -> None:
        store(state, {"anon_id": ANON})
        assert described(UsageIdentity(config).load_or_create()) == (ANON, None, False)

    def test_the_file_holds_its_two_keys_and_nothing_else_after_a_change(
        self, config: UsageConfig, state: Path
    ) -> None:
        store(state, {"anon_id": ANON, "linked_principal_id": None, "more": 1})
        assert UsageIdentity(config).set_linked_principal_id(ADA)
        assert on_disk(state) == {"anon_id": ANON, "linked_principal_id": ADA}

    def test_files_and_folders_are_their_owner_s_alone_whatever_the_umask(
        self, config: UsageConfig, state: Path
    ) -> None:
        umask = os.umask(0)
        try:
            identity = UsageIdentity(config)
            identity.prepare_alias(ADA)
            identity.set_linked_principal_id(ADA)
        finally:
            os.umask(umask)
        modes = {path: path.stat().st_mode & 0o777 for path in (state, *state.rglob("*"))}
        assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
        assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}

    def test_no_scratch_file_stays(self, config: UsageConfig, state: Path) -> None:
        store(state, "{")
        identity = UsageIdentity(config)
        identity.prepare_alias(ADA)
        identity.set_linked_principal_id(ADA)
        identity.reset_to_anonymous()
        assert {path.name for path in (state / "usage").iterdir()} == {"identity.lock", "link"}
        assert {path.name for path in state.iterdir()} == {"usage", "usage.json"}


class TestAHomeThatCannotBeWrittenTo:
    @pytest.fixture(params=["under a file", "is a file", "nowhere", "folder for a file", "file"])
    def unwritable(self, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
        kind, place = request.param, tmp_path / "place"
        if kind == "nowhere":
            return place / "deep" / "down"
        if kind == "folder for a file":
            (place / "usage.json").mkdir(parents=True)
            return place
        if kind == "file":
            place.mkdir()
            (place / "usage").touch()
            return place
        place.touch()
        return place / "home" if kind == "under a file" else place

    def test_gets_an_id_for_this_one_time(self, unwritable: Path) -> None:
        config = config_in(unwritable)
        identity = UsageIdentity(config)
        first = identity.load_or_create()
        assert UUID(first.anon_id).version == 4
        assert first.one_off
        assert identity.anon_id == first.anon_id
        assert UsageIdentity(config).anon_id != first.anon_id

    def test_gives_up_changes_silently(self, unwritable: Path) -> None:
        identity = UsageIdentity(config_in(unwritable))
        before = identity.anon_id
        assert identity.prepare_alias(ADA) is None
        assert identity.set_linked_principal_id(ADA) is False
        identity.reset_to_anonymous()
        identity.adopt_link()
        assert identity.unresolved_credentials() is None
        assert identity.anon_id == before

    def test_is_left_without_a_scratch_file(self, unwritable: Path, tmp_path: Path) -> None:
        UsageIdentity(config_in(unwritable)).load_or_create()
        assert list(tmp_path.rglob("*.tmp")) == []


def test_an_identity_that_can_only_be_read_is_the_identity(
    config: UsageConfig, state: Path
) -> None:
    store(state, {"anon_id": ANON, "linked_principal_id": ADA})
    (state / "usage").touch()  # no folder for the lock can be made
    assert described(UsageIdentity(config).load_or_create()) == (ANON, ADA, False)


class TestWhoAnEventBelongsTo:
    def test_the_linked_account_comes_first_and_nobody_is_asked(self, state: Path) -> None:
        def fetch() -> str:
            raise AssertionError("asked")

        log_in(state)
        store(state, {"anon_id": ANON, "linked_principal_id": ADA})
        assert UsageIdentity(config_in(state, fetch)).get_distinct_id() == ADA

    def test_then_the_service_s_answer(self, state: Path) -> None:
        log_in(state)
        assert UsageIdentity(config_in(state, lambda: BOB)).get_distinct_id() == BOB

    def test_without_credentials_nobody_is_asked(self, state: Path) -> None:
        asked: list[None] = []
        identity = UsageIdentity(config_in(state, lambda: asked.append(None)))
        assert identity.get_distinct_id() == identity.anon_id
        assert asked == []

    @pytest.mark.parametrize("answer", [None, ""])
    def test_credentials_of_nobody_are_nobody_s(self, state: Path, answer: str | None) -> None:
        log_in(state)
        identity = UsageIdentity(config_in(state, lambda: answer))
        assert identity.get_distinct_id() == identity.anon_id
        assert identity.get_principal_id() is None
        assert not identity.should_alias()

    @pytest.mark.parametrize(
        "error", [OSError("no network"), ValueError(), LookupError(), SystemExit(1)], ids=repr
    )
    def test_a_service_that_fails_in_whatever_way_is_no_answer(
        self, state: Path, error: BaseException
    ) -> None:
        def fetch() -> str:
            raise error

        log_in(state)
        identity = UsageIdentity(config_in(state, fetch))
        assert identity.get_distinct_id() == identity.anon_id

    @pytest.mark.timeout(30, func_only=True)
    def test_a_service_that_hangs_is_no_answer_in_time(self, state: Path) -> None:
        let_go = threading.Event()
        log_in(state)
        identity = UsageIdentity(config_in(state, lambda: str(let_go.wait())))
        try:
            assert identity.get_distinct_id() == identity.anon_id
        finally:
            let_go.set()

    @pytest.mark.parametrize("answer", [ADA, None])
    def test_the_service_is_asked_once(self, state: Path, answer: str | None) -> None:
        asked: list[None] = []

        def fetch() -> str | None:
            asked.append(None)
            return answer

        log_in(state)
        identity = UsageIdentity(config_in(state, fetch))
        for _ in range(3):
            assert identity.get_principal_id() == answer
            identity.get_distinct_id()
            identity.should_alias()
        assert len(asked) == 1

    def test_a_program_without_accounts_is_always_anonymous(
        self, config: UsageConfig, state: Path
    ) -> None:
        log_in(state)
        identity = UsageIdentity(config)
        assert identity.get_distinct_id() == identity.anon_id
        assert not identity.should_alias()

    @pytest.mark.parametrize(
        ("linked", "answer", "expected"),
        [(None, ADA, True), (ADA, ADA, False), (ADA, BOB, True), (ADA, None, False)],
    )
    def test_an_alias_is_due_if_somebody_is_logged_in_who_is_not_linked(
        self, state: Path, linked: str | None, answer: str | None, expected: bool
    ) -> None:
        log_in(state)
        store(state, {"anon_id": ANON, "linked_principal_id": linked})
        assert UsageIdentity(config_in(state, lambda: answer)).should_alias() is expected


class TestTheLink:
    def test_a_link_is_remembered(self, config: UsageConfig, state: Path) -> None:
        identity = UsageIdentity(config)
        before = identity.anon_id
        assert identity.set_linked_principal_id(ADA)
        assert described(identity.load_or_create()) == (before, ADA, False)
        assert described(UsageIdentity(config).load_or_create()) == (before, ADA, False)

    @pytest.mark.parametrize("principal", ['a "quoted" one', "ünï", "back\\slash", " ", "null"])
    def test_an_account_of_any_name_is_remembered(
        self, config: UsageConfig, principal: str
    ) -> None:
        assert UsageIdentity(config).set_linked_principal_id(principal)
        assert UsageIdentity(config).get_distinct_id() == principal

    def test_a_link_does_not_survive_a_logout_that_came_between(
        self, config: UsageConfig, state: Path
    ) -> None:
        late = UsageIdentity(config)
        late.load_or_create()
        UsageIdentity(config).reset_to_anonymous()
        assert late.set_linked_principal_id(ADA) is False
        assert on_disk(state)["linked_principal_id"] is None

    def test_a_reset_while_the_service_is_asked_gives_the_account_nothing_of_the_new_id(
        self, state: Path
    ) -> None:
        """The credentials stay as they are: by them alone nothing would be noticed."""
        aliased: list[str] = []

        def fetch() -> str:
            UsageIdentity(config_in(state)).reset_to_anonymous()
            return ADA

        def alias(previous_id: str, _: str) -> bool:
            aliased.append(previous_id)
            return True

        log_in(state)
        assert link(UsageIdentity(config_in(state, fetch)), alias) is None
        assert aliased == []
        assert on_disk(state)["linked_principal_id"] is None
        assert not (state / "usage/link").exists()

    def test_a_logout_makes_a_stranger(self, config: UsageConfig, state: Path) -> None:
        identity = UsageIdentity(config)
        before = identity.anon_id
        identity.set_linked_principal_id(ADA)
        identity.reset_to_anonymous()
        assert identity.anon_id != before
        assert on_disk(state) == {"anon_id": identity.anon_id, "linked_principal_id": None}

    @pytest.mark.timeout(30, func_only=True)
    def test_a_change_is_given_up_silently_if_the_lock_is_not_to_be_had(
        self, config: UsageConfig, state: Path
    ) -> None:
        identity = UsageIdentity(config)
        identity.load_or_create()
        before = on_disk(state)
        with lock_held(config, "exclusive"):
            assert identity.set_linked_principal_id(ADA) is False
            assert identity.prepare_alias(ADA) is None
        assert on_disk(state) == before

    def test_a_logout_is_never_given_up(self, config: UsageConfig, state: Path) -> None:
        identity = UsageIdentity(config)
        identity.set_linked_principal_id(ADA)
        before = on_disk(state)
        with lock_held(config, "exclusive"):
            identity.reset_to_anonymous()
        assert on_disk(state)["linked_principal_id"] is None
        assert on_disk(state)["anon_id"] != before["anon_id"]


class TestAnAnonymousIDIsAliasedAtMostOnce:
    def test_the_first_alias_is_of_the_id_that_is_there(self, config: UsageConfig) -> None:
        identity = UsageIdentity(config)
        assert identity.prepare_alias(ADA) == identity.anon_id

    def test_the_same_alias_again_is_of_the_same_id(self, config: UsageConfig) -> None:
        first = UsageIdentity(config).prepare_alias(ADA)
        assert UsageIdentity(config).prepare_alias(ADA) == first
        assert UsageIdentity(config).set_linked_principal_id(ADA)
        assert UsageIdentity(config).prepare_alias(ADA) == first

    def test_another_account_gets_a_new_id_once_the_link_is_made(
        self, config: UsageConfig, state: Path
    ) -> None:
        store(state, {"anon_id": ANON, "linked_principal_id": ADA})
        identity = UsageIdentity(config)
        fresh = identity.prepare_alias(BOB)
        assert fresh not in (None, ANON)
        assert on_disk(state) == {"anon_id": fresh, "linked_principal_id": None}
        assert identity.anon_id == fresh
        assert identity.set_linked_principal_id(BOB)

    def test_another_account_gets_a_new_id_if_the_first_s_link_was_never_made(
        self, config: UsageConfig
    ) -> None:
        given_away = UsageIdentity(config).prepare_alias(ADA)  # and then the process died
        fresh = UsageIdentity(config).prepare_alias(BOB)
        assert fresh not in (None, given_away)
        assert UsageIdentity(config).prepare_alias(BOB) == fresh

    def test_a_note_of_an_id_that_is_gone_says_nothing_about_the_next(
        self, config: UsageConfig
    ) -> None:
        UsageIdentity(config).prepare_alias(ADA)
        UsageIdentity(config).reset_to_anonymous()
        identity = UsageIdentity(config)
        assert identity.prepare_alias(BOB) == identity.anon_id

    def test_a_note_that_is_damaged_is_none(self, config: UsageConfig, state: Path) -> None:
        anon_id = UsageIdentity(config).prepare_alias(ADA)
        for damage in ("", "\n\n\n\n", "a\nb", "\udcff"):
            (state / "usage/link").write_text(damage, errors="surrogateescape")
            assert UsageIdentity(config).prepare_alias(ADA) == anon_id

    @pytest.mark.parametrize("name", ["two\nlines", ""])
    def test_what_cannot_be_an_account_is_given_no_id(self, config: UsageConfig, name: str) -> None:
        identity = UsageIdentity(config)
        assert identity.prepare_alias(name) is None
        assert identity.set_linked_principal_id(name) is False
        assert UsageIdentity(config).load_or_create().linked_principal_id is None

    @pytest.mark.parametrize("accounts", [[ADA, BOB, ADA], [ADA, ADA, BOB], [BOB, ADA, BOB, ADA]])
    def test_through_any_row_of_accounts_no_id_is_aliased_to_two(
        self, state: Path, accounts: list[str]
    ) -> None:
        aliased: list[tuple[str, str]] = []

        def alias(previous_id: str, distinct_id: str) -> bool:
            aliased.append((previous_id, distinct_id))
            return True

        for turn, account in enumerate(accounts):
            log_in(state, "key" * (turn + 1))
            config = config_in(state, partial(str, account))
            assert link(UsageIdentity(config), alias) == account
            assert on_disk(state)["linked_principal_id"] == account
        assert len({anon_id for anon_id, _ in aliased}) == len(set(aliased))


class TestCredentials:
    def test_without_any_there_is_nothing_to_resolve(self, config: UsageConfig) -> None:
        assert UsageIdentity(config).unresolved_credentials() is None

    def test_those_that_nobody_has_looked_up_are_to_be_resolved(
        self, config: UsageConfig, state: Path
    ) -> None:
        log_in(state)
        status = (state / "credentials").stat()
        stamp = UsageIdentity(config).unresolved_credentials()
        assert stamp == f"{status.st_size}-{status.st_mtime_ns}"

    def test_those_that_the_link_was_made_with_are_known(
        self, config: UsageConfig, state: Path
    ) -> None:
        log_in(state)
        identity = UsageIdentity(config)
        identity.set_linked_principal_id(ADA)
        assert identity.unresolved_credentials() is None

    @pytest.mark.parametrize("change", ["longer", "same length", "touched"])
    def test_others_in_their_place_are_noticed(
        self, config: UsageConfig, state: Path, change: str
    ) -> None:
        log_in(state, "key-1")
        UsageIdentity(config).set_linked_principal_id(ADA)
        os.utime(state / "credentials", ns=(1, 1))
        UsageIdentity(config).set_linked_principal_id(ADA)
        if change != "touched":
            log_in(state, {"longer": "key-1234", "same length": "key-2"}[change])
        os.utime(state / "credentials", ns=(2, 2))
        assert UsageIdentity(config).unresolved_credentials() is not None

    def test_none_in_their_place_are_noticed_too(self, config: UsageConfig, state: Path) -> None:
        log_in(state)
        UsageIdentity(config).set_linked_principal_id(ADA)
        (state / "credentials").unlink()
        assert UsageIdentity(config).unresolved_credentials() == "gone"

    def test_those_that_changed_while_the_service_was_asked_are_noticed(self, state: Path) -> None:
        def fetch() -> str:
            log_in(state, "somebody else's key")
            return ADA

        log_in(state)
        config = config_in(state, fetch)
        assert link(UsageIdentity(config), lambda *_: True) is None
        assert on_disk(state)["linked_principal_id"] is None

    def test_those_that_changed_while_the_alias_was_sent_are_noticed_next(
        self, state: Path
    ) -> None:
        def alias(*_: str) -> bool:
            log_in(state, "somebody else's key")
            return True

        log_in(state)
        config = config_in(state, lambda: ADA)
        assert link(UsageIdentity(config), alias) == ADA
        assert UsageIdentity(config).unresolved_credentials() is not None

    def test_a_link_made_by_hand_is_trusted_and_adopted(
        self, config: UsageConfig, state: Path
    ) -> None:
        log_in(state)
        store(state, {"anon_id": ANON, "linked_principal_id": ADA})
        identity = UsageIdentity(config)
        assert identity.unresolved_credentials() is None
        identity.adopt_link()
        assert identity.unresolved_credentials() is None
        log_in(state, "another key")
        assert UsageIdentity(config).unresolved_credentials() is not None

    def test_adopting_does_not_hide_a_change_that_was_not_looked_up_yet(
        self, config: UsageConfig, state: Path
    ) -> None:
        log_in(state)
        UsageIdentity(config).set_linked_principal_id(ADA)
        log_in(state, "another key")
        UsageIdentity(config).adopt_link()
        assert UsageIdentity(config).unresolved_credentials() is not None

    def test_an_alias_that_another_process_finished_first_does_not_make_changes_unseen(
        self, state: Path
    ) -> None:
        log_in(state)
        config = config_in(state, lambda: ADA)
        late = UsageIdentity(config)
        late.load_or_create()
        assert link(UsageIdentity(config), lambda *_: True) == ADA
        assert link(late, lambda *_: False) is None
        log_in(state, "somebody else's key")
        assert UsageIdentity(config).unresolved_credentials() is not None


@contextmanager
def lock_held(config: UsageConfig, kind: str) -> Iterator[None]:
    """The identity's lock, held by another process."""
    script = (
        "import sys; from usagekit.config import UsagePaths\n"
        "from usagekit.snapshot import FileLock\n"
        "paths = UsagePaths(sys.argv[1])\n"
        "lock = FileLock(paths, paths.identity_lock)\n"
        "print(lock.acquire(shared=sys.argv[2] == 'shared'), flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, config.paths.home, kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"True\n"
        yield
        process.communicate()


class TestTheLock:
    @pytest.mark.timeout(30, func_only=True)
    def test_a_reader_reads_though_another_process_keeps_the_lock(
        self, config: UsageConfig
    ) -> None:
        anon_id = UsageIdentity(config).anon_id
        with lock_held(config, "exclusive"):
            assert UsageIdentity(config).anon_id == anon_id
            found = read_identity(config)
            assert found is not None
            assert not found.one_off

    @pytest.mark.timeout(30, func_only=True)
    def test_the_first_identity_is_made_though_another_process_keeps_the_lock(
        self, config: UsageConfig, state: Path
    ) -> None:
        (state / "usage").mkdir(parents=True)
        with lock_held(config, "exclusive"):
            identity = UsageIdentity(config).load_or_create()
        assert not identity.one_off
        assert UsageIdentity(config).anon_id == identity.anon_id

    @pytest.mark.timeout(30, func_only=True)
    def test_a_damaged_identity_is_not_replaced_while_another_process_keeps_the_lock(
        self, config: UsageConfig, state: Path
    ) -> None:
        (state / "usage").mkdir(parents=True)
        path = store(state, "{")
        with lock_held(config, "exclusive"):
            assert UsageIdentity(config).load_or_create().one_off
        assert path.read_text() == "{"

    @pytest.mark.parametrize(
        ("held", "shared", "got"),
        [
            ("shared", True, True),
            ("shared", False, False),
            ("exclusive", True, False),
            ("exclusive", False, False),
        ],
    )
    def test_readers_share_it_and_a_writer_has_it_alone(
        self, config: UsageConfig, state: Path, held: str, shared: bool, got: bool
    ) -> None:
        (state / "usage").mkdir(parents=True)
        with lock_held(config, held):
            lock = FileLock(config.paths, config.paths.identity_lock)
            assert lock.acquire(shared=shared) is got
            lock.release()
            lock.release()

    def test_it_goes_with_its_holder(self, config: UsageConfig, state: Path) -> None:
        (state / "usage").mkdir(parents=True)
        with lock_held(config, "exclusive"):
            pass
        lock = FileLock(config.paths, config.paths.identity_lock)
        assert lock.acquire()
        lock.release()


class TestManyProcessesAtOnce:
    MANY = 30
    SCRIPT = """
import sys
from usagekit.config import UsageConfig
from usagekit.identity import UsageIdentity
config = UsageConfig(program="tool", version="1", sender_module="tool.usage", home=sys.argv[1],
                     prefix="TOOL_USAGE", host="", project_api_key="")
print("ready", flush=True)
sys.stdin.read()
identity = UsageIdentity(config).load_or_create()
print(identity.anon_id, identity.one_off)
"""

    @pytest.fixture
    def processes(self, state: Path) -> Iterator[list[subprocess.Popen[str]]]:
        """Processes that are all ready, and begin when their standard input ends."""
        pipe: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        started = [
            subprocess.Popen([sys.executable, "-Sc", self.script, str(state)], **pipe)
            for _ in range(self.MANY)
        ]
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield started
        for process in started:
            with process:
                process.kill()

    @property
    def script(self) -> str:
        """Without the site module, which takes most of a start; so it is told where to look."""
        place = str(Path(usagekit.__file__).parents[1])
        return f"import sys; sys.path.append({place!r})\n{self.SCRIPT}"

    @pytest.mark.parametrize("before", [None, "{", '{"anon_id": "made-up"}'])
    def test_all_get_one_identity(
        self, processes: list[subprocess.Popen[str]], state: Path, before: str | None
    ) -> None:
        if before is not None:
            store(state, before)
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
        said = {process.stdout.read() for process in processes if process.stdout is not None}
        assert said == {f"{on_disk(state)['anon_id']} False\n"}


UUID_FORM = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", re.ASCII)
NEARLY_A_UUID = st.from_regex(r"[0-9a-fA-F٣é-]{35,37}|[0-9a-f-]{36}", fullmatch=True)


@given(st.text() | st.uuids().map(str) | NEARLY_A_UUID)
@example("00000000-0000-4000-8000-00000000000a\n")
@example("00000000-0000-4000-8000-00000000000٣")
@example("0000000--000-4000-8000-00000000000a0")
@example("-" * 36)
@example("0000000g-0000-4000-8000-000000000000")
def test_a_uuid_is_what_a_regular_expression_says_it_is(text: str) -> None:
    assert is_uuid(text) is (UUID_FORM.fullmatch(text) is not None)


def same(first: Identity | None, second: Identity | None) -> bool:
    if first is None or second is None:
        return first is second
    return described(first) == described(second)


ANY_PRINCIPAL = st.none() | st.text(st.characters(exclude_categories=()), min_size=1)
IDENTITIES = st.builds(Identity, st.uuids().map(str), ANY_PRINCIPAL)


@given(IDENTITIES)
def test_every_identity_that_can_be_written_is_read_back_either_way(identity: Identity) -> None:
    text = _to_json(identity)
    assert same(parse_identity(text), identity)
    assert same(parse_any_json(text), identity)


@given(st.text())
@example("[" * 10_000)
@example("9" * 10_000)
def test_both_ways_to_read_agree_on_any_text(text: str) -> None:
    assert same(parse_identity(text), parse_any_json(text))


@given(IDENTITIES.map(_to_json), st.integers(0, 200), st.text(max_size=3), st.integers(0, 3))
@example(f'{{"anon_id": "{ANON}", "linked_principal_id": "}}\n', 0, "", 0)
@example(f'{{"anon_id": "{ANON}", "linked_principal_id": ""}}\n', 0, "", 0)
@example(f'{{"anon_id": "{ANON}", "linked_principal_id": "a"b"}}\n', 0, "", 0)
@example(f'{{"anon_id": "{ANON}", "linked_principal_id": "a", "anon_id": "x"}}\n', 0, "", 0)
def test_both_ways_to_read_agree_on_an_identity_that_was_tampered_with(
    text: str, place: int, inserted: str, removed: int
) -> None:
    place %= len(text)
    tampered = text[:place] + inserted + text[place + removed :]
    assert same(parse_identity(tampered), parse_any_json(tampered))
