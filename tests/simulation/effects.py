"""Which calls of a port change something outside of the function: there a fault matters most."""

EFFECTS = frozenset(
    {
        "records.commit", "records.clear_signal", "records.nudge", "store.put", "store.put_tombstone",
        "store.put_ledger_head", "store.put_handoff", "store.put_notice", "deployment.send", "exceptions.send",
        "tokens.put", "tokens.delete", "workflow.start", "workflow.succeed", "mailer.send",
    }
)  # fmt: skip

SELDOM = frozenset(
    {
        "store.put_handoff", "store.has_handoff", "store.get_handoff", "store.put_notice", "store.put_tombstone",
        "store.has_tombstone", "store.locate", "exceptions.send", "records.payload_owner", "records.slot",
        "records.ledger", "source.artifact", "tokens.put", "tokens.delete", "links_mac.generate", "workflow.succeed",
    }
)  # fmt: skip
"""Calls that a run makes once or twice, if at all. Without more weight, few seeds let any of them fail."""


def is_effect(call: str) -> bool:
    return call in EFFECTS


def weight(call: str) -> int:
    """How many times as often as at a common reading a fault happens at this call."""
    return 5 if call in SELDOM else 3 if is_effect(call) else 1
