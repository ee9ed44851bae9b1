"""`cutover --show-config`: what the commands would go by here. Never a key, a token, or what a file of them holds."""

import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cutover_cli.output import CommandError, oneline
from cutover_cli.site import Site

READ = (
    "AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_DEFAULT_PROFILE", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_PROFILE",
    "AWS_REGION", "AWS_ROLE_ARN", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "COLUMNS",
    "CUTOVER_EMULATOR", "CUTOVER_TRACE", "HTTPS_PROXY", "HTTP_PROXY", "NO_COLOR", "NO_PROXY", "XDG_DATA_HOME",
)  # fmt: skip
"""Environment variables that the commands, or the libraries that they ask AWS with, go by."""
ADDRESSES = ("AWS_ENDPOINT_URL", "HTTPS_PROXY", "HTTP_PROXY")
SECRET = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN")
"""Of these only that they are set."""
HIDDEN = "set, not shown"
_USER = re.compile(r"://.*@", re.DOTALL)
"""Up to the last ``@``: whoever puts a password there does not always escape it."""


def document(site: Site | None, *, profile: str | None, region: str | None, state_dir: Path | None) -> dict[str, Any]:
    """All of it as plain JSON. ``site`` where one was named: only then anybody is asked."""
    return {
        "versions": _versions(), "environment": dict(_environment(os.environ)), "aws": _aws(profile, region),
        "local": _local(state_dir), "trust": _trust(), "site": _site(site) if site else None,
    }  # fmt: skip


def _versions() -> dict[str, str]:
    """The lock's digest is that of this checkout; none where the command is installed apart."""
    from cutover_cli.engine import this_engine

    mine = this_engine()
    return {
        "cutover": mine.version, "lock": mine.lock, "tzdata": mine.tzdata, "python": platform.python_version(),
        "boto3": version("boto3"), "executable": sys.executable,
    }  # fmt: skip


def _environment(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is set, without what it would be let in with."""
    for name in sorted({*READ, *SECRET}):
        lower = name if name in given else name.lower() if name.endswith("PROXY") else name
        if given.get(lower):
            yield lower, HIDDEN if name in SECRET else redacted(given[lower], address=name in ADDRESSES)


def redacted(value: str, *, address: bool = False) -> str:
    """A value without a user and a password in an address; one that is an ``address`` may have no scheme."""
    said = _USER.sub("://", oneline(value))
    return said.rpartition("@")[2] if address and "://" not in said else said


def _aws(profile: str | None, region: str | None) -> dict[str, Any]:
    """As boto3 would go by it. Nobody is asked, and no credential is looked up."""
    import boto3
    from botocore.exceptions import BotoCoreError

    files = {"config": ("AWS_CONFIG_FILE", "~/.aws/config"),
             "credentials": ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")}  # fmt: skip
    paths = {name: Path(os.environ.get(variable) or usual).expanduser() for name, (variable, usual) in files.items()}
    said = {name: {"path": str(path), "there": path.is_file()} for name, path in paths.items()}
    try:
        session = boto3.Session(profile_name=profile, region_name=region)
    except BotoCoreError as error:
        return {"profile": profile, "region": region, "files": said, "problem": oneline(str(error))}
    return {"profile": session.profile_name, "region": session.region_name, "files": said, "problem": None}


def _local(state_dir: Path | None) -> dict[str, Any]:
    """The local stack at its place, if there is one."""
    from cutover_cli.local import lifecycle

    try:
        found = lifecycle.status(state_dir=state_dir)
    except CommandError as error:
        return {"state": "none", "state_dir": None, "problem": str(error)}
    return {
        "state": found.state, "state_dir": str(found.folder),
        "endpoint": found.emulator.endpoint if found.emulator else None,
        "stack": found.stack.stack_name if found.stack else None,
    }  # fmt: skip


def _trust() -> dict[str, Any]:
    from cutover_cli.trust_store import TrustStore, folder

    store = TrustStore(folder())
    return {"folder": str(store.folder), "audiences": list(store.audiences())}


def _site(site: Site) -> dict[str, Any]:
    """The deployment that was named, as its stack says it."""
    _, instance, account, region, stage = site.audience.split(":")
    return {
        "stack": site.stack.name if site.stack else None, "audience": site.audience, "instance": instance,
        "account": account, "region": region, "stage": stage, "root_fingerprint": site.fingerprint,
        "outputs": dict(site.stack.outputs) if site.stack else {},
    }  # fmt: skip


def text(said: Mapping[str, Any], under: str = "") -> str:
    """Each value on a line, with the way to it."""
    return "\n".join(f"{name:<36}{oneline(value)}" for name, value in _lines(said, under))


def _lines(said: Mapping[str, Any], under: str) -> Iterator[tuple[str, str]]:
    for name, value in said.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{under}{name}.")
        elif value not in (None, [], ""):
            yield f"{under}{name} ", ", ".join(value) if isinstance(value, list) else str(value)
