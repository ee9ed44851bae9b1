"""Collect's limits: of one record, and of all records of a section."""

import dataclasses
import json
from typing import Any

import pytest

from cutover.contracts.candidate import Candidate
from cutover.contracts.evidence import Collection
from cutover.domain import canonical
from cutover.domain.refreshed import UNPINNED
from cutover.errors import DependencyUnavailable, SourceUnavailable
from cutover.stages.collect import collecting
from cutover.stages.collect.collecting import LIMITS, TOTALS, Collecting
from tests.simulator.journeys import revise
from tests.simulator.world import World


def components(world: World, *records: dict[str, Any]) -> Candidate:
    """A candidate with one component for each of these references."""
    candidate = world.candidate()
    (first,) = candidate.components
    made = tuple(
        first.model_copy(update={"name": f"c{number}", **changes}) for number, changes in enumerate(records)
    )  # fmt: skip
    return candidate.model_copy(update={"components": made, "attestations": ()})


def sized(world: World, name: str, size: int, record: str) -> Any:
    """A reference to a new record of so many bytes, of the kind that ``name`` is."""
    known = world.records[name]
    bucket = world.deployment.bucket_of(known.source)
    version = world.wiring.bucket.put(bucket, record, b"{".ljust(size, b"x"))
    return (
        world.candidate()
        .components[0]
        .artifact.model_copy(update={"source": known.source, "record": record, "version": version, "digest": None})
    )


def collect(
    world: World, section: Any, candidate: Candidate, *, patient: bool = True, secrets: Any = "refuse"
) -> Collection:
    return Collecting(
        section=section, rules=world.rules().model_copy(update={"secrets": secrets}), facts=world.deployment.facts(),
        sources=world.wiring.sources, store=world.wiring.store, clock=world.clock,
    ).collect(candidate, patient=patient)  # fmt: skip


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred bytes a record, a hundred and fifty a section."""
    monkeypatch.setattr(collecting, "LIMITS", dict.fromkeys(LIMITS, 100))
    monkeypatch.setattr(collecting, "TOTALS", dict.fromkeys(TOTALS, 150))


@pytest.mark.usefixtures("small")
def test_a_section_has_its_own_limit() -> None:
    """What still fits is collected, whatever its place; what does not is a recorded failure."""
    world = World()
    sizes = {"a": 100, "b": 60, "c": 50, "d": 1}
    named = [{"catalog": sized(world, "catalog", size, record)} for record, size in sizes.items()]
    found = collect(world, "catalog", components(world, *named))
    assert [(each.record, each.size) for each in found.evidence] == [("a", 100), ("c", 50)]
    assert [(each.record, each.code) for each in found.failures] == [
        ("b", "SOURCE_RECORD_TOO_LARGE"),
        ("d", "SOURCE_RECORD_TOO_LARGE"),
    ]
    assert "all catalog of a candidate together: at most 150 bytes" in found.failures[0].message


@pytest.mark.usefixtures("small")
def test_one_record_has_a_limit_of_its_own() -> None:
    world = World()
    found = collect(world, "catalog", components(world, {"catalog": sized(world, "catalog", 101, "a")}))
    assert [each.code for each in found.failures] == ["SOURCE_RECORD_TOO_LARGE"]
    assert "together" not in found.failures[0].message


@pytest.mark.usefixtures("small")
def test_an_envelope_and_what_it_contains_both_count() -> None:
    world = World()
    world.records["waiver"] = dataclasses.replace(world.waiver(), payload=b"{}")
    envelope = world.records["waiver"].content()
    collecting.LIMITS["waivers"], collecting.TOTALS["waivers"] = 1000, len(envelope) + 1
    world.waiver = lambda: world.records["waiver"]  # type: ignore[method-assign]
    found = collect(world, "waivers", world.candidate())
    assert [each.code for each in found.failures] == ["SOURCE_RECORD_TOO_LARGE"]
    assert [each.unwraps for each in found.evidence] == [None]
    collecting.TOTALS["waivers"] += 1
    assert collect(world, "waivers", world.candidate()).failures == ()


@pytest.mark.usefixtures("small")
def test_of_artifacts_the_bytes_that_were_read_count() -> None:
    """Two versions may be read of each, so a record gets at most half of what is left."""
    world = World()
    sizes = {"a": 75, "b": 37, "c": 38, "d": 19}
    named = [{"artifact": sized(world, "artifact", size, record)} for record, size in sizes.items()]
    found = collect(world, "artifacts", components(world, *named))
    assert [each.record for each in found.evidence] == ["a", "b", "d"]
    assert [(each.record, each.code) for each in found.failures] == [("c", "SOURCE_RECORD_TOO_LARGE")]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("newest", "left"), [(b"{".ljust(40, b"x"), 70), (b"y", 35)])
def test_a_newer_artifact_was_read_too(newest: bytes, left: int) -> None:
    """The same bytes count once more; others, whose size nobody tells, as the most that could be read."""
    world = World()
    first = sized(world, "artifact", 40, "a")
    world.wiring.bucket.put("shop-registry", "a", newest)
    room = left // 2
    for size, fits in ((room, True), (room + 1, False)):
        candidate = components(
            world, {"artifact": first}, {"artifact": sized(world, "artifact", size, f"b{size}")}
        )  # fmt: skip
        assert (collect(world, "artifacts", candidate).failures == ()) is fits


def test_all_evidence_together_fits_into_the_functions_that_read_it() -> None:
    """The branches run side by side, so the sections' limits are the limit of all."""
    kept = sum(total for section, total in TOTALS.items() if section != "artifacts")
    assert kept <= 160 * 2**20
    assert set(TOTALS) == set(LIMITS)
    assert all(TOTALS[section] >= LIMITS[section] for section in LIMITS)


class Moody:
    """Buckets that answer with an error for some records."""

    def __init__(self, behind: Any, errors: dict[str, Exception]) -> None:
        self._behind = behind
        self._errors = errors

    def fetch(self, source: Any, reference: Any, *, limit: int) -> Any:
        if reference.record in self._errors:
            raise self._errors[reference.record]
        return self._behind.fetch(source, reference, limit=limit)


UNREACHABLE = SourceUnavailable("SOURCE_UNREACHABLE", "nobody answers")


def moody(world: World, **errors: Exception) -> Candidate:
    """A candidate with two catalog entities, ``a`` and ``b``; those that have an error cannot be had."""
    named = [{"catalog": sized(world, "catalog", 10, record)} for record in ("a", "b")]
    world.wiring.__dict__["sources"] = {"s3": Moody(world.wiring.bucket, errors)}
    return components(world, *named)


@pytest.mark.parametrize("error", [UNREACHABLE, DependencyUnavailable("GetObject: SlowDown")])
def test_while_there_is_patience_a_source_that_fails_is_tried_again(error: Exception) -> None:
    world = World()
    candidate = moody(world, b=error)
    with pytest.raises(SourceUnavailable):
        collect(world, "catalog", candidate)


def test_without_patience_what_was_collected_is_kept_and_the_rest_is_told() -> None:
    world = World()
    found = collect(world, "catalog", moody(world, b=UNREACHABLE), patient=False)
    assert [each.record for each in found.evidence] == ["a"]
    assert [(each.record, each.code, each.message) for each in found.failures] == [
        ("b", "SOURCE_UNREACHABLE", "nobody answers")
    ]


def test_a_failure_of_aws_has_a_code_too() -> None:
    world = World()
    found = collect(world, "catalog", moody(world, b=DependencyUnavailable("GetObject: SlowDown")), patient=False)
    assert [(each.record, each.code) for each in found.failures] == [("b", "SOURCE_FAILING")]


def test_bytes_of_another_digest_are_no_evidence() -> None:
    world = World()
    said = sized(world, "catalog", 10, "a")
    lying = said.model_copy(update={"digest": canonical.digest(b"something else")})
    honest = said.model_copy(update={"digest": canonical.digest(b"{" + b"x" * 9)})
    assert collect(world, "catalog", components(world, {"catalog": honest})).failures == ()
    (failure,) = collect(world, "catalog", components(world, {"catalog": lying})).failures
    assert failure.code == "SOURCE_DIGEST_DIFFERS"


def test_a_record_without_a_version_waits_for_somebody_to_name_one() -> None:
    world = World()
    said = sized(world, "catalog", 10, "a").model_copy(update={"version": UNPINNED})
    (failure,) = collect(world, "catalog", components(world, {"catalog": said})).failures
    assert failure.code == "SOURCE_VERSION_UNPINNED"


def test_what_nothing_can_be_made_of_is_a_failure_of_its_record() -> None:
    world = World()
    known = world.records["catalog"]
    bucket = world.deployment.bucket_of(known.source)
    version = world.wiring.bucket.put(bucket, "entity", b"a: 1\na: 2\n")
    said = sized(world, "catalog", 10, "a").model_copy(update={"record": "entity", "version": version})
    found = collect(world, "catalog", components(world, {"catalog": said}))
    assert [(each.record, each.unwraps) for each in found.evidence] == [("entity", None)], "what came is kept"
    assert [each.code for each in found.failures] == ["EVIDENCE_UNREADABLE"]


TOKEN = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
"""No token of anybody: only shaped like one."""


def leaking(world: World, name: str) -> Candidate:
    """The candidate as it is when the record of that name has a token in it."""
    revise(world, name, lambda said: {**said, "comments": [f"log in with {TOKEN}"]})
    return world.candidate()


def test_a_record_with_a_secret_is_refused_and_nothing_of_it_is_stored() -> None:
    world = World()
    found = collect(world, "change", leaking(world, "change"))
    assert found.evidence == ()
    assert [each.code for each in found.failures] == ["SOURCE_RECORD_HAS_SECRET"]
    assert TOKEN not in found.failures[0].message
    assert TOKEN.encode() not in b"".join(world.wiring.store.objects.values())


def test_where_the_rules_say_so_a_secret_is_taken_out_before_anything_is_stored() -> None:
    world = World()
    candidate = leaking(world, "change")
    (evidence,) = collect(world, "change", candidate, secrets="redact").evidence
    assert [(each.kind, each.count) for each in evidence.redactions] == [("github-token", 1)]
    assert evidence.received == canonical.digest(world.records["change"].content())
    kept = world.wiring.store.get(evidence.sha256, limit=10_000)
    assert json.loads(kept)["number"] == "CHG-17"
    assert TOKEN.encode() not in b"".join(world.wiring.store.objects.values())


def test_a_signed_record_is_never_redacted() -> None:
    world = World()
    found = collect(world, "attestations", leaking(world, "tests"), secrets="redact")
    assert [each.code for each in found.failures] == ["SOURCE_RECORD_HAS_SECRET"]
    assert TOKEN.encode() not in b"".join(world.wiring.store.objects.values())


def test_a_silent_source_is_asked_once_for_all_of_its_records() -> None:
    """It would use up the function's time, and what others have brought with it."""
    world = World()
    asked: list[str] = []

    class Silent:
        def fetch(self, _source: Any, reference: Any, *, limit: int) -> Any:
            asked.append(reference.record)
            raise UNREACHABLE

    candidate = components(world, *({"catalog": sized(world, "catalog", 10, record)} for record in ("a", "b", "c")))
    world.wiring.__dict__["sources"] = {"s3": Silent()}
    found = collect(world, "catalog", candidate, patient=False)
    assert [each.code for each in found.failures] == ["SOURCE_UNREACHABLE"] * 3
    assert asked == ["a"]
