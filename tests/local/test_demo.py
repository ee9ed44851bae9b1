"""`cutover demo`, as a newcomer runs it: twice, at once, killed half-way, and on a changed message."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cutover.adapters.dynamodb_records import DynamoRecords
from cutover.contracts.policy import TrustFile
from cutover.domain import canonical
from cutover_cli.local import lifecycle
from cutover_cli.output import Exit

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("demo")]

_COMMAND = [sys.executable, "-c", "from cutover_cli.main import app; app()"]
_SECONDS = 600


def _cutover(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [*_COMMAND, *map(str, arguments), "--format", "json"],
        check=False, capture_output=True, text=True, timeout=_SECONDS,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@dataclass(frozen=True)
class Ran:
    folder: Path
    report: dict[str, Any]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """The first run, in a folder of its own; its stack stays up for the tests of this file."""
    folder = tmp_path_factory.mktemp("demo")
    try:
        code, document = _cutover("demo", "--auto", "--folder", folder)
        assert code == Exit.DONE, document
        yield Ran(folder, document["verification"])
    finally:
        lifecycle.down(state_dir=folder / "stack")


def test_the_first_run_leaves_a_message_that_verifies(ran: Ran) -> None:
    code, report = _cutover("verify", ran.folder / "handoff.json")
    assert (code, report["code"]) == (Exit.DONE, "VERIFIED")
    assert report["handoff"]["cutover"] == "cutover@staging.1"
    assert [each["assurance"] for each in report["handoff"]["decided"]] == ["link", "link"]
    documents = list((ran.folder / "documents").iterdir())
    assert len(documents) == report["handoff"]["documents"]
    assert all(canonical.digest(each.read_bytes()) == f"sha256:{each.name}" for each in documents)
    assert sorted(each.name for each in (ran.folder / "mail").iterdir()) == ["1-ana.eml", "2-omar.eml"]
    assert all(each.stat().st_mode & 0o077 == 0 for each in (ran.folder / "keys").iterdir())


def test_one_changed_byte_is_refused(ran: Ran) -> None:
    body = (ran.folder / "handoff.json").read_bytes()
    at = body.index(b'"sig":"') + 20
    changed = ran.folder / "changed.json"
    changed.write_bytes(body[:at] + (b"A" if body[at : at + 1] != b"A" else b"B") + body[at + 1 :])
    code, report = _cutover("verify", changed)
    assert (code, report["verified"]) == (Exit.REFUSED, False)


def test_its_decision_is_made_again_and_a_deleted_document_is_put_back(ran: Ran) -> None:
    """By the very engine that made it. The store's own write-once port takes what is missing, and nothing else."""
    cutover = ran.report["handoff"]["cutover"]
    replay = ("replay", cutover, "--local", "--state-dir", ran.folder / "stack")
    code, said = _cutover(*replay)
    assert (code, said["result"], said["engine"]["same"]) == (Exit.DONE, "identical", True), said
    stack = lifecycle.attach(state_dir=ran.folder / "stack")
    found = DynamoRecords(stack.clients.dynamodb, table=stack.outputs["TableName"]).revision(cutover, said["revision"])
    assert found is not None
    assert found.hold_register is not None
    where = {"Bucket": stack.outputs["StoreBucket"], "Key": f"sha256/{found.hold_register.removeprefix('sha256:')}"}
    stored = stack.clients.s3.get_object(Bucket=where["Bucket"], Key=where["Key"])["Body"].read()
    stack.clients.s3.delete_object(Bucket=where["Bucket"], Key=where["Key"])
    code, said = _cutover(*replay)
    assert (code, said["result"], said["restored"]) == (Exit.CHANGES, "outputs missing", [])
    code, said = _cutover(*replay, "--restore")
    assert (code, said["result"], said["restored"]) == (Exit.DONE, "restored", [found.hold_register])
    stack.clients.s3.put_object(Bucket=where["Bucket"], Key=where["Key"], Body=b"{}")
    try:
        code, said = _cutover(*replay, "--restore")
        assert (code, said["restored"]) == (Exit.REFUSED, [])
        assert [each["cause"] for each in said["differences"]] == ["stored output corrupted"]
    finally:  # no version can be taken away: the bucket is locked
        stack.clients.s3.put_object(Bucket=where["Bucket"], Key=where["Key"], Body=stored)
    assert _cutover(*replay)[0] == Exit.DONE


def test_a_second_run_uses_the_idle_stack_and_the_same_keys(ran: Ran) -> None:
    root = TrustFile.model_validate_json((ran.folder / "trust.json").read_bytes()).root
    before = lifecycle.attach(state_dir=ran.folder / "stack")
    (ran.folder / "ledger.json").write_text("exported, as the README says, of the release before", "utf-8")
    code, document = _cutover("demo", "--auto", "--folder", ran.folder)
    assert code == Exit.DONE, document
    assert lifecycle.attach(state_dir=ran.folder / "stack") == before
    assert TrustFile.model_validate_json((ran.folder / "trust.json").read_bytes()).root == root
    number = int(document["verification"]["handoff"]["cutover"].rpartition(".")[2])
    assert number > 1


def test_a_release_that_is_held_is_mended_with_the_operator_s_own_commands(ran: Ran) -> None:
    """An old drill and a short waiver stop it; the demo answers each hold, and its next revision goes on."""
    code, document = _cutover("demo", "--auto", "--scenario", "held", "--folder", ran.folder)
    assert code == Exit.DONE, document
    assert document["verification"]["verified"] is True
    assert document["verification"]["handoff"]["revision"] == 2
    assert (ran.folder / "waiver.json").exists()


def test_two_at_once_are_refused_and_a_killed_one_does_no_harm(ran: Ran) -> None:
    """A person's demo is killed while its approvers are being waited for: its release is still live."""
    stack = lifecycle.attach(state_dir=ran.folder / "stack")
    with subprocess.Popen(
        [*_COMMAND, "demo", "--folder", str(ran.folder)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as waiting:  # fmt: skip
        assert waiting.stdout is not None
        assert any("Open each link" in line for line in waiting.stdout)
        code, document = _cutover("demo", "--auto", "--folder", ran.folder)
        assert (code, document["reason"]) == (Exit.REFUSED, "DEMO_BUSY")
        waiting.kill()
    code, document = _cutover("demo", "--auto", "--folder", ran.folder)
    assert code == Exit.DONE, document
    assert document["verification"]["verified"] is True
    assert lifecycle.attach(state_dir=ran.folder / "stack") != stack
