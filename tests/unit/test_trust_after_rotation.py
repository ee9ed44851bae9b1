"""Row 32, end to end: what was signed before a rotation verifies by imported trust; what is revoked does not."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cutover.contracts.policy import TRUST_TYPE, Purpose, TrustBundle, TrustedKey, TrustFile
from cutover.domain import canonical
from cutover_cli.main import app
from tests.builders import DEPLOYMENT, package
from tests.building.keys import seal
from tests.building.policy import BOUND_AT, CLOSES_AT, KEYS_FROM, OPENS_AT, OTHER_DEPLOYMENT, Deployment, instant

WHOLE = package()
ROOT = canonical.digest_model(DEPLOYMENT.root())
ISSUED, DAY = instant("2026-03-01T00:00"), timedelta(days=1)
SIGNING: tuple[Purpose, ...] = ("candidate", "bind", "decide", "handoff")
AT = ("--at", "2026-03-03T20:00:00Z")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A message and its documents, with nothing beside them that says whose signatures count."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "handoff.json").write_bytes(WHOLE.message)
    (tmp_path / "documents").mkdir()
    for digest, content in WHOLE.documents.items():
        (tmp_path / "documents" / digest.removeprefix("sha256:")).write_bytes(content)
    return tmp_path


def cutover(*words: str | Path, expect: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*map(str, words), "--format", "json"])
    assert done.exit_code == expect, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def trust_file(folder: Path, made: TrustBundle, of: Deployment = DEPLOYMENT) -> Path:
    file = folder / f"{made.issued_at:%Y%m%d}.trust"
    sealed = seal(TRUST_TYPE, canonical.encode_model(made), *of.owners)
    file.write_bytes(canonical.encode_model(TrustFile(root=of.root(), bundle=sealed)))
    return file


def bundle(*, issued_days: int = 0, keys: tuple[TrustedKey, ...] | None = None) -> TrustBundle:
    whole = DEPLOYMENT.trust_bundle()
    said = {"issued_at": ISSUED + issued_days * DAY, "expires_at": instant("2099-01-01T00:00")}
    return whole.model_copy(update=said | ({"keys": keys} if keys else {}))


def exchanged(change: Callable[[TrustedKey], TrustedKey]) -> tuple[TrustedKey, ...]:
    """The keys that sign messages are followed by others; ``change`` says what becomes of the old ones."""
    fresh = Deployment(name="fresh")
    successors = (fresh.trusted_key(each, not_before=OPENS_AT, person=None) for each in SIGNING)
    old = (change(key) if key.purpose in SIGNING else key for key in DEPLOYMENT.trust_bundle().keys)
    return (*old, *successors)


def ended(key: TrustedKey) -> TrustedKey:
    """After everything was signed; the message counted from the window's opening on."""
    return key.model_copy(update={"not_after": OPENS_AT + timedelta(hours=1)})


def verify(folder: Path, *words: str, expect: int = 0) -> dict[str, Any]:
    return cutover("verify", folder / "handoff.json", *words, expect=expect)


def test_what_was_signed_before_a_rotation_still_verifies(folder: Path) -> None:
    assert verify(folder, *AT, expect=3)["code"] == "UNANCHORED"
    cutover("trust", "import", trust_file(folder, bundle()), "--fingerprint", ROOT)
    assert verify(folder, *AT)["code"] == "VERIFIED"
    cutover("trust", "import", trust_file(folder, bundle(issued_days=30, keys=exchanged(ended))))
    said = verify(folder, *AT)
    assert (said["code"], said["root"]) == ("VERIFIED", ROOT)
    on = cutover("trust", "history", "--on", "2026-03-04", "--purpose", "bind")["entries"]
    assert [(each["standing"], each["id"] == DEPLOYMENT.key("bind").key_id) for each in on] == [
        ("ended", True),
        ("trusted", False),
    ]


@pytest.mark.parametrize("purpose", SIGNING)
def test_what_a_revoked_key_signed_after_that_does_not(folder: Path, purpose: Purpose) -> None:
    cutover("trust", "import", trust_file(folder, bundle()), "--fingerprint", ROOT)

    def revoked(key: TrustedKey) -> TrustedKey:
        return key.model_copy(update={"revoked_at": KEYS_FROM + DAY}) if key.purpose == purpose else key

    cutover("trust", "import", trust_file(folder, bundle(issued_days=30, keys=exchanged(revoked))))
    assert verify(folder, *AT, expect=3)["code"] == "KEY_REVOKED"


def test_a_revocation_later_leaves_what_was_signed_before(folder: Path) -> None:
    cutover("trust", "import", trust_file(folder, bundle()), "--fingerprint", ROOT)

    def revoked(key: TrustedKey) -> TrustedKey:
        return key.model_copy(update={"revoked_at": CLOSES_AT})

    cutover("trust", "import", trust_file(folder, bundle(issued_days=30, keys=exchanged(revoked))))
    assert BOUND_AT < CLOSES_AT
    assert verify(folder, *AT)["code"] == "VERIFIED"


def test_what_lies_beside_a_message_does_not_replace_what_was_imported(folder: Path) -> None:
    """Whoever sends a message can send a trust file along; what was anchored by fingerprint comes first."""
    (folder / "trust.json").write_bytes(OTHER_DEPLOYMENT.trust_file())
    assert verify(folder, *AT, expect=3)["code"] == "UNTRUSTED_SIGNATURE"
    cutover("trust", "import", trust_file(folder, bundle()), "--fingerprint", ROOT)
    assert verify(folder, *AT)["code"] == "VERIFIED"
    named = verify(folder, *AT, "--trust", str(folder / "trust.json"), expect=3)
    assert named["code"] == "UNTRUSTED_SIGNATURE", "a file that is named counts"


def test_trust_of_another_audience_says_nothing_of_this_message(folder: Path) -> None:
    other = OTHER_DEPLOYMENT.trust_bundle().model_copy(update={"expires_at": instant("2099-01-01T00:00")})
    root = canonical.digest_model(OTHER_DEPLOYMENT.root())
    cutover("trust", "import", trust_file(folder, other, OTHER_DEPLOYMENT), "--fingerprint", root)
    assert verify(folder, *AT, expect=3)["code"] == "UNANCHORED"


def test_damaged_trust_is_no_trust(folder: Path) -> None:
    said = cutover("trust", "import", trust_file(folder, bundle()), "--fingerprint", ROOT)
    Path(said["file"]).write_bytes(b"{}")
    assert verify(folder, *AT, expect=3)["code"] == "STORED_TRUST_DAMAGED"


@pytest.mark.parametrize("message", [b"", b"{}", b"\xff", b'{"payload": 1}', b"[" * 2000])
def test_a_message_that_says_nothing_is_judged_all_the_same(folder: Path, message: bytes) -> None:
    cutover("trust", "import", trust_file(folder, bundle()), "--fingerprint", ROOT)
    (folder / "handoff.json").write_bytes(message)
    assert verify(folder, *AT, expect=3)["verified"] is False
