"""The corpus: what is left of secrets, and what is lost of harmless messages, by the real path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.redaction import Judged, counts, judge, privacy_page, provocations, rows

ROOT = Path(__file__).parents[3]
# Of a hundred messages.
MOST = 5.0


@pytest.fixture(scope="module")
def judged() -> dict[str, list[Judged]]:
    return judge()


def test_the_corpus_is_large_and_each_row_is_another() -> None:
    secrets, harmless = ([row.text for row in rows(name)] for name in ("secrets", "harmless"))
    assert len(set(secrets)) == len(secrets) >= 400
    assert len(set(harmless)) == len(harmless) >= 200
    assert len(set(provocations())) == len(provocations()) >= 100
    assert all(row.values for row in rows("secrets"))


@pytest.mark.parametrize(
    "kind",
    [
        "secret, in a template",
        "secret, from elsewhere",
        "harmless, own",
        "harmless, provoked",
        "harmless, from elsewhere",
    ],
)
def test_few_messages_keep_a_part_of_a_secret_or_lose_a_word(
    judged: dict[str, list[Judged]], kind: str
) -> None:
    count = counts(judged)[kind]
    wrong = [one for one in judged[kind] if one.wrong]
    assert 100 * count.bad <= MOST * count.of, wrong


def test_no_secret_is_left_of_what_was_put_into_the_program_s_own_messages(
    judged: dict[str, list[Judged]],
) -> None:
    assert [one for one in judged["secret, in a template"] if one.wrong] == []


def test_the_measure_would_see_a_secret_that_was_left_and_a_word_that_was_lost() -> None:
    """The corpus itself, not redacted at all, and redacted to nothing."""
    from tests.support.redaction import leaked, lost

    assert all(leaked(row, row.text) for row in rows("secrets"))
    assert all(lost(" ".join(row.literals), "") for row in rows("harmless"))


def test_the_privacy_page_says_the_numbers_that_were_measured() -> None:
    """If this fails: make docs. Versions of Python word some messages in other ways."""
    said, measured = (ROOT / "docs/privacy.md").read_text("utf-8"), privacy_page()
    number = re.compile(r"(\d+\.\d)% \((\d+) of (\d+)\)")
    assert number.sub("", said) == number.sub("", measured)
    pairs = zip(number.findall(said), number.findall(measured), strict=True)
    for (was, _, of), (now, _, of_now) in pairs:
        assert of == of_now
        assert abs(float(was) - float(now)) <= 1.0
