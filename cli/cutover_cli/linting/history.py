"""What a newer policy may not do to an older one: forget, take back, or carry the same number."""

from collections.abc import Iterator

from cutover.contracts.policy import Facts, Rules
from cutover.domain.record import Fault
from cutover.domain.trust_history import lost
from cutover_cli.linting import at


def faults(new: Rules | Facts, old: Rules | Facts) -> Iterator[Fault]:
    """Both are rules, or both are facts. Pointers of lost history lead into the older facts, under ``/against``."""
    part = "rules" if isinstance(new, Rules) else "facts"
    if new.audience != old.audience:
        yield at("AUDIENCES_DIFFER", f"the older {part} are meant for {old.audience}", part, "audience")
    if new != old and new.version <= old.version:
        message = f"the older {part} are version {old.version}: raise it"
        yield at("VERSION_NOT_RAISED", message, part, "version")
    if isinstance(new, Facts) and isinstance(old, Facts):
        if new != old and new.issued_at <= old.issued_at:
            yield at("NOT_NEWER", "the older facts were issued then or later", part, "issued_at")
        for signatories, newer in ((old.keys, new.keys), (old.identities, new.identities)):
            for fault in lost(signatories, newer, issued_at=old.issued_at):
                yield fault.model_copy(update={"pointer": f"/against{fault.pointer}"})
