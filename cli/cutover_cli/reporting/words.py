"""What a report calls things, and how it explains its numbers: facts, and never what to think of them."""

from dataclasses import dataclass
from datetime import timedelta

from cutover_cli.output import oneline
from cutover_cli.reporting.questions import Question


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the one sentence that says what its number is."""

    title: str
    definition: str
    of: str
    """What stands after the number: ``7 of 9 handed off``."""
    empty: str


QUESTIONS = {
    "accepted": Asked(
        "Accepted without reopening",
        "Releases handed off in this time whose consumer sent a receipt that accepts them and, until the end of this "
        "report, none that rejects or corrects them, and that nobody withdrew too late; by the day of the hand-off.",
        "handed off",
        "Nothing was handed off.",
    ),
    "corrections": Asked(
        "Corrections by cause",
        "Receipts by which a consumer corrected what it was handed, by the cause that the receipt names; by the day "
        "on which the receipt was recorded.",
        "receipts",
        "No receipt corrected anything.",
    ),
    "binding": Asked(
        "Binding quality",
        "Revisions that the checks were through with in this time and that were bound as they were, rather than held "
        "or declined by a rule; by the day of that outcome.",
        "checked",
        "Nothing was bound, held or declined by a rule.",
    ),
    "supersession": Asked(
        "Supersession reliability",
        "Revisions that another one took the place of in this time and that were not handed off after that; by the "
        "day on which they ended, and by what ended them.",
        "superseded",
        "No revision was superseded.",
    ),
}
_SERIES = {
    "accepted": "accepted", "reopened": "rejected, corrected or withdrawn too late", "no-receipt": "no receipt yet",
    "version-drift": "version drift", "hidden-hold": "hidden hold", "incomplete-lineage": "incomplete lineage",
    "other": "other", "unstated": "no cause named", "bound": "bound", "held": "held",
    "declined-by-rule": "declined by a rule", "newer-candidate": "newer candidate", "resolved": "holds answered",
    "drift": "drift at a source", "drifted": "superseded because a source drifted after binding",
    "approvals-lapsed": "approvals that lapsed", "declined-by-person": "declined by a person",
    "handed-off-after": "superseded and handed off nevertheless", "uncertain": "hand-offs that stayed uncertain",
    "withdrawn-too-late": "withdrawals that came too late", "withdrawn-order": "withdrawn by an order",
    "withdrawn-key-revoked": "withdrawn because a key was revoked",
}  # fmt: skip
_BEGINNINGS = {
    "receipts-": "receipts: ", "rejected-": "rejected: ", "expired-": "expired: ", "refused-": "candidates refused: ",
    "held-": "held by checks of ",
}  # fmt: skip
MARKS = {
    "approve": "approved", "decline": "declined", "defer": "deferred", "resume": "taken up again",
    "lapse": "approval lapsed", "drift": "drift at a source", "supersede": "superseded", "answer": "hold answered",
    "resolve": "last hold answered", "block": "hand-off blocked", "hand-off": "handed off",
    "uncertain": "hand-off uncertain", "accepted": "receipt: accepted", "rejected": "receipt: rejected",
    "corrected": "receipt: corrected", "withdraw": "withdrawal", "expire": "expired",
    "after-action": "after-action record",
}  # fmt: skip
LOOKS = {
    "work": "collecting, verifying, binding", "held": "held", "asked": "awaiting approval", "deferred": "deferred",
    "window": "awaiting window", "sending": "handing off",
}  # fmt: skip


def series(name: str) -> str:
    """A count by its name; of what others named, the name itself."""
    if name in _SERIES:
        return _SERIES[name]
    beginning = next((each for each in _BEGINNINGS if name.startswith(each)), "")
    rest = name.removeprefix(beginning)
    return _BEGINNINGS.get(beginning, "") + _SERIES.get(rest, rest)


def status(name: str) -> str:
    return oneline(name.replace("_", " "))


def number(question: Question) -> str:
    """``7 of 9``, ``3``, or that there is nothing to count."""
    if question.empty:
        return "no data"
    return str(question.part) if question.whole is None else f"{question.part} of {question.whole}"


def lasting(duration: timedelta | None) -> str:
    """Its two largest units: ``3 d 4 h``, ``5 h``, ``40 s``."""
    if duration is None:
        return "no data"
    seconds = int(duration.total_seconds())
    parts = ((seconds // 86_400, "d"), (seconds // 3_600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    first = next((number for number, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"
