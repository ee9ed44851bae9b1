"""A newer template is deployed over the one that is up, while work waits: it goes on where it stood.

The newer one is made from a copy of the checkout, with another version, other code, another state machine and another
target, by the same way as the first. What only AWS can show: that functions change one after the other while they are
called, that a running execution keeps the definition that it was started with, and a roll back that fails.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from cutover.adapters.dynamodb_tokens import DynamoTokens
from cutover.domain.record import RevisionRecord, Token
from cutover_cli.local.deploy import deploy
from cutover_cli.local.synth import Assembly
from tests.drills.moving import Time
from tests.drills.plays.waiver import waive
from tests.drills.stage import Stage, playable
from tests.drills.story import Story
from tests.local.releasing import REPOSITORY

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("upgrade")]

ASKED, HELD = "asked", "held"
NEWER = "99.0.0"
COPIED = ("functions", "infra", "statemachine", "pyproject.toml", "uv.lock", "cdk.json", "docs")
SHARED = (".venv", ".tools")


def newer(folder: Path) -> Assembly:
    """What the next version of this project synthesizes."""
    for name in COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    for name in SHARED:
        (folder / name).symlink_to(REPOSITORY / name)
    _change(folder / "pyproject.toml", r'(?m)^version = ".*"$', f'version = "{NEWER}"')
    _change(folder / "functions/cutover/adapters/system_clock.py", r"\Z", "\nNEWER = True\n")
    _change(folder / "statemachine/cutover.asl.json", r'"Comment": "Waits until', '"Comment": "Newer: waits until')
    config = folder / "infra/deployment.json"
    said = json.loads(config.read_text("utf-8"))
    said["stages"]["development"]["targets"].append({"name": "canary", "environment": "canary"})
    config.write_text(json.dumps(said), "utf-8")
    asked = ["--stage", "development", "--flavour", "local", "--output", str(folder / "out")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(folder / "functions")])}
    subprocess.run(
        [sys.executable, "-m", "infra.app", *asked], cwd=folder, env=environment, check=True, capture_output=True
    )
    (template,) = (folder / "out").glob("*.template.json")
    name = template.name.removesuffix(".template.json")
    return Assembly(name, template, folder / "out" / f"{name}.assets.json")


def _change(file: Path, pattern: str, by: str) -> None:
    text, count = re.subn(pattern, by, file.read_text("utf-8"), count=1)
    assert count == 1, f"{file}: no {pattern}"
    file.write_text(text, "utf-8")


@dataclass
class Upgraded:
    """Both releases as they waited, and what people held in their hands then."""

    stage: Stage
    asked: Story
    held: Story
    before: RevisionRecord
    token: Token | None
    links: dict[str, str]
    outputs: dict[str, str]


def token_of(stage: Stage, record: RevisionRecord) -> Token | None:
    stack = stage.releases.stack
    tokens = DynamoTokens(stack.clients.dynamodb, table=stack.outputs["TokensTableName"])
    return tokens.newest(record.cutover, record.revision)


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    folder = tmp_path_factory.mktemp("upgrade")
    files = folder / "files"
    files.mkdir()
    with playable(folder / "stack", (ASKED, HELD)) as stage:
        asked, held = (Story(stage, name, lambda _step: None, files) for name in (ASKED, HELD))
        held.release.revise("rollback", lambda said: said["steps"][0].pop("drilled_at"))
        asked.announce()
        held.announce()
        links = asked.asked()
        held.release.until("held")
        before = asked.record()
        token = token_of(stage, before)
        stack = stage.releases.stack
        outputs = deploy(
            stack.clients, newer(folder / "newer"), {"RootFingerprint": stack.root_fingerprint}, over=True
        )  # fmt: skip
        stage.time = Time.of(stack, stage.time.file)
        yield Upgraded(stage, asked, held, before, token, links, outputs)


def engines(story: Story) -> list[tuple[str, str]]:
    return [(entry.event, entry.engine.version) for entry in story.entries()]


def test_what_waits_goes_on_where_it_stood(upgraded: Upgraded) -> None:
    """Record, token and links survive; the link that was mailed before decides, and it is handed off."""
    story, stack = upgraded.asked, upgraded.stage.releases.stack
    kept = ("TableName", "TokensTableName", "StoreBucket", "PageUrl", "StateMachineArn", "LinksKeyArn")
    assert [upgraded.outputs[name] for name in kept] == [stack.outputs[name] for name in kept]
    assert upgraded.outputs.keys() - stack.outputs.keys() == {"TargetCanaryQueueUrl"}
    assert story.record() == upgraded.before
    assert upgraded.token is not None
    assert token_of(upgraded.stage, upgraded.before) == upgraded.token
    for person in ("erin", "omar"):
        assert story.decide(upgraded.links[person], "approve") is None
    handed_off = story.handed_off()
    assert handed_off.execution == 1, "the execution that waited was woken, and none took over"
    assert len(upgraded.stage.messages(ASKED)) == 1
    story.verify("a consumer")
    assert story.found().ending.verify == ("a consumer: VERIFIED",)


def test_the_ledger_tells_which_version_wrote_each_entry(upgraded: Upgraded) -> None:
    told = dict(engines(upgraded.asked))
    old = {told[event] for event in ("admitted", "assembled", "bound", "approval-requested")}
    assert len(old) == 1
    assert NEWER not in old
    assert {told[event] for event in ("approval-given", "approved", "handing-off", "handed-off")} == {NEWER}


def test_what_was_held_is_resolved_and_the_newer_version_makes_what_follows(upgraded: Upgraded) -> None:
    story = upgraded.held
    assert waive(story, "drill-later", story.closes_at() + timedelta(days=1)) == "HOLDS_RESOLVED"
    story.asked(2)
    story.approve("erin", "omar", revision=2)
    story.handed_off(2)
    assert [each.value for each in (story.record(1).status, story.record(2).status)] == ["superseded", "handed_off"]
    assert ("held", NEWER) not in engines(story)
    assert ("bound", NEWER) in engines(story)
    assert len(upgraded.stage.messages(HELD)) == 1
