"""A network of one function: the way to source systems, in memory."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cutover.errors import Refused, SourceUnavailable
from cutover.ports import Credential
from cutover.sources.web import NO_HEADERS, Answer, Unauthorized


@dataclass(frozen=True)
class Asked:
    """What a source was asked; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Said:
    status: int = 200
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Says = Callable[[Asked], Said]


class FakeWeb:
    """Implements ``Web``. Nothing is followed; ``asked`` is what was asked, in order."""

    def __init__(self, says: Says) -> None:
        self._says = says
        self.asked: list[Asked] = []

    def base(self, host: str) -> str:
        return f"https://{host}"

    def get(
        self, url: str, *, hosts: Collection[str], headers: Mapping[str, str] = NO_HEADERS, limit: int,
        method: str = "GET", redirects: int = 0,
    ) -> Answer:  # fmt: skip
        parts = urlsplit(url)
        if parts.netloc not in hosts:
            raise Refused("SOURCE_HOST_NOT_LISTED", f"{parts.netloc} is not a host of this source")
        request = Asked(method, url.partition(parts.netloc)[2], {name.lower(): said for name, said in headers.items()})
        self.asked.append(request)
        said = self._says(request)
        _judge(said.status)
        if len(said.content) > limit:
            raise Refused("SOURCE_RECORD_TOO_LARGE", f"more than {limit} bytes")
        return Answer(said.status, dict(said.headers), said.content)


def _judge(status: int) -> None:
    if status == 401:
        raise Unauthorized("answered 401", "")
    if status == 429 or status >= 500:
        raise SourceUnavailable("SOURCE_THROTTLED" if status == 429 else "SOURCE_FAILING", f"answered {status}")
    if status != 200:
        codes = {403: "SOURCE_DENIED", 404: "SOURCE_RECORD_MISSING", 302: "SOURCE_REDIRECTED_ELSEWHERE"}
        raise Refused(codes.get(status, "SOURCE_ANSWER_UNEXPECTED"), f"answered {status}")


class RotatingCredentials:
    """Implements ``Credentials``: of each purpose what is known, and what stands there by now."""

    def __init__(self, **purposes: tuple[Credential, Credential]) -> None:
        self._purposes = purposes
        self.read: list[tuple[str, bool]] = []

    def get(self, purpose: str, *, fresh: bool = False) -> Credential:
        self.read.append((purpose, fresh))
        if purpose not in self._purposes:
            raise Refused("CREDENTIAL_MISSING", f"there is no credential called {purpose}")
        return self._purposes[purpose][1 if fresh else 0]
