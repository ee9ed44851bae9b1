"""Who owns, approves and waives: teams, people, roles, quorum."""

from collections import Counter
from collections.abc import Iterator

from cutover.contracts.policy import Facts, Rules
from cutover.domain import bounded, checks, quorum
from cutover.domain.record import Fault
from cutover_cli.linting import at


def faults(rules: Rules, facts: Facts) -> Iterator[Fault]:
    yield from _owners(rules, facts)
    yield from _quorum(rules, facts)
    yield from _people(facts)
    yield from _groups(facts)
    yield from _waivable(rules, facts)


def _owners(rules: Rules, facts: Facts) -> Iterator[Fault]:
    for family, team in rules.families.items():
        if team not in facts.teams:
            yield at("TEAM_UNKNOWN", f"{team} is no team of the facts", "rules", "families", family)


def _quorum(rules: Rules, facts: Facts) -> Iterator[Fault]:
    for target, signers in rules.signers.items():
        where = ("rules", "signers", target)
        for role, count in Counter(signer.role for signer in signers).items():
            if count > 1:
                yield at("ROLE_TWICE", f"{role} stands {count} times: use its count", *where)
        for seat in quorum.impossible(signers, facts=facts, barred=frozenset(), now=facts.issued_at):
            lacking = quorum.lacking(seat, facts=facts, barred=frozenset(), now=facts.issued_at)
            message = bounded.line(f"distinct people cannot fill it: {lacking} would be missing")
            yield at("QUORUM_IMPOSSIBLE", message, *where)


def _people(facts: Facts) -> Iterator[Fault]:
    known: dict[str, str] = {}
    for person_id, person in facts.people.items():
        if person.team not in facts.teams:
            yield at("TEAM_UNKNOWN", f"{person.team} is no team of the facts", "facts", "people", person_id, "team")
        for number, identity in enumerate((*person.identities, person_id)):
            if known.setdefault(identity, person_id) != person_id:
                message = f"{identity} also names {known[identity]}"
                yield at("IDENTITY_SHARED", message, "facts", "people", person_id, "identities", number)


def _groups(facts: Facts) -> Iterator[Fault]:
    """The catalog's owner has to be one team of ours."""
    known: dict[str, str] = {}
    for name, team in facts.teams.items():
        for number, group in enumerate(team.groups):
            if known.setdefault(group, name) != name:
                message = f"{group} also names the team {known[group]}"
                yield at("GROUP_SHARED", message, "facts", "teams", name, "groups", number)


def _waivable(rules: Rules, facts: Facts) -> Iterator[Fault]:
    held = {role for person in facts.people.values() for role in person.roles}
    for family, roles in rules.waivable.items():
        where = ("rules", "waivable", family)
        if family not in checks.FAMILIES:
            known = ", ".join(sorted(checks.FAMILIES))
            yield at("FAMILY_UNKNOWN", f"no family of checks is called {family}; there are {known}", *where)
        if not roles:
            yield at("FAMILY_WAIVED_BY_NOBODY", "leave out a family that nobody may waive", *where)
        for number, role in enumerate(roles):
            if role not in held:
                yield at("ROLE_UNKNOWN", f"nobody in the facts holds the role {role}", *where, number)


def warnings(rules: Rules, facts: Facts) -> Iterator[Fault]:
    """Teams that own holds or services, and that nobody could reach."""
    staffed = {person.team for person in facts.people.values()}
    owning = {*rules.families.values(), *(name for name, team in facts.teams.items() if team.groups)}
    for name in sorted(owning & facts.teams.keys()):
        team, where = facts.teams[name], ("facts", "teams", name)
        if team.channel is None:
            yield at("TEAM_WITHOUT_CHANNEL", f"{name} owns holds or services: say where it is reached", *where)
        if team.escalation is None:
            yield at("TEAM_WITHOUT_ESCALATION", f"say who is called when nobody of {name} answers", *where)
        if name not in staffed:
            yield at("TEAM_WITHOUT_PEOPLE", f"{name} owns holds or services, and nobody is in it", *where)
