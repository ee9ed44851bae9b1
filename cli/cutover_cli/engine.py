"""Which Cutover this is."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from cutover.contracts.bundle import Engine
from cutover.domain import canonical

UNKNOWN = "unknown"
NO_LOCK = canonical.digest(b"")
"""In place of the lock's digest: where the command does not run from a checkout, or what it computes binds nobody."""


def this_version() -> str:
    """Of the installed command; ``unknown`` where it is not installed."""
    try:
        return version("cutover")
    except PackageNotFoundError:
        return UNKNOWN


def unlocked_engine() -> Engine:
    """This installation, naming no lock: what it computed is bound by nobody."""
    return Engine(version=this_version(), lock=NO_LOCK, tzdata=_zones())


def this_engine() -> Engine:
    """As a bundle would say it that this process made: version, digest of ``uv.lock``, time zone data."""
    from cutover_cli.local.errors import ToolMissing
    from cutover_cli.local.place import repository

    try:
        lock = canonical.digest((repository() / "uv.lock").read_bytes())
    except (ToolMissing, OSError):
        lock = NO_LOCK
    return Engine(version=this_version(), lock=lock, tzdata=_zones())


def _zones() -> str:
    found: str = import_module("tzdata").IANA_VERSION
    return found
