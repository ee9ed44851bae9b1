"""`cutover check`: what would become of a candidate, found out in this process; nothing is written or sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cutover.adapters.system_clock import SystemClock
from cutover.contracts.base import Audience, format_instant, parse_instant
from cutover.contracts.candidate import Candidate
from cutover.contracts.legacy import V0
from cutover.contracts.policy import Facts, Rules
from cutover.domain import canonical
from cutover.domain.admission import NotAdmitted
from cutover.domain.record import Lane, RevisionRecord, Slot
from cutover.ports import Clock, Sources
from cutover_cli import checking, files
from cutover_cli.aside import Aside
from cutover_cli.candidate_commands import CandidateRefused
from cutover_cli.candidate_lint import KINDS, lint
from cutover_cli.checking import Checked, Surroundings
from cutover_cli.checking_sources import Client, sources
from cutover_cli.output import BadArgument, Exit, Format, FormatOption, answer, answering, oneline
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, Site, StackOption, StateDirOption, remote, site

NOT_LOOKED_AT = ("whether another release has the window", "whether the candidate is newer than the current one")
"""What only a deployment knows: where none is asked, this is said."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What a check is done with: source systems for an audience, time, and a deployment if its policy is meant.

    Whoever calls the command from Python may give the context another one.
    """

    sources: Callable[[Audience, Clock], Sources]
    clock: Clock
    site: Site | None = None


@dataclass(frozen=True, slots=True)
class At:
    """A clock that stands. Implements ``Clock``."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant


@dataclass(frozen=True, slots=True)
class Place:
    """Which deployment, and with which AWS session."""

    stack: str | None
    profile: str | None
    region: str | None
    local: bool
    state_dir: Path | None

    def site(self, ctx: typer.Context) -> Site:
        return site(
            ctx, stack=self.stack, profile=self.profile, region=self.region, local=self.local,
            state_dir=self.state_dir,
        )  # fmt: skip

    def client(self) -> Client:
        """Clients of the caller's own session; of the local stack where that is meant."""
        if self.local:
            from cutover_cli.local import lifecycle

            clients = lifecycle.attach(state_dir=self.state_dir).clients
            return lambda service, **given: clients.session.client(service, endpoint_url=clients.endpoint, **given)
        import boto3

        return boto3.Session(profile_name=self.profile, region_name=self.region).client


def check(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The candidate, in JSON or YAML, signed or not.")],
    *,
    rules: Annotated[Path | None, typer.Option(metavar="FILE", help="Rules, signed or not.")] = None,
    facts: Annotated[Path | None, typer.Option(metavar="FILE", help="Facts, signed or not.")] = None,
    target: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Each target that is deployed.  [those with signers]")
    ] = None,
    trusted_root: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Sigstore's trusted_root.json, as the facts name it.")
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="INSTANT", help="Check as of then.  [now]")] = None,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Rehearse a candidate here: collect, assemble, verify and judge it. Nothing is written or sent anywhere.

    By the rules and facts of files, or by those that are active in a stack. Its source systems are asked with your own
    AWS credentials. Exits 0 when nothing blocks, 3 when it would be refused or held.
    """
    document: dict[str, Any] = {}
    with answering(form), remote():
        place = Place(stack, profile, region, local, state_dir)
        outside = _outside(ctx, place, files_given=rules is not None or facts is not None)
        clock = outside.clock if at is None else At(_instant(at))
        policy = _policy(outside, rules, facts)
        with _telling() as say:
            document = _checked(file, _around(outside, policy, clock, target, trusted_root, say))
        answer(document, form, lambda: _text(document))
    if document["result"] != "clean":
        raise typer.Exit(Exit.REFUSED)


def _outside(ctx: typer.Context, place: Place, *, files_given: bool) -> Outside:
    given = ctx.find_object(Outside)
    if given is not None:
        return given
    if not (files_given or place.local or place.stack):
        raise BadArgument("give --rules and --facts, or a deployment whose policy is active: --stack NAME or --local")
    where = None if files_given else place.site(ctx)
    return Outside(lambda audience, clock: sources(place.client(), audience, clock), SystemClock(), where)


def _policy(outside: Outside, rules: Path | None, facts: Path | None) -> tuple[Rules, Facts]:
    """Of files, which nobody needs to have signed yet, or what is active in the deployment."""
    if rules is not None and facts is not None:
        return files.model(Rules, rules), files.model(Facts, facts)
    if outside.site is None or rules is not None or facts is not None:
        raise BadArgument("give both --rules and --facts, or a stack whose policy is active")
    active = outside.site.policy()
    return active.rules, active.facts


def _around(  # noqa: PLR0917  # each is an option of the command
    outside: Outside, policy: tuple[Rules, Facts], clock: Clock, targets: list[str] | None, trusted_root: Path | None,
    say: Callable[[str], None],
) -> Surroundings:  # fmt: skip
    from cutover.attesting.opening import Opening

    rules, facts = policy
    store = Aside(outside.site.documents if outside.site else None)
    if trusted_root is not None and store.put(files.content(trusted_root)) != facts.trusted_root:
        raise BadArgument(f"{trusted_root} is not the trusted root that the facts name: {facts.trusted_root}")
    return Surroundings(
        rules=rules, facts=facts, targets=targets or _deployed(outside.site, rules), clock=clock, store=store,
        sources=outside.sources(facts.audience, clock), statements=Opening(store.get), say=say,
        **_known(outside.site),
    )  # fmt: skip


def _deployed(where: Site | None, rules: Rules) -> tuple[str, ...]:
    """The targets that rules name signers for, as far as the deployment has them."""
    if where is None:
        return tuple(rules.signers)
    return tuple(target for target in rules.signers if where.queues(target) is not None)


def _known(where: Site | None) -> dict[str, Any]:
    """What the deployment knows of releases that are in the way."""
    if where is None:
        return {}

    def lane(candidate: Candidate) -> Lane | None:
        return where.records.lane(candidate.product, candidate.target, rehearsal=candidate.rehearsal)

    def slot(record: RevisionRecord) -> Slot | None:
        queue, ours = where.queues(record.target), where.records.lane(record.product, record.target)
        owner = where.records.slot(queue, record.window) if queue else None
        live = ours is not None and ours.ended is None
        if owner and ours and live and (owner.cutover, owner.revision) == (ours.cutover, ours.revision):
            return None  # a newer candidate takes its place, and its slot
        return owner

    return {"lane": lane, "slot": slot, "deployed": True}


def _checked(file: Path, around: Surroundings) -> dict[str, Any]:
    """What came of it, as plain JSON."""
    said = files.value(file)
    begin = {
        "as_of": format_instant(around.clock.now()),
        "policy": {"rules": around.rules.version, "facts": around.facts.version},
        "not_looked_at": [] if around.deployed else list(NOT_LOOKED_AT),
    }
    announcement, facts = _announcement(file, said, around)
    try:
        checked = checking.check(announcement, replace(around, facts=facts))
    except NotAdmitted as refused:
        faults = [fault.model_dump(mode="json") for fault in refused.faults]
        return begin | {"result": "refused", "reason": refused.reason, "faults": faults}
    return begin | _report(checked, around)


def _announcement(file: Path, said: dict[str, Any], around: Surroundings) -> tuple[bytes, Facts]:
    """What is signed as it is; anything else as if somebody had signed it who may. Raises CandidateRefused."""
    now, facts = around.clock.now(), around.facts
    if said.get("contract") == V0:
        return canonical.encode(said), facts
    found = lint(said, now=now)
    if found.faults:
        raise CandidateRefused(found)
    if files.sealed(file):
        return canonical.encode_model(files.envelope(file)), facts
    if found.candidate is None:
        content = files.content(file)
        return checking.detached(content if content[:1] == b"{" else canonical.encode(said), facts, now)
    return checking.sealed(found.candidate, facts, now)


def _report(found: Checked, around: Surroundings) -> dict[str, Any]:
    holds = [
        hold.model_dump(mode="json", exclude={"evidence", "subject", "opened_at", "opened_by", "expires_at", "id"})
        for hold in found.register.holds
    ]
    return {
        "candidate": canonical.digest_model(found.candidate),
        "kind": KINDS[found.candidate.rehearsal],
        "result": "blocked" if found.blocked else "clean",
        "holds": holds,
        "warnings": [warning.model_dump(mode="json") for warning in found.register.warnings],
        "evidence": [
            each.model_dump(mode="json", include={"source", "record", "version", "sha256", "size"})
            for collection in found.evidence_set.collections
            for each in collection.evidence
            if each.unwraps is None
        ],
        "would_bind": None if found.blocked else _would_bind(found, around),
    }


def _would_bind(found: Checked, around: Surroundings) -> dict[str, Any]:
    window = found.case.window
    return {
        "target": found.record.target,
        "window": window.model_dump(mode="json"),
        "valid_until": format_instant(found.valid_until),
        "signers": [each.model_dump(mode="json") for each in around.rules.signers[found.record.target]],
        "components": [
            {"name": each.name, "digest": each.artifact.digest} for each in found.candidate.components
        ],
    }  # fmt: skip


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    """Shows on standard error what is being done."""
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True, highlight=False).status(Text("checking")) as shown:
        yield lambda text: shown.update(Text(text))


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise BadArgument(f"--at: {error}") from error


def _text(document: dict[str, Any]) -> str:
    first = f"as of {document['as_of']}, by rules {document['policy']['rules']} and facts {document['policy']['facts']}"
    if document["result"] == "refused":
        lines = [f"  {oneline(_fault(fault))}" for fault in document["faults"]]
        return "\n".join([f"would be refused: {document['reason']} ({first})", *lines])
    open_ = [hold for hold in document["holds"] if hold["resolution"] is None]
    lines = [f"hold    {oneline(_hold(hold))}" for hold in open_]
    lines += [
        f"waived  {oneline(hold['code'])} {oneline(hold['field'])}" for hold in document["holds"] if hold not in open_
    ]
    lines += [f"warn    {oneline(_warning(each))}" for each in document["warnings"]]
    missing = [f"not looked at: {', '.join(document['not_looked_at'])}"] if document["not_looked_at"] else []
    return "\n".join([*lines, _end(document, len(open_)), first, *missing])


def _end(document: dict[str, Any], count: int) -> str:
    if document["would_bind"] is None:
        return f"would be held: {count} hold(s)"
    bound, window = document["would_bind"], document["would_bind"]["window"]
    reported = "reported as clean" if document["kind"] == "rehearsal" else "bound"
    return f"would be {reported}, for {bound['target']} in {window['id']}, valid until {bound['valid_until']}"


def _fault(fault: dict[str, Any]) -> str:
    return f"{fault['pointer']}: {fault['message']} ({fault['code']})"


def _hold(hold: dict[str, Any]) -> str:
    said = f"{hold['code']} {hold['field']}: found {hold['found']}; wanted {hold['wanted']}"
    denies = ", and denies" if hold["severity"] == "deny" else ""
    return f"{said}; {hold['mend']} ({hold['owner']}{denies})"


def _warning(warning: dict[str, Any]) -> str:
    return f"{warning['code']} {warning['field']}: found {warning['found']}; wanted {warning['wanted']}"
