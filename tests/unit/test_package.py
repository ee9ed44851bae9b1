"""Which documents lie beside a message, and the identity of a hand-off."""

from cutover.contracts.evidence import Collection, Evidence, EvidenceSet
from cutover.domain import canonical
from cutover.domain.handoff_id import handoff_id
from cutover.domain.package import PackageDocument, evidence_of, package_documents
from tests.builders import AS_OF


def named(letter: str) -> str:
    return "sha256:" + letter * 64


def evidence(letter: str, *, unwraps: str | None = None, size: int = 1) -> Evidence:
    return Evidence(
        source="s", record=letter, version="v", fetched_at=AS_OF, media_type="application/json",
        sha256=named(letter), size=size, unwraps=unwraps and named(unwraps),
    )  # fmt: skip


def listing(*collected: Evidence, facts: tuple[str, ...] = ("d",)) -> list[tuple[str, str]]:
    evidence_set = EvidenceSet(
        candidate=evidence("1", unwraps="0"),
        as_of=AS_OF,
        collections=(Collection(section="change", evidence=collected),),
    )
    assert next(evidence_of(evidence_set)) == evidence_set.candidate
    found = package_documents(
        bundle=named("a"), lineage=named("b"), hold_register=named("c"), rules=named("e"),
        facts=[named(each) for each in facts], candidate=named("0"), evidence_set_digest=named("f"),
        evidence_set=evidence_set,
    )  # fmt: skip
    assert all(isinstance(each, PackageDocument) for each in found)
    return [(each.name, each.digest[-1]) for each in found]


HEAD = [("bundle", "a"), ("lineage", "b"), ("hold-register", "c"), ("rules", "e")]


def test_the_names_and_their_order() -> None:
    assert listing(evidence("2")) == [
        *HEAD, ("facts/1", "d"), ("candidate", "0"), ("evidence-set", "f"), ("evidence/1", "1"), ("evidence/2", "2"),
    ]  # fmt: skip


def test_facts_are_numbered_by_their_first_use() -> None:
    assert [each for each in listing(facts=("d", "9", "d", "8")) if each[0].startswith("facts")] == [
        ("facts/1", "d"), ("facts/2", "9"), ("facts/3", "8"),
    ]  # fmt: skip


def test_an_envelope_stands_before_what_was_taken_out_of_it_and_each_digest_once() -> None:
    found = listing(evidence("3", unwraps="2"), evidence("2"), evidence("3", unwraps="2"), evidence("4", unwraps="0"))
    assert found[len(HEAD) + 3 :] == [
        ("evidence/1", "1"), ("evidence/2", "2"), ("evidence/3", "3"), ("evidence/4", "4"),
    ]  # fmt: skip


def test_evidence_of_no_bytes_has_nothing_to_list() -> None:
    assert listing(evidence("2", size=0))[-1] == ("evidence/1", "1")


def test_the_hand_off_id_is_the_digest_of_manifest_and_queue() -> None:
    queue = "arn:aws:sqs:eu-central-1:123456789012:shop-production.fifo"
    written = b'{"manifest":"sha256:' + b"a" * 64 + b'","queue_arn":"' + queue.encode() + b'"}'
    assert handoff_id(named("a"), queue) == canonical.digest(written)
    assert handoff_id(named("b"), queue) != handoff_id(named("a"), queue)
    assert handoff_id(named("a"), queue.replace("shop", "other")) != handoff_id(named("a"), queue)
