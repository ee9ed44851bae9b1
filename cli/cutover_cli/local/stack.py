"""A running local stack from outside: what an operator, CI, an approver or a consumer does with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from cutover_cli.local.clients import Clients
from cutover_cli.local.surroundings import ACCOUNT, LOOPBACK

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef


@dataclass(frozen=True)
class Mail:
    """One message as SES took it. `html` is empty where only text was sent."""

    message_id: str
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    sent_at: datetime


@dataclass(frozen=True)
class PageAddress:
    """Where a page answers. A browser opens `browser_url`; others send `headers` to `url`.

    Few resolvers know `<id>.execute-api.localhost`, but every browser takes *.localhost for loopback.
    """

    browser_url: str
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class LocalStack:
    """One deployed stack. `functions` maps a function's name in the template to its deployed name."""

    endpoint: str
    stack_name: str
    root_fingerprint: str
    outputs: Mapping[str, str]
    functions: Mapping[str, str]
    reused: bool = field(default=False, compare=False)

    def document(self) -> dict[str, Any]:
        """All of it as plain JSON, for `from_document`."""
        return {
            "endpoint": self.endpoint,
            "stack_name": self.stack_name,
            "root_fingerprint": self.root_fingerprint,
            "outputs": dict(self.outputs),
            "functions": dict(self.functions),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "LocalStack":
        """A stack that was brought up before."""
        names = ("endpoint", "stack_name", "root_fingerprint", "outputs", "functions")
        return cls(**{name: document[name] for name in names}, reused=True)

    @cached_property
    def clients(self) -> Clients:
        """boto3 clients of the account's root."""
        return Clients(self.endpoint)

    def page(self, path: str = "/") -> PageAddress:
        """The address of `path` (or of a whole URL of the page, as mailed) on the approvals page."""
        parts = urlsplit(path)
        host = urlsplit(self.outputs["PageUrl"]).netloc
        tail = parts.path + (f"?{parts.query}" if parts.query else "")
        local = f"http://{LOOPBACK}:{urlsplit(self.endpoint).port}"
        return PageAddress(f"http://{host}{tail}", f"{local}{tail}", {"Host": host})

    def mail(self) -> list[Mail]:
        """All messages that were sent, oldest first."""
        response = httpx.get(f"{self.endpoint}/_ministack/ses/messages", params={"account": ACCOUNT})
        messages = response.raise_for_status().json()["messages"].get(ACCOUNT, [])
        return sorted((_mail(message) for message in messages), key=lambda mail: mail.sent_at)

    def receive(self, queue_url: str, *, wait_seconds: int = 0, hide_seconds: int = 30) -> "list[MessageTypeDef]":
        """Up to ten messages; each stays in the queue, hidden for `hide_seconds`, until it is deleted."""
        answer = self.clients.sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=wait_seconds,
            VisibilityTimeout=hide_seconds,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def executions(self) -> list[str]:
        """The ARNs of all executions of the state machine, newest first."""
        pages = self.clients.stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=self.outputs["StateMachineArn"]
        )
        return [item["executionArn"] for page in pages for item in page["executions"]]

    def history(self, execution_arn: str) -> "list[HistoryEventTypeDef]":
        """All events of one execution, in order."""
        pages = self.clients.stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
        return [event for page in pages for event in page["events"]]

    def states(self, execution_arn: str) -> list[str]:
        """The names of the states that one execution entered, in order, repeats included."""
        details = (event.get("stateEnteredEventDetails") for event in self.history(execution_arn))
        return [entered["name"] for entered in details if entered]

    def invoke(self, function: str, payload: bytes = b"{}") -> tuple[bool, bytes]:
        """Calls a function by its name in the template. Returns whether it succeeded, and its answer."""
        answer = self.clients.lambda_.invoke(FunctionName=self.functions[function], Payload=payload)
        return "FunctionError" not in answer, answer["Payload"].read()

    def logs(self, function: str) -> list[str]:
        """All lines that a function wrote, oldest first."""
        configuration = self.clients.lambda_.get_function_configuration(FunctionName=self.functions[function])
        group = configuration.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{self.functions[function]}"
        pages = self.clients.logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        events = [event for page in pages for event in page["events"]]
        return [event["message"].rstrip("\n") for event in sorted(events, key=lambda event: event["timestamp"])]


def _mail(message: Mapping[str, Any]) -> Mail:
    return Mail(
        message_id=message["MessageId"],
        sender=message["Source"],
        to=tuple(message["To"]),
        subject=message["Subject"],
        text=message["BodyText"] or "",
        html=message["BodyHtml"] or "",
        sent_at=datetime.fromtimestamp(message["Timestamp"], UTC),
    )
