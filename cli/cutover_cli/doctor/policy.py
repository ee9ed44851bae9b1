"""The rules and facts that are active, whether they fit what is deployed, and the brake."""

import json

from cutover.contracts.policy import Facts
from cutover.errors import IntegrityError, Refused
from cutover_cli.doctor.findings import Deployed, Finding, Findings
from cutover_cli.output import BadArgument


def active(on: Deployed) -> Findings:
    """A policy is active that both owners of the pinned root have signed, for this very deployment."""
    try:
        policy = on.site.policy()
    except (Refused, IntegrityError, BadArgument) as error:
        mend = getattr(error, "mend", "") or "have both owners sign rules and facts, and activate them"
        yield Finding("fail", str(error), mend)
        return
    said = f"rules {policy.rules.version} and facts {policy.facts.version}, signed by both owners"
    if policy.facts.audience != on.site.audience:
        yield Finding("fail", f"{said}, for {policy.facts.audience}", f"sign a policy for {on.site.audience}")
    else:
        yield Finding("ok", said)


def targets(on: Deployed) -> Findings:
    """Every deployed target has signers and a window to come; the rules name no other."""
    if on.policy is None:
        yield Finding("unasked", "no policy is active and proved", "activate a policy")
        return
    deployed = set(json.loads(on.output("TargetSettings") or "{}"))
    for name in sorted(set(on.policy.rules.signers) - deployed):
        yield Finding(
            "fail", "the rules name it, and it is not deployed", "deploy it, or take it out of the rules", name
        )
    for name in sorted(deployed):
        yield _target(on, name, on.policy.facts, signed=name in on.policy.rules.signers)


def _target(on: Deployed, name: str, facts: Facts, *, signed: bool) -> Finding:
    if not signed:
        return Finding(
            "warn", "the rules name no signers of it: nothing is released there", "add them to the rules", name
        )
    windows = facts.calendars[name].windows if name in facts.calendars else ()
    ahead = sorted(each.opens_at for each in windows if each.closes_at > on.now)
    if not ahead:
        return Finding("warn", "no window is open or to come", "add windows to its calendar in the facts", name)
    return Finding("ok", f"{len(ahead)} window(s) to come, the first opens {ahead[0]:%Y-%m-%d %H:%M} UTC", subject=name)


def brake(on: Deployed) -> Findings:
    """It is known, and off."""
    found = on.site.records.brake()
    if found is None:
        yield Finding("fail", "unknown: nothing is handed off", "activate a policy, or engage and release it once")
    elif found.engaged:
        since = f" since {found.since:%Y-%m-%d %H:%M} UTC" if found.since else ""
        yield Finding("warn", f"engaged{since}: nothing is handed off", "cutover brake release --dry-run")
    else:
        yield Finding("ok", "off")
