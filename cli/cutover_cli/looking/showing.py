"""`cutover show`: where one revision stands, as plain JSON and for people."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from cutover.contracts.base import format_instant
from cutover.domain import times
from cutover.domain.correspondence import Told
from cutover.domain.record import RecordedDecision, RevisionRecord
from cutover_cli.looking import screen
from cutover_cli.looking.standing import Seat, Standing

if TYPE_CHECKING:
    from rich.console import RenderableType

DOCUMENTS = ("candidate", "evidence_set", "bundle", "lineage", "gaps", "hold_register", "supersession", "handoff")
SIGNED = ("manifest", "predecessor", "rules", "facts", "after_action")


def documents_of(record: RevisionRecord) -> dict[str, str]:
    """What lies in the store, by digest; of what is signed, the envelope's."""
    plain = {name: getattr(record, name) for name in DOCUMENTS}
    signed = {name: reference.envelope for name in SIGNED if (reference := getattr(record, name)) is not None}
    decided = {f"{each.decision} of {each.person}": each.envelope for each in record.decisions}
    return {name: digest for name, digest in {**plain, **signed, **decided}.items() if digest is not None}


def document_of(of: Standing) -> dict[str, Any]:
    """All of it."""
    record, then = of.record, of.next
    return {
        "cutover": record.cutover, "revision": record.revision, "status": record.status.value,
        "reason": record.reason, "product": record.product, "version": _version(of), "target": record.target,
        "queue": record.queue_arn, "requester": record.requester, "emergency": _emergency(of),
        "window": {
            "id": record.window, "opens_at": screen.instant(record.opens_at),
            "closes_at": screen.instant(record.closes_at), "time_zone": _zone(of), "local": _local(of),
        },
        "digest": record.manifest.payload if record.manifest else None,
        "predecessor": record.predecessor.payload if record.predecessor else None,
        "valid_until": screen.instant(record.valid_until), "expires_at": screen.instant(record.expires_at),
        "admitted_at": screen.instant(record.admitted_at), "moved_at": screen.instant(record.moved_at),
        "decisions": [_decision(each) for each in record.decisions],
        "deferral": _decision(record.deferral) if record.deferral else None,
        "missing": [_seat(each) for each in of.seats],
        "holds": [
            {"code": each.code, "field": each.field, "owner": each.owner, "fingerprint": each.fingerprint}
            for each in of.open_holds
        ],
        "messages": _messages(of), "documents": documents_of(record), "handoff_id": record.handoff_id,
        "message_id": record.message_id, "correlation_id": record.correlation_id, "brake": of.braked,
        "next": {"what": then.what, "at": screen.instant(then.at), "until": screen.instant(then.until)},
        "unread": list(of.unread),
    }  # fmt: skip


def _version(of: Standing) -> str | None:
    return of.package.bundle.release.version.value if of.package else None


def _emergency(of: Standing) -> str | None:
    return of.package.manifest.predicate.emergency if of.package else None


def _zone(of: Standing) -> str | None:
    return of.package.manifest.predicate.window.time_zone if of.package else None


def _local(of: Standing) -> str | None:
    record, name = of.record, _zone(of)
    if record.opens_at is None or record.closes_at is None or name is None:
        return None
    return times.span(record.opens_at, record.closes_at, times.zone(name))


def _decision(each: RecordedDecision) -> dict[str, Any]:
    return {
        "role": each.role, "person": each.person, "decision": each.decision, "assurance": each.assurance,
        "decided_at": format_instant(each.decided_at), "statement": each.payload,
    }  # fmt: skip


def _seat(each: Seat) -> dict[str, Any]:
    return {
        "role": each.role, "count": each.count, "assurance": each.assurance, "people": list(each.people),
        "away": list(each.away),
    }  # fmt: skip


def _messages(of: Standing) -> list[dict[str, Any]] | None:
    """None where nothing was said yet, or the site cannot say."""
    if of.said is None:
        return None
    return [
        {
            "person": each.person, "role": each.role, "state": each.state, "asked_at": format_instant(each.asked_at),
            "mail": _by(each.mailed, each.undelivered), "slack": _by(each.posted, each.unposted),
            "reminded": each.reminded, "stands_in_for": each.stands_in_for,
        }
        for each in of.said.told
    ]  # fmt: skip


def _by(sent: str | None, failed: str | None) -> str | None:
    return failed or ("sent" if sent else None)


def text_of(of: Standing) -> "Iterator[RenderableType]":
    """The heading, what happens next, then what there is to say of people, holds and documents."""
    record = of.record
    yield screen.line(screen.cell(f"{record.cutover} revision {record.revision}", "bold"), "  ", _headline(of))
    yield screen.pairs(_facts(of))
    yield from _people(of)
    if of.open_holds:
        yield screen.line("")
        rows = [(screen.cell(each.code, screen.WAITS), each.field, each.owner) for each in of.open_holds]
        yield screen.table(("HOLD", "FIELD", "OWNER"), rows)
        yield screen.cell(f"cutover explain {record.cutover} says what mends them", "dim")
    yield screen.line("")
    yield screen.pairs([("DOCUMENT", "DIGEST"), *documents_of(record).items()])
    for each in of.unread:
        yield screen.line(screen.cell("could not be read  ", screen.BAD), each)


def _headline(of: Standing) -> Any:
    return screen.status(of.record.status.value, of.record.reason)


def _facts(of: Standing) -> "Iterable[tuple[str, Any]]":
    record, then = of.record, of.next
    opens, closes = record.opens_at, record.closes_at
    span = times.span(opens, closes) if opens and closes else None
    yield "next", screen.line(then.what, _when(of))
    yield "release", " ".join(filter(None, (record.product, _version(of), "to", record.target)))
    yield "emergency", screen.cell(_emergency(of), screen.BAD) if _emergency(of) else None
    yield "window", _local(of) or record.window
    yield "", span if span != _local(of) else None
    yield "brake", screen.cell("engaged, or unknown: nothing is handed off", screen.BAD) if of.braked else None
    yield "digest", record.manifest.payload if record.manifest else None
    yield "predecessor", record.predecessor.payload if record.predecessor else None
    yield "requested by", record.requester
    yield "hand-off id", record.handoff_id
    yield "message", record.message_id
    yield "correlation", record.correlation_id


def _when(of: Standing) -> str:
    then = of.next
    said = [f"{times.moment(then.at)}, {times.distance(then.at, of.now)}"] if then.at else []
    said += [f"at the latest {times.moment(then.until)}, {times.distance(then.until, of.now)}"] if then.until else []
    return "".join(f"; {each}" for each in said)


def _people(of: Standing) -> "Iterator[RenderableType]":
    asked = {each.pair: each for each in (of.said.told if of.said else ())}
    rows = [_decided(each, asked.get((each.role, each.person))) for each in of.record.decisions]
    rows += [_missing(each, of) for each in of.seats]
    if rows:
        yield screen.line("")
        yield screen.table(("ROLE", "WHO", "DECISION", "WHEN (UTC)", "BY", "ASKED BY"), rows)


def _decided(each: RecordedDecision, told: Told | None) -> tuple[Any, ...]:
    word = {"approve": "approved", "refuse": "refused", "defer": "deferred"}.get(each.decision, each.decision)
    style = screen.GOOD if each.decision == "approve" else screen.BAD
    return each.role, each.person, screen.cell(word, style), times.moment(each.decided_at), each.assurance, _ways(told)


def _missing(each: Seat, of: Standing) -> tuple[Any, ...]:
    role = each.role if each.count == 1 else f"{each.count} x {each.role}"
    people = [f"{name} (away)" if name in each.away else name for name in each.people]
    told = [one for one in (of.said.told if of.said else ()) if one.role == each.role and one.state == "open"]
    ways = ", ".join(dict.fromkeys(f"{one.person}: {_ways(one)}" for one in told)) or "nobody yet"
    return role, " or ".join(people) or "nobody", screen.cell("missing", screen.WAITS), "", each.assurance, ways


def _ways(told: Told | None) -> str:
    if told is None:
        return ""
    ways = {"mail": _by(told.mailed, told.undelivered), "Slack": _by(told.posted, told.unposted)}
    return ", ".join(name if how == "sent" else f"{name} {how}" for name, how in ways.items() if how)
