"""`cutover policy who`: who may do what, by a policy: people by their roles, keys by their purpose."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cutover.contracts.base import Name
from cutover.contracts.manifest import RequiredSigner
from cutover.contracts.policy import Facts, KeylessIdentity, Purpose, Rules, TrustedKey
from cutover_cli.output import Format, FormatOption, answer, answering

PURPOSES: Mapping[Purpose, tuple[str, str]] = {
    "candidate": ("CI", "this release is asked for, in this run's name"),
    "provenance": ("whoever builds", "these bytes were built there, from that commit"),
    "attestation": ("whoever tests and scans", "this statement was made of these bytes"),
    "waiver": ("one person", "this one hold may be overlooked, until then"),
    "bind": ("Bind", "this package, this queue, this window"),
    "decide": ("Approvals", "this person decided so, over this digest, then"),
    "handoff": ("HandOff", "this was approved, and is handed to this queue"),
    "ledger": ("Seal", "the ledger stood so; this notice is of that entry"),
    "receipt": ("a consumer of a deployment queue", "the message arrived, and this came of it"),
    "resolution": ("one person", "this hold is answered by that"),
    "withdrawal": ("operators", "this cutover shall not be handed off"),
    "brake": ("operators", "nothing shall be handed off; or again, by this plan"),
    "invitation": ("operators", "this person may register a passkey"),
    "after-action": ("one person", "this is what the emergency was"),
    "delivery": ("operators", "send that stored message once more, or a test message"),
}
"""Of each purpose: whose keys have it, and what a signature says."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing that can be done; ``who`` in words; ``people`` by their names in the facts, sorted."""

    does: str
    who: str
    people: tuple[Name, ...]


def duties(rules: Rules, facts: Facts, at: datetime) -> Iterator[Duty]:
    """What people may do by this policy, with the keys that count ``at`` this time.

    That they are available, and did not ask for it, is judged each time.
    """
    for target, seats in rules.signers.items():
        yield from _seats(f"approve at `{target}`", seats, facts)
    for product, path in rules.emergency.items():
        yield from _seats(f"approve an emergency of `{product}`", path.signers, facts)
    for family, roles in rules.waivable.items():
        able = _keyed("waiver", facts, [name for role in roles for name in _holding(role, facts)], at)
        yield Duty(f"waive holds of `{family}`", " or ".join(roles) + ", with a key for waivers", able)
    for team in sorted(set(rules.families.values())):
        families = ", ".join(f"`{family}`" for family, owner in rules.families.items() if owner == team)
        members = [name for name, person in facts.people.items() if person.team == team]
        known = facts.teams.get(team)
        said = f"team {known.name}" if known else f"team {team}, which the facts do not know"
        yield Duty(f"own the holds of {families}", said, tuple(sorted(members)))
    for purpose, article in (("resolution", "a"), ("after-action", "an")):
        able = _keyed(purpose, facts, facts.people, at)
        yield Duty(f"sign {article} `{purpose}`", "whose key has that purpose", able)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose keys count for one purpose: as the facts name them, with their products where not for all; each once."""

    purpose: Purpose
    means: str
    holders: tuple[str, ...]


def holders(facts: Facts, at: datetime) -> Iterator[Holder]:
    """For every purpose there is, also where nobody has a key for it that counts ``at`` this time."""
    for purpose, (_, means) in PURPOSES.items():
        keys = [_of(key.holder, key.products) for key in facts.keys if key.purpose == purpose and _counts(key, at)]
        keyless = [
            _of(each.identity, each.products)
            for each in facts.identities
            if each.purpose == purpose and _counts(each, at)
        ]
        yield Holder(purpose, means, tuple(dict.fromkeys([*keys, *keyless])))


def who(
    rules: Annotated[Path, typer.Option("--rules", metavar="FILE", help="Rules in YAML or JSON, signed or not.")],
    facts: Annotated[Path, typer.Option("--facts", metavar="FILE", help="Facts in YAML or JSON, signed or not.")],
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Say who may do what by a policy: who approves, waives, owns holds, and whose keys count for what."""
    from cutover_cli import files

    with answering(form):
        said_rules, said_facts = files.model(Rules, rules), files.model(Facts, facts)
        now = datetime.now(UTC)
        found, keys = list(duties(said_rules, said_facts, now)), list(holders(said_facts, now))
        document = {
            "duties": [{"does": each.does, "who": each.who, "people": each.people} for each in found],
            "purposes": [{"purpose": each.purpose, "means": each.means, "holders": each.holders} for each in keys],
        }
        answer(document, form, lambda: _text(found, keys))


def _text(found: Iterable[Duty], keys: Iterable[Holder]) -> str:
    rows = [f"{each.does.replace('`', '')}: {each.who}\n    {', '.join(each.people) or 'nobody'}" for each in found]
    signed = [f"{each.purpose}: {each.means}\n    {', '.join(each.holders) or 'nobody'}" for each in keys]
    return "\n".join([*rows, "", "Keys", *signed])


def _seats(does: str, seats: Iterable[RequiredSigner], facts: Facts) -> Iterator[Duty]:
    for seat in seats:
        strength = "a passkey" if seat.assurance == "passkey" else "a link"
        yield Duty(does, f"{seat.count} of {seat.role}, with {strength}", tuple(sorted(_holding(seat.role, facts))))


def _holding(role: Name, facts: Facts) -> list[Name]:
    return [name for name, person in facts.people.items() if role in person.roles]


def _counts(key: TrustedKey | KeylessIdentity, at: datetime) -> bool:
    return key.not_before <= at < key.not_after and (key.revoked_at is None or at < key.revoked_at)


def _of(holder: str, products: tuple[str, ...]) -> str:
    return f"{holder} ({', '.join(products)})" if products else holder


def _keyed(purpose: str, facts: Facts, among: Iterable[Name], at: datetime) -> tuple[Name, ...]:
    able = {key.person for key in facts.keys if key.purpose == purpose and _counts(key, at)}
    return tuple(sorted(able.intersection(among)))  # type: ignore[arg-type]  # a key without a person is in no list
