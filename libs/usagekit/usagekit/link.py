"""From "somebody is logged in" to "this machine's history is theirs": one order, in one place.

The sender does this before it sends, ``login`` before its own event; both need it to be true
that no event carries an account's ID before the alias to that account has arrived.
"""

from __future__ import annotations

from collections.abc import Callable

from usagekit.identity import UsageIdentity


def link(identity: UsageIdentity, alias: Callable[[str, str], bool]) -> str | None:
    """Find out who is logged in, alias this machine's anonymous ID to them, remember it.

    Args:
        identity: this machine's.
        alias: ``alias(previous_id, distinct_id)`` delivers the alias and says whether it did.

    Returns:
        The account that events may now carry, or None: nobody, no answer, or no alias.
    """
    linked = identity.load_or_create().linked_principal_id
    if linked is not None and identity.unresolved_credentials() is None:
        return linked
    principal = identity.get_principal_id()
    if principal is None:
        return None
    if identity.load_or_create().one_off:
        return principal  # an ID that nobody will see again has no history to fold in
    if identity.should_alias():
        previous = identity.prepare_alias(principal)
        if previous is None or not alias(previous, principal):
            return None
    # Should this fail, the alias is repeated at the next command; receivers know its uuid.
    identity.set_linked_principal_id(principal)
    return principal
