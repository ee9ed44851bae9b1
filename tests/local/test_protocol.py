"""The protocol on the local stack: real functions, tables, streams, queues and the real state machine."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cutover.contracts.supersession import Supersession
from cutover.domain import ledger
from cutover.domain.record import Admission, RevisionRecord, Status
from cutover_cli.local import lifecycle
from tests.local.releasing import Release, Releases, bring_up, wait

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("protocol")]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Releases]:
    state = Path(tmp_path_factory.mktemp("protocol"))
    yield bring_up(state)
    lifecycle.down(state_dir=state)


def execution_of(releases: Releases, record: RevisionRecord) -> str:
    """The ARN of the execution that serves a revision."""
    admission = releases.records.admission(record.admission)
    assert isinstance(admission, Admission)
    mine = admission.digest.removeprefix("sha256:")[:40]
    return next(arn for arn in releases.stack.executions() if mine in arn)


def assert_one_effect(releases: Releases, release: Release, handed_off: RevisionRecord) -> None:
    assert len(releases.messages(release.product)) == 1
    entries = list(releases.records.ledger(handed_off.cutover))
    ledger.verify_chain(entries, chain=handed_off.cutover)
    assert ledger.status_by_ledger(entries, handed_off.revision) == "handed_off"
    sent = [entry for entry in entries if entry.to == "handed_off"]
    assert len(sent) == 1


def ends(releases: Releases, arn: str, state: str) -> None:
    wait(lambda: state in releases.stack.states(arn) or None, 30, lambda: str(releases.stack.states(arn)))


def test_a_newer_candidate_ends_the_older_one(releases: Releases) -> None:
    release = Release(releases, "newer", "now-0")
    release.announce()
    first = release.until("awaiting_approval", revision=1)
    arn = execution_of(releases, first)
    old = wait(lambda: release.links(1).get("erin"), 30, lambda: "no mail")
    release.announce(version="1.4.1")
    release.until("awaiting_approval", revision=2)
    assert releases.store.has_tombstone(first.cutover, 1)
    assert release.until("superseded", revision=1).reason == "NEWER_CANDIDATE"
    ends(releases, arn, "Superseded")
    shown = release.page(old)
    assert "<form" not in shown.text
    release.approve()
    handed_off = release.until("handed_off", revision=2)
    assert_one_effect(releases, release, handed_off)


def test_an_older_candidate_changes_nothing(releases: Releases) -> None:
    release = Release(releases, "older", "now-1")
    release.announce(sequence=5)
    release.until("awaiting_approval")
    refused = release.admission(release.announce(sequence=4), Status.REFUSED)
    assert refused.reason == "NOT_NEWER"
    assert (release.until("awaiting_approval").revision, release.record(2)) == (1, None)


def test_a_source_that_changed_makes_the_next_revision(releases: Releases) -> None:
    """The clock asks; the successor runs as an execution of its own and can be handed off."""
    release = Release(releases, "drift", "now-2")
    release.announce()
    first = release.until("awaiting_approval")
    release.revise("rollout", lambda said: said["cohorts"][0].update(share_percent=7))
    releases.age(first, timedelta(minutes=20))
    releases.tick()
    assert release.until("superseded", revision=1).reason == "DRIFTED"
    second = release.until("awaiting_approval", revision=2)
    assert second.supersession is not None
    document = Supersession.model_validate_json(releases.store.get(second.supersession, limit=2**20))
    assert [(each.pointer, each.after) for each in document.differences] == [("/cohorts/0/share_percent", "7")]
    release.approve()
    assert_one_effect(releases, release, release.until("handed_off", revision=2))


def test_a_stopped_execution_is_taken_over(releases: Releases) -> None:
    release = Release(releases, "stopped", "now-3")
    release.announce()
    record = release.until("awaiting_approval")
    releases.stack.clients.stepfunctions.stop_execution(executionArn=execution_of(releases, record))
    release.approve()
    approved = release.until("approved")
    releases.age(approved, timedelta(minutes=20))
    assert releases.tick().get("adopted") == 1
    handed_off = release.until("handed_off")
    assert handed_off.execution == 2
    assert_one_effect(releases, release, handed_off)
