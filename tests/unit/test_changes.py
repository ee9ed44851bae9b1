"""What changed since the last approved revision: no field is left out, and what did not change is not told."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from cutover.contracts.bundle import Bundle
from cutover.contracts.holds import ClearedRegister
from cutover.contracts.manifest import Manifest
from cutover.domain import canonical
from cutover.domain.changes import changes
from tests.builders import package
from tests.building.policy import CLOSES_AT
from tests.verifier import mutation


@dataclass(frozen=True)
class Bound:
    """Implements ``Content``."""

    manifest: Manifest
    bundle: Bundle
    register: ClearedRegister


WHOLE = package()
BOUND = Bound(WHOLE.manifest, WHOLE.bundle, WHOLE.register)
JSON = orjson.loads(canonical.encode_model(WHOLE.bundle))
SAYS_NOTHING = ("/schema", "/cutover", "/revision", "/as_of", "/engine/", "/evidence_set")
NAME = WHOLE.bundle.components[0].name.value
VALUES = [
    where
    for where in mutation.leaves(JSON)
    if "/from/" not in where and not where.endswith(("/hold", "/waiver")) and not where.startswith(SAYS_NOTHING)
]


ONE_WORD = {"/flags/1/expires_at"}
"""What a permission flag needs not: there is one way to say so."""


def altered(change: Callable[[Any], Any]) -> Bound:
    said = copy.deepcopy(JSON)
    return Bound(BOUND.manifest, Bundle.model_validate_json(canonical.encode(change(said) or said)), BOUND.register)


def test_nothing_changed() -> None:
    assert changes(BOUND, BOUND) == ()


def test_where_it_comes_from_is_no_change_of_the_release() -> None:
    """Another revision has other evidence of the same values."""
    other = altered(lambda said: said.update(revision=7, evidence_set="sha256:" + "0" * 64))
    assert changes(BOUND, other) == ()


@pytest.mark.parametrize("where", [where for where in VALUES if where not in ONE_WORD])
def test_every_value_of_a_bundle_is_compared(where: str) -> None:
    other = altered(mutation.mutate(where))
    found = changes(BOUND, other)
    assert found
    back = {(each.subject, each.field, each.after, each.before) for each in changes(other, BOUND)}
    assert {(each.subject, each.field, each.before, each.after) for each in found} == back


def test_most_values_were_compared() -> None:
    assert len(VALUES) > 50
    assert set(VALUES) > ONE_WORD


@pytest.mark.parametrize("where", sorted(ONE_WORD))
def test_what_has_one_word_only_can_say_no_other(where: str) -> None:
    with pytest.raises(ValidationError):
        altered(mutation.mutate(where))


def first(said: dict[str, Any], name: str) -> Any:
    return said[name][0]


def test_a_component_is_found_by_its_name_wherever_it_stands() -> None:
    def change(said: dict[str, Any]) -> None:
        new = copy.deepcopy(first(said, "components"))
        new["name"]["value"] = "worker"
        said["components"] = [new, *said["components"]]

    (found,) = changes(BOUND, altered(change))
    assert (found.subject, found.field, found.before) == ("worker", "", None)
    assert found.after is not None
    assert found.after.startswith("sha256:")
    (gone,) = changes(altered(change), BOUND)
    assert (gone.before, gone.after) == (found.after, None)


def test_in_words_and_what_matters_first() -> None:
    def change(said: dict[str, Any]) -> None:
        said["rules"] = "sha256:" + "1" * 64
        said["change"]["risk"]["value"] = "high"
        first(said, "cohorts")["share_percent"]["value"] += 1
        said["release"]["version"]["value"] = "9.9.9"
        first(said, "components")["provenance"]["commit"]["value"] = "f" * 40

    found = [(each.subject, each.field) for each in changes(BOUND, altered(change))]
    cohort = WHOLE.bundle.cohorts[0].name.value if isinstance(WHOLE.bundle.cohorts, tuple) else ""
    assert found == [
        (NAME, "provenance commit"), ("release", "version"), (f"cohort {cohort}", "share in percent"),
        ("change", "risk"), ("rules", ""),
    ]  # fmt: skip


def test_a_component_called_like_a_section_is_a_component() -> None:
    def change(said: dict[str, Any]) -> None:
        first(said, "components")["name"]["value"] = "release"

    found = changes(BOUND, altered(change))
    assert sorted((each.subject, each.field) for each in found) == [("release", ""), (NAME, "")]


def test_queue_window_signers_and_exceptions_are_compared_too() -> None:
    predicate = BOUND.manifest.predicate
    window = predicate.window.model_copy(update={"closes_at": CLOSES_AT + timedelta(hours=1)})
    signers = (predicate.signers[0].model_copy(update={"assurance": "passkey"}), *predicate.signers[1:])
    destination = predicate.destination.model_copy(update={"account": "210987654321"})
    other = BOUND.manifest.model_copy(
        update={
            "predicate": predicate.model_copy(update={"window": window, "signers": signers, "destination": destination})
        }
    )
    register = BOUND.register.model_copy(update={"holds": ()})
    found = changes(BOUND, Bound(other, BOUND.bundle, register))
    assert [(each.subject, each.field) for each in found] == [
        ("destination", "account"), ("window", "time"),
        ("exception rollback drill missing (rollback steps 0 drilled at)", ""),
        ("who must approve", signers[0].role),
    ]  # fmt: skip
    assert found[-1].after == f"{signers[0].count} by passkey"
