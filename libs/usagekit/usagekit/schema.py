"""Everything that an event can hold, declared once. What is not declared here is not sent.

``docs/privacy.md`` and the ``schema`` command are made from this.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from usagekit.facts import AGENTS, CI_SERVICES

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "strings": (list,),
}


class Field(NamedTuple):
    """One field of an event.

    Attributes:
        kind: ``string``, ``integer``, ``number``, ``boolean`` or ``strings``, a list of them.
        example: a value that it might have.
        why: what it is collected for.
        unit: of a number.
        values: the only ones that there are, if that is so.
        free_text: whether it holds somebody's words, rather than a name that a program declared.
    """

    kind: str
    example: object
    why: str
    unit: str = ""
    values: tuple[str, ...] = ()
    free_text: bool = False

    def allows(self, value: object) -> bool:
        """Whether this can be the field's value. A boolean is no number here."""
        if isinstance(value, bool) != (self.kind == "boolean"):
            return False
        if self.values and value not in self.values:
            return False
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            return False
        return isinstance(value, _TYPES[self.kind])

    def example_text(self) -> str:
        """The example as people read it."""
        return self.example if isinstance(self.example, str) else json.dumps(self.example)

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        known = {"type": self.kind, "unit": self.unit, "example": self.example, "why": self.why}
        return {**known, **({"values": list(self.values)} if self.values else {})}


FAILURE_KINDS = ("exception", "exit", "usage_error", "interrupted", "terminated", "killed")

# Beside the properties: what makes it an event.
ENVELOPE = {
    "event": Field("string", "CLI execution failed", "whether the command succeeded or failed"),
    "distinct_id": Field(
        "string",
        "6f1c0ab2-0000-4000-8000-000000000000",
        "that two events are of one user: a random ID; the account's after a login",
    ),
    "uuid": Field(
        "string",
        "b4d0e7c1-0000-4000-8000-000000000000",
        "that an event that is sent twice is counted once",
    ),
    "timestamp": Field("string", "2026-11-23T09:30:00.000000Z", "when the command ended, UTC"),
}

PROPERTIES = {
    "command_name": Field("string", "toolkit.run", "which commands are used; declared names only"),
    "cli_version": Field(
        "string", "1.2.3", "which versions are in use, and since when something fails"
    ),
    "python_version": Field("string", "3.11.0", "which Python versions must be supported"),
    "os_type": Field("string", "Darwin", "which systems must be supported"),
    "os_release": Field("string", "23.4.0", "whether a failure belongs to one release of a system"),
    "duration": Field("number", 1250.42, "how long commands take", "milliseconds"),
    "exit_code": Field("integer", 1, "what the program told its caller, 0 to 255"),
    "failure_kind": Field("string", "exception", "how it ended, if failed", values=FAILURE_KINDS),
    "error_type": Field("string", "ValueError", "the class of the exception, if there was one"),
    "error_message": Field(
        "string",
        "file not found: <path>",
        "what went wrong, redacted, if failed; empty if you mistyped something",
        free_text=True,
    ),
    "options": Field(
        "strings", ["json"], "which options are used: declared names, never their values"
    ),
    "interactive": Field("boolean", True, "whether people use it at a terminal, or programs do"),
    "ci": Field(
        "string",
        "github",
        "which CI service it runs in, if any",
        values=tuple(dict.fromkeys(CI_SERVICES.values())),
    ),
    "agent": Field(
        "string",
        "claude-code",
        "which AI agent runs it, if any",
        values=tuple(dict.fromkeys(AGENTS.values())),
    ),
    "declared_commands": Field(
        "strings",
        ["db.drop", "db.migrate"],
        "what nobody uses: all commands, once a version, if a program tells them",
    ),
    "declared_options": Field("strings", ["json"], "the same of options, in the same event"),
    "one_off_id": Field(
        "boolean", True, "present if the ID could not be stored and will not be seen again"
    ),
}

# What the protocol and the SDK put beside them.
PROTOCOL = {
    "$process_person_profile": "false on anonymous events: make no person of this",
    "$lib": "the SDK's name",
    "$lib_version": "the SDK's version",
    "$geoip_disable": "true: do not look up where the sender is",
}


def declared(properties: dict[str, Any]) -> dict[str, Any]:
    """Those properties that are declared, and have a value that they may have."""
    return {
        name: value
        for name, value in properties.items()
        if name in PROPERTIES and PROPERTIES[name].allows(value)
    }


def page() -> str:
    """``docs/privacy.md``."""
    rows = [_INTRODUCTION, "| field | type | example | why it is collected |", "|---|---|---|---|"]
    for name, field in {**ENVELOPE, **PROPERTIES}.items():
        kind = f"{field.kind}, {field.unit}" if field.unit else field.kind
        why = f"{field.why}: {', '.join(field.values)}" if field.values else field.why
        rows.append(f"| `{name}` | {kind} | `{field.example_text()}` | {why} |")
    rows += ["", "Beside these stand the PostHog protocol's own:", "", "| field | meaning |"]
    rows += ["|---|---|", *(f"| `{name}` | {meaning} |" for name, meaning in PROTOCOL.items())]
    return "\n".join(rows)


_INTRODUCTION = """\
# Every field that an event can have

Written by `make docs` from `usagekit/schema.py`, which is also what the sender goes by: what is
not in these tables does not leave the machine. Not collected: arguments, values of options, the
environment, the contents of files, the folder you are in. No field holds your machine's address;
a receiver sees where a connection comes from, and is asked not to look that up.
"""

if __name__ == "__main__":
    print(page())
