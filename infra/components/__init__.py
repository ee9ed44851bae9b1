"""Building blocks of the stack. None of them grants anything: `infra.stack` does, from `infra.grants`."""
