"""Commands that only look: what there is, where it stands, how it came there, why it waits, and for whom."""
