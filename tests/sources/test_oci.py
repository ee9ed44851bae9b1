"""The adapter of OCI registries where a registry answers as it should not, or as ``docker-registry`` never does."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from cutover.contracts.candidate import Reference
from cutover.contracts.evidence import ArtifactRecord
from cutover.contracts.sources import RegistrySource
from cutover.errors import Refused
from cutover.ports import Credential
from cutover.sources.oci import MAX_MANIFESTS, MAX_READ, OciSource
from cutover.sources.web import CheckedWeb
from tests.fakes.credentials import FakeCredentials
from tests.sources.images import EMPTY, INDEX, MANIFEST, Image, descriptor, digest, encoded, image, index
from tests.sources.loopback import Reply, Request, head, reply, serving
from tests.sources.registry import basic

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
APP = image(b"layer")
RECORD = image(b"record", layer_type="text/plain", config_type=EMPTY)
SIGNED = image(b"signed", layer_type=BUNDLE, config_type=EMPTY, artifactType=BUNDLE, subject=APP.described())
SIGNED_TOO = image(b"signed too", layer_type=BUNDLE, config_type=EMPTY, artifactType=BUNDLE, subject=APP.described())
Routes = Mapping[str, Any]
"""What stands at a path below ``/v2/app/``: an image, or the pieces of an answer."""


def answering(routes: Routes) -> Reply:
    def answer(request: Request) -> list[bytes]:
        found = routes.get(request.path.removeprefix("/v2/app/"))
        if found is None:
            return reply(404)
        if isinstance(found, Image):
            pieces = reply(200, found.content, content_type=found.media_type, docker_content_digest=found.digest)
            return pieces[:1] if request.method == "HEAD" else pieces
        return list(found(request) if callable(found) else found)

    return answer


def at(found: Image) -> dict[str, Any]:
    """A manifest under its digest, and its blobs."""
    blobs = {f"blobs/{digest(blob)}": reply(200, blob) for blob in found.blobs}
    return {f"manifests/{found.digest}": found, **blobs}


def oci(credentials: FakeCredentials | None = None, ecr: FakeCredentials | None = None) -> OciSource:
    return OciSource(
        CheckedWeb(loopback=True), credentials=credentials or FakeCredentials(), ecr=ecr or FakeCredentials()
    )


def source(*hosts: str, **more: Any) -> RegistrySource:
    return RegistrySource(kind="oci", host=hosts[0], hosts=hosts[1:], **more)


def reference(version: str, record: str = "app:1.0") -> Reference:
    return Reference(source="registry", record=record, version=version)


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        action()
    return caught.value.code


def fetch_code(routes: Routes, version: str, record: str = "app", limit: int = 100) -> str:
    with serving(answering(routes)) as server:
        return code_of(lambda: oci().fetch(source(server.host), reference(version, record), limit=limit))


def artifact_code(routes: Routes, version: str, record: str = "app:1.0") -> str:
    with serving(answering(routes)) as server:
        return code_of(lambda: oci().artifact("registry", source(server.host), reference(version, record), limit=1))


# Names.


@pytest.mark.parametrize("version", ["1.0", "latest", "sha256:abc", "sha512:" + "0" * 128, APP.digest.upper(), BUNDLE])
def test_a_version_that_is_not_a_digest_pins_nothing(version: str) -> None:
    assert fetch_code({}, version) == "SOURCE_VERSION_NOT_A_DIGEST"
    assert artifact_code({}, version, f"app@{APP.digest}") == "SOURCE_VERSION_NOT_A_DIGEST"
    assert (
        code_of(lambda: oci().latest(source("r.example"), reference(version, "app"))) == "SOURCE_VERSION_NOT_A_DIGEST"
    )


@pytest.mark.parametrize(
    "record",
    [
        "App", "app:", "app:.x", "app:1.0:2", "/app", "app/", "../app", "app/../other", "app?x", "app#x", "app@1.0",
        "app@sha256:abc", "host.example:5000/app", "app:" + "x" * 129, "a" * 256, "a b", "ä", "app%2fother", "app:1/2",
    ],
)  # fmt: skip
def test_a_record_that_names_no_repository_is_malformed(record: str) -> None:
    for code in (fetch_code({}, APP.digest, record), artifact_code({}, APP.digest, record)):
        assert code == "SOURCE_RECORD_MALFORMED"


# Bytes.


def test_other_bytes_than_the_digest_names_are_refused() -> None:
    other = image(b"other")
    assert artifact_code({f"manifests/{APP.digest}": other}, APP.digest) == "SOURCE_DIGEST_DIFFERS"
    assert fetch_code({f"manifests/{APP.digest}": other}, APP.digest) == "SOURCE_DIGEST_DIFFERS"
    blob = {**at(RECORD), f"blobs/{digest(b'record')}": reply(200, b"Record")}
    assert fetch_code(blob, RECORD.digest) == "SOURCE_DIGEST_DIFFERS"


def test_a_blob_that_is_longer_than_its_manifest_says_is_not_read() -> None:
    routes = {**at(RECORD), f"blobs/{digest(b'record')}": reply(200, b"record and more")}
    assert fetch_code(routes, RECORD.digest) == "SOURCE_RECORD_TOO_LARGE"
    assert fetch_code(at(RECORD), RECORD.digest, limit=5) == "SOURCE_RECORD_TOO_LARGE"


def test_a_manifest_of_more_than_four_mebibytes_is_not_read() -> None:
    assert artifact_code({f"manifests/{APP.digest}": [head(200, content_length="4194305")]}, APP.digest) == (
        "SOURCE_RECORD_TOO_LARGE"
    )


def made(document: dict[str, Any], media_type: str = MANIFEST) -> Image:
    return Image(encoded(document), media_type=media_type)


CONFIG, LAYER = descriptor(b"{}", EMPTY), descriptor(b"x", "text/plain")
WRONG = {
    "no JSON": Image(b"manifest"),
    "nested without end": Image(b"[" * 100_000),
    "a list": Image(b"[]"),
    "no config": made({"mediaType": MANIFEST, "layers": [LAYER]}),
    "no layers": made({"mediaType": MANIFEST, "config": CONFIG}),
    "both kinds": made({"mediaType": MANIFEST, "config": CONFIG, "layers": [LAYER], "manifests": []}),
    "an index that says it is a manifest": made({"mediaType": MANIFEST, "manifests": [LAYER]}),
    "a manifest that says it is an index": made({"mediaType": INDEX, "config": CONFIG, "layers": [LAYER]}),
    "an old schema": made({"schemaVersion": 1}, "application/vnd.docker.distribution.manifest.v1+json"),
    "no media type": made({"config": CONFIG, "layers": [LAYER]}, "application/json"),
    "a negative size": made({"config": CONFIG, "layers": [{**LAYER, "size": -1}]}),
    "a size in words": made({"config": CONFIG, "layers": [{**LAYER, "size": "1"}]}),
    "an unknown digest": made({"config": CONFIG, "layers": [{**LAYER, "digest": "md5:abc"}]}),
    "a media type with a line break": made({"config": CONFIG, "layers": [{**LAYER, "mediaType": "text/plain\n"}]}),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_no_manifest_is_unreadable(wrong: Image) -> None:
    routes = {f"manifests/{wrong.digest}": wrong}
    assert artifact_code(routes, wrong.digest) == "SOURCE_RECORD_UNREADABLE"
    assert fetch_code(routes, wrong.digest) == "SOURCE_RECORD_UNREADABLE"


def test_a_manifest_without_a_type_of_its_own_has_that_of_the_answer() -> None:
    plain = made({"config": CONFIG, "layers": [LAYER]}, MANIFEST + "; charset=utf-8")
    with serving(answering({f"manifests/{plain.digest}": plain, "manifests/1.0": plain})) as server:
        raw = oci().artifact("registry", source(server.host), reference(plain.digest), limit=1)
    assert ArtifactRecord.model_validate_json(raw).size == len(plain.content) + 3


def test_an_index_that_is_incomplete_is_missing_something() -> None:
    both = index(APP.described(), RECORD.described())
    assert artifact_code({"manifests/1.0": both, **at(both), **at(APP)}, both.digest) == "SOURCE_RECORD_MISSING"


def test_an_index_of_indexes_is_read_once_and_within_bounds() -> None:
    inner = index(APP.described())
    outer = index(inner.described(), APP.described(), inner.described())
    with serving(answering({"manifests/1.0": outer, **at(outer), **at(inner), **at(APP)})) as server:
        raw = oci().artifact("registry", source(server.host), reference(outer.digest), limit=1)
        assert ArtifactRecord.model_validate_json(raw).size == outer.size + inner.size + APP.size
        assert len(server.requests) == 4
    many = index(*(descriptor(str(number).encode(), MANIFEST) for number in range(MAX_MANIFESTS)))
    assert artifact_code(at(many), many.digest) == "SOURCE_RECORD_TOO_LARGE"


# Tags.


def test_a_registry_that_does_not_state_a_digest_is_asked_for_the_bytes() -> None:
    def silent(request: Request) -> list[bytes]:
        pieces = reply(200, SIGNED.content, content_type=MANIFEST, docker_content_digest="sha512:abc")
        return pieces[:1] if request.method == "HEAD" else pieces

    with serving(answering({"manifests/1.0": silent})) as server:
        assert oci().latest(source(server.host), reference(APP.digest)) == SIGNED.digest
    assert [each.method for each in server.requests] == ["HEAD", "GET"]


def test_a_newer_digest_is_one_of_bytes_and_not_only_the_registry_s_word() -> None:
    routes = {**at(APP), "manifests/1.0": SIGNED}
    assert artifact_code(routes, APP.digest) == "SOURCE_RECORD_MISSING"
    assert artifact_code({**routes, f"manifests/{SIGNED.digest}": APP}, APP.digest) == "SOURCE_DIGEST_DIFFERS"


# Blobs that are kept elsewhere.


def test_a_blob_is_fetched_from_where_the_registry_keeps_it_without_the_credentials() -> None:
    with serving(lambda _: reply(200, b"record")) as blobs:
        routes = {**at(RECORD), f"blobs/{digest(b'record')}": reply(307, location=f"{blobs.url}/blob?signature=x")}
        with serving(closed(answering(routes), "Basic realm=x")) as registry:
            fetched = oci(FakeCredentials(pull=GOOD)).fetch(
                source(registry.host, blobs.host, auth="basic", credential="pull"),
                reference(RECORD.digest, "app"), limit=100,
            )  # fmt: skip
            assert fetched.content == b"record"
            unlisted = source(registry.host, auth="basic", credential="pull")
            action = oci(FakeCredentials(pull=GOOD)).fetch
            assert code_of(lambda: action(unlisted, reference(RECORD.digest, "app"), limit=100)) == (
                "SOURCE_REDIRECTED_ELSEWHERE"
            )
    (request,) = blobs.requests
    assert (request.target, "authorization" in request.headers) == ("/blob?signature=x", False)


def test_a_manifest_is_kept_where_it_is_asked_for() -> None:
    routes = {f"manifests/{APP.digest}": reply(307, location="/v2/other/manifests/x")}
    assert artifact_code(routes, APP.digest) == "SOURCE_REDIRECTED_ELSEWHERE"


# The referrers API.


def listed(*found: dict[str, Any], **headers: str) -> list[bytes]:
    content = index(*found).content
    return reply(200, content, content_type=INDEX, **headers)


def referring(*pieces: bytes) -> dict[str, Any]:
    return {f"referrers/{APP.digest}": list(pieces), **at(SIGNED), **at(SIGNED_TOO)}


AT_APP = f"app@{APP.digest}"


def test_the_only_referrer_of_a_type_is_the_record() -> None:
    other = RECORD.described(artifactType="text/other")
    routes = referring(*listed(other, SIGNED.described(artifactType=BUNDLE)))
    with serving(answering(routes)) as server:
        fetched = oci().fetch(source(server.host), reference(BUNDLE, AT_APP), limit=100)
        assert (fetched.content, fetched.media_type, fetched.version) == (b"signed", BUNDLE, BUNDLE)
        assert oci().latest(source(server.host), reference(BUNDLE, AT_APP)) == BUNDLE
    assert server.requests[0].target.endswith("?artifactType=application%2Fvnd.dev.sigstore.bundle.v0.3%2Bjson")


def test_no_referrer_is_none_and_asks_for_no_fallback() -> None:
    with serving(answering(referring(*listed()))) as server:
        assert oci().latest(source(server.host), reference(BUNDLE, AT_APP)) is None
    assert len(server.requests) == 1
    assert fetch_code(referring(*listed()), BUNDLE, AT_APP) == "SOURCE_RECORD_MISSING"


def test_more_referrers_than_one_are_ambiguous() -> None:
    two = listed(SIGNED.described(artifactType=BUNDLE), SIGNED_TOO.described(artifactType=BUNDLE))
    pages = listed(SIGNED.described(artifactType=BUNDLE), link='<?n=1>; rel="next"')
    for pieces in (two, pages):
        assert fetch_code(referring(*pieces), BUNDLE, AT_APP) == "SOURCE_REFERRERS_AMBIGUOUS"
        with serving(answering(referring(*pieces))) as server:
            code = code_of(lambda: oci().latest(source(server.host), reference(BUNDLE, AT_APP)))
        assert code == "SOURCE_REFERRERS_AMBIGUOUS"


def collected(content: bytes = b"signed") -> Reference:
    """What is asked about later: the type, and which bytes it led to."""
    return reference(BUNDLE, AT_APP).model_copy(update={"digest": digest(content)})


def latest(found: Reference, *referrers: Image, **more: Any) -> str | None:
    listing = listed(*(each.described(artifactType=BUNDLE) for each in referrers))
    pushed = {path: there for each in referrers for path, there in at(each).items()}
    routes = {**pushed, **referring(*listing), **more}
    with serving(answering(routes)) as server:
        return oci().latest(source(server.host), found)


def test_a_referrer_that_was_swapped_is_another_version() -> None:
    """The type is the same, and leads to other bytes: then its digest says which there are by now."""
    assert latest(collected(), SIGNED) == BUNDLE
    assert latest(collected(), SIGNED_TOO) == SIGNED_TOO.digest
    assert latest(collected(b"signed too"), SIGNED) == SIGNED.digest
    assert latest(collected()) is None


def test_whoever_pushes_one_more_changes_nothing_of_the_one_that_was_collected() -> None:
    assert latest(collected(), SIGNED, SIGNED_TOO) == BUNDLE
    assert latest(collected(), SIGNED_TOO, SIGNED) == BUNDLE
    assert latest(collected(), *junk(MAX_READ - 1), SIGNED) == BUNDLE


def junk(count: int) -> list[Image]:
    """What is listed and is no record, in several ways."""
    return [
        Image(f"manifest {number}".encode()) if number % 2 else image(b"%d" % number, artifactType=BUNDLE)
        for number in range(count)
    ]


def test_where_the_one_that_was_collected_is_not_found_among_many_nobody_says_which_is_meant() -> None:
    third = image(b"third", artifactType=BUNDLE, subject=APP.described())
    for referrers in ((SIGNED_TOO, third), (*junk(MAX_READ), SIGNED)):
        assert code_of(lambda each=referrers: latest(collected(), *each)) == "SOURCE_REFERRERS_AMBIGUOUS"  # type: ignore[misc]


def test_the_bytes_that_were_collected_count_only_in_a_referrer_of_that_type_and_subject() -> None:
    """The same layer, pushed as something else."""
    other = image(b"signed", layer_type=BUNDLE, config_type=EMPTY, artifactType=BUNDLE, subject=RECORD.described())
    typed = image(b"signed", layer_type=BUNDLE, config_type=EMPTY, artifactType="text/other", subject=APP.described())
    for each in (other, typed):
        assert latest(collected(), each) == each.digest


def test_a_referrer_that_is_listed_and_not_there_is_another_one() -> None:
    gone = {f"manifests/{SIGNED.digest}": reply(404)}
    assert latest(collected(), SIGNED, **gone) == SIGNED.digest, "and whoever fetches it will see that it is missing"


def test_a_registry_that_does_not_let_in_is_no_answer() -> None:
    denied = {f"manifests/{SIGNED.digest}": reply(403)}
    assert code_of(lambda: latest(collected(), SIGNED, **denied)) == "SOURCE_DENIED"


def test_a_list_of_referrers_is_not_believed() -> None:
    """The referrer itself says which subject it belongs to, and of what type it is."""
    stranger = image(b"x", artifactType=BUNDLE, subject=RECORD.described())
    nobody = image(b"x", artifactType=BUNDLE)
    for each in (stranger, nobody):
        routes = {**referring(*listed(each.described(artifactType=BUNDLE))), **at(each)}
        assert fetch_code(routes, BUNDLE, AT_APP) == "SOURCE_SUBJECT_DIFFERS"
    wrong = image(b"x", artifactType="text/other", subject=APP.described())
    routes = {**referring(*listed(wrong.described(artifactType=BUNDLE))), **at(wrong)}
    assert fetch_code(routes, BUNDLE, AT_APP) == "SOURCE_RECORD_UNREADABLE"
    assert fetch_code(referring(*reply(200, b"no index")), BUNDLE, AT_APP) == "SOURCE_RECORD_UNREADABLE"


def test_a_referrer_without_a_type_of_its_own_has_that_of_its_config() -> None:
    plain = image(b"signed", config_type=BUNDLE, subject=APP.described())
    routes = {**referring(*listed(plain.described(artifactType=BUNDLE))), **at(plain)}
    with serving(answering(routes)) as server:
        assert oci().fetch(source(server.host), reference(BUNDLE, AT_APP), limit=100).content == b"signed"


# Being let in.

GOOD = Credential(user="reader", password="made-up")
SHOWN = basic("reader", "made-up")


def closed(inner: Reply, challenge: str, wanted: str = SHOWN) -> Reply:
    def answer(request: Request) -> list[bytes]:
        if request.headers.get("authorization") != wanted:
            return reply(401, www_authenticate=challenge)
        return list(inner(request))

    return answer


def latest_code(challenge: str, *, token: Reply | None = None, auth: str = "basic") -> tuple[str, list[str]]:
    """The code with which ``latest`` ends, and what the registry's token service was shown."""
    with serving(token or (lambda _: reply(200, b'{"token": "t"}'))) as service:
        wanted = challenge.replace("TOKENS", service.url)
        with serving(closed(answering({"manifests/1.0": APP}), wanted, "Bearer right")) as server:
            credential = {"credential": "pull"} if auth == "basic" else {}
            where = source(server.host, service.host, auth=auth, **credential)
            code = code_of(lambda: oci(FakeCredentials(pull=GOOD)).latest(where, reference(APP.digest)))
        return code, [each.headers.get("authorization", "") for each in service.requests]


CHALLENGES = {
    "nothing": ("", "SOURCE_UNAUTHORIZED"),
    "an unknown scheme": ("Negotiate", "SOURCE_UNAUTHORIZED"),
    "no realm": ('Bearer service="x"', "SOURCE_NOT_TLS"),
    "a realm elsewhere": ('Bearer realm="https://evil.example/token"', "SOURCE_HOST_NOT_LISTED"),
    "a realm without TLS": ('Bearer realm="ftp://127.0.0.1/token"', "SOURCE_NOT_TLS"),
    "a realm with a user": ('Bearer realm="https://u:p@127.0.0.1/token"', "SOURCE_HOST_NOT_LISTED"),
    "another repository": ('Bearer realm="TOKENS/t",scope="repository:other:pull"', "SOURCE_SCOPE_DIFFERS"),
    "two repositories": (
        'Bearer realm="TOKENS/t",scope="repository:app:pull repository:other:pull"', "SOURCE_SCOPE_DIFFERS",
    ),
    "the whole registry": ('Bearer realm="TOKENS/t",scope="registry:catalog:*"', "SOURCE_SCOPE_DIFFERS"),
    "a scope hidden in the realm": (
        'Bearer realm="TOKENS/t?scope=repository:other:push",scope="repository:app:pull"', "SOURCE_SCOPE_DIFFERS",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("challenge", "code"), CHALLENGES.values(), ids=CHALLENGES)
def test_a_challenge_that_leads_astray_gets_no_credential(challenge: str, code: str) -> None:
    assert latest_code(challenge) == (code, [])


def test_a_registry_that_wants_a_password_gets_none_where_none_is_configured() -> None:
    assert latest_code('Basic realm="x"', auth="anonymous") == ("SOURCE_UNAUTHORIZED", [])


ISSUED = {
    "no JSON": b"token", "no token": b"{}", "an empty one": b'{"token": ""}', "two lines": b'{"token": "a\\r\\nx: y"}',
    "no text": b'{"token": 1}',
}  # fmt: skip


@pytest.mark.parametrize("content", ISSUED.values(), ids=ISSUED)
def test_a_token_that_cannot_be_read_is_refused(content: bytes) -> None:
    answer: Reply = lambda _: reply(200, content)  # noqa: E731
    assert latest_code('Bearer realm="TOKENS/t"', token=answer) == ("SOURCE_RECORD_UNREADABLE", [SHOWN])


def test_a_token_that_is_not_taken_is_not_asked_for_without_end() -> None:
    assert latest_code('Bearer realm="TOKENS/t"') == ("SOURCE_UNAUTHORIZED", [SHOWN])


def test_a_token_service_that_does_not_take_the_password_is_asked_once_more() -> None:
    assert latest_code('Bearer realm="TOKENS/t"', token=lambda _: reply(401)) == ("SOURCE_UNAUTHORIZED", [SHOWN, SHOWN])


def test_the_scheme_that_is_understood_is_found_among_others() -> None:
    """Its own query stays, and a token may also be called an access token (OAuth 2.0)."""
    with serving(lambda _: reply(200, json.dumps({"access_token": "right", "expires_in": 60}).encode())) as service:
        challenge = f'Negotiate, Bearer realm="{service.url}/t?account=x", service=registry, error="invalid_token"'
        with serving(closed(answering({"manifests/1.0": APP}), challenge, "Bearer right")) as server:
            assert oci().latest(source(server.host, service.host), reference(APP.digest)) == APP.digest
    assert service.requests[0].target == "/t?account=x&service=registry&scope=repository%3Aapp%3Apull"


def test_ecr_s_token_is_shown_at_once_and_made_anew_when_it_is_not_taken() -> None:
    with serving(closed(answering({"manifests/1.0": APP}), 'Basic realm="ecr"')) as server:
        ecr = FakeCredentials(**{server.host: Credential(user="AWS", password="old")})
        ecr.get(server.host)
        ecr.rotate(server.host, GOOD)
        assert oci(ecr=ecr).latest(source(server.host, auth="ecr"), reference(APP.digest)) == APP.digest
        assert ecr.readings == [(server.host, False), (server.host, False), (server.host, True)]
    assert len(server.requests) == 2
