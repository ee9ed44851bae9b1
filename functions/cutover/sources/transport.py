"""httpx' transport over connections that go to an address that was checked, within one deadline.

httpx hands a request to a transport (``httpx.BaseTransport``); httpcore opens the connection through a network backend
of ours. The backend resolves, checks, and connects to exactly what it has checked; TLS then verifies the certificate
for the host's name as ever. Between check and use no name is looked up again, so DNS rebinding finds no gap.
"""

import logging
import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpcore
import httpx

from cutover.errors import Refused, SourceUnavailable
from cutover.sources.addresses import Address, Resolve, checked

CONNECT_SECONDS = 5.0
Monotonic = Callable[[], float]
"""Seconds that only ever grow."""
logging.getLogger("httpcore").setLevel(logging.WARNING)
"""Below that it writes headers to the log, cookies and locations among them."""


class Deadline:
    """One moment by which everything must be over, whatever comes how slowly."""

    def __init__(self, seconds: float, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self._end = monotonic() + seconds

    def left(self) -> float:
        """Seconds; raises ``httpcore.ReadTimeout`` when there are none."""
        left = self._end - self._monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline is over")
        return left


class CheckedTransport(httpx.BaseTransport):
    """One connection for one request. Raises httpcore's exceptions, ``Refused`` and ``SourceUnavailable``."""

    def __init__(
        self, *, trust: ssl.SSLContext, resolve: Resolve, allowed: Callable[[Address], bool], deadline: Deadline
    ) -> None:
        backend = _CheckedBackend(resolve, allowed, deadline)
        self._pool = httpcore.ConnectionPool(ssl_context=trust, max_connections=1, network_backend=backend)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
            )
        )
        return httpx.Response(status_code=answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """The body as it comes: neither decoded nor gathered."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _CheckedBackend(httpcore.NetworkBackend):
    def __init__(self, resolve: Resolve, allowed: Callable[[Address], bool], deadline: Deadline) -> None:
        self._resolve = resolve
        self._allowed = allowed
        self._deadline = deadline

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None,  # noqa: ARG002 - the deadline is stricter
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """To the first of the checked addresses that takes the connection. Raises ``SourceUnavailable``."""
        addresses = checked(host, port, resolve=self._resolve, allowed=self._allowed)
        for tried, address in enumerate(addresses, start=1):
            # No address may use up the time of those after it.
            share = min(CONNECT_SECONDS, self._deadline.left() / (len(addresses) - tried + 1))
            try:
                stream = httpcore.SyncBackend().connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
            return _TimedStream(stream, self._deadline)
        raise SourceUnavailable("SOURCE_UNREACHABLE", f"{host} takes no connection at port {port}")


class _TimedStream(httpcore.NetworkStream):
    """A stream whose every step has only what is left of the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:  # fmt: skip
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left())
        except httpcore.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise Refused(
                    "SOURCE_NOT_TRUSTED",
                    f"the certificate of {server_hostname} does not verify: {error.__cause__.verify_message}",
                    "serve the source under a certificate of a public authority, for its own name",
                ) from error
            raise
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
