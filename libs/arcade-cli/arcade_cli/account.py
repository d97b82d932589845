"""``arcade whoami``."""

from arcade_cli import cloud, credentials
from arcade_cli.errors import ArcadeError
from arcade_cli.show import say, show_fields


def show_account(*, as_json: bool) -> None:
    """Print the account that is logged in. Raises ArcadeError if that is nobody."""
    stored = credentials.load()
    if stored is None:
        raise ArcadeError("You are not logged in. Run `arcade login`.")
    try:
        account = cloud.who_am_i(stored)
    except cloud.CloudError as error:
        raise ArcadeError(
            f"{stored.service} could not be asked who you are: {error}. Your login is untouched.",
            usage_message="the service could not be asked",
        ) from error
    if account.principal_id is None:
        raise ArcadeError(
            f"{stored.service} no longer accepts this login. "
            "Run `arcade logout`, then `arcade login`.",
            usage_message="the service no longer accepts this login",
        )
    fields: dict[str, object] = {
        "email": account.email or stored.email,
        "principal_id": account.principal_id,
        "service": stored.service,
    }
    show_fields(fields, as_json=as_json)


def already_logged_in(stored: credentials.Credentials) -> None:
    """Say that there is a login already, and how to get another."""
    say(f"You are already logged in as {stored.email or 'somebody'} ({stored.service}).")
    say("To switch account, run `arcade logout`, then `arcade login`.")
