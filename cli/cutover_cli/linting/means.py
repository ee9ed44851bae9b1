"""By what people are reached and prove who they are: mailboxes, Slack, passkeys. Each is one person's."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from cutover.contracts.people import Passkey
from cutover.contracts.policy import Facts
from cutover.domain.doubles import mailbox
from cutover.domain.record import Fault
from cutover_cli.linting import at

_LOCALHOST = "localhost"


def faults(facts: Facts) -> Iterator[Fault]:
    yield from _mailboxes(facts)
    yield from _slack(facts)
    yield from _passkeys(facts)


def _mailboxes(facts: Facts) -> Iterator[Fault]:
    known: dict[str, str] = {}
    for person_id, person in facts.people.items():
        first = known.setdefault(mailbox(person.email), person_id)
        if first != person_id:
            message = (
                f"it is the mailbox of {first}, but for letter case or a tag: one person twice, who counts as nobody"
            )
            yield at("PERSON_TWICE", message, "facts", "people", person_id, "email")


def _slack(facts: Facts) -> Iterator[Fault]:
    known: dict[str, str] = {}
    held = {role for person in facts.people.values() for role in person.roles}
    for person_id, person in facts.people.items():
        if person.slack is not None and known.setdefault(person.slack, person_id) != person_id:
            message = f"{person.slack} is the account of {known[person.slack]}: one person twice, who counts as nobody"
            yield at("SLACK_SHARED", message, "facts", "people", person_id, "slack")
    for role in facts.slack.channels if facts.slack else ():
        if role not in held:
            yield at("ROLE_UNKNOWN", f"nobody holds the role {role}", "facts", "slack", "channels", role)


def _passkeys(facts: Facts) -> Iterator[Fault]:
    known: dict[str, str] = {}
    for person_id, person in facts.people.items():
        for number, passkey in enumerate(person.passkeys):
            where = ("facts", "people", person_id, "passkeys", number)
            taken = {known[means] for means in (passkey.id, passkey.public_key) if means in known}
            known |= dict.fromkeys((passkey.id, passkey.public_key), person_id)
            if taken:
                whose = min(taken)
                code = "PASSKEY_TWICE" if whose == person_id else "PASSKEY_SHARED"
                yield at(code, f"{whose} has this passkey already: revoking one entry would leave the other", *where)
            for code, message in _page(passkey):
                yield at(code, message, *where, "origin" if code == "PASSKEY_ORIGIN_BAD" else "rp_id")


def _page(passkey: Passkey) -> Iterator[tuple[str, str]]:
    """A browser gives a page passkeys of its own host, or of a domain that this is in (WebAuthn L3 §5.1.2), and only a
    page whose way is protected; one on this machine is.
    """
    parts = urlsplit(passkey.origin)
    host = parts.hostname or ""
    if passkey.origin != f"{parts.scheme}://{parts.netloc}" or not host or "@" in parts.netloc:
        yield "PASSKEY_ORIGIN_BAD", f"{passkey.origin}: an origin is a scheme and a host, and no more"
    elif parts.scheme != "https" and not _within(host, _LOCALHOST):
        yield "PASSKEY_ORIGIN_BAD", f"{passkey.origin}: browsers give passkeys to https pages only"
    elif not _within(host, passkey.rp_id):
        yield "PASSKEY_PAGE_DIFFERS", f"{host} is neither {passkey.rp_id} nor below it: it would never be offered there"
    elif "." not in passkey.rp_id and passkey.rp_id != _LOCALHOST:
        yield "PASSKEY_PAGE_DIFFERS", f"{passkey.rp_id} is no host of anybody's: name the page's own domain"


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def warnings(facts: Facts) -> Iterator[Fault]:
    """What nobody will be reached by."""
    for person_id, person in facts.people.items():
        if person.slack is not None and facts.slack is None:
            message = "the facts name no Slack workspace: nothing is sent there"
            yield at("SLACK_UNUSED", message, "facts", "people", person_id, "slack")
