"""The page of who may do what: people by a policy, keys by their purpose, functions by what IAM is told of them."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import get_args

from cutover.contracts.policy import Facts, Purpose, Rules
from cutover_cli import policy
from cutover_cli.documentation.markdown import code, table
from cutover_cli.local.place import repository
from cutover_cli.who import PURPOSES, duties

GRANTED = "tests/infra/policies.json"
"""What IAM is told in the end, as it was reviewed; a test compares it with the templates."""
_RECORD = re.compile(r"dynamodb:(?:Put|Update|Delete)Item on \{Tables/Main\} when .*:StringLike (.+)$")
_OBJECTS = re.compile(r"s3:PutObject on \{Store/Store\}/(.+)$")
_KEY = re.compile(r"kms:(Sign|GenerateMac|VerifyMac) on \{Keys/(\w+)\}")
_WITH = {"Sign": "signs with", "GenerateMac": "makes links with", "VerifyMac": "checks links with"}
_OUTSIDE = (
    (re.compile(r"sqs:SendMessage on \{Targets/"), "deployment queues"),
    (re.compile(r"sqs:SendMessage on \{Exceptions\}"), "the exceptions queue"),
    (re.compile(r"sqs:SendMessage on \{Returns/Slack\}"), "the queue of Feedback"),
    (re.compile(r"events:PutEvents on "), "the bus"),
    (re.compile(r"ses:SendEmail on "), "mail"),
    (re.compile(r"secretsmanager:GetSecretValue on .*/slack"), "Slack"),
    (re.compile(r"s3:GetObject on \{Store/Sources\}"), "sources (reads)"),
    (re.compile(r"states:StartExecution on "), "executions (starts)"),
    (re.compile(r"states:SendTaskSuccess on "), "executions (wakes)"),
)


def people() -> str:
    """Who may do what by the example policy, which `make demo` takes."""
    folder = repository() / "examples" / "policy"
    rules, facts = policy.read(Rules, folder / "rules.yaml"), policy.read(Facts, folder / "facts.yaml")
    rows = (
        (duty.does, duty.who, ", ".join(map(code, duty.people)) or "nobody")
        for duty in duties(rules, facts, facts.issued_at)
    )
    return table(("what", "who", "in the example"), rows)


def purposes() -> str:
    """What each purpose of a key is for."""
    return table(
        ("purpose", "whose", "a signature means"), ((code(each), *PURPOSES[each]) for each in get_args(Purpose))
    )


def functions() -> str:
    """Each role that is deployed: what it can write, sign, send and read from outside."""
    granted: Mapping[str, list[str]] = json.loads((repository() / GRANTED).read_text("utf-8"))["development"]
    rows = (
        (code(name), *(", ".join(sorted(set(tell(lines)))) or "-" for tell in (_written, _kept, _keys, _sent)))
        for name, lines in granted.items()
    )
    return table(("role", "writes items", "writes objects", "keys", "reaches"), rows)


def _written(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if found := _RECORD.search(line):
            yield from (code(kind.rstrip("#*")) for kind in found[1].split(", "))


def _first(pattern: re.Pattern[str], lines: list[str]) -> Iterator[re.Match[str]]:
    return (found for line in lines if (found := pattern.search(line)))


def _kept(lines: list[str]) -> Iterator[str]:
    return (code(found[1]) for found in _first(_OBJECTS, lines))


def _keys(lines: list[str]) -> Iterator[str]:
    return (f"{_WITH[found[1]]} {code(found[2].lower())}" for found in _first(_KEY, lines))


def _sent(lines: list[str]) -> Iterator[str]:
    return (said for pattern, said in _OUTSIDE if any(map(partial(re.search, pattern), lines)))
