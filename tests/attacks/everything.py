"""All cases, whichever file they stand in."""

from tests.attacks.cases import ATTACKS as ATTACKS  # noqa: PLC0414 - what this module is for
from tests.attacks.tries import (
    altered,
    clocks,
    ended,
    forms,
    guesses,
    injection,
    keys,
    passkeys,
    people,
    registering,
    replays,
    scanners,
    sites,
    slack,
)

MODULES = (
    scanners,
    replays,
    altered,
    sites,
    injection,
    people,
    ended,
    slack,
    clocks,
    guesses,
    forms,
    keys,
    passkeys,
    registering,
)
