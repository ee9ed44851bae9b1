"""Attacks as data: what somebody tries, what keeps it from working, and how the page answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.attacks.exchange import Ended, Reply, Seat
from tests.attacks.scene import Scene

FAMILIES = (
    "prefetch and scanners", "replay", "altered link", "cross-site post", "framing", "injection", "self-approval",
    "one person twice", "ended revision", "late and at once", "slack", "clock skew",
    "guessing", "oversize and malformed", "methods and content types", "keys", "passkeys",
)  # fmt: skip
After = Literal["decides", "decided", "over"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attack went: the answer to its decisive request, and whether the attacker has what they wanted.

    ``whose``: who was attacked, if it is not who was asked.
    """

    reply: Reply | Ended
    gained: bool
    whose: Seat | None = None


@dataclass(frozen=True, slots=True)
class Attack:
    """One case. ``defences`` name entries of ``defences.DEFENCES``; each by itself is enough.

    ``answers``: each ``status CODE`` that the decisive request may get. ``after``: what the person finds who was
    asked. They can still decide; or their decision, made meanwhile, stands; or the release is over, and says so.
    ``stack``: it is tried on the local stack too; ``alone``: there with a release of its own.
    ``works``: it is known to succeed, and said so. ``passkey``: the seat that is attacked demands one.
    """

    family: str
    name: str
    tries: str
    defences: tuple[str, ...]
    answers: tuple[str, ...]
    run: Callable[[Scene], Attempt]
    after: After = "decides"
    stack: bool = True
    alone: bool = False
    works: bool = False
    passkey: bool = False


ATTACKS: list[Attack] = []


def attack(
    family: str, tries: str, *, by: str | tuple[str, ...], answer: str | tuple[str, ...], after: After = "decides",
    stack: bool = True, alone: bool = False, works: bool = False, passkey: bool = False,
) -> Callable[[Callable[[Scene], Attempt]], Callable[[Scene], Attempt]]:  # fmt: skip
    """Registers the function as a case, under its own name."""

    def register(run: Callable[[Scene], Attempt]) -> Callable[[Scene], Attempt]:
        ATTACKS.append(
            Attack(
                family=family, name=run.__name__, tries=tries, defences=_several(by), answers=_several(answer), run=run,
                after=after, stack=stack, alone=alone, works=works, passkey=passkey,
            )
        )  # fmt: skip
        return run

    return register


def _several(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else given
