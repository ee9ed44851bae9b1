"""Approvers as actors. They have their mails and the page's form; they are early, late, double, and of two minds."""

import json
import re
from base64 import b64decode
from datetime import timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from cutover.domain import links, nonces
from cutover.domain.links import Link
from cutover.domain.record import RevisionRecord
from cutover.errors import Refused
from tests.building.policy import instant
from tests.simulation.simulation import Simulation
from tests.simulator.wiring import PAGE_URL

CHOICES = ("approve",) * 20 + ("refuse", "defer", "resume")
ZONE = ZoneInfo("Europe/Berlin")
_LINK = re.compile(re.escape(PAGE_URL) + r"/approvals/(\S+)")


def letters(sim: Simulation) -> list[str]:
    """Every link that was mailed, oldest first."""
    kept: list[str] = sim.known.setdefault("links", [])
    sent = sim.world.wiring.mailer.sent
    for mail in sent[sim.known.get("mails", 0) :]:
        found = _LINK.search(mail.text)
        if found:
            kept.append(found[1])
    sim.known["mails"] = len(sent)
    return kept


def newest(sim: Simulation, person: str) -> str:
    """The newest link that a person got."""
    return [text for text in letters(sim) if _opened(sim, text).person == person][-1]


def asked(sim: Simulation, record: RevisionRecord, person: str, role: str | None = None) -> str | None:
    """The newest link that asks a person about this revision; in this ``role``, where one is meant."""
    name = (record.cutover, record.revision, person)
    found = [(text, _opened(sim, text)) for text in letters(sim)]
    ours = [(text, link) for text, link in found if (link.cutover, link.revision, link.person) == name]
    return next((text for text, link in reversed(ours) if role in {None, link.role}), None)


def decide(sim: Simulation) -> bool:
    """Somebody opens a link, mostly one of the newest, and sends the form."""
    mailed = letters(sim)
    if not mailed:
        return False
    text = sim.source.choice(mailed[-8:] if sim.source.random() < 0.9 else mailed)
    return answer(sim, text, sim.source.choice(CHOICES))


def answer(sim: Simulation, text: str, decision: str) -> bool:
    """The form of a link is filled in and sent."""
    link = _opened(sim, text)
    record = sim.observer.records.get((link.cutover, link.revision))
    if record is None:
        return False
    body = urlencode(_form(sim, text, link, record, decision))
    sim.posted.append((text, body))
    return _post(sim, text, body, f"{link.person} {decision}s revision {link.revision}")


def again(sim: Simulation) -> bool:
    """A form that was sent is sent once more: at once, or much later."""
    if not sim.posted:
        return False
    text, body = sim.source.choice(sim.posted[-3:])
    return _post(sim, text, body, "again the same form")


def look(sim: Simulation) -> bool:
    """Somebody, or somebody's mail scanner, only looks."""
    mailed = letters(sim)
    if not mailed or sim.source.random() < 0.5:
        return False
    text = sim.source.choice(mailed)
    sim.call(lambda: sim.world.http("GET", text), "people look at the page")
    return True


def _post(sim: Simulation, text: str, body: str, what: str) -> bool:
    sim.call(lambda: sim.world.http("POST", text, body), f"people {what}")
    return True


def _opened(sim: Simulation, text: str) -> Link:
    """The link's question, whatever the time is."""
    wiring = sim.world.wiring
    early = instant("2026-01-01T00:00")
    try:
        return links.open_link(text, audience=wiring.settings.audience, mac=wiring.links_mac, now=early)
    except Refused as refused:
        raise AssertionError("a link that was mailed is one") from refused


def _form(sim: Simulation, text: str, link: Link, record: RevisionRecord, decision: str) -> list[tuple[str, str]]:
    """The page's own form, filled in with care: everything confirmed, the digest's beginning typed."""
    wiring, now = sim.world.wiring, sim.world.clock.now()
    nonce = nonces.make_nonce(
        text, audience=wiring.settings.audience, mac=wiring.links_mac, now=now, random=sim.source.randbytes(16)
    )
    fields = [("nonce", nonce), ("decision", decision), ("digest", link.manifest.removeprefix("sha256:")[:8])]
    if decision == "resume":
        return fields
    if decision == "refuse":
        return [*fields, ("reason", "Not on a Friday.")]
    if decision == "defer":
        until = (now + timedelta(hours=sim.source.choice((1, 2, 30)))).astimezone(ZONE)
        return [*fields, ("reason", "Tomorrow."), ("until", f"{until:%Y-%m-%dT%H:%M}"), ("zone", ZONE.key)]
    said = _manifest(sim, record)
    fields += [(name, "yes") for name in ("intent", "rollback", "timing", "destination")]
    fields += [("emergency", "yes"), ("reason", "It cannot wait.")] if said[2] else []
    return [*fields, ("risk", said[0]), *(("exception", each) for each in said[1])]


def _manifest(sim: Simulation, record: RevisionRecord) -> tuple[str, list[str], bool]:
    """The risk class and the exceptions that the page asks about, and whether it is an emergency."""
    store = sim.world.wiring.store
    if record.manifest is None:
        return "", [], False
    envelope = json.loads(store.get(record.manifest.envelope, limit=2**22))
    subjects = {
        each["name"]: each["digest"]["sha256"] for each in json.loads(b64decode(envelope["payload"]))["subject"]
    }
    bundle = json.loads(store.get("sha256:" + subjects["bundle"], limit=2**24))
    register = json.loads(store.get("sha256:" + subjects["hold-register"], limit=2**24))
    exceptions = [hold["fingerprint"] for hold in register["holds"]]
    return bundle["change"]["risk"]["value"], exceptions, "emergency" in bundle["release"]
