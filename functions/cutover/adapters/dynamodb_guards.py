"""Condition expressions, and what their failure means."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from cutover.adapters import dynamodb_items as items
from cutover.adapters.aws_errors import code_of, translated
from cutover.errors import Conflict


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition expression with its placeholders. Every name has one: many are reserved words."""

    expression: str
    names: dict[str, str] = field(default_factory=dict)
    values: items.Item = field(default_factory=dict)

    def arguments(self) -> dict[str, Any]:
        """The request's arguments; DynamoDB refuses empty placeholder maps."""
        arguments: dict[str, Any] = {"ConditionExpression": self.expression}
        if self.names:
            arguments["ExpressionAttributeNames"] = self.names
        if self.values:
            arguments["ExpressionAttributeValues"] = self.values
        return arguments


ABSENT = Guard("attribute_not_exists(pk)")


def equal(**wanted: str | int | None) -> Guard:
    """Each named attribute is stored with exactly this value; None means that it is not stored."""
    return Guard(
        " AND ".join(
            f"attribute_not_exists(#{name})" if value is None else f"#{name} = :{name}"
            for name, value in wanted.items()
        ),
        {f"#{name}": name for name in wanted},
        {f":{name}": items.marshal(value) for name, value in wanted.items() if value is not None},
    )


def absent_or(guard: Guard) -> Guard:
    return Guard(f"{ABSENT.expression} OR ({guard.expression})", guard.names, guard.values)


def absent_or_earlier(**ranked: str | int) -> Guard:
    """Nothing is stored, or what is stored is not newer: ``ranked`` names attributes, the weightiest first."""
    names = list(ranked)
    ways = [
        " AND ".join(
            [*(f"#{name} = :{name}" for name in names[:index]), f"#{last} {'<=' if last == names[-1] else '<'} :{last}"]
        )
        for index, last in enumerate(names)
    ]
    return absent_or(
        Guard(
            " OR ".join(ways),  # AND binds closer; DynamoDB refuses parentheses that change nothing
            {f"#{name}": name for name in names},
            {f":{name}": items.marshal(value) for name, value in ranked.items()},
        )
    )


@contextmanager
def conditional(operation: str, part: str) -> Iterator[None]:
    """One conditional write of one item: ``Conflict`` naming ``part`` when its condition failed."""
    try:
        with translated(operation):
            yield
    except ClientError as error:
        if code_of(error) == "ConditionalCheckFailedException":
            raise Conflict(part) from error
        raise
