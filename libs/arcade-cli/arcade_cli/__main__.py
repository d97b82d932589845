"""``python -m arcade_cli`` is ``arcade``."""

from arcade_cli.main import cli

if __name__ == "__main__":
    cli()
