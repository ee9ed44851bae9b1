"""`cutover attest verify`: what it answers, and its exit codes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover_cli import files, signing
from cutover_cli.attest_commands import app
from tests.attesting.corpus import GITHUB
from tests.attesting.log import Log, bundle, pem
from tests.attesting.test_slsa_bundle import BUILDER, COMMIT, NAME, REPOSITORY
from tests.building.keys import Key

LOG, KEY = Log(), Key("builder")
ARTIFACT = b"the artifact"
STATEMENT = {
    "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://example.com/\u202etests",
    "subject": [{"name": "a", "digest": {"sha256": canonical.digest(ARTIFACT).removeprefix("sha256:")}}],
}  # fmt: skip
PAYLOAD = canonical.encode(STATEMENT)
BY = ("--identity", BUILDER, "--issuer", GITHUB)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bundle.json").write_bytes(bundle(PAYLOAD, KEY, LOG))
    (tmp_path / "artifact").write_bytes(ARTIFACT)
    (tmp_path / "root.json").write_bytes(LOG.root())
    (tmp_path / "key.pem").write_bytes(pem(KEY))
    (tmp_path / "other.pem").write_bytes(pem(Key("somebody")))
    return tmp_path


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["verify", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def said(*arguments: object) -> tuple[int, Any]:
    code, output = run(*arguments, "--format", "json")
    return code, json.loads(output)


def by_key(folder: Path, **changes: object) -> tuple[object, ...]:
    """The arguments that verify; ``changes`` by option, None takes one away."""
    known = {
        "bundle": folder / "bundle.json", "subject": folder / "artifact", "key": folder / "key.pem",
        "trusted-root": folder / "root.json",
    }  # fmt: skip
    options = {**known, **{name.replace("_", "-"): each for name, each in changes.items()}}
    return tuple(part for name, each in options.items() if each is not None for part in (f"--{name}", each))


def test_a_statement_by_a_key_is_verified(folder: Path) -> None:
    code, answer = said(*by_key(folder))
    assert code == 0
    assert answer == {
        "result": "verified", "artifact": canonical.digest(ARTIFACT), "certificate": None,
        "key": dsse.key_id(KEY.public), "signed_at": ["2026-03-02T09:02:00Z"],
        "statement": {"sha256": canonical.digest(PAYLOAD), "predicate_type": STATEMENT["predicateType"]},
        "trusted_root": canonical.digest(LOG.root()),
    }  # fmt: skip


def test_the_artifact_can_be_named_by_digest(folder: Path) -> None:
    assert said(*by_key(folder, subject=None, digest=canonical.digest(ARTIFACT)))[0] == 0


def test_a_person_reads_it_on_lines_of_ours(folder: Path) -> None:
    code, output = run(*by_key(folder))
    assert code == 0
    assert output.startswith(f"VERIFIED  {canonical.digest(ARTIFACT)}\n")
    assert "\u202e" not in output


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"subject": None, "digest": "sha256:" + "0" * 64}, "SUBJECT_MISMATCH"),
        ({"key": "other.pem"}, "KEY_NOT_TRUSTED"),
        ({"key": "artifact"}, "KEY_UNREADABLE"),
        ({"key": "none.pem"}, "UNREADABLE"),
        ({"bundle": "artifact"}, "BUNDLE_UNREADABLE"),
        ({"bundle": "none.json"}, "UNREADABLE"),
        ({"subject": "none"}, "UNREADABLE"),
        ({"subject": "."}, "UNREADABLE"),
        ({"subject": "pipe"}, "UNREADABLE"),
        ({"bundle": "pipe"}, "UNREADABLE"),
        ({"trusted_root": "artifact"}, "TRUSTED_ROOT_UNREADABLE"),
        ({"trusted_root": None}, "LOG_PROOF_INVALID"),
    ],
)
def test_what_is_refused_or_unreadable_exits_3(folder: Path, changes: dict[str, str | None], reason: str) -> None:
    os.mkfifo(folder / "pipe")
    beside = {
        name: folder / each if each and not each.startswith("sha256:") else each for name, each in changes.items()
    }
    code, answer = said(*by_key(folder, **beside))
    assert (code, answer["result"], answer["reason"]) == (3, "failed", reason)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": None},
        {"digest": "sha256:" + "0" * 64},
        {"subject": None, "digest": "0" * 64},
        {"subject": None, "digest": "sha256:" + "A" * 64},
        {"key": None},
        {"key": None, "identity": "a@example.com"},
        {"key": None, "issuer": GITHUB},
        {"identity": "a@example.com", "issuer": GITHUB},
        {"ref": "refs/heads/main"},
        {"repository": REPOSITORY},
    ],
)
def test_bad_usage_exits_2(folder: Path, changes: dict[str, str | None]) -> None:
    code, answer = said(*by_key(folder, **changes))
    assert (code, answer["reason"]) == (2, "BAD_ARGUMENT")


def test_a_bundle_must_be_named(folder: Path) -> None:
    assert run(*by_key(folder, bundle=None))[0] == 2


@pytest.mark.parametrize(
    ("payload", "payload_type", "reason"),
    [
        (PAYLOAD, "text/plain", "WRONG_PAYLOAD_TYPE"),
        (
            canonical.encode(STATEMENT | {"_type": "https://in-toto.io/Statement/v2"}),
            IN_TOTO_TYPE,
            "STATEMENT_UNREADABLE",
        ),
        (b"not JSON", IN_TOTO_TYPE, "STATEMENT_UNREADABLE"),
        (PAYLOAD[:-1] + b',"subject":[]}', IN_TOTO_TYPE, "STATEMENT_UNREADABLE"),
        (canonical.encode(STATEMENT | {"subject": []}), IN_TOTO_TYPE, "SUBJECT_MISMATCH"),
    ],
)
def test_what_is_signed_must_be_a_statement_about_it(
    folder: Path, payload: bytes, payload_type: str, reason: str
) -> None:
    (folder / "bundle.json").write_bytes(bundle(payload, KEY, LOG, payload_type=payload_type))
    code, answer = said(*by_key(folder))
    assert (code, answer["reason"]) == (3, reason)


def test_a_real_release_is_verified_by_its_identity(vectors: Path) -> None:
    files = ("--bundle", vectors / "slsa" / f"{NAME}.intoto.jsonl", "--subject", vectors / "slsa" / NAME)
    code, answer = said(*files, *BY, "--repository", REPOSITORY, "--ref", "refs/heads/*")
    assert code == 0
    assert (answer["key"], answer["certificate"]["identity"]) == (None, BUILDER)
    assert (answer["certificate"]["commit"], answer["statement"]["predicate_type"]) == (
        COMMIT,
        "https://slsa.dev/provenance/v0.2",
    )
    code, output = run(*files, *BY)
    assert (code, output.splitlines()[0].split()[0]) == (0, "VERIFIED")
    assert COMMIT in output
    for other, reason in (("--ref", "SOURCE_NOT_TRUSTED"), ("--repository", "SOURCE_NOT_TRUSTED")):
        code, answer = said(*files, *BY, other, "elsewhere")
        assert (code, answer["reason"]) == (3, reason)
    code, answer = said(*files, "--identity", BUILDER, "--issuer", "https://accounts.google.com")
    assert (code, answer["reason"]) == (3, "IDENTITY_NOT_TRUSTED")


def test_a_signature_over_an_artifact_needs_no_statement(vectors: Path) -> None:
    folder = vectors / "sigstore"
    managed = folder / "managed-key-and-trusted-root"
    code, answer = said(
        "--bundle", managed / "bundle.sigstore.json", "--subject", folder / "a.txt", "--key", managed / "key.pub",
        "--trusted-root", managed / "trusted_root.json",
    )  # fmt: skip
    assert (code, answer["statement"], answer["certificate"]) == (0, None, None)


def signed(*arguments: object) -> tuple[int, Any]:
    result = CliRunner().invoke(app, ["sign", *map(str, arguments), "--format", "json"])
    return result.exit_code, json.loads(result.stdout)


def test_a_statement_is_signed_as_it_stands(tmp_path: Path) -> None:
    made = signing.create(tmp_path / "builder.pem")
    (tmp_path / "statement.json").write_bytes(json.dumps(STATEMENT, indent=2).encode())
    words = (tmp_path / "statement.json", "--key", tmp_path / "builder.pem", "--out", tmp_path / "signed.json")
    code, answer = signed(*words)
    assert (code, answer["subjects"], answer["key"]) == (0, [canonical.digest(ARTIFACT)], made.key_id)
    sealed = files.envelope(tmp_path / "signed.json")
    assert sealed.payload_type == IN_TOTO_TYPE
    assert dsse.decode_base64(sealed.payload) == (tmp_path / "statement.json").read_bytes()


@pytest.mark.parametrize(
    ("statement", "reason"), [({}, "STATEMENT_UNREADABLE"), ({**STATEMENT, "subject": []}, "SUBJECT_MISSING")]
)
def test_what_states_nothing_of_an_artifact_is_not_signed(tmp_path: Path, statement: Any, reason: str) -> None:
    signing.create(tmp_path / "builder.pem")
    (tmp_path / "statement.json").write_bytes(json.dumps(statement).encode())
    words = (tmp_path / "statement.json", "--key", tmp_path / "builder.pem", "--out", tmp_path / "signed.json")
    code, answer = signed(*words)
    assert (code, answer["reason"]) == (3, reason)
    assert not (tmp_path / "signed.json").exists()
