"""What is declared, and that nothing else gets out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usagekit.schema import ENVELOPE, FAILURE_KINDS, PROPERTIES, Field, declared, page

ROOT = Path(__file__).parents[3]
ALL = {**ENVELOPE, **PROPERTIES}
VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())


def test_properties_that_nobody_declared_are_left_out() -> None:
    examples = {name: field.example for name, field in PROPERTIES.items()}
    assert declared({**examples, "argv": ["a"], "cwd": "/srv"}) == examples


@given(st.dictionaries(st.sampled_from([*PROPERTIES, "argv", "cwd", "$set"]), VALUES))
def test_what_is_not_declared_cannot_leave(properties: dict[str, object]) -> None:
    for name, value in declared(properties).items():
        assert PROPERTIES[name].allows(value)
        assert properties[name] is value


@pytest.mark.parametrize("name", list(PROPERTIES))
def test_a_property_of_another_type_than_declared_is_left_out(name: str) -> None:
    for value in (["a list", 7], {"an": "object"}, None, object()):
        assert declared({name: value}) == {}


def test_a_boolean_is_no_number_and_a_number_no_boolean() -> None:
    assert declared({"exit_code": True, "duration": False, "one_off_id": 1}) == {}


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_a_field_with_a_list_of_values_has_no_other(kind: str) -> None:
    assert declared({"failure_kind": kind}) == {"failure_kind": kind}
    assert declared({"failure_kind": f"{kind} of mine"}) == {}


@pytest.mark.parametrize(("name", "field"), ALL.items(), ids=list(ALL))
def test_every_field_has_an_example_that_it_allows_and_a_reason(name: str, field: Field) -> None:
    assert field.allows(field.example)
    assert field.why
    assert (field.unit != "") == (field.kind == "number")


def test_the_privacy_page_is_what_the_declaration_says() -> None:
    """If this fails: make docs."""
    assert (ROOT / "docs/privacy.md").read_text().startswith(page() + "\n")
