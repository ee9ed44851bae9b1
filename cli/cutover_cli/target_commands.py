"""`cutover target`: deployment queues: what they have to allow, a test message, and a lost message once more."""

import json
from typing import Annotated, Any

import typer

from cutover.contracts.delivery import DeliveryOrder
from cutover_cli.orders import (
    KeyOption,
    Ordering,
    OrderRefused,
    ReasonOption,
    RequesterOption,
    TimeoutOption,
    WaitOption,
    document_of,
    made,
    said,
)
from cutover_cli.output import BadArgument, Exit, Format, FormatOption, answer, answering
from cutover_cli.site import LocalOption, ProfileOption, RegionOption, Site, StackOption, StateDirOption, remote, site
from cutover_cli.target_orders import judged, judging, meant, outputs

app = typer.Typer(help="Deployment queues: what they have to allow, tests, and lost messages.", no_args_is_help=True)

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Judge the order as its door would, and send nothing.")]


@app.command()
def snippet(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(help="A target of the stack, such as production.")],
    *,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Print what the owner of a queue in another account has to allow, and how such a queue should be set.

    A queue that the stack made itself has all of it already.
    """
    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        document = _snippet(where, target)
        answer(document, form, lambda: _text(document))


@app.command("test")
def try_out(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(help="A target of the stack, such as production.")],
    *,
    reason: ReasonOption,
    key: KeyOption,
    dry_run: DryRunOption = False,
    requester: RequesterOption = None,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    wait: WaitOption = True,
    timeout: TimeoutOption = 120,
    form: FormatOption = Format.TEXT,
) -> None:
    """Send a test message to a target's queue: your own signed order, which no consumer takes for a hand-off.

    A dry run of what would be sent exits 10.
    """
    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        order = made(DeliveryOrder, where, action="test", target=target, reason=reason, requester=requester)
        if dry_run:
            found = judging(where).test(judged(where, order, key))
            planned = {"result": "planned", "action": "test", "target": target, "queue_arn": found.queue_arn}
            answer(planned, form, lambda: f"would send a test to {target}: {found.queue_arn}")
        else:
            _send(Ordering(where, order, key=key, chains=[]), timeout if wait else None, form, f"test to {target}")
    if dry_run:
        raise typer.Exit(Exit.CHANGES)


@app.command()
def resend(  # noqa: PLR0913  # each is an argument of the command
    ctx: typer.Context,
    which: Annotated[str, typer.Argument(metavar="HANDOFF_ID|CUTOVER", help="The hand-off, or its cutover.")],
    *,
    reason: ReasonOption,
    key: KeyOption,
    revision: Annotated[int | None, typer.Option(help="Of a cutover.  [default: the last that was sent]")] = None,
    dry_run: DryRunOption = False,
    requester: RequesterOption = None,
    stack: StackOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    state_dir: StateDirOption = None,
    wait: WaitOption = True,
    timeout: TimeoutOption = 120,
    form: FormatOption = Format.TEXT,
) -> None:
    """Send a hand-off's message once more, as long as it counts. Consumers that had it drop it by its handoff_id.

    Exits 3 where it would be sent by nobody: after its window, withdrawn, braked. A dry run exits 10.
    """
    with answering(form), remote():
        where = site(ctx, stack=stack, profile=profile, region=region, local=local, state_dir=state_dir)
        cutover, handoff_id = meant(where, which, revision)
        order = made(
            DeliveryOrder, where, action="resend", handoff_id=handoff_id, reason=reason, requester=requester
        )  # fmt: skip
        if dry_run:
            lost = judging(where).resend(judged(where, order, key))
            planned = {
                "result": "planned", "action": "resend", "handoff_id": handoff_id, "cutover": cutover,
                "revision": lost.record.revision, "queue_arn": lost.handoff.queue_arn, "size": len(lost.content),
            }  # fmt: skip
            answer(planned, form, lambda: f"would send {cutover} revision {lost.record.revision} once more")
        else:
            sending = Ordering(where, order, key=key, chains=[cutover])
            _send(sending, timeout if wait else None, form, f"message of {cutover}")
    if dry_run:
        raise typer.Exit(Exit.CHANGES)


def _send(sending: Ordering, seconds: float | None, form: Format, what: str) -> None:
    """Answers with what came of it; with what was sent where nobody waits."""
    following = sending.send()
    if seconds is None:
        following.leave(form)
        return
    entry = following.entry(seconds=seconds)
    if entry.result not in {"RESENT", "TESTED"}:
        raise OrderRefused(entry)
    answer(document_of(entry), form, lambda: f"{what}: sent\n{said(entry)}")


def _snippet(where: Site, target: str) -> dict[str, Any]:
    from cutover_cli import target_snippet as snippets

    targets, senders = outputs(where)
    if target not in targets:
        raise BadArgument(f"the stack has no target {target}; it has {', '.join(sorted(targets))}")
    queue_arn = targets[target]["queue_arn"]
    return {
        "target": target, "queue_arn": queue_arn, "senders": list(senders),
        "queue_policy": snippets.queue_policy(queue_arn, senders),
        "key_statement": snippets.key_statement(queue_arn, senders),
        "queue_attributes": snippets.settings(queue_arn), "advice": list(snippets.ADVICE),
    }  # fmt: skip


def _text(document: dict[str, Any]) -> str:
    def shown(name: str) -> str:
        return json.dumps(document[name], indent=2)

    return "\n\n".join(
        [
            f"For {document['queue_arn']}, the queue of {document['target']}.",
            f"1. The queue's policy (attribute Policy):\n{shown('queue_policy')}",
            f"2. If a customer key encrypts it, one statement more in that key's policy:\n{shown('key_statement')}",
            f"3. Its attributes, as Cutover makes its own queues:\n{shown('queue_attributes')}",
            "\n".join(f"- {each}" for each in document["advice"]),
        ]
    )
