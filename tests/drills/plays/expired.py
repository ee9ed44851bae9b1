"""Keys whose time runs out: before a candidate is announced, while people are asked, and while they decide."""

from datetime import timedelta

from cutover.domain.record import Status
from tests.drills.story import MINUTE, Story


def expired_key(story: Story) -> None:
    stage = story.stage
    story.step("The time of CI's key runs out; CI announces a release that it dates an hour before")
    stage.trust("candidate", not_after=stage.time.now())
    late = story.announce(issued_at=stage.time.now() - timedelta(hours=1))
    story.refuse("CI announces", story.release.admission(late, Status.REFUSED).reason)
    story.step("The owners give CI's key more time; CI announces again; Erin and Omar are asked")
    stage.trust("candidate")
    story.announce()
    links = story.asked()
    story.step("The time of the key that bound the package runs out; Erin approves")
    stage.time.move(MINUTE)
    stage.trust("bind", not_after=stage.time.now())
    story.approve("erin")
    story.step("The time of the key that witnesses decisions runs out; Omar approves")
    stage.time.move(MINUTE)
    stage.trust("decide", not_after=stage.time.now())
    story.refuse("Omar approves", story.decide(links["omar"], "approve"))
    story.step("The owners give the witness key more time; Omar approves again")
    stage.trust("decide")
    story.approve("omar")
    story.step("The window opens: what was bound in its key's time is handed off")
    story.handed_off()
    story.verify("a consumer, whom the owners told that the bind key has ended")
    stage.trust("bind")
