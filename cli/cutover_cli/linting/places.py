"""Where evidence comes from and when releases may go out: sources, targets, calendars."""

import ipaddress
import re
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import pairwise
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cutover.contracts.policy import Facts, Rules
from cutover.contracts.sources import HttpSource, RegistrySource, Source
from cutover.domain.record import Fault
from cutover.domain.waivers import RESOLUTIONS
from cutover.sources.addresses import is_public
from cutover_cli.linting import at

RESERVED = (RESOLUTIONS, "candidate", "cutover")
"""Cutover itself calls evidence so that it did not fetch."""
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ECR = re.compile(r"[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
_MAX_PORT = 65_535


def faults(rules: Rules, facts: Facts, targets: Collection[str]) -> Iterator[Fault]:
    yield from _audiences(rules, facts)
    yield from _targets(rules, facts, targets)
    for name, source in facts.sources.items():
        yield from _source(name, source)
    yield from _windows(facts)
    yield from _freezes(facts)


def _audiences(rules: Rules, facts: Facts) -> Iterator[Fault]:
    if rules.audience != facts.audience:
        message = f"the rules are meant for {rules.audience}, the facts for {facts.audience}"
        yield at("AUDIENCES_DIFFER", message, "facts", "audience")


def _targets(rules: Rules, facts: Facts, targets: Collection[str]) -> Iterator[Fault]:
    for part, section, named in (
        ("rules", "signers", rules.signers),
        ("facts", "calendars", facts.calendars),
    ):
        for name in named:
            if name not in targets:
                yield at("TARGET_NOT_DEPLOYED", f"no such target is deployed: {name}", part, section, name)


def _source(name: str, source: Source) -> Iterator[Fault]:
    where = ("facts", "sources", name)
    if name in RESERVED:
        yield at("SOURCE_RESERVED", f"Cutover itself calls evidence {name} that it did not fetch", *where)
    for field, host in _hosts(source):
        if problem := faulty_host(host):
            yield at("SOURCE_HOST_BAD", f"{host}: {problem}", *where, field)
    if isinstance(source, HttpSource):
        yield from _url(source, where)
    if isinstance(source, RegistrySource):
        yield from _registry(source, where)


def _hosts(source: Source) -> Iterator[tuple[str, str]]:
    """Every host that a source may lead to, with the field that names it."""
    if host := getattr(source, "host", None):
        yield "host", host
    for host in getattr(source, "hosts", ()):
        yield "hosts", host


def faulty_host(host: str) -> str | None:
    """What keeps a host from being one that functions may ask; None where nothing does."""
    name, _, port = host.partition(":")
    if port and not 0 < int(port) <= _MAX_PORT:
        return "there is no such port"
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return _faulty_name(name)
    return None if is_public(address) else "an address of this machine or of a private network"


def _faulty_name(name: str) -> str | None:
    labels = name.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        return "no host name"
    if name == "localhost" or labels[-1] in ("localhost", "local") or name == "metadata.google.internal":
        return "a name of this machine or of its surroundings"
    if labels[-1].isdecimal():
        return "neither a host name nor an address"
    return None


def _url(source: HttpSource, where: tuple[str, ...]) -> Iterator[Fault]:
    parts = urlsplit(source.url)
    if parts.scheme != "https":
        yield at("SOURCE_NOT_TLS", "records are fetched over https", *where, "url")
    if "{record}" in parts.netloc:
        yield at("SOURCE_HOST_BAD", "a record's name must not choose the host", *where, "url")
    elif "@" in parts.netloc:
        yield at("SOURCE_URL_WITH_CREDENTIAL", "a credential is named by purpose, never written down", *where, "url")
    elif problem := faulty_host(parts.netloc.lower()) if _is_port(parts.netloc) else "there is no such port":
        yield at("SOURCE_HOST_BAD", f"{parts.netloc}: {problem}", *where, "url")


def _is_port(netloc: str) -> bool:
    port = netloc.partition(":")[2]
    return not port or (port.isascii() and port.isdecimal())


def _registry(source: RegistrySource, where: tuple[str, ...]) -> Iterator[Fault]:
    if source.auth == "basic" and source.credential is None:
        message = "auth basic needs a credential: name the purpose under which user and password are kept"
        yield at("CREDENTIAL_MISSING", message, *where, "credential")
    if source.auth != "basic" and source.credential is not None:
        yield at("CREDENTIAL_UNUSED", f"auth {source.auth} uses no credential", *where, "credential")
    if source.auth == "ecr" and not _ECR.fullmatch(source.host):
        yield at("SOURCE_NOT_ECR", f"{source.host} is no registry of Amazon ECR", *where, "host")


def _windows(facts: Facts) -> Iterator[Fault]:
    for target, calendar in facts.calendars.items():
        where = ("facts", "calendars", target, "windows")
        ids = Counter(window.id for window in calendar.windows)
        for window_id, count in ids.items():
            if count > 1:
                yield at("WINDOW_ID_TWICE", f"{window_id} names {count} occurrences", *where)
        for number, window in enumerate(calendar.windows):
            if not _is_zone(window.time_zone):
                yield at("TIME_ZONE_UNKNOWN", f"{window.time_zone} is no IANA time zone", *where, number)
        for former, later in pairwise(sorted(calendar.windows, key=lambda window: window.opens_at)):
            if later.opens_at < former.closes_at:
                yield at("WINDOWS_OVERLAP", f"{later.id} opens before {former.id} closes", *where)


def _freezes(facts: Facts) -> Iterator[Fault]:
    for target, calendar in facts.calendars.items():
        for number, freeze in enumerate(calendar.freezes):
            if freeze.ends_at <= freeze.starts_at:
                where = ("facts", "calendars", target, "freezes", number, "ends_at")
                yield at("FREEZE_EMPTY", "ends_at must be later than starts_at", *where)


def _is_zone(name: str) -> bool:
    if name == "UTC":  # known even where no time zone data is installed
        return True
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
