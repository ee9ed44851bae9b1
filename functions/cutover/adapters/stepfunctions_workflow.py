"""Executions and task tokens of the one state machine."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cutover.adapters.aws_errors import code_of, translated
from cutover.domain import canonical
from cutover.domain.record import Token

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

_NOBODY_WAITS = frozenset({"InvalidToken", "TaskDoesNotExist", "TaskTimedOut"})


class StepFunctionsWorkflow:
    """Implements ``Workflow``."""

    def __init__(self, client: "SFNClient", *, state_machine_arn: str) -> None:
        self._client = client
        self._state_machine_arn = state_machine_arn

    def start(self, name: str, document: dict[str, object]) -> None:
        """``document`` is sent as canonical JSON.

        AWS answers a repeated start with success while name and input match a running execution, and with
        ``ExecutionAlreadyExists`` once it has ended or the input differs. Both mean that it was started.
        """
        try:
            with translated("StartExecution"):
                self._client.start_execution(
                    stateMachineArn=self._state_machine_arn,
                    name=name,
                    input=canonical.encode(document).decode(),
                )
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise

    def succeed(self, token: Token) -> bool:
        """The output only says whom it woke, for who reads the history; the record decides."""
        output = canonical.encode({"cutover": token.cutover, "revision": token.revision})
        try:
            with translated("SendTaskSuccess"):
                self._client.send_task_success(taskToken=token.value, output=output.decode())
        except ClientError as error:
            if code_of(error) in _NOBODY_WAITS:
                return False
            raise
        return True
