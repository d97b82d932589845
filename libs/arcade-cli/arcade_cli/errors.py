"""What goes wrong in a way that a person can do something about."""


class ArcadeError(Exception):
    """Ends the command with exit code 1 and its message, in one or two lines, on stderr.

    The message says what happened, what it means, and what to do next.

    Args:
        message: for the person at the keyboard.
        detail: shown with ``--debug`` only.
        usage_message: what usage tracking may record instead, where the message quotes
            something that is the user's own.
    """

    def __init__(
        self, message: str, detail: str | None = None, usage_message: str | None = None
    ) -> None:
        super().__init__(message)
        self.detail = detail
        self.usage_message = usage_message


class BadInputError(ArcadeError):
    """The user asked for something that there is not. Its text is theirs, and never recorded."""

    is_usage_error = True
