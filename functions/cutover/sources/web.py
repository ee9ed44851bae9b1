"""The one way to the network for all sources: HTTPS to listed hosts at public addresses, with bounds on everything.

Of each request:

1. The URL is ``https``, without a user, and its host with its port is on the list. (``loopback``, for tests only: plain
   ``http`` too, to this machine and nowhere else.)
2. Every address of the host is public, and the connection goes to one of these (``sources.addresses``).
3. The certificate verifies for the host's name.
4. A redirect is followed only where the caller expects one, to a listed host again, and without what was sent to the
   first: no authorization, no cookie, no header but ``Accept``. Steps 1 to 3 hold for it as well.
5. The body comes within the caller's bytes and one deadline for the whole, unencoded, and whole.

No proxy of the environment, no cookie jar, nothing kept from one request to the next. Messages name host and path,
never a query.
"""

import functools
import io
import ssl
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Protocol

import httpcore
import httpx

from cutover.errors import Refused, SourceUnavailable
from cutover.sources.addresses import Address, Resolve, is_public, resolved
from cutover.sources.transport import CheckedTransport, Deadline, Monotonic

SECONDS = 15.0
"""For one request with its redirects: less than any function has that asks sources."""
MOVED = frozenset({301, 302, 303, 307, 308})
HERE = frozenset({"127.0.0.1", "localhost"})
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source said: always a 200. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Unauthorized(Refused):
    """The source wants another credential than it was shown; ``challenge``: its ``WWW-Authenticate`` (RFC 9110)."""

    def __init__(self, detail: str, challenge: str) -> None:
        super().__init__("SOURCE_UNAUTHORIZED", detail, "renew the credential under the source's purpose")
        self.challenge = challenge


class Web(Protocol):
    def base(self, host: str) -> str:
        """``https://`` and the host of a source. (Under the setting for tests, this machine's is ``http://``.)"""

    def get(
        self, url: str, *, hosts: Collection[str], headers: Mapping[str, str] = NO_HEADERS, limit: int,
        method: str = "GET", redirects: int = 0,
    ) -> Answer:  # fmt: skip
        """Ask for ``url`` (``GET`` or ``HEAD``), whose host is one of ``hosts``: at most ``limit`` bytes.

        ``hosts``: names in lower case, with ``:port`` unless it is 443. Raises ``Unauthorized``; ``Refused``
        (``SOURCE_DENIED``, ``SOURCE_RECORD_MISSING``, ``SOURCE_RECORD_TOO_LARGE``, ``SOURCE_TRUNCATED``,
        ``SOURCE_TOO_SLOW``, ``SOURCE_ENCODED``, ``SOURCE_NOT_TLS``, ``SOURCE_NOT_TRUSTED``, ``SOURCE_HOST_NOT_LISTED``,
        ``SOURCE_ADDRESS_FORBIDDEN``, ``SOURCE_REDIRECTED_ELSEWHERE``, ``SOURCE_ANSWER_UNEXPECTED``); and
        ``SourceUnavailable`` (``SOURCE_UNREACHABLE``, ``SOURCE_THROTTLED``, ``SOURCE_FAILING``).
        """


class CheckedWeb:
    """Implements ``Web``. Threads may share it.

    ``trust``: whom to believe, by default the authorities of certifi; ``loopback``: let this machine through, for
    tests only; ``seconds`` and ``monotonic``: the deadline of one ``get``.
    """

    def __init__(
        self, *, loopback: bool = False, trust: ssl.SSLContext | None = None, seconds: float = SECONDS,
        monotonic: Monotonic = time.monotonic, resolve: Resolve = resolved,
    ) -> None:  # fmt: skip
        self._loopback = loopback
        self._given = trust
        self._seconds = seconds
        self._monotonic = monotonic
        self._resolve = resolve

    def base(self, host: str) -> str:
        here = self._loopback and host.partition(":")[0] in HERE
        return f"{'http' if here else 'https'}://{host}"

    def get(
        self, url: str, *, hosts: Collection[str], headers: Mapping[str, str] = NO_HEADERS, limit: int,
        method: str = "GET", redirects: int = 0,
    ) -> Answer:  # fmt: skip
        deadline = Deadline(self._seconds, self._monotonic)
        target, sent = self._listed(_parsed(url), hosts), dict(headers)
        for left in range(redirects, -1, -1):
            found = self._once(httpx.Request(method, target, headers=_unencoded(sent)), limit, deadline)
            if isinstance(found, Answer):
                return found
            target = self._moved(target, found, hosts, left)
            sent = {name: value for name, value in headers.items() if name.lower() == "accept"}
        raise AssertionError("the last redirect was refused")  # by _moved

    def _once(self, request: httpx.Request, limit: int, deadline: Deadline) -> Answer | str:
        """The answer, or where it is said to be."""
        plain = request.url.scheme == "http"
        transport = CheckedTransport(
            trust=self._trust,
            resolve=self._resolve,
            deadline=deadline,
            allowed=self._only_here if plain else self._allowed,
        )
        with transport:
            response = _opened(transport, request)
            try:
                _judge(request.url, response)
                if response.status_code in MOVED:
                    return str(response.headers.get("location", ""))
                body = b"" if request.method == "HEAD" else _body(request.url, response, limit)
            finally:
                response.close()
        return Answer(status=response.status_code, headers=dict(response.headers), content=body)

    def _listed(self, url: httpx.URL, hosts: Collection[str]) -> httpx.URL:
        if url.scheme != "https" and not (self._loopback and url.scheme == "http"):
            raise Refused("SOURCE_NOT_TLS", f"{shown(url)} is not an address of HTTPS")
        if url.userinfo:
            raise Refused("SOURCE_HOST_NOT_LISTED", f"{shown(url)} names a user", "name the credential by its purpose")
        if origin(url) not in {host.removesuffix(":443") for host in hosts}:
            raise Refused(
                "SOURCE_HOST_NOT_LISTED", f"{origin(url)} is not a host of this source", "add it to the source's hosts"
            )
        return url

    def _moved(self, here: httpx.URL, location: str, hosts: Collection[str], left: int) -> httpx.URL:
        """Where to go instead, if that is allowed."""
        if not left:
            raise Refused("SOURCE_REDIRECTED_ELSEWHERE", f"{shown(here)} leads elsewhere, which is not followed")
        try:
            there = here.join(location) if location else None
        except (httpx.InvalidURL, ValueError):
            there = None
        if there is None or (here.scheme, there.scheme) == ("https", "http"):
            raise Refused("SOURCE_REDIRECTED_ELSEWHERE", f"{shown(here)} leads to no address of HTTPS")
        try:
            return self._listed(there.copy_with(fragment=None), hosts)
        except Refused as refused:
            detail = f"{shown(here)} leads elsewhere: {refused.detail}"
            raise Refused("SOURCE_REDIRECTED_ELSEWHERE", detail, refused.mend) from refused

    def _allowed(self, address: Address) -> bool:
        return is_public(address) or (self._loopback and address.is_loopback)

    def _only_here(self, address: Address) -> bool:
        return self._loopback and address.is_loopback

    @functools.cached_property
    def _trust(self) -> ssl.SSLContext:
        """Built once: reading the authorities takes some hundredths of a second."""
        if self._given:
            return self._given
        import certifi

        context = ssl.create_default_context(cafile=certifi.where())
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def origin(url: httpx.URL) -> str:
    """Host and port as the list of hosts writes them."""
    host, port = url.raw_host.decode("ascii"), url.port or (80 if url.scheme == "http" else 443)
    return host if port == 443 else f"{host}:{port}"  # noqa: PLR2004 - the port of HTTPS


def shown(url: httpx.URL) -> str:
    """For people: host and path. A query may carry a token or a signature."""
    path = url.raw_path.partition(b"?")[0].decode("ascii")
    return f"{origin(url)}{path}"[:300]


def _parsed(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise Refused("SOURCE_HOST_NOT_LISTED", "the record's name makes no URL") from error


def _unencoded(headers: Mapping[str, str]) -> dict[str, str]:
    return {"accept-encoding": "identity", "user-agent": "cutover", **headers}


def _opened(transport: CheckedTransport, request: httpx.Request) -> httpx.Response:
    """The head of an answer."""
    try:
        return transport.handle_request(request)
    except (httpcore.TimeoutException, httpcore.NetworkError) as error:
        detail = f"{origin(request.url)} did not answer ({type(error).__name__})"
        raise SourceUnavailable("SOURCE_UNREACHABLE", detail) from error
    except httpcore.ProtocolError as error:
        raise SourceUnavailable("SOURCE_FAILING", f"{origin(request.url)} did not answer in HTTP") from error


def _judge(url: httpx.URL, response: httpx.Response) -> None:
    """Raise what a status means; nothing for a 200 and a redirect."""
    status = response.status_code
    if status == HTTPStatus.OK or status in MOVED:
        return
    where = f"{shown(url)} answered {status}"
    if status == HTTPStatus.UNAUTHORIZED:
        raise Unauthorized(where, response.headers.get("www-authenticate", ""))
    if status == HTTPStatus.FORBIDDEN:
        raise Refused("SOURCE_DENIED", where, "let the source's credential read the record")
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise Refused("SOURCE_RECORD_MISSING", where)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise SourceUnavailable("SOURCE_THROTTLED", where)
    if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise SourceUnavailable("SOURCE_FAILING", where)
    raise Refused("SOURCE_ANSWER_UNEXPECTED", where)


def _body(url: httpx.URL, response: httpx.Response, limit: int) -> bytes:
    """The whole body. Where its end is said nowhere, nobody can tell whether it is whole (RFC 9112 §6.3)."""
    if (coding := response.headers.get("content-encoding", "identity").lower()) != "identity":
        raise Refused("SOURCE_ENCODED", f"{shown(url)} is encoded although that was not asked for: {coding[:40]!r}")
    stated = response.headers.get("content-length")
    if stated is None and "transfer-encoding" not in response.headers:
        raise Refused("SOURCE_TRUNCATED", f"{shown(url)} does not say where its body ends")
    if stated is not None and int(stated) > limit:
        raise _too_large(url, limit)
    content = io.BytesIO()
    try:
        for part in response.iter_raw():
            if content.tell() + len(part) > limit:
                raise _too_large(url, limit)
            content.write(part)
    except httpcore.TimeoutException as error:
        raise Refused("SOURCE_TOO_SLOW", f"the body of {shown(url)} did not end in time") from error
    except httpcore.ProtocolError as error:
        raise Refused("SOURCE_TRUNCATED", f"the body of {shown(url)} ends before its end") from error
    except httpcore.NetworkError as error:
        raise SourceUnavailable("SOURCE_UNREACHABLE", f"{origin(url)} broke off") from error
    return content.getvalue()


def _too_large(url: httpx.URL, limit: int) -> Refused:
    return Refused("SOURCE_RECORD_TOO_LARGE", f"{shown(url)} has more than {limit} bytes")
