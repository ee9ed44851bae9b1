"""`cutover policy propose`, `sign --proposal` and `activate`: all of it in store and ledger, and none of it by one."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cutover.contracts.ledger import LedgerEntry
from cutover.contracts.policy import Facts, Rules
from cutover.domain import canonical
from cutover.domain.entries import Told
from cutover.domain.ledger import BRAKE_CHAIN, POLICY_CHAIN, verify_chain
from cutover.domain.record import ActivePolicy, Brake
from cutover.policies import PolicyReader
from cutover_cli.main import app
from cutover_cli.policy_governing import journal_of
from cutover_cli.site import Site
from tests.building.policy import DEPLOYMENT
from tests.fakes.clock import FakeClock
from tests.unit import test_policy_linting as good
from tests.unit.test_policy_commands import run, site_of

REASON = ("--reason", "as discussed on Monday")
LATER = good.NOW + timedelta(minutes=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    owners = []
    for name in ("ana", "otto", "eve"):
        made = run("key", tmp_path / f"{name}.pem")
        owners += ["--owner", f"{name}={made['public_key']}"] if name != "eve" else []
    run("root", "--audience", DEPLOYMENT.audience, *owners, "--out", tmp_path / "root.json")
    return tmp_path


@pytest.fixture
def site(folder: Path) -> Site:
    """A stack that pins the root of these owners and says its targets."""
    bare = site_of(canonical.digest((folder / "root.json").read_bytes()))
    return replace(bare, clock=FakeClock(good.NOW), targets=frozenset({DEPLOYMENT.target}))


def write(folder: Path, document: Rules | Facts) -> Path:
    file = folder / f"{type(document).__name__}-{document.version}.yaml"
    file.write_text(yaml.safe_dump(document.model_dump(mode="json", by_alias=True), allow_unicode=True), "utf-8")
    return file


def propose(site: Site, folder: Path, document: Rules | Facts, **more: Any) -> dict[str, Any]:
    return run("propose", write(folder, document), *REASON, "--requester", "ana", site=site, **more)


def sign(site: Site, folder: Path, digest: str, who: str, *words: str | Path, expect: int = 0) -> dict[str, Any]:
    root = () if site.records.policy() else ("--root", folder / "root.json")
    return run("sign", "--proposal", digest, "--key", folder / f"{who}.pem", *root, *words, site=site, expect=expect)


def activate(site: Site, folder: Path, *digests: str, words: tuple[str, ...] = (), expect: int = 0) -> dict[str, Any]:
    root = () if site.records.policy() else ("--root", folder / "root.json")
    proposals = [word for digest in digests for word in ("--proposal", digest)]
    return run("activate", *proposals, *root, *words, "--requester", "release", site=site, expect=expect)


def agreed(site: Site, folder: Path, document: Rules | Facts) -> str:
    """A document that was proposed, and that both owners signed."""
    digest: str = propose(site, folder, document)["digest"]
    for who in ("ana", "otto"):
        sign(site, folder, digest, who)
    return digest


def entries(site: Site) -> list[LedgerEntry]:
    found = list(site.records.ledger(POLICY_CHAIN))
    verify_chain(found, chain=POLICY_CHAIN)
    return found


def now_active(site: Site) -> ActivePolicy:
    active = site.records.policy()
    assert active is not None
    return active


@pytest.fixture
def first(site: Site, folder: Path) -> Site:
    """The site with its first policy."""
    digests = [agreed(site, folder, each) for each in (good.rules(), good.facts())]
    assert activate(site, folder, *digests) == {"version": 1, "brake": "off"}
    return site


def lose_the_brake(site: Site) -> None:
    """As a restore of the table, or somebody by hand."""
    models = site.records._models  # type: ignore[attr-defined]  # the fake's
    for key in [key for key, each in models.items() if isinstance(each, Brake)]:
        del models[key]


def test_the_first_policy_comes_with_a_brake_that_is_off_and_the_ledger_says_so(first: Site) -> None:
    assert first.records.brake() == Brake(engaged=False)
    assert entries(first)[-1].detail == "version 1: rules and facts changed; the brake is off"


def test_no_activation_releases_a_brake_that_is_not_known(first: Site, folder: Path) -> None:
    lose_the_brake(first)
    said = activate(first, folder, agreed(first, folder, good.rules(version=2, lease=61)))
    assert said == {"version": 2, "brake": "unknown"}
    assert first.records.brake() is None
    assert entries(first)[-1].detail == "version 2: rules changed"


def test_nor_the_first_where_an_order_was_given_before(site: Site, folder: Path) -> None:
    order = Told.of_order("brake-engaged", requester="omar", correlation_id="x", inputs={}, result="ENGAGED")
    journal_of(site.records, site.clock).append(BRAKE_CHAIN, order)
    digests = [agreed(site, folder, each) for each in (good.rules(), good.facts())]
    assert activate(site, folder, *digests) == {"version": 1, "brake": "unknown"}


def test_two_owners_need_the_store_and_nothing_else(first: Site) -> None:
    reader = PolicyReader(records=first.records, store=first.documents, fingerprint=first.fingerprint or "")
    assert (reader.active().rules, reader.active().facts) == (good.rules(), good.facts())
    told = [(each.event, each.actor.requester, each.actor.role, each.result) for each in entries(first)]
    one = [
        ("policy-proposed", "ana", "operator", "PROPOSED"), ("policy-signed", "ana", "operator", "SIGNED"),
        ("policy-signed", "otto", "operator", "SIGNED"),
    ]  # fmt: skip
    assert told == [*one, *one, ("policy-activated", "release", "operator", "ACTIVATED")]


def test_an_activation_tells_what_was_and_what_is(first: Site, folder: Path) -> None:
    before = now_active(first)
    digest = agreed(first, folder, good.rules(version=2, lease=61))
    assert activate(first, folder, digest)["version"] == 2
    after, entry = now_active(first), entries(first)[-1]
    assert after.facts == before.facts
    assert entry.inputs == {
        "rules": digest, "rules-envelope": after.rules.envelope,
        "facts": before.facts.payload, "facts-envelope": before.facts.envelope,
        "rules-before": before.rules.payload, "rules-envelope-before": before.rules.envelope,
        "facts-before": before.facts.payload, "facts-envelope-before": before.facts.envelope,
    }  # fmt: skip
    assert (entry.rules, entry.facts, entry.detail) == (digest, before.facts.payload, "version 2: rules changed")


def test_a_proposal_is_stored_and_told_and_changes_nothing_else(first: Site, folder: Path) -> None:
    before, newer = now_active(first), good.rules(version=2, lease=61)
    said = propose(first, folder, newer)
    assert first.documents.get(said["digest"], limit=10**6) == canonical.encode_model(newer)
    assert said["changes"]["where"] == [
        {"pointer": "/lease", "before": "60", "after": "61"}, {"pointer": "/version", "before": "1", "after": "2"},
    ]  # fmt: skip
    assert (said["faults"], said["enforces"], said["new"]) == ([], [], True)
    assert now_active(first) == before
    entry = entries(first)[-1]
    assert (entry.inputs, entry.detail) == ({"payload": said["digest"]}, "rules: as discussed on Monday")
    count = len(entries(first))
    assert propose(first, folder, newer)["new"] is False
    assert len(entries(first)) == count


def test_what_both_signed_beside_another_policy_is_signed_again(first: Site, folder: Path) -> None:
    """Else whoever activates takes back an incident's rules by older ones, which nobody compared with them."""
    older = agreed(first, folder, good.rules(version=3, lease=61))
    denying = good.rules(
        version=2, severities={"rollback.drill-recent": "deny"}, enforce_now={"rollback.drill-recent": "incident 7"}
    )
    assert activate(first, folder, agreed(first, folder, denying))["version"] == 2
    assert activate(first, folder, older, expect=3)["reason"] == "SIGNED_BESIDE_ANOTHER"
    said = sign(first, folder, older, "ana")
    assert {"pointer": "/severities/rollback.drill-recent", "before": "deny", "after": None} in said["changes"]["what"]
    assert said["signed_by"] == ["ana"], "otto has not seen that"
    assert codes(activate(first, folder, older, expect=3)) == ["POLICY_NOT_SIGNED_BY_BOTH"]
    assert sign(first, folder, older, "otto")["signed_by"] == ["ana", "otto"]
    assert activate(first, folder, older)["version"] == 3


def test_a_file_with_the_signatures_of_a_proposal_is_that_proposal(first: Site, folder: Path) -> None:
    """Whoever reads the store can put what owners signed into a file."""
    older = agreed(first, folder, good.rules(version=3, lease=61))
    (*_, envelope) = (each.inputs["envelope"] for each in entries(first) if each.event == "policy-signed")
    (folder / "older.json").write_bytes(first.documents.get(envelope, limit=10**6))
    by_file = "activate", "--rules", folder / "older.json", "--requester", "release"
    activate(first, folder, agreed(first, folder, good.rules(version=2, lease=62)))
    assert run(*by_file, site=first, expect=3)["reason"] == "SIGNED_BESIDE_ANOTHER"
    sign(first, folder, older, "ana")
    assert codes(run(*by_file, site=first, expect=3)) == ["POLICY_NOT_SIGNED_BY_BOTH"], "otto's is the one before"
    sign(first, folder, older, "otto")
    assert run(*by_file, site=first)["version"] == 3


def test_newer_facts_leave_signatures_of_rules_as_they_are(first: Site, folder: Path) -> None:
    rules, facts = agreed(first, folder, good.rules(version=2, lease=61)), good.facts(version=2, issued_at=LATER)
    activate(first, folder, agreed(first, folder, facts))
    assert activate(first, folder, rules)["version"] == 3


def test_whoever_activates_is_shown_what_changes(first: Site, folder: Path) -> None:
    digest = agreed(first, folder, good.rules(version=2, lease=61))
    planned = activate(first, folder, digest, words=("--dry-run",), expect=10)
    assert [(each["part"], each["digest"]) for each in planned["reviews"]] == [("rules", digest)]
    done = CliRunner().invoke(app, ["policy", "activate", "--proposal", digest, "--requester", "release"], obj=first)
    assert "  ~ /lease: 60 -> 61" in done.stdout.splitlines()
    assert done.stdout.splitlines()[-1] == "active: version 2; the brake is off"


def test_of_the_first_policy_all_is_shown_and_judged(site: Site, folder: Path) -> None:
    facts = propose(site, folder, good.facts())
    assert codes(facts) == [], "no rules were proposed yet"
    digest = propose(site, folder, good.rules(families={"flags": "nobody"}))["digest"]
    said = sign(site, folder, digest, "otto", "--dry-run", expect=10)
    shown = {each["pointer"]: each["after"] for group in said["changes"].values() for each in group}
    assert shown["/lease"] == "60"
    assert "TEAM_UNKNOWN" in codes(said)
    keys = [each["pointer"] for group in facts["changes"].values() for each in group if "/keys/" in each["pointer"]]
    assert len(keys) >= len(good.facts().keys), "an owner sees whose keys they trust"


@pytest.mark.parametrize(
    ("typed", "words", "signed"), [("n", ("--ask",), 0), ("y", ("--ask",), 1), ("", ("--yes",), 1)]
)
def test_an_owner_at_a_terminal_is_asked_when_they_have_seen_it(
    site: Site, folder: Path, typed: str, words: tuple[str, ...], signed: int
) -> None:
    digest = propose(site, folder, good.rules())["digest"]
    given = ["--key", str(folder / "ana.pem"), "--root", str(folder / "root.json"), *words]
    done = CliRunner().invoke(app, ["policy", "sign", "--proposal", digest, *given], obj=site, input=f"{typed}\n")
    assert done.exit_code == (0 if signed else 3)
    assert "  + /lease: 60" in done.stdout.splitlines()
    assert ("Sign this as ana?" in done.stderr) == ("--ask" in words)
    assert [each.event for each in entries(site)].count("policy-signed") == signed


def test_dry_runs_change_nothing(first: Site, folder: Path) -> None:
    newer, count = good.rules(version=2, lease=61), len(entries(first))
    run("propose", write(folder, newer), *REASON, "--dry-run", site=first, expect=10)
    assert len(entries(first)) == count
    digest = propose(first, folder, newer)["digest"]
    assert sign(first, folder, digest, "ana", "--dry-run", expect=10)["signed_by"] == []
    for who in ("ana", "otto"):
        sign(first, folder, digest, who)
    count = len(entries(first))
    assert sign(first, folder, digest, "ana", "--dry-run")["signed_by"] == ["ana", "otto"]
    assert activate(first, folder, digest, words=("--dry-run",), expect=10)["rules"] == digest
    assert (len(entries(first)), now_active(first).version) == (count, 1)


def test_the_second_owner_signs_onto_the_first_s(first: Site, folder: Path) -> None:
    digest = propose(first, folder, good.rules(version=2, lease=61))["digest"]
    assert sign(first, folder, digest, "otto")["signed_by"] == ["otto"]
    assert activate(first, folder, digest, expect=3)["faults"][0]["code"] == "POLICY_NOT_SIGNED_BY_BOTH"
    count = len(entries(first))
    assert sign(first, folder, digest, "otto")["new"] is False
    assert len(entries(first)) == count
    assert sign(first, folder, digest, "ana")["signed_by"] == ["ana", "otto"]
    assert activate(first, folder, digest)["version"] == 2


def test_nobody_else_signs_and_nothing_else_is_signed(first: Site, folder: Path) -> None:
    digest, count = propose(first, folder, good.rules(version=2))["digest"], len(entries(first))
    assert sign(first, folder, digest, "eve", expect=3)["reason"] == "NOT_AN_OWNER"
    stored = first.documents.put(canonical.encode_model(good.rules(version=3)))
    assert sign(first, folder, stored, "ana", expect=3)["reason"] == "NOT_PROPOSED"
    assert activate(first, folder, stored, expect=3)["reason"] == "NOT_PROPOSED"
    assert activate(first, folder, digest, expect=3)["reason"] == "POLICY_NOT_SIGNED_BY_BOTH"
    assert len(entries(first)) == count


def test_an_entry_that_names_another_document_s_signatures_lends_them_to_nobody(first: Site, folder: Path) -> None:
    signed, other = (
        agreed(first, folder, good.rules(version=2)),
        propose(first, folder, good.rules(version=3))["digest"],
    )
    (*_, envelope) = (each.inputs["envelope"] for each in entries(first) if each.inputs.get("payload") == signed and
                      "envelope" in each.inputs)  # fmt: skip
    lie = Told.of_order(
        "policy-signed", requester="otto", correlation_id="x", inputs={"payload": other, "envelope": envelope},
        result="SIGNED",
    )  # fmt: skip
    journal_of(first.records, first.clock).append(POLICY_CHAIN, lie)
    assert activate(first, folder, other, expect=3)["reason"] == "POLICY_NOT_SIGNED_BY_BOTH"
    assert sign(first, folder, other, "ana")["signed_by"] == ["ana"]


@pytest.mark.parametrize("said", ["nothing", "what is not there", "no envelope"])
def test_an_entry_that_shows_no_envelope_stops_nobody(first: Site, folder: Path, said: str) -> None:
    """Whoever may append to the chain keeps no owner from signing."""
    digest = agreed(first, folder, good.rules(version=2))
    named = {
        "nothing": {}, "what is not there": {"envelope": "sha256:" + "7" * 64},
        "no envelope": {"envelope": first.documents.put(b"[]")},
    }[said]  # fmt: skip
    lie = Told.of_order(
        "policy-signed", requester="otto", correlation_id="x", inputs={"payload": digest, **named}, result="SIGNED"
    )
    journal_of(first.records, first.clock).append(POLICY_CHAIN, lie)
    assert sign(first, folder, digest, "ana")["signed_by"] == ["ana", "otto"]
    assert activate(first, folder, digest)["version"] == 2


def test_before_the_first_policy_the_root_is_given(site: Site, folder: Path) -> None:
    digest = propose(site, folder, good.rules())["digest"]
    words = "sign", "--proposal", digest, "--key", folder / "ana.pem"
    assert run(*words, site=site, expect=3)["reason"] == "ROOT_UNKNOWN"
    other = replace(site, fingerprint="sha256:" + "0" * 64)
    assert run(*words, "--root", folder / "root.json", site=other, expect=3)["reason"] == "OTHER_ROOT"
    assert run(*words, "--root", folder / "root.json", site=site)["first"] is True
    assert activate(site, folder, digest, expect=2)["reason"] == "BAD_ARGUMENT", "facts are not there yet"


def test_only_deployed_targets_and_the_stack_says_which(first: Site, folder: Path) -> None:
    elsewhere = replace(first, targets=frozenset({"staging"}))
    digest = agreed(first, folder, good.rules(version=2))
    refused = activate(elsewhere, folder, digest, expect=3)
    assert {fault["code"] for fault in refused["faults"]} == {"TARGET_NOT_DEPLOYED"}
    assert activate(first, folder, digest, words=("--target", "staging"), expect=3)["reason"] == "TARGETS_DIFFER"
    silent = replace(first, targets=None)
    assert activate(silent, folder, digest, expect=2)["reason"] == "BAD_ARGUMENT"
    assert activate(silent, folder, digest, words=("--target", DEPLOYMENT.target))["version"] == 2
    assert activate(first, folder, digest, words=("--target", DEPLOYMENT.target))["version"] == 3


def codes(answer: dict[str, Any]) -> list[str]:
    return [fault["code"] for fault in answer["faults"]]


def test_what_was_not_warned_of_is_shown_to_both_and_refused(first: Site, folder: Path) -> None:
    strict = good.rules(version=2, severities={"rollback.drill-recent": "deny"})
    said = propose(first, folder, strict)
    assert codes(said) == ["NOT_WARNED_BEFORE"]
    assert said["enforces"] == [
        {"name": "rollback.drill-recent", "before": "hold", "after": "deny", "warned": False, "reason": None,
         "allowed": False}
    ]  # fmt: skip
    assert codes(sign(first, folder, said["digest"], "ana")) == ["NOT_WARNED_BEFORE"]
    sign(first, folder, said["digest"], "otto")
    assert codes(activate(first, folder, said["digest"], expect=3)) == ["NOT_WARNED_BEFORE"]
    assert now_active(first).version == 1
    at_once = strict.model_copy(update={"enforce_now": {"rollback.drill-recent": "INC-12"}})
    assert activate(first, folder, agreed(first, folder, at_once))["version"] == 2


def test_what_is_taken_back_is_refused(first: Site, folder: Path) -> None:
    forgetful = good.facts(version=2, keys=good.facts().keys[1:])
    said = propose(first, folder, forgetful)
    assert {"KEY_HISTORY_LOST", "NOT_NEWER"} <= set(codes(said))
    digest = agreed(first, folder, good.rules(lease=61))
    assert codes(activate(first, folder, digest, expect=3)) == ["VERSION_NOT_RAISED"]


def test_what_became_active_meanwhile_is_not_overwritten(first: Site, folder: Path) -> None:
    """The pointer and its entry are one transaction, on the very policy that the new one was judged by."""
    digest, active = agreed(first, folder, good.rules(version=2)), now_active(first)

    class Overtaken:
        """The table, in which somebody else activates between the reading and the commit."""

        def __getattr__(self, name: str) -> Any:
            return getattr(first.records, name)

        def commit(self, commit: Any) -> None:
            if commit.policy is not None and first.records.policy() == active:
                first.records.activate_policy(active.model_copy(update={"version": 2}))
            first.records.commit(commit)

    count, overtaken = len(entries(first)), replace(first, records=Overtaken())
    assert codes(activate(overtaken, folder, digest, expect=3)) == ["ACTIVATED_MEANWHILE"]
    assert now_active(first) == active.model_copy(update={"version": 2})
    assert len(entries(first)) == count


def test_a_document_for_another_cutover_is_not_proposed(first: Site, folder: Path) -> None:
    foreign = good.rules(audience="cutover:other:123456789012:eu-central-1:dev")
    assert propose(first, folder, foreign, expect=3)["reason"] == "WRONG_AUDIENCE"
    write(folder, good.rules()).with_name("trust.yaml").write_text(
        yaml.safe_dump(DEPLOYMENT.trust_bundle().model_dump(mode="json", by_alias=True)), "utf-8"
    )
    run("propose", folder / "trust.yaml", *REASON, site=first, expect=2)


def test_one_thing_at_a_time_is_signed(first: Site, folder: Path) -> None:
    key, file = ("--key", folder / "ana.pem"), write(folder, good.rules(version=2))
    run("sign", *key, site=first, expect=2)
    run("sign", file, "--proposal", "sha256:" + "0" * 64, *key, site=first, expect=2)
    run("sign", file, *key, site=first, expect=2)
    run("sign", "--proposal", "sha256:" + "0" * 64, *key, "--out", folder / "x.json", site=first, expect=2)


def test_a_person_reads_it_on_lines_of_their_own(first: Site, folder: Path) -> None:
    strict = good.rules(
        version=2, severities={"rollback.drill-recent": "deny"}, enforce_now={"rollback.drill-recent": "INC-12"}
    )
    words = ["policy", "propose", str(write(folder, strict)), *REASON]
    done = CliRunner().invoke(app, words, obj=first)
    assert done.exit_code == 0
    assert "  rollback.drill-recent: hold -> deny (at once: INC-12)" in done.stdout.splitlines()
    assert "  ~ /version: 1 -> 2" in done.stdout.splitlines()
