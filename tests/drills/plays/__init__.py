"""Each drill as it is played: a function that is told its story, and makes its end by real events alone."""

from collections.abc import Callable

from tests.drills.plays.compromise import key_compromise
from tests.drills.plays.contested import contested_approval
from tests.drills.plays.expired import expired_key
from tests.drills.plays.failure import partial_failure
from tests.drills.plays.waiver import late_waiver
from tests.drills.plays.withdrawn import withdrawn_after_hand_off
from tests.drills.story import Story

PLAYS: dict[str, Callable[[Story], None]] = {
    "contested-approval": contested_approval,
    "expired-key": expired_key,
    "partial-failure": partial_failure,
    "late-waiver": late_waiver,
    "withdrawn-after-hand-off": withdrawn_after_hand_off,
    "key-compromise": key_compromise,
}
"""In the order of their windows."""
