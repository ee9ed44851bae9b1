"""What a check finds, and where it looks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from botocore.exceptions import ClientError

from cutover.adapters.aws_errors import code_of, is_transient
from cutover.domain.policy import Policy
from cutover.errors import IntegrityError, Refused
from cutover_cli.output import BadArgument, oneline
from cutover_cli.site import Site, Stack

Result = Literal["ok", "warn", "fail", "unasked"]
"""``unasked``: it could not be found out, for want of permission or of an answer. It is never taken for ok."""
_MISSING = (
    "NotFound", "NotFoundException", "ResourceNotFoundException", "NoSuchBucket", "NoSuchKey", "404",
    "NonExistentQueue", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "StateMachineDoesNotExist",
    "ObjectLockConfigurationNotFoundError", "KeyNotFound",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says of one thing. ``remedy``: the command or the step that mends it."""

    result: Result
    found: str
    remedy: str = ""
    subject: str = ""
    check: str = ""

    def document(self) -> dict[str, str]:
        """As plain JSON."""
        return {
            "check": self.check, "subject": self.subject, "result": self.result, "found": self.found,
            "remedy": self.remedy,
        }  # fmt: skip


Findings = Iterator[Finding]


@dataclass(frozen=True)
class Deployed:
    """A deployment under examination. Clients, resources and the template are asked for once."""

    site: Site
    stack: Stack
    now: datetime
    _clients: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, site: Site) -> "Deployed":
        """Raises BadArgument where the site is no stack."""
        if site.stack is None:
            raise BadArgument("there is no stack to examine: give --stack NAME or --local")
        return cls(site, site.stack, site.clock.now())

    def client(self, service: str) -> Any:
        """The boto3 client of a service."""
        if service not in self._clients:
            self._clients[service] = self.stack.client(service)
        return self._clients[service]

    @cached_property
    def resources(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """Of each resource type: logical and physical id."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.stack.name)
        found: dict[str, list[tuple[str, str]]] = {}
        for each in (one for page in pages for one in page["StackResourceSummaries"]):
            ids = (each["LogicalResourceId"], each.get("PhysicalResourceId", ""))
            found.setdefault(each["ResourceType"], []).append(ids)
        return {kind: tuple(sorted(ids)) for kind, ids in found.items()}

    def all(self, kind: str) -> tuple[tuple[str, str], ...]:
        """Logical and physical ids of one type, such as ``AWS::SQS::Queue``."""
        return self.resources.get(kind, ())

    def output(self, name: str) -> str | None:
        return self.stack.outputs.get(name)

    @cached_property
    def policy(self) -> Policy | None:
        """None where none is active or none is proved; the check of the policy says why."""
        try:
            return self.site.policy()
        except (Refused, IntegrityError, BadArgument):
            return None


Check = Callable[[Deployed], Findings]


def each(subject: str, ask: Callable[[], Findings]) -> Findings:
    """What is found of one thing of several: that one cannot be asked keeps no other from being asked."""
    try:
        yield from (replace(found, subject=found.subject or subject) for found in ask())
    except ClientError as error:
        yield replace(of_error(error), subject=subject)


def of_error(error: ClientError) -> Finding:
    """An answer of AWS that is none: the thing is not there, or it could not be asked about."""
    code, operation = code_of(error), error.operation_name
    said = oneline(f"{operation}: {code}: {error.response.get('Error', {}).get('Message', '')}")[:300]
    if code in _MISSING:
        return Finding("fail", said, "deploy the stack again; what was deleted by hand is made anew, or imported")
    if code.startswith(("AccessDenied", "Unauthorized", "NotAuthorized", "Authorization")) or code == "403":
        return Finding("unasked", said, f"let your role call {operation}, or ask somebody whose role may")
    if is_transient(error):
        return Finding("unasked", said, "run it again")
    return Finding("unasked", f"could not be asked: {said}")
