"""What handlers say of themselves: one line of JSON an event; never a token, a link, a document, or input."""

import contextlib
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from aws_lambda_powertools.tracing.base import BaseProvider

from cutover.contracts.base import FORBIDDEN_KEYS
from cutover.errors import DependencyUnavailable
from cutover.runtime.observability import FIELDS, logger, tracer
from tests.building.policy import CLOSES_AT, DEPLOYMENT
from tests.simulator.journeys import AFTER_OPENING, awaiting_approval, handed_off
from tests.simulator.world import World

SECRET = "hunter2-in-the-message"


class Annotations:
    """In place of X-Ray: keeps what a trace would be found by."""

    def __init__(self) -> None:
        self.made: list[tuple[str, object]] = []

    def put_annotation(self, key: str, value: object) -> None:
        self.made.append((key, value))

    @contextlib.contextmanager
    def in_subsegment(self, *_: object, **__: object) -> Iterator["Annotations"]:
        yield self

    def put_metadata(self, *_: object, **__: object) -> None:
        raise AssertionError("metadata would hold answers")


@pytest.fixture
def annotations() -> Iterator[Annotations]:
    kept, made = (tracer.disabled, tracer.provider), Annotations()
    tracer.disabled, tracer.provider = False, cast("BaseProvider", made)
    yield made
    tracer.disabled, tracer.provider = kept


Said = Callable[[], str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Said]:
    """All that was said since the last time that it was asked: logs, and metrics as printed."""
    handler, log = logger.registered_handler, io.StringIO()
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(log)

    def since() -> str:
        told = log.getvalue() + capsys.readouterr().out
        log.seek(0)
        log.truncate()
        return told

    yield since
    handler.setStream(before)


def lines(captured: str) -> list[dict[str, Any]]:
    """Every line is JSON: logs, and metrics in the embedded format."""
    return [json.loads(line) for line in captured.splitlines()]


def events(captured: str) -> list[dict[str, Any]]:
    return [line for line in lines(captured) if "event_name" in line]


def test_every_invocation_is_one_line_with_its_release(said: Said) -> None:
    world = World()
    handed_off(world)
    logged = events(said())
    named = {line["event_name"] for line in logged}
    assert {"intake", "admit", "collect", "assemble", "verify", "bind", "request-approval", "approvals"} <= named
    assert {"await-token", "read-record", "hand-off", "relay", "clock", "seal"} <= named
    for line in logged:
        assert line["result"] in {"succeeded", "started", "failed", "skipped", "retried"}
        assert line["service"] == "cutover"
    bound = next(line for line in logged if line["event_name"] == "bind")
    assert (bound["cutover"], bound["revision"], bound["status"]) == ("service@production.1", 1, "bound")
    assert bound["duration_ms"] >= 0


def test_no_line_holds_what_must_not_be_said(said: Said) -> None:
    world = World()
    awaiting_approval(world)
    links = list(world.links().values())
    token = world.execution().token
    world.decide("erin", reason="a reason that nobody else need read")
    world.decide("omar")
    world.run()
    world.clock.move_to(AFTER_OPENING)
    world.tick()
    captured = said()
    assert events(captured)
    assert links
    assert token is not None
    for secret in (*links, token, "a reason that nobody", "@example.com", '"payload"', "Ignore your instructions"):
        assert secret not in captured
    assert not FORBIDDEN_KEYS & set().union(*(set(line) for line in lines(captured)))


def test_an_error_is_named_and_not_quoted(said: Said) -> None:
    world = World()
    record = awaiting_approval(world)
    said()

    def fail(*_: object) -> None:
        raise DependencyUnavailable(SECRET)

    world.wiring.records.revision = fail  # type: ignore[method-assign,assignment]
    payload = {"record": {"cutover": record.cutover, "revision": 1, "execution": 1, "status": "bound"}}
    with pytest.raises(DependencyUnavailable):
        world.invoke_stage("ReadRecord", payload)
    captured = said()
    (line,) = events(captured)
    assert (line["result"], line["error"], line["known"]) == ("failed", "DependencyUnavailable", True)
    assert (line["cutover"], line["level"]) == (record.cutover, "ERROR")
    assert SECRET not in captured


def test_a_malformed_request_is_an_error_of_ours_and_not_quoted(said: Said) -> None:
    with pytest.raises(ValueError, match="validation error"):
        World().invoke_stage("ReadRecord", {"record": {"cutover": SECRET}})
    (line,) = events(said())
    assert (line["error"], line["known"]) == ("ValidationError", False)


def test_outcomes_are_counted(said: Said) -> None:
    world = World()
    world.announce(key="waiver")
    world.run()
    counted = [line for line in lines(said()) if "_aws" in line]
    assert {"Succeeded"} <= {name for line in counted for name in line}
    assert {line["function"] for line in counted if "function" in line} >= {"intake", "admit", "relay", "seal"}


def test_what_the_ledger_counts_for_is_said_once_in_all_and_by_its_dimension(said: Said) -> None:
    world = World()
    handed_off(world)
    world.invoke("doors.seal", {"chains": ["service@production.1"]})
    (line,) = [each for each in lines(said()) if "HandedOff" in each]
    (told,) = line["_aws"]["CloudWatchMetrics"]
    assert told["Namespace"] == "Cutover"
    assert [sorted(each) for each in told["Dimensions"]] == [[], ["target"]]  # and the service, where one is set
    assert (line["HandedOff"], line["target"]) == ([1.0], "production")


def test_a_head_that_could_not_be_kept_is_not_counted(said: Said) -> None:
    world = World()
    world.wiring.announcements.refuse()
    with pytest.raises(DependencyUnavailable):
        handed_off(world)
    assert not [each for each in lines(said()) if {"Entered", "Admitted"} & each.keys()]


def test_only_names_and_numbers_of_a_release_are_ever_logged() -> None:
    assert set(FIELDS) == {"cutover", "revision", "status", "family", "section", "admission"}
    assert DEPLOYMENT.audience not in FIELDS


def test_a_line_about_many_records_names_none_of_them(said: Said) -> None:
    world = World()
    awaiting_approval(world)
    world.clock.move_to(CLOSES_AT)
    said()
    assert world.invoke("doors.clock", {})["expired"] == 1
    (clock,) = events(said())
    assert not {"cutover", "revision", "correlation_id"} & clock.keys()


def test_a_stage_s_line_carries_the_correlation_id_of_its_record(said: Said) -> None:
    world = World()
    record = awaiting_approval(world)
    said()
    world.invoke(
        "stages.read_record", {"record": {"cutover": record.cutover, "revision": 1, "execution": 1, "status": "bound"}}
    )
    (line,) = events(said())
    assert (line["cutover"], line["correlation_id"]) == (record.cutover, record.correlation_id)


def test_a_trace_is_found_by_the_id_of_the_event(annotations: Annotations) -> None:
    world = World()
    record = handed_off(world)
    assert {value for key, value in annotations.made if key == "correlation_id"} == {record.correlation_id}
    assert {key for key, _ in annotations.made} == {"correlation_id", "ColdStart", "Service"}, "and by nothing else"
