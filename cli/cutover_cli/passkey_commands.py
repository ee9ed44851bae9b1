"""`cutover passkey`: invite people to register passkeys, and list what they have registered."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from cutover.contracts.base import format_instant, parse_instant
from cutover.contracts.passkeys import INVITATION_TYPE, Enrolment, Invitation
from cutover.contracts.policy import Facts
from cutover.domain import canonical, enrolling
from cutover.domain import envelope as dsse
from cutover.domain.faults import faults_of
from cutover.domain.legible import legible
from cutover.doors.invitations.inviting import INVITED, KIND, judge
from cutover_cli import signing
from cutover_cli.orders import (
    KINDS,
    DryRunOption,
    KeyOption,
    OrderRefused,
    ReasonOption,
    Sending,
    TimeoutOption,
    WaitOption,
    document_of,
    said,
)
from cutover_cli.output import BadArgument, Exit, Format, FormatOption, answer, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, Site, StackOption, StateDirOption, remote, site

app = typer.Typer(help="Passkeys: who is invited to register one, and what was registered.", no_args_is_help=True)
MAX_ENROLMENT = 65_536


@app.command()
def invite(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="As the facts name them, such as omar.")],
    *,
    until: Annotated[str, typer.Option("--until", metavar="INSTANT", help="Such as 2026-03-05T12:00:00Z.")],
    reason: ReasonOption,
    key: KeyOption,
    dry_run: DryRunOption = False,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    wait: WaitOption = True,
    timeout: TimeoutOption = 120,
    form: FormatOption = Format.TEXT,
) -> None:
    """Invite somebody to register a passkey, by a mail with a link. Exits 0 when the mail is sent.

    What would be refused is refused here, and nothing is sent (3). A dry run of what would be taken exits 10.
    """
    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        document = _invitation(where, person, until=until, reason=reason)
        sealed = signing.seal(INVITATION_TYPE, canonical.encode_model(document), signing.load(key))
        facts = where.policy().facts
        dsse.open_envelope(
            sealed, payload_type=KIND.payload_type, purpose=KIND.purpose, keys=facts.keys, at=where.clock.now()
        )
        to = judge(document, facts, now=where.clock.now()).email
        sending = Sending(where, KINDS[Invitation][0], sealed, chains=[])
        if dry_run:
            event = {"detail-type": sending.detail_type, "detail": json.loads(sending.detail())}
            planned = {"result": "planned", "person": person, "mail": to, "event": event}
            answer(planned, form, lambda: f"{person} would be invited, by a mail to {to}")
        else:
            following = sending.send()
            if not wait:
                following.leave(form)
                return
            entry = following.entry(seconds=timeout)
            if entry.result != INVITED:
                raise OrderRefused(entry)
            answer(document_of(entry), form, lambda: f"{person} is invited, by a mail to {to}\n{said(entry)}")
    if dry_run:
        raise typer.Exit(Exit.CHANGES)


@app.command("list")
def listed(
    ctx: typer.Context,
    person: Annotated[str | None, typer.Argument(metavar="PERSON", help="Only theirs.  [default: everybody's]")] = None,
    *,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """List the passkeys that were registered, each with the lines for the facts.

    Compare the fingerprint with the one that the person reads to you, in person or by telephone, before you put the
    lines into the facts. A passkey counts once both owners have signed them.
    """
    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        facts = where.policy().facts
        people = sorted(facts.people) if person is None else [person]
        found = [each for name in people for each in _enrolled(where, facts, name)]
        document = {"result": "listed", "passkeys": [each.document() for each in found]}
        answer(document, form, lambda: "\n\n".join(each.text() for each in found) or "nobody has registered a passkey")


@dataclass(frozen=True, slots=True)
class _Enrolled:
    """A passkey that was registered, and how it stands in today's facts: ``waiting``, ``listed`` or ``revoked``."""

    enrolment: Enrolment
    state: str

    def document(self) -> dict[str, Any]:
        passkey: dict[str, Any] = self.enrolment.passkey.model_dump(mode="json", exclude_none=True)
        return {
            "person": self.enrolment.person, "state": self.state, "passkey": passkey,
            "fingerprint": enrolling.fingerprint(self.enrolment.passkey), "facts": self._lines(),
            "aaguid": self.enrolment.aaguid, "backed_up": self.enrolment.backed_up,
            "invitation": self.enrolment.invitation,
        }  # fmt: skip

    def text(self) -> str:
        passkey = self.enrolment.passkey
        where = "may lie on several devices" if self.enrolment.backed_up else "lies on one device"
        return (
            f"{legible(self.enrolment.person)}: {self.state}, registered at {format_instant(passkey.registered_at)}, "
            f"{where}\nfingerprint {enrolling.fingerprint(passkey)}\n{self._lines()}"
        )

    def _lines(self) -> str:
        """As they stand in the YAML of the facts, under ``people``."""
        fields = self.enrolment.passkey.model_dump(mode="json", exclude_none=True)
        first, *rest = (f"{name}: {json.dumps(value)}" for name, value in fields.items())
        return "\n".join(
            [f"  {self.enrolment.person}:", "    passkeys:", f"      - {first}", *(f"        {each}" for each in rest)]
        )


def _enrolled(where: Site, facts: Facts, person: str) -> Iterator[_Enrolled]:
    """Oldest first."""
    known = facts.people.get(person)
    states = {each.id: "revoked" if each.revoked_at else "listed" for each in (known.passkeys if known else ())}
    for each in sorted(where.records.enrolments(person), key=lambda each: each.registered_at):
        content = where.documents.get(each.enrolment, limit=MAX_ENROLMENT)
        enrolment = Enrolment.model_validate_json(content)
        yield _Enrolled(enrolment, states.get(enrolment.passkey.id, "waiting"))


def _invitation(where: Site, person: str, *, until: str, reason: str) -> Invitation:
    try:
        return Invitation(
            audience=where.audience, person=person, reason=reason, issued_at=where.clock.now(),
            expires_at=parse_instant(until),
        )  # fmt: skip
    except ValidationError as error:
        faults = "; ".join(f"{fault.pointer.lstrip('/')}: {fault.message}" for fault in faults_of(error))
        raise BadArgument(faults) from error
    except ValueError as error:
        raise BadArgument(f"until: {error}") from error
