"""Every (function, row) pair of the protocol against the deployed grants, what each row takes written out by hand.

`test_leading_keys` measures what the code writes, and allows that and no more. Here it says what a row needs by
DESIGN §5: two of us have to be wrong in the same way before a transition is refused by IAM, or a stranger can take it.
"""

import pytest

from cutover.domain import transitions
from tests.infra.reading import Assembled

MAIN, STORE = "{Tables/Main}", "{Store/Store}"
PUT, DELETE = "dynamodb:PutItem", "dynamodb:DeleteItem"
CHECK_OR_PUT_LANE = ("dynamodb:ConditionCheckItem", PUT)

ADMISSIONS = {
    "announced": {"ADMISSION"},
    "refused": {"ADMISSION"},
    "waits": {"ADMISSION"},
    "admitted": {"ADMISSION", "CUTOVER", "LANE", "PAYLOAD"},
    "superseded": {"ADMISSION", "CUTOVER", "LANE", "PAYLOAD"},
}
"""Rows that move an admission, and the kinds of items that they put besides the ledger's."""
ENDS = {"superseded", "resolved", "drifted", "declined", "expired", "withdrawn", "rehearsed"}
"""The lane says so, a tombstone stands first."""
NEVER_BOUND = {("declined", "bind"), ("rehearsed", "bind"), ("resolved", "resolutions")}
"""From `verifying` or `held` no slot was ever claimed, so none is given back."""
KEEPS_ITS_SLOT = {"handed-off", "uncertain"}
BY_NONCE = {"approvals", "resolutions", "withdrawals", "receipts"}
"""Writers whose every event counts once."""
SUPERSEDES = {"superseded", "resolved", "drifted"}
PAIRS = [(event, writer) for event, row in transitions.TABLE.items() for writer in row.writers]
ENDING = [(event, writer) for event, writer in PAIRS if event in ENDS]


def function_of(writer: str) -> str:
    return "".join(part.capitalize() for part in writer.split("-"))


def may(stage: Assembled, function: str, action: str, kind: str) -> bool:
    """Whether a function may do this to items of the main table whose key begins with a kind."""
    return any(
        each.action == action and each.resource == MAIN and f"{kind}#*" in each.when
        for each in stage.permissions[function]
    )


def may_put_object(stage: Assembled, function: str, prefix: str) -> bool:
    return any(
        each.action == "s3:PutObject" and each.resource.startswith(f"{STORE}/{prefix}")
        for each in stage.permissions[function]
    )


@pytest.mark.parametrize(("event", "writer"), PAIRS, ids=str)
def test_who_takes_a_row_may_write_all_of_it(stage: Assembled, event: str, writer: str) -> None:
    function = function_of(writer)
    wanted = {"CHAIN"} | ADMISSIONS.get(event, {"CUTOVER"})
    if event in ENDS | KEEPS_ITS_SLOT:
        wanted |= {"LANE"}
    if event == "bound":
        wanted |= {"SLOT"}
    if writer in BY_NONCE:
        wanted |= {"NONCE"}
    assert {kind for kind in wanted if not may(stage, function, PUT, kind)} == set()
    if event not in ADMISSIONS:
        assert any(may(stage, function, action, "LANE") for action in CHECK_OR_PUT_LANE)


@pytest.mark.parametrize(("event", "writer"), ENDING, ids=str)
def test_who_ends_a_revision_may_say_so_first_and_give_its_window_back(
    stage: Assembled, event: str, writer: str
) -> None:
    function = function_of(writer)
    assert may_put_object(stage, function, "tombstones/")
    if (event, writer) not in NEVER_BOUND:
        assert may(stage, function, DELETE, "SLOT")
    if event in SUPERSEDES:
        assert may_put_object(stage, function, "sha256/")


def test_who_takes_no_row_that_ends_cannot_put_a_tombstone_or_free_a_window(stage: Assembled) -> None:
    ending = {function_of(writer) for event, writer in PAIRS if event in ENDS}
    for function in set(stage.permissions) - ending:
        assert not may_put_object(stage, function, "tombstones/"), function
        assert not may(stage, function, DELETE, "SLOT"), function


def test_a_hand_off_s_window_is_freed_by_nobody_who_only_learns_of_it(stage: Assembled) -> None:
    assert not may(stage, "Receipts", DELETE, "SLOT")


@pytest.mark.parametrize("kind", ["PAYLOAD", "SLOT", "LANE", "ADMISSION", "NONCE", "CUTOVER"])
def test_each_kind_of_item_is_put_by_those_whose_rows_take_it(stage: Assembled, kind: str) -> None:
    """Beside rows: notes of failures and after-action records, the clock's next attempt, orders to the brake."""
    opening = {function_of(writer) for event, writer in PAIRS if event in {"admitted", "superseded"}}
    rows = {
        "PAYLOAD": opening,
        "SLOT": {"Bind"},
        "LANE": {function_of(writer) for event, writer in PAIRS if event in ENDS | KEEPS_ITS_SLOT} | opening,
        "ADMISSION": {function_of(writer) for event, writer in PAIRS if event in ADMISSIONS} | {"Clock"},
        "NONCE": {function_of(writer) for writer in BY_NONCE}
        | {"AfterActions", "BrakeOrders", "Deliveries", "Feedback", "Invitations"},
        "CUTOVER": {function_of(writer) for event, writer in PAIRS if event not in {"announced", "refused", "waits"}}
        | {"AfterActions", "RecordFailure"},
    }
    putting = {name for name in stage.permissions if may(stage, name, PUT, kind)}
    assert putting == rows[kind]
