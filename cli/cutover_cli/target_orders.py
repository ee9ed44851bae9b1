"""Delivery orders, judged from here as their door judges them: for dry runs, and to find what is meant."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from cutover.contracts.delivery import DeliveryOrder
from cutover.errors import Refused
from cutover_cli.output import BadArgument
from cutover_cli.site import Site

if TYPE_CHECKING:
    from cutover.doors.deliveries.judging import Judging
    from cutover.doors.signed_events import Order


def meant(where: Site, which: str, revision: int | None) -> tuple[str, str]:
    """The cutover and the hand-off's id. Raises ``Refused``, BadArgument."""
    if which.startswith("sha256:"):
        if revision is not None:
            raise BadArgument("a handoff_id says its revision; --revision is for a cutover")
        handoff, _ = judging(where).kept(which)
        return handoff.cutover, which
    number, found = revision or 1, None
    while (record := where.records.revision(which, number)) is not None:
        found = record.handoff_id or found
        if revision is not None:
            break
        number += 1
    if found is None:
        raise Refused("UNKNOWN_HANDOFF", f"nothing was handed off of {which}", "name it as the ledger does")
    return which, found


def judging(where: Site) -> "Judging":
    """What the door asks, asked from here."""
    from cutover.contracts.manifest import Destination
    from cutover.doors.deliveries.judging import Judging

    destinations = {
        name: Destination(
            target=name, environment=each["environment"], account=each["account"], queue_arn=each["queue_arn"]
        )
        for name, each in outputs(where)[0].items()
    }
    return Judging(
        records=where.records, store=where.documents, outbox=where.documents, policies=where.policies,
        destinations=destinations, clock=where.clock,
    )  # fmt: skip


def judged(where: Site, document: DeliveryOrder, key: Path) -> "Order[DeliveryOrder]":
    """The order as its door opens it, signed here. Raises ``Refused``: its key is not trusted for deliveries."""
    from cutover.domain import canonical
    from cutover.domain import envelope as dsse
    from cutover.doors.deliveries.delivering import KIND
    from cutover.doors.signed_events import Order
    from cutover_cli import signing

    sealed = signing.seal(KIND.payload_type, canonical.encode_model(document), signing.load(key))
    policy = where.policy()
    opened = dsse.open_envelope(
        sealed, payload_type=KIND.payload_type, purpose=KIND.purpose, keys=policy.facts.keys, at=where.clock.now()
    )
    return Order(
        document=document, payload=opened.digest, envelope=canonical.digest_model(sealed), keys=opened.keys,
        correlation_id="planned", policy=policy,
    )  # fmt: skip


def outputs(where: Site) -> tuple[dict[str, dict[str, str]], tuple[str, ...]]:
    """The deployed targets, and the roles that send to them. Raises BadArgument where the stack does not say."""
    outputs = where.stack.outputs if where.stack else {}
    try:
        return json.loads(outputs["TargetSettings"]), (outputs["HandOffRoleArn"], outputs["DeliveriesRoleArn"])
    except KeyError as error:
        raise BadArgument(f"the stack has no output {error.args[0]}: deploy this version of Cutover") from error
