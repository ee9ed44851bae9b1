"""The contract of ``Store`` and ``LedgerHeads``."""

import pytest

from cutover.contracts.handoff import Tombstone
from cutover.domain import canonical
from cutover.errors import DigestMismatch, DocumentMissing, OverwriteRefused, Refused
from tests.adapters.conftest import OpenStore
from tests.adapters.samples import CUTOVER, digest_of
from tests.fakes.clock import START

CONTENT = b"the very bytes"
DIGEST = canonical.digest(CONTENT)
KEY = "sha256/" + DIGEST.removeprefix("sha256:")


def tombstone(reason: str = "EXPIRED", revision: int = 1) -> Tombstone:
    return Tombstone(cutover=CUTOVER, revision=revision, status="expired", reason=reason, at=START)


def test_what_is_put_is_got(store: OpenStore) -> None:
    assert store.port.put(CONTENT) == DIGEST
    assert store.port.get(DIGEST, limit=len(CONTENT)) == CONTENT


def test_empty_content_is_content(store: OpenStore) -> None:
    assert store.port.get(store.port.put(b""), limit=0) == b""


def test_putting_the_same_again_is_done_already(store: OpenStore) -> None:
    store.port.put(CONTENT)
    first = store.port.locate(DIGEST)
    store.port.put(CONTENT)
    assert store.port.locate(DIGEST) == first


@pytest.mark.parametrize("other", [b"other bytes!!!", b"short", CONTENT + b" and more"])
def test_other_bytes_are_not_overwritten(store: OpenStore, other: bytes) -> None:
    store.tamper(KEY, other)
    with pytest.raises(OverwriteRefused):
        store.port.put(CONTENT)


def test_a_corrupted_object_is_found(store: OpenStore) -> None:
    store.port.put(CONTENT)
    store.tamper(KEY, b"the wery bytes")
    with pytest.raises(DigestMismatch):
        store.port.get(DIGEST, limit=1000)


def test_a_corrupted_object_is_not_pointed_to(store: OpenStore) -> None:
    store.port.put(CONTENT)
    store.tamper(KEY, b"the wery bytes")
    with pytest.raises(DigestMismatch):
        store.port.locate(DIGEST)


def test_no_more_than_the_limit_is_read(store: OpenStore) -> None:
    store.port.put(CONTENT)
    with pytest.raises(Refused) as caught:
        store.port.get(DIGEST, limit=len(CONTENT) - 1)
    assert caught.value.code == "DOCUMENT_TOO_LARGE"


def test_a_missing_document_is_missing(store: OpenStore) -> None:
    with pytest.raises(DocumentMissing):
        store.port.get(DIGEST, limit=1000)
    with pytest.raises(DocumentMissing):
        store.port.locate(DIGEST)


def test_a_document_is_located_by_version(store: OpenStore) -> None:
    store.port.put(CONTENT)
    found = store.port.locate(DIGEST)
    assert (found.digest, found.size, found.key) == (DIGEST, len(CONTENT), KEY)
    assert found.bucket
    assert found.version_id


def test_a_tombstone_is_of_one_revision(store: OpenStore) -> None:
    assert not store.port.has_tombstone(CUTOVER, 1)
    store.port.put_tombstone(tombstone(revision=11))
    assert store.port.has_tombstone(CUTOVER, 11)
    assert not store.port.has_tombstone(CUTOVER, 1)
    assert not store.port.has_tombstone("shop@eu.2", 11)


def test_a_key_that_only_begins_like_a_tombstone_is_none(store: OpenStore) -> None:
    store.tamper(f"tombstones/{CUTOVER}/1.json.bak", b"{}")
    assert not store.port.has_tombstone(CUTOVER, 1)


def test_the_first_tombstone_stands(store: OpenStore) -> None:
    store.port.put_tombstone(tombstone())
    store.port.put_tombstone(tombstone("DECLINED_BY_APPROVER"))
    assert store.port.has_tombstone(CUTOVER, 1)


def test_the_first_ledger_head_stands_and_is_answered(store: OpenStore) -> None:
    assert store.port.put_ledger_head(CUTOVER, 3, b"one signature") == b"one signature"
    assert store.port.put_ledger_head(CUTOVER, 3, b"another") == b"one signature"
    assert store.port.put_ledger_head(CUTOVER, 4, b"another") == b"another"
    assert store.port.put_ledger_head("admissions-00", 3, b"another") == b"another"


def test_content_never_lies_under_anothers_digest(store: OpenStore) -> None:
    store.port.put(CONTENT)
    with pytest.raises(DocumentMissing):
        store.port.get(digest_of("something else"), limit=1000)
