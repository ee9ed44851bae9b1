"""`cutover target`: what a queue's owner has to allow, a test message, and a lost message once more."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cutover_cli.site import Site, Stack
from tests.building.policy import CLOSES_AT
from tests.simulator.command_line import WorldBus, invoke, key_file, run, site_of
from tests.simulator.events import withdraw
from tests.simulator.journeys import awaiting_window, handed_off
from tests.simulator.world import World
from tests.workflow.test_withdrawal import handing_off

CUTOVER, TARGET = "service@production.1", "production"
ROLES = tuple(f"arn:aws:iam::123456789012:role/cutover-{name}" for name in ("HandOff", "Deliveries"))
WHY = ("--reason", "The queue was purged.", "--requester", "dana")


def site(world: World) -> tuple[Site, WorldBus]:
    """The world, by a stack with the outputs that this command reads."""
    found, bus = site_of(world, still=True)
    outputs = {
        "TargetSettings": json.dumps(world.wiring.settings.targets), "HandOffRoleArn": ROLES[0],
        "DeliveriesRoleArn": ROLES[1],
    }  # fmt: skip
    return replace(found, stack=Stack("cutover-development", outputs, {}, lambda _: None)), bus


@pytest.fixture
def world() -> World:
    return World()


def sent(world: World) -> int:
    return len(world.wiring.deployment.messages(TARGET))


def resend(world: World, folder: Path, *words: str, expect: int = 0, which: str = CUTOVER) -> dict[str, Any]:
    key = key_file(world, "delivery", folder)
    return run(site(world)[0], "target", "resend", which, *WHY, "--key", key, *words, expect=expect)


def test_a_lost_message_is_sent_once_more(world: World, tmp_path: Path) -> None:
    record = handed_off(world)
    answer = resend(world, tmp_path)
    assert (answer["result"], answer["event"], answer["chain"]) == ("RESENT", "resent", CUTOVER)
    assert answer["detail"].startswith("dana: The queue was purged. (message ")
    assert answer["requester"] == "delivery of shop"
    assert sent(world) == 2
    again = resend(world, tmp_path, "--reason", "Still not there.", which=record.handoff_id or "")
    assert again["result"] == "RESENT"
    assert sent(world) == 3


def test_a_dry_run_sends_nothing(world: World, tmp_path: Path) -> None:
    record = handed_off(world)
    before = world.ledger()
    answer = resend(world, tmp_path, "--dry-run", "--revision", "1", expect=10)
    assert answer == {
        "result": "planned", "action": "resend", "handoff_id": record.handoff_id, "cutover": CUTOVER, "revision": 1,
        "queue_arn": world.deployment.queue_arn, "size": len(world.wiring.deployment.messages(TARGET)[0].body),
    }  # fmt: skip
    assert (sent(world), world.ledger()) == (1, before)


@pytest.mark.parametrize("words", [(), ("--dry-run",)], ids=["sent", "dry run"])
def test_what_its_door_refuses_is_refused_alike(world: World, tmp_path: Path, words: tuple[str, ...]) -> None:
    handed_off(world)
    withdraw(world, CUTOVER)
    assert resend(world, tmp_path, *words, expect=3)["reason"] == "WITHDRAWN"
    world.clock.move_to(CLOSES_AT)
    fresh = World()
    handed_off(fresh)
    fresh.clock.move_to(CLOSES_AT)
    assert resend(fresh, tmp_path, *words, expect=3)["reason"] == "WINDOW_OVER"
    assert (sent(world), sent(fresh)) == (1, 1)


def test_what_is_under_way_waits_for_its_hand_off(world: World, tmp_path: Path) -> None:
    handing_off(world)
    assert resend(world, tmp_path, "--dry-run", expect=3)["reason"] == "STILL_HANDING_OFF"


@pytest.mark.parametrize("which", [CUTOVER, "service@production.9", "sha256:" + "7" * 64])
def test_what_was_never_handed_off(world: World, tmp_path: Path, which: str) -> None:
    awaiting_window(world)
    assert resend(world, tmp_path, expect=3, which=which)["reason"] == "UNKNOWN_HANDOFF"


def test_a_handoff_id_says_its_revision(world: World, tmp_path: Path) -> None:
    record = handed_off(world)
    answer = resend(world, tmp_path, "--revision", "1", expect=2, which=record.handoff_id or "")
    assert answer["reason"] == "BAD_ARGUMENT"


@pytest.mark.parametrize("words", [(), ("--dry-run",)], ids=["sent", "dry run"])
def test_a_key_for_something_else_orders_nothing(world: World, tmp_path: Path, words: tuple[str, ...]) -> None:
    key = key_file(world, "withdrawal", tmp_path)
    answer = run(site(world)[0], "target", "test", TARGET, *WHY, "--key", key, *words, expect=3)
    assert answer["reason"] == "WRONG_KEY_PURPOSE"
    assert sent(world) == 0


def test_a_test_message_is_sent(world: World, tmp_path: Path) -> None:
    where, bus = site(world)
    words = ("target", "test", TARGET, *WHY, "--key", key_file(world, "delivery", tmp_path))
    planned = run(where, *words, "--dry-run", expect=10)
    assert (planned["result"], planned["queue_arn"], sent(world)) == ("planned", world.deployment.queue_arn, 0)
    answer = run(where, *words)
    assert (answer["result"], answer["chain"]) == ("TESTED", "orders")
    assert [each[:2] for each in bus.events] == [("cutover.operators", "DeliveryOrder")]
    assert sent(world) == 1
    done = invoke(where, *words[:2], TARGET, *WHY[2:], "--reason", "a\u202eb", "--key", tmp_path / "delivery.pem")
    assert done.exit_code == 0
    assert "\u202e" not in done.stdout, "what others wrote is shown legibly"


@pytest.mark.parametrize("words", [(), ("--dry-run",)], ids=["sent", "dry run"])
def test_no_such_target(world: World, tmp_path: Path, words: tuple[str, ...]) -> None:
    key = key_file(world, "delivery", tmp_path)
    answer = run(site(world)[0], "target", "test", "elsewhere", *WHY, "--key", key, *words, expect=3)
    assert answer["reason"] == "UNKNOWN_TARGET"


def test_nobody_answers(world: World, tmp_path: Path) -> None:
    where, bus = site(world)
    bus.lost = True
    words = ("target", "test", TARGET, *WHY, "--key", key_file(world, "delivery", tmp_path))
    assert run(where, *words, "--no-wait")["result"] == "sent"
    assert run(where, *words, "--timeout", "0", expect=4)["reason"] == "NOT_ANSWERED"


def statements(policy: dict[str, Any]) -> dict[str, dict[str, Any]]:
    assert policy["Version"] == "2012-10-17"
    return {each["Sid"]: each for each in policy["Statement"]}


def test_a_snippet_lets_both_roles_send_over_tls_and_nobody_else(world: World) -> None:
    answer = run(site(world)[0], "target", "snippet", TARGET)
    said, queue_arn = statements(answer["queue_policy"]), world.deployment.queue_arn
    assert said.keys() == {"CutoverSends", "OnlyCutoverSends", "OnlyOverTls"}
    assert said["CutoverSends"]["Principal"] == {"AWS": list(ROLES)}
    assert said["OnlyCutoverSends"]["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": list(ROLES)}}
    assert said["OnlyOverTls"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert [each["Effect"] for each in said.values()] == ["Allow", "Deny", "Deny"]
    assert {each["Resource"] for each in said.values()} == {queue_arn}
    assert said["CutoverSends"]["Action"] == said["OnlyCutoverSends"]["Action"] == "sqs:SendMessage"
    assert answer["key_statement"]["Condition"] == {
        "StringEquals": {"kms:ViaService": "sqs.eu-central-1.amazonaws.com"}
    }
    redrive = answer["queue_attributes"]["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == queue_arn.removesuffix(".fifo") + "-dead-letters.fifo"
    assert answer["queue_attributes"]["ContentBasedDeduplication"] == "false"


def test_a_snippet_as_text_holds_the_same_json(world: World) -> None:
    where, _ = site(world)
    answer, text = run(where, "target", "snippet", TARGET), invoke(where, "target", "snippet", TARGET).stdout
    found = [json.JSONDecoder().raw_decode(text, each.start() + 1)[0] for each in re.finditer(r"\n\{", text)]
    assert found == [answer[name] for name in ("queue_policy", "key_statement", "queue_attributes")]


def test_a_snippet_needs_a_target_and_a_stack_that_says(world: World) -> None:
    where, _ = site(world)
    assert run(where, "target", "snippet", "elsewhere", expect=2)["reason"] == "BAD_ARGUMENT"
    silent = replace(where, stack=None)
    assert "deploy this version" in run(silent, "target", "snippet", TARGET, expect=2)["message"]
