"""Pure rules: no service, no environment, no clock and no network is reachable from here."""
