"""What each type of feature flag must state (row 7): one table, for Assemble's gaps and for the checks.

The types are those of Pete Hodgson's "Feature Toggles" (martinfowler.com/articles/feature-toggles.html). A permission
flag is meant to stay, so it needs no expiry; nothing else is excused.
"""

from collections.abc import Mapping
from types import MappingProxyType

_ALL = frozenset({"owner", "purpose", "default", "environments", "expires_at", "rollback_condition", "monitoring_hook"})

REQUIRED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "release": _ALL,
        "experiment": _ALL,
        "operational": _ALL,
        "permission": _ALL - {"expires_at"},
    }
)
"""By type, the fields of ``contracts.bundle.BundleFlag`` that are a hold where they are missing."""


def needed(type_: str | None) -> frozenset[str]:
    """What a flag of this type must state. Of an unknown type, or none, everything: nothing excuses it."""
    return _ALL if type_ is None else REQUIRED.get(type_, _ALL)
