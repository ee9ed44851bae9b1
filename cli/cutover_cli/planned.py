"""An order that is not sent: opened here as its door will open it, for dry runs."""

import json
from typing import Any

from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.doors.signed_events import D, Kind, Order
from cutover_cli.orders import Sending
from cutover_cli.site import Site


def opened(where: Site, sending: Sending, kind: Kind[D], document: D) -> Order[D]:
    """The order under the facts of now. Raises ``Refused`` where its key does not count, as its door does."""
    policy = where.policy()
    found = dsse.open_envelope(
        sending.sealed, payload_type=kind.payload_type, purpose=kind.purpose, keys=policy.facts.keys,
        at=where.clock.now(),
    )  # fmt: skip
    return Order(
        document=document, payload=found.digest, envelope=canonical.digest_model(sending.sealed), keys=found.keys,
        correlation_id="planned", policy=policy,
    )  # fmt: skip


def event_of(sending: Sending) -> dict[str, Any]:
    """The event as it would be sent, as plain JSON."""
    return {"detail-type": sending.detail_type, "detail": json.loads(sending.detail())}
