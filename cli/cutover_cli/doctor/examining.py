"""All checks, in the order in which somebody would mend what they find."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from botocore.exceptions import ClientError

from cutover_cli.doctor import clock, keys, mail, policy, sources, stack, store, watching, ways_in
from cutover_cli.doctor.findings import Check, Deployed, Finding, of_error
from cutover_cli.output import Exit

CHECKS: Mapping[str, Check] = {
    "stack": stack.state,
    "functions": stack.functions,
    "event-sources": stack.event_sources,
    "state-machine": stack.machine,
    "tables": stack.tables,
    "store-lock": store.locked,
    "versions": store.versions,
    "keys": keys.of_stack,
    "links-key": keys.links,
    "policy": policy.active,
    "signing-keys": keys.signing,
    "trusted-keys": keys.trusted,
    "target-rules": policy.targets,
    "brake": policy.brake,
    "rules": ways_in.rules,
    "queues": ways_in.queues,
    "targets": ways_in.targets,
    "sources": sources.reachable,
    "mail-account": mail.account,
    "mail-sender": mail.sender,
    "mail-configuration": mail.configuration,
    "mail-people": mail.people,
    "minute": clock.minute,
    "ticks": clock.ticks,
    "machine-clock": clock.skew,
    "alarms": watching.alarms,
    "alarm-topics": watching.topics,
    "log-retention": stack.logs,
}


def examine(
    on: Deployed, checks: Mapping[str, Check] = CHECKS, say: Callable[[str], None] = lambda _name: None
) -> Iterator[Finding]:
    """Every check, one after the other. What cannot be asked is said, and keeps no other from being asked.

    Raises what says that AWS does not answer at all (``BotoCoreError``, ``DependencyUnavailable``).
    """
    for name, check in checks.items():
        say(name)
        try:
            yield from (replace(found, check=name) for found in check(on))
        except ClientError as error:
            yield replace(of_error(error), check=name)


def exit_of(found: list[Finding]) -> Exit:
    """Refused where something fails, else partly done where something could not be asked."""
    results = {each.result for each in found}
    if "fail" in results:
        return Exit.REFUSED
    return Exit.PARTLY if "unasked" in results else Exit.DONE
