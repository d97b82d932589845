"""docs/collector.md names all that there is: settings, commands, routes, operations, rules."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import usagekit_collector
from usagekit_collector.cli.commands import cli
from usagekit_collector.ingest.decode import DEEPEST, LARGEST_EVENT, MOST_EVENTS, MOST_VALUES
from usagekit_collector.ingest.people import LARGEST_PERSON, MOST_IDS
from usagekit_collector.settings import Settings, descriptions
from usagekit_collector.web.api import OPERATIONS
from usagekit_collector.web.sdk import ROUTES
from usagekit_collector.web.sdk_v1 import ROUTES_V1

PACKAGE = Path(usagekit_collector.__file__).parent
PAGE = (Path(__file__).parents[3] / "docs/collector.md").read_text()


def test_each_setting_stands_in_the_docs_with_its_default() -> None:
    settings = Settings()
    rows = [
        f"| `{name}` | {getattr(settings, name) or '—'} | {text} |"
        for name, text in descriptions().items()
    ]
    assert [row for row in rows if row not in PAGE] == []


def test_each_command_stands_in_the_docs() -> None:
    assert [name for name in cli.commands if not re.search(rf"\| `{name}\b", PAGE)] == []


def test_each_route_and_operation_stands_in_the_docs() -> None:
    operations = [
        f"`{one.method} {re.sub(r'{(.*?)}', lambda found: found[1].upper(), one.path)}`"
        for one in OPERATIONS
    ]
    routes = [f"`{path}`" for path in ROUTES + ROUTES_V1]
    assert [one for one in operations + routes if one not in PAGE] == []


def test_each_limit_stands_in_the_docs() -> None:
    limits = (LARGEST_EVENT, MOST_EVENTS, MOST_VALUES, DEEPEST, MOST_IDS, LARGEST_PERSON)
    assert [limit for limit in limits if f"{limit:,}" not in PAGE] == []


def test_each_rule_of_identity_has_a_test_by_its_name() -> None:
    tests = (Path(__file__).with_name("test_decision_table.py")).read_text()
    rules = re.findall(r"^\| ([MP]\d+)(?:, ([MP]\d+))?", PAGE, re.MULTILINE)
    names = {rule for row in rules for rule in row if rule}
    assert len(names) == 19
    # P2 and P3 are one test, which has both names.
    assert [one for one in names if not re.search(rf"def test_.*{one.lower()}_", tests)] == []


def test_the_collector_takes_nothing_of_the_other_packages_but_what_goes_over_the_wire() -> None:
    imported = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    foreign = {name for name in imported if name.split(".")[0] in ("usagekit", "arcade_cli")}
    assert foreign <= {"usagekit.schema", "usagekit.wire"}
