"""What operators order: signed with their key, put on the bus, and followed to its one entry in the ledger."""

import getpass
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from cutover.contracts.base import Digest, Model
from cutover.contracts.brake import BRAKE_ORDER_TYPE, BrakeOrder
from cutover.contracts.delivery import DELIVERY_ORDER_TYPE, DeliveryOrder
from cutover.contracts.emergency import AFTER_ACTION_TYPE, AfterAction
from cutover.contracts.envelope import Envelope
from cutover.contracts.event import SignedEvent
from cutover.contracts.handoff import RECEIPT_TYPE, WITHDRAWAL_TYPE, Receipt, Withdrawal
from cutover.contracts.ledger import LedgerEntry
from cutover.contracts.passkeys import INVITATION_TYPE, Invitation
from cutover.contracts.resolution import RESOLUTION_TYPE, Resolution
from cutover.domain import canonical, ledger
from cutover.domain.faults import faults_of
from cutover.domain.legible import legible
from cutover_cli import signing
from cutover_cli.output import BadArgument, CommandError, Exit, Format, answer
from cutover_cli.site import Site

POLL_SECONDS = 1.0
KINDS: dict[type[Model], tuple[str, str]] = {
    Withdrawal: ("Withdrawal", WITHDRAWAL_TYPE),
    BrakeOrder: ("BrakeOrder", BRAKE_ORDER_TYPE),
    Resolution: ("HoldResolution", RESOLUTION_TYPE),
    AfterAction: ("AfterAction", AFTER_ACTION_TYPE),
    Invitation: ("PasskeyInvitation", INVITATION_TYPE),
    DeliveryOrder: ("DeliveryOrder", DELIVERY_ORDER_TYPE),
    Receipt: ("Receipt", RECEIPT_TYPE),
}
"""Of each document: the event's detail-type, and the payload type."""

KeyOption = Annotated[Path, typer.Option("--key", metavar="FILE", help="Your private key, that the facts trust.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for those who read the ledger.")]
RequesterOption = Annotated[str | None, typer.Option("--requester", help="Who asks for it.  [default: your login]")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Judge it, show the event, and send nothing.")]
WaitOption = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for what comes of it.")]
TimeoutOption = Annotated[float, typer.Option("--timeout", metavar="SECONDS", min=0, help="How long to wait.")]
D = TypeVar("D", bound=Model)


class NotAnswered(CommandError):
    """The order is on the bus, and nobody has told yet what came of it. Sending it again does no harm."""

    exit_code = Exit.REMOTE
    reason = "NOT_ANSWERED"


class OrderRefused(CommandError):
    """Cutover refused the order; `reason` is its code."""

    exit_code = Exit.REFUSED

    def __init__(self, entry: LedgerEntry) -> None:
        super().__init__(f"refused: {said(entry)}")
        self.reason = entry.result


@dataclass(frozen=True, slots=True)
class Sent:
    """An order on the bus: the event, and the digest under which Cutover keeps the envelope."""

    event: str
    envelope: Digest


def made(kind: type[D], site: Site, *, requester: str | None, **fields: Any) -> D:
    """The document for this site, issued now. Raises BadArgument with what is wrong."""
    said = {"audience": site.audience, "requester": requester or login(), "issued_at": site.clock.now()}
    try:
        return kind.model_validate(said | fields)
    except ValidationError as error:
        faults = "; ".join(f"{fault.pointer.lstrip('/')}: {fault.message}" for fault in faults_of(error))
        raise BadArgument(faults) from error


def login() -> str:
    """Who is at this machine. Raises BadArgument where nobody is."""
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise BadArgument("nobody is logged in here; say who asks: --requester NAME") from error


class Sending:
    """One signed document to one site. `chains` are where its entry can be, beside the chain `orders`."""

    def __init__(self, site: Site, detail_type: str, sealed: Envelope, *, chains: Iterable[str]) -> None:
        self._site, self.detail_type, self.sealed = site, detail_type, sealed
        self._chains = (*chains, ledger.ORDERS_CHAIN)

    def detail(self) -> str:
        """The event's detail."""
        return SignedEvent(envelope=self.sealed).model_dump_json(by_alias=True)

    def send(self) -> "Following":
        """Puts it on the bus, having looked how far each chain was."""
        before = {chain: self._site.records.chain(chain).sequence for chain in self._chains}
        event = self._site.bus.put(self.detail_type, self.detail())
        return Following(self._site, Sent(event, canonical.digest_model(self.sealed)), before)


class Ordering(Sending):
    """One order to one site, signed here."""

    def __init__(
        self,
        site: Site,
        document: Withdrawal | BrakeOrder | Resolution | DeliveryOrder,
        *,
        key: Path,
        chains: Iterable[str],
    ) -> None:
        detail_type, payload_type = KINDS[type(document)]
        sealed = signing.seal(payload_type, canonical.encode_model(document), signing.load(key))
        super().__init__(site, detail_type, sealed, chains=chains)


@dataclass(frozen=True, slots=True)
class Following:
    """An order on its way."""

    site: Site
    sent: Sent
    before: Mapping[str, int]

    def entry(self, *, seconds: float) -> LedgerEntry:
        """Its entry in the ledger, once it stands. Raises NotAnswered."""
        from rich.console import Console

        deadline = time.monotonic() + seconds
        with Console(stderr=True, highlight=False, markup=False, emoji=False).status(
            "Sent; waiting for what comes of it"
        ):
            while (found := self._look()) is None:
                if time.monotonic() >= deadline:
                    raise NotAnswered(f"event {self.sent.event} is on the bus; no answer within {seconds:.0f} s")
                time.sleep(POLL_SECONDS)
        return found

    def document(self) -> dict[str, Any]:
        """What was sent, as plain JSON."""
        return {"result": "sent", "event": self.sent.event, "envelope": self.sent.envelope}

    def leave(self, form: Format) -> None:
        """Answers with what was sent, for who does not wait for what comes of it."""
        answer(self.document(), form, lambda: f"sent: event {self.sent.event}")

    def _look(self) -> LedgerEntry | None:
        for chain, after in self.before.items():
            for entry in self.site.records.ledger(chain, after=after):
                if self.sent.envelope in entry.inputs.values():
                    return entry
        return None


def document_of(entry: LedgerEntry) -> dict[str, Any]:
    """A ledger entry, as plain JSON."""
    answered: dict[str, Any] = json.loads(canonical.encode_model(entry))
    names = ("chain", "sequence", "event", "result", "detail", "revision", "at", "inputs")
    return {name: answered[name] for name in names} | {"requester": entry.actor.requester}


def said(entry: LedgerEntry) -> str:
    """An entry on one line for a person: others wrote its detail."""
    detail = f": {legible(entry.detail)}" if entry.detail else ""
    return f"{entry.result}{detail} (entry {entry.sequence} of {entry.chain})"
