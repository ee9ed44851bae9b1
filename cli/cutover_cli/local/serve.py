"""Runs the emulator. Executed by the emulator's own interpreter, which has none of this project's packages.

Four things it judges by are set right, so that the template can stay as AWS needs it and be enforced whole:

- *Transport.* The template refuses what does not come over TLS; the emulator goes by X-Forwarded-Proto. Nothing
  but this machine reaches its port, so loopback stands for the TLS that AWS terminates.
- *aws:PrincipalArn.* For the session of a role AWS fills in the ARN of the role ("AWS global condition context
  keys"); the emulator fills in that of the session, which no policy can name beforehand.
- *Batches of SQS.* Who may send one message may send several ("Amazon SQS API permissions"); the emulator asks for an
  action of its own, which AWS does not have.
- *events:source.* Of whom a policy lets put events of one source, AWS looks at the entries of the call; the emulator
  does not know that key of a condition, so nobody could.

And two are made cheap. The package that all functions share is unpacked once, not for every worker: that was a third
of all the work of a release. And of a function no more workers are started than this machine has processors: the
branches of Collect and of Verify take turns, where each would start a Python of its own, which takes longer than the
branch.
"""

import hashlib
import json
import os
import re
import tempfile
import threading
import zipfile
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack import app as emulator
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services import lambda_svc

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]


_source: ContextVar[str | None] = ContextVar("source", default=None)
"""Of the call that is judged: the source of the events that it puts."""
_SESSION = re.compile(r"arn:(?P<partition>[\w-]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/[^/]+")


def over_tls(application: Application) -> Application:
    """The same ASGI application, every HTTP request marked as one whose TLS ended just before."""

    async def marked(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
        await application(scope, receive, send)

    return marked


def role_of(arn: str) -> str:
    """The role's ARN for the ARN of one of its sessions; any other ARN as it is. Our roles have no path."""
    session = _SESSION.fullmatch(arn)
    return f"arn:{session['partition']}:iam::{session['account']}:role/{session['role']}" if session else arn


def by_role(resolve: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """The same lookup of condition keys, but with the role where AWS has the role, and with the source of events."""

    def resolved(key: str, context: Any) -> Any:
        if key.lower() == "events:source":
            return _source.get()
        value = resolve(key, context)
        return role_of(value) if key.lower() == "aws:principalarn" else value

    return resolved


def one_by_one(extract: Callable[..., str | None]) -> Callable[..., str | None]:
    """The same lookup of a call's action, but with that of a single message for a batch of SQS."""

    def extracted(service: str, method: str, path: str, headers: Any, body: bytes, *more: Any) -> str | None:
        action = extract(service, method, path, headers, body, *more)
        _source.set(source_of(body) if action == "events:PutEvents" else None)
        return action.removesuffix("Batch") if action and action.startswith("sqs:") else action

    return extracted


def source_of(body: bytes) -> str | None:
    """The one source of all events in a call of PutEvents; None where they have several, or it cannot be read."""
    try:
        sources = {entry["Source"] for entry in json.loads(body)["Entries"]}
    except (ValueError, KeyError, TypeError):
        return None
    return str(sources.pop()) if len(sources) == 1 else None


class UnpackedOnce(zipfile.ZipFile):
    """A package whose every unpacking but the first is a link to the first. Nobody writes there, as on AWS."""

    _one_at_a_time = threading.Lock()

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        """Puts at `path`, an empty folder, a link to the whole content. Other arguments are not used here."""
        digest = hashlib.sha256(Path(str(self.filename)).read_bytes()).hexdigest()
        unpacked = Path(tempfile.gettempdir(), f"package-{digest}")
        with self._one_at_a_time:
            if not unpacked.is_dir():
                draft = Path(tempfile.mkdtemp())
                super().extractall(draft, members, pwd)
                draft.replace(unpacked)
        Path(path).rmdir()
        Path(path).symlink_to(unpacked)


class Turns:
    """Leases a function's workers to no more invocations at once than `most`; the others wait until one is free.

    No function of ours invokes a function, so nobody waits for a worker that waits for him.
    """

    def __init__(self, acquire: Callable[..., tuple[Any, str]], release: Callable[[Any], None], most: int) -> None:
        self._acquire = acquire
        self._release = release
        self._most = most
        self._changed = threading.Condition()

    def acquire(self, *of: Any, **chosen: Any) -> tuple[Any, str]:
        """As the emulator's own, which answers None where that many are at work."""
        with self._changed:
            while (leased := self._acquire(*of, **chosen, max_concurrency=self._most))[0] is None:
                self._changed.wait()
            return leased

    def release(self, worker: Any) -> None:
        """As the emulator's own."""
        self._release(worker)
        with self._changed:
            self._changed.notify_all()


if __name__ == "__main__":
    # Names of a version that is pinned by its hash; tests of the local stack show that they take effect.
    lambda_runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": UnpackedOnce})
    turns = Turns(lambda_runtime.acquire_worker, lambda_runtime.release_worker, max(2, os.cpu_count() or 1))
    lambda_svc.acquire_worker, lambda_svc.release_worker = turns.acquire, turns.release
    iam_evaluator._resolve_condition_key = by_role(iam_evaluator._resolve_condition_key)  # noqa: SLF001
    iam_actions.extract_iam_action = one_by_one(iam_actions.extract_iam_action)
    emulator.app = over_tls(emulator.app)
    emulator.main()
