"""Settings, logging and wiring: the only composition root, imported by handlers alone."""
