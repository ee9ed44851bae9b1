"""`cutover policy activate`: what both owners signed takes effect, from files or from proposals."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

import typer

from cutover.contracts.base import Digest
from cutover.contracts.envelope import Envelope
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.record import ActivePolicy
from cutover.errors import Refused
from cutover.policies import MAX_POLICY_BYTES
from cutover_cli import files, policy_chain
from cutover_cli.orders import RequesterOption, login
from cutover_cli.output import BadArgument, Exit, Format, FormatOption, answer, answering
from cutover_cli.policy import PolicyRefused
from cutover_cli.policy_governing import Judged, journal_of, judge, put_in_force
from cutover_cli.policy_proposing import DryRun, root_given
from cutover_cli.policy_review import Review, review
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, Site, StackOption, StateDirOption, remote, site


def activate(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    *,
    proposal: Annotated[
        list[str] | None,
        typer.Option(metavar="DIGEST", help="What both owners signed with `sign --proposal`; twice for both parts."),
    ] = None,
    rules: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Rules that both owners signed.  [those that are active]")
    ] = None,
    facts: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Facts that both owners signed.  [those that are active]")
    ] = None,
    root_file: Annotated[
        Path | None, typer.Option("--root", metavar="FILE", help="The root document, for the first policy.")
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Each target that is deployed.  [as the stack says]")
    ] = None,
    trusted_root: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Sigstore's trusted_root.json, as the facts name it.")
    ] = None,
    requester: RequesterOption = None,
    dry_run: DryRun = False,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Verify and judge a signed policy, store it, and make it the active one. Changes nothing when it is refused.

    It is refused without both owners' signatures, with a fault, and where it enforces what was not warned of before.
    """
    with answering(form), remote():
        anchors = None if trusted_root is None else files.content(trusted_root)
        named = {"rules": rules, "facts": facts}
        given = {name: files.envelope(each) for name, each in named.items() if each is not None}
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        root, targets = root_given(where, root_file), _targets(where, target)
        active = where.records.policy()
        envelopes = _envelopes(where, given, proposal or [], active)
        try:
            judged = judge(
                root, envelopes["rules"], envelopes["facts"], targets=targets, store=where.documents,
                records=where.records, now=where.clock.now(), trusted_root=anchors,
            )  # fmt: skip
        except Refused as refused:
            raise PolicyRefused.of(refused) from refused
        if judged.history:
            raise PolicyRefused("policy", judged.history)
        if judged.before != active:
            raise Refused(
                "ACTIVATED_MEANWHILE", "another policy became active meanwhile", "look at the difference again"
            )
        seen = [review(part, where, now=where.clock.now()) for part in judged.changed]
        done = _document(judged, seen) if dry_run else _put_in_force(where, judged, requester or login())
        answer(done, form, lambda: "\n".join([*(each.text() for each in seen), _text(done)]))
    if dry_run:
        raise typer.Exit(Exit.CHANGES)


def _targets(where: Site, given: list[str] | None) -> Collection[str]:
    """Those that are deployed: the stack's own word. What is given has to agree with it."""
    if where.targets is None:
        if not given:
            raise BadArgument("the stack does not say its targets: deploy this version, or give each with --target")
        return given
    if given and set(given) != where.targets:
        there = ", ".join(sorted(where.targets))
        raise Refused("TARGETS_DIFFER", f"the stack has {there}; --target gives {', '.join(sorted(given))}")
    return where.targets


def _envelopes(
    where: Site, given: dict[str, Envelope], proposals: list[str], active: ActivePolicy | None
) -> dict[str, Envelope]:
    """Both parts: from files, from proposals, and the rest as it is active. Raises Refused and BadArgument."""
    found = {name: _of_file(where, sealed, active) for name, sealed in given.items()}
    for digest in proposals:
        sealed = _sealed(where, digest, active)
        if sealed is None:
            raise _unsigned(digest, where)
        part = policy_chain.NAMES.get(sealed.payload_type, "")
        if part in found:
            raise BadArgument(f"{part} are given twice")
        found[part] = sealed
    for part in policy_chain.NAMES.values():
        if part in found:
            continue
        if active is None or not found:
            raise BadArgument(f"give {part}, too: with --{part} or --proposal")
        found[part] = _active(where, getattr(active, part).envelope)
    return found


def _sealed(where: Site, digest: Digest, active: ActivePolicy | None) -> Envelope | None:
    """What owners signed beside the active policy; of a part that is active, what it is active by."""
    for part in (active.rules, active.facts) if active else ():
        if canonical.same(part.payload, digest):
            return _active(where, part.envelope)
    return policy_chain.together(policy_chain.signatures(digest, where.records, where.documents, active=active))


def _of_file(where: Site, sealed: Envelope, active: ActivePolicy | None) -> Envelope:
    """What was proposed here counts as that, also when it comes in a file: its signatures are those in the ledger."""
    digest = canonical.digest(dsse.decode_base64(sealed.payload))
    in_force = active is not None and digest in {active.rules.payload, active.facts.payload}
    if in_force or not policy_chain.is_proposed(digest, where.records):
        return sealed
    counted = _sealed(where, digest, active)
    if counted is None:
        raise _unsigned(digest, where)
    return counted


def _unsigned(digest: Digest, where: Site) -> Refused:
    """Why nobody's signature counts."""
    mend = "both owners look at it and sign with `policy sign --proposal`"
    if not policy_chain.is_proposed(digest, where.records):
        return Refused("NOT_PROPOSED", f"nobody proposed {digest} here", mend)
    if not policy_chain.is_signed(digest, where.records, where.documents):
        return Refused("POLICY_NOT_SIGNED_BY_BOTH", f"nobody signed {digest} here", mend)
    return Refused("SIGNED_BESIDE_ANOTHER", f"another policy was active when {digest} was signed", mend)


def _active(where: Site, envelope: Digest) -> Envelope:
    return dsse.parse(where.documents.get(envelope, limit=MAX_POLICY_BYTES))


def _put_in_force(where: Site, judged: Judged, requester: str) -> dict[str, Any]:
    journal = journal_of(where.records, where.clock)
    try:
        active = put_in_force(judged, store=where.documents, journal=journal, requester=requester)
    except Refused as refused:
        raise PolicyRefused.of(refused) from refused
    brake = where.records.brake()
    known = "unknown" if brake is None else "engaged" if brake.engaged else "off"
    return {"version": active.version, "brake": known}


def _document(judged: Judged, seen: list[Review]) -> dict[str, Any]:
    """What would become active, and what of it is new."""
    version, (rules, facts) = judged.before.version + 1 if judged.before else 1, judged.payloads
    return {"version": version, "rules": rules, "facts": facts, "reviews": [each.document() for each in seen]}


def _text(done: dict[str, Any]) -> str:
    if "brake" in done:
        unknown = ", which counts as engaged: `cutover brake status`" if done["brake"] == "unknown" else ""
        return f"active: version {done['version']}; the brake is {done['brake']}{unknown}"
    return f"would become version {done['version']}\nrules  {done['rules']}\nfacts  {done['facts']}"
