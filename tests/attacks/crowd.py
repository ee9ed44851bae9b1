"""A policy in which ninety people are asked, so that each attack on the local stack has a person of its own."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.people import Passkey, Person
from cutover.contracts.policy import Facts, Rules
from tests.building.passkeys import Authenticator
from tests.building.policy import BUILT
from tests.fakes.slack_caller import WORKSPACE
from tests.local.releasing import StackDeployment, now

DESKS = tuple(f"desk-{number}" for number in range(7))
"""Roles: of each, ten people have to approve, the most that a seat may count."""
SAFES = ("safe-0", "safe-1")
"""Roles of ten people each who have to approve with a passkey."""
SEATS = 10
LINKS_KEYS = "CUTOVER_LINKS_KEYS"
NEWER = "links-next"
OPERATIONS = "operations"
PRODUCTS = (*(f"attacked-{number:02d}" for number in range(20)), "hostile")


@dataclass(frozen=True)
class Crowd(StackDeployment):
    """Ninety people who are each asked in one role, and those whom the attacks are about.

    ``page``: its origin, for their passkeys.
    """

    page: str = ""

    def rules(self) -> Rules:
        known = super().rules()
        (allowed, *_) = known.allowances.values()
        signers = (
            *(RequiredSigner(role=role, count=SEATS) for role in (*DESKS, OPERATIONS)),
            *(RequiredSigner(role=role, count=SEATS, assurance="passkey") for role in SAFES),
        )
        return known.model_copy(
            update={
                "signers": {self.target: signers},
                "builds": {**known.builds, **dict.fromkeys(PRODUCTS, BUILT)},
                "allowances": {**known.allowances, **dict.fromkeys(PRODUCTS, allowed)},
            }
        )

    def facts(self) -> Facts:
        known = super().facts()
        people = dict(known.people)
        for role in (*DESKS, *SAFES, OPERATIONS):
            for number in range(SEATS):
                people[f"{role}-{number}"] = _person(f"{role}-{number}", role)
        people["bo"] = _person("bo", *DESKS, *SAFES, OPERATIONS)
        people["dana"] = people["dana"].model_copy(update={"roles": (*DESKS, OPERATIONS)})
        for name in ("bo", *(name for name, each in people.items() if set(each.roles) & set(SAFES))):
            people[name] = people[name].model_copy(update={"passkeys": (self.passkey(name),)})
        slack = WORKSPACE.model_copy(update={"channels": {}})
        return known.model_copy(update={"people": people, "slack": slack})

    def passkey(self, person: str) -> Passkey:
        made = Authenticator(person, rp_id=urlsplit(self.page).hostname or "", origin=self.page)
        return made.passkey(now() - timedelta(days=1))


def _person(name: str, *roles: str) -> Person:
    return Person(name=name.title(), email=f"{name}@example.com", team="release-engineering", roles=roles)
