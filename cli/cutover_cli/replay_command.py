"""`cutover replay`: a decision made again from what was recorded, and compared with what was stored."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cutover_cli.output import BadArgument, CommandError, Exit, Format, FormatOption, answer, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, Site, StackOption, StateDirOption, remote, site

if TYPE_CHECKING:
    from cutover.contracts.base import Digest
    from cutover.domain.record import RevisionRecord
    from cutover_cli.replaying.difference import Replayed
    from cutover_cli.replaying.replaying import Replaying


class InputLost(CommandError):
    """What was recorded as an input is not in the store any more, or is something else by now."""

    exit_code = Exit.REFUSED
    reason = "INPUT_LOST"


def replay(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    cutover: Annotated[str, typer.Argument(help="Such as service@production.1.")],
    *,
    revision: Annotated[int | None, typer.Option(min=1, help="Which one.  [the newest]")] = None,
    policy: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Rules or facts, signed or not: what would these have decided?"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write what was recreated there, named by its digest.")
    ] = None,
    restore: Annotated[bool, typer.Option("--restore", help="Put what is missing back into the store.")] = False,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Make a decision again from what was recorded, and compare it with what was stored, byte by byte.

    Assemble, Verify and Bind run on the recorded evidence, rules, facts and times; nothing is sent, signed or written.
    Exits 0 when all is identical, or was once --restore put back what was missing; 3 when anything differs, is
    corrupted, or an input is lost; 5 when a part was put back and the rest differs; 10 when documents are missing that
    --restore would put back.

    With --policy nothing is replayed: it shows rule by rule what other rules or facts would have decided of the same
    evidence at the same time. No signature of theirs is judged. Exits 10 when anything would differ, 0 when nothing.
    """
    with answering(form), remote():
        if policy and (restore or out):
            raise BadArgument("--policy shows what would be decided; there is nothing to restore or to write of it")
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        record = _record(where, cutover, revision)
        code = _compare(where, record, policy, form) if policy else _replay(where, record, out, restore, form)
    if code:
        raise typer.Exit(code)


def _record(where: Site, cutover: str, revision: int | None) -> "RevisionRecord":
    from cutover_cli import held

    newest = held.current(where, cutover)
    if revision is None or revision == newest.revision:
        return newest
    found = where.records.revision(cutover, revision)
    if found is None:
        raise held.NoSuchRelease(f"there is no revision {revision} of {cutover}")
    return found


def _replaying(where: Site) -> "Replaying":
    from cutover_cli.engine import this_engine
    from cutover_cli.replaying.replaying import Replaying

    if where.fingerprint is None:
        raise BadArgument("the stack has no parameter RootFingerprint")
    return Replaying(records=where.records, store=where.documents, fingerprint=where.fingerprint, engine=this_engine())


def _replay(where: Site, record: "RevisionRecord", out: Path | None, restore: bool, form: Format) -> Exit:
    from cutover_cli import replay_text

    done = _replaying(where).replay(record)
    written = _write(out, done.recreated) if out else ()
    restored = _restore(where, done) if restore else ()
    answer(replay_text.document(done, written, restored), form, lambda: replay_text.text(done, written, restored))
    if done.restorable:
        return Exit.DONE if restore else Exit.CHANGES
    if done.outcome == "identical":
        return Exit.DONE
    return Exit.PARTLY if restored else Exit.REFUSED


def _write(folder: Path, recreated: "dict[Digest, bytes]") -> tuple[str, ...]:
    """Only what is not there already: a file of that name has that content, or is somebody's mistake."""
    from cutover_cli import files

    folder.mkdir(parents=True, exist_ok=True)
    for digest, content in recreated.items():
        files.write(folder / digest.removeprefix("sha256:"), content)
    return tuple(recreated)


def _restore(where: Site, done: "Replayed") -> tuple[str, ...]:
    """The write-once port takes what is missing. Over corrupted bytes nothing is written, by anybody.

    A document is proved by its digest. A tombstone has none, and ends a revision for ever: where anything else is
    wrong, it is not put.
    """
    restored = [where.documents.put(done.recreated[digest]) for digest in done.missing]
    if done.tombstone is not None and done.restorable:
        where.documents.put_tombstone(done.tombstone)
        restored.append("tombstone")
    return tuple(restored)


def _compare(where: Site, record: "RevisionRecord", given: list[Path], form: Format) -> Exit:
    from cutover.contracts.policy import Facts, Rules
    from cutover.errors import IntegrityError
    from cutover_cli import policy_reviewing, replay_text
    from cutover_cli.replaying import other_policy

    said = [policy_reviewing.document(file) for file in given]
    rules = [each for each in said if isinstance(each, Rules)]
    facts = [each for each in said if isinstance(each, Facts)]
    if len(rules) > 1 or len(facts) > 1 or len(rules) + len(facts) < len(said):
        raise BadArgument("--policy takes rules, facts, or one of each")
    try:
        found = other_policy.compare(
            _replaying(where), record, rules=next(iter(rules), None), facts=next(iter(facts), None)
        )
    except IntegrityError as error:
        raise InputLost(f"{error}; `cutover replay {record.cutover}` names every input that is lost") from error
    answer(replay_text.policy_document(found), form, lambda: replay_text.policy_text(found))
    return Exit.CHANGES if found.differs else Exit.DONE
