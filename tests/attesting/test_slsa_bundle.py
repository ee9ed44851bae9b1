"""A real release's provenance, by a public builder: it verifies for its binary, and with anything else it does not."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from cutover.attesting.asking import attest, statement_of
from cutover.attesting.bundles import verify
from cutover.attesting.roots import public_good_root
from cutover.contracts.base import Digest
from cutover.domain import canonical, slsa
from cutover.domain.identities import Wanted
from cutover.errors import Refused
from tests.attesting.corpus import GITHUB

NAME = "binary-linux-amd64-workflow_dispatch"
COMMIT = "4d329c75e7ec1725f7c9ce917a8799d408d06be3"
REPOSITORY = "https://github.com/slsa-framework/example-package"
WORKFLOW = ".github/workflows/verifier-e2e.all.workflow_dispatch.main.all.slsa3.yml"
BUILDER = (
    "https://github.com/slsa-framework/slsa-github-generator/"
    ".github/workflows/generator_generic_slsa3.yml@refs/tags/v2.1.0"
)
BY = Wanted(GITHUB, BUILDER, REPOSITORY, "refs/heads/main")


@pytest.fixture(scope="module")
def bundle(vectors: Path) -> bytes:
    return (vectors / "slsa" / f"{NAME}.intoto.jsonl").read_bytes()


@pytest.fixture(scope="module")
def binary(vectors: Path) -> Digest:
    return canonical.digest((vectors / "slsa" / NAME).read_bytes())


@pytest.mark.parametrize(
    "by",
    [
        BY,
        Wanted(GITHUB, BUILDER),
        replace(BY, identity="https://github.com/slsa-framework/slsa-github-generator/*"),
        replace(BY, ref="refs/heads/*"),
    ],
)
def test_it_verifies_for_its_binary(bundle: bytes, binary: Digest, by: Wanted) -> None:
    proved = attest(bundle, root=public_good_root(), artifact=binary, by=by)
    assert proved.claims is not None
    said = proved.claims
    assert (said.issuer, said.identity, said.repository, said.ref) == (GITHUB, BUILDER, REPOSITORY, "refs/heads/main")
    assert (said.commit, said.event) == (COMMIT, "workflow_dispatch")
    assert slsa.workflow_of(said.workflow or "", REPOSITORY) == (WORKFLOW, "refs/heads/main")


@pytest.mark.parametrize(
    ("by", "code"),
    [
        (replace(BY, identity=BUILDER.replace("v2.1.0", "v2.1.1")), "IDENTITY_NOT_TRUSTED"),
        (replace(BY, identity=BUILDER.removesuffix(".0")), "IDENTITY_NOT_TRUSTED"),
        (replace(BY, identity=f"{BUILDER}.*"), "IDENTITY_NOT_TRUSTED"),
        (replace(BY, identity=BUILDER.upper()), "IDENTITY_NOT_TRUSTED"),
        (replace(BY, identity=""), "IDENTITY_NOT_TRUSTED"),
        (replace(BY, issuer="https://accounts.google.com"), "IDENTITY_NOT_TRUSTED"),
        (replace(BY, issuer=f"{GITHUB}/"), "IDENTITY_NOT_TRUSTED"),
        (replace(BY, issuer="*"), "IDENTITY_NOT_TRUSTED"),
        (replace(BY, repository="https://github.com/slsa-framework/other"), "SOURCE_NOT_TRUSTED"),
        (replace(BY, repository="https://github.com/slsa-framework/*"), "SOURCE_NOT_TRUSTED"),
        (replace(BY, ref="refs/heads/next"), "SOURCE_NOT_TRUSTED"),
        (replace(BY, ref="refs/tags/*"), "SOURCE_NOT_TRUSTED"),
        (replace(BY, ref=""), "SOURCE_NOT_TRUSTED"),
    ],
)
def test_with_any_other_signer_it_does_not(bundle: bytes, binary: Digest, by: Wanted, code: str) -> None:
    with pytest.raises(Refused) as refused:
        attest(bundle, root=public_good_root(), artifact=binary, by=by)
    assert refused.value.code == code


@pytest.mark.parametrize("flipped", range(0, 64, 9))
def test_with_any_other_digest_it_does_not(bundle: bytes, binary: Digest, flipped: int) -> None:
    digits = list(binary)
    digits[7 + flipped] = "0" if digits[7 + flipped] != "0" else "1"
    with pytest.raises(Refused) as refused:
        attest(bundle, root=public_good_root(), artifact="".join(digits), by=BY)
    assert refused.value.code == "SUBJECT_MISMATCH"


def test_a_key_did_not_sign_it(bundle: bytes, binary: Digest) -> None:
    with pytest.raises(Refused) as refused:
        attest(bundle, root=public_good_root(), artifact=binary, by=b"a key")
    assert refused.value.code == "KEY_NOT_TRUSTED"


def test_its_claims_stand_where_slsa_has_them(bundle: bytes) -> None:
    statement = statement_of(base64.b64decode(json.loads(bundle)["dsseEnvelope"]["payload"]))
    said = {claim: slsa.said(statement, pointers) for claim, pointers in slsa.CLAIMS.items()}
    uri = f"git+{REPOSITORY}@refs/heads/main"
    assert said == {
        "builder": (BUILDER,),
        "repository": (uri,),
        "ref": ("refs/heads/main", uri),
        "workflow": (WORKFLOW,),
        "commit": (COMMIT,),
    }
    assert slsa.source_of(uri) == (REPOSITORY, "refs/heads/main")
    assert slsa.said(statement, slsa.EVENTS) == ("workflow_dispatch",)


def test_the_root_counts_from_its_first_instant_to_its_last(bundle: bytes) -> None:
    """Logs when it was signed, authorities when its certificate was issued."""
    root = json.loads(public_good_root())
    for where, code in {
        "tlogs": "LOG_NOT_VALID", "ctlogs": "AUTHORITY_NOT_VALID", "certificateAuthorities": "AUTHORITY_NOT_VALID",
    }.items():  # fmt: skip
        for period in (
            {"start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z"},
            {"start": "2026-01-01T00:00:00Z"},
        ):
            spoiled = json.loads(json.dumps(root))
            for each in spoiled[where]:
                each.get("publicKey", each)["validFor"] = period
            with pytest.raises(Refused) as refused:
                verify(bundle, root=orjson.dumps(spoiled))
            assert refused.value.code == code


def test_a_root_without_its_authority_does_not_know_it(bundle: bytes) -> None:
    root = json.loads(public_good_root())
    root["certificateAuthorities"] = [
        {**each, "validFor": {"start": "2020-01-01T00:00:00Z"}} for each in root["certificateAuthorities"][:1]
    ]
    with pytest.raises(Refused) as refused:
        verify(bundle, root=orjson.dumps(root))
    assert refused.value.code == "CERTIFICATE_NOT_TRUSTED"


@pytest.mark.parametrize("value", [None, 0, "", "x", "AAAA", [], {}, "9" * 5_000])
def test_whatever_stands_in_it_is_refused_and_never_a_crash(bundle: bytes, value: Any) -> None:
    known = json.loads(bundle)
    payload = base64.b64decode(known["dsseEnvelope"]["payload"])
    for path in _paths(known):
        spoiled = json.loads(bundle)
        place = spoiled
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value
        try:
            proved = verify(orjson.dumps(spoiled), root=public_good_root())
        except Refused:
            continue
        assert proved.payload == payload, path


def _paths(said: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = said.items() if isinstance(said, dict) else enumerate(said[:3]) if isinstance(said, list) else ()
    below = [path for key, value in inside for path in _paths(value, (*at, key))]
    return ([at] if at else []) + below
