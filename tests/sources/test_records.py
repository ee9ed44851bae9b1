"""The sources of JSON records: exactly the announced version, through a fake network and through the real one."""

import base64
import json
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cutover.contracts.candidate import Reference
from cutover.contracts.sources import CatalogSource, HttpSource, ServiceNowSource
from cutover.errors import Refused, SourceUnavailable
from cutover.ports import Credential, SourceSystem
from cutover.sources.backstage import BackstageCatalog
from cutover.sources.http import HttpRecords
from cutover.sources.records import RECORD_LIMIT
from cutover.sources.servicenow import ServiceNowChanges
from cutover.sources.web import CheckedWeb, Web
from tests.fakes.web import Asked, FakeWeb, RotatingCredentials, Said, Says
from tests.sources.loopback import Request, head, reply, serving

OLD, NEW = Credential(user="cutover", password="0ld"), Credential(token="n3w-t0ken")
HOST = "source.example"
CHANGE = {"key": "OPS-4", "version": 7, "summary": "Größer — ✓"}
ROW = {"number": "CHG0030001", "sys_mod_count": "4", "state": "-1"}
ENTITY = {
    "apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": {"name": "service", "etag": "e/1="},
    "spec": {"owner": "group:default/orders"},
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """One kind of source: how it is configured at a host, what it is asked, and its answer when all is well."""

    adapter: Callable[[Web, RotatingCredentials], SourceSystem[Any]]
    source: Callable[[str, str, str | None], Any]
    reference: Reference
    document: Any
    target: str

    def answer(self, document: Any = None) -> Said:
        return Said(content=json.dumps(self.document if document is None else document, indent=1).encode())

    def versioned(self, version: Any) -> Any:
        """Its document at another version."""
        copied = json.loads(json.dumps(self.document))
        holder, name = {
            "http": (copied, "version"),
            "servicenow": (copied.get("result", [{}])[0], "sys_mod_count"),
            "backstage": (copied.get("metadata", {}), "etag"),
        }[self.source("https", HOST, None).kind]
        holder[name] = version
        return copied


def http_source(scheme: str, host: str, credential: str | None) -> HttpSource:
    url = f"{scheme}://{host}/rest/{{record}}?fields=all"
    return HttpSource(kind="http", url=url, version="/version", credential=credential)


def servicenow_source(scheme: str, host: str, credential: str | None) -> ServiceNowSource:
    return ServiceNowSource(kind="servicenow", host=host, credential=credential or "reader", components="u_ci")


def catalog_source(scheme: str, host: str, credential: str | None) -> CatalogSource:
    return CatalogSource(kind="backstage", host=host, credential=credential)


def named(record: str, version: str) -> Reference:
    return Reference(source="records", record=record, version=version)


KINDS = {
    "http": Kind(HttpRecords, http_source, named("OPS/4 ?#é", "7"), CHANGE, "/rest/OPS%2F4%20%3F%23%C3%A9?fields=all"),
    "servicenow": Kind(
        ServiceNowChanges, servicenow_source, named("CHG0030001", "4"), {"result": [ROW]},
        "/api/now/table/change_request",
    ),
    "backstage": Kind(
        BackstageCatalog, catalog_source, named("component:default/Service", "e/1="), ENTITY,
        "/api/catalog/entities/by-name/component/default/Service",
    ),
}  # fmt: skip


@dataclass
class Opened:
    """A source of one kind over some network, and what it was asked."""

    kind: Kind
    system: SourceSystem[Any]
    source: Any
    asked: Sequence[Asked | Request]
    credentials: RotatingCredentials

    def fetch(self, reference: Reference | None = None, limit: int = 10_000) -> bytes:
        return self.system.fetch(self.source, reference or self.kind.reference, limit=limit).content

    def latest(self, reference: Reference | None = None) -> str | None:
        return self.system.latest(self.source, reference or self.kind.reference)


Open = Callable[..., Any]


@pytest.fixture(params=["fake", "loopback"])
def network(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def opened(name: str, says: Says, network: str = "fake", *, credential: str | None = "reader") -> Iterator[Opened]:
    kind, credentials = KINDS[name], RotatingCredentials(reader=(OLD, NEW))
    if network == "fake":
        fake = FakeWeb(says)
        yield Opened(
            kind, kind.adapter(fake, credentials), kind.source("https", HOST, credential), fake.asked, credentials
        )
        return

    def answer(request: Request) -> Iterable[bytes]:
        said = says(Asked(request.method, request.target, request.headers))
        return reply(said.status, said.content, **said.headers)

    with serving(answer) as server:
        source = kind.source("http", server.host, credential)
        web = CheckedWeb(loopback=True, seconds=10.0)
        yield Opened(kind, kind.adapter(web, credentials), source, server.requests, credentials)


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises((Refused, SourceUnavailable)) as caught:
        action()
    assert isinstance(caught.value, Refused | SourceUnavailable)
    assert not {"0ld", "n3w-t0ken"} & set(str(caught.value).split()), "no message shows a credential"
    return caught.value.code


@pytest.mark.parametrize("name", KINDS)
def test_a_record_comes_as_it_was_sent_at_its_version(name: str, network: str) -> None:
    kind = KINDS[name]
    with opened(name, lambda _: kind.answer(), network) as source:
        fetched = source.system.fetch(source.source, kind.reference, limit=10_000)
        assert (fetched.content, fetched.version) == (kind.answer().content, kind.reference.version)
        assert fetched.media_type == "application/json"
        (asked,) = source.asked
    assert (asked.method, asked.target.partition("?")[0] if name == "servicenow" else asked.target) == (
        "GET", kind.target,
    )  # fmt: skip
    assert asked.headers["accept"] == "application/json"


def test_servicenow_is_asked_for_one_record_and_for_the_columns_that_are_read() -> None:
    with opened("servicenow", lambda _: KINDS["servicenow"].answer()) as source:
        source.fetch()
        source.latest()
        fetched, looked = (parse_qs(urlsplit(each.target).query) for each in source.asked)
    assert fetched == {
        "sysparm_query": ["number=CHG0030001"], "sysparm_display_value": ["false"],
        "sysparm_exclude_reference_link": ["true"], "sysparm_limit": ["2"],
        "sysparm_fields": ["number,short_description,state,risk,requested_by,sys_mod_count,u_ci,u_environments"],
    }  # fmt: skip
    assert looked["sysparm_fields"] == ["number,sys_mod_count"]


@pytest.mark.parametrize("name", KINDS)
def test_another_version_than_the_announced_is_refused_and_named(name: str, network: str) -> None:
    kind = KINDS[name]
    with opened(name, lambda _: kind.answer(kind.versioned("new")), network) as source:
        with pytest.raises(Refused) as refused:
            source.fetch()
        assert refused.value.code == "SOURCE_VERSION_DIFFERS"
        assert f"{kind.reference.version} of" in refused.value.detail
        assert refused.value.detail.endswith("has version new")
        assert source.latest() == "new"


@pytest.mark.parametrize("name", KINDS)
def test_the_version_of_now_is_what_the_record_says(name: str, network: str) -> None:
    kind = KINDS[name]
    for version, said in [("12", "12"), (12, "12"), (kind.reference.version, kind.reference.version)]:
        with opened(name, lambda _, v=version: kind.answer(kind.versioned(v)), network) as source:  # type: ignore[misc]
            assert source.latest() == said


@pytest.mark.parametrize("name", KINDS)
def test_a_record_that_is_not_there_is_missing_and_has_no_version(name: str, network: str) -> None:
    with opened(name, lambda _: Said(404), network) as source:
        assert code_of(source.fetch) == "SOURCE_RECORD_MISSING"
        assert source.latest() is None


def test_servicenow_has_no_such_record_where_it_answers_with_none(network: str) -> None:
    with opened("servicenow", lambda _: Said(content=b'{"result":[]}'), network) as source:
        assert code_of(source.fetch) == "SOURCE_RECORD_MISSING"
        assert source.latest() is None


@pytest.mark.parametrize("name", KINDS)
def test_more_than_the_limit_is_refused(name: str, network: str) -> None:
    kind = KINDS[name]
    size = len(kind.answer().content)
    with opened(name, lambda _: kind.answer(), network) as source:
        assert code_of(partial(source.fetch, limit=size - 1)) == "SOURCE_RECORD_TOO_LARGE"
        assert source.fetch(limit=size)
    huge = Said(content=b'{"pad":"' + b"x" * 1_048_576 + b'"}')
    with opened(name, lambda _: huge, network) as source:
        assert code_of(source.latest) == "SOURCE_RECORD_TOO_LARGE"


@pytest.mark.parametrize("name", KINDS)
def test_what_is_too_large_to_be_asked_about_later_is_not_collected_either(name: str, network: str) -> None:
    """It would be bound, and then never be handed off. A dependency manifest may have more elsewhere."""
    kind = KINDS[name]
    padding = Said(content=kind.answer().content.ljust(RECORD_LIMIT))
    with opened(name, lambda _: padding, network) as source:
        assert len(source.fetch(limit=64 * RECORD_LIMIT)) == RECORD_LIMIT
        assert source.latest() == kind.reference.version
    more = Said(content=padding.content + b" ")
    with opened(name, lambda _: more, network) as source:
        assert code_of(partial(source.fetch, limit=64 * RECORD_LIMIT)) == "SOURCE_RECORD_TOO_LARGE"


@pytest.mark.parametrize("name", KINDS)
def test_these_sources_keep_no_artifacts(name: str) -> None:
    with opened(name, lambda _: KINDS[name].answer()) as source:
        ask = partial(source.system.artifact, "records", source.source, source.kind.reference, limit=9)
        assert code_of(ask) == "SOURCE_HAS_NO_ARTIFACTS"
        assert not source.asked


# --- credentials (row 53) ----------------------------------------------------------------------------------

BASIC = "Basic " + base64.b64encode(b"cutover:0ld").decode()


def admitting(kind: Kind, *accepted: str) -> Says:
    return lambda asked: kind.answer() if asked.headers.get("authorization") in accepted else Said(401)


@pytest.mark.parametrize("name", KINDS)
def test_a_credential_is_read_again_once_when_it_is_not_taken(name: str, network: str) -> None:
    kind = KINDS[name]
    with opened(name, admitting(kind, "Bearer n3w-t0ken"), network) as source:
        assert source.fetch() == kind.answer().content
        assert [asked.headers["authorization"] for asked in source.asked] == [BASIC, "Bearer n3w-t0ken"]
        assert source.credentials.read == [("reader", False), ("reader", True)]
    with opened(name, admitting(kind, BASIC), network) as source:
        assert source.fetch() == kind.answer().content
        assert source.credentials.read == [("reader", False)]


@pytest.mark.parametrize("name", KINDS)
def test_a_credential_that_is_never_taken_is_shown_twice_and_no_more(name: str, network: str) -> None:
    with opened(name, lambda _: Said(401), network) as source:
        assert code_of(source.fetch) == "SOURCE_UNAUTHORIZED"
        assert len(source.asked) == 2
        assert code_of(source.latest) == "SOURCE_UNAUTHORIZED"


@pytest.mark.parametrize("name", ["http", "backstage"])
def test_a_source_without_a_purpose_is_shown_no_credential(name: str, network: str) -> None:
    kind = KINDS[name]
    with opened(name, lambda _: kind.answer(), network, credential=None) as source:
        source.fetch()
        assert "authorization" not in source.asked[0].headers
        assert source.credentials.read == []
    with opened(name, lambda _: Said(401), network, credential=None) as source:
        assert code_of(source.fetch) == "SOURCE_UNAUTHORIZED"
        assert len(source.asked) == 1


@pytest.mark.parametrize("name", KINDS)
def test_a_purpose_that_nobody_has_set_is_named(name: str) -> None:
    with opened(name, lambda _: Said(), credential="nobody") as source:
        assert code_of(source.fetch) == "CREDENTIAL_MISSING"
        assert not source.asked


# --- bad input ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "SOURCE_DENIED"), (429, "SOURCE_THROTTLED"), (500, "SOURCE_FAILING"), (503, "SOURCE_FAILING"),
        (302, "SOURCE_REDIRECTED_ELSEWHERE"), (400, "SOURCE_ANSWER_UNEXPECTED"),
    ],
)  # fmt: skip
def test_what_a_status_means(name: str, status: int, code: str, network: str) -> None:
    with opened(name, lambda _: Said(status, headers={"location": "https://elsewhere.example/"}), network) as source:
        assert code_of(source.fetch) == code
        assert code_of(source.latest) == code


UNUSABLE: list[bytes] = [
    b"", b"<html>Log in</html>", b"null", b"[]", b"7", b"{}", b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 9_000,
    b'{"version":"7"', b'{"version":"6","version":"7"}',
    b'{"result":{"number":"CHG0030001","sys_mod_count":"4"}}', b'{"result":[null]}', b'{"result":["CHG0030001"]}',
    b'{"result":[{"number":"CHG0030002","sys_mod_count":"4"}]}', b'{"result":[{"sys_mod_count":"4"}]}',
    b'{"kind":"Component","metadata":{"name":"service"}}',
    b'{"kind":"Component","metadata":{"name":"other","etag":"e/1="}}',
    b'{"kind":"Group","metadata":{"name":"service","etag":"e/1="}}',
    b'{"kind":"Component","metadata":{"name":"service","namespace":"other","etag":"e/1="}}',
]  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("content", UNUSABLE, ids=[repr(content[:40]) for content in UNUSABLE])
def test_an_answer_that_is_no_such_record_is_refused(name: str, content: bytes, network: str) -> None:
    with opened(name, lambda _: Said(content=content), network) as source:
        assert code_of(source.fetch) == "SOURCE_ANSWER_UNEXPECTED"
        assert code_of(source.latest) == "SOURCE_ANSWER_UNEXPECTED"


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("version", [None, True, 1.5, "", [], {}, "x" * 1025, "a\u0000b", "\ud800"], ids=repr)
def test_a_version_that_no_candidate_could_refer_to_is_none(name: str, version: Any) -> None:
    kind = KINDS[name]
    with opened(name, lambda _: kind.answer(kind.versioned(version))) as source:
        assert code_of(source.fetch) == "SOURCE_ANSWER_UNEXPECTED"
        assert code_of(source.latest) == "SOURCE_ANSWER_UNEXPECTED"


@pytest.mark.parametrize("name", KINDS)
def test_a_refusal_fits_the_record_of_a_failure_whatever_the_source_says(name: str) -> None:
    kind = KINDS[name]
    with opened(name, lambda _: kind.answer(kind.versioned("e\nvil\u202e" + "x" * 1_000))) as source:
        with pytest.raises(Refused) as refused:
            source.fetch()
        assert len(refused.value.detail.encode()) <= 512
        assert refused.value.detail.isprintable()


def test_two_records_under_one_number_are_none() -> None:
    with opened("servicenow", lambda _: Said(content=json.dumps({"result": [ROW, ROW]}).encode())) as source:
        assert code_of(source.fetch) == "SOURCE_RECORD_AMBIGUOUS"
        assert code_of(source.latest) == "SOURCE_RECORD_AMBIGUOUS"


NAMES = {
    "http": [".", "..", "../admin", "a/../b", "a\\..\\b", "./a"],
    "servicenow": ["CHG1^ORnumber=CHG2", "chg1", "CHG", "1", "CHG 1", "CHG\uff11", "CHG1\n", "*", "CHG1&x=9"],
    "backstage": [
        "service", "default/service", "component:service", "component:default/../x", "component:default/a/b", "a:b/..",
        "component:default/ser vice", "component:default/", "component:default/x?y", "c:d/" + "x" * 64, "c:d/e\n",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "record"), [(name, each) for name, names in NAMES.items() for each in names])
def test_a_name_that_could_lead_elsewhere_is_never_asked_for(name: str, record: str) -> None:
    with opened(name, lambda _: KINDS[name].answer()) as source:
        at = named(record, "1")
        for ask in (partial(source.fetch, at), partial(source.latest, at)):
            assert code_of(ask) == "SOURCE_RECORD_NAME_INVALID"
        assert not source.asked


@pytest.mark.parametrize(
    ("url", "record"),
    [
        ("https://{record}/x", "evil.example"), ("https://{record}.source.example/x", "a"),
        ("https://source.example{record}", ".evil.example/"), ("https://source.example:{record}/", "8443"),
        ("https://reader@{record}/", "evil.example"), ("https://source.example?{record}", "x"),
    ],
)  # fmt: skip
def test_a_record_does_not_choose_the_host(url: str, record: str) -> None:
    source = HttpSource(kind="http", url=url, version="/version", hosts=("evil.example",))
    web = FakeWeb(lambda _: KINDS["http"].answer())
    system = HttpRecords(web, RotatingCredentials())
    assert code_of(lambda: system.fetch(source, named(record, "7"), limit=999)) == "SOURCE_HOST_NOT_LISTED"
    assert not web.asked


@pytest.mark.parametrize("host", ["source.example:443", "SOURCE.example"])
def test_a_host_is_compared_as_lists_write_it(host: str) -> None:
    asked: list[tuple[str, ...]] = []

    class Listening(FakeWeb):
        def get(self, url: str, **given: Any) -> Any:
            asked.append(tuple(given["hosts"]))
            return super().get(url.replace(host, HOST), **given)

    system = HttpRecords(Listening(lambda _: KINDS["http"].answer()), RotatingCredentials())
    system.fetch(http_source("https", host, None), KINDS["http"].reference, limit=999)
    assert asked == [(HOST,)]


# --- over the real network: what the client itself refuses, through each source -----------------------------


def faulty(name: str, answer: Callable[[Request], Iterable[bytes]], **options: Any) -> str:
    kind = KINDS[name]
    with serving(answer) as server:
        web = CheckedWeb(loopback=True, **{"seconds": 10.0, **options})
        system = kind.adapter(web, RotatingCredentials(reader=(OLD, NEW)))
        return code_of(lambda: system.fetch(kind.source("http", server.host, "reader"), kind.reference, limit=50_000))


@pytest.mark.parametrize("name", KINDS)
def test_a_truncated_body_is_told_from_a_whole_one(name: str) -> None:
    whole = KINDS[name].answer().content
    assert faulty(name, lambda _: [head(200, content_length=str(len(whole))), whole[:-1]]) == "SOURCE_TRUNCATED"


@pytest.mark.parametrize("name", KINDS)
def test_an_endless_body_is_not_read_on(name: str) -> None:
    def endless(_: Request) -> Iterator[bytes]:
        yield head(200, transfer_encoding="chunked")
        while True:
            yield b"400\r\n" + b"x" * 1024 + b"\r\n"

    assert faulty(name, endless) == "SOURCE_RECORD_TOO_LARGE"


@pytest.mark.parametrize("name", KINDS)
def test_a_name_that_leads_into_a_private_network_is_refused(name: str) -> None:
    kind = KINDS[name]
    web = CheckedWeb(resolve=lambda *_: ["10.0.0.5"])
    system = kind.adapter(web, RotatingCredentials(reader=(OLD, NEW)))
    source = kind.source("https", HOST, "reader")
    assert code_of(lambda: system.fetch(source, kind.reference, limit=99)) == "SOURCE_ADDRESS_FORBIDDEN"


@pytest.mark.parametrize("name", KINDS)
def test_a_source_that_takes_no_connection_is_unreachable(name: str) -> None:
    kind = KINDS[name]
    with socket.create_server(("127.0.0.1", 0)) as closing:
        host = f"127.0.0.1:{closing.getsockname()[1]}"
    system = kind.adapter(CheckedWeb(loopback=True), RotatingCredentials(reader=(OLD, NEW)))
    with pytest.raises(SourceUnavailable) as unavailable:
        system.fetch(kind.source("http", host, "reader"), kind.reference, limit=99)
    assert unavailable.value.code == "SOURCE_UNREACHABLE"


@pytest.mark.parametrize("name", ["http", "backstage"])
def test_one_redirect_to_a_listed_host_is_followed_without_the_credential(name: str) -> None:
    kind = KINDS[name]
    with (
        serving(lambda _: reply(200, kind.answer().content)) as there,
        serving(lambda _: reply(302, location=f"{there.url}/moved")) as here,
    ):
        web = CheckedWeb(loopback=True, seconds=10.0)
        system = kind.adapter(web, RotatingCredentials(reader=(OLD, NEW)))
        source = kind.source("http", here.host, "reader")
        unlisted = partial(system.fetch, source, kind.reference, limit=9_999)
        assert code_of(unlisted) == "SOURCE_REDIRECTED_ELSEWHERE"
        assert not there.requests
        listed = source.model_copy(update={"hosts": (there.host,)})
        assert system.fetch(listed, kind.reference, limit=9_999).content == kind.answer().content
        assert "authorization" in here.requests[-1].headers
        assert "authorization" not in there.requests[-1].headers


@pytest.mark.parametrize("name", ["http", "backstage"])
def test_a_source_that_lists_no_other_host_is_not_followed_even_to_itself(name: str) -> None:
    kind = KINDS[name]

    def answer(request: Request) -> Iterable[bytes]:
        return reply(200, kind.answer().content) if request.path == "/moved" else reply(302, location="/moved")

    with serving(answer) as server:
        system = kind.adapter(CheckedWeb(loopback=True, seconds=10.0), RotatingCredentials(reader=(OLD, NEW)))
        source = kind.source("http", server.host, "reader")
        fetch = partial(system.fetch, source, kind.reference, limit=9_999)
        assert code_of(fetch) == "SOURCE_REDIRECTED_ELSEWHERE"
        assert [request.path for request in server.requests] == [kind.target.partition("?")[0]]
