"""Asking one OCI registry (OCI Distribution Specification v1.1): manifests, blobs, referrers, and being let in.

Who is let in: nobody at first. A registry that wants more says so (401): user and password, or a token of its token
service, which must be one of the source's listed hosts. A token is asked for pulling from one repository and nothing
else, and kept until it is not taken any more.
"""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from cutover.contracts.base import Digest
from cutover.contracts.sources import RegistrySource
from cutover.domain import canonical
from cutover.errors import Refused
from cutover.ports import Credential, Credentials
from cutover.sources.challenges import MAX_TOKEN, challenges, check_scope, issued
from cutover.sources.credentials import authorization, with_credential
from cutover.sources.oci_documents import ACCEPT, INDEXES, Descriptor, Manifest, is_digest, read, verified
from cutover.sources.web import Answer, Unauthorized, Web

MANIFEST_BYTES = 4 * 1_048_576
"""What the specification recommends as a manifest's limit."""
Tokens = MutableMapping[tuple[str, str | None, str], str]
"""By host, purpose of the credential, and repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """One repository of a registry."""

    web: Web
    source: RegistrySource
    repository: str
    credentials: Credentials
    ecr: Credentials
    tokens: Tokens = field(repr=False)

    def manifest(self, digest: Digest) -> tuple[bytes, Manifest]:
        """A manifest's verified bytes, and what they say."""
        answer = self._get(f"manifests/{digest}", accept=ACCEPT, limit=MANIFEST_BYTES)
        content = verified(answer.content, digest, f"the manifest {digest} of {self.repository}")
        return content, read(content, answer.headers.get("content-type", ""))

    def digest_at(self, name: str) -> Digest | None:
        """The digest that a tag (or a digest) has now; None when the repository has none of that name."""
        try:
            head = self._get(f"manifests/{name}", accept=ACCEPT, limit=MANIFEST_BYTES, method="HEAD")
            said = head.headers.get("docker-content-digest", "")
            if is_digest(said):
                return said
            answer = self._get(f"manifests/{name}", accept=ACCEPT, limit=MANIFEST_BYTES)
        except Refused as refused:
            if refused.code == "SOURCE_RECORD_MISSING":
                return None
            raise
        return canonical.digest(answer.content)

    def blob(self, descriptor: Descriptor, *, limit: int) -> bytes:
        """A blob's verified bytes. Registries keep blobs elsewhere, so one redirect is followed."""
        if descriptor.size > limit:
            raise Refused("SOURCE_RECORD_TOO_LARGE", f"the blob has {descriptor.size} bytes; at most {limit}")
        path = f"blobs/{descriptor.digest}"
        answer = self._get(path, accept="application/octet-stream, */*", limit=descriptor.size, redirects=1)
        return verified(answer.content, descriptor.digest, f"the blob {descriptor.digest} of {self.repository}")

    def referrers(self, subject: Digest, kind: str) -> tuple[Descriptor, ...]:
        """The manifests of a type that say they belong to a subject: from the API, or else under the fallback tag."""
        query = urlencode({"artifactType": kind})
        answer = self._maybe(f"referrers/{subject}?{query}", accept=", ".join(INDEXES))
        if answer is None:
            answer = self._maybe(f"manifests/{subject.replace(':', '-')}", accept=", ".join(INDEXES))
        if answer is None:
            return ()
        if "link" in answer.headers:
            raise Refused("SOURCE_REFERRERS_AMBIGUOUS", f"{subject} has more referrers than one list holds")
        found = read(answer.content, answer.headers.get("content-type", ""))
        return tuple(each for each in found.manifests or () if each.artifact_type == kind)

    def _maybe(self, path: str, *, accept: str) -> Answer | None:
        try:
            return self._get(path, accept=accept, limit=MANIFEST_BYTES)
        except Refused as refused:
            if refused.code == "SOURCE_RECORD_MISSING":
                return None
            raise

    def _get(self, path: str, *, accept: str, limit: int, method: str = "GET", redirects: int = 0) -> Answer:
        url = f"{self.web.base(self.source.host)}/v2/{self.repository}/{path}"

        def ask(shown: Mapping[str, str]) -> Answer:
            headers = {"accept": accept, **shown}
            return self.web.get(
                url, hosts=self._hosts, headers=headers, limit=limit, method=method, redirects=redirects
            )

        if self.source.auth == "ecr":
            return with_credential(self.ecr, self.source.host, lambda found: ask(authorization(found)))
        token = self.tokens.get(self._key)
        try:
            return ask(authorization(Credential(token=token)) if token else {})
        except Unauthorized as refused:
            return self._answered(refused, ask)

    def _answered(self, refused: Unauthorized, ask: Callable[[Mapping[str, str]], Answer]) -> Answer:
        """Once more, with what the registry wants to see."""
        wanted = challenges(refused.challenge)
        if "bearer" in wanted:
            self.tokens[self._key] = token = self._token(wanted["bearer"])
            return ask(authorization(Credential(token=token)))
        if "basic" in wanted and self._purpose is not None:
            return with_credential(self.credentials, self._purpose, lambda found: ask(authorization(found)))
        raise refused

    def _token(self, challenge: Mapping[str, str]) -> str:
        """From the registry's token service, to which alone the credential is shown."""
        check_scope(challenge.get("scope", ""), self.repository)
        realm, service = challenge.get("realm", ""), challenge.get("service")
        if {"scope", "service"} & parse_qs(urlsplit(realm).query, keep_blank_values=True).keys():
            raise Refused("SOURCE_SCOPE_DIFFERS", "the registry names a token service that is told what to ask for")
        asked = ({"service": service} if service else {}) | {"scope": f"repository:{self.repository}:pull"}
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(asked)}"

        def ask(shown: Mapping[str, str]) -> bytes:
            headers = {"accept": "application/json", **shown}
            return self.web.get(url, hosts=self._hosts, headers=headers, limit=MAX_TOKEN).content

        if self._purpose is None:
            return issued(ask({}))
        return issued(with_credential(self.credentials, self._purpose, lambda found: ask(authorization(found))))

    @property
    def _purpose(self) -> str | None:
        return self.source.credential if self.source.auth == "basic" else None

    @property
    def _key(self) -> tuple[str, str | None, str]:
        return self.source.host, self._purpose, self.repository

    @property
    def _hosts(self) -> tuple[str, ...]:
        return (self.source.host, *self.source.hosts)
