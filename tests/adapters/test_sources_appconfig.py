"""AppConfig's hosted configurations: one version by its number, and the newest one's number.

moto does not know them, so answers stand on the wire as AWS' API reference describes them.
"""

import io
import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError

from cutover.contracts.candidate import Reference
from cutover.contracts.sources import AppConfigSource
from cutover.errors import DependencyUnavailable, Refused
from cutover.sources.appconfig import PAGES, AppConfigVersions
from tests.adapters import wire
from tests.adapters.conftest import Clients
from tests.adapters.wire import always, on_the_wire

if TYPE_CHECKING:
    from mypy_boto3_appconfig.client import AppConfigClient

SOURCE = AppConfigSource(kind="appconfig")
GET, LIST = "GetHostedConfigurationVersion", "ListHostedConfigurationVersions"
FLAGS = b'{"version":"1","flags":{},"values":{}}'


@pytest.fixture
def client(aws: Clients) -> "AppConfigClient":
    found: AppConfigClient = aws("appconfig")
    return found


def at(version: str = "7", record: str = "abc1234/pro5678") -> Reference:
    return Reference(source="flags", record=record, version=version)


def version(content: bytes = FLAGS, number: str = "7", **headers: str) -> wire.Handler:
    named = {"content-type": "application/json", "version-number": number, **headers}
    return always(lambda: wire.response(200, content, **{name.replace("-", "_"): said for name, said in named.items()}))


def page(*numbers: int, token: str | None = None) -> AWSResponse:
    items = [{"ApplicationId": "abc1234", "VersionNumber": number} for number in numbers]
    return wire.success(Items=items, **({"NextToken": token} if token else {}))


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        action()
    return caught.value.code


def test_a_version_comes_as_it_was_stored(client: "AppConfigClient") -> None:
    with on_the_wire(client, GET, version()) as tries:
        found = AppConfigVersions(client).fetch(SOURCE, at(), limit=len(FLAGS))
    assert (found.content, found.media_type, found.version) == (FLAGS, "application/json", "7")
    (asked,) = tries
    path = urlsplit(asked.url).path
    assert path == "/applications/abc1234/configurationprofiles/pro5678/hostedconfigurationversions/7"


def test_more_than_the_limit_is_refused(client: "AppConfigClient") -> None:
    with on_the_wire(client, GET, version()):
        fetch = partial(AppConfigVersions(client).fetch, SOURCE, at(), limit=len(FLAGS) - 1)
        assert code_of(fetch) == "SOURCE_RECORD_TOO_LARGE"


def test_an_endless_body_is_not_read_on(client: "AppConfigClient") -> None:
    read: list[int] = []

    class Endless(io.RawIOBase):
        def read(self, amount: int = -1) -> bytes:
            assert amount > 0, "read only with a bound"
            read.append(amount)
            return b"x" * min(amount, 1_000)

    def answer() -> AWSResponse:
        said = wire.response(200, b"", version_number="7")
        said.raw = Endless()
        said.headers["content-length"] = "5"
        return said

    with on_the_wire(client, GET, always(answer)):
        fetch = partial(AppConfigVersions(client).fetch, SOURCE, at(), limit=4_500)
        assert code_of(fetch) == "SOURCE_RECORD_TOO_LARGE"
    assert read == [4_501, 3_501, 2_501, 1_501, 501]


def test_a_body_that_ends_early_is_no_record(client: "AppConfigClient") -> None:
    def answer() -> AWSResponse:
        said = wire.response(200, FLAGS[:-1], version_number="7")
        said.headers["content-length"] = str(len(FLAGS))
        return said

    with on_the_wire(client, GET, always(answer)), pytest.raises(DependencyUnavailable):
        AppConfigVersions(client).fetch(SOURCE, at(), limit=99)


def test_the_answer_is_about_the_version_that_was_asked_for(client: "AppConfigClient") -> None:
    with on_the_wire(client, GET, version(number="8")):
        fetch = partial(AppConfigVersions(client).fetch, SOURCE, at(), limit=99)
        assert code_of(fetch) == "SOURCE_ANSWER_UNEXPECTED"


@pytest.mark.parametrize("number", ["", "0", "07", "-1", "+1", "1.0", "x", "\uff17", "1" * 10, "7\n"])
def test_a_version_that_is_no_number_is_missing_and_never_asked_for(client: "AppConfigClient", number: str) -> None:
    reference = at().model_copy(update={"version": number})
    with on_the_wire(client, GET, version()) as tries:
        fetch = partial(AppConfigVersions(client).fetch, SOURCE, reference, limit=99)
        assert code_of(fetch) == "SOURCE_RECORD_MISSING"
    assert not tries


NAMES = [
    "abc1234",
    "abc1234/",
    "/pro5678",
    "abc1234/pro5678/x",
    "../pro5678",
    "ABC1234/pro5678",
    "abc/pro5678",
    "a/b\n",
]


@pytest.mark.parametrize("record", NAMES)
def test_a_name_that_is_none_is_never_asked_for(client: "AppConfigClient", record: str) -> None:
    source = AppConfigVersions(client)
    with on_the_wire(client, GET, version()) as fetched, on_the_wire(client, LIST, always(lambda: page(1))) as listed:
        for ask in (
            partial(source.fetch, SOURCE, at(record=record), limit=99),
            partial(source.latest, SOURCE, at(record=record)),
        ):
            assert code_of(ask) == "SOURCE_RECORD_NAME_INVALID"
    assert not fetched
    assert not listed


def test_the_newest_version_is_the_highest_number_of_all_pages(client: "AppConfigClient") -> None:
    pages = {None: page(9, 10, token="next/1="), "next/1=": page(11, 2)}

    def answer(request: AWSPreparedRequest) -> AWSResponse:
        asked = parse_qs(urlsplit(request.url).query)
        assert asked["max_results"] == ["50"]
        return pages[asked.get("next_token", [None])[0]]

    with on_the_wire(client, LIST, answer) as tries:
        assert AppConfigVersions(client).latest(SOURCE, at()) == "11"
    assert len(tries) == 2


def test_a_profile_without_a_version_has_no_newest(client: "AppConfigClient") -> None:
    with on_the_wire(client, LIST, always(page)):
        assert AppConfigVersions(client).latest(SOURCE, at()) is None


def test_a_list_without_an_end_is_not_read_on(client: "AppConfigClient") -> None:
    with on_the_wire(client, LIST, always(lambda: page(1, token="again"))) as tries:
        assert code_of(lambda: AppConfigVersions(client).latest(SOURCE, at())) == "SOURCE_ANSWER_UNEXPECTED"
    assert len(tries) == PAGES


def failing(status: int, code: str) -> wire.Handler:
    body = json.dumps({"Message": code}).encode()
    return always(lambda: wire.response(status, body, x_amzn_errortype=code))


def test_what_aws_does_not_have_is_missing(client: "AppConfigClient") -> None:
    source: Any = AppConfigVersions(client)
    for status, code in ((404, "ResourceNotFoundException"), (400, "BadRequestException")):
        with on_the_wire(client, GET, failing(status, code)), on_the_wire(client, LIST, failing(status, code)):
            assert code_of(lambda: source.fetch(SOURCE, at(), limit=99)) == "SOURCE_RECORD_MISSING"
            assert source.latest(SOURCE, at()) is None


def test_what_may_not_be_read_is_denied(client: "AppConfigClient") -> None:
    source = AppConfigVersions(client)
    denied = failing(403, "AccessDeniedException")
    with on_the_wire(client, GET, denied), on_the_wire(client, LIST, denied):
        assert code_of(lambda: source.fetch(SOURCE, at(), limit=99)) == "SOURCE_DENIED"
        assert code_of(lambda: source.latest(SOURCE, at())) == "SOURCE_DENIED"


TRANSIENT = [
    failing(429, "TooManyRequestsException"), failing(500, "InternalServerException"), failing(503, "Unavailable"),
    wire.broken(ConnectionClosedError(endpoint_url="https://appconfig.example")),
]  # fmt: skip


@pytest.mark.parametrize("fault", TRANSIENT, ids=["throttled", "failing", "unavailable", "closed"])
def test_a_fault_that_may_pass_is_no_verdict_on_the_record(client: "AppConfigClient", fault: wire.Handler) -> None:
    source = AppConfigVersions(client)
    with on_the_wire(client, GET, fault), on_the_wire(client, LIST, fault):
        with pytest.raises(DependencyUnavailable):
            source.fetch(SOURCE, at(), limit=99)
        with pytest.raises(DependencyUnavailable):
            source.latest(SOURCE, at())


def test_it_keeps_no_artifacts(client: "AppConfigClient") -> None:
    ask = partial(AppConfigVersions(client).artifact, "flags", SOURCE, at(), limit=99)
    assert code_of(ask) == "SOURCE_HAS_NO_ARTIFACTS"
