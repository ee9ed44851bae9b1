"""What Lambda takes at most, asked at synthesis: CloudFormation would find out halfway through a deployment."""

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import Stack

ENVIRONMENT_BYTES = 4096
"""All variables of one function, names and values (AWS Lambda quotas)."""

# How long CloudFormation's own values get at most.
_PSEUDO = {"AWS::AccountId": 12, "AWS::Partition": 10, "AWS::Region": 16, "AWS::URLSuffix": 16}
_FINGERPRINT = 71  # `sha256:` and 64 digits: the one parameter
_AROUND_A_NAME = 75  # what an ARN or a URL of SQS has before the name, in the longest region
_LONGEST_NAME = 80  # of a queue or state machine; generated names are cut to fit
_SUFFIX = 15  # hyphens and the characters that CloudFormation makes up


class EnvironmentTooLarge(ValueError):
    """A function would be told more than Lambda takes."""


def bounded(stack: Stack, name: str, environment: Mapping[str, str]) -> Mapping[str, str]:
    """The same variables. Raises `EnvironmentTooLarge` when they might exceed what Lambda takes.

    Values that only a deployment knows are counted at their longest.
    """
    size = sum(len(key) + longest(stack, value) for key, value in environment.items())
    if size > ENVIRONMENT_BYTES:
        raise EnvironmentTooLarge(
            f"{stack.stack_name}: {name} would be told up to {size} bytes, and Lambda takes {ENVIRONMENT_BYTES}. "
            "Every target costs some hundred: give this stage fewer targets or shorter names, "
            "or deploy a second instance."
        )
    return environment


def longest(stack: Stack, value: str) -> int:
    """The length in bytes of a value, tokens counted at their longest."""
    return _longest(stack.stack_name, stack.resolve(value))


def _longest(stack_name: str, value: Any) -> int:
    match value:
        case str():
            return len(value.encode())
        case {"Ref": "RootFingerprint"}:
            return _FINGERPRINT
        case {"Ref": str(name)} if name in _PSEUDO:
            return _PSEUDO[name]
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            return _AROUND_A_NAME + min(_LONGEST_NAME, len(stack_name) + len(name) + _SUFFIX)
        case {"Fn::Join": [str(glue), list(parts)]}:
            return len(glue) * max(0, len(parts) - 1) + sum(_longest(stack_name, part) for part in parts)
    raise TypeError(f"no bound is known for {json.dumps(value)}")
