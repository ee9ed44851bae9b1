"""Who may waive what in one release: pure.

1. The rules list the family of the check (``rules.waivable``). A family that is not listed cannot be waived.
2. The key that signed the waiver belongs to one person of the facts, and these do not limit it to other products.
3. That person holds one of the roles that the rules list for the family.
4. That person asked neither for the release nor for its change. While it is not known who did, nobody may.

What cannot be told is no permission: of a change record that is missing nobody knows the requester.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cutover.contracts.bundle import Bundle, DraftBundle, Sourced
from cutover.contracts.policy import Facts, Rules, TrustedKey
from cutover.domain import quorum
from cutover.domain.envelope import covers
from cutover.errors import Refused

BIND_FAMILY = "bind"
"""Findings of Bind itself. They are about people, time and queues, so no waiver answers them."""


def family_of(rule: str) -> str:
    """The family of checks that a rule belongs to: its name begins with it."""
    return rule.partition(".")[0]


def asked(bundle: DraftBundle | Bundle) -> tuple[str | None, ...]:
    """Who asked for the release and who for its change, as far as the bundle has a source for it."""
    change = bundle.change.requester
    return bundle.release.requester.value, change.value if isinstance(change, Sourced) else None


@dataclass(frozen=True, slots=True)
class Waiving:
    """For one release of ``product``. ``barred``: the requesters as people; None while they are not known."""

    product: str
    facts: Facts
    waivable: Mapping[str, tuple[str, ...]]
    barred: frozenset[str] | None

    @classmethod
    def of(cls, rules: Rules, facts: Facts, requesters: Iterable[str | None], *, product: str) -> "Waiving":
        """Under these rules and facts; ``requesters`` as their source systems call them (``asked``)."""
        named = tuple(requesters)
        known = [each for each in named if each is not None]
        try:
            barred = quorum.barred(facts, known) if len(known) == len(named) else None
        except Refused:
            barred = None
        waivable = {name: roles for name, roles in rules.waivable.items() if name != BIND_FAMILY}
        return cls(product, facts, waivable, barred)

    def families(self, keys: Iterable[TrustedKey]) -> frozenset[str]:
        """The families whose holds a waiver answers that these keys have signed."""
        signed = tuple(keys)
        return frozenset(family for family in self.waivable if self._may(signed, family))

    def demand(self, keys: Iterable[TrustedKey], family: str | None = None) -> None:
        """Raises ``Refused`` unless one of these keys is that of somebody who may waive holds of this family.

        Without a family: who may waive anything at all. Codes: ``WAIVER_BY_REQUESTER``, ``WAIVER_NOT_PERMITTED``.
        """
        people = self._people(keys)
        who = ", ".join(people)
        if not people:
            raise _refused("the facts name no person for the key that signed it", "sign with a key of one person")
        if self.barred is None:
            raise _refused("it is not known who asked for the release or its change", "name both requesters first")
        if self.barred.issuperset(people):
            raise Refused("WAIVER_BY_REQUESTER", f"{who} asked for this release or its change", _ANOTHER)
        if family is not None and not self.waivable.get(family):
            raise _refused(f"no role may waive holds of family {family}", "mend what is held")
        if not self._roles(people, family):
            what = f"holds of family {family}" if family else "any hold"
            raise _refused(f"{who} holds no role that may waive {what}", _ANOTHER)

    def _may(self, keys: tuple[TrustedKey, ...], family: str) -> bool:
        try:
            self.demand(keys, family)
        except Refused:
            return False
        return True

    def _people(self, keys: Iterable[TrustedKey]) -> tuple[str, ...]:
        """The people of the facts whose keys for waivers of this product these are."""
        ids = {key.id for key in keys}
        found = (key for key in self.facts.keys if key.id in ids and key.purpose == "waiver")
        named = {key.person for key in found if covers(key, self.product)}
        return tuple(sorted(person for person in named if person in self.facts.people))

    def _roles(self, people: tuple[str, ...], family: str | None) -> frozenset[str]:
        """The roles by which one of them who asked for nothing may waive."""
        free = [person for person in people if person not in (self.barred or ())]
        held = {role for person in free for role in self.facts.people[person].roles}
        listed = self.waivable.values() if family is None else [self.waivable.get(family, ())]
        return frozenset(held.intersection(role for roles in listed for role in roles))


_ANOTHER = "let somebody sign it who may waive this and asked for nothing"


def _refused(found: str, mend: str) -> Refused:
    return Refused("WAIVER_NOT_PERMITTED", found, mend)
