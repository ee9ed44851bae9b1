"""What Lambda takes at most is asked at synthesis."""

from pathlib import Path

import pytest
from aws_cdk import App, Aws, CfnResource, Fn, Stack

from infra.config import Deployment, Target, load
from infra.limits import ENVIRONMENT_BYTES, EnvironmentTooLarge, bounded, longest
from tests.infra.synthesis import synthesize


def crowded(targets: int) -> Deployment:
    deployment = load()
    named = tuple(Target(name=f"target-{number:02d}", environment=f"target-{number:02d}") for number in range(targets))
    development = deployment.stages.development.model_copy(update={"targets": named})
    return deployment.model_copy(update={"stages": deployment.stages.model_copy(update={"development": development})})


def test_some_targets_fit(tmp_path: Path) -> None:
    assert len(synthesize(tmp_path, deployment=crowded(6))["development"].config.targets) == 6


def test_too_many_targets_stop_synthesis(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentTooLarge, match=r"^cutover-development: Admit would be told up to \d+ bytes"):
        synthesize(tmp_path, deployment=crowded(20))


def test_the_bound_is_lambdas() -> None:
    stack = Stack(App(), "Trial")
    fits = {"N": "x" * (ENVIRONMENT_BYTES - 1)}
    assert bounded(stack, "One", fits) == fits
    with pytest.raises(EnvironmentTooLarge):
        bounded(stack, "One", {"NN": fits["N"]})


def test_what_only_a_deployment_knows_counts_at_its_longest() -> None:
    stack = Stack(App(), "Trial")
    queue = CfnResource(stack, "Queue", type="AWS::SQS::Queue")
    generated = "Trial-Queue-ABCDEFGHIJKL.fifo"
    for region in ("eu-central-1", "ap-southeast-1", "us-gov-west-1"):
        arn = f"arn:aws-us-gov:sqs:{region}:123456789012:{generated}"
        url = f"https://sqs.{region}.amazonaws.com.cn/123456789012/{generated}"
        assert max(len(arn), len(url)) <= longest(stack, queue.ref)
    assert longest(stack, Fn.join("", ["é", Aws.ACCOUNT_ID])) == 2 + 12
    with pytest.raises(TypeError, match="no bound"):
        longest(stack, Fn.select(0, Fn.get_azs()))
