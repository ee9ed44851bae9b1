"""`cutover ledger verify` of a file: whose heads count, whoever sent it."""

from pathlib import Path
from typing import Any

import pytest

from cutover.domain import canonical
from tests.building.ledger import chain_of, export_of, head_of
from tests.building.policy import OTHER_DEPLOYMENT, instant
from tests.simulator.command_line import invoke, run
from tests.unit.test_trust_commands import ROOT, bundle, trust_file

OTHER_ROOT = canonical.digest_model(OTHER_DEPLOYMENT.root())
OTHER_BUNDLE = OTHER_DEPLOYMENT.trust_bundle().model_copy(update={"expires_at": instant("2099-01-01T00:00")})
CHAIN = chain_of(3)


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """An export that a stranger made, with a head of his, and with his trust file beside it."""
    (tmp_path / "ledger.json").write_bytes(export_of(CHAIN, head_of(CHAIN[-1], key=OTHER_DEPLOYMENT.key("ledger"))))
    trust_file(tmp_path / "trust.json", OTHER_BUNDLE, OTHER_DEPLOYMENT)
    return tmp_path / "ledger.json"


def imported(folder: Path) -> None:
    invoke(None, "trust", "import", trust_file(folder / "owners.json", bundle()), "--fingerprint", ROOT)


def prove(file: Path, *more: str | Path, expect: int) -> dict[str, Any]:
    return run(None, "ledger", "verify", file, *more, expect=expect)


def test_what_was_imported_comes_before_what_came_along(theirs: Path) -> None:
    assert prove(theirs, expect=5)["root"] == OTHER_ROOT
    imported(theirs.parent)
    assert prove(theirs, expect=3)["reason"] == "UNTRUSTED_SIGNATURE"
    assert prove(theirs, "--trust", theirs.parent / "trust.json", expect=5)["root"] == OTHER_ROOT, "it was named"


def test_of_several_that_were_imported_a_root_says_which(theirs: Path) -> None:
    imported(theirs.parent)
    invoke(None, "trust", "import", theirs.parent / "trust.json", "--fingerprint", OTHER_ROOT)
    refused = prove(theirs, expect=2)
    assert refused["reason"] == "BAD_ARGUMENT"
    assert ROOT in str(refused)
    assert prove(theirs, "--root", OTHER_ROOT, expect=5)["root"] == OTHER_ROOT
    assert prove(theirs, "--root", ROOT, expect=3)["reason"] == "UNTRUSTED_SIGNATURE"
    assert prove(theirs, "--root", "sha256:" + "0" * 64, expect=2)["reason"] == "BAD_ARGUMENT"


def test_text_says_by_which_root(theirs: Path) -> None:
    assert invoke(None, "ledger", "verify", theirs).output.splitlines()[-1] == f"root {OTHER_ROOT}"
