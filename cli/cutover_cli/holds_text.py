"""What `cutover holds` says, as plain JSON and for people. Others wrote most of it: each value stays on its line."""

import shlex
from pathlib import Path
from typing import Any

from cutover.contracts.base import format_instant
from cutover.contracts.holds import HowToAnswer
from cutover.contracts.policy import Team
from cutover_cli.answers import Planned
from cutover_cli.held import Open
from cutover_cli.output import oneline


def document_of(found: Open) -> dict[str, Any]:
    """One hold, and the answer that it has."""
    hold = found.hold.model_dump(mode="json", exclude={"resolution", "evidence"})
    return {
        "cutover": found.record.cutover, "revision": found.record.revision, "status": found.record.status.value,
        "name": found.short, **hold, "answered_by": found.answer.resolver if found.answer else None,
    }  # fmt: skip


def listing(found: list[Open]) -> str:
    """One line for each hold."""
    if not found:
        return "no open hold"
    rows = []
    for each in found:
        hold, until = each.hold, format_instant(each.hold.expires_at)
        answered = f"  answered by {oneline(each.answer.resolver)}" if each.answer else ""
        rows.append(
            f"{each.record.cutover} revision {each.record.revision}  {each.short}  {hold.code} {oneline(hold.field)}"
            f"  {hold.owner}  until {until}{answered}"
        )
    return "\n".join(rows)


def explanation(found: Open, team: Team | None, ways: HowToAnswer | None, commands: list[str]) -> str:
    """What, why, whose, until when, and how it is answered."""
    hold = found.hold
    lines = [
        f"{found.record.cutover} revision {found.record.revision} is {found.record.status}",
        f"hold         {hold.code} {oneline(hold.field)}",
        f"fingerprint  {hold.fingerprint}",
        f"found        {oneline(hold.found)}",
        f"wanted       {oneline(hold.wanted)}",
        f"to mend it   {oneline(hold.mend)}",
        f"why          the rule {hold.rule}; {'nothing answers it' if hold.severity == 'deny' else 'it holds'}",
        f"whose        {_whose(hold.owner, team)}",
        f"until        {format_instant(hold.expires_at)}",
    ]
    if found.answer:
        lines.append(
            f"answered     {found.answer.kind} by {oneline(found.answer.resolver)}; a later answer replaces it"
        )
    if ways is None:
        return "\n".join([*lines, "answer       none: announce a candidate that mends it"])
    if ways.waivable_by:
        lines.append(f"waivable by  {', '.join(ways.waivable_by)}, who asked neither for the release nor its change")
    lines += [f"record       {oneline(f'{each.source} {each.record} at {each.version}')}" for each in ways.records]
    return "\n".join([*lines, "answer it:", *(f"  {oneline(command)}" for command in commands)])


def _whose(owner: str, team: Team | None) -> str:
    if team is None:
        return f"{owner}, which is no team of the facts"
    reached = [
        f"reached at {team.channel}" if team.channel else "",
        f"then {team.escalation}" if team.escalation else "",
    ]
    return oneline(", ".join(filter(None, (f"{team.name} ({owner})", *reached))))


def commands_of(found: Open, ways: HowToAnswer | None, place: list[str]) -> list[str]:
    """The very commands, but for the key, the person and what is new. Others named the records: they are quoted."""
    if ways is None:
        return []
    begin = ["cutover", "holds", "resolve", found.record.cutover, found.short]
    end = ["--key", "KEY.pem", "--as", "PERSON", *place]
    made = []
    if "waiver" in ways.kinds:
        made.append(shlex.join([*begin, "--waiver", "WAIVER.json", *end]))
    if "evidence" in ways.kinds:
        made += [
            shlex.join([*begin, "--evidence", each.source, each.record, "NEW-VERSION", *end]) for each in ways.records
        ]
    if "mended" in ways.kinds:
        made.append(shlex.join([*begin, "--mended", "WHAT WAS MENDED", *end]))
    return made


def place_of(
    stack: str | None, profile: str | None, region: str | None, local: bool, state_dir: Path | None
) -> list[str]:
    options = {"--stack": stack, "--profile": profile, "--region": region, "--state-dir": state_dir}
    named = [word for name, value in options.items() if value is not None for word in (name, str(value))]
    return [*(["--local"] if local else []), *named]


def plan_text(planned: Planned) -> str:
    said = planned.resolution
    left = (
        f"still open then: {', '.join(planned.left)}" if planned.left else f"revision {said.revision + 1} would follow"
    )
    return f"it would be taken as the answer to {said.fingerprint}; {left}\n{planned.ordering.detail()}"
