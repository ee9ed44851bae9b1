"""cdk-nag's AwsSolutions: no finding without a reason, no reason without a finding."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

from infra.nag import findings
from tests.infra.reading import Assembled
from tests.infra.synthesis import synthesize


def reported(scope: IConstruct) -> Iterator[tuple[str, str]]:
    """Rule and path of every finding that nobody acknowledged."""
    for violation in AwsSolutionsChecks().validate_scope(scope).violations:
        for resource in violation.violating_resources:
            yield violation.rule_name, str(resource.construct_path)


def test_every_finding_has_a_reason(stage: Assembled) -> None:
    assert not list(reported(stage.stack))


def test_a_finding_without_a_reason_is_reported(tmp_path: Path) -> None:
    stack = Stack(App(outdir=str(tmp_path)), "Trial")
    sqs.Queue(stack, "Alone")
    assert {rule for rule, _ in reported(stack)} >= {"AwsSolutions-SQS3", "AwsSolutions-SQS4"}


@pytest.fixture(scope="module")
def unacknowledged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Assembled]:
    return synthesize(tmp_path_factory.mktemp("nag"), acknowledged=False)


def test_every_reason_answers_a_finding(stage: Assembled, unacknowledged: dict[str, Assembled]) -> None:
    """Both ways: what is found without the reasons is what the reasons are given for."""
    plain = unacknowledged[stage.stage]
    found = set(reported(plain.stack))
    answered: set[tuple[str, str]] = set()
    for construct, reasons in findings(plain.stack.resources):
        for rule, reason in reasons.items():
            assert len(reason.split()) >= 8, f"{rule}: that is no reason"
            inside = {each for each in found if each[0] == rule and each[1].startswith(f"{construct.node.path}/")}
            assert inside, f"{rule} at {construct.node.path}: no finding needs this reason any more"
            answered |= inside
    assert answered == found
