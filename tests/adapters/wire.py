"""Faults below botocore: what a client sends, and what it gets back, as on the wire.

A handler stands where the network would. An exception there is a transport error, which the client's own retries
then meet; None lets moto answer.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from weakref import WeakKeyDictionary

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto.core.models import botocore_stubber

Handler = Callable[[AWSPreparedRequest], AWSResponse | None]


class _Raw(BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def response(status: int, body: bytes, **headers: str) -> AWSResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    all_headers: Any = {"content-length": str(len(body)), **named}
    return AWSResponse("https://aws.example", status, all_headers, _Raw(body))


def error(status: int, code: str, **members: Any) -> AWSResponse:
    """An error of the JSON protocols (DynamoDB, KMS, SQS, Step Functions, SES v2)."""
    return response(status, json.dumps({"__type": code, "message": code, **members}).encode(), x_amzn_errortype=code)


def text(request: AWSPreparedRequest) -> str:
    """The body that was sent."""
    body = request.body
    return body.decode() if isinstance(body, bytes) else str(body)


def success(**members: Any) -> AWSResponse:
    return response(200, json.dumps(members).encode())


class _Network:
    """What stands between one client and moto. (Every handler of ``before-send`` runs, so there must be only one.)"""

    def __init__(self, client: Any) -> None:
        self.handlers: dict[str, Handler] = {}
        client.meta.events.unregister("before-send", botocore_stubber)
        client.meta.events.register("before-send", self)

    def __call__(self, event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        handler = self.handlers.get(event_name.rpartition(".")[2])
        answer = handler(request) if handler else None
        return answer or botocore_stubber(event_name, request)


_networks: WeakKeyDictionary[Any, _Network] = WeakKeyDictionary()


@contextmanager
def on_the_wire(client: Any, operation: str, handler: Handler) -> Iterator[list[AWSPreparedRequest]]:
    """Let ``handler`` meet every try of ``operation``; None lets the try pass. Yields the tries."""
    tries: list[AWSPreparedRequest] = []

    def handle(request: AWSPreparedRequest) -> AWSResponse | None:
        tries.append(request)
        return handler(request)

    network = _networks.get(client) or _networks.setdefault(client, _Network(client))
    network.handlers[operation] = handle
    try:
        yield tries
    finally:
        del network.handlers[operation]


def always(answer: Callable[[], AWSResponse]) -> Handler:
    return lambda _: answer()


def lost(*, times: int, fault: Exception | None = None) -> Handler:
    """The first ``times`` tries take effect, but the connection closes before the answer comes."""
    left = times

    def handle(request: AWSPreparedRequest) -> AWSResponse | None:
        nonlocal left
        if not left:
            return None
        left -= 1
        botocore_stubber("before-send", request)
        raise fault or ConnectionClosedError(endpoint_url=request.url)

    return handle


def broken(fault: Exception) -> Handler:
    """No try arrives."""

    def handle(_: AWSPreparedRequest) -> AWSResponse | None:
        raise fault

    return handle
