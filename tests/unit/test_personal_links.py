"""Personal links: whose they are cannot be changed, and no approval link passes for one, nor the other way round."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.domain import links, personal_links
from cutover.domain.link_text import MAX_URL_CHARACTERS
from cutover.domain.mac import Overlapping
from cutover.domain.personal_links import PersonalLink
from cutover.errors import Refused
from tests.fakes.keys import LocalMac
from tests.unit.test_links import AUDIENCE, MAC, NOW, TEXT, names

MINE = PersonalLink(person="erin", expires_at=NOW + timedelta(days=7))
TEXT_OF_MINE = personal_links.make_link(MINE, audience=AUDIENCE, mac=MAC)


def refusal(text: str, *, now: datetime = NOW, audience: str = AUDIENCE, mac: LocalMac | Overlapping = MAC) -> str:
    with pytest.raises(Refused) as caught:
        personal_links.open_link(text, audience=audience, mac=mac, now=now)
    return caught.value.code


@given(names, st.integers(1_800_000_000, 4_000_000_000))
def test_a_link_says_what_was_put_into_it_and_fits_a_mail(person: str, seconds: int) -> None:
    link = PersonalLink(person=person, expires_at=datetime.fromtimestamp(seconds, UTC))
    text = personal_links.make_link(link, audience=AUDIENCE, mac=MAC)
    assert personal_links.open_link(text, audience=AUDIENCE, mac=MAC, now=NOW) == link
    assert len(personal_links.url("https://abcdefghij.execute-api.eu-central-1.amazonaws.com", text)) < 300


@given(st.integers(0, len(TEXT_OF_MINE) - 1), st.sampled_from("ABCabc019-_"))
def test_any_other_character_is_refused(index: int, character: str) -> None:
    changed = TEXT_OF_MINE[:index] + character + TEXT_OF_MINE[index + 1 :]
    if changed != TEXT_OF_MINE:
        assert refusal(changed).startswith("LINK_")


def test_an_approval_link_is_none_of_these_and_the_other_way_round() -> None:
    assert refusal(TEXT) in {"LINK_NOT_OURS", "LINK_MALFORMED"}
    with pytest.raises(Refused):
        links.open_link(TEXT_OF_MINE, audience=AUDIENCE, mac=MAC, now=NOW)


def test_it_ends_and_belongs_to_one_cutover_and_one_key() -> None:
    assert refusal(TEXT_OF_MINE, now=MINE.expires_at) == "LINK_EXPIRED"
    assert refusal(TEXT_OF_MINE, audience=AUDIENCE.replace("shop", "other")) == "LINK_WRONG_AUDIENCE"
    assert refusal(TEXT_OF_MINE, mac=LocalMac(secret=b"x" * 32)) == "LINK_NOT_OURS"
    later = LocalMac(secret=b"n" * 32, key_name="links-2")
    kept = personal_links.open_link(TEXT_OF_MINE, audience=AUDIENCE, mac=Overlapping(later, (MAC,)), now=NOW)
    assert kept == MINE
    assert refusal(TEXT_OF_MINE, mac=Overlapping(later)) == "LINK_KEY_UNKNOWN"
    assert len(TEXT_OF_MINE) < MAX_URL_CHARACTERS
