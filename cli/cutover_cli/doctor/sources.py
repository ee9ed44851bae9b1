"""The sources of the facts, as far as they can be asked without fetching anything."""

import socket
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

from cutover.contracts.sources import BucketSource, HttpSource, Source
from cutover_cli.doctor.findings import Deployed, Finding, Findings, each
from cutover_cli.doctor.store import versioned


def reachable(on: Deployed) -> Findings:
    """Buckets answer and keep versions, hosts have an address, credentials exist. AppConfig has nothing to be asked."""
    if on.policy is None:
        yield Finding("unasked", "no policy is active and proved", "activate a policy")
        return
    for name, source in sorted(on.policy.facts.sources.items()):
        yield from each(name, partial(_source, on, source))


def _source(on: Deployed, source: Source) -> Findings:
    if isinstance(source, BucketSource):
        yield from versioned(on, source.bucket)
    for host in _hosts(source):
        yield _resolved(host)
    credential = getattr(source, "credential", None)
    if credential is not None:
        yield from _credential(on, credential)


def _hosts(source: Source) -> Iterator[str]:
    if isinstance(source, HttpSource):
        yield urlsplit(source.url).hostname or source.url
    elif host := getattr(source, "host", None):
        yield host.partition(":")[0]
    yield from (each.partition(":")[0] for each in getattr(source, "hosts", ()))


def _resolved(host: str) -> Finding:
    """From this machine: the functions may see another network."""
    try:
        socket.getaddrinfo(host, 443, proto=socket.IPPROTO_TCP)
    except OSError as error:
        return Finding("warn", f"{host} has no address, as seen from here: {error.strerror or error}",
                       "correct the host in the facts; inside a VPC, ask from there")  # fmt: skip
    return Finding("ok", f"{host} has an address")


def _credential(on: Deployed, purpose: str) -> Findings:
    """That it is there; its value is not read."""
    _, instance, _, _, stage = on.site.audience.split(":")
    secret = f"cutover/{instance}-{stage}/sources/{purpose}"
    found = on.client("secretsmanager").describe_secret(SecretId=secret)
    if found.get("DeletedDate"):
        yield Finding("fail", f"{secret} is deleted", f"aws secretsmanager restore-secret --secret-id {secret}")
    else:
        yield Finding("ok", f"{secret} is there")
