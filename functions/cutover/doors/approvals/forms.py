"""The posted form: strictly the page's own fields (``pages.posting``), and what each may say."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from cutover.contracts.approval import Answers, Decision
from cutover.contracts.base import NEVER_SENT
from cutover.domain import canonical
from cutover.errors import Refused
from cutover.pages.posting import AGAIN, fields

MAX_REASON_BYTES = 2_000
TYPED_DIGITS = 8
"""How much of the digest a person types: enough that they have looked at it, not so much that they copy blindly."""

Confirmation = Literal["intent", "rollback", "timing", "destination", "emergency"]
CONFIRMATIONS: tuple[Confirmation, ...] = ("intent", "rollback", "timing", "destination")
EMERGENCY: Confirmation = "emergency"
"""Confirmed of an emergency besides, and of nothing else."""
_CONFIRMED: tuple[Confirmation, ...] = (*CONFIRMATIONS, EMERGENCY)
_ONCE = frozenset({"nonce", "decision", "digest", "reason", "risk", "until", "zone", "step", "assertion", *_CONFIRMED})
_REASONED: dict[Decision, str] = {"refuse": "a refusal", "defer": "a deferral"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What one post says. ``risk`` is the change record's word, repeated; ``exceptions`` are fingerprints.

    ``until`` is a deferral's time as it was typed, and ``zone`` the time zone that the page said it is in.
    """

    nonce: str
    decision: Decision
    digest: str
    confirmed: frozenset[str]
    risk: str | None
    exceptions: frozenset[str]
    reason: str | None
    until: str = ""
    zone: str = ""
    step: str = ""
    """``challenge`` where the page's script asks what a passkey is to sign: then nothing is decided."""
    assertion: str = ""
    """What the passkey signed, as JSON (``contracts.approval.Assertion``)."""


def parse(body: bytes, *, content_type: str) -> Form:
    """The form's fields. Raises ``Refused`` as ``posting.fields`` does, or ``FORM_MALFORMED``."""
    exceptions: set[str] = set()
    return _form(fields(body, content_type=content_type, known=_ONCE, again=exceptions), frozenset(exceptions))


def _form(said: Mapping[str, str], exceptions: frozenset[str]) -> Form:
    decision = said.get("decision")
    if decision not in get_args(Decision):
        raise Refused("FORM_MALFORMED", "the form does not say what is decided", AGAIN)
    if any(said.get(name, "yes") != "yes" for name in _CONFIRMED):
        raise Refused("FORM_MALFORMED", "a confirmation is something else than yes", AGAIN)
    if said.get("step", "") not in {"", "challenge"}:
        raise Refused("FORM_MALFORMED", "the form asks for something that this page does not do", AGAIN)
    return Form(
        nonce=said.get("nonce", ""),
        decision=cast("Decision", decision),
        digest=said.get("digest", "").strip().lower(),
        confirmed=frozenset(name for name in _CONFIRMED if name in said),
        risk=said.get("risk"),
        exceptions=exceptions,
        reason=_reason(said.get("reason", "")),
        until=said.get("until", "").strip(),
        zone=said.get("zone", ""),
        step=said.get("step", ""),
        assertion=said.get("assertion", ""),
    )


def _reason(text: str) -> str | None:
    """The reason as it was typed, but for the line ends that browsers add (HTML, form submission)."""
    reason = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(reason.encode()) > MAX_REASON_BYTES:
        raise Refused("REASON_TOO_LONG", f"a reason of more than {MAX_REASON_BYTES} bytes", "shorten the reason")
    unreadable = (unicodedata.category(character) == "Cc" and character not in "\n\t" for character in reason)
    if any(unreadable) or NEVER_SENT.intersection(reason):
        raise Refused("REASON_UNREADABLE", "the reason holds control characters", "type it anew")
    return reason or None


def check_digest(form: Form, *, manifest: str) -> None:
    """``DIGEST_DIFFERS`` unless the first eight characters of the manifest's digest were typed."""
    shown = manifest.removeprefix("sha256:")[:TYPED_DIGITS]
    typed = form.digest.removeprefix("sha256:")
    if not canonical.same(typed.encode(), shown.encode()):
        raise Refused(
            "DIGEST_DIFFERS",
            "what was typed is not the beginning of this package's digest",
            f"type the first {TYPED_DIGITS} characters of the digest as they stand on this page",
        )


def answers(form: Form, *, risk: str, exceptions: tuple[str, ...], emergency: bool = False) -> Answers | None:
    """The answers that an approval records; None for any other decision. Against the release, and for an emergency, a
    reason is needed.

    ``risk``, ``exceptions`` and ``emergency`` are what the page asked about. Raises ``Refused``: ``REASON_MISSING``,
    ``ANSWERS_MISSING``, ``EMERGENCY_DIFFERS``, ``RISK_CLASS_DIFFERS``, ``EXCEPTIONS_DIFFER``.
    """
    if form.decision in _REASONED and form.reason is None:
        raise Refused("REASON_MISSING", f"{_REASONED[form.decision]} needs a reason", "say what keeps it from going")
    if form.decision != "approve":
        return None
    asked = (*CONFIRMATIONS, *([EMERGENCY] if emergency else []))
    missing: list[str] = [name for name in asked if name not in form.confirmed]
    missing += ["risk class"] if form.risk is None else []
    missing += ["exceptions"] if set(exceptions) - form.exceptions else []
    if missing:
        raise Refused(
            "ANSWERS_MISSING", f"not confirmed: {', '.join(missing)}", "confirm every point, or refuse with a reason"
        )
    if emergency and form.reason is None:
        raise Refused("REASON_MISSING", "the approval of an emergency needs a reason", "say why it cannot wait")
    if form.confirmed - set(asked):
        raise Refused("EMERGENCY_DIFFERS", "the form confirms an emergency, and this release is none", AGAIN)
    if form.risk != risk:
        raise Refused("RISK_CLASS_DIFFERS", "the change record states another risk class", AGAIN)
    if form.exceptions != set(exceptions):
        raise Refused("EXCEPTIONS_DIFFER", "the form names exceptions that this package does not have", AGAIN)
    return Answers(
        intent=True, risk_class=risk, rollback_credible=True, timing=True, exceptions=exceptions, destination=True,
        emergency=True if emergency else None,
    )  # fmt: skip
