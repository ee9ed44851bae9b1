"""Credentials by purpose: Secrets Manager and ECR as moto plays them, and what stands in for them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from cutover.adapters.ecr_tokens import EcrTokens, region_of
from cutover.adapters.secrets_credentials import SecretsCredentials
from cutover.errors import DependencyUnavailable, Refused
from cutover.ports import Credential
from cutover.sources.credentials import authorization, with_credential
from tests.adapters.conftest import IMPLEMENTATIONS, Clients
from tests.adapters.wire import always, error, on_the_wire, success, text
from tests.fakes.clock import FakeClock
from tests.fakes.credentials import FakeCredentials

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

PREFIX = "cutover/cutover-test/sources/"
PAIR = Credential(user="reader", password="s3cr3t: ünlike")
HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.fixture
def secrets(aws: Clients) -> "SecretsManagerClient":
    client: SecretsManagerClient = aws("secretsmanager")
    return client


def store(client: "SecretsManagerClient", purpose: str, value: str | bytes) -> None:
    given: Any = {"SecretBinary": value} if isinstance(value, bytes) else {"SecretString": value}
    client.create_secret(Name=PREFIX + purpose, **given)


def written(credential: Credential) -> str:
    said = {"user": credential.user, "password": credential.password, "token": credential.token}
    return json.dumps({name: value for name, value in said.items() if value})


def refusal(action: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as caught:
        action()
    return caught.value


class Kept:
    """A port with one credential, which can be replaced behind its back."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        if request.param == "fake":
            self.port: Any = FakeCredentials(registry=PAIR)
            self.rotate: Callable[[Credential], object] = lambda new: self.port.rotate("registry", new)
            return
        client: SecretsManagerClient = request.getfixturevalue("secrets")
        store(client, "registry", written(PAIR))
        self.port = SecretsCredentials(client, prefix=PREFIX)
        self.rotate = lambda new: client.put_secret_value(SecretId=PREFIX + "registry", SecretString=written(new))


@pytest.fixture(params=IMPLEMENTATIONS)
def kept(request: pytest.FixtureRequest) -> Kept:
    return Kept(request)


def test_a_rotated_credential_shows_when_it_is_read_anew(kept: Kept) -> None:
    assert kept.port.get("registry") == PAIR
    kept.rotate(Credential(token="abc"))
    assert kept.port.get("registry") == PAIR
    assert kept.port.get("registry", fresh=True) == Credential(token="abc")
    assert kept.port.get("registry") == Credential(token="abc")


def test_a_purpose_without_a_credential_is_missing(kept: Kept) -> None:
    assert refusal(lambda: kept.port.get("other")).code == "CREDENTIAL_MISSING"


def test_a_credential_is_never_shown(kept: Kept) -> None:
    assert "s3cr3t" not in repr(kept.port.get("registry"))
    assert "abc" not in repr(Credential(token="abc"))


@pytest.mark.parametrize("purpose", ["../other", "a/b", "A", "", "x" * 64])
def test_a_purpose_leads_to_no_other_secret(secrets: "SecretsManagerClient", purpose: str) -> None:
    with on_the_wire(secrets, "GetSecretValue", always(lambda: success(SecretString=written(PAIR)))):
        assert refusal(lambda: SecretsCredentials(secrets, prefix=PREFIX).get(purpose)).code == "CREDENTIAL_MISSING"


UNREADABLE = {
    "no JSON": "s3cr3t",
    "a list": '["s3cr3t"]',
    "nothing": "{}",
    "both": '{"user": "u", "password": "s3cr3t", "token": "s3cr3t"}',
    "half": '{"user": "s3cr3t"}',
    "more": '{"token": "s3cr3t", "note": "x"}',
    "a colon in the user": '{"user": "s3cr3t:", "password": "p"}',
    "a line break": '{"user": "u", "password": "s3cr3t\\r\\nx"}',
    "a line break at the end": '{"token": "s3cr3t\\n"}',
    "an empty token": '{"token": ""}',
    "a number": '{"token": 5}',
    "bytes": b"s3cr3t",
}


@pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE)
def test_a_secret_of_another_shape_is_unreadable_and_not_quoted(
    secrets: "SecretsManagerClient", value: str | bytes
) -> None:
    store(secrets, "registry", value)
    refused = refusal(lambda: SecretsCredentials(secrets, prefix=PREFIX).get("registry"))
    assert refused.code == "CREDENTIAL_UNREADABLE"
    assert "s3cr3t" not in f"{refused} {refused.detail} {refused.mend} {refused.__cause__}"


def test_what_secrets_manager_answers_is_told_apart(secrets: "SecretsManagerClient") -> None:
    port = SecretsCredentials(secrets, prefix=PREFIX)
    for code, wanted in {
        "ResourceNotFoundException": "CREDENTIAL_MISSING",
        "InvalidRequestException": "CREDENTIAL_MISSING",
        "AccessDeniedException": "CREDENTIAL_UNREADABLE",
        "DecryptionFailure": "CREDENTIAL_UNREADABLE",
    }.items():
        with on_the_wire(secrets, "GetSecretValue", always(partial(error, 400, code))):
            assert refusal(lambda: port.get("registry")).code == wanted
    for status, code in ((400, "ThrottlingException"), (500, "InternalServiceError")):
        answer = always(partial(error, status, code))
        with on_the_wire(secrets, "GetSecretValue", answer), pytest.raises(DependencyUnavailable):
            port.get("registry")


# The second try.


def test_a_credential_that_is_not_taken_is_read_again_once() -> None:
    credentials = FakeCredentials(registry=PAIR)
    credentials.get("registry")
    credentials.rotate("registry", Credential(token="new"))
    shown: list[Credential] = []

    def call(credential: Credential) -> str:
        shown.append(credential)
        if credential == PAIR:
            raise Refused("SOURCE_UNAUTHORIZED", "not taken")
        return "taken"

    assert with_credential(credentials, "registry", call) == "taken"
    assert shown == [PAIR, Credential(token="new")]


@pytest.mark.parametrize(("code", "times"), [("SOURCE_UNAUTHORIZED", 2), ("SOURCE_DENIED", 1)])
def test_then_it_is_given_up(code: str, times: int) -> None:
    shown: list[Credential] = []

    def call(credential: Credential) -> None:
        shown.append(credential)
        raise Refused(code, "no")

    assert refusal(lambda: with_credential(FakeCredentials(registry=PAIR), "registry", call)).code == code
    assert len(shown) == times


def test_how_a_credential_is_shown() -> None:
    """RFC 7617 §2 (with its example in UTF-8), RFC 6750 §2.1."""
    assert authorization(Credential(user="test", password="123£")) == {"authorization": "Basic dGVzdDoxMjPCow=="}
    assert authorization(Credential(token="abc")) == {"authorization": "Bearer abc"}


# ECR.

HOSTS = {
    HOST: "eu-west-1",
    "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn": "cn-north-1",
    "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com": "us-gov-west-1",
    "123456789012.dkr-ecr.eu-central-1.on.aws": "eu-central-1",
}


@pytest.mark.parametrize(("host", "region"), HOSTS.items())
def test_a_registry_s_host_says_its_region(host: str, region: str) -> None:
    assert region_of(host) == region


@pytest.mark.parametrize(
    "host", ["registry.example", f"{HOST}.evil.example", f"evil.example.{HOST}", f"{HOST}:8443", "public.ecr.aws", ""]
)
def test_a_token_of_ecr_is_made_for_no_other_host(host: str, aws: Clients) -> None:
    tokens = EcrTokens(lambda _: aws("ecr"), clock=FakeClock())
    assert refusal(lambda: tokens.get(host)).code == "SOURCE_NOT_ECR"


def given(token: str, until: datetime) -> Callable[[], Any]:
    return lambda: success(authorizationData=[{"authorizationToken": token, "expiresAt": until.timestamp()}])


def test_ecr_gives_a_user_and_a_password(aws: Clients) -> None:
    asked: list[str] = []

    def client(region: str) -> Any:
        asked.append(region)
        return aws("ecr")

    tokens = EcrTokens(client, clock=FakeClock())
    assert tokens.get(HOST) == Credential(user="AWS", password="123456789012-auth-token")
    assert asked == ["eu-west-1"]


def test_a_token_is_kept_until_shortly_before_its_end(aws: Clients) -> None:
    clock, client = FakeClock(), aws("ecr")
    answers = iter(["QVdTOm9uZQ==", "QVdTOnR3bw==", "QVdTOnRocmVl"])
    tokens = EcrTokens(lambda _: client, clock=clock)
    with on_the_wire(
        client, "GetAuthorizationToken", lambda _: given(next(answers), clock.now() + timedelta(hours=12))()
    ):
        assert [tokens.get(HOST).password for _ in range(2)] == ["one", "one"]
        clock.move(timedelta(hours=11, minutes=49))
        assert tokens.get(HOST).password == "one"
        clock.move(timedelta(minutes=1))
        assert tokens.get(HOST).password == "two"
        assert tokens.get(HOST, fresh=True).password == "three"
        assert tokens.get(HOST).password == "three"


def test_what_ecr_answers_is_told_apart(aws: Clients) -> None:
    client = aws("ecr")
    tokens = EcrTokens(lambda _: client, clock=FakeClock())
    until = datetime(2030, 1, 1, tzinfo=UTC)
    for answered in (
        partial(error, 400, "AccessDeniedException"),
        given("not base64", until),
        given("bm9uZQ==", until),
        given("/////w==", until),
    ):
        with on_the_wire(client, "GetAuthorizationToken", always(answered)):
            assert refusal(lambda: tokens.get(HOST)).code == "CREDENTIAL_UNREADABLE"
    answer = always(partial(error, 500, "ServerException"))
    with on_the_wire(client, "GetAuthorizationToken", answer), pytest.raises(DependencyUnavailable):
        tokens.get(HOST)


def test_the_request_names_the_secret_of_the_purpose(secrets: "SecretsManagerClient") -> None:
    sent: list[str] = []

    def watch(request: Any) -> Any:
        sent.append(json.loads(text(request))["SecretId"])
        return success(SecretString=written(PAIR))

    with on_the_wire(secrets, "GetSecretValue", watch):
        SecretsCredentials(secrets, prefix=PREFIX).get("registry")
    assert sent == ["cutover/cutover-test/sources/registry"]
