"""Which calls of a port change something outside of the function: there a fault matters most."""

EFFECTS = frozenset(
    {
        "records.commit", "records.clear_signal", "records.nudge", "store.put", "store.put_tombstone",
        "store.put_ledger_head", "store.put_handoff", "store.put_notice", "deployment.send", "exceptions.send",
        "tokens.put", "tokens.delete", "workflow.start", "workflow.succeed", "mailer.send",
    }
)  # fmt: skip


def is_effect(call: str) -> bool:
    return call in EFFECTS
