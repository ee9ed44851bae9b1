"""`cutover candidate`: what CI does with a release candidate: look it over, sign it, announce it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cutover.contracts.base import parse_instant
from cutover.contracts.candidate import CANDIDATE_TYPE, Candidate
from cutover.contracts.envelope import Envelope
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover_cli import admissions, candidates, files, signing
from cutover_cli.admissions import GOOD, Fate, Stopped
from cutover_cli.candidate_lint import KINDS, Linted, Remark, lint
from cutover_cli.orders import TimeoutOption
from cutover_cli.output import BadArgument, CommandError, Exit, Format, FormatOption, answer, answering, oneline
from cutover_cli.site import (
    LocalOption,
    ProfileOption,
    RegionOption,
    Site,
    StackOption,
    StateDirOption,
    remote,
    site,
)

app = typer.Typer(help="A release candidate, as CI makes it: lint, sign, submit.", no_args_is_help=True)


class CandidateRefused(CommandError):
    """The candidate has faults: it is not signed, or not announced."""

    exit_code = Exit.REFUSED
    reason = "CANDIDATE_INVALID"

    def __init__(self, found: Linted) -> None:
        super().__init__(_text(found))
        self.found = found

    def document(self) -> dict[str, Any]:
        return _document(self.found)


@app.command("lint")
def lint_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The candidate, in JSON or YAML, signed or not.")],
    *,
    at: Annotated[str | None, typer.Option(metavar="INSTANT", help="Judge its times as of then.  [now]")] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Tell every fault of a candidate, and what it leaves open that will be held. Exits 0 with warnings, 3 with faults.

    A candidate that says `rehearsal: true` is collected, verified and reported; nobody is asked, nothing handed off.
    """
    with answering(form):
        found = lint(files.value(file), now=_instant(at))
        answer(_document(found), form, lambda: _text(found))
    if found.faults:
        raise typer.Exit(Exit.REFUSED)


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The candidate, in JSON or YAML.")],
    *,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="CI's private key, that the facts trust.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the envelope is written.")],
    form: FormatOption = Format.TEXT,
) -> None:
    """Look a candidate over, and sign its canonical bytes (DSSE). With faults nothing is written."""
    with answering(form):
        found = lint(files.value(file), now=datetime.now(UTC))
        if found.faults:
            raise CandidateRefused(found)
        if found.candidate is None:
            raise BadArgument(
                f"a document of {found.kind} is signed beside itself, in no envelope: see docs/contract.md"
            )
        sealed = candidates.sign(found.candidate, signing.load(key))
        files.write(out, canonical.encode_model(sealed))
        payload = canonical.digest_model(found.candidate)
        said = _document(found) | {"payload": payload, "admission": candidates.admission_of(sealed), "file": str(out)}
        answer(
            said, form, lambda: "\n".join([f"signed     {payload}", f"admission  {said['admission']}", _text(found)])
        )


@app.command()
def submit(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The envelope that `candidate sign` wrote.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show how it would be announced; announce nothing.")
    ] = False,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is bound, held or refused.")] = False,
    timeout: TimeoutOption = 300,
    form: FormatOption = Format.TEXT,
) -> None:
    """Announce a signed candidate. Announcing it again does nothing, and answers with what became of it.

    Exits 0 when it is announced, or with --wait when it is bound, or rehearsed without a hold; 3 when it is refused or
    held; 4 when nothing was decided in time. A dry run exits 10 when it would announce.
    """
    plan: dict[str, Any] = {}
    with answering(form), remote():
        sealed = files.envelope(file)
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        candidate = _announceable(sealed, where)
        plan = _plan(where, sealed, candidate)
        if dry_run:
            answer(plan | {"result": "planned"}, form, lambda: _planned(plan))
        else:
            plan |= {"result": "announced", "event": candidates.submit(where, sealed)}
            found = _followed(where, sealed, timeout) if wait else admissions.fate(where, plan["admission"])
            if found is not None and wait and (found.status not in GOOD or found.holds):
                raise Stopped(found)
            answer(plan | (found.document() if found else {}), form, lambda: _announced(plan, found))
    if dry_run and plan["changes"]:
        raise typer.Exit(Exit.CHANGES)


def _announceable(sealed: Envelope, where: Site) -> Candidate:
    """The candidate in an envelope, as far as it can be told here that it would be refused. Raises CommandError."""
    if sealed.payload_type != CANDIDATE_TYPE:
        raise BadArgument(f"it holds {sealed.payload_type}, no candidate: `cutover candidate sign` makes one")
    payload = dsse.decode_base64(sealed.payload)
    found = lint(canonical.decode(payload), now=where.clock.now())
    if found.candidate is not None and found.candidate.audience != where.audience:
        message = f"it is meant for {found.candidate.audience}; this is {where.audience}"
        wrong = Remark("/audience", "WRONG_AUDIENCE", message, "announce it to its own, or issue it for this one")
        found = Linted(found.candidate, (wrong, *found.faults), found.warnings)
    if found.candidate is None or found.faults:
        raise CandidateRefused(found)
    return found.candidate


def _plan(where: Site, sealed: Envelope, candidate: Candidate) -> dict[str, Any]:
    """What submitting would do: ``changes`` is false where the same envelope is recorded already."""
    admission = candidates.admission_of(sealed)
    return {
        "admission": admission,
        "kind": KINDS[candidate.rehearsal],
        "product": candidate.product,
        "target": candidate.target,
        "by": "value" if candidates.by_value(sealed) else "reference",
        "changes": where.records.admission(admission) is None,
    }


def _followed(where: Site, sealed: Envelope, seconds: float) -> Fate:
    with _telling() as status:
        return admissions.follow(where, candidates.admission_of(sealed), seconds=seconds, say=status)


@contextmanager
def _telling() -> Iterator[Any]:
    """Shows the present status on standard error, for as long as somebody waits."""
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True, highlight=False, markup=False, emoji=False).status(Text("announced")) as shown:
        yield lambda text: shown.update(Text(text))


def _instant(text: str | None) -> datetime:
    try:
        return datetime.now(UTC) if text is None else parse_instant(text)
    except ValueError as error:
        raise BadArgument(f"--at: {error}") from error


def _document(found: Linted) -> dict[str, Any]:
    return {
        "result": "faulty" if found.faults else "good",
        "kind": found.kind,
        "faults": [each.document() for each in found.faults],
        "more": found.more,
        "warnings": [each.document() for each in found.warnings],
    }


def _text(found: Linted) -> str:
    lines = [f"fault  {_line(each)}" for each in found.faults] + [f"warn   {_line(each)}" for each in found.warnings]
    if found.more:
        lines.append(f"… and {found.more} more")
    kind = f"a {found.kind}: " if found.kind else ""
    return "\n".join([*lines, f"{kind}{len(found.faults) + found.more} fault(s), {len(found.warnings)} warning(s)"])


def _line(each: Remark) -> str:
    return oneline(f"{each.field}: {each.message} ({each.code}); {each.mend}")


def _planned(plan: dict[str, Any]) -> str:
    done = "would be announced" if plan["changes"] else "is announced already"
    return f"the {plan['kind']} of {plan['product']} to {plan['target']} {done}, by {plan['by']}\n{plan['admission']}"


def _announced(plan: dict[str, Any], found: Fate | None) -> str:
    said = f"\n{found.text()}" if found else ""
    return f"announced  event {plan['event']}\nadmission  {plan['admission']}{said}"
