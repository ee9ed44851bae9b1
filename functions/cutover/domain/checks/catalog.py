"""Row 11: every component's entity in the service catalog is its own, and its owner is a team that can be reached.

References are read as Backstage reads them ("Descriptor Format of Catalog Entities", String References):
``[kind:][namespace/]name`` without regard to case; an owner without a kind is a ``Group``, without a namespace in the
entity's own, which is ``default`` where it has none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cutover.contracts.base import Digest
from cutover.contracts.policy import Facts, Team
from cutover.domain import bounded
from cutover.domain.assembling.index import Found
from cutover.domain.checks.context import Context, Problem, Rule
from cutover.domain.checks.fields import about, listed, name_unknown, rendered, shown, sourced
from cutover.domain.pointer import resolve

_REFERENCE = re.compile(
    r"(?:(?P<kind>[a-z][a-z0-9]{0,62}):)?(?:(?P<namespace>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)/)?"
    r"(?P<name>[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?)",
    re.ASCII | re.IGNORECASE,
)
DEFAULT = "default"
"""The namespace of entities that name none."""


@dataclass(frozen=True, slots=True)
class _Owner:
    """Of one component: what its entity says, that as a reference, and the team of the facts that it leads to."""

    number: int
    said: str
    evidence: Digest
    reference: str | None
    team: tuple[str, Team] | None

    def problem(self, code: str, *, found: str, wanted: str, mend: str) -> Problem:
        team = self.team[0] if self.team else ""
        return Problem(
            code=code,
            field=f"/components/{self.number}/catalog/owner",
            subject=about(self.evidence, team),
            found=bounded.line(found),
            wanted=wanted,
            mend=mend,
            evidence=(self.evidence,),
        )


def entity_reference(said: str, namespace: str = DEFAULT) -> str | None:
    """``group:default/payments`` for ``Payments``; None for what is no reference to an entity."""
    found = _REFERENCE.fullmatch(said)
    if found is None:
        return None
    return f"{found['kind'] or 'group'}:{found['namespace'] or namespace}/{found['name']}".lower()


def teams_of(facts: Facts, reference: str) -> tuple[tuple[str, Team], ...]:
    """The teams that the catalog calls so: by their ``groups``, or by their id in the namespace ``default``."""
    return tuple(
        (name, team)
        for name, team in sorted(facts.teams.items())
        if reference in {entity_reference(name), *map(entity_reference, team.groups)}
    )


def _entity(context: Context, number: int) -> Found | None:
    """A component's entity: as it came where that was JSON, else what was made of the YAML."""
    reference = context.candidate.components[number].catalog
    index = context.index
    return index.find("catalog", reference, payload=True) or index.find("catalog", reference)


def _owners(context: Context) -> Iterator[_Owner]:
    for number, component in enumerate(context.bundle.components):
        owner = sourced(component.catalog.owner)
        if owner is None:
            continue  # a gap
        entity = _entity(context, number)
        namespace = resolve(entity.document, "/metadata/namespace") if entity is not None else None
        reference = entity_reference(str(owner.value), namespace if isinstance(namespace, str) else DEFAULT)
        teams = teams_of(context.facts, reference) if reference is not None else ()
        team = teams[0] if len(teams) == 1 else None
        yield _Owner(number, str(owner.value), owner.from_.evidence, reference, team)


def owner_is_a_team(context: Context) -> Iterator[Problem]:
    """Every component is owned by one team of the facts, not by a person, and not by words."""
    for owner in _owners(context):
        person = _is_person(owner, context.facts)
        if owner.team is None or person:
            teams = teams_of(context.facts, owner.reference) if owner.reference else ()
            meaning = f"which may be {listed(name for name, _ in teams)}" if teams else "which leads to no team"
            yield owner.problem(
                "OWNER_IS_A_PERSON" if person else "OWNER_UNRESOLVED",
                found=f"the catalog names {shown(owner.said)} as owner, {'a person' if person else meaning}",
                wanted="a group of the catalog that one team of the facts is known by",
                mend="name a group as owner in the catalog and answer with the entity's new version, "
                "or have the policy's owners add this group to its team in the facts",
            )


def _is_person(owner: _Owner, facts: Facts) -> bool:
    if owner.reference is not None and owner.reference.startswith("user:"):
        return True
    named = {each.casefold() for person in facts.people.values() for each in (person.email, *person.identities)}
    return owner.team is None and owner.said.casefold() in named | facts.people.keys()


def owner_has_people(context: Context) -> Iterator[Problem]:
    """The team that owns a component has people."""
    members = {person.team for person in context.facts.people.values()}
    for owner in _owners(context):
        if owner.team is not None and owner.team[0] not in members:
            yield owner.problem(
                "OWNER_WITHOUT_PEOPLE",
                found=f"nobody in the facts is in team {owner.team[0]}, which owns it as {shown(owner.said)}",
                wanted="an owner with at least one person",
                mend="have the policy's owners add its people to the facts, or name the team that looks after it now",
            )


def owner_has_channel(context: Context) -> Iterator[Problem]:
    """The team that owns a component can be reached while it works."""
    for owner in _owners(context):
        if owner.team is not None and owner.team[1].channel is None:
            yield owner.problem(
                "OWNER_WITHOUT_CHANNEL",
                found=f"team {owner.team[0]}, which owns it as {shown(owner.said)}, has no channel in the facts",
                wanted="an owner with a channel, such as one in Slack",
                mend="have the policy's owners add the team's channel to the facts",
            )


def owner_has_escalation(context: Context) -> Iterator[Problem]:
    """Somebody is called when the team that owns a component does not answer."""
    for owner in _owners(context):
        if owner.team is not None and owner.team[1].escalation is None:
            yield owner.problem(
                "OWNER_WITHOUT_ESCALATION",
                found=f"team {owner.team[0]}, which owns it as {shown(owner.said)}, has no escalation path",
                wanted="an owner with an escalation path, such as an on-call schedule",
                mend="have the policy's owners add the team's escalation path to the facts",
            )


def _named(context: Context) -> Iterator[tuple[int, Found, Any]]:
    """Component number, its entity, and how the entity calls itself."""
    for number in range(len(context.candidate.components)):
        entity = _entity(context, number)
        if entity is not None:
            yield number, entity, resolve(entity.document, "/metadata/name")


def of_this_component(context: Context) -> Iterator[Problem]:
    """The entity that the candidate names for a component is that component's."""
    for number, entity, said in _named(context):
        ours = rendered(context, "component", context.candidate.components[number].name)
        if not isinstance(said, str) or rendered(context, "component", said) != ours:
            what = f"calls itself {shown(said)}" if isinstance(said, str) else "has no name"
            yield Problem(
                code="CATALOG_ENTITY_OF_ANOTHER",
                field=f"/components/{number}/catalog",
                subject=about(entity.evidence.sha256, ours),
                found=bounded.line(f"an entity that {what}"),
                wanted=bounded.line(f"the entity of {shown(ours)}"),
                mend="announce the candidate again with this component's own entity of the catalog",
                evidence=(entity.evidence.sha256,),
            )


def names_known(context: Context) -> Iterator[Problem]:
    """The entities have names that the rules know as components."""
    for number, entity, said in _named(context):
        if isinstance(said, str):
            field = f"/components/{number}/catalog"
            yield from name_unknown(context, "component", said, field=field, evidence=entity.evidence.sha256)


RULES = (
    Rule("catalog.owner-is-a-team", owner_is_a_team, reads=("catalog",)),
    Rule("catalog.owner-has-people", owner_has_people, reads=("catalog",)),
    Rule("catalog.owner-has-channel", owner_has_channel, reads=("catalog",)),
    Rule("catalog.owner-has-escalation", owner_has_escalation, reads=("catalog",)),
    Rule("catalog.of-this-component", of_this_component, reads=("catalog",)),
    Rule("catalog.names-known", names_known, reads=("catalog",)),
)
