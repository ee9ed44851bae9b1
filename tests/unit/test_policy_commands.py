"""`cutover policy`: two owners, two machines, one policy that counts only with both."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cutover.contracts.policy import TrustFile
from cutover.domain import canonical, checks
from cutover.domain.record import Brake
from cutover.errors import DependencyUnavailable
from cutover.policies import PolicyReader
from cutover_cli.main import app
from cutover_cli.site import Site
from tests.builders import DEPLOYMENT
from tests.fakes.faults import Faults, faulty
from tests.fakes.records import InMemoryRecords
from tests.fakes.store import InMemoryStore


def run(*words: str | Path, expect: int = 0, site: Site | None = None) -> dict[str, Any]:
    """The JSON answer of ``cutover policy`` with these words."""
    done = CliRunner().invoke(app, ["policy", *map(str, words), "--format", "json"], obj=site)
    assert done.exit_code == expect, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


RULES = DEPLOYMENT.rules().model_copy(
    update={"close_margin": 60, "families": dict.fromkeys(checks.FAMILIES, "release-engineering"), "waivable": {}}
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Keys of both owners, their root, and a policy in YAML."""
    owners = []
    for name in ("ana", "otto"):
        owners += ["--owner", f"{name}={run('key', tmp_path / f'{name}.pem')['public_key']}"]
    run("root", "--audience", DEPLOYMENT.audience, *owners, "--out", tmp_path / "root.json")
    documents = {"rules": RULES, "facts": DEPLOYMENT.facts(), "trust": DEPLOYMENT.trust_bundle()}
    for name, document in documents.items():
        said = document.model_dump(mode="json", by_alias=True)
        if name == "trust":
            said["expires_at"] = "2999-01-01T00:00:00Z"  # the command asks the clock of this machine
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(said, allow_unicode=True), "utf-8")
    return tmp_path


def sign_by_both(folder: Path, name: str) -> dict[str, Any]:
    envelope = folder / f"{name}.json"
    run("sign", folder / f"{name}.yaml", "--key", folder / "ana.pem", "--out", envelope)
    return run("sign", folder / f"{name}.yaml", "--key", folder / "otto.pem", "--onto", envelope, "--out", envelope)


def activate(folder: Path, site: Site | None, *, expect: int = 0) -> dict[str, Any]:
    files = [word for name in ("root", "rules", "facts") for word in (f"--{name}", folder / f"{name}.json")]
    return run("activate", *files, "--target", DEPLOYMENT.target, expect=expect, site=site)


@pytest.fixture
def site(folder: Path) -> Site:
    """A deployed stack that pins the root of these owners."""
    return site_of(canonical.digest((folder / "root.json").read_bytes()))


def site_of(fingerprint: str) -> Site:
    nobody: Any = None  # no event is sent
    records = InMemoryRecords()
    return Site(DEPLOYMENT.audience, records, nobody, store=InMemoryStore(), fingerprint=fingerprint)


def test_what_both_owners_signed_becomes_active(folder: Path, site: Site) -> None:
    assert sign_by_both(folder, "rules")["signatures"] == 2
    sign_by_both(folder, "facts")
    assert activate(folder, site) == {"version": 1, "brake": "off"}
    reader = PolicyReader(records=site.records, store=site.documents, fingerprint=site.fingerprint or "")
    assert reader.active().rules == RULES
    assert site.records.brake() == Brake(engaged=False)


def test_an_engaged_brake_stays_engaged(folder: Path, site: Site) -> None:
    site.records.set_brake(Brake(engaged=True))
    for name in ("rules", "facts"):
        sign_by_both(folder, name)
    assert activate(folder, site)["brake"] == "engaged"


def test_one_owner_alone_changes_nothing(folder: Path, site: Site) -> None:
    sign_by_both(folder, "rules")
    run("sign", folder / "facts.yaml", "--key", folder / "ana.pem", "--out", folder / "facts.json")
    run("sign", folder / "facts.yaml", "--key", folder / "ana.pem", "--onto", folder / "facts.json",
        "--out", folder / "facts.json")  # fmt: skip
    assert activate(folder, site, expect=3)["reason"] == "POLICY_REFUSED"
    assert site.records.policy() is None
    assert site.records.brake() is None


def test_owners_sign_the_same_bytes_or_none(folder: Path) -> None:
    run("sign", folder / "rules.yaml", "--key", folder / "ana.pem", "--out", folder / "rules.json")
    before = (folder / "rules.json").read_bytes()
    said = yaml.safe_load((folder / "rules.yaml").read_text("utf-8"))
    (folder / "rules.yaml").write_text(yaml.safe_dump({**said, "lease": said["lease"] + 1}), "utf-8")
    answer = run("sign", folder / "rules.yaml", "--key", folder / "otto.pem", "--onto", folder / "rules.json",
                 "--out", folder / "rules.json", expect=3)  # fmt: skip
    assert answer["reason"] == "SIGNS_SOMETHING_ELSE"
    assert (folder / "rules.json").read_bytes() == before


def test_a_stack_of_another_root_is_left_alone(folder: Path) -> None:
    other = site_of("sha256:" + "0" * 64)
    for name in ("rules", "facts"):
        sign_by_both(folder, name)
    assert activate(folder, other, expect=3)["reason"] == "OTHER_ROOT"
    assert other.records.policy() is None


def test_one_stack_is_named(folder: Path) -> None:
    for name in ("rules", "facts"):
        sign_by_both(folder, name)
    assert activate(folder, None, expect=2)["reason"] == "BAD_ARGUMENT"


def test_a_table_that_fails_is_a_remote_failure(folder: Path, site: Site) -> None:
    for name in ("rules", "facts"):
        sign_by_both(folder, name)
    faults = Faults()
    faults.before("records.policy", DependencyUnavailable("the table"))
    failing = replace(site, records=faulty(site.records, "records", faults))
    assert activate(folder, failing, expect=4)["reason"] == "REMOTE_FAILED"


def test_the_trust_file_is_what_a_verifier_reads(folder: Path) -> None:
    sign_by_both(folder, "trust")
    run("trust", "--root", folder / "root.json", "--bundle", folder / "trust.json", "--out", folder / "file.json")
    made = TrustFile.model_validate_json((folder / "file.json").read_bytes())
    assert canonical.encode_model(made) == (folder / "file.json").read_bytes()


def test_a_trust_bundle_of_one_owner_makes_no_file(folder: Path) -> None:
    run("sign", folder / "trust.yaml", "--key", folder / "ana.pem", "--out", folder / "trust.json")
    run("trust", "--root", folder / "root.json", "--bundle", folder / "trust.json", "--out", folder / "file.json",
        expect=3)  # fmt: skip
    assert not (folder / "file.json").exists()


def test_a_key_is_never_overwritten(folder: Path) -> None:
    before = (folder / "ana.pem").read_bytes()
    assert run("key", folder / "ana.pem", expect=2)["reason"] == "BAD_ARGUMENT"
    assert (folder / "ana.pem").read_bytes() == before


@pytest.mark.parametrize("owners", [["ana=QUJD"], ["ana=QUJD"] * 2, ["ana=QUJD", "otto=REVG", "eva=R0hJ"]])
def test_a_root_has_two_different_owners(tmp_path: Path, owners: list[str]) -> None:
    words = [word for owner in owners for word in ("--owner", owner)]
    done = CliRunner().invoke(
        app, ["policy", "root", "--audience", DEPLOYMENT.audience, *words, "--out", str(tmp_path / "root.json")]
    )
    assert done.exit_code in {2, 3}
    assert not (tmp_path / "root.json").exists()


def test_an_unknown_kind_of_document_is_not_signed(folder: Path) -> None:
    (folder / "other.yaml").write_text("schema: cutover/candidate/v1\n", "utf-8")
    run("sign", folder / "other.yaml", "--key", folder / "ana.pem", "--out", folder / "other.json", expect=2)
    assert not (folder / "other.json").exists()
