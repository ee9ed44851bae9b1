"""Which keys were trusted on a date, and what a newer list of them may not do to that history."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from cutover.contracts.policy import KeylessIdentity, TrustedKey
from cutover.domain import envelope as dsse
from cutover.domain.trust_history import Signatory, at, called, lost
from cutover.errors import Refused
from tests.building.keys import Key, seal
from tests.building.policy import instant

SECOND = timedelta(seconds=1)
FROM, UNTIL = instant("2026-01-01T00:00"), instant("2027-01-01T00:00")
ISSUED = instant("2026-06-01T00:00")


def key(name: str = "one", **changes: Any) -> TrustedKey:
    made = Key(f"history/{name}")
    said: dict[str, Any] = {
        "id": made.key_id, "purpose": "bind", "holder": name, "public_key": made.public_base64, "not_before": FROM,
        "not_after": UNTIL,
    }  # fmt: skip
    return TrustedKey(**said | changes)


def identity(**changes: Any) -> KeylessIdentity:
    said: dict[str, Any] = {
        "purpose": "provenance", "issuer": "https://token.example.com", "identity": "https://example.com/build.yml",
        "not_before": FROM, "not_after": UNTIL,
    }  # fmt: skip
    return KeylessIdentity(**said | changes)


@pytest.mark.parametrize(
    ("instant_", "standing"),
    [
        (FROM - SECOND, "not yet"),
        (FROM, "trusted"),
        (ISSUED - SECOND, "trusted"),
        (ISSUED, "revoked"),
        (UNTIL, "revoked"),
    ],
)
def test_a_revoked_key_was_trusted_before(instant_: datetime, standing: str) -> None:
    (entry,) = at([key(revoked_at=ISSUED)], instant_)
    assert (entry.standing, entry.trusted) == (standing, standing == "trusted")


@pytest.mark.parametrize("one", [key(), identity()])
def test_the_time_is_half_open(one: TrustedKey | KeylessIdentity) -> None:
    assert [entry.standing for when in (UNTIL - SECOND, UNTIL) for entry in at([one], when)] == ["trusted", "ended"]
    (entry,) = at([one], UNTIL)
    assert entry.reason == "ended at 2027-01-01T00:00:00Z"


@pytest.mark.parametrize("when", [FROM - SECOND, FROM, ISSUED - SECOND, ISSUED, UNTIL - SECOND, UNTIL])
@pytest.mark.parametrize("changes", [{}, {"revoked_at": ISSUED}, {"not_after": ISSUED}])
def test_it_says_what_verifying_does(when: datetime, changes: dict[str, Any]) -> None:
    one = key(**changes)
    sealed = seal("text/plain", b"hello", Key("history/one"))
    (entry,) = at([one], when)
    try:
        dsse.open_envelope(sealed, payload_type="text/plain", purpose="bind", keys=(one,), at=when)
    except Refused:
        assert not entry.trusted
    else:
        assert entry.trusted


def test_a_purpose_is_asked_for() -> None:
    everything: list[Signatory] = [key(), key("two", purpose="decide"), identity()]
    assert {entry.signatory.purpose for entry in at(everything, ISSUED)} == {"bind", "decide", "provenance"}
    assert [entry.signatory for entry in at(everything, ISSUED, purpose="decide")] == [everything[1]]


def test_the_order_is_not_that_of_the_document() -> None:
    everything: list[Signatory] = [
        key(), key("two", not_before=FROM - SECOND), identity(), identity(ref="refs/heads/main")
    ]  # fmt: skip
    assert at(everything, ISSUED) == at(list(reversed(everything)), ISSUED)


@pytest.mark.parametrize("make", [key, identity])
@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ({}, None, "KEY_HISTORY_LOST"),
        ({}, {"not_before": FROM + SECOND}, "KEY_HISTORY_LOST"),
        ({}, {"not_after": ISSUED - SECOND}, "KEY_HISTORY_LOST"),
        ({}, {"products": ("service",)}, "KEY_HISTORY_LOST"),
        ({"products": ("service", "web")}, {"products": ("service",)}, "KEY_HISTORY_LOST"),
        ({"revoked_at": ISSUED}, {}, "REVOCATION_TAKEN_BACK"),
        ({"revoked_at": ISSUED}, {"revoked_at": ISSUED + SECOND}, "REVOCATION_TAKEN_BACK"),
    ],
)
def test_history_is_not_rewritten(make: Any, before: dict[str, Any], after: dict[str, Any] | None, code: str) -> None:
    newer = [] if after is None else [make(**after)]
    assert [fault.code for fault in lost([make(**before)], newer, issued_at=ISSUED)] == [code]


@pytest.mark.parametrize("make", [key, identity])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {}),
        ({}, {"not_after": ISSUED}),
        ({}, {"not_after": UNTIL + SECOND}),
        ({}, {"not_before": FROM - SECOND}),
        ({}, {"revoked_at": FROM}),
        ({"revoked_at": ISSUED}, {"revoked_at": ISSUED - SECOND}),
        ({"products": ("service",)}, {"products": ("service", "web")}),
        ({"products": ("service",)}, {}),
    ],
)
def test_what_a_newer_list_may_do(make: Any, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert list(lost([make(**before)], [make(**after)], issued_at=ISSUED)) == []


def test_another_key_under_its_id_is_not_the_key() -> None:
    other = key(public_key=Key("history/two").public_base64)
    assert [fault.code for fault in lost([key()], [other], issued_at=ISSUED)] == ["KEY_HISTORY_LOST"]


def test_a_key_that_moved_to_another_purpose_is_lost() -> None:
    (fault,) = lost([key()], [key(purpose="decide")], issued_at=ISSUED)
    assert (fault.code, fault.pointer) == ("KEY_HISTORY_LOST", "/keys/0")
    assert called(key()) in fault.message
