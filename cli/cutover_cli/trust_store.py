"""Trust files that somebody imported on this machine: one for each audience, anchored once by a fingerprint.

The first import of an audience needs the fingerprint of its root from elsewhere: a trust file alone says only that two
keys agree with each other. A later one must have the same root, must not be older, and may not rewrite history: what
verified yesterday verifies tomorrow, and what is revoked stays revoked.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cutover.contracts.base import Audience, Digest, format_instant
from cutover.contracts.policy import Root, TrustBundle, TrustedKey, TrustFile
from cutover.domain import canonical
from cutover.domain.policy import load_trust
from cutover.domain.record import Fault
from cutover.domain.trust_history import lost
from cutover.domain.verification.anchor import MAX_TRUST_BYTES
from cutover.errors import Refused
from cutover_cli import files
from cutover_cli.files import DocumentRefused
from cutover_cli.output import BadArgument

EVER = datetime.min.replace(tzinfo=UTC)
"""When nothing has ended: a trust file that is over is still compared with."""
SKEW = timedelta(minutes=5)


class HistoryRewritten(DocumentRefused):
    """The newer trust bundle would change what the older one said of the past."""

    reason = "TRUST_REWRITES_HISTORY"


@dataclass(frozen=True, slots=True)
class Trusted:
    """A trust file whose bundle both owners of its own root have signed; ``content`` is its canonical bytes."""

    root: Root
    bundle: TrustBundle
    content: bytes

    @property
    def fingerprint(self) -> Digest:
        return canonical.digest_model(self.root)

    @property
    def audience(self) -> Audience:
        return self.root.audience


@dataclass(frozen=True, slots=True)
class Change:
    """What an import does. ``before`` is None the first time."""

    before: Trusted | None
    after: Trusted

    @property
    def changes(self) -> bool:
        return self.before is None or self.before.content != self.after.content

    @property
    def added(self) -> tuple[TrustedKey, ...]:
        known = {(key.purpose, key.id) for key in self.before.bundle.keys} if self.before else set()
        return tuple(key for key in self.after.bundle.keys if (key.purpose, key.id) not in known)

    @property
    def altered(self) -> tuple[tuple[TrustedKey, TrustedKey], ...]:
        """Keys of which something else is said now, each as it was and as it is."""
        was = {(key.purpose, key.id): key for key in self.before.bundle.keys} if self.before else {}
        pairs = ((was.get((key.purpose, key.id)), key) for key in self.after.bundle.keys)
        return tuple((old, new) for old, new in pairs if old is not None and old != new)


def opened(content: bytes, *, at: datetime) -> Trusted:
    """A trust file, that must not have ended at ``at``. Nothing says yet whose root it is.

    Raises ``Refused``: ``TRUST_INVALID``, ``TRUST_EXPIRED``, and what ``domain.policy.load_trust`` raises.
    """
    from cutover.domain.verification.reading import read

    try:
        file = read(TrustFile, content, "trust file")
    except Refused as refused:
        raise Refused("TRUST_INVALID", refused.detail, refused.mend) from refused
    return Trusted(file.root, load_trust(file.bundle, file.root, at=at), content)


def folder() -> Path:
    """Where imported trust lies: under ``XDG_DATA_HOME`` (XDG Base Directory Specification)."""
    given = os.environ.get("XDG_DATA_HOME", "")
    base = Path(given) if given and Path(given).is_absolute() else Path.home() / ".local" / "share"
    return base / "cutover" / "trust"


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The trust files in one folder."""

    folder: Path

    def file(self, audience: Audience) -> Path:
        return self.folder / f"{audience.replace(':', '_')}.json"

    def audiences(self) -> tuple[Audience, ...]:
        """Whose trust was imported, in order."""
        if not self.folder.is_dir():
            return ()
        return tuple(sorted(each.stem.replace("_", ":") for each in self.folder.glob("cutover_*.json")))

    def read(self, audience: Audience) -> Trusted | None:
        """What was imported, expired or not; None when nothing was. Raises ``Refused`` (``STORED_TRUST_DAMAGED``)."""
        file = self.file(audience)
        if not file.exists():
            return None
        try:
            found = opened(files.content(file, MAX_TRUST_BYTES), at=EVER)
        except Refused as refused:
            mend = "remove the file, and import again with the owners' fingerprint"
            raise Refused("STORED_TRUST_DAMAGED", f"{file}: {refused.code}: {refused.detail}", mend) from refused
        if found.audience != audience:
            raise Refused("STORED_TRUST_DAMAGED", f"{file} is the trust of {found.audience}", "remove the file")
        return found

    def put(self, content: bytes, *, fingerprint: Digest | None, now: datetime, dry: bool = False) -> Change:
        """Imports a trust file, or with ``dry`` finds out whether it would.

        Raises BadArgument, HistoryRewritten, and ``Refused``: ``WRONG_ROOT``, ``OTHER_ROOT``, ``TRUST_NOT_NEWER``,
        ``TRUST_NOT_YET_ISSUED``, and what ``opened`` raises. Nothing is changed then.
        """
        after = opened(content, at=now)
        if fingerprint is not None and not canonical.same(fingerprint, after.fingerprint):
            raise Refused("WRONG_ROOT", f"its root is {after.fingerprint}", "get the trust file from the owners")
        if after.bundle.issued_at > now + SKEW:
            raise Refused("TRUST_NOT_YET_ISSUED", f"issued at {format_instant(after.bundle.issued_at)}", "mend a clock")
        with self._alone():
            change = Change(self.read(after.audience), after)
            if change.before is None and fingerprint is None:
                detail = f"the first import of {after.audience} needs --fingerprint"
                raise BadArgument(f"{detail}: get it from the owners, by another way than this file")
            if change.before is not None:
                self._demand_follows(change.before, after)
            if change.changes and not dry:
                files.write(self.file(after.audience), content)
        return change

    def _demand_follows(self, before: Trusted, after: Trusted) -> None:
        if not canonical.same(before.fingerprint, after.fingerprint):
            detail = f"imported was the root {before.fingerprint}, this one is {after.fingerprint}"
            mend = f"if the owners did change, remove {self.file(before.audience)} and import with the new fingerprint"
            raise Refused("OTHER_ROOT", detail, mend)
        if after.content == before.content:
            return
        if after.bundle.issued_at <= before.bundle.issued_at:
            detail = f"the one imported was issued at {format_instant(before.bundle.issued_at)}, then or later"
            raise Refused("TRUST_NOT_NEWER", detail, "get the newest from the owners")
        found: tuple[Fault, ...] = tuple(lost(before.bundle.keys, after.bundle.keys, issued_at=before.bundle.issued_at))
        if found:
            raise HistoryRewritten("the newer trust bundle", found)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two imports at once would each compare with what the other replaces."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
