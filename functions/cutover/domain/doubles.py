"""One person who stands in the facts twice: pure.

Two entries of one mailbox, one Slack account or one passkey are reached, and prove themselves, by the same means. Of
their decisions nobody knows whether two people made them, so neither of them decides anything until the policy's owners
have mended the facts (``quorum.eligible``). The policy's lint says so before it comes to that.
"""

import functools
import unicodedata
from collections.abc import Iterable

from cutover.contracts.people import Person
from cutover.contracts.policy import Facts


@functools.lru_cache(maxsize=4096)
def mailbox(address: str) -> str:
    """Where mail for this address arrives, as far as an address tells: letter case and what follows a ``+`` tell apart
    what a person sorts, not people (subaddressing, RFC 5233 §1). Compatible spellings of a character are one (NFKC).
    """
    local, _, host = unicodedata.normalize("NFKC", address).casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{host}"


def means(person: Person) -> frozenset[tuple[str, str]]:
    """By what a person is reached and proves who they are."""
    found = {("mailbox", mailbox(person.email))}
    found |= {("Slack account", person.slack)} if person.slack else set()
    for passkey in person.passkeys:
        found |= {("passkey", passkey.id), ("passkey", passkey.public_key)}
    return frozenset(found)


def double_of(person_id: str, facts: Facts) -> tuple[str, str] | None:
    """Somebody else in the facts with the same means, and which; None where there is nobody, as there should be."""
    mine = means(facts.people[person_id])
    for other_id, other in sorted(facts.people.items()):
        if other_id != person_id and (shared := mine & means(other)):
            return other_id, min(shared)[0]
    return None


def doubles_of(people: Iterable[str], facts: Facts) -> frozenset[str]:
    """Everybody in the facts who has the same means as one of these people; they themselves are not among them."""
    named = frozenset(people)
    theirs = frozenset[tuple[str, str]]().union(*(means(facts.people[each]) for each in named))
    return frozenset(each for each, person in facts.people.items() if each not in named and theirs & means(person))
