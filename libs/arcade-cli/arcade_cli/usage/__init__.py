"""Arcade's usage-tracking policy: the only place that knows its names, places and hosts.

The mechanism is ``usagekit``. See docs/usage-tracking.md for what is tracked and how to stop it.
"""

import os

from usagekit.config import UsageConfig, is_set

from arcade_cli import __version__, arcade_home, is_at_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# The receiver unless ARCADE_USAGE_HOST names another. No project key is shipped: without
# ARCADE_USAGE_PROJECT_KEY nothing leaves the machine.
DEFAULT_HOST = "https://us.i.posthog.com"

NOTICE = """\
arcade tells its maintainers which commands run, how long they take, how they
fail: what to mend first. What you work on and type is never part of it.
See it: arcade usage show. Stop it: arcade usage off. More: arcade usage schema."""


def usage_config(environ: "Mapping[str, str]" = os.environ) -> UsageConfig:
    """Arcade's policy for one environment. Reads variables only, no file."""
    home = arcade_home(environ)
    return UsageConfig(
        program="arcade",
        version=__version__,
        sender_module="arcade_cli.usage",
        home=home,
        home_by_link=is_at_home(environ),
        prefix="ARCADE_USAGE",
        host=environ.get("ARCADE_USAGE_HOST", "").strip() or DEFAULT_HOST,
        project_api_key=environ.get("ARCADE_USAGE_PROJECT_KEY", "").strip(),
        debug=is_set(environ, "ARCADE_USAGE_DEBUG"),
        credentials=f"{home}/credentials.yaml",
        fetch_principal=_fetch_principal,
        sender_environ={"ARCADE_WORK_DIR": os.path.dirname(home)},
        login_command="login",
        logout_command="logout",
        notice=NOTICE,
    )


def _fetch_principal() -> str | None:
    """Whose the stored credentials are, by Arcade Cloud's word."""
    from arcade_cli.cloud import who_am_i
    from arcade_cli.credentials import load

    credentials = load()
    return None if credentials is None else who_am_i(credentials).principal_id
