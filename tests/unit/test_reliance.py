"""Which keys a revision rests on, and which of them today's facts do not vouch for any more."""

from datetime import timedelta

import pytest

from cutover.contracts.policy import Facts
from cutover.domain import reliance
from tests.builders import DEPLOYMENT, KEYS_UNTIL, Key, release_records, seal_bytes, waiver_record
from tests.building.policy import AS_OF

SECOND = timedelta(seconds=1)
TRUSTED = DEPLOYMENT.trusted_keys()
CANDIDATE, PROVENANCE, WAIVER = (DEPLOYMENT.key(name).key_id for name in ("candidate", "provenance", "waiver"))
RECORDS = release_records(DEPLOYMENT)
SIGNED = waiver_record(DEPLOYMENT, "sha256:" + "0" * 64).content()


def facts(**revoked: object) -> Facts:
    """Today's facts, with keys revoked by their purpose."""
    keys = tuple(
        key.model_copy(update={"revoked_at": revoked[key.purpose]}) if key.purpose in revoked else key
        for key in DEPLOYMENT.facts().keys
    )
    return DEPLOYMENT.facts().model_copy(update={"keys": keys})


def test_it_rests_on_every_trusted_key_that_signed_a_document_of_it() -> None:
    found = reliance.keys((CANDIDATE,), [SIGNED, RECORDS["provenance"].content()], TRUSTED)
    assert found[0] == CANDIDATE
    assert set(found) == {CANDIDATE, PROVENANCE, WAIVER}


def test_each_key_once_and_the_order_does_not_depend_on_the_documents() -> None:
    documents = [SIGNED, RECORDS["provenance"].content(), SIGNED]
    first = reliance.keys((CANDIDATE, WAIVER), documents, TRUSTED)
    assert first == reliance.keys((CANDIDATE, WAIVER), reversed(documents), TRUSTED)
    assert first == (CANDIDATE, WAIVER, PROVENANCE)
    assert reliance.keys(first, documents, TRUSTED) == first


def test_a_stranger_s_signature_is_nothing_to_rest_on() -> None:
    """Whoever adds one cannot end the release by it."""
    both = seal_bytes("text/plain", b"words", DEPLOYMENT.key("waiver"), Key("nobody"))
    assert reliance.keys((), [both, seal_bytes("text/plain", b"words", Key("nobody"))], TRUSTED) == (WAIVER,)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"not JSON",
        b"\xff",
        RECORDS["change"].content(),
        SIGNED[:-1],
        b'{"signatures": [{"sig": ""}]}',
    ],
)
def test_what_is_no_envelope_is_signed_by_nobody(content: bytes) -> None:
    assert reliance.keys((), [content], TRUSTED) == ()


def test_nothing_is_revoked_while_all_keys_stand() -> None:
    assert reliance.revoked((CANDIDATE, WAIVER), facts(), AS_OF) == ()


def test_a_key_is_revoked_from_its_instant_on() -> None:
    revoked = facts(waiver=AS_OF)
    assert reliance.revoked((CANDIDATE, WAIVER), revoked, AS_OF - SECOND) == ()
    assert reliance.revoked((CANDIDATE, WAIVER), revoked, AS_OF) == (WAIVER,)
    assert reliance.revoked((CANDIDATE, WAIVER), revoked, AS_OF + SECOND) == (WAIVER,)


def test_a_key_that_is_revoked_for_anything_ends_what_rests_on_it() -> None:
    """Nobody remembers for which purpose it signed; and who has a stolen key has it for all of them."""
    known = facts(waiver=AS_OF)
    waiver = next(key for key in known.keys if key.purpose == "waiver")
    standing = waiver.model_copy(update={"purpose": "attestation", "revoked_at": None})
    for keys in ((standing, *known.keys), (*known.keys, standing)):
        twice = known.model_copy(update={"keys": keys})
        assert reliance.revoked((CANDIDATE, WAIVER), twice, AS_OF) == (WAIVER,)
        assert reliance.revoked((CANDIDATE, WAIVER), twice, AS_OF - SECOND) == ()


def test_only_keys_that_it_rests_on_matter() -> None:
    assert reliance.revoked((CANDIDATE,), facts(waiver=AS_OF, ledger=AS_OF), AS_OF) == ()
    assert reliance.revoked((), facts(candidate=AS_OF), AS_OF) == ()


def test_a_key_that_the_facts_do_not_know_any_more_counts_as_revoked() -> None:
    without = DEPLOYMENT.facts().model_copy(
        update={"keys": tuple(key for key in DEPLOYMENT.facts().keys if key.purpose != "candidate")}
    )
    assert reliance.revoked((WAIVER, CANDIDATE), without, AS_OF) == (CANDIDATE,)
    empty = without.model_copy(update={"keys": ()})
    assert reliance.revoked((WAIVER, CANDIDATE), empty, AS_OF) == (WAIVER, CANDIDATE)


def test_a_key_whose_time_ran_out_is_not_revoked() -> None:
    """It was good when it signed; what it signed does not become false."""
    assert reliance.revoked((CANDIDATE, WAIVER), facts(), KEYS_UNTIL + SECOND) == ()
