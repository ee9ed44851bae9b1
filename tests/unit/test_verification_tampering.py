"""A message, its documents and its trust file, changed without any key: every change is refused."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutover.domain import canonical
from tests.builders import DEPLOYMENT, OPENS_AT, OTHER_DEPLOYMENT, package
from tests.verifier.judging import Judges, judge

WHOLE = package()
OTHER = package({"candidate": lambda said: {**said, "sequence": 2}})
PIECES = 8
OPENED = int(OPENS_AT.timestamp())
JUDGES = Judges(WHOLE)


def positions(piece: int) -> range:
    """Every eighth byte, from another one on for each piece: all of them together."""
    return range(piece, len(WHOLE.message), PIECES)


@pytest.mark.parametrize("piece", range(PIECES))
def test_every_byte_of_the_message_flipped_is_refused_by_both(piece: int) -> None:
    assert sum(len(positions(each)) for each in range(PIECES)) == len(WHOLE.message)
    message = bytearray(WHOLE.message)
    for index in positions(piece):
        message[index] ^= 1
        assert not JUDGES.verified(bytes(message)), index
        message[index] ^= 1
    assert bytes(message) == WHOLE.message


@pytest.mark.parametrize("piece", range(PIECES))
def test_every_byte_of_the_message_replaced_is_refused_by_both(piece: int) -> None:
    chance = random.Random(piece)  # noqa: S311 - which byte stands there is no secret
    message = bytearray(WHOLE.message)
    for index in positions(piece):
        before = message[index]
        message[index] = (before + chance.randrange(1, 256)) % 256
        assert not JUDGES.verified(bytes(message)), index
        message[index] = before
    assert JUDGES.verified(bytes(message))


def test_every_byte_of_the_trust_file_counts_or_changes_nothing_that_is_trusted() -> None:
    """What nobody signed is the root itself, such as the names of its owners: then it is another root, and pinned by
    nobody.
    """
    trust, root = bytearray(WHOLE.trust), judge(WHOLE).root
    for index in range(0, len(trust), 11):
        trust[index] ^= 1
        report = judge(WHOLE, trust=bytes(trust))
        assert not report.verified or report.root != root, index
        trust[index] ^= 1


def cuts() -> Iterator[bytes]:
    size = len(WHOLE.message)
    yield from (WHOLE.message[:end] for end in range(0, size, 211))
    yield WHOLE.message + b"\n"
    yield b" " + WHOLE.message
    yield b"\xef\xbb\xbf" + WHOLE.message
    yield WHOLE.message + WHOLE.message


def test_a_message_cut_or_extended_is_refused() -> None:
    for message in cuts():
        assert not judge(WHOLE, message=message).verified


@pytest.mark.parametrize("name", list(WHOLE.names))
def test_a_document_missing_altered_or_swapped_is_refused(name: str) -> None:
    digest = WHOLE.names[name]
    content = WHOLE.documents[digest]
    without = {key: kept for key, kept in WHOLE.documents.items() if key != digest}
    assert judge(WHOLE, documents=without).code == "DOCUMENT_MISSING"
    others = (WHOLE.documents[other] for other in WHOLE.names.values() if other != digest)
    for changed in (content + b" ", content[:-1], bytes([content[0] ^ 1]) + content[1:], b"", *others):
        assert judge(WHOLE, documents={**without, digest: changed}).code == "DOCUMENT_ALTERED"


def test_documents_that_nobody_asked_for_change_nothing() -> None:
    assert judge(WHOLE, documents={**OTHER.documents, **WHOLE.documents}).verified


def test_the_documents_of_another_release_are_missing_ones() -> None:
    assert judge(WHOLE, documents=OTHER.documents).code == "DOCUMENT_MISSING"


BOUND = ["bundle", "lineage", "hold-register", "rules", "facts/1", "candidate", "evidence-set", "evidence/1"]


@pytest.mark.parametrize("name", BOUND)
def test_another_releases_document_in_the_listing_is_refused(name: str) -> None:
    """Even when the hand-off key itself lists it: the manifest binds another."""
    digest = OTHER.names[name]
    if digest == WHOLE.names[name]:
        digest = WHOLE.names["bundle"]
    content = {**OTHER.documents, **WHOLE.documents}

    def relisted(said: dict[str, list[dict[str, object]]]) -> object:
        fresh = {"digest": digest, "size": len(content[digest])}
        return {**said, "documents": [each | fresh if each["name"] == name else each for each in said["documents"]]}

    changed = package({"handoff": relisted})
    assert not judge(changed, documents={**content, **changed.documents}).verified


@pytest.mark.parametrize("change", ["one less", "one more", "twice", "renamed", "reordered"])
def test_the_listing_is_exactly_the_packages(change: str) -> None:
    def relisted(said: dict[str, list[dict[str, object]]]) -> object:
        listed = said["documents"]
        fresh = {
            "one less": listed[:-1],
            "one more": [*listed, {**listed[0], "name": "note"}],
            "twice": [*listed, listed[0]],
            "renamed": [*listed[:-1], {**listed[-1], "name": "evidence/99"}],
            "reordered": [*listed[:-2], listed[-1], listed[-2]],
        }[change]
        return {**said, "documents": fresh}

    assert judge(package({"handoff": relisted})).code == "PACKAGE_DIFFERS"


def test_the_trust_of_another_deployment_verifies_only_its_own() -> None:
    other = package(deployment=OTHER_DEPLOYMENT)
    assert judge(other).verified
    assert judge(other, trust=DEPLOYMENT.trust_file()).code == "UNTRUSTED_SIGNATURE"
    assert judge(WHOLE, trust=OTHER_DEPLOYMENT.trust_file()).code == "UNTRUSTED_SIGNATURE"


@given(st.binary(max_size=400))
def test_any_bytes_are_judged_without_raising(content: bytes) -> None:
    assert not judge(WHOLE, message=content).verified
    assert not judge(WHOLE, trust=content).verified


@given(st.integers(0, len(WHOLE.message)), st.binary(max_size=8), st.integers(0, 8))
def test_any_splice_is_judged_without_raising(where: int, patch: bytes, gone: int) -> None:
    spliced = WHOLE.message[:where] + patch + WHOLE.message[where + gone :]
    assert judge(WHOLE, message=spliced).verified == (spliced == WHOLE.message)


@settings(max_examples=40)
@given(st.integers(946_684_800, 4_102_444_800) | st.integers(-7_200, 7_200).map(lambda near: OPENED + near))
def test_at_any_time_the_two_verifiers_agree(seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    bound = WHOLE.handoff
    ends = DEPLOYMENT.trust_bundle().expires_at
    assert judge(WHOLE, at=at, now=at).verified == (bound.not_before <= at < bound.not_after and at < ends)


def test_verifying_changes_nothing_and_says_the_same_again() -> None:
    before = canonical.digest(WHOLE.message), dict(WHOLE.documents)
    first, second = judge(WHOLE).document(), judge(WHOLE).document()
    assert first == second
    assert before == (canonical.digest(WHOLE.message), dict(WHOLE.documents))
