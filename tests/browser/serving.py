"""The door over loopback HTTP: requests become the gateway's events, and the real resolver answers them."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.approving import World, http_event, lambda_context

ROUTES = ("/approvals/", "/passkeys/", "/waiting/")


class _Gateway(BaseHTTPRequestHandler):
    """One request of API Gateway's HTTP API. ``world`` is set by :func:`served`."""

    world: World
    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(f"{self.command} {self.path}")
        if not self.path.startswith(ROUTES):  # no such route: the gateway answers by itself
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.world.app.resolve(http_event(self.command, self.path, body, headers), lambda_context())
        content = base64.b64decode(answer["body"]) if answer.get("isBase64Encoded") else answer["body"].encode()
        self.send_response(answer["statusCode"])
        for name, value in answer["headers"].items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_HEAD = do_POST = do_GET  # noqa: N815 - the names are http.server's

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Nothing: a link is a credential, in tests too."""


@contextmanager
def served(world: World) -> Iterator[list[str]]:
    """Serves ``world`` at its own ``page_url``, which is set here; gives the list of requests as they come."""
    seen: list[str] = []
    handler = type("Gateway", (_Gateway,), {"world": world, "seen": seen})
    with _running(handler) as origin:
        world.page_url = origin
        yield seen


@contextmanager
def elsewhere(page: str) -> Iterator[str]:
    """Another site, with one page; gives its address, which browsers take for another site than 127.0.0.1."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
            """Nothing."""

    with _running(Page) as origin:
        yield origin.replace("127.0.0.1", "localhost")


@contextmanager
def _running(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
