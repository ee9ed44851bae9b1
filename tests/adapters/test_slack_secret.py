"""The secret that Slack's app is known by: Secrets Manager as moto plays it."""

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from cutover.adapters.slack_secret import SecretsManagerSlack
from cutover.errors import DependencyUnavailable, Refused
from cutover.ports import SlackSecret
from tests.adapters.conftest import Clients
from tests.adapters.wire import always, error, on_the_wire

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

NAME = "cutover/cutover-test/slack"
SIGNING = "s3cr3t0123456789abcdef0123456789"


def written(**changed: Any) -> str:
    return json.dumps({"token": "xoxb-1-s3cr3t", "signing_secret": SIGNING} | changed)


@pytest.fixture
def secrets(aws: Clients) -> "SecretsManagerClient":
    client: SecretsManagerClient = aws("secretsmanager")
    return client


def test_what_was_rotated_shows_when_it_is_read_anew(secrets: "SecretsManagerClient") -> None:
    secrets.create_secret(Name=NAME, SecretString=written())
    port = SecretsManagerSlack(secrets, name=NAME)
    first = SlackSecret(token="xoxb-1-s3cr3t", signing_secret=SIGNING)
    assert port.get() == first
    secrets.put_secret_value(SecretId=NAME, SecretString=written(token="xoxb-2"))
    assert port.get() == first
    assert port.get(fresh=True).token == "xoxb-2"
    assert port.get().token == "xoxb-2"


UNREADABLE = {
    "no JSON": "xoxb-1-s3cr3t",
    "a user's token": written(token="xoxp-1-s3cr3t"),
    "an empty token": written(token="xoxb-"),
    "a line break in the token": written(token="xoxb-s3cr3t\n"),
    "a short signing secret": written(signing_secret="s3cr3t"),
    "no signing secret": json.dumps({"token": "xoxb-1-s3cr3t"}),
    "more": written(note="s3cr3t"),
    "a number": written(token=5),
}


@pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE)
def test_a_secret_of_another_shape_is_unreadable_and_not_quoted(secrets: "SecretsManagerClient", value: str) -> None:
    secrets.create_secret(Name=NAME, SecretString=value)
    with pytest.raises(Refused) as caught:
        SecretsManagerSlack(secrets, name=NAME).get()
    assert caught.value.code == "SLACK_SECRET_UNREADABLE"
    told = f"{caught.value} {caught.value.detail} {caught.value.mend} {caught.value.__cause__}"
    assert "s3cr3t" not in told


def test_what_secrets_manager_answers_is_told_apart(secrets: "SecretsManagerClient") -> None:
    port = SecretsManagerSlack(secrets, name=NAME)
    for code, wanted in {
        "ResourceNotFoundException": "SLACK_SECRET_MISSING",
        "InvalidRequestException": "SLACK_SECRET_MISSING",
        "AccessDeniedException": "SLACK_SECRET_UNREADABLE",
        "DecryptionFailure": "SLACK_SECRET_UNREADABLE",
    }.items():
        with (
            on_the_wire(secrets, "GetSecretValue", always(partial(error, 400, code))),
            pytest.raises(Refused) as caught,
        ):
            port.get()
        assert caught.value.code == wanted
    for status, code in ((400, "ThrottlingException"), (500, "InternalServiceError")):
        answer = always(partial(error, status, code))
        with on_the_wire(secrets, "GetSecretValue", answer), pytest.raises(DependencyUnavailable):
            port.get()
