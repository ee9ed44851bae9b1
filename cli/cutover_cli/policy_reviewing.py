"""`cutover policy lint` and `diff`: what the owners of a policy look at before they sign it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cutover.contracts.base import parse_instant
from cutover.contracts.policy import Facts, Rules, TrustBundle
from cutover.domain.policy_changes import QUESTIONS, Change, changes
from cutover.domain.record import Fault
from cutover_cli import files, fills, policy_lint
from cutover_cli.files import DocumentRefused
from cutover_cli.output import BadArgument, Exit, Format, FormatOption, answer, answering, oneline

KINDS: dict[str, type[Rules | Facts | TrustBundle]] = {
    "cutover/rules/v1": Rules,
    "cutover/facts/v1": Facts,
    "cutover/trust/v1": TrustBundle,
}
SHOWN = 160
"""Characters of a value in a text: keys are long, and JSON has all of it."""


def lint(
    rules: Annotated[Path, typer.Argument(help="Rules in YAML or JSON, signed or not.")],
    facts: Annotated[Path, typer.Argument(help="Facts in YAML or JSON, signed or not.")],
    *,
    target: Annotated[list[str], typer.Option(metavar="NAME", help="Each target that is deployed.")],
    against: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="The rules or facts that these are to follow.")
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="INSTANT", help="Warn as of then.  [now]")] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Find what is wrong with a policy, all of it; warnings do not count. Exits 0 when nothing is, 3 otherwise.

    With --against also: keys that disappeared, revocations that were taken back, versions that were not raised.
    """
    with answering(form):
        said = files.value(rules), files.value(facts)
        _require_filled(*said)
        parts = files.parsed(Rules, said[0], str(rules)), files.parsed(Facts, said[1], str(facts))
        found = [*policy_lint.lint(*parts, targets=target)]
        for older in against or ():
            found += _since(parts, older)
        warned = policy_lint.warnings(*parts, now=_instant(at))
        answer(_document(found, warned), form, lambda: _text(found, warned))
    if found:
        raise typer.Exit(Exit.REFUSED)


def diff(
    old: Annotated[Path, typer.Argument(help="Rules, facts or a trust bundle, signed or not.")],
    new: Annotated[Path, typer.Argument(help="The newer one of the same kind.")],
    *,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show what a policy says otherwise than another, field by field. Exits 0 when nothing, 10 when something.

    Keys, windows and signers are compared by their names, whatever their order.
    """
    with answering(form):
        before, after = document(old), document(new)
        if type(before) is not type(after):
            raise BadArgument(f"{old} is {before.schema_}, {new} is {after.schema_}")
        found = changes(before, after)
        answer(as_document(found), form, lambda: as_text(found))
    if found:
        raise typer.Exit(Exit.CHANGES)


def document(file: Path) -> Rules | Facts | TrustBundle:
    """A part of a policy, by what it says that it is. Raises BadArgument for anything else."""
    return of(files.value(file), str(file))


def of(said: dict[str, Any], where: str) -> Rules | Facts | TrustBundle:
    """The same of a JSON object; `where` names it."""
    if left := fills.unfilled(said):
        raise DocumentRefused(where, left)
    kind = KINDS.get(str(said.get("schema")))
    if kind is None:
        raise BadArgument(f"{where}: schema must be one of {', '.join(KINDS)}")
    return files.parsed(kind, said, where)


def _require_filled(rules: dict[str, Any], facts: dict[str, Any]) -> None:
    """Nothing else is said of a policy that is not filled in: the schema would only complain of the same places."""
    if left := (*fills.unfilled(rules, "rules"), *fills.unfilled(facts, "facts")):
        raise DocumentRefused("policy", left)


def _since(parts: tuple[Rules, Facts], older: Path) -> tuple[Fault, ...]:
    before = document(older)
    if isinstance(before, TrustBundle):
        raise BadArgument(f"{older}: rules and facts follow rules and facts, not a trust bundle")
    return policy_lint.since(parts[0] if isinstance(before, Rules) else parts[1], before)


def _instant(text: str | None) -> datetime:
    try:
        return datetime.now(UTC) if text is None else parse_instant(text)
    except ValueError as error:
        raise BadArgument(f"--at: {error}") from error


def _document(found: list[Fault], warned: tuple[Fault, ...]) -> dict[str, Any]:
    faults, warnings = ([each.model_dump(mode="json") for each in group] for group in (found, warned))
    return {"result": "faulty" if found else "good", "faults": faults, "warnings": warnings}


def _text(found: list[Fault], warned: tuple[Fault, ...]) -> str:
    lines = [f"{kind}  {line(each)}" for kind, group in (("fault", found), ("warn ", warned)) for each in group]
    return "\n".join([*lines, f"{len(found)} fault(s), {len(warned)} warning(s)"])


def line(each: Fault) -> str:
    """A fault or a warning on one line."""
    return oneline(f"{each.code} {each.pointer}: {each.message}")


def as_document(found: tuple[Change, ...]) -> dict[str, Any]:
    """By question: pointer, before and after of each field."""
    grouped = {
        question: [
            {"pointer": each.pointer, "before": each.before, "after": each.after}
            for each in found
            if each.question == question
        ]
        for question in QUESTIONS
    }
    return {"differs": bool(found), "changes": grouped}


def as_text(found: tuple[Change, ...]) -> str:
    """By question: each field on a line."""
    lines = []
    for question, words in QUESTIONS.items():
        group = [each for each in found if each.question == question]
        lines += [f"{words}:" if group else f"{words}: the same", *map(_field, group)]
    return "\n".join(lines)


def _field(change: Change) -> str:
    if change.before is None:
        return f"  + {oneline(change.pointer)}: {_short(change.after)}"
    if change.after is None:
        return f"  - {oneline(change.pointer)}: {_short(change.before)}"
    return f"  ~ {oneline(change.pointer)}: {_short(change.before)} -> {_short(change.after)}"


def _short(value: str | None) -> str:
    shown = oneline(value or "")
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
