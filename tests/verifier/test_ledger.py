"""Steps 9 and 10, by both verifiers: every field of ledger entries, heads and notices, changed and signed again."""

import base64
import functools
import io
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from typing import Any

import orjson
import pytest

from cutover.contracts.ledger import LEDGER_HEAD_TYPE, LedgerEntry, LedgerHead
from cutover.contracts.supersession import NOTICE_TYPE, Notice
from cutover.domain import canonical
from cutover.domain.coverage import coverage
from cutover.domain.verification import STEPS, Notices, verifier
from tests.builders import OTHER_DEPLOYMENT, package
from tests.building.keys import seal_bytes
from tests.building.ledger import export_of
from tests.building.story import Story, story_of, the_story
from tests.simulator.journeys import AFTER_OPENING, awaiting_window
from tests.simulator.world import World
from tests.verifier import mutation
from tests.verifier.judging import judge
from tests.verifier.test_agreement import imports

STORY = the_story()
LAST = len(STORY.entries)
NOTE = {"event": "note", "result": "NOTED"}
WITHDRAWN = STORY.extended(event="withdrawn-too-late", result="WITHDRAWN_TOO_LATE", detail="dana: An outage.")
OTHERS: dict[str, Any] = {
    "/transition": 25, "/result": "FORGED", "/revision": 9, "/detail": "Other.", "/sequence": 99,
    "/event": "noted", "/inputs": {"x": "sha256:" + "0" * 64}, "/from": "declined", "/to": "declined",
}  # fmt: skip
"""Other values that the contract accepts."""


def code(story: Story = STORY, *, ledger: bytes | None = None, **more: Any) -> str:
    return judge(story, ledger=ledger or story.ledger, **more).code


def said(number: int, story: Story = STORY) -> Any:
    return orjson.loads(canonical.encode_model(story.entries[number - 1]))


def change_of(where: str) -> Callable[[Any], Any]:
    """Another value, that the entry's contract accepts where there is one."""
    return mutation.put(where, OTHERS[where]) if where in OTHERS else mutation.mutate(where)


def fields(number: int) -> list[str]:
    return list(mutation.leaves(said(number)))


# 9. The ledger


def test_the_ledger_of_a_release_tells_what_its_message_tells() -> None:
    report = judge(STORY, ledger=STORY.ledger)
    assert report.verified
    assert {step.code for step in report.steps} == {"OK"}
    assert "cannot be excluded" in report.steps[8].detail
    elsewhere = judge(STORY, ledger=STORY.ledger, heads=[STORY.head(3), STORY.head()])
    assert elsewhere.verified
    assert "cannot be excluded" not in elsewhere.steps[8].detail
    assert code(STORY.signed_again()) == "VERIFIED"


def test_every_field_of_an_entry_is_among_the_cases() -> None:
    tried = {mutation.pattern(where) for number in range(1, LAST + 1) for where in fields(number)}
    for leaf in coverage(LedgerEntry):
        beneath = any(each.startswith(f"{leaf.pointer}/") for each in tried)
        assert leaf.pointer in tried or beneath, f"{leaf.pointer} is never changed"


EACH = {where: number for number in range(1, LAST) for where in fields(number)}
"""Every field that an entry has, and one entry that has it: a chain does not ask which."""


def test_every_field_of_an_entry_changed_is_refused() -> None:
    document = orjson.loads(STORY.ledger)
    for where, number in {**EACH, **dict.fromkeys(fields(LAST), LAST)}.items():
        entries = list(document["entries"])
        entries[number - 1] = change_of(where)(entries[number - 1])
        assert code(ledger=canonical.encode({**document, "entries": entries})) != "VERIFIED", where


def test_every_field_is_bound_even_if_the_whole_ledger_is_written_and_signed_anew() -> None:
    """The message follows an entry, so that nobody can tell another story of what was before it."""
    before = {where: number for number in range(1, STORY.handoff.ledger.sequence + 1) for where in fields(number)}
    for where, number in before.items():
        if where not in MADE:
            assert code(STORY.changed(number, change_of(where))) == "LEDGER_POSITION_DIFFERS", where
    sent = STORY.number("handing-off")
    assert code(STORY.changed(sent, change_of("/inputs/handoff"))) == "LEDGER_DIFFERS"


MADE = {"/schema", "/chain", "/sequence", "/previous"}
"""What makes the chain: it is tried as damage, in ``test_ledger_proof`` too."""
OWN: dict[str, set[str]] = {
    "admitted": {"/facts", "/inputs/envelope"},
    "assembled": {"/facts", "/inputs/gaps"},
    "bound": {"/inputs/bind-inputs"},
    "approval-requested": {"/rules", "/facts", "/inputs/manifest", "/result", "/actor/requester"},
    "approval-given": set(),
    "approved": set(),
    "awaiting-window": {"/rules", "/facts", "/inputs", "/result", "/actor/requester"},
    "handing-off": {"/facts", "/at", "/detail", "/engine/version", "/engine/lock", "/correlation_id"},
    "handed-off": {
        "/rules",
        "/facts",
        "/inputs/handoff",
        "/inputs/manifest",
        "/result",
        "/actor/requester",
        "/revision",
    },
}
"""What the ledger alone tells: no document of the package speaks of it. And of every entry:"""
ALWAYS = {"/detail", "/correlation_id", "/engine/version", "/engine/lock", "/at"}


@pytest.mark.parametrize("number", range(1, LAST + 1))
def test_a_field_of_an_entry_signed_again_by_everybody_is_refused_unless_it_is_the_ledgers_own(number: int) -> None:
    """Whoever has the keys of the ledger and of hand-offs still cannot tell another story than the package does."""
    event = STORY.entries[number - 1].event
    own = OWN[event] | ALWAYS - ({"/engine/version", "/engine/lock"} if event == "assembled" else set())
    for where in fields(number):
        if where in MADE or (event, where) == ("handing-off", "/inputs/handoff"):
            continue  # signing the message again is what sets it; see the test before this one
        changed = STORY.changed(number, change_of(where)).signed_again()
        assert (code(changed) == "VERIFIED") == (where in own), f"{event} {where}"


@pytest.mark.parametrize(
    ("number", "at", "wanted"),
    [
        (1, "2026-03-02T09:16:00Z", "VERIFIED"), (1, "2026-03-02T09:16:01Z", "LEDGER_DIFFERS"),
        (1, "2026-03-02T09:00:59Z", "LEDGER_DIFFERS"), (3, "2026-03-02T09:16:01Z", "LEDGER_DIFFERS"),
        (5, "2026-03-02T09:00:59Z", "LEDGER_DIFFERS"), (8, "2026-03-03T19:59:59Z", "LEDGER_DIFFERS"),
        (8, "2026-03-03T21:59:59Z", "VERIFIED"), (8, "2026-03-03T22:00:00Z", "LEDGER_DIFFERS"),
    ],
)  # fmt: skip
def test_the_ledger_confirms_the_times_at_which_keys_are_judged(number: int, at: str, wanted: str) -> None:
    assert code(STORY.changed(number, mutation.put("/at", at)).signed_again()) == wanted


def without(event: str) -> Story:
    """The ledger as if this had not been written, and everything signed again."""
    gone = STORY.number(event)
    kept = [each for each in STORY.entries if each.sequence != gone]
    moved = [each.model_copy(update={"sequence": number, "previous": None}) for number, each in enumerate(kept, 1)]
    return replace(STORY, entries=tuple(moved)).signed_again()


@pytest.mark.parametrize("event", [entry.event for entry in STORY.entries[:-1]])
def test_a_ledger_that_does_not_tell_a_step_is_refused(event: str) -> None:
    assert code(without(event)) in {"LEDGER_DIFFERS", "LEDGER_POSITION_DIFFERS"}


def test_an_approval_that_lapsed_before_the_hand_off_does_not_count() -> None:
    payload = said(5)["inputs"]["decision"]
    for number in (6, 7):
        lapsed = mutation.put("/inputs", {**said(number)["inputs"], "lapsed/1": payload})
        assert code(STORY.changed(number, lapsed).signed_again()) == "LEDGER_DIFFERS"


ENDS: dict[str, tuple[Callable[[], bytes], str]] = {
    "without a head": (lambda: export_of(STORY.entries, None), "LEDGER_UNANCHORED"),
    "a head of before": (lambda: export_of(STORY.entries, STORY.head(LAST - 1)), "LEDGER_UNANCHORED"),
    "cut, with the head": (lambda: export_of(STORY.entries[:-1], STORY.head()), "CHAIN_TRUNCATED"),
    "cut before the hand-off": (lambda: export_of(STORY.entries[:7], STORY.head(7)), "LEDGER_DIFFERS"),
    "cut before its place": (lambda: export_of(STORY.entries[:6], STORY.head(6)), "LEDGER_POSITION_DIFFERS"),
    "a stranger's head": (
        lambda: export_of(STORY.entries, STORY.head(key=OTHER_DEPLOYMENT.key("ledger"))), "UNTRUSTED_SIGNATURE",
    ),
    "another purpose": (
        lambda: export_of(STORY.entries, STORY.head(key=STORY.deployment.key("bind"))), "WRONG_KEY_PURPOSE",
    ),
    "no JSON": (lambda: b"", "NOT_CANONICAL"),
    "no entries": (
        lambda: canonical.encode({**orjson.loads(STORY.ledger), "entries": []}), "CONTRACT_INVALID",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("ledger", "wanted"), ENDS.values(), ids=ENDS.keys())
def test_a_ledger_that_proves_nothing_is_refused(ledger: Callable[[], bytes], wanted: str) -> None:
    report = judge(STORY, ledger=ledger())
    assert (report.code, report.steps[8].outcome) == (wanted, "failed")
    assert report.handoff is None


def test_a_head_is_not_passed_over_because_nothing_is_there_to_compare_it_with() -> None:
    """Whether it is genuine or not."""
    for head in (STORY.head(), b"not a head at all"):
        report = judge(STORY, heads=[head])
        assert (report.code, report.steps[9].outcome) == ("LEDGER_NOT_GIVEN", "not given")


def test_a_head_kept_elsewhere_tells_of_a_tail_that_was_cut() -> None:
    cut = export_of(STORY.entries[:8], STORY.head(8))
    assert code(ledger=cut) == "VERIFIED"
    assert code(ledger=cut, heads=[STORY.head()]) == "CHAIN_TRUNCATED"


def test_the_ledger_of_another_cutover_is_refused() -> None:
    moved = [entry.model_copy(update={"chain": "service@production.2"}) for entry in STORY.entries]
    other = replace(STORY, entries=tuple(moved)).signed_again()
    assert code(other) == "LEDGER_OF_ANOTHER"


# Heads


HEAD = {"chain": STORY.entries[0].chain, "sequence": LAST, "entry": canonical.digest_model(STORY.entries[-1])}


@pytest.mark.parametrize("elsewhere", [True, False])
@pytest.mark.parametrize("field", sorted(LedgerHead.model_fields))
def test_every_field_of_a_head_signed_again_is_refused_unless_it_is_its_own(field: str, elsewhere: bool) -> None:
    head = orjson.loads(base64.b64decode(orjson.loads(STORY.head())["payload"]))
    where = "/schema" if field == "schema_" else f"/{field}"
    payload = canonical.encode(mutation.mutate(where)(head))
    changed = seal_bytes(LEDGER_HEAD_TYPE, payload, STORY.deployment.key("ledger"))
    heads = [changed] if elsewhere else []
    ledger = STORY.ledger if elsewhere else export_of(STORY.entries, changed)
    assert (code(ledger=ledger, heads=heads) == "VERIFIED") == (field == "at")
    unsigned = canonical.encode({**orjson.loads(STORY.head()), "payload": base64.b64encode(payload).decode()})
    assert code(heads=[unsigned]) == "UNTRUSTED_SIGNATURE" or field == "schema_"


def test_a_head_that_was_signed_before_its_entry_is_refused() -> None:
    early = STORY.entries[-1].at.replace(year=2026, month=2)
    payload = canonical.encode_model(LedgerHead.model_validate({**HEAD, "at": early}))
    assert code(heads=[seal_bytes(LEDGER_HEAD_TYPE, payload, STORY.deployment.key("ledger"))]) == "HEAD_TOO_EARLY"


# 10. Standing


def stands(story: Story, *given: bytes, beside: tuple[bytes, ...] = (), ledger: bytes | None = None) -> str:
    return judge(story, ledger=ledger, notices=Notices(given=given, beside=beside)).code


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        ("withdrawn", "WITHDRAWN"), ("withdrawn-too-late", "WITHDRAWN"), ("uncertain", "UNCERTAIN"),
        ("note", "NOTICE_UNKNOWN"), ("superseded", "NOTICE_DIFFERS"),
    ],
)  # fmt: skip
def test_a_notice_against_the_hand_off_refuses_it(event: str, wanted: str) -> None:
    notice = STORY.extended(event=event, result="SAID", detail="Why.").notice(LAST + 1)
    assert stands(STORY, notice) == stands(STORY, beside=(notice,)) == wanted


def test_what_was_withdrawn_is_told_with_when_and_why() -> None:
    report = judge(STORY, notices=Notices(given=(WITHDRAWN.notice(LAST + 1),)))
    detail = "withdrawn-too-late at 2026-03-03T20:01:00Z (entry 10), WITHDRAWN_TOO_LATE: dana: An outage."
    assert (report.steps[9].code, report.steps[9].detail) == ("WITHDRAWN", detail)


def test_the_ledger_tells_of_a_withdrawal_without_any_notice() -> None:
    assert code(WITHDRAWN) == "WITHDRAWN"
    assert code(STORY.extended(event="withdrawal-during-hand-off", result="SAID")) == "WITHDRAWN"
    assert code(STORY.extended(**NOTE)) == "VERIFIED"


def settled() -> Story:
    """An uncertain hand-off, that a receipt proved afterwards."""
    uncertain = {"event": "uncertain", "transition": 21, "to": "uncertain", "result": "UNCERTAIN"}
    story = STORY.changed(LAST, lambda entry: {**entry, **uncertain, "actor": {"role": "clock", "requester": "clock"}})
    arrived = story.entries[-1].actor.model_copy(update={"role": "receipts"})
    return story.extended(
        event="handed-off", transition=20, from_="uncertain", to="handed_off", result="RECEIPT_ACCEPTED", actor=arrived
    )


def test_an_uncertain_hand_off_that_a_receipt_settled_stands() -> None:
    story = settled()
    notice = story.notice(LAST)
    assert code(story) == "VERIFIED"
    assert stands(story, notice, ledger=story.ledger) == "VERIFIED"
    assert stands(story, notice) == "UNCERTAIN", "without the ledger nobody knows of the receipt"
    before = replace(story, entries=story.entries[:-1])
    assert stands(story, notice, ledger=before.ledger) == "UNCERTAIN"


NOTICED = sorted(set(Notice.model_fields) - {"supersession"})


@pytest.mark.parametrize("field", NOTICED)
@pytest.mark.parametrize("ledger", [None, WITHDRAWN.ledger], ids=["alone", "with the ledger"])
def test_every_field_of_a_notice_signed_again_is_refused(field: str, ledger: bytes | None) -> None:
    where = "/schema" if field == "schema_" else f"/{field}"
    changed = WITHDRAWN.notice(LAST + 1, change_of(where))
    assert stands(STORY, changed, ledger=ledger) != "VERIFIED"
    if ledger is not None:
        assert stands(STORY, beside=(changed,), ledger=ledger) != "VERIFIED"


def test_a_notice_that_nobody_signed_again_or_a_stranger_is_refused() -> None:
    notice = WITHDRAWN.notice(LAST + 1)
    document = orjson.loads(base64.b64decode(orjson.loads(notice)["payload"]))
    for where in mutation.leaves(document):
        payload = base64.b64encode(canonical.encode(change_of(where)(document))).decode()
        assert stands(STORY, canonical.encode({**orjson.loads(notice), "payload": payload})) not in {"VERIFIED", "OK"}
    stranger = WITHDRAWN.notice(LAST + 1, key=OTHER_DEPLOYMENT.key("ledger"))
    assert stands(STORY, stranger) == stands(STORY, beside=(stranger,)) == "UNTRUSTED_SIGNATURE"
    assert stands(STORY, WITHDRAWN.notice(LAST + 1, key=STORY.deployment.key("bind"))) == "WRONG_KEY_PURPOSE"


def test_a_notice_of_something_else_is_refused() -> None:
    other = WITHDRAWN.notice(LAST + 1, lambda n: {**n, "cutover": "web@production.1", "chain": "web@production.1"})
    assert stands(STORY, other) == stands(STORY, beside=(other,)) == "NOTICE_OF_ANOTHER"
    assert stands(STORY, WITHDRAWN.notice(LAST + 1, mutation.put("/revision", 2))) == "NOTICE_OF_ANOTHER"
    audience = mutation.put("/audience", OTHER_DEPLOYMENT.audience)
    assert stands(STORY, WITHDRAWN.notice(LAST + 1, audience)) == "WRONG_AUDIENCE"


@functools.cache
def succeeded() -> tuple[Story, bytes]:
    """A second revision that was handed off, and the notice of the first one's end, as Seal signed it."""
    with redirect_stdout(io.StringIO()):
        world = World()
        awaiting_window(world)
        world.announce(world.candidate(sequence=9, version="2.0.0"))
        world.run()
        for person in ("erin", "omar"):
            world.decide(person)
            world.run()
        world.clock.move_to(AFTER_OPENING)
        world.tick()
    ((_, notice),) = world.wiring.store.notices(world.record().cutover)
    return story_of(world, world.record().cutover), notice


def test_the_end_of_the_revision_before_says_nothing_of_the_one_that_was_handed_off() -> None:
    story, notice = succeeded()
    assert story.handoff.revision == 2
    assert code(story) == "VERIFIED"
    assert stands(story, beside=(notice,), ledger=story.ledger) == "VERIFIED"
    assert stands(story, notice) == "NOTICE_OF_ANOTHER"


def test_every_field_of_a_supersession_in_a_notice_is_bound_by_the_ledger() -> None:
    story, notice = succeeded()
    document = orjson.loads(base64.b64decode(orjson.loads(notice)["payload"]))
    for where in mutation.leaves(document):
        content = canonical.encode(change_of(where)(document))
        changed = seal_bytes(NOTICE_TYPE, content, story.deployment.key("ledger"))
        assert stands(story, beside=(changed,), ledger=story.ledger) != "VERIFIED", where


# The report, and the message


def test_the_steps_have_the_same_numbers_in_docstring_code_and_report() -> None:
    numbered = re.findall(r"^(\d+)\. \*(\w+)\*", str(verifier.__doc__), re.MULTILINE)
    assert [(int(number), name) for number, name in numbered] == list(enumerate(STEPS, 1))
    assert [(step.number, step.name) for step in judge(STORY).steps] == list(enumerate(STEPS, 1))


def test_an_inclusion_that_nobody_can_prove_is_refused() -> None:
    """Well made, and signed with the message: v1 says of none how it would be proved."""
    inclusion = {"checkpoint": orjson.loads(STORY.head()), "path": [HEAD["entry"]]}
    assert judge(package({"handoff": mutation.put("/inclusion", inclusion)})).code == "INCLUSION_NOT_PROVED"


def test_the_second_reading_shares_nothing_with_the_first() -> None:
    ours = imports("chains.py") - sys.stdlib_module_names
    assert ours
    assert all(each.startswith("tests.verifier.independent.") for each in ours)
