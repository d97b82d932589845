"""The detached sender: ``python -m arcade_cli.usage``, fed by ``ARCADE_USAGE_EVENT_DATA``."""

from usagekit import sender

from arcade_cli.usage import usage_config

if __name__ == "__main__":
    sender.main(usage_config())
