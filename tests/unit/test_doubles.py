"""One person under two names: neither of them counts, however they are written."""

from contextlib import nullcontext
from typing import Any

import pytest

from cutover.contracts.people import Passkey, Person
from cutover.contracts.policy import Facts
from cutover.domain import quorum
from cutover.domain.doubles import double_of, mailbox
from cutover.domain.waiving import Waiving
from cutover.errors import Refused
from tests.building.policy import DEPLOYMENT, instant

SIGNERS = DEPLOYMENT.rules().signers["production"]
NOW = instant("2026-03-02T10:00")
KEY = Passkey(
    id="q83vEjRWeJA", public_key="pQECAyYgASFYIA", rp_id="page.example.com", origin="https://page.example.com",
    registered_at=instant("2026-01-01T00:00"),
)  # fmt: skip


def facts(**people: dict[str, Any]) -> Facts:
    """The deployment's, with some of its people changed."""
    said = DEPLOYMENT.facts()
    changed = {name: said.people[name].model_copy(update=update) for name, update in people.items()}
    return said.model_copy(update={"people": {**said.people, **changed}})


@pytest.mark.parametrize(
    "alias",
    [
        "erin@example.com", "Erin@Example.COM", "erin+ops@example.com", "ERIN+a+b@example.com", "erin+@example.com",
        "\uff45rin@example.com", "\u212bsa@example.com",
    ],
)  # fmt: skip
def test_one_mailbox_has_many_spellings(alias: str) -> None:
    theirs = "erin@example.com" if not alias.startswith("\u212b") else "\u00e5sa@example.com"
    assert mailbox(alias) == mailbox(theirs)


@pytest.mark.parametrize("other", ["erin@example.org", "erina@example.com", "e.rin@example.com", "er+in@example.com"])
def test_others_are_others(other: str) -> None:
    assert mailbox(other) != mailbox("erin@example.com")


SHARED = {
    "mailbox": facts(omar={"email": "Erin+ops@example.com"}),
    "Slack account": facts(omar={"slack": "U0001"}, erin={"slack": "U0001"}),
    "passkey": facts(omar={"passkeys": (KEY,)}, erin={"passkeys": (KEY,)}),
    "passkey by another name": facts(
        omar={"passkeys": (KEY,)}, erin={"passkeys": (KEY.model_copy(update={"id": "AAAA"}),)}
    ),
}


@pytest.mark.parametrize("shared", SHARED)
def test_neither_of_two_names_of_one_person_decides(shared: str) -> None:
    """Else somebody whom the facts name twice could fill both seats alone."""
    found, nobody = SHARED[shared], frozenset[str]()
    for person, role, other in (("erin", "release-engineering", "omar"), ("omar", "operations", "erin")):
        with pytest.raises(Refused, match="have one") as caught:
            quorum.eligible(person, role, facts=found, barred=nobody)
        assert (caught.value.code, other in caught.value.detail) == ("PERSON_TWICE", True)
        assert "@" not in caught.value.detail
        assert quorum.cast(person, role, "link", facts=found, barred=nobody) is None
    quorum.eligible("bo", "operations", facts=found, barred=nobody)


def test_a_quorum_that_only_they_could_fill_is_impossible() -> None:
    """And that is said before anybody is asked."""
    both = facts(omar={"email": "Erin+ops@example.com"}, dana={"roles": ()}, bo={"roles": ("operations",)})
    (missing,) = quorum.impossible(SIGNERS, facts=both, barred=frozenset(), now=NOW)
    assert missing.role == "release-engineering"


def test_who_asked_for_it_approves_it_under_no_other_name() -> None:
    """A second entry for the requester's mailbox is not somebody else."""
    again = facts(erin={"email": "dana+approves@example.com"})
    barred = quorum.barred(again, ("dana@ci", "dana@change"))
    assert barred == {"dana", "erin"}
    with pytest.raises(Refused, match="REQUESTER_MAY_NOT_APPROVE"):
        quorum.eligible("erin", "release-engineering", facts=again, barred=barred)


def test_who_asked_for_it_waives_nothing_under_another_name() -> None:
    again = facts(ruth={"email": "Dana+waives@example.com"})
    (key,) = (each for each in again.keys if each.purpose == "waiver")
    for said, refused in ((again, True), (facts(), False)):
        waiving = Waiving.of(DEPLOYMENT.rules(), said, ("dana@ci", "dana@change"), product="service")
        with pytest.raises(Refused, match="WAIVER_BY_REQUESTER") if refused else nullcontext():
            waiving.demand((key,), "rollback")


def test_people_with_nothing_in_common_are_people() -> None:
    said = facts(erin={"slack": "U0001", "passkeys": (KEY,)}, omar={"slack": "U0002"})
    assert all(double_of(name, said) is None for name in said.people)
    assert isinstance(said.people["erin"], Person)
