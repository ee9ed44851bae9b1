"""What the ledger is told of who was asked: pure."""

from collections.abc import Iterable

from cutover.contracts.manifest import RequiredSigner
from cutover.domain import quorum
from cutover.domain.correspondence import Correspondence, Told

MAX_DETAIL = 400
"""Characters: a ledger entry's detail is one line, and its end should say that it goes on."""


def asked(said: Correspondence) -> tuple[Told, ...]:
    """The open questions of the newest round."""
    return tuple(each for each in said.told if each.state == "open" and each.round == said.round)


def result_of(told: Iterable[Told], seats: Iterable[RequiredSigner]) -> str:
    """The ledger's word for who was told. Who was reached may still decide in any role that they were asked in."""
    everybody = tuple(told)
    if not everybody:
        return "NOBODY_ELIGIBLE"
    roles: dict[str, frozenset[str]] = {}
    for each in everybody:
        if each.reached:
            roles[each.person] = roles.get(each.person, frozenset()) | {each.role}
    able = [quorum.Voter(person, held, "passkey") for person, held in roles.items()]
    return "DONE" if quorum.satisfied(seats, able) else "APPROVERS_UNREACHABLE"


def detail_of(told: Iterable[Told]) -> str:
    """People by their ids: an address has no place in a ledger."""
    everybody = tuple(told)
    missed = [f"{each.person} as {each.role}" for each in everybody if not each.reached]
    text = f"{len(everybody) - len(missed)} asked"
    if missed:
        text += f", {len(missed)} not reached: {', '.join(missed)}"
    return text if len(text) <= MAX_DETAIL else f"{text[: MAX_DETAIL - 1]}…"
