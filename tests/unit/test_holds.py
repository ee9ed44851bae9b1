"""Holds: identity, order, what a waiver answers, and what it never does."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutover.contracts.holds import Finding, HoldRegister
from cutover.domain import canonical, holds, waivers
from cutover.domain.waivers import Answers, open_waiver
from cutover.domain.waiving import Waiving
from cutover.errors import Refused
from tests.building.policy import AS_OF, CLOSES_AT, DEPLOYMENT, EXPIRES_AT
from tests.building.records import waiver_record
from tests.unit.test_assembling import finding

WAIVING = Waiving.of(DEPLOYMENT.rules(), DEPLOYMENT.facts(), ("dana@ci", "dana@change"), product="service")
SUBJECTS = ["sha256:" + str(n) * 64 for n in range(3)]
findings = st.builds(
    lambda rule, outcome, field, subject, family: finding(
        rule=rule, outcome=outcome, field=field, subject=subject, family=family
    ),
    st.sampled_from(["artifacts.a", "rollback.b", "bind.slot"]),
    st.sampled_from(["pass", "warn", "hold", "deny"]),
    st.sampled_from(["", "/components/0/digest", "/rollback"]),
    st.sampled_from(SUBJECTS),
    st.sampled_from(["artifacts", "bind"]),
)


def register(found: list[Finding], answers: Answers | None = None) -> HoldRegister:
    return holds.register(
        cutover="service@production.1", revision=1, findings=found, waivers=answers or {}, opened_at=AS_OF,
        expires_at=EXPIRES_AT,
    )  # fmt: skip


@given(st.lists(findings, max_size=8), st.randoms(use_true_random=False))
def test_a_register_does_not_depend_on_the_order_of_findings(found: list[Finding], random: Any) -> None:
    shuffled = random.sample(found, len(found))
    assert canonical.encode_model(register(shuffled)) == canonical.encode_model(register(found))


@given(st.lists(findings, max_size=8))
def test_whatever_blocks_is_a_hold_and_nothing_else_is(found: list[Finding]) -> None:
    made = register(found)
    blocking = {canonical.digest_model(each): each for each in found if each.outcome in {"hold", "deny"}}
    assert Counter((hold.rule, hold.field, hold.severity) for hold in made.holds) == Counter(
        (each.rule, each.field, each.outcome) for each in blocking.values()
    )
    assert len({hold.id for hold in made.holds}) == len(made.holds)
    assert len(made.warnings) == sum(each.outcome == "warn" for each in found)
    assert (holds.cleared(made) is None) == bool(blocking)


def test_a_fingerprint_is_rule_field_and_subject() -> None:
    marks = {
        holds.fingerprint(rule, field, subject)
        for rule in ("a", "b") for field in ("", "/x") for subject in SUBJECTS
    }  # fmt: skip
    assert len(marks) == 12
    assert holds.hold_id("p@t.1", 1, SUBJECTS[0]) != holds.hold_id("p@t.1", 2, SUBJECTS[0])


def trusted(mark: str, key: str = "waiver", **changes: Any) -> Answers:
    record = waiver_record(DEPLOYMENT, mark)
    if changes:
        import json

        from tests.building.keys import seal_bytes

        said = {name: value for name, value in {**json.loads(record.payload), **changes}.items() if value is not None}
        content = seal_bytes(record.payload_type or "", canonical.encode(said), DEPLOYMENT.key(key))
    else:
        content = record.content()
    return waivers.trusted([content, b"{}", b"\xff"], waiving=WAIVING, at=AS_OF, until=CLOSES_AT)


def mark_of(found: Finding) -> str:
    return holds.fingerprint(found.rule, found.field, found.subject)


def test_a_waiver_answers_the_hold_of_its_fingerprint() -> None:
    one, other = finding(), finding(field="/components/1/digest")
    made = register([one, other], trusted(mark_of(one)))
    resolved = {hold.field: hold.resolution for hold in made.holds}
    assert resolved["/components/1/digest"] is None
    answer = resolved["/components/0/digest"]
    assert answer is not None
    assert answer.expires_at > CLOSES_AT
    assert [hold.field for hold in holds.open_holds(made)] == ["/components/1/digest"]


def test_of_two_findings_of_one_mark_neither_is_hidden_nor_answered_for_the_other() -> None:
    one, other, apart = finding(), finding(found="something else"), finding(field="/components/1/digest")
    assert mark_of(one) == mark_of(other)
    waived = trusted(mark_of(one))
    both = register([one, other, apart], waived)
    assert {hold.found for hold in both.holds} == {one.found, other.found, apart.found}
    assert holds.open_holds(both) == both.holds, "who waived one of them had not seen the other"
    first, _ = (hold for hold in both.holds if hold.field == one.field)
    assert first.fingerprint == holds.fingerprint(first.rule, first.field, first.subject)
    answered = register([one, other, apart], trusted(first.fingerprint))
    assert [hold.found for hold in answered.holds if hold.resolution] == [first.found]
    assert len(register([one, one]).holds) == 1, "the same finding twice is one"


@pytest.mark.parametrize(
    "changes", [{"outcome": "deny"}, {"rule": "bind.window-conflict"}], ids=["a denial", "a hold of Bind"]
)
def test_some_holds_no_waiver_answers(changes: dict[str, Any]) -> None:
    blocked = finding(**changes)
    made = register([blocked], trusted(mark_of(blocked)))
    assert holds.cleared(made) is None
    assert bool(holds.denied(made)) == (changes.get("outcome") == "deny")


@pytest.mark.parametrize("name", ["owner", "reason", "approver", "policy", "expires_at"])
def test_an_incomplete_waiver_answers_nothing(name: str) -> None:
    assert trusted(SUBJECTS[0], "waiver", **{name: None}) == {}


@pytest.mark.parametrize(
    ("end", "counts"),
    [(CLOSES_AT - timedelta(seconds=1), False), (CLOSES_AT, True), (AS_OF, False)],
    ids=["a second before the window ends", "with the window", "over"],
)
def test_a_waiver_must_last_as_long_as_the_window(end: Any, counts: bool) -> None:
    found = trusted(SUBJECTS[0], expires_at=end.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert ((SUBJECTS[0], "rollback") in found) is counts


def test_of_two_waivers_the_longer_one_counts() -> None:
    contents = []
    for day in ("05", "07", "06"):
        record = waiver_record(DEPLOYMENT, SUBJECTS[0])
        payload = record.payload.replace(b"2026-03-05", f"2026-03-{day}".encode())
        contents.append(record.__class__("waivers", "records", "w", payload, record.payload_type, record.key).content())
    found = waivers.trusted(contents, waiving=WAIVING, at=AS_OF, until=CLOSES_AT)
    assert found[SUBJECTS[0], "rollback"].expires_at.day == 7


def test_a_waiver_s_key_may_be_limited_to_products() -> None:
    content = waiver_record(DEPLOYMENT, SUBJECTS[0]).content()

    def outcome(*products: str) -> str:
        key = DEPLOYMENT.trusted_key("waiver", products=products)
        facts = DEPLOYMENT.facts().model_copy(update={"keys": (key,)})
        waiving = Waiving.of(DEPLOYMENT.rules(), facts, ("dana@ci", "dana@change"), product="service")
        found = waivers.trusted([content], waiving=waiving, at=AS_OF, until=CLOSES_AT)
        try:
            open_waiver(content, keys=(key,), at=AS_OF, product="service")
        except Refused as refused:
            assert found == {}
            return refused.code
        assert found
        return "COUNTS"

    assert [outcome(), outcome("service", "web"), outcome("web")] == ["COUNTS", "COUNTS", "OUT_OF_SCOPE"]


def test_a_waiver_must_be_signed_for_that_purpose() -> None:
    content = waiver_record(DEPLOYMENT, SUBJECTS[0]).content()
    with pytest.raises(Refused) as refused:
        open_waiver(content, keys=(DEPLOYMENT.trusted_key("candidate"),), at=AS_OF, product="service")
    assert refused.value.code == "UNTRUSTED_SIGNATURE"
    assert trusted(SUBJECTS[0], key="attestation", reason="Signed with another key.") == {}
