"""Deciding with a passkey: what the page's script is given, and what comes back from it.

The script posts the filled-in form with ``step=challenge``; the answer is the challenge, which is the digest of what
that form says (``contracts.passkeys.Consent``). It then posts the same form with what the authenticator signed. Nothing
is remembered in between: the second post is judged by itself, and a form that says something else does not fit.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
from markupsafe import Markup
from pydantic import ValidationError

from cutover.contracts.approval import ApprovalPredicate, Assertion
from cutover.contracts.passkeys import Consent
from cutover.contracts.policy import Facts
from cutover.domain import base64url, passkeys
from cutover.domain.record import PasskeyUse
from cutover.doors.approvals.view import View
from cutover.pages.rendering import Reply, script
from cutover.ports import Records

CHALLENGE = "challenge"
"""The one step that is no decision."""
MENDABLE = frozenset(
    {
        "ASSURANCE_TOO_LOW", "PASSKEY_CLONED", "PASSKEY_MALFORMED", "PASSKEY_NOT_YET", "PASSKEY_REVOKED",
        "PASSKEY_SIGNATURE_BAD", "PASSKEY_UNKNOWN", "PASSKEY_USER_ABSENT", "PASSKEY_USER_UNVERIFIED",
        "PASSKEY_WRONG_CHALLENGE", "PASSKEY_WRONG_ORIGIN", "PASSKEY_WRONG_SITE", "PASSKEY_WRONG_TYPE",
    }
)  # fmt: skip
"""The person can try again on the page, perhaps with another passkey."""
_SCRIPT = Path(__file__).parent / "templates" / "passkey.js"


@dataclass(frozen=True, slots=True)
class Offer:
    """What the page says of passkeys to somebody who has one. ``demanded``: their role decides with one only."""

    demanded: bool
    script: Markup


@dataclass(frozen=True, slots=True)
class Use:
    """A passkey's counter as this decision leaves it, and as it was read."""

    after: PasskeyUse
    before: PasskeyUse | None


def offer(view: View) -> Offer | None:
    """None for somebody without a passkey that counts now: their page runs no script."""
    link = view.link
    if not passkeys.usable(view.facts.people.get(link.person), view.now):
        return None
    seats = [seat for seat in view.package.manifest.predicate.signers if seat.role == link.role]
    demanded = all(seat.assurance == "passkey" for seat in seats)
    return Offer(demanded, Markup(script(_SCRIPT)))  # noqa: S704 - our own file, as its hash in the policy says


def read(text: str) -> Assertion | None:
    """What the hidden field brings; ``Refused`` (``PASSKEY_MALFORMED``)."""
    if not text:
        return None
    try:
        return Assertion.model_validate_json(text)
    except ValidationError as error:
        raise passkeys.malformed("what the passkey signed cannot be read") from error


def asked(consent: Consent, facts: Facts, rp_id: str, *, now: datetime) -> Reply:
    """The answer to ``step=challenge``: ``challenge``, ``rpId`` and ``allow`` (credential ids), base64url."""
    usable = passkeys.usable(facts.people.get(consent.person), now)
    document = {
        "challenge": base64url.encode(passkeys.challenge(consent)), "rpId": rp_id,
        "allow": [each.id for each in usable],
    }  # fmt: skip
    return Reply(200, orjson.dumps(document).decode(), media_type="application/json")


def prove(said: ApprovalPredicate, manifest: str, facts: Facts, records: Records) -> Use | None:
    """The counter that goes with a decision made with a passkey; None for one by link.

    Raises ``Refused`` as ``domain.passkeys.verify`` does, and ``PASSKEY_CLONED``.
    """
    if said.passkey is None:
        return None
    person = facts.people.get(said.person)
    proved = passkeys.verify(
        said.passkey, passkeys.consent_of(said, manifest), person.passkeys if person else (), at=said.decided_at
    )
    name = passkeys.name_of(proved.passkey.id)
    before = records.passkey_use(name)
    passkeys.check_counter(proved.sign_count, before.sign_count if before else None)
    after = PasskeyUse(
        credential=name, sign_count=proved.sign_count, version=before.version + 1 if before else 1,
        used_at=said.decided_at,
    )  # fmt: skip
    return Use(after, before)
