"""``make reliability``: what was run against the protocol, how often, and what it found. Writes docs/reliability.md."""
