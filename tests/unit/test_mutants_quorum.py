"""What a change of a single word or operator in ``domain.quorum`` would otherwise get past the other tests."""

import pytest

from cutover.contracts.bundle import Waived
from cutover.domain import quorum
from cutover.errors import Refused
from tests.building.package import package
from tests.building.policy import DEPLOYMENT

FACTS = DEPLOYMENT.facts()


def test_a_refusal_tells_who_may_not_and_what_to_do() -> None:
    with pytest.raises(Refused) as unmapped:
        quorum.barred(FACTS, ["nobody@ci"])
    assert (unmapped.value.code, unmapped.value.detail, unmapped.value.mend) == (
        "REQUESTER_UNMAPPED",
        "no single person is known as 'nobody@ci'",
        "add the requester's identity to one person in the facts",
    )
    with pytest.raises(Refused) as ineligible:
        quorum.eligible("erin", "operations", facts=FACTS, barred=frozenset())
    assert (ineligible.value.code, ineligible.value.detail, ineligible.value.mend) == (
        "NOT_ELIGIBLE",
        "erin does not hold the role operations now",
        "ask somebody who does",
    )
    with pytest.raises(Refused) as asked:
        quorum.eligible("erin", "release-engineering", facts=FACTS, barred=frozenset({"erin"}))
    assert (asked.value.code, asked.value.detail, asked.value.mend) == (
        "REQUESTER_MAY_NOT_APPROVE",
        "erin requested this release or its change",
        "ask another",
    )


def test_whoever_asked_for_the_change_is_a_requester_too() -> None:
    bundle = package().bundle
    change = bundle.change.model_copy(
        update={"requester": bundle.change.requester.model_copy(update={"value": "someone@tickets"})}
    )
    other = bundle.model_copy(update={"change": change})
    assert quorum.requesters(other) == (bundle.release.requester.value, "someone@tickets")


def test_a_waived_requester_of_the_change_is_nobody() -> None:
    bundle = package().bundle
    waived = Waived(hold="sha256:" + "1" * 64, waiver="sha256:" + "2" * 64)
    unasked = bundle.model_copy(update={"change": bundle.change.model_copy(update={"requester": waived})})
    assert quorum.requesters(unasked) == (bundle.release.requester.value,)
