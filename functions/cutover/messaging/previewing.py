"""One line on what changed since the last approved revision; where there is none, on what is in it."""

from collections.abc import Callable

from cutover.contracts.policy import SignedReference
from cutover.domain.changes import Change, changes
from cutover.domain.legible import legible
from cutover.errors import IntegrityError, Refused
from cutover.packages import Package

MAX_PREVIEW = 140
"""Characters: mail programs show about as many beside a subject."""
MAX_VALUE = 40
Read = Callable[[SignedReference], Package]


def preview(package: Package, predecessor: SignedReference | None, read: Read) -> str:
    """``version 1.4.0 → 1.4.1, api digest …; 3 changes``. What cannot be read any more is not compared with."""
    if predecessor is None:
        return shortened(f"{_contents(package)} No revision was approved before.", MAX_PREVIEW)
    try:
        before = read(predecessor)
    except (Refused, IntegrityError):
        return shortened(f"{_contents(package)} What was approved before cannot be read any more.", MAX_PREVIEW)
    return shortened(_changed(changes(before, package)), MAX_PREVIEW)


def shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _changed(found: tuple[Change, ...]) -> str:
    if not found:
        return "Nothing changed since the last approved revision."
    count = "1 change" if len(found) == 1 else f"{len(found)} changes"
    return f"{count} since the last approved revision: {'; '.join(_said(each) for each in found[:6])}"


def _said(change: Change) -> str:
    what = " ".join(word for word in (change.subject, change.field) if word)
    if change.before is None:
        said = f"{what} is new"
    elif change.after is None:
        said = f"{what} is gone"
    else:
        said = f"{what} {_value(change.before)} → {_value(change.after)}"
    return legible(said).replace("\n", " ").replace("\t", " ")


def _value(text: str) -> str:
    return shortened(text.removeprefix("sha256:")[:12] if text.startswith("sha256:") else text, MAX_VALUE)


def _contents(package: Package) -> str:
    bundle = package.bundle
    parts = [_counted(len(bundle.components), "component")]
    if isinstance(bundle.flags, tuple):
        parts.append(_counted(len(bundle.flags), "flag"))
    if package.register.holds:
        parts.append(_counted(len(package.register.holds), "waived hold"))
    if isinstance(bundle.rollback.steps, tuple):
        parts.append(_counted(len(bundle.rollback.steps), "rollback step"))
    return f"With {', '.join(parts)}."


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
