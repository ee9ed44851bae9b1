"""Stolen keys: what waits is asked again or ends, what was handed off before keeps what it proved then."""

from tests.drills.stage import AFTER
from tests.drills.story import Story


def key_compromise(story: Story) -> None:
    stage = story.stage
    story.step("A release is approved and handed off, as usual")
    story.announce()
    story.approve("erin", "omar")
    handed_off = story.handed_off()
    story.verify("a consumer")
    story.step("The next release is approved, and waits for its window")
    story.announce(window=AFTER, version="1.5.0")
    story.release.until("collecting", "verifying", "bound", "awaiting_approval")
    links = story.asked()
    story.approve("erin", "omar")
    story.release.until("awaiting_window")
    story.step("The witness key was stolen: the owners revoke it; the clock looks at what waits")
    stage.trust("decide", revoked_at=stage.time.now())
    story.look()
    story.release.until("awaiting_approval")
    story.step("Erin approves again: nobody could witness that")
    story.refuse("Erin approves", story.decide(links["erin"], "approve"))
    story.step("CI's key was stolen as well: the owners revoke it; the clock looks at what waits")
    stage.trust("candidate", revoked_at=stage.time.now())
    story.look()
    story.release.until("withdrawn")
    story.step("Omar opens his link; then an operator disables the key that makes links, and he opens it again")
    story.refuse("Omar opens his link", story.shown(links["omar"]))
    kms, key = stage.releases.stack.clients.kms, stage.releases.stack.outputs["LinksKeyArn"]
    kms.disable_key(KeyId=key)
    story.refuse("Omar opens it when its key is disabled", story.shown(links["omar"]))
    kms.enable_key(KeyId=key)
    story.step("What was handed off before is verified with today's keys: now, and as of that day")
    story.verify("a consumer, now")
    story.verify("an auditor, as of the hand-off", at=handed_off.moved_at)
    stage.trust("candidate")
    stage.trust("decide")
