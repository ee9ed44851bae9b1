"""One approver says yes and another says no, at the same moment."""

from concurrent.futures import ThreadPoolExecutor

from tests.drills.story import Story


def contested_approval(story: Story) -> None:
    story.step("CI announces a release; Erin and Omar are asked, and open their pages")
    story.announce()
    links = story.asked()
    erin, omar, later = story.page(links["erin"]), story.page(links["omar"]), story.page(links["omar"])
    story.step("Erin approves and Omar refuses, at the same moment")
    with ThreadPoolExecutor(2) as people:
        yes = people.submit(story.post, links["erin"], erin, "approve")
        no = people.submit(story.post, links["omar"], omar, "refuse")
    story.release.until("declined")
    assert no.result() is None, no.result()
    if yes.result() is not None:
        story.refuse("Erin approves at that moment", yes.result())
    story.step("Omar changes his mind, and approves on a page that he had opened before")
    story.refuse("Omar approves after his refusal", story.post(links["omar"], later, "approve"))
    story.step("The window opens: nothing is sent")
    story.open_window()
