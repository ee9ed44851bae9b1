"""`cutover trace`: one correlation id from event to message, entry by entry, and where its traces and logs are."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cutover.contracts.base import format_instant
from cutover.contracts.ledger import LedgerEntry
from cutover.domain import ledger
from cutover.domain.record import Admission, RevisionRecord
from cutover.doors.relay.relaying import execution_name, revision_execution_name
from cutover_cli.looking import screen
from cutover_cli.looking.finding import Found
from cutover_cli.site import Site

if TYPE_CHECKING:
    from rich.console import RenderableType

LONG = 60.0
"""Seconds after which a wait is worth a colour."""


@dataclass(frozen=True, slots=True)
class Step:
    """One entry, and how many seconds after the one before it was written."""

    entry: LedgerEntry
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """``executions`` are names, the oldest first; ``machine`` is the state machine's ARN, where the stack says it."""

    correlation_id: str
    record: RevisionRecord | None
    admission: Admission | None
    steps: tuple[Step, ...]
    executions: tuple[str, ...]
    stack: str | None = None
    machine: str | None = None

    @property
    def longest(self) -> float:
        return max((each.gap for each in self.steps), default=0.0)


def trace(site: Site, found: Found, *, revision: int | None) -> Trace:
    """The entries of one story: those of its announcement, then its cutover's. Of one ``revision`` only its own."""
    record, admission = found.record, found.admission
    if record is not None and admission is None:
        admission = site.records.admission(record.admission)
    correlation_id = (record or admission).correlation_id  # type: ignore[union-attr]  # one of them is found
    entries = list(_of_admission(site, admission, correlation_id))
    if record is not None:
        entries += [
            each for each in site.records.ledger(record.cutover)
            if (each.correlation_id == correlation_id if revision is None else each.revision == revision)
        ]  # fmt: skip
    entries.sort(key=lambda each: each.at)  # within a second, in the chains' own order
    return Trace(
        correlation_id=correlation_id, record=record, admission=admission, steps=tuple(_steps(entries)),
        executions=tuple(_executions(record, admission)), stack=site.stack.name if site.stack else None,
        machine=site.stack.outputs.get("StateMachineArn") if site.stack else None,
    )  # fmt: skip


def _of_admission(site: Site, admission: Admission | None, correlation_id: str) -> Iterator[LedgerEntry]:
    if admission is None:
        return
    for entry in site.records.ledger(ledger.admissions_chain(admission.digest)):
        if entry.correlation_id == correlation_id and entry.inputs.get("envelope") == admission.digest:
            yield entry


def _steps(entries: list[LedgerEntry]) -> Iterator[Step]:
    before: datetime | None = None
    for entry in entries:
        yield Step(entry, (entry.at - before).total_seconds() if before else 0.0)
        before = entry.at


def _executions(record: RevisionRecord | None, admission: Admission | None) -> Iterator[str]:
    """Every execution that was named for it. A revision that no announcement opened begins with one of its own."""
    announced = admission is not None and (record is None or admission.revision == record.revision)
    if admission is not None and announced:
        yield from (
            execution_name(admission.model_copy(update={"attempt": number}))
            for number in range(1, admission.attempt + 1)
        )
    if record is not None:
        first = 2 if announced else 1
        yield from (
            revision_execution_name(record.model_copy(update={"execution": number}))
            for number in range(first, record.execution + 1)
        )


def execution_arn(machine: str, name: str) -> str:
    """``arn:…:execution:machine:name``."""
    return f"{machine.replace(':stateMachine:', ':execution:', 1)}:{name}"


def query(of: Trace) -> str:
    """For CloudWatch Logs Insights: every line that a function wrote about it."""
    said = [f"correlation_id = {_quoted(of.correlation_id)}"]
    if of.record is not None:
        said.append(f"(cutover = {_quoted(of.record.cutover)} and revision = {of.record.revision})")
    fields = "fields @timestamp, event_name, service, status, result, reason, error, duration_ms"
    return f"{fields}\n| filter {' or '.join(said)}\n| sort @timestamp asc"


def _quoted(text: str) -> str:
    """A string of the query language; others wrote it, so quotes and backslashes are escaped."""
    return json.dumps(text)


def document_of(of: Trace) -> dict[str, Any]:
    """All of it as plain JSON."""
    record = of.record
    return {
        "correlation_id": of.correlation_id, "cutover": record.cutover if record else None,
        "revision": record.revision if record else None,
        "status": (record or of.admission).status.value,  # type: ignore[union-attr]
        "admission": of.admission.digest if of.admission else None,
        "steps": [_step(each) for each in of.steps], "executions": _named(of),
        "handoff_id": record.handoff_id if record else None, "message_id": record.message_id if record else None,
        "logs": {"log_groups": f"{of.stack}-" if of.stack else None, "query": query(of)},
    }  # fmt: skip


def _step(each: Step) -> dict[str, Any]:
    entry = each.entry
    return {
        "at": format_instant(entry.at), "gap_seconds": each.gap, "chain": entry.chain, "sequence": entry.sequence,
        "revision": entry.revision, "role": entry.actor.role, "requester": entry.actor.requester,
        "event": entry.event, "from": entry.from_, "to": entry.to, "result": entry.result, "detail": entry.detail,
    }  # fmt: skip


def _named(of: Trace) -> list[dict[str, Any]]:
    return [{"name": each, "arn": execution_arn(of.machine, each) if of.machine else None} for each in of.executions]


def text_of(of: Trace) -> "Iterator[RenderableType]":
    """The timeline, then where to look further."""
    status = (of.record or of.admission).status  # type: ignore[union-attr]
    name = f"{of.record.cutover} revision {of.record.revision}" if of.record else "an announcement"
    yield screen.line(screen.cell(name, "bold"), "  ", screen.status(status.value))
    yield screen.line(screen.cell("correlation  ", "dim"), of.correlation_id)
    yield screen.line("")
    titles = ("TIME (UTC)", "AFTER", "WAIT", "EVENT", "STATUS", "BY", "RESULT")
    yield screen.table(titles, (_row(each, of.longest) for each in of.steps), spare=("WAIT", "STATUS"))
    yield screen.line("")
    yield screen.pairs(_places(of))
    yield screen.line("")
    groups = f"log groups that begin with {of.stack}-" if of.stack else "the functions' log groups"
    yield screen.cell(f"CloudWatch Logs Insights, {groups}:", "dim")
    for each in query(of).splitlines():
        yield screen.command(each)


def _row(each: Step, longest: float) -> tuple[Any, ...]:
    entry = each.entry
    wait = screen.cell(screen.bar(each.gap / longest if longest else 0), screen.WAITS if each.gap >= LONG else "")
    role, asked = entry.actor.role, entry.actor.requester
    by = role if asked in {role, entry.correlation_id} else f"{role}: {asked}"
    result = f"{entry.result}: {entry.detail}" if entry.detail else entry.result
    return (
        f"{entry.at:%Y-%m-%d %H:%M:%S}", screen.duration(each.gap) if each.gap else "", wait, entry.event,
        screen.status(entry.to) if entry.to else "", by, result,
    )  # fmt: skip


def _places(of: Trace) -> Iterator[tuple[str, str | None]]:
    for number, each in enumerate(of.executions, 1):
        name = execution_arn(of.machine, each) if of.machine else each
        yield "execution" if number == 1 else "", name
    yield "traces", f"X-Ray: annotation.correlation_id = {_quoted(of.correlation_id)}" if of.machine else None
    yield "hand-off id", of.record.handoff_id if of.record else None
    yield "message", of.record.message_id if of.record else None
