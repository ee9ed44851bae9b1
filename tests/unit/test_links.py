"""Links and nonces: whatever is changed, they are refused; at their longest, they still fit a mail."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.domain import link_text, links, nonces
from cutover.domain.links import Link
from cutover.domain.mac import Mac, Overlapping
from cutover.errors import ConfigurationError, Refused
from tests.fakes.keys import LocalMac

AUDIENCE = "cutover:shop:123456789012:eu-central-1:production"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MAC = LocalMac(secret=b"k" * 32)
LINK = Link(
    cutover="payments@production.3", revision=2, manifest="sha256:" + "ab" * 32, person="erin", role="operations",
    expires_at=NOW + timedelta(hours=8),
)  # fmt: skip
TEXT = links.make_link(LINK, audience=AUDIENCE, mac=MAC)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

names = st.from_regex(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?", fullmatch=True)
parts = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)
some_links = st.builds(
    Link,
    cutover=st.builds("{}@{}.{}".format, parts, parts, st.integers(1, 999_999_999)),
    revision=st.integers(1, 999_999),
    manifest=st.binary(min_size=32, max_size=32).map(lambda raw: "sha256:" + raw.hex()),
    person=names,
    role=names,
    expires_at=st.integers(1_800_000_000, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    channel=st.sampled_from(["email", "slack"]),
)


def opened(text: str, *, audience: str = AUDIENCE, mac: Mac = MAC, now: datetime = NOW) -> Link:
    return links.open_link(text, audience=audience, mac=mac, now=now)


def refusal(text: str, **context: object) -> str:
    with pytest.raises(Refused) as caught:
        opened(text, **context)  # type: ignore[arg-type]  # the context's names are those of opened()
    return caught.value.code


@given(some_links)
def test_a_link_says_what_was_put_into_it(link: Link) -> None:
    assert opened(links.make_link(link, audience=AUDIENCE, mac=MAC)) == link


@given(st.integers(0, len(TEXT) - 1), st.sampled_from(ALPHABET))
def test_any_other_character_is_refused(index: int, character: str) -> None:
    changed = TEXT[:index] + character + TEXT[index + 1 :]
    if changed != TEXT:
        assert refusal(changed).startswith("LINK_")


@given(st.integers(0, len(TEXT) - 1))
def test_any_prefix_is_refused(length: int) -> None:
    assert refusal(TEXT[:length]).startswith("LINK_")


@given(st.text(max_size=500))
def test_any_text_is_refused_by_a_code(text: str) -> None:
    assert refusal(text).startswith("LINK_")


@given(some_links, st.sampled_from(sorted(Link.model_fields)))
def test_a_mac_holds_for_no_other_field(other: Link, name: str) -> None:
    if getattr(other, name) == getattr(LINK, name):
        return
    forged = LINK.model_copy(update={name: getattr(other, name)})
    body = _raw(links.make_link(forged, audience=AUDIENCE, mac=LocalMac(secret=b"x" * 32)))[:-32]
    assert refusal(_text(body + _raw(TEXT)[-32:])) == "LINK_NOT_OURS"


def test_the_longest_names_still_fit() -> None:
    long = Link(
        cutover=f"{'p' * 40}@{'t' * 40}.999999999", revision=999_999, manifest="sha256:" + "ff" * 32,
        person="p" * 63, role="r" * 63, expires_at=datetime(2105, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    text = links.make_link(long, audience=AUDIENCE, mac=LocalMac("k" * link_text.MAX_KEY_NAME, b"k" * 32))
    assert len(text) <= link_text.MAX_LINK_CHARACTERS
    page = "https://abcdefghij.execute-api.ap-southeast-2.amazonaws.com"
    assert len(links.url(page, text)) < link_text.MAX_URL_CHARACTERS


def test_a_page_whose_address_is_too_long_is_a_fault_of_the_deployment() -> None:
    with pytest.raises(ConfigurationError):
        links.url("https://" + "a" * 480 + ".example.com", TEXT)


def test_another_audience_refuses_it_even_when_the_key_is_shared() -> None:
    assert refusal(TEXT, audience=AUDIENCE.replace("production", "dev")) == "LINK_WRONG_AUDIENCE"


def test_the_whole_audience_is_authenticated_and_not_its_tag_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_text, "_tag", lambda _audience: b"\0" * 8)
    text = links.make_link(LINK, audience=AUDIENCE, mac=MAC)
    assert refusal(text, audience=AUDIENCE.replace("production", "dev")) == "LINK_NOT_OURS"


def test_another_key_refuses_it() -> None:
    assert refusal(TEXT, mac=LocalMac(secret=b"x" * 32)) == "LINK_NOT_OURS"
    assert refusal(TEXT, mac=LocalMac("links-2", b"k" * 32)) == "LINK_KEY_UNKNOWN"


def test_while_a_key_is_replaced_both_are_accepted_and_the_new_one_makes_links() -> None:
    new = LocalMac("links-2", b"n" * 32)
    both = Overlapping(new, (MAC,))
    assert opened(TEXT, mac=both) == LINK
    made = links.make_link(LINK, audience=AUDIENCE, mac=both)
    assert opened(made, mac=new) == LINK
    assert refusal(made) == "LINK_KEY_UNKNOWN"
    nonce = nonces.make_nonce(TEXT, audience=AUDIENCE, mac=MAC, now=NOW, random=b"r" * 16)
    assert nonces.open_nonce(nonce, TEXT, audience=AUDIENCE, mac=both, now=NOW)


def test_a_revoked_key_s_links_are_unknown() -> None:
    assert refusal(TEXT, mac=Overlapping(LocalMac("links-2", b"n" * 32))) == "LINK_KEY_UNKNOWN"


def test_a_link_that_names_another_accepted_key_than_made_it_is_not_ours() -> None:
    other = LocalMac("links-2", b"n" * 32)
    body = _raw(TEXT)[:-32].replace(b"links-1", b"links-2")
    mac = MAC.generate(b"cutover/approval-link/v1\0" + AUDIENCE.encode() + b"\0" + body)
    assert refusal(_text(body + mac), mac=Overlapping(MAC, (other,))) == "LINK_NOT_OURS"


@pytest.mark.parametrize("version", [0, 2, 255])
def test_an_unknown_version_is_refused_even_with_a_good_mac(version: int) -> None:
    body = bytes([version]) + _raw(TEXT)[1:-32]
    mac = MAC.generate(b"cutover/approval-link/v1\0" + AUDIENCE.encode() + b"\0" + body)
    assert refusal(_text(body + mac)) == "LINK_VERSION_UNKNOWN"


def test_trailing_bytes_are_refused_even_with_a_good_mac() -> None:
    body = _raw(TEXT)[:-32] + b"\0"
    mac = MAC.generate(b"cutover/approval-link/v1\0" + AUDIENCE.encode() + b"\0" + body)
    assert refusal(_text(body + mac)) == "LINK_MALFORMED"


@pytest.mark.parametrize("other", [TEXT + "=", TEXT + "\n", " " + TEXT, TEXT + "A", TEXT.replace("A", "+", 1), "", "é"])
def test_another_spelling_is_refused(other: str) -> None:
    assert refusal(other) == "LINK_MALFORMED"


def test_it_ends_exactly_when_it_says() -> None:
    assert opened(TEXT, now=LINK.expires_at - timedelta(seconds=1)) == LINK
    assert refusal(TEXT, now=LINK.expires_at) == "LINK_EXPIRED"


def test_nothing_secret_is_read_before_the_mac_is_checked() -> None:
    """An expired link that is forged too is answered as forged: expiry is told only to whoever holds a real one."""
    forged = _text(_raw(TEXT)[:-1] + bytes([_raw(TEXT)[-1] ^ 1]))
    assert refusal(forged, now=LINK.expires_at) == "LINK_NOT_OURS"


class TestNonces:
    def make(self, link: str = TEXT, random: bytes = b"r" * 16) -> str:
        return nonces.make_nonce(link, audience=AUDIENCE, mac=MAC, now=NOW, random=random)

    def code(self, nonce: str, *, link: str = TEXT, audience: str = AUDIENCE, now: datetime = NOW) -> str:
        with pytest.raises(Refused) as caught:
            nonces.open_nonce(nonce, link, audience=audience, mac=MAC, now=now)
        return caught.value.code

    def test_two_forms_are_spent_apart_and_one_form_always_alike(self) -> None:
        first, second = self.make(), self.make(random=b"s" * 16)
        spent = [nonces.open_nonce(each, TEXT, audience=AUDIENCE, mac=MAC, now=NOW) for each in (first, first, second)]
        assert spent[0] == spent[1] != spent[2]

    def test_it_is_good_for_an_hour(self) -> None:
        last = NOW + nonces.FORM_VALID_FOR - timedelta(seconds=1)
        assert nonces.open_nonce(self.make(), TEXT, audience=AUDIENCE, mac=MAC, now=last)
        assert self.code(self.make(), now=NOW + nonces.FORM_VALID_FOR) == "FORM_EXPIRED"

    def test_it_serves_its_own_link_only(self) -> None:
        other = links.make_link(LINK.model_copy(update={"person": "omar"}), audience=AUDIENCE, mac=MAC)
        assert self.code(self.make(), link=other) == "FORM_NOT_OURS"
        assert self.code(self.make(), audience=AUDIENCE.replace("production", "dev")) == "FORM_NOT_OURS"

    @given(st.integers(0, 71), st.sampled_from(ALPHABET))
    def test_any_other_character_is_refused(self, index: int, character: str) -> None:
        nonce = self.make()
        changed = nonce[:index] + character + nonce[index + 1 :]
        if changed != nonce:
            assert self.code(changed) == "FORM_NOT_OURS"

    def test_a_link_is_no_nonce_and_a_nonce_no_link(self) -> None:
        assert self.code(TEXT) == "FORM_NOT_OURS"
        assert refusal(self.make()).startswith("LINK_")


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
