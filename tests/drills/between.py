"""What stands between one function and one AWS service of a local stack: calls that fail, answers that nobody gets."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import httpx

from cutover_cli.local.stack import LocalStack
from tests.local.killing import children, function_of

Meddling = Callable[[str, str], str]
"""Told method and path of a call, says ``pass``, ``fail`` (503, unasked), or ``kill`` (asked, and never answered)."""
_HOPS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@contextmanager
def between(stack: LocalStack, function: str, service: str, meddle: Meddling, *, emulator: int) -> Iterator[None]:
    """Until the block ends, every call of the function to the service (``S3``, ``SQS``) comes by here first."""
    name, client = stack.functions[function], stack.clients.lambda_
    known = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def kill() -> None:
        for pid in children(emulator):
            if function_of(pid) == name:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stack.endpoint, meddle, kill))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="between")
    thread.start()
    ours = {f"AWS_ENDPOINT_URL_{service}": f"http://127.0.0.1:{server.server_port}"}
    client.update_function_configuration(FunctionName=name, Environment={"Variables": known | ours})
    try:
        yield
    finally:
        client.update_function_configuration(FunctionName=name, Environment={"Variables": known})
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(endpoint: str, meddle: Meddling, kill: Callable[[], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            """Whatever the method is."""
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            self._serve()
            self.wfile.flush()

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            what = meddle(self.command, urlsplit(self.path).path)
            if what == "fail":
                self._answer(503, {"Content-Length": "0"}, b"")
                return
            asked = httpx.Request(self.command, f"{endpoint}{self.path}", content=body, headers=self.headers.items())
            with httpx.Client(trust_env=False, timeout=60) as client:
                answer = client.send(asked, stream=True)
                content = b"".join(answer.iter_raw())
            if what == "kill":
                kill()
                self.close_connection = True
                return
            self._answer(answer.status_code, {"Content-Length": str(len(content)), **answer.headers}, content)

        def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            """Of HEAD the length is that of a body which does not come."""
            self.send_response_only(status)
            lengths = [value for key, value in headers.items() if key.lower() == "content-length"]
            for key, value in headers.items():
                if key.lower() not in _HOPS:
                    self.send_header(key, value)
            self.send_header("Content-Length", lengths[-1])
            self.end_headers()
            self.wfile.write(body)

    return Handler
