"""Answering a hold: the signed event, and what would come of it, found out by the very code that judges it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cutover.contracts.candidate import Reference
from cutover.contracts.resolution import (
    RESOLUTION_TYPE,
    EvidenceAnswer,
    MendedAnswer,
    Resolution,
    WaiverAnswer,
)
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.faults import faults_of
from cutover.domain.policy import Policy
from cutover.doors.resolutions.judging import Judging
from cutover.doors.signed_events import Order
from cutover.errors import Refused
from cutover_cli import files
from cutover_cli.aside import Aside
from cutover_cli.held import Open
from cutover_cli.orders import Ordering
from cutover_cli.output import BadArgument
from cutover_cli.site import Site

Answer = WaiverAnswer | EvidenceAnswer | MendedAnswer


def answer_of(waiver: Path | None, evidence: tuple[str, str, str] | None, mended: str | None) -> Answer:
    """The one answer that was given on the command line. Raises BadArgument."""
    given = [each for each in (waiver, evidence, mended) if each is not None]
    if len(given) != 1:
        raise BadArgument("give one of --waiver FILE, --evidence SOURCE RECORD VERSION and --mended NOTE")
    try:
        if waiver is not None:
            return WaiverAnswer(kind="waiver", waiver=files.envelope(waiver))
        if evidence is not None:
            source, record, version = evidence
            reference = Reference(source=source, record=record, version=version)
            return EvidenceAnswer(kind="evidence", reference=reference)
        return MendedAnswer(kind="mended", note=mended or "")
    except ValidationError as error:
        faults = "; ".join(f"{fault.pointer.lstrip('/')}: {fault.message}" for fault in faults_of(error))
        raise BadArgument(faults) from error


@dataclass(frozen=True, slots=True)
class Planned:
    """An answer that would be taken. ``left`` are the codes of the holds that stay open after it."""

    ordering: Ordering
    resolution: Resolution
    left: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As plain JSON, with the event as it would be sent."""
        return {
            "result": "planned",
            "cutover": self.resolution.cutover,
            "revision": self.resolution.revision,
            "fingerprint": self.resolution.fingerprint,
            "left": list(self.left),
            "opens": self.resolution.revision + 1 if not self.left else None,
            "event": {"detail-type": self.ordering.detail_type, "detail": json.loads(self.ordering.detail())},
        }


def plan(site: Site, open_: Open, answer: Answer, policy: Policy, *, key: Path, resolver: str) -> Planned:
    """Signs the answer, and judges it as its door will. Raises ``Refused`` with the door's reason, and BadArgument."""
    document = _resolution(site, open_, answer, resolver)
    ordering = Ordering(site, document, key=key, chains=[document.cutover])
    judged = Judging(store=Aside(site.documents), now=site.clock.now()).judge(
        open_.record, _order(ordering, document, site, policy)
    )
    answered = {each.fingerprint for each in open_.record.resolutions} | {document.fingerprint}
    return Planned(ordering, document, tuple(each.code for each in judged.open if each.fingerprint not in answered))


def _resolution(site: Site, open_: Open, answer: Answer, resolver: str) -> Resolution:
    try:
        return Resolution(
            audience=site.audience, cutover=open_.record.cutover, revision=open_.record.revision,
            fingerprint=open_.hold.fingerprint, answer=answer, resolver=resolver, resolved_at=site.clock.now(),
        )  # fmt: skip
    except ValidationError as error:
        faults = "; ".join(f"{fault.pointer.lstrip('/')}: {fault.message}" for fault in faults_of(error))
        raise BadArgument(faults) from error


def _order(ordering: Ordering, document: Resolution, site: Site, policy: Policy) -> Order[Resolution]:
    """As the door opens it: the same keys count, for the same product."""
    opened = dsse.open_envelope(
        ordering.sealed, payload_type=RESOLUTION_TYPE, purpose="resolution", keys=policy.facts.keys,
        at=site.clock.now(),
    )  # fmt: skip
    if document.audience != policy.facts.audience:
        raise Refused("WRONG_AUDIENCE", f"the policy is meant for {policy.facts.audience}")
    order = Order(
        document=document, payload=opened.digest, envelope=canonical.digest_model(ordering.sealed), keys=opened.keys,
        correlation_id="planned", policy=policy,
    )  # fmt: skip
    return order.speaking_for(document.cutover)
