"""The state machine's definition: within the common ground of its three readers, and in step with the code."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from cutover import errors
from cutover.contracts.evidence import Section
from cutover.domain.checks import FAMILIES
from cutover.domain.record import FINAL, LIVE, Status
from cutover.domain.transitions import TABLE
from cutover.domain.waits import STATES as WAITS
from cutover.stages.assemble.assembling import SECTIONS
from cutover.stages.flow import FENCED, RecordReference

REPOSITORY = Path(__file__).resolve().parents[2]
DEFINITION: dict[str, Any] = json.loads((REPOSITORY / "statemachine/cutover.asl.json").read_text())
FIELDS = {
    "Task": {
        "Comment", "Type", "Resource", "Parameters", "ResultSelector", "ResultPath", "Retry", "Catch", "Next", "End",
        "TimeoutSeconds",
    },
    "Parallel": {"Comment", "Type", "Branches", "ResultPath", "Catch", "Next"},
    "Choice": {"Comment", "Type", "Choices", "Default"},
    "Wait": {"Comment", "Type", "Seconds", "Next"},
    "Pass": {"Comment", "Type", "Result", "Next", "End"},
    "Succeed": {"Comment", "Type"},
    "Fail": {"Comment", "Type", "Error", "Cause"},
}  # fmt: skip
"""Classic JSONPath as AWS, ministack and moto all read it (DESIGN §8)."""
RETRIER = {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy"}


def states(machine: dict[str, Any] = DEFINITION) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state with its name, those of branches too."""
    for name, state in machine["States"].items():
        yield name, state
        for branch in state.get("Branches", ()):
            yield from states(branch)


ALL = dict(states())
TASKS = {name: state for name, state in ALL.items() if state["Type"] == "Task"}
CALLBACKS = {name: state for name, state in TASKS.items() if state["Resource"].endswith(".waitForTaskToken")}


def machines(machine: dict[str, Any] = DEFINITION) -> Iterator[dict[str, Any]]:
    yield machine
    for state in machine["States"].values():
        for branch in state.get("Branches", ()):
            yield from machines(branch)


def successors(state: dict[str, Any]) -> set[str]:
    named = [state.get("Next"), state.get("Default"), *(each["Next"] for each in state.get("Catch", ()))]
    return {name for name in (*named, *(each["Next"] for each in state.get("Choices", ()))) if name}


@pytest.mark.parametrize("name", ALL)
def test_a_state_uses_the_common_ground_only(name: str) -> None:
    state = ALL[name]
    assert set(state) <= FIELDS[state["Type"]]
    for retrier in state.get("Retry", ()):
        assert set(retrier) <= RETRIER
    for catcher in state.get("Catch", ()):
        assert set(catcher) == {"ErrorEquals", "ResultPath", "Next"}
    for choice in state.get("Choices", ()):
        assert set(choice) == {"Variable", "StringEquals", "Next"}


def test_no_name_stands_twice_and_no_intrinsic_function_is_called() -> None:
    assert len(list(states())) == len(ALL)
    assert not re.search(r'"States\.[A-Z]\w*\(', json.dumps(DEFINITION))
    assert set(DEFINITION) == {"Comment", "StartAt", "TimeoutSeconds", "States"}


def test_every_way_leads_somewhere_and_every_state_is_reached() -> None:
    for machine in machines():
        reached, ahead = set(), [machine["StartAt"]]
        while ahead:
            name = ahead.pop()
            if name not in reached:
                reached.add(name)
                ahead.extend(successors(machine["States"][name]))
        assert reached == set(machine["States"])


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_wait_has_a_literal_end_and_is_never_retried(name: str) -> None:
    """Every exit of a wait, the timeout included, goes through a read of the record."""
    wait = CALLBACKS[name]
    assert isinstance(wait["TimeoutSeconds"], int)
    assert "Retry" not in wait
    (catcher,) = wait["Catch"]
    pause = ALL[catcher["Next"]]
    assert (catcher["ErrorEquals"], pause["Type"], pause["Next"]) == (["States.ALL"], "Wait", wait["Next"])
    assert pause["Seconds"] >= 60, "a wait that cannot store its token must not spin"
    assert "${ReadRecordArn}" in json.dumps(ALL[wait["Next"]])
    assert wait["Parameters"]["Payload"]["state"] == name


def test_the_waits_are_those_that_the_code_knows() -> None:
    assert set(CALLBACKS) == set(WAITS)
    assert {state["Parameters"]["FunctionName"] for state in CALLBACKS.values()} == {"${AwaitTokenArn}"}


@pytest.mark.parametrize("name", [name for name in TASKS if name not in CALLBACKS])
def test_a_task_is_retried_and_its_failure_caught(name: str) -> None:
    transient, unknown = TASKS[name]["Retry"]
    assert {each.__name__ for each in leaves(errors.TransientError)} <= set(transient["ErrorEquals"])
    assert unknown["ErrorEquals"] == ["States.TaskFailed"]
    assert unknown["MaxAttempts"] < transient["MaxAttempts"]
    (catcher,) = TASKS[name]["Catch"]
    assert catcher["ErrorEquals"] == ["States.ALL"]
    target = ALL[catcher["Next"]]
    assert catcher["Next"] in {"RecordFailure", "Failed"} or target.get("Result", {}).get("result", 0) is None or (
        target.get("Result", {}).get("findings", 0) is None
    )  # fmt: skip


def leaves(root: type[Exception]) -> set[type[Exception]]:
    below = root.__subclasses__()
    return {leaf for each in below for leaf in leaves(each)} if below else {root}


def test_errors_are_named_as_the_code_names_them() -> None:
    known = {leaf.__name__ for leaf in leaves(errors.CutoverError) if leaf.__module__ == errors.__name__}
    named = {
        error
        for state in ALL.values()
        for each in (*state.get("Retry", ()), *state.get("Catch", ()))
        for error in each["ErrorEquals"]
    }
    # Powertools' own: raised while another try of the same admission may still run, or was killed.
    own = {name for name in named if not name.startswith(("States.", "Lambda."))} - {
        "IdempotencyAlreadyInProgressError"
    }
    assert own
    assert own <= known


def test_the_errors_drawing_is_the_tree() -> None:
    """Every class stands in the module's docstring, under its parent."""
    drawing = (errors.__doc__ or "").splitlines()
    drawn = {match[2]: len(match[1]) for line in drawing if (match := re.match(r"(\s*[│├└─\s]*)([A-Z]\w+)", line))}
    for name, each in vars(errors).items():
        if isinstance(each, type) and issubclass(each, errors.CutoverError) and each is not errors.CutoverError:
            assert drawn[name] > drawn[each.__mro__[1].__name__]


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def test_every_function_has_a_folder_and_every_folder_is_called() -> None:
    called = {snake(name) for name in re.findall(r"\$\{(\w+)Arn\}", json.dumps(DEFINITION))}
    folders = {path.parent.name for path in (REPOSITORY / "functions/cutover/stages").glob("*/handler.py")}
    assert called == folders


def test_every_section_and_family_has_its_branch() -> None:
    """Row 24: a family without a branch would hold every release, one without a check would hold none."""
    collected = [branch["States"][branch["StartAt"]] for branch in ALL["Collect"]["Branches"]]
    assert [each["Parameters"]["Payload"]["section"] for each in collected] == list(SECTIONS)
    assert set(SECTIONS) | {"candidate"} == set(get_args(Section))
    verified = [branch["States"][branch["StartAt"]] for branch in ALL["Verify"]["Branches"]]
    assert {each["Parameters"]["Payload"]["family"] for each in verified} == set(FAMILIES)


def test_it_begins_with_a_candidate_or_with_a_revision() -> None:
    """``doors.relay`` gives the input: ``begin`` and what the first task of either way reads."""
    begin = ALL[DEFINITION["StartAt"]]
    assert begin["Choices"] == [{"Variable": "$.begin", "StringEquals": "resume", "Next": "Resume"}]
    assert begin["Default"] == "Admit"
    assert ALL["Resume"]["Parameters"]["Payload"] == {"record.$": "$.record"}
    assert ALL["Admit"]["Parameters"]["Payload"] == {"admission.$": "$.admission", "attempt.$": "$.attempt"}


def test_what_flows_on_is_a_whole_reference() -> None:
    """The execution's number with it: without that, nobody could tell a fenced one from its successor."""
    selectors = {name: state["ResultSelector"] for name, state in TASKS.items() if state["ResultPath"] == "$.record"}
    assert selectors.keys() >= {"Admit", "Resume", "Assemble", "Bind", "RequestApproval", "HandOff"}
    whole = {f"{field}.$": f"$.Payload.{field}" for field in RecordReference.model_fields}
    for name, selector in selectors.items():
        assert selector == whole, name


def test_an_admission_that_waits_looks_again() -> None:
    routed = {choice["StringEquals"]: choice["Next"] for choice in ALL["WasAdmitted"]["Choices"]}
    lane = ALL[routed["admitting"]]
    assert (lane["Type"], lane["Next"]) == ("Wait", "Admit")
    assert ALL[ALL["AwaitLease"]["Next"]]["Parameters"]["FunctionName"] == "${HandOffArn}"


def test_every_end_of_a_record_is_a_state_of_its_own() -> None:
    ends = {choice["StringEquals"]: choice["Next"] for choice in ALL["Ended"]["Choices"]}
    assert len(set(ends.values())) == len(ends)
    assert ends.pop(FENCED) == "Fenced"
    assert ALL["Fenced"]["Type"] == "Succeed", "another execution goes on: nothing failed"
    assert set(ends) == {status.value for status in FINAL}
    kinds = {status: ALL[state]["Type"] for status, state in ends.items()}
    assert kinds.pop("uncertain") == "Fail", "somebody must be alarmed"
    assert set(kinds.values()) == {"Succeed"}
    assert ALL["Ended"]["Default"] == "RecordFailure"
    compared = {each["StringEquals"] for state in ALL.values() for each in state.get("Choices", ())}
    assert compared <= {status.value for status in Status} | {FENCED, "resume"}


OWN = {
    "${AssembleArn}": "assemble", "${BindArn}": "bind", "${RequestApprovalArn}": "request-approval",
    "${AwaitTokenArn}": "await-token", "${HandOffArn}": "hand-off",
}  # fmt: skip
"""Whom only the execution itself calls; everybody else may write at any moment."""
MOVES_ON = {"Assemble": Status.COLLECTING, "Bind": Status.VERIFYING, "RequestApproval": Status.BOUND}
"""What a stage never leaves as it was: an answer that says so is a fault, and recorded as one."""


def later(found: frozenset[str], writer: str | None) -> frozenset[str]:
    """What the record may say some time later, when ``writer`` runs for this execution."""
    reached, ahead = set(), set(found)
    while ahead:
        status = ahead.pop()
        reached.add(status)
        for row in TABLE.values():
            taken = {who for who, sources in row.writers.items() if status in sources}
            if row.target is not None and taken - (set(OWN.values()) - {writer}):
                ahead |= {row.target.value} - reached
    return frozenset(reached)


def found_at() -> dict[str, frozenset[str]]:
    """Each state of the outermost machine with what the record may say when it is entered."""
    anywhere = frozenset(status.value for status in LIVE | FINAL | {Status.HANDING_OFF}) - {"refused"}
    found = {"Admit": frozenset({"admitting"}), "Resume": anywhere}
    ahead = list(found)
    while ahead:
        name = ahead.pop()
        for target, statuses in onward(name, found[name]):
            if not statuses <= found.get(target, frozenset()):
                found[target] = found.get(target, frozenset()) | statuses
                ahead.append(target)
    return found


def onward(name: str, found: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    state = ALL[name]
    if state["Type"] == "Choice":
        routed = {choice["StringEquals"]: choice["Next"] for choice in state["Choices"]}
        for status in found:
            yield routed.get(status, state["Default"]), frozenset({status})
        return
    after = later(found, OWN.get(state.get("Parameters", {}).get("FunctionName", "")))
    if name == "Admit":
        after = frozenset({"admitting", "refused"}) | later(frozenset({"collecting"}), None)
    if state.get("ResultPath") == "$.record":
        after |= {FENCED}
    answered = after - {MOVES_ON[name].value} if name in MOVES_ON else after
    for target in successors(state):
        yield target, answered if target == state.get("Next") else after


@pytest.mark.parametrize("name", [name for name, state in DEFINITION["States"].items() if state["Type"] == "Choice"])
def test_whatever_a_choice_can_find_leads_on(name: str) -> None:
    """Others write while a stage runs: between any two readings the record may have gone several rows on."""
    if name == DEFINITION["StartAt"]:
        return
    routed, ended = ({choice["StringEquals"] for choice in ALL[each]["Choices"]} for each in (name, "Ended"))
    default = ended if ALL[name]["Default"] == "Ended" else set()
    assert found_at()[name] - routed - default == set()


def test_a_resumed_revision_goes_on_wherever_it_stands() -> None:
    routed = {choice["StringEquals"] for choice in ALL["WasResumed"]["Choices"]}
    assert routed == {status.value for status in LIVE | {Status.HANDING_OFF}}


def test_the_machine_outlives_its_waits() -> None:
    assert DEFINITION["TimeoutSeconds"] > max(state["TimeoutSeconds"] for state in CALLBACKS.values())
