"""The demo's own judgement: the main road, the page's form, links in mails, logs, and who may work in its folder."""

import io
import json
import multiprocessing
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cutover.domain import canonical
from cutover.domain.record import Admission, Fault, Status
from cutover_cli.demo import approvers, follow, mails, road
from cutover_cli.demo.errors import BuildFailed, DemoBusy, NotAsPromised, ReleaseStopped, StepTimedOut
from cutover_cli.demo.follow import Follower
from cutover_cli.demo.forms import Page
from cutover_cli.demo.logs import error_of, errors_in
from cutover_cli.demo.progress import Progress
from cutover_cli.demo.workspace import Workspace
from cutover_cli.local.stack import Mail
from cutover_cli.output import Exit
from tests.fakes.records import InMemoryRecords
from tests.fakes.store import InMemoryStore

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DIGEST = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def definition(repository: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((repository / "statemachine" / "cutover.asl.json").read_text("utf-8"))
    return document


def test_the_main_road_leads_from_admit_to_handed_off_through_every_branch(definition: dict[str, Any]) -> None:
    found = road.main_road(definition)
    assert found[:2] == ["Begin", "Admit"]
    assert found[-1] == "HandedOff"
    inner = {name for state in definition["States"].values() for name in road.branches_of(state)}
    assert len(inner) > 1
    assert inner <= set(found)
    assert not [name for name in found if name.endswith("Failed")]


def test_a_wait_may_be_entered_again(definition: dict[str, Any]) -> None:
    entered = road.main_road(definition)
    again = entered.index("WasApproved") + 1
    loop = ["RequestApproval", "WasRequested", "AwaitApproval", "ReadApproval", "WasApproved"]
    road.check([*entered[:again], *loop, *entered[again:]], definition)


def _without(entered: Sequence[str]) -> list[str]:
    return [name for name in entered if name != "VerifyLineage"]


def _astray(entered: Sequence[str]) -> list[str]:
    return [*entered, "RecordFailure"]


def _backwards(entered: Sequence[str]) -> list[str]:
    return list(reversed(entered))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_without, "never entered VerifyLineage"),
        (_astray, "left the main road: RecordFailure"),
        (_backwards, "in another order"),
    ],
)
def test_any_other_way_is_not_the_main_road(change: Any, problem: str, definition: dict[str, Any]) -> None:
    with pytest.raises(NotAsPromised, match=problem):
        road.check(change(road.main_road(definition)), definition)


def test_a_branch_shows_by_the_answer_of_its_task(definition: dict[str, Any]) -> None:
    output = json.dumps({"StatusCode": 200, "Payload": {"section": "flags", "result": "sha256:00"}})
    history = [
        {"stateEnteredEventDetails": {"name": "Collect"}},
        {"taskSucceededEventDetails": {"output": output}},
        {"taskSucceededEventDetails": {"output": json.dumps({"Payload": {"section": "unheard-of"}})}},
    ]
    assert road.visited(history, definition) == ["Collect", "CollectFlags"]


PAGE = f"""<html><head><title>t</title></head><body>
<span class="digest"><b>{DIGEST[:8]}</b>{DIGEST[8:]}</span>
<form method="post"><input type="hidden" name="nonce" value="n&amp;1">
<input type="checkbox" name="intent" value="yes" required><input type="checkbox" name="risk" value="moderate" required>
<input type="checkbox" name="exception" value="one"><input type="checkbox" name="exception" value="two">
<input type="text" name="digest"><button name="decision" value="approve">Approve</button></form>
<form method="post"><input type="hidden" name="nonce" value="n&amp;1"><textarea name="reason"></textarea>
<button name="decision" value="refuse">Refuse</button></form></body></html>"""


def test_an_approver_fills_in_the_form_that_approves() -> None:
    page = Page(PAGE)
    form = page.form_with("decision", "approve")
    assert form is not None
    assert page.digest == DIGEST
    assert approvers.answers(form, page.digest) == {
        "nonce": "n&1",
        "decision": "approve",
        "digest": "01234567",
        "intent": ["yes"],
        "risk": ["moderate"],
        "exception": ["one", "two"],
    }


def test_a_page_without_that_form_offers_no_approval() -> None:
    assert Page(PAGE.replace('value="approve"', 'value="other"')).form_with("decision", "approve") is None


def _mail(text: str) -> Mail:
    return Mail("id-1", "cutover@example.com", ("ana@example.com",), "Approve: 14ü16", text, "<p>hello</p>", NOW)


def test_a_mail_has_one_link_however_often_it_stands_there() -> None:
    link = "http://a1b2.execute-api.localhost:4566/approvals/ABC_-9"
    assert mails.link_in(_mail(f"Open {link}\nAgain: {link}")) == link


@pytest.mark.parametrize("text", ["no link", "http://a/approvals/A http://a/approvals/B"])
def test_a_mail_without_exactly_one_link_is_not_as_promised(text: str) -> None:
    with pytest.raises(NotAsPromised):
        mails.link_in(_mail(text))


def test_a_kept_mail_opens_in_a_mail_program(tmp_path: Path) -> None:
    mails.keep([_mail("text ü here")], tmp_path)
    message = message_from_bytes((tmp_path / "1-ana.eml").read_bytes(), policy=default)
    assert message["Subject"] == "Approve: 14ü16"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert plain.get_content().strip() == "text ü here"
    assert html is not None


def test_an_error_is_shown_without_what_could_be_a_secret() -> None:
    line = json.dumps({"level": "ERROR", "message": "failed with " + "Ab1_" * 20, "exception_name": "KeyError"})
    assert error_of(line) == "KeyError: failed with […]"


@pytest.mark.parametrize("line", [json.dumps({"level": "INFO", "message": "started"}), "START RequestId: 1", "[]", ""])
def test_other_lines_are_no_errors(line: str) -> None:
    assert error_of(line) is None


def test_the_last_line_of_a_traceback_is_what_is_said() -> None:
    lines = ["Traceback (most recent call last):", '  File "a.py", line 1', "    boom()", "KeyError: 'x'"]
    assert errors_in(["START", *lines, "END"]) == ["KeyError: 'x'"]
    assert errors_in(["\n".join(lines)]) == ["KeyError: 'x'"]


def _hold(folder: Path, held: Any, release: Any) -> None:
    with Workspace(folder).occupied():
        held.set()
        release.wait(30)


def test_a_second_demo_is_refused_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    first = context.Process(target=_hold, args=(tmp_path, held, release))
    first.start()
    assert held.wait(30)
    with pytest.raises(DemoBusy, match=f"process {first.pid}"), Workspace(tmp_path).occupied():
        pytest.fail("two demos at once")
    first.kill()
    first.join(30)
    with Workspace(tmp_path).occupied():
        assert (tmp_path / "lock").read_text("utf-8").strip().isdigit()


def test_results_of_an_earlier_run_are_gone_and_its_keys_stay(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    place.clear()
    place.keys.mkdir()
    place.notices.mkdir()
    kept, beside = place.keys / "ci.pem", (place.ledger, place.notices / "1.json")
    for file in (place.handoff, place.trust, *beside, place.documents / "00", place.mail / "1.eml", kept):
        file.touch()
    place.clear()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [kept]


class IdleStack:
    """A stack on which no execution was ever started."""

    def executions(self) -> list[str]:
        return []


def _follower(records: InMemoryRecords, store: InMemoryStore, progress: Progress) -> Follower:
    stack: Any = IdleStack()
    admission = canonical.digest(b"envelope")
    return Follower(stack, progress, admission=admission, definition={"States": {}}, records=records, store=store)


def test_a_refused_candidate_is_told_with_its_faults() -> None:
    records, said = InMemoryRecords(), io.StringIO()
    fault = Fault(pointer="/audience", code="WRONG_AUDIENCE", message="meant for another Cutover")
    admission = Admission(
        digest=canonical.digest(b"envelope"), status=Status.REFUSED, received_at=NOW, correlation_id="event-1",
        faults=(fault,), reason="WRONG_AUDIENCE",
    )  # fmt: skip
    records._set(admission)
    follower = _follower(records, InMemoryStore(), Progress(Console(file=said), 1))
    with pytest.raises(ReleaseStopped) as stopped:
        follower.until("question", follower.reached(Status.AWAITING_APPROVAL), seconds=30)
    assert "/audience: meant for another Cutover (WRONG_AUDIENCE)" in str(stopped.value)
    assert stopped.value.exit_code is Exit.REFUSED


def test_what_never_comes_is_told_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "last_errors", lambda _stack: " No function logged an error.")
    follower = _follower(InMemoryRecords(), InMemoryStore(), Progress(Console(file=io.StringIO()), 1))
    with pytest.raises(StepTimedOut, match=r"no admission within 0 s\. No function logged an error"):
        follower.until("admission", follower.admission, seconds=0)


def test_a_failed_step_is_marked_and_its_error_passes() -> None:
    said = io.StringIO()
    progress = Progress(Console(file=said, width=200), 2)
    with progress.step("First"):
        progress.say("[not] markup")
    with pytest.raises(BuildFailed), progress.step("Second"):
        raise BuildFailed("no wheel")
    lines = [line.strip() for line in said.getvalue().splitlines()]
    assert [line.partition(" in ")[0].partition(" after ")[0] for line in lines] == [
        "[1/2]   First", "[not] markup", "done", "[2/2]   Second", "failed"
    ]  # fmt: skip
