"""Who this person is to the tracker: ``usage.json``, its lock, and the account linked to it."""

from __future__ import annotations

import json

from usagekit import files
from usagekit.config import UsageConfig
from usagekit.service import new_uuid
from usagekit.snapshot import (
    FileLock,
    Identity,
    credentials_stamp,
    parse_identity,
    read_identity,
    read_link,
    read_text,
    unresolved_credentials,
)


class UsageIdentity:
    """The identity on disk, read once and cached; each change is one locked, atomic step.

    Nothing here raises OSError: what cannot be stored is given up silently, and a person whose
    home cannot be written to gets an ID for this one time.

    Args:
        config: the program's policy.
        lock_wait: seconds to wait for the lock before a change; default ``change_lock_wait``.
    """

    def __init__(self, config: UsageConfig, lock_wait: float | None = None) -> None:
        self._config = config
        self._lock_wait = config.change_lock_wait if lock_wait is None else lock_wait
        self._paths = config.paths
        self._cached: Identity | None = None
        self._principal: tuple[str | None] | None = None
        self._stamp: str | None = None

    @property
    def anon_id(self) -> str:
        """This machine's random ID."""
        return self.load_or_create().anon_id

    def load_or_create(self) -> Identity:
        """The identity on disk; a new one, once, if there is none or it is damaged."""
        if self._cached is None:
            self._cached = read_identity(self._config) or self._create()
        return self._cached

    def get_distinct_id(self) -> str:
        """Whom an event belongs to: the linked account, else the service's answer, else the
        anonymous ID. Asks the service only if nothing is linked; blocks up to
        ``identity_timeout`` then.
        """
        identity = self.load_or_create()
        return identity.linked_principal_id or self.get_principal_id() or identity.anon_id

    def get_principal_id(self) -> str | None:
        """Ask the program's service whose the credentials are, once per instance.

        Blocks up to ``identity_timeout`` in all. None: nobody is logged in, or no answer.
        """
        if self._principal is None:
            self._stamp = credentials_stamp(self._config)
            self._principal = (self._ask_service() if self._stamp else None,)
        return self._principal[0]

    def should_alias(self) -> bool:
        """Whether somebody is logged in whom this machine's ID is not linked to."""
        principal = self.get_principal_id()
        return principal is not None and principal != self.load_or_create().linked_principal_id

    def prepare_alias(self, principal_id: str) -> str | None:
        """The anonymous ID that may be aliased to this account, or None if it cannot be told.

        An anonymous ID is aliased at most once: on one that was given to another account the
        alias would fold that account's history into this one. So the intention is written down
        before the alias is sent, and an ID with somebody else's name on it is replaced first.

        None too if the ID is no longer the one that was cached here, or the credentials are not
        those that were asked about: a logout came between, and this answer is about somebody
        who has left.
        """
        expected = self.anon_id
        with _Change(self) as identity:
            if identity is None or not _is_account(principal_id):
                return None
            if identity.anon_id != expected:
                return None
            if self._stamp is not None and self._stamp != credentials_stamp(self._config):
                return None
            if identity.linked_principal_id == principal_id:
                return identity.anon_id  # another process was quicker; its note stands
            owner = identity.linked_principal_id or self._owner_of(identity.anon_id)
            free = owner in (None, principal_id)
            anon_id = identity.anon_id if free else self._store(Identity(new_uuid())).anon_id
            self._write_note(anon_id, principal_id, self._stamp or "")
            return anon_id
        return None

    def set_linked_principal_id(self, principal_id: str) -> bool:
        """Remember that the alias to this account was delivered.

        Returns False if it could not be stored, or if the anonymous ID is no longer the one
        that was cached here: a logout came between, and its new ID belongs to nobody.
        """
        expected = self.anon_id
        with _Change(self) as identity:
            if identity is None or identity.anon_id != expected or not _is_account(principal_id):
                return False
            stamp = self._stamp or credentials_stamp(self._config) or ""
            self._write_note(identity.anon_id, principal_id, stamp)
            self._store(Identity(identity.anon_id, principal_id))
            return True
        return False

    def adopt_link(self) -> None:
        """Take today's credentials for those of a link that came without a note of them."""
        identity, stamp = self.load_or_create(), credentials_stamp(self._config)
        principal = identity.linked_principal_id
        if principal is None or stamp is None or self._owner_of(identity.anon_id) is not None:
            return
        with _Change(self) as current:
            if current is not None and current.linked_principal_id == principal:
                self._write_note(current.anon_id, principal, stamp)

    def reset_to_anonymous(self) -> None:
        """Become a stranger: a new anonymous ID, linked to nobody.

        If the lock is not to be had, without it: nobody may be taken for who has logged out.
        """
        with _Change(self, insist=True, create=True) as identity:
            if identity is not None:
                self._store(Identity(new_uuid()))

    def unresolved_credentials(self) -> str | None:
        """The stamp of credentials that the link does not account for, or None."""
        stamp = credentials_stamp(self._config)
        return unresolved_credentials(self._config, self.load_or_create(), stamp)[0]

    def _ask_service(self) -> str | None:
        from usagekit.deadline import run_within

        if self._config.fetch_principal is None:
            return None
        try:
            principal = run_within(self._config.identity_timeout, self._config.fetch_principal)
        except (Exception, SystemExit):  # noqa: BLE001 (the program's code; whatever it does)
            return None
        return principal if principal and _is_account(principal) else None

    def _create(self) -> Identity:
        fresh = Identity(new_uuid())
        try:
            files.make_private(self._paths, self._paths.folder)
            files.create_whole(self._paths, self._paths.identity, _to_json(fresh))
            return fresh
        except FileExistsError:
            # Another first run was quicker, or what is there is damaged.
            winner = read_identity(self._config)
            if winner is not None:
                return winner
        except OSError:
            pass  # no hard links here; if nothing can be written at all, the next step sees it
        with _Change(self, create=True) as identity:
            if identity is not None:
                return identity
        return read_identity(self._config) or Identity(fresh.anon_id, one_off=True)

    def _store(self, identity: Identity) -> Identity:
        files.replace_whole(self._paths, self._paths.identity, _to_json(identity), sync=True)
        self._cached = identity
        return identity

    def _owner_of(self, anon_id: str) -> str | None:
        """The account that this anonymous ID was, or may have been, aliased to."""
        noted, principal_id, _ = read_link(self._config)
        return principal_id if noted == anon_id else None

    def _write_note(self, anon_id: str, principal_id: str, stamp: str) -> None:
        note = f"{anon_id}\n{principal_id}\n{stamp}"
        files.replace_whole(self._paths, self._paths.link, note, sync=True)


class _Change:
    """One read-modify-write of ``usage.json``, under its exclusive lock from read to replace.

    Entering gives the identity on disk, or None if there is none (a new one with ``create``), if
    the lock was not to be had in time, or if the folder cannot be written. An OSError inside ends
    the change silently.
    """

    def __init__(self, owner: UsageIdentity, *, insist: bool = False, create: bool = False) -> None:
        self._owner = owner
        self._insist = insist
        self._create = create
        self._lock = FileLock(owner._paths, owner._paths.identity_lock)

    def __enter__(self) -> Identity | None:
        owner = self._owner
        try:
            files.make_private(owner._paths, owner._paths.folder)
            if not self._lock_taken():
                return None
            text = read_text(owner._paths, owner._paths.identity)
            identity = None if text is None else parse_identity(text)
            if identity is None and self._create:
                return owner._store(Identity(new_uuid()))
            return identity
        except OSError:
            self._lock.release()
            return None

    def _lock_taken(self) -> bool:
        try:
            return self._lock.acquire(wait=self._owner._lock_wait) or self._insist
        except OSError:
            # A file system without locks, or one that cannot be written to. Each step is atomic
            # all the same, and the next one will say if it cannot be done.
            return True

    def __exit__(self, kind: object, error: object, traceback: object) -> bool:
        self._lock.release()
        return isinstance(error, OSError)


def _is_account(principal_id: str) -> bool:
    """Whether this can be an account's ID: it is written down as a line of its own."""
    return principal_id != "" and principal_id.isprintable()


def _to_json(identity: Identity) -> str:
    fields = {"anon_id": identity.anon_id, "linked_principal_id": identity.linked_principal_id}
    return json.dumps(fields) + "\n"
