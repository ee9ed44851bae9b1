"""Which Cutover this is."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from cutover.contracts.bundle import Engine
from cutover.domain import canonical
from cutover_cli.local.errors import ToolMissing
from cutover_cli.local.place import repository

UNKNOWN = "unknown"
NO_LOCK = canonical.digest(b"")
"""In place of the lock's digest where this command does not run from a checkout."""


def this_engine() -> Engine:
    """As a bundle would say it that this process made: version, digest of ``uv.lock``, time zone data."""
    try:
        mine = version("cutover")
    except PackageNotFoundError:
        mine = UNKNOWN
    try:
        lock = canonical.digest((repository() / "uv.lock").read_bytes())
    except (ToolMissing, OSError):
        lock = NO_LOCK
    return Engine(version=mine, lock=lock, tzdata=import_module("tzdata").IANA_VERSION)
