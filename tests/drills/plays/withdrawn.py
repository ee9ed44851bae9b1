"""A withdrawal that comes when the deployment queue has the message."""

from cutover.contracts.handoff import WITHDRAWAL_TYPE, Withdrawal
from tests.drills.story import SOON, Story
from tests.local.releasing import wait


def withdrawn_after_hand_off(story: Story) -> None:
    releases = story.stage.releases
    story.step("CI announces a release; Erin and Omar approve; the window opens; it is handed off")
    story.announce()
    story.approve("erin", "omar")
    story.handed_off()
    story.verify("a consumer, before that")
    story.step("Dana withdraws it")
    said = Withdrawal(
        audience=releases.deployment.audience, cutover=story.cutover, requester="dana", reason="Orders are lost.",
        issued_at=story.stage.time.now(),
    )  # fmt: skip
    before = len(story.entries())
    releases.operate("Withdrawal", WITHDRAWAL_TYPE, said, releases.deployment.key("withdrawal"))
    story.refuse("The withdrawal", story.entry_after(before).result)
    story.step("A signed notice says so; the queue has what it had")
    wait(lambda: story.notices() or None, SOON, lambda: "no notice")
    story.verify("a consumer without the notice")
    story.verify("a consumer with the notice", noticed=True)
