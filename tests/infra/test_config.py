"""What a deployment may choose, and what it may not."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from infra.config import DEFAULT_CONFIG, Deployment, Target, engine_version, load


def chosen(stage: str, **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DEFAULT_CONFIG.read_text("utf-8"))
    document["stages"][stage].update(changes)
    return document


def test_the_default_is_valid_and_names_nobody_real() -> None:
    deployment = load()
    assert deployment.instance == "cutover"
    for stage in (deployment.stages.development, deployment.stages.production):
        assert stage.sender.endswith("@example.com")


@pytest.mark.parametrize(
    ("stage", "changes", "says"),
    [
        ("production", {"retention_days": 365}, "at least 2557"),
        ("production", {"source_buckets": []}, "source_buckets must name"),
        ("development", {"targets": []}, "at least 1 item"),
        ("development", {"log_retention_days": 31}, "Input should be"),
        ("development", {"sender": "nobody"}, "String should match"),
        ("development", {"targets": [{"name": "Upper", "environment": "x"}]}, "String should match"),
        ("development", {"targets": [{"name": "a-b", "environment": "x"}, {"name": "ab", "environment": "x"}]}, None),
        ("development", {"targets": [{"name": "a", "environment": "x"}] * 2}, "share a name"),
        ("development", {"surprise": 1}, "Extra inputs"),
        ("development", {"registries": ["arn:aws:ecr:eu-west-1:222222222222:repository/*"]}, "String should match"),
        ("development", {"registries": ["arn:aws:ecr:eu-west-1:222222222222:repository/a*"]}, "String should match"),
        ("development", {"registries": ["222222222222.dkr.ecr.eu-west-1.amazonaws.com/a"]}, "String should match"),
        ("development", {"appconfig_profiles": ["abc1234"]}, "String should match"),
        ("development", {"appconfig_profiles": ["abc1234/*"]}, "String should match"),
        ("development", {"credentials_key_arn": "alias/credentials"}, "String should match"),
        ("development", {"links_keys": {"current": 2, "accepted": [2]}}, "named once"),
        ("development", {"links_keys": {"current": 3, "accepted": [2, 2]}}, "named once"),
        ("development", {"links_keys": {"current": 0}}, "greater than or equal to 1"),
        ("development", {"links_keys": {"current": 5, "accepted": [1, 2, 3, 4]}}, "at most 3 items"),
        ("development", {"slack": "hooks"}, "valid boolean"),
    ],
)
def test_choices(stage: str, changes: dict[str, Any], says: str | None) -> None:
    document = chosen(stage, **changes)
    if says is None:
        assert len(Deployment.model_validate(document).stages.development.targets) == 2
        return
    with pytest.raises(ValidationError, match=says):
        Deployment.model_validate(document)


FIFO = "arn:aws:sqs:eu-west-1:222222222222:deployments.fifo"
KEY = "arn:aws:kms:eu-west-1:222222222222:key/11111111-2222-3333-4444-555555555555"


def test_an_imported_queue_is_a_fifo_queue() -> None:
    assert Target(name="there", environment="e", queue_arn=FIFO, queue_key_arn=KEY).queue_arn == FIFO
    with pytest.raises(ValidationError, match="String should match"):
        Target(name="there", environment="e", queue_arn=FIFO.removesuffix(".fifo"))
    with pytest.raises(ValidationError, match="give queue_arn too"):
        Target(name="there", environment="e", queue_key_arn=KEY)


def test_two_targets_cannot_share_a_queue() -> None:
    twice = [{"name": name, "environment": "e", "queue_arn": FIFO} for name in ("one", "two")]
    with pytest.raises(ValidationError, match="share a queue"):
        Deployment.model_validate(chosen("production", targets=twice))


def test_configuration_cannot_be_changed_afterwards(tmp_path: Path) -> None:
    (path := tmp_path / "deployment.json").write_text(json.dumps(chosen("development")))
    with pytest.raises(ValidationError, match="frozen"):
        load(path).stages.development.sender = "else@example.com"  # type: ignore[misc]


def test_names_become_readable_outputs() -> None:
    assert Target(name="payments-eu-1", environment="e").pascal == "PaymentsEu1"


def test_the_engine_is_the_project() -> None:
    assert engine_version().count(".") == 2
