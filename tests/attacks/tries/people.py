"""People who may not: who asked for the release, who has decided already, who has no role in it."""

from tests.attacks.cases import Attempt, attack
from tests.attacks.exchange import Seat
from tests.attacks.scene import Scene

SELF, TWICE = "self-approval", "one person twice"
BARRED = "requesters are barred"
HELD_ROLE = "role held now"
UNDECIDED = "one person decides once"
SEATS = "one person fills one seat"
DOUBLES = "one mailbox is one person"
DOUBLE = "403 PERSON_TWICE"
STANDS = "a decision that stands is the answer"


def _with(scene: Scene, seat: Seat) -> Attempt:
    """An authentic link to somebody who is never sent one, with the form of somebody who is."""
    link = scene.link(seat)
    reply = scene.get(link)
    if reply.asks:
        reply = scene.post(link, scene.form(link))
    return Attempt(reply, bool(scene.decisions(seat.person)))


@attack(
    SELF, "whoever requested the release has a link of their own", by=BARRED, answer="403 REQUESTER_MAY_NOT_APPROVE"
)
def the_requester(scene: Scene) -> Attempt:
    return _with(scene, scene.requester)


@attack(SELF, "whoever requested its change has one", by=BARRED, answer="403 REQUESTER_MAY_NOT_APPROVE")
def the_requester_of_the_change(scene: Scene) -> Attempt:
    """The change record names dana by another identity; in her other role, too, she is the same person."""
    return _with(scene, Seat(scene.requester.person, scene.colleague.role))


@attack(SELF, "the requester posts without looking, with a nonce made for that link", by=BARRED,
        answer="403 REQUESTER_MAY_NOT_APPROVE")  # fmt: skip
def the_requester_posts(scene: Scene) -> Attempt:
    link = scene.link(scene.requester)
    form = scene.minted(link, scene.form(scene.link()))
    return Attempt(scene.post(link, form), bool(scene.decisions(scene.requester.person)))


@attack(SELF, "somebody without the role has a link for it", by=(HELD_ROLE, SEATS), answer="403 NOT_ELIGIBLE")
def an_outsider(scene: Scene) -> Attempt:
    return _with(scene, scene.outsider)


@attack(SELF, "somebody who is nobody in the policy has one", by=(HELD_ROLE, SEATS), answer="403 NOT_ELIGIBLE")
def nobody(scene: Scene) -> Attempt:
    return _with(scene, Seat("nobody", scene.me.role))


@attack(SELF, "a role that this release does not ask for", by=(HELD_ROLE, SEATS), answer="403 NOT_ELIGIBLE")
def another_role(scene: Scene) -> Attempt:
    return _with(scene, Seat("ruth", "risk"))


@attack(TWICE, "in both of their roles, by a form that was open before", by=(UNDECIDED, SEATS),
        answer="409 ALREADY_DECIDED", after="decided", alone=True)  # fmt: skip
def in_two_roles(scene: Scene) -> Attempt:
    first, second = scene.twice
    other = scene.link(second)
    form = scene.form(other)
    assert scene.decide(first).status == 303
    reply = scene.post(other, form)
    return Attempt(reply, len(scene.decisions(first.person)) > 1, whose=first)


@attack(TWICE, "by a second link of the same question, as from another channel", by=(STANDS, UNDECIDED, SEATS),
        answer="303", after="decided")  # fmt: skip
def by_two_links(scene: Scene) -> Attempt:
    """Mail and Slack each carry a link; they are as different as two links to one question can be."""
    ends = scene.question(scene.me).expires_at
    first, second = scene.link(), scene.link(expires_at=ends.replace(second=(ends.second + 1) % 60))
    forms = scene.form(first), scene.form(second)
    scene.post(first, forms[0])
    reply = scene.post(second, forms[1])
    return Attempt(reply, len(scene.decisions()) > 1)


@attack(TWICE, "by a second link, the other way round", by=UNDECIDED, answer="409 ALREADY_DECIDED", after="decided")
def by_two_links_contrarily(scene: Scene) -> Attempt:
    ends = scene.question(scene.me).expires_at
    first, second = scene.link(), scene.link(expires_at=ends.replace(second=(ends.second + 1) % 60))
    forms = scene.form(first), scene.form(second, "refuse")
    scene.post(first, forms[0])
    reply = scene.post(second, forms[1])
    return Attempt(reply, len(scene.decisions()) > 1)


@attack(TWICE, "under an alias that no policy knows, put into a link", by=(HELD_ROLE, SEATS), answer="403 NOT_ELIGIBLE")
def under_an_alias(scene: Scene) -> Attempt:
    """Who decides is an id of the policy. No address is one, however it is spelt."""
    return _with(scene, Seat(f"{scene.me.person}.alias", scene.colleague.role))


@attack(TWICE, "as a second entry of the policy, whose address is theirs with a tag", by=DOUBLES, answer=DOUBLE,
        stack=False)  # fmt: skip
def as_a_tagged_address(scene: Scene) -> Attempt:
    return _doubled(scene, email="erin+operations@example.com")


@attack(TWICE, "as a second entry, whose address is theirs in capitals", by=DOUBLES, answer=DOUBLE, stack=False)
def as_an_address_in_capitals(scene: Scene) -> Attempt:
    return _doubled(scene, email="ERIN@Example.COM")


def _doubled(scene: Scene, **changes: str) -> Attempt:
    """The second entry decides in the second role, before the owners mend the policy."""
    other = Seat("erin-2", scene.colleague.role)
    with scene.doubled(other, **changes):
        return _with(scene, other)
