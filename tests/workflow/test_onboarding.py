"""A new product is onboarded by what `cutover init` writes, and by nothing else (row 51).

What it leaves to be filled is filled by a table, and then every command of NEXT.md is typed in its order, against a
deployment in memory: from the first key over a rehearsal to a message that was sent, proved and answered.
"""

import json
import re
import shlex
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from cutover.contracts.base import format_instant, parse_instant
from cutover.contracts.envelope import IN_TOTO_TYPE
from cutover.domain import canonical
from cutover_cli.check.outside import Outside
from cutover_cli.main import app
from cutover_cli.onboarding.writing import FILES, GUIDE, HERE, Beginning, written
from cutover_cli.site import Stack as SiteStack
from infra.config import DEFAULT_CONFIG, Deployment, Stage, StageName
from tests.building.keys import Key, seal_bytes
from tests.building.policy import BUILT, DEPLOYMENT
from tests.building.records import ARTIFACT, COMMIT, PROVENANCE, SBOM, TESTS, as_received
from tests.simulator.command_line import run, site_of
from tests.simulator.world import ARTIFACT_BYTES, World

BUCKET, LOGIN = "shop-sources", "dana@ci"
BEGIN = ("--product", "service", "--target", DEPLOYMENT.target, "--audience", DEPLOYMENT.audience)
KEYS = ("candidate", "provenance", "attestation", "withdrawal", "brake", "delivery", "receipt")
OF_STACK = ("bind", "decide", "handoff", "ledger")
ELSEWHERE = ("doctor",)
"""Asks AWS about a deployment of its own; its tests are in tests/doctor."""
RECORDS = ("change", "rollout", "flags", "overlays", "rollback")
OURS: dict[str, str] = {
    "the builder's id": BUILT.builders[0],
    "the source repository": BUILT.repositories[0],
    "the workflow that releases": BUILT.workflows[0],
    "where release engineering is reached": "#releases",
    "where operations is reached": "#operations",
    "who is called": "on-call schedule",
    "who approves for release engineering": "Erin",
    "who approves for operations": "Omar",
    "who asks for releases": "Dana",
    "what CI and the change record call them": LOGIN,
    "the bucket with": BUCKET,
    "the address that": "cutover@example.com",
    "the release's version": "1.4.0",
    "the whole commit": COMMIT,
    "the number of its run": "4711",
    "who asks for it": LOGIN,
    "who asked for it": LOGIN,
    "the artifact's key": "service.zip",
    "the artifact's digest": ARTIFACT,
    "the key of its provenance": "service.provenance.json",
    "the key of its dependency manifest": "service.cdx.json",
    "the key of the signed test result": "service.tests.json",
    "when this was last rehearsed": "2026-11-02T09:00:00Z",
    "the digest of the script": canonical.digest(b"hook"),
}
"""What somebody with this product would write, by how the place begins. Anything else is text of their own."""


class Kms:
    """The stack's keys, as KMS publishes them."""

    def get_public_key(self, *, KeyId: str) -> dict[str, bytes]:  # noqa: N803  # boto3's own spelling
        return {"PublicKey": b64decode(DEPLOYMENT.key(KeyId).public_base64)}


class Newcomer:
    """Somebody with an empty folder, and a deployment that has no policy yet."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.world, self.told = folder, World(), dict[str, str]()
        self.world.clock.move_to(datetime.now(UTC).replace(microsecond=0))
        del self.world.wiring.records._models[("ActivePolicy",)], self.world.wiring.records._models[("Brake",)]
        made, _ = site_of(self.world)
        outputs = {f"{purpose.capitalize()}KeyArn": purpose for purpose in OF_STACK}
        self.site = replace(made, stack=SiteStack("cutover-production", outputs, {}, {"kms": Kms()}.__getitem__))
        self.versions = {file: self._published(file, content) for file, content in self._by_ci().items()}

    def init(self, *words: str, expect: int = 0) -> dict[str, Any]:
        now = format_instant(self.world.clock.now())
        return run(None, "init", self.folder, *BEGIN, "--at", now, *words, expect=expect)

    def keys(self) -> None:
        """Those of the deployment, where `policy key` would make others."""
        owners = dict(zip(("ana", "otto"), DEPLOYMENT.owners, strict=True))
        for name, key in {**owners, **{name: DEPLOYMENT.key(name) for name in KEYS}}.items():
            pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            (self.folder / f"{name}.pem").write_bytes(pem)
            (self.folder / f"{name}.pem").chmod(0o600)

    def fill(self, places: list[dict[str, Any]]) -> None:
        """Each line that was listed and that no command fills, and no other. Records are published once filled."""
        ours = [each for each in places if not re.search(r"the (id|public half) of the \w+ key", each["what"])]
        order = sorted(ours, key=lambda each: each["file"].endswith("candidate.yaml"))
        for place in order:
            file = Path(place["file"])
            lines = file.read_text("utf-8").splitlines(keepends=True)
            before, mark, after = lines[place["line"] - 1].partition('"FILL: ')
            assert mark, place
            lines[place["line"] - 1] = before + json.dumps(self._value(place)) + after.partition('"')[2]
            file.write_text("".join(lines), "utf-8")

    def typed(self) -> list[list[str]]:
        """The commands of NEXT.md, in order."""
        blocks = re.findall(r"```sh\n(.*?)```", (self.folder / GUIDE).read_text("utf-8"), re.DOTALL)
        return [shlex.split(line) for block in blocks for line in block.splitlines()]

    def type(self, words: list[str]) -> dict[str, Any]:
        """One command, with what earlier ones printed in the place of capital letters."""
        words = [re.sub(r"\b[A-Z]{3,}(?:_[A-Z]+)*\b", lambda found: self.told[found[0]], word) for word in words]
        site, sources = self.site, self.world.wiring.sources
        checking = Outside(lambda _audience, _clock: sources, self.world.clock, site)
        self._meanwhile(words)
        words = [*words[1:], "--format", "json"]
        done = CliRunner().invoke(app, words, obj=checking if words[0] == "check" else site)
        assert done.exit_code == 0, (words, done.output)
        said: dict[str, Any] = json.loads(done.stdout)
        if words[:2] == ["policy", "propose"]:
            self.told[f"DIGEST_OF_{said['part'].upper()}"] = said["digest"]
        return said

    def _meanwhile(self, words: list[str]) -> None:
        """What NEXT.md says in words: the candidate becomes a release, people decide, the window opens."""
        file, window = self.folder / "candidate.yaml", self._window()
        if "release.json" in words and words[1:3] == ["candidate", "sign"]:
            text = file.read_text("utf-8")
            file.write_text(text.replace("rehearsal: true\n", "").replace("sequence: 1\n", "sequence: 2\n"), "utf-8")
        if "--watch" in words:
            for mailbox in self.world.links():
                self.world.decide(mailbox)
            self.world.clock.move_to(window + timedelta(minutes=1))
            self.world.tick()
            self.world.run()

    def _window(self) -> datetime:
        facts = yaml.safe_load((self.folder / "facts.yaml").read_text("utf-8"))
        return parse_instant(facts["calendars"][DEPLOYMENT.target]["windows"][0]["opens_at"])

    def _value(self, place: dict[str, Any]) -> str:
        what, lines = place["what"], Path(place["file"]).read_text("utf-8").splitlines()
        if what == "their address":
            return f"person-{place['line']}@example.com"
        if found := re.fullmatch(r"the version of (records/\S+)", what):
            record = re.search(r"record: (\S+)", lines[place["line"] - 2])
            assert record is not None
            return self._published(record[1], (self.folder / found[1]).read_bytes())
        if what == "its version":
            return self.versions[json.loads(lines[place["line"] - 2].partition("record: ")[2])]
        return next((ours for begins, ours in OURS.items() if what.startswith(begins)), f"Ours: {what}"[:60])

    def _published(self, key: str, content: bytes) -> str:
        return self.world.wiring.bucket.put(BUCKET, key, content)

    @staticmethod
    def _by_ci() -> dict[str, bytes]:
        def signed(statement: Any, key: Key) -> bytes:
            return seal_bytes(IN_TOTO_TYPE, as_received(statement), key)

        tests = {**TESTS, "predicateType": "https://in-toto.io/attestation/test-result/v0.1"}
        return {
            "service.zip": ARTIFACT_BYTES, "service.cdx.json": as_received(SBOM),
            "service.provenance.json": signed(PROVENANCE, DEPLOYMENT.key("provenance")),
            "service.tests.json": signed(tests, DEPLOYMENT.key("attestation")),
        }  # fmt: skip


@pytest.fixture
def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newcomer:
    monkeypatch.chdir(tmp_path)
    return Newcomer(tmp_path)


def test_following_what_it_wrote_leads_to_a_release_that_was_answered(newcomer: Newcomer) -> None:
    written = newcomer.init()
    newcomer.keys()
    newcomer.fill(written["fill"])
    owners = zip(("ANA", "OTTO"), DEPLOYMENT.owners, strict=True)
    newcomer.told = {f"PUBLIC_KEY_OF_{name}": key.public_base64 for name, key in owners}
    newcomer.told["FINGERPRINT"] = newcomer.site.fingerprint or ""
    commands = [words for words in newcomer.typed() if words[0] == "cutover" and words[1] not in ELSEWHERE]
    made = [words for words in commands if words[1:3] == ["policy", "key"]]
    assert {words[3] for words in made} == {f"{name}.pem" for name in ("ana", "otto", *KEYS)}
    said = [(" ".join(words[1:3]), newcomer.type(words)) for words in commands if words not in made]
    answers: dict[str, list[dict[str, Any]]] = {}
    for name, answer in said:
        answers.setdefault(name, []).append(answer)
    assert answers["policy root"][0]["fingerprint"] == newcomer.site.fingerprint
    assert (answers["policy keys"][0]["filled"], len(answers["policy keys"][0]["keys"])) == (22, 11)
    assert answers["policy lint"] == [{"result": "good", "faults": [], "warnings": []}]
    assert answers["policy activate"] == [{"version": 1, "brake": "off"}]
    checked = answers["check candidate.yaml"][0]
    assert (checked["result"], checked["holds"]) == ("clean", [])
    assert [each["status"] for each in answers["candidate submit"]] == ["rehearsed", "awaiting_approval"]
    assert len(newcomer.world.messages()) == 2  # a test, and the release
    released = f"service@{DEPLOYMENT.target}.1"
    assert newcomer.world.record(released).status == "handed_off"
    assert answers["verify evidence/handoff.json"][0]["verified"] is True
    assert [entry.event for entry in newcomer.world.ledger(released)][-2:] == ["handed-off", "receipt"]
    explained = run(newcomer.site, "explain", released)
    assert explained["summary"] == "its message was sent to its queue; its consumer accepted it"
    done = {words[1] for words in commands}
    assert done == {
        "policy", "candidate", "check", "target", "pending", "show", "trust", "ledger", "verify", "receipt", "trace",
    }  # fmt: skip


def test_for_the_stack_of_this_machine_nothing_of_an_account_is_asked_for(newcomer: Newcomer) -> None:
    run(None, "init", newcomer.folder / "here", *BEGIN[:4], "--local")
    guide = (newcomer.folder / "here" / GUIDE).read_text("utf-8")
    typed = [
        shlex.split(line) for block in re.findall(r"```sh\n(.*?)```", guide, re.DOTALL) for line in block.splitlines()
    ]
    assert {words[0] for words in typed} == {"cutover"}
    assert "--stack" not in guide
    assert HERE in guide
    puts = {words[3]: words[5] for words in typed if words[1:3] == ["local", "put"]}
    candidate = (newcomer.folder / "here" / "candidate.yaml").read_text("utf-8")
    assert all(
        f"record: {key}" in candidate and (newcomer.folder / "here" / file).is_file() for file, key in puts.items()
    )
    facts = yaml.safe_load((newcomer.folder / "here" / "facts.yaml").read_text("utf-8"))
    window = facts["calendars"][DEPLOYMENT.target]["windows"][0]
    assert window["opens_at"] == facts["issued_at"]


def test_a_deployment_is_said_once(newcomer: Newcomer) -> None:
    for words in (BEGIN[:4], (*BEGIN, "--local")):
        assert run(None, "init", newcomer.folder, *words, expect=2)["reason"] == "BAD_ARGUMENT"


def test_what_cannot_be_a_key_for_the_facts_is_refused(newcomer: Newcomer) -> None:
    newcomer.keys()
    for given in ("bind=ana.pem", "nothing=ana.pem", "candidate", "candidate="):
        assert run(newcomer.site, "policy", "keys", "--key", given, expect=2)["reason"] in (
            "BAD_ARGUMENT",
            "BAD_KEY_FILE",
        )


def test_keys_that_are_filled_already_stay(newcomer: Newcomer) -> None:
    newcomer.init()
    words = ("policy", "keys", "--into", "facts.yaml")
    before = (newcomer.folder / "facts.yaml").read_bytes()
    assert run(newcomer.site, *words, "--dry-run", expect=10)["filled"] == 8
    assert (newcomer.folder / "facts.yaml").read_bytes() == before
    assert run(newcomer.site, *words)["filled"] == 8
    assert run(newcomer.site, *words, "--dry-run")["filled"] == 0


def test_the_lint_names_exactly_what_is_to_be_filled(newcomer: Newcomer) -> None:
    written = newcomer.init()
    names = ("rules.yaml", "facts.yaml", "candidate.yaml")
    left = {name: [each for each in written["fill"] if each["file"].endswith(name)] for name in names}
    said = run(None, "policy", "lint", "rules.yaml", "facts.yaml", "--target", DEPLOYMENT.target, expect=3)
    assert {fault["code"] for fault in said["faults"]} == {"NOT_FILLED"}
    listed = [each["what"] for name in ("rules.yaml", "facts.yaml") for each in left[name]]
    assert [fault["message"] for fault in said["faults"]] == listed
    said = run(None, "candidate", "lint", "candidate.yaml", expect=3)
    assert [fault["message"] for fault in said["faults"]] == [each["what"] for each in left["candidate.yaml"]]
    assert {fault["code"] for fault in said["faults"]} == {"NOT_FILLED"}


def test_what_is_not_filled_is_not_signed(newcomer: Newcomer) -> None:
    newcomer.init()
    newcomer.keys()
    words = ("policy", "sign", "rules.yaml", "--key", "ana.pem", "--out", "rules.json")
    assert {fault["code"] for fault in run(None, *words, expect=3)["faults"]} == {"NOT_FILLED"}
    assert not (newcomer.folder / "rules.json").exists()


def test_every_mark_is_listed_with_its_line(newcomer: Newcomer) -> None:
    written = newcomer.init()
    listed = {(each["file"], each["line"]) for each in written["fill"]}
    marked = {
        (str(newcomer.folder / name), number)
        for name in FILES
        for number, line in enumerate((newcomer.folder / name).read_text("utf-8").splitlines(), 1)
        if "FILL:" in line
    }
    assert listed == marked
    guide = (newcomer.folder / GUIDE).read_text("utf-8")
    told = {
        (str(newcomer.folder / file), int(line)) for file, line in re.findall(r"^- `(\S+):(\d+)` ", guide, re.MULTILINE)
    }
    assert told == marked
    assert "<<" not in "".join(Path(file).read_text("utf-8") for file in written["files"])


def test_the_deployment_s_part_is_one(newcomer: Newcomer) -> None:
    newcomer.fill(newcomer.init()["fill"])
    stage = Stage.model_validate_json((newcomer.folder / "deployment.json").read_bytes())
    assert [target.name for target in stage.targets] == [DEPLOYMENT.target]


@pytest.mark.parametrize("stage", ["development", "production"])
def test_what_a_newcomer_pastes_can_be_deployed(stage: StageName) -> None:
    """As NEXT.md says: the stage's part and the instance of their audience, in the checkout's file."""
    audience = f"cutover:shop:111111111111:eu-west-1:{stage}"
    begin = Beginning(product="service", target="orders", environment="orders", component="service", audience=audience)
    made = {str(name): text for name, text in written(begin, datetime(2026, 3, 2, tzinfo=UTC)).items()}
    ours = json.loads(made["deployment.json"]) | {"sender": "a@example.com"}
    if "source_buckets" in ours:
        assert ours["source_buckets"][0].startswith("FILL:")
        ours["source_buckets"] = ["example-artifacts"]
    there = json.loads(DEFAULT_CONFIG.read_text("utf-8"))
    there["stages"][stage] = ours
    (instance,) = re.findall(r'`"instance": "(\w+)"`', made["NEXT.md"])
    deployment = Deployment.model_validate_json(json.dumps(there | {"instance": instance}))
    assert [each.name for each in deployment.stage(stage).targets] == ["orders"]
    assert f"cdk deploy {deployment.instance}-{stage} " in made["NEXT.md"]


def test_nothing_is_overwritten(newcomer: Newcomer) -> None:
    mine = newcomer.folder / "records" / "flags.json"
    mine.parent.mkdir()
    mine.write_text("mine", "utf-8")
    refused = newcomer.init(expect=3)
    assert (refused["reason"], refused["files"]) == ("ALREADY_THERE", [str(mine)])
    assert [path for path in newcomer.folder.rglob("*") if path.is_file()] == [mine]
    assert mine.read_text("utf-8") == "mine"


def test_a_dry_run_lists_and_writes_nothing(newcomer: Newcomer) -> None:
    planned = newcomer.init("--dry-run", expect=10)
    assert list(newcomer.folder.iterdir()) == []
    written = newcomer.init()
    assert {**written, "result": "planned"} == planned
    assert sorted(written["files"]) == sorted(str(path) for path in newcomer.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("option", "value"), [("--product", "My Shop"), ("--audience", "shop"), ("--component", "a b")]
)
def test_names_that_nobody_could_use_are_refused(newcomer: Newcomer, option: str, value: str) -> None:
    refused = newcomer.init(option, value, expect=2)
    assert (refused["reason"], option in refused["message"]) == ("BAD_ARGUMENT", True)


def test_its_rules_are_those_of_the_example(newcomer: Newcomer, repository: Path) -> None:
    """Two texts, one policy: what is not about a product is the same in both."""
    newcomer.init()
    mine, example = (
        yaml.safe_load((folder / "rules.yaml").read_text("utf-8"))
        for folder in (newcomer.folder, repository / "examples" / "policy")
    )
    assert mine.keys() == example.keys()
    ours = {"audience", "builds", "rendering", "allowances", "signers", "evidence_max_age"}
    assert {key: mine[key] for key in mine.keys() - ours} == {key: example[key] for key in example.keys() - ours}
    assert list(mine["signers"].values()) == list(example["signers"].values())
