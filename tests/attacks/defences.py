"""Each defence, and how to switch it off: so that it shows which case fails without it.

A case that names several defences is held by each of them alone. That is tried too: all of them off but one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cutover.domain import (
    admission,
    canonical,
    link_text,
    links,
    nonces,
    quorum,
    transitions,
    window_entry,
)
from cutover.domain import passkeys as signing
from cutover.domain.link_text import Purpose
from cutover.doors.approvals import forms, permitting, postponing
from cutover.doors.approvals.standing import Standing
from cutover.doors.slack_events import door as slack_door
from cutover.doors.slack_events import proving
from cutover.doors.slack_events.reading import Told as SlackTold
from cutover.messaging import slack_text, wording
from cutover.pages import posting
from cutover.recorder import Recorder
from tests.approving import World
from tests.attacks.switches import Patch, pages, replaced, signatures, texts, without
from tests.attacks.tries import (
    altered,
    clocks,
    ended,
    injection,
    keys,
    passkeys,
    people,
    registering,
    replays,
    scanners,
    sites,
    slack,
)
from tests.attacks.tries import forms as bodies
from tests.fakes.keys import LocalMac
from tests.fakes.records import InMemoryRecords


@dataclass(frozen=True, slots=True)
class Defence:
    """``at``: where it stands. ``off`` takes it out of a page that is built afterwards."""

    at: str
    off: Callable[[Patch], None]


DOOR = "doors/approvals"
DEFENCES: dict[str, Defence] = {
    scanners.LOOKING: Defence(f"{DOOR}/door.py", pages.decide_when_looked_at),
    scanners.TYPED: Defence(f"{DOOR}/forms.py", without(forms, "check_digest")),
    replays.STANDS: Defence(f"{DOOR}/standing.py", replaced(Standing, "repeats", lambda *_: False)),
    replays.ONCE: Defence("runtime/idempotency.py", replaced(World, "once", lambda _, __, action: action())),
    replays.SPENT: Defence(
        "adapters/dynamodb_records.py",
        pages.reusable,
    ),
    replays.UNDECIDED: Defence(f"{DOOR}/permitting.py", without(permitting, "_undecided")),
    replays.SEATS: Defence("domain/quorum.py", without(permitting, "_seat")),
    replays.PROVED: Defence(
        "domain/nonces.py", replaced(nonces, "open_nonce", lambda text, *_, **__: canonical.digest(text.encode()))
    ),
    replays.HOUR: Defence("domain/nonces.py", replaced(nonces, "FORM_VALID_FOR", timedelta(days=1))),
    altered.MAC: Defence("domain/link_text.py", replaced(LocalMac, "verify", lambda *_: True)),
    altered.AUDIENCE: Defence("domain/link_text.py", replaced(link_text, "_tag", lambda _: bytes(8))),
    altered.VERSION: Defence("domain/link_text.py", pages.any_version),
    altered.WHOLE: Defence("domain/link_text.py", pages.unsigned_too),
    altered.DOMAIN: Defence(
        "domain/links.py", replaced(links, "_PURPOSE", Purpose(altered.ANOTHER_KIND, links._PURPOSE.version))
    ),
    sites.ORIGIN: Defence("pages/posting.py", without(posting, "check_origin")),
    sites.ANCESTORS: Defence("pages/rendering.py", pages.without_header("Content-Security-Policy", "frame-ancestors")),
    sites.XFO: Defence("pages/rendering.py", pages.without_header("X-Frame-Options")),
    people.BARRED: Defence("domain/quorum.py", replaced(quorum, "barred", lambda *_: frozenset())),
    people.DOUBLES: Defence("domain/doubles.py", without(quorum, "double_of")),
    people.HELD_ROLE: Defence("domain/quorum.py", without(permitting, "_person")),
    ended.OPEN: Defence(f"{DOOR}/permitting.py", without(permitting, "_open")),
    ended.TABLE: Defence(
        "domain/transitions.py", replaced(transitions, "permitted", lambda event, *_, **__: transitions.TABLE[event])
    ),
    ended.CURRENT: Defence("recorder.py", without(Recorder, "_lane")),
    ended.VALID: Defence(f"{DOOR}/permitting.py", pages.valid_for_ever),
    ended.EXPIRY: Defence("domain/link_text.py", without(link_text, "current")),
    ended.MANIFEST: Defence(f"{DOOR}/permitting.py", without(permitting, "_manifest")),
    ended.ATOMIC: Defence("adapters/dynamodb_records.py", replaced(InMemoryRecords, "_failed", lambda *_: iter(()))),
    clocks.ZONE: Defence(f"{DOOR}/postponing.py", pages.in_the_page_s_zone),
    clocks.BOUNDS: Defence(f"{DOOR}/postponing.py", without(postponing, "check")),
    bodies.SIZE: Defence("pages/posting.py", replaced(posting, "MAX_BODY_BYTES", 10**9)),
    bodies.FIELDS: Defence("pages/posting.py", replaced(posting, "MAX_FIELDS", 10**9)),
    bodies.KNOWN: Defence(f"{DOOR}/forms.py", replaced(forms, "_ONCE", forms._ONCE | {"role"})),
    bodies.SINGLE: Defence(f"{DOOR}/forms.py", pages.read(pages.last_one_counts)),
    bodies.READABLE: Defence("pages/posting.py", pages.whatever_the_bytes),
    bodies.TEXT: Defence(f"{DOOR}/forms.py", replaced(forms, "_reason", lambda text: text or None)),
    bodies.TYPE: Defence(f"{DOOR}/forms.py", pages.read(pages.json_too, posting.MEDIA_TYPE)),
    bodies.LENGTH: Defence("domain/link_text.py", replaced(link_text, "MAX_LINK_CHARACTERS", 10**6)),
    bodies.ROUTES: Defence(f"{DOOR}/app.py", pages.every_method),
    bodies.POSTS: Defence(f"{DOOR}/door.py", pages.any_method_decides),
    injection.PAGE: Defence("pages/rendering.py", texts.bare_pages),
    injection.MAIL: Defence("messaging/mail.py", texts.bare_mails),
    injection.LEGIBLE: Defence("messaging/wording.py", texts.as_written),
    injection.SET_OFF: Defence("messaging/templates/mail.txt", texts.flush_left),
    injection.ROOM: Defence("messaging/wording.py", replaced(wording, "MAX_VERSION", 10**6)),
    injection.BRIEF: Defence("domain/window_entry.py", replaced(window_entry, "MAX_VERSION", 10**6)),
    injection.FOLDED: Defence("domain/window_entry.py", replaced(window_entry, "legible", lambda text: text)),
    injection.SLACK: Defence("messaging/slack_text.py", replaced(slack_text, "_ENTITIES", {})),
    injection.VALUES: Defence("pages/rendering.py", texts.computed),
    injection.BOUNDS: Defence("contracts/base.py", replaced(admission, "Candidate", texts.Lenient)),
    injection.QUIET: Defence("runtime/observability.py", texts.whole_documents),
    injection.ALPHABET: Defence("domain/base64url.py", pages.tail_ignored),
    slack.SIGNED: Defence(
        "doors/slack_events/proving.py",
        replaced(proving, "prove", lambda request, **_: canonical.digest(request.body + f"{request.headers}".encode())),
    ),
    slack.AGE: Defence("doors/slack_events/proving.py", replaced(proving, "MAX_AGE", timedelta(days=1))),
    slack.WORKSPACE: Defence("doors/slack_events/reading.py", without(SlackTold, "check")),
    slack.PERSON: Defence("doors/slack_events/door.py", without(slack_door, "_demand_known")),
    passkeys.ENOUGH: Defence("domain/quorum.py", replaced(quorum, "enough", lambda *_: True)),
    passkeys.CONSENT: Defence("domain/passkeys.py", replaced(signing, "challenge", lambda _: bytes(32))),
    passkeys.ORIGIN: Defence("domain/passkeys.py", signatures.any_origin),
    passkeys.LISTED: Defence("domain/passkeys.py", signatures.any_passkey),
    passkeys.PRESENCE: Defence("domain/passkeys.py", without(signing, "check_presence")),
    passkeys.SIGNATURE: Defence("domain/passkeys.py", without(signing, "_check_signature")),
    registering.PASSED: Defence("doors/passkeys/door.py", pages.whatever_was_wrong),
    passkeys.COUNTER: Defence("domain/passkeys.py", without(signing, "check_counter")),
    keys.RING: Defence("domain/mac.py", pages.any_key),
}
