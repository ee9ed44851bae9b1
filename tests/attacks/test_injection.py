"""Every text of a candidate, not only those that people are shown: whatever takes hostile text, harms nobody by it."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from cutover.contracts.candidate import Candidate
from tests.attacks.announcing import announce, document, leaves, with_text
from tests.attacks.harm import harm
from tests.attacks.tries.injection import HIDDEN, LINES, MARK, MARKUP, MENTIONS, PAYLOADS, PROSE, SHOWN, spread, usual

DOCUMENT = document()
TEXTS = sorted(leaves(DOCUMENT), key=str)
MIXED = f"{MARKUP} {HIDDEN} {MENTIONS}"[:500]


def taken(path: Any, text: str) -> bool:
    """Whether the contract takes this text there."""
    try:
        Candidate.model_validate_json(json.dumps(with_text(DOCUMENT, [path], text)))
    except ValidationError:
        return False
    return True


FREE = [path for path in TEXTS if taken(path, MIXED)]


def dotted(path: Any) -> str:
    return ".".join(map(str, path))


def test_a_harmless_release_is_told_everywhere_that_is_looked_at() -> None:
    told = usual()
    assert told.ended == "awaiting_approval"
    assert told.pages
    assert told.mails
    assert told.calendars
    assert len(told.slack) >= len(told.mails)
    assert told.lines
    assert harm(told, told, MARK) == []


def test_what_is_shown_takes_what_it_is_given() -> None:
    assert set(SHOWN) <= set(FREE)
    told = spread(MARKUP)
    everything = [*told.pages, *(mail.html for mail in told.mails)]
    assert all(MARK in each for each in everything), "or its harmlessness would say nothing"


@pytest.mark.parametrize("path", [path for path in FREE if path not in SHOWN], ids=dotted)
def test_a_text_that_is_free_holds_the_release_and_harms_nobody(path: Any) -> None:
    told = announce(lambda candidate: with_text(candidate, [path], MIXED))
    assert told.ended.startswith("held ")
    assert told.held, "whoever has to mend it is told"
    assert harm(told, usual(), MARK) == []


@pytest.mark.parametrize("payload", sorted(PAYLOADS))
def test_names_digests_and_times_take_none_of_it(payload: str) -> None:
    assert [dotted(path) for path in TEXTS if path not in FREE and taken(path, PAYLOADS[payload])] == []


@pytest.mark.parametrize("payload", ["line breaks of headers", "10,000 characters"])
def test_no_text_takes_what_is_meant_for_headers_or_has_no_bound(payload: str) -> None:
    assert [dotted(path) for path in TEXTS if taken(path, PAYLOADS[payload])] == []


def test_lines_stand_only_where_prose_does_and_in_names_of_records() -> None:
    several = {path for path in FREE if taken(path, LINES)}
    assert set(PROSE) <= several
    assert {path[-1] for path in several - set(PROSE)} == {"record", "version"}
    assert ("version",) not in several


def test_harm_is_found_where_there_is_some() -> None:
    told = spread(MARKUP)
    told.pages.append("<p onclick='x'><script>alert(1)</script>\u202e 94011")
    told.lines.append(MARK)
    assert len(harm(told, usual(), MARK)) == 5
