"""The one way to the network, against a real server on loopback: each fault has its own code."""

import itertools
import logging
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from cutover.errors import Refused, SourceUnavailable
from cutover.sources.addresses import Resolve
from cutover.sources.web import CheckedWeb, Unauthorized
from tests.sources.authority import Authority
from tests.sources.loopback import Reply, Request, Server, head, reply, serving

SECRET = "s3cr3t"


def web(**options: object) -> CheckedWeb:
    return CheckedWeb(loopback=True, **{"seconds": 10.0, **options})  # type: ignore[arg-type]


def leading_to(*addresses: str) -> Resolve:
    def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises((Refused, SourceUnavailable)) as caught:
        action()
    assert isinstance(caught.value, Refused | SourceUnavailable)
    assert SECRET not in str(caught.value)
    return caught.value.code


def asked(answer: Reply, *, limit: int = 100, client: CheckedWeb | None = None, method: str = "GET") -> str:
    """The code with which an answer is refused; the query carries a secret that no message may show."""
    with serving(answer) as server:
        url = f"{server.url}/record?token={SECRET}"
        return code_of(lambda: (client or web()).get(url, hosts=[server.host], limit=limit, method=method))


def test_a_record_comes_with_its_headers() -> None:
    with serving(lambda _: reply(200, b"content", ETag="v1", content_type="text/plain")) as server:
        answer = web().get(f"{server.url}/record", hosts=[server.host], limit=7, headers={"accept": "text/plain"})
    assert (answer.status, answer.content) == (200, b"content")
    assert (answer.headers["etag"], answer.headers["content-type"]) == ("v1", "text/plain")
    sent = server.requests[0].headers
    assert (sent["accept"], sent["accept-encoding"], sent["host"]) == ("text/plain", "identity", server.host)
    assert not {"cookie", "authorization"} & set(sent)


def test_chunks_are_put_together() -> None:
    pieces = [head(200, transfer_encoding="chunked"), b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n"]
    with serving(lambda _: pieces) as server:
        assert web().get(server.url, hosts=[server.host], limit=5).content == b"abcde"


def test_a_head_has_no_body_whatever_length_it_states() -> None:
    with serving(lambda _: [head(200, content_length="1000000")]) as server:
        answer = web().get(server.url, hosts=[server.host], limit=5, method="HEAD")
    assert (answer.content, answer.headers["content-length"]) == (b"", "1000000")
    assert server.requests[0].method == "HEAD"


STATUSES = {
    401: "SOURCE_UNAUTHORIZED", 403: "SOURCE_DENIED", 404: "SOURCE_RECORD_MISSING", 410: "SOURCE_RECORD_MISSING",
    408: "SOURCE_FAILING", 429: "SOURCE_THROTTLED", 500: "SOURCE_FAILING", 502: "SOURCE_FAILING",
    503: "SOURCE_FAILING", 599: "SOURCE_FAILING", 400: "SOURCE_ANSWER_UNEXPECTED", 418: "SOURCE_ANSWER_UNEXPECTED",
    201: "SOURCE_ANSWER_UNEXPECTED", 204: "SOURCE_ANSWER_UNEXPECTED", 206: "SOURCE_ANSWER_UNEXPECTED",
    304: "SOURCE_ANSWER_UNEXPECTED", 300: "SOURCE_ANSWER_UNEXPECTED",
}  # fmt: skip
TRANSIENT = {"SOURCE_UNREACHABLE", "SOURCE_THROTTLED", "SOURCE_FAILING"}


@pytest.mark.parametrize(("status", "code"), STATUSES.items())
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_status_means_one_thing(status: int, code: str, method: str) -> None:
    with serving(lambda _: reply(status)) as server, pytest.raises((Refused, SourceUnavailable)) as caught:
        web().get(f"{server.url}/record?token={SECRET}", hosts=[server.host], limit=9, method=method)
    assert isinstance(caught.value, SourceUnavailable if code in TRANSIENT else Refused)
    assert caught.value.code == code
    assert f"{server.host}/record answered {status}" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_who_is_not_let_in_is_told_what_the_source_wants() -> None:
    with (
        serving(lambda _: reply(401, WWW_Authenticate='Bearer realm="x"')) as server,
        pytest.raises(Unauthorized) as caught,
    ):
        web().get(server.url, hosts=[server.host], limit=9)
    assert caught.value.challenge == 'Bearer realm="x"'


# What comes too late, too long, or in part.


def test_a_stated_length_over_the_limit_is_refused_before_reading() -> None:
    read: list[str] = []

    def answer(_: Request) -> Iterator[bytes]:
        yield head(200, content_length="101")
        read.append("head")

    assert asked(answer, limit=100) == "SOURCE_RECORD_TOO_LARGE"


def endless(_: Request) -> Iterator[bytes]:
    yield head(200, transfer_encoding="chunked")
    yield from itertools.repeat(b"400\r\n" + b"x" * 1024 + b"\r\n")


def test_an_endless_body_ends_at_the_limit() -> None:
    assert asked(endless, limit=100_000) == "SOURCE_RECORD_TOO_LARGE"


def test_a_dripping_body_ends_at_the_deadline() -> None:
    """Each byte comes in time. Here every look at the clock is a second later than the one before."""
    seconds = itertools.count()

    def dripping(_: Request) -> Iterator[bytes]:
        yield head(200, transfer_encoding="chunked")
        yield from itertools.repeat(b"1\r\nx\r\n")

    client = web(seconds=50, monotonic=lambda: float(next(seconds)))
    assert asked(dripping, limit=1 << 40, client=client) == "SOURCE_TOO_SLOW"
    assert next(seconds) < 60


def held(server: list[Server], *first: bytes) -> Reply:
    def answer(_: Request) -> Iterator[bytes]:
        yield from first
        server[0].ended.wait(10)

    return answer


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ([], "SOURCE_UNREACHABLE"),
        ([b"HTTP/1.1 200 OK\r\ncontent-"], "SOURCE_UNREACHABLE"),
        ([head(200, content_length="5")], "SOURCE_TOO_SLOW"),
        ([head(200, content_length="5"), b"1234"], "SOURCE_TOO_SLOW"),
    ],
    ids=["no head", "half a head", "no body", "half a body"],
)
def test_a_source_that_falls_silent_is_left(said: list[bytes], code: str) -> None:
    opened: list[Server] = []
    with serving(held(opened, *said)) as server:
        opened.append(server)
        assert code_of(lambda: web(seconds=0.3).get(server.url, hosts=[server.host], limit=9)) == code


TRUNCATED = {
    "length": [head(200, content_length="5"), b"1234"],
    "chunk": [head(200, transfer_encoding="chunked"), b"5\r\n1234"],
    "no last chunk": [head(200, transfer_encoding="chunked"), b"4\r\n1234\r\n"],
    "no end said": [head(200), b"1234"],
}


@pytest.mark.parametrize("pieces", TRUNCATED.values(), ids=TRUNCATED)
def test_a_truncated_body_is_refused(pieces: list[bytes]) -> None:
    assert asked(lambda _: pieces) == "SOURCE_TRUNCATED"


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate, gzip", "GZIP"])
def test_an_encoded_body_is_refused(coding: str) -> None:
    assert asked(lambda _: reply(200, b"body", content_encoding=coding)) == "SOURCE_ENCODED"


GARBAGE = {
    "no HTTP": [b"SSH-2.0-OpenSSH_9.2\r\n\r\n"],
    "two lengths": [b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx"],
    "a length that is none": [head(200, content_length="-1")],
    "a length of many digits": [head(200, content_length="9" * 5000)],
    "a switch of protocols": [head(101, connection="upgrade", upgrade="other")],
    "an endless head": [b"HTTP/1.1 200 OK\r\n", b"x: y\r\n" * 40_000],
    "nothing": [],
}


@pytest.mark.parametrize("pieces", GARBAGE.values(), ids=GARBAGE)
def test_what_is_no_answer_is_a_failing_source(pieces: list[bytes]) -> None:
    assert asked(lambda _: pieces) == "SOURCE_FAILING"


def test_a_port_that_nobody_listens_on_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host = f"127.0.0.1:{taken.getsockname()[1]}"
    assert code_of(lambda: web().get(f"http://{host}/?{SECRET}", hosts=[host], limit=9)) == "SOURCE_UNREACHABLE"


def test_the_next_address_is_tried_when_one_takes_no_connection() -> None:
    with serving(lambda _: reply(200, b"here")) as server:
        host = f"records.example:{server.port}"
        client = web(resolve=leading_to("127.0.0.9", "127.0.0.1"))
        assert client.get(f"http://{host}/", hosts=[host], limit=9).content == b"here"


# Where it may lead.


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/r", "https://records.example:8443/r", "https://records.example.evil.example/r",
        "https://records.example./r", "https://records.example@evil.example/r", "https:///r", "https://[::1]/r",
        f"https://user:{SECRET}@records.example/r", "https://records.example:port/r", "\x00",
    ],
)  # fmt: skip
def test_only_listed_hosts_are_asked(url: str) -> None:
    def never(host: str, port: int) -> Sequence[str]:
        raise AssertionError("resolved")

    client = CheckedWeb(resolve=never)
    assert code_of(lambda: client.get(url, hosts=["records.example"], limit=9)) == "SOURCE_HOST_NOT_LISTED"


@pytest.mark.parametrize("host", ["records.example", "records.example:443"])
@pytest.mark.parametrize("listed", ["records.example", "records.example:443"])
def test_the_port_of_https_may_be_said_or_not(host: str, listed: str) -> None:
    client = CheckedWeb(resolve=leading_to("10.0.0.1"))
    code = code_of(lambda: client.get(f"https://{host}/r", hosts=[listed], limit=9))
    assert code == "SOURCE_ADDRESS_FORBIDDEN"
    code = code_of(lambda: client.get(f"https://{host}/r", hosts=[f"{listed[:15]}:1443"], limit=9))
    assert code == "SOURCE_HOST_NOT_LISTED"


@pytest.mark.parametrize("scheme", ["http", "ftp", "file", "HTTP"])
@pytest.mark.parametrize("loopback", [False, True])
def test_only_https_is_spoken(scheme: str, loopback: bool) -> None:
    """Under the setting for tests, HTTP is spoken with this machine alone."""
    client = CheckedWeb(loopback=loopback, resolve=leading_to("1.1.1.1"))
    listed = ["records.example", "records.example:80"]
    code = code_of(lambda: client.get(f"{scheme}://records.example/r", hosts=listed, limit=9))
    assert code == ("SOURCE_ADDRESS_FORBIDDEN" if loopback and scheme.lower() == "http" else "SOURCE_NOT_TLS")


def test_a_host_is_spoken_to_over_https_unless_a_test_serves_it_here() -> None:
    hosts = ("records.example", "records.example:8443", "127.0.0.1:80", "localhost:5000", "localhost.example")
    assert [CheckedWeb().base(each) for each in hosts] == [f"https://{each}" for each in hosts]
    plain = {"127.0.0.1:80", "localhost:5000"}
    assert [web().base(each) for each in hosts] == [f"http{'' if each in plain else 's'}://{each}" for each in hosts]


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_a_name_that_leads_to_a_private_address_is_refused(address: str) -> None:
    with serving(lambda _: reply(200)) as server:
        host = f"records.example:{server.port}"
        client = CheckedWeb(resolve=leading_to("127.0.0.1", address))
        code = code_of(lambda: client.get(f"https://{host}/r", hosts=[host], limit=9))
    assert (code, server.requests) == ("SOURCE_ADDRESS_FORBIDDEN", [])


def test_the_address_that_was_checked_is_the_one_that_is_used() -> None:
    """A name that leads elsewhere at the next look-up finds no second look-up (DNS rebinding)."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])

    def turn(host: str, port: int) -> Sequence[str]:
        return next(answers)

    with serving(lambda _: reply(200, b"first")) as server:
        host = f"records.example:{server.port}"
        answer = web(resolve=turn).get(f"http://{host}/", hosts=[host], limit=9)
    assert answer.content == b"first"
    assert next(answers) == ["127.0.0.2"]


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: reply(200, b"proxy")) as proxy, serving(lambda _: reply(200, b"source")) as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert web().get(server.url, hosts=[server.host], limit=9).content == b"source"
    assert proxy.requests == []


# Redirects.


def moved(to: str, status: int = 307) -> list[bytes]:
    return reply(status, location=to)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_one_redirect_goes_to_a_listed_host_without_the_credentials(status: int) -> None:
    with (
        serving(lambda _: reply(200, b"blob")) as blobs,
        serving(lambda _: moved(f"{blobs.url}/b?{SECRET}", status)) as server,
    ):
        headers = {"Authorization": f"Bearer {SECRET}", "Cookie": SECRET, "X-Api-Key": SECRET, "Accept": "text/plain"}
        answer = web().get(server.url, hosts=[server.host, blobs.host], limit=9, headers=headers, redirects=1)
    assert answer.content == b"blob"
    assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    (followed,) = blobs.requests
    assert followed.target == f"/b?{SECRET}"
    assert set(followed.headers) == {"host", "accept", "accept-encoding", "user-agent"}


def redirected(to: str, *, redirects: int = 1, **options: object) -> str:
    with serving(lambda _: moved(to)) as server:
        listed = [server.host, "records.example", "records.example:80"]
        return code_of(lambda: web(**options).get(server.url, hosts=listed, limit=9, redirects=redirects))


@pytest.mark.parametrize(
    "to",
    [
        f"https://evil.example/?{SECRET}", f"//evil.example/{SECRET}", "https://records.example:8443/", "ftp://records.example/",
        "", f"https://user:{SECRET}@records.example/", "https://[broken", "https://a..b/",
    ],
)  # fmt: skip
def test_a_redirect_elsewhere_is_refused(to: str) -> None:
    assert redirected(to) == "SOURCE_REDIRECTED_ELSEWHERE"


def test_a_redirect_is_refused_where_none_is_expected() -> None:
    assert redirected("/elsewhere", redirects=0) == "SOURCE_REDIRECTED_ELSEWHERE"


def test_a_second_redirect_is_refused() -> None:
    with serving(lambda _: moved("/again")) as server:
        code = code_of(lambda: web().get(server.url, hosts=[server.host], limit=9, redirects=1))
    assert (code, [each.path for each in server.requests]) == ("SOURCE_REDIRECTED_ELSEWHERE", ["/", "/again"])


def test_a_redirect_to_a_private_address_is_refused() -> None:
    def resolve(host: str, port: int) -> list[str]:
        return ["169.254.169.254" if host == "records.example" else "127.0.0.1"]

    assert redirected("https://records.example/", resolve=resolve) == "SOURCE_ADDRESS_FORBIDDEN"


def test_a_redirect_shares_the_deadline() -> None:
    seconds = itertools.count()
    with serving(lambda _: moved("/again")) as server:
        client = web(seconds=60, monotonic=lambda: float(next(seconds)))
        with pytest.raises(SourceUnavailable):
            client.get(server.url, hosts=[server.host], limit=9, redirects=1000)
    assert 1 < len(server.requests) < 30


# TLS.


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def over_tls(context: ssl.SSLContext, trust: ssl.SSLContext, answer: Reply, **options: object) -> bytes:
    with serving(answer, tls=context) as server:
        host = f"records.example:{server.port}"
        client = web(trust=trust, resolve=leading_to("127.0.0.1"))
        return client.get(f"https://{host}/r", hosts=[host], limit=9, **options).content  # type: ignore[arg-type]


def test_a_record_comes_over_tls_from_whom_the_certificate_names(authority: Authority, tmp_path: Path) -> None:
    """The connection goes to an address; the name that is verified is the host's."""
    context = authority.server(tmp_path, "records.example")
    assert over_tls(context, authority.trust, lambda _: reply(200, b"over TLS")) == b"over TLS"


def test_a_certificate_that_does_not_verify_is_not_tried_again(authority: Authority, tmp_path: Path) -> None:
    trusted = authority.server(tmp_path, "records.example")
    never: Reply = lambda _: reply(200, b"never")  # noqa: E731
    for context, trust in (
        (trusted, Authority().trust),
        (authority.server(tmp_path, "other.example"), authority.trust),
        (authority.server(tmp_path, "records.example", since=-20), authority.trust),
        (authority.server(tmp_path, "records.example", since=2), authority.trust),
    ):
        assert code_of(partial(over_tls, context, trust, never)) == "SOURCE_NOT_TRUSTED"
    with serving(never, tls=trusted) as server:
        host = f"records.example:{server.port}"
        client = CheckedWeb(loopback=True, resolve=leading_to("127.0.0.1"))
        assert code_of(lambda: client.get(f"https://{host}/", hosts=[host], limit=9)) == "SOURCE_NOT_TRUSTED"


def test_by_default_public_authorities_are_believed_and_no_old_tls() -> None:
    trust = CheckedWeb()._trust
    assert len(trust.get_ca_certs()) > 50
    assert (trust.verify_mode, trust.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert trust.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("greeting", [b"220 ready\r\n", b""], ids=["speaks", "is silent"])
def test_what_speaks_no_tls_is_unreachable(greeting: bytes) -> None:
    with serving(lambda _: reply(200), greeting=greeting) as server:
        client = web(trust=ssl.create_default_context(), seconds=0.3)
        code = code_of(lambda: client.get(f"https://{server.host}/", hosts=[server.host], limit=9))
    assert code == "SOURCE_UNREACHABLE"


def test_a_redirect_from_tls_to_none_is_refused(authority: Authority, tmp_path: Path) -> None:
    with serving(lambda _: reply(200)) as plain:
        context = authority.server(tmp_path, "records.example")
        with serving(lambda _: moved(plain.url), tls=context) as server:
            host = f"records.example:{server.port}"
            client = web(trust=authority.trust, resolve=leading_to("127.0.0.1"))
            code = code_of(lambda: client.get(f"https://{host}/", hosts=[host, plain.host], limit=9, redirects=1))
    assert (code, plain.requests) == ("SOURCE_REDIRECTED_ELSEWHERE", [])


def test_nothing_that_is_secret_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    headers = {"authorization": f"Bearer {SECRET}"}
    with serving(lambda _: reply(200, b"body", set_cookie=SECRET, x_link=f"https://x/?{SECRET}")) as server:
        web().get(f"{server.url}/?token={SECRET}", hosts=[server.host], limit=9, headers=headers)
    assert SECRET not in caplog.text


def test_nothing_is_kept_from_one_request_to_the_next() -> None:
    def answers(request: Request) -> Iterable[bytes]:
        return reply(200, b"", set_cookie=f"session={SECRET}")

    client = web()
    with serving(answers) as server:
        for _ in range(2):
            client.get(server.url, hosts=[server.host], limit=9)
    assert all("cookie" not in each.headers for each in server.requests)
    assert len(server.requests) == 2
