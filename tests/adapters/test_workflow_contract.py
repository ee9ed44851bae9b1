"""The contracts of ``Workflow``, ``Mailer`` and ``Clock``."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from cutover.adapters.ses_mailer import SesMailer
from cutover.adapters.stepfunctions_workflow import StepFunctionsWorkflow
from cutover.adapters.system_clock import SystemClock
from cutover.errors import DependencyUnavailable
from cutover.ports import Mail, Workflow
from tests.adapters import wire
from tests.adapters.conftest import IMPLEMENTATIONS, Clients
from tests.adapters.samples import CUTOVER, token
from tests.adapters.wire import always, on_the_wire
from tests.fakes.clock import START, FakeClock
from tests.fakes.mailer import FakeMailer
from tests.fakes.workflow import FakeWorkflow

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

MACHINE = '{"StartAt":"End","States":{"End":{"Type":"Succeed"}}}'
MAIL = Mail(to="ada@example.com", subject="Grüße", text="plain ✓", html="<p>rich ✓</p>")


@dataclass(frozen=True)
class OpenWorkflow:
    port: Workflow
    inputs: Callable[[], dict[str, str]]
    """Each execution's input by its name."""


@pytest.fixture
def sfn(aws: Clients) -> "SFNClient":
    client: SFNClient = aws("stepfunctions")
    return client


@pytest.fixture
def machine(sfn: "SFNClient") -> str:
    role = "arn:aws:iam::123456789012:role/machine"
    return sfn.create_state_machine(name="cutover", definition=MACHINE, roleArn=role)["stateMachineArn"]


@pytest.fixture(params=IMPLEMENTATIONS)
def workflow(request: pytest.FixtureRequest) -> OpenWorkflow:
    if request.param == "fake":
        fake = FakeWorkflow()
        return OpenWorkflow(fake, lambda: {name: raw.decode() for name, raw in fake.executions.items()})
    client: SFNClient = request.getfixturevalue("sfn")
    arn: str = request.getfixturevalue("machine")

    def inputs() -> dict[str, str]:
        found = client.list_executions(stateMachineArn=arn)["executions"]
        return {one["name"]: client.describe_execution(executionArn=one["executionArn"])["input"] for one in found}

    return OpenWorkflow(StepFunctionsWorkflow(client, state_machine_arn=arn), inputs)


def test_an_execution_starts_with_canonical_input(workflow: OpenWorkflow) -> None:
    workflow.port.start("shop-1", {"b": 1, "a": "é"})
    assert workflow.inputs() == {"shop-1": '{"a":"é","b":1}'}


def test_a_name_starts_once(workflow: OpenWorkflow) -> None:
    workflow.port.start("shop-1", {"first": True})
    workflow.port.start("shop-1", {"first": False})
    workflow.port.start("shop-2", {"first": True})
    assert workflow.inputs() == {"shop-1": '{"first":true}', "shop-2": '{"first":true}'}


def test_the_fake_wakes_who_waits_and_once() -> None:
    fake = FakeWorkflow()
    assert not fake.succeed(token())
    fake.wait("secret")
    assert fake.succeed(token())
    assert not fake.succeed(token())
    fake.wait("secret")
    fake.time_out("secret")
    assert not fake.succeed(token())
    assert fake.woken == [token()]


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_nobody_waits_any_more(sfn: "SFNClient", machine: str, code: str) -> None:
    with on_the_wire(sfn, "SendTaskSuccess", always(lambda: wire.error(400, code))):
        assert StepFunctionsWorkflow(sfn, state_machine_arn=machine).succeed(token()) is False


def test_a_waiting_execution_is_woken(sfn: "SFNClient", machine: str) -> None:
    with on_the_wire(sfn, "SendTaskSuccess", always(wire.success)) as tries:
        assert StepFunctionsWorkflow(sfn, state_machine_arn=machine).succeed(token()) is True
    sent = json.loads(wire.text(tries[0]))
    assert sent["taskToken"] == "secret"
    assert json.loads(sent["output"]) == {"cutover": CUTOVER, "revision": 1}


def test_a_denied_wake_up_is_not_taken_for_a_missing_waiter(sfn: "SFNClient", machine: str) -> None:
    adapter = StepFunctionsWorkflow(sfn, state_machine_arn=machine)
    denied = always(lambda: wire.error(400, "AccessDeniedException"))
    with on_the_wire(sfn, "SendTaskSuccess", denied), pytest.raises(ClientError):
        adapter.succeed(token())
    with on_the_wire(sfn, "StartExecution", denied), pytest.raises(ClientError):
        adapter.start("shop-1", {})


def test_an_overloaded_step_functions_is_unavailable(sfn: "SFNClient", machine: str) -> None:
    adapter = StepFunctionsWorkflow(sfn, state_machine_arn=machine)
    full = always(lambda: wire.error(400, "ExecutionLimitExceeded"))
    with on_the_wire(sfn, "StartExecution", full), pytest.raises(DependencyUnavailable):
        adapter.start("shop-1", {})


def test_a_mail_has_both_forms_in_utf8(aws: Clients) -> None:
    client = aws("sesv2")
    sent = always(lambda: wire.success(MessageId="m-1"))
    with on_the_wire(client, "SendEmail", sent) as tries:
        SesMailer(client, sender="cutover@example.com").send(MAIL)
    assert json.loads(wire.text(tries[0])) == {
        "FromEmailAddress": "cutover@example.com",
        "Destination": {"ToAddresses": ["ada@example.com"]},
        "Content": {
            "Simple": {
                "Subject": {"Data": "Grüße", "Charset": "UTF-8"},
                "Body": {
                    "Text": {"Data": "plain ✓", "Charset": "UTF-8"},
                    "Html": {"Data": "<p>rich ✓</p>", "Charset": "UTF-8"},
                },
            }
        },
    }


def test_throttled_mail_is_unavailable(aws: Clients) -> None:
    client = aws("sesv2")
    busy = always(lambda: wire.error(429, "TooManyRequestsException"))
    with on_the_wire(client, "SendEmail", busy), pytest.raises(DependencyUnavailable):
        SesMailer(client, sender="cutover@example.com").send(MAIL)


def test_the_fake_keeps_mail() -> None:
    fake = FakeMailer()
    fake.send(MAIL)
    assert fake.sent == [MAIL]


def test_the_system_clock_is_aware_and_present() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert now.utcoffset() == timedelta()
    assert before <= now <= datetime.now(UTC)


def test_the_fake_clock_stands_until_it_is_moved_forward() -> None:
    clock = FakeClock()
    assert clock.now() == clock.now() == START
    assert clock.move(timedelta(hours=1)) == clock.now() == START + timedelta(hours=1)
    assert clock.move_to(START + timedelta(hours=2)) == clock.now()
    with pytest.raises(ValueError, match="backwards"):
        clock.move_to(START)
