"""A server on this machine that says exactly the bytes that a test wants said, over TLS where it is given a key."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

HEAD = 65_536


@dataclass(frozen=True)
class Request:
    """What a client asked; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


Reply = Callable[[Request], Iterable[bytes]]
"""The pieces of an answer, head and all. The connection is closed after the last."""


def reply(status: int, content: bytes = b"", **headers: str) -> list[bytes]:
    """An answer with its length."""
    named = {"content-length": str(len(content)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return [head(status, **named), content]


def head(status: int, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass
class Server:
    """``requests``: what was asked, in order. ``ended``: set when the test is over."""

    port: int
    requests: list[Request] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"


@contextmanager
def serving(answer: Reply, *, tls: ssl.SSLContext | None = None, greeting: bytes = b"") -> Iterator[Server]:
    """Serves one request a connection, until the block ends. ``greeting`` is said before anybody has asked."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=32)
    server = Server(port=listener.getsockname()[1])
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(10)
            connection.sendall(greeting)
            threads.append(threading.Thread(target=_talk, args=(connection, tls, answer, server), daemon=True))
            threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        server.ended.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(10)
        for thread in threads:
            thread.join(10)


def _talk(connection: socket.socket, tls: ssl.SSLContext | None, answer: Reply, server: Server) -> None:
    # A client that hangs up in the middle is what many of these tests are about.
    with connection, suppress(OSError):
        stream = tls.wrap_socket(connection, server_side=True) if tls else connection
        with stream:
            if request := _read(stream):
                server.requests.append(request)
                for piece in answer(request):
                    stream.sendall(piece)
                _finish(stream)


def _finish(stream: socket.socket) -> None:
    if isinstance(stream, ssl.SSLSocket):
        stream.unwrap()
    else:
        stream.shutdown(socket.SHUT_WR)
        stream.recv(1)  # until the client has hung up: closing earlier could take the answer back


def _read(stream: socket.socket) -> Request | None:
    said = b""
    while b"\r\n\r\n" not in said:
        part = stream.recv(HEAD)
        if not part:
            return None
        said += part
    first, *lines = said.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    return Request(method, target, {name.lower(): value for name, value in headers.items()})
