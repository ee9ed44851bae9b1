"""A hold that comes up when people have begun to approve, and the waiver for it: too short, and then late."""

from datetime import datetime, timedelta

from cutover.contracts.holds import HoldRegister
from cutover.contracts.records import WAIVER_TYPE, Waiver
from cutover.contracts.resolution import RESOLUTION_TYPE, Resolution, WaiverAnswer
from cutover.domain import canonical, holds
from tests.building.keys import seal
from tests.drills.story import MINUTE, Story


def late_waiver(story: Story) -> None:
    story.step("CI announces a release; Erin approves, Omar has the page open")
    story.announce()
    links = story.asked()
    story.approve("erin")
    first = story.page(links["omar"])
    story.step("The rollback plan changes at its source: its step was never drilled; the clock finds that")
    story.release.revise("rollback", lambda said: said["steps"][0].pop("drilled_at"))
    story.look()
    story.release.until("held", revision=2)
    story.step("Omar approves on the page of the first revision")
    story.refuse("Omar approves revision 1", story.post(links["omar"], first, "approve"))
    story.step("Ruth waives the drill, until a minute before the window closes")
    story.refuse("A waiver that ends before the window", waive(story, "too-short", story.closes_at() - MINUTE))
    story.step("Ruth waives it until the day after; Erin and Omar are asked about a third revision")
    waive(story, "drill-later", story.closes_at() + timedelta(days=1))
    story.asked(3)
    story.step("Omar approves that; what Erin said of the first revision counts for nothing here")
    story.approve("omar", revision=3)
    decided = [each.person for each in story.record(3).decisions]
    story.refuse("Revision 3, approved by " + " and ".join(decided), story.record(3).status.value)
    story.step("Erin approves it as well; the window opens; it is handed off")
    story.approve("erin", revision=3)
    story.handed_off(3)
    story.verify("a consumer")


def waive(story: Story, name: str, until: datetime) -> str:
    """What the ledger says of a waiver for the one open hold of the current revision."""
    releases, record = story.stage.releases, story.record()
    key = releases.deployment.key
    register = HoldRegister.model_validate_json(releases.store.get(record.hold_register or "", limit=2**24))
    (hold,) = holds.open_holds(register)
    waiver = Waiver(
        id=name, fingerprint=hold.fingerprint, owner="operations", reason="The drill is next week.", approver="ruth",
        policy="OPS-4", expires_at=until,
    )  # fmt: skip
    said = Resolution(
        audience=releases.deployment.audience, cutover=record.cutover, revision=record.revision,
        fingerprint=hold.fingerprint, resolver="omar", resolved_at=story.stage.time.now(),
        answer=WaiverAnswer(kind="waiver", waiver=seal(WAIVER_TYPE, canonical.encode_model(waiver), key("waiver"))),
    )  # fmt: skip
    before = len(story.entries())
    releases.operate("HoldResolution", RESOLUTION_TYPE, said, key("resolution"))
    return story.entry_after(before).result
