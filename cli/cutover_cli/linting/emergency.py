"""The emergency paths of products, and when people are asked again."""

from collections import Counter
from collections.abc import Iterator

from cutover.contracts.emergency import EmergencyRules, asked_less
from cutover.contracts.policy import Facts, Rules
from cutover.domain import bounded, quorum
from cutover.domain.record import Fault
from cutover_cli.linting import at


def faults(rules: Rules, facts: Facts) -> Iterator[Fault]:
    yield from _rising(rules.reminders, "rules", "reminders")
    for product, path in rules.emergency.items():
        where = ("rules", "emergency", product)
        if product not in rules.builds:
            message = f"{product} is nowhere to be built, so no release of it comes so far: list it in builds"
            yield at("PRODUCT_UNKNOWN", message, *where)
        yield from _rising(path.reminders, *where, "reminders")
        yield from _signers(path, facts, *where, "signers")
        if not path.after_action_within:
            message = "the after-action record would be overdue at the hand-off"
            yield at("DUE_AT_ONCE", message, *where, "after_action_within")


def _rising(times: tuple[int, ...], *where: str | int) -> Iterator[Fault]:
    if list(times) != sorted(set(times)):
        yield at("REMINDERS_UNORDERED", "name each time once, the shortest first", *where)


def _signers(path: EmergencyRules, facts: Facts, *where: str | int) -> Iterator[Fault]:
    for role, count in Counter(signer.role for signer in path.signers).items():
        if count > 1:
            yield at("ROLE_TWICE", f"{role} stands {count} times: use its count", *where)
    nobody = frozenset[str]()
    for seat in quorum.impossible(path.signers, facts=facts, barred=nobody, now=facts.issued_at):
        lacking = quorum.lacking(seat, facts=facts, barred=nobody, now=facts.issued_at)
        yield at(
            "QUORUM_IMPOSSIBLE", bounded.line(f"distinct people cannot fill it: {lacking} would be missing"), *where
        )


def warnings(rules: Rules, facts: Facts) -> Iterator[Fault]:
    """Emergencies that will be held, or of which nobody could write the record that is due."""
    for product, path in rules.emergency.items():
        for target, usual in rules.signers.items():
            if less := asked_less(usual, path.signers):
                message = f"an emergency for {target} is held: it would ask {', '.join(less)} less than usual"
                yield at("EMERGENCY_HELD", message, "rules", "emergency", product, "signers")
    if rules.emergency and not any(key.purpose == "after-action" for key in facts.keys):
        message = "no key for purpose after-action: the record that is due after an emergency has no author"
        yield at("AFTER_ACTION_WITHOUT_KEY", message, "facts", "keys")
