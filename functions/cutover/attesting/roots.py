"""Sigstore's trusted root: the certificate authorities, logs and timestamp authorities that a verifier trusts.

The library takes every authority and log whose time has begun, by the clock of the machine. Here only those are left
to it that were valid when the bundle says that it was signed (a closed interval): so what counts never depends on
when it is asked, and a log key that was retired cannot sign anything later.
"""

import importlib.resources
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from cutover.domain.reading import parse_strictly
from cutover.errors import Refused

if TYPE_CHECKING:
    from sigstore.models import TrustedRoot
    from sigstore_models.common.v1 import TimeRange

MAX_ROOT_BYTES = 1_048_576
T = TypeVar("T")


def trusted_root(content: bytes, *, issued: datetime | None, signed: Iterable[datetime]) -> "TrustedRoot":
    """The part of a ``trusted_root.json`` that was valid when the certificate was issued and the bundle signed.

    ``issued`` is None for a bundle by a bare key: then no certificate authority is asked for.
    Raises ``Refused``: ``TRUSTED_ROOT_UNREADABLE``; ``AUTHORITY_NOT_VALID``, ``LOG_NOT_VALID`` when none was then.
    """
    from sigstore.errors import Error
    from sigstore.models import TrustedRoot
    from sigstore_models.trustroot import v1

    if len(content) > MAX_ROOT_BYTES:
        raise Refused("TRUSTED_ROOT_UNREADABLE", f"{len(content)} bytes; at most {MAX_ROOT_BYTES}")
    try:
        parse_strictly(content)
        whole = v1.TrustedRoot.from_json(content)
        times = tuple(signed)
        begun = times if issued is None else (issued,)
        part = whole.model_copy(
            update={
                "tlogs": [each for each in whole.tlogs if _covers(each.public_key.valid_for, times)],
                "ctlogs": [each for each in whole.ctlogs if _covers(each.public_key.valid_for, begun)],
                "certificate_authorities": [
                    each for each in whole.certificate_authorities if _covers(each.valid_for, begun)
                ],
            }
        )
        found = TrustedRoot(part)
    except (ValueError, Error, Refused) as error:
        raise Refused("TRUSTED_ROOT_UNREADABLE", "not a trusted root of Sigstore, version 0.1") from error
    if issued is not None and not (part.certificate_authorities and part.ctlogs):
        raise Refused("AUTHORITY_NOT_VALID", "no certificate authority, or no log of certificates, was valid then")
    if not part.tlogs:
        raise Refused("LOG_NOT_VALID", "no transparency log was valid when it says that it was signed")
    return found


def public_good_root() -> bytes:
    """The trusted root of Sigstore's public instance, as the library that we have pinned brings it along."""
    folder = importlib.resources.files("sigstore") / "_store" / "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"
    return (folder / "trusted_root.json").read_bytes()


def _covers(period: "TimeRange | None", times: Iterable[datetime]) -> bool:
    return period is None or all(period.start <= each and (period.end is None or each <= period.end) for each in times)
