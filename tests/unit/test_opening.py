"""A new revision's record: what it starts with, and what of the one before it does not have."""

from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.manifest import Assurance
from cutover.contracts.policy import SignedReference
from cutover.contracts.supersession import Refreshed
from cutover.domain import opening
from cutover.domain.policy import Policy
from cutover.domain.record import RecordedDecision, RevisionRecord, Status
from tests.adapters.samples import admission, digest_of, record, signed
from tests.builders import CLOSES_AT, DEPLOYMENT, EXPIRES_AT, OPENS_AT, candidate_of, release_records, waiver_record
from tests.fakes.clock import START

CANDIDATE = candidate_of(DEPLOYMENT, release_records(DEPLOYMENT), waiver_record(DEPLOYMENT, "sha256:" + "0" * 64))
WINDOW = DEPLOYMENT.the_window()
NOW = START + timedelta(hours=3)
POLICY = Policy(DEPLOYMENT.rules(), DEPLOYMENT.facts(), signed("rules 2"), signed("facts 2"))
HOUR = timedelta(hours=1)


def first(**changes: Any) -> RevisionRecord:
    asked: dict[str, Any] = {
        "cutover": "service@production.3", "revision": 2, "admission": admission(attempt=4), "payload": digest_of("c"),
        "window": WINDOW, "policy": POLICY, "signed_by": (digest_of("key"), digest_of("other key")), "now": NOW,
    }  # fmt: skip
    return opening.first_of(changes.pop("candidate", CANDIDATE), **asked | changes)


def test_what_a_candidate_opens() -> None:
    assert first() == RevisionRecord(
        cutover="service@production.3", revision=2, product="service", target="production", status=Status.COLLECTING,
        execution=4, moved_at=NOW, admission=digest_of("admission"), candidate=digest_of("c"), correlation_id="c-1",
        requester="dana@ci", window="tuesday-evening", rules=signed("rules 2"), facts=signed("facts 2"),
        admitted_at=NOW, expires_at=CLOSES_AT, opens_at=OPENS_AT, closes_at=CLOSES_AT,
        relies_on=(digest_of("key"), digest_of("other key")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("candidate_ends", "expires"),
    [(EXPIRES_AT, CLOSES_AT), (CLOSES_AT - HOUR, CLOSES_AT - HOUR), (CLOSES_AT, CLOSES_AT)],
)
def test_it_expires_with_the_candidate_or_the_window(candidate_ends: Any, expires: Any) -> None:
    candidate = CANDIDATE.model_copy(update={"expires_at": candidate_ends})
    assert first(candidate=candidate).expires_at == expires
    again = opening.another_of(candidate, worn(), policy=POLICY, window=WINDOW, now=NOW)
    assert again.expires_at == expires


def worn() -> RevisionRecord:
    """A revision that has been through everything."""
    reference = SignedReference(payload=digest_of("m"), envelope=digest_of("e"))
    said = RecordedDecision(
        role="operations", person="omar", decision="approve", assurance=_ASSURANCE, payload=digest_of("p"),
        envelope=digest_of("pe"), facts=reference, key=digest_of("witness"), decided_at=NOW,
    )  # fmt: skip
    return record(
        status=Status.AWAITING_WINDOW, version=17, execution=3, revision=4, moved_at=NOW, opens_at=OPENS_AT - HOUR,
        closes_at=CLOSES_AT - HOUR, supersession=digest_of("s"), refreshed=(OLD,), waivers=(digest_of("w"),),
        relies_on=(digest_of("candidate key"), digest_of("witness"), digest_of("provenance key")), as_of=NOW,
        evidence_set=digest_of("es"), bundle=digest_of("b"), lineage=digest_of("l"), gaps=digest_of("g"),
        hold_register=digest_of("h"), manifest=reference, bound_facts=reference, queue_arn="arn:aws:sqs:a:1:q",
        valid_until=CLOSES_AT, decision_seq=5, decisions=(said,), ask=True, deferral=said, deferred_until=NOW,
        probe_every=900, probe_by=NOW, unconsumed=(OLD,), wake_at=OPENS_AT, attempt=2, lease_until=NOW,
        handoff_id=digest_of("id"), handoff=digest_of("ho"), message_id="m-1", reason="DRIFTED", due_at=NOW,
    )  # fmt: skip


_ASSURANCE: Assurance = "link"
OLD = Refreshed(source="records", record="changes/CHG-17", version="v2")
KEPT = {
    "cutover", "product", "target", "admission", "candidate", "correlation_id", "requester", "window", "admitted_at",
    "refreshed", "waivers",
}  # fmt: skip
"""What the next revision of the same candidate has of the one before."""
SET = {"revision", "moved_at", "rules", "facts", "expires_at", "opens_at", "closes_at", "relies_on", "status"}


def test_nothing_passes_over_but_what_was_admitted_and_what_answers_by_fingerprint() -> None:
    before = worn()
    again = opening.another_of(CANDIDATE, before, policy=POLICY, window=WINDOW, now=NOW + HOUR)
    for name in KEPT:
        assert getattr(again, name) == getattr(before, name), name
    fresh = RevisionRecord.model_fields
    for name in set(fresh) - KEPT - SET:
        assert getattr(again, name) == fresh[name].default, f"{name} passed over"
    assert (again.revision, again.status, again.moved_at) == (5, Status.COLLECTING, NOW + HOUR)
    assert (again.rules, again.facts) == (signed("rules 2"), signed("facts 2")), "those of today"
    assert again.relies_on == (), "whose keys it rests on is read from what it is made of"


def test_the_window_is_today_s_occurrence_and_the_old_one_where_the_calendar_has_none() -> None:
    today = opening.another_of(CANDIDATE, worn(), policy=POLICY, window=WINDOW, now=NOW)
    assert (today.opens_at, today.closes_at) == (OPENS_AT, CLOSES_AT)
    gone = opening.another_of(CANDIDATE, worn(), policy=POLICY, window=None, now=NOW)
    assert (gone.opens_at, gone.closes_at) == (OPENS_AT - HOUR, CLOSES_AT - HOUR)
    assert gone.expires_at == CLOSES_AT - HOUR
    never = worn().model_copy(update={"opens_at": None, "closes_at": None})
    assert opening.another_of(CANDIDATE, never, policy=POLICY, window=None, now=NOW).expires_at == EXPIRES_AT


def refreshed(record: str, version: str | None, source: str = "records") -> Refreshed:
    return Refreshed(source=source, record=record, version=version)


@pytest.mark.parametrize(
    ("known", "newer", "merged"),
    [
        ((), (), ()),
        ((refreshed("a", "v2"),), (), (refreshed("a", "v2"),)),
        ((refreshed("a", "v2"),), (refreshed("a", "v3"),), (refreshed("a", "v3"),)),
        ((refreshed("a", "v2"),), (refreshed("a", None),), (refreshed("a", None),)),
        ((refreshed("a", None),), (refreshed("a", "v4"),), (refreshed("a", "v4"),)),
        ((refreshed("a", "v2"),), (refreshed("b", "v2"),), (refreshed("a", "v2"), refreshed("b", "v2"))),
        (
            (refreshed("a", "v2"),), (refreshed("a", "v3", "other"),),
            (refreshed("a", "v2"), refreshed("a", "v3", "other")),
        ),
    ],
)  # fmt: skip
def test_the_newest_word_on_each_record_counts(
    known: tuple[Refreshed, ...], newer: tuple[Refreshed, ...], merged: tuple[Refreshed, ...]
) -> None:
    assert opening.merged(known, newer) == merged
