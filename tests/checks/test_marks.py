"""What a waiver was given for is what it answers: other bytes, or another name, make another mark."""

from collections.abc import Callable
from typing import Any

import pytest

from cutover.domain import checks, holds
from cutover.domain.checks.context import Context
from tests.building.policy import DEPLOYMENT
from tests.checks.artifacts import registry
from tests.checks.scene import put
from tests.checks.stating import Published, attested, built, by_tester, release, v1

Making = Callable[[Any], Context]


def about(digest: str) -> list[Any]:
    return [{"digest": {"sha256": digest * 64}}]


def provenance(subject: str) -> Context:
    return release(Published(v1() | {"subject": about(subject)}, DEPLOYMENT.key("provenance")))


def attestation(subject: str) -> Context:
    return release(None, ("tests", by_tester(attested(subject=about(subject)))))


def typed(name: str) -> Context:
    """The same statement under two names of the policy, whose types it has neither of."""
    known = {"tests": "https://example.com/a/v1", "scan": "https://example.com/b/v1"}
    return release(None, (name, by_tester(attested())), change_rules={"attestations": known})


def reused(name: str) -> Context:
    """One statement for two names, of which the second is another."""
    said = by_tester(attested())
    known = dict.fromkeys(("tests", "scan", "audit"), attested()["predicateType"])
    return release(None, ("tests", said), (name, said), change_rules={"attestations": known})


def required(name: str) -> Context:
    return release(change_rules={"attestations": {name: "https://example.com/a/v1"}})


def announced(name: str) -> Making:
    return lambda said: built(candidate=put(said, name))


@pytest.mark.parametrize(
    ("family", "rule", "making", "one", "other"),
    [
        ("attestations", "attestations.provenance-subject", provenance, "a", "b"),
        ("attestations", "attestations.subject", attestation, "a", "b"),
        ("attestations", "attestations.required", required, "tests", "scan"),
        ("attestations", "attestations.required-type", typed, "tests", "scan"),
        ("attestations", "attestations.required-once", reused, "scan", "audit"),
        ("attestations", "attestations.provenance-commit", announced("commit"), "a" * 40, "b" * 40),
        (
            "attestations", "attestations.provenance-source", announced("repository"),
            "https://example.com/a", "https://example.com/b",
        ),
        ("artifacts", "artifacts.digest-known", lambda said: registry(sha256="sha256:" + said * 64), "a", "b"),
        ("artifacts", "artifacts.nothing-newer", lambda said: registry(sha256="sha256:" + said * 64), "a", "b"),
        ("artifacts", "artifacts.nothing-newer", lambda said: registry(latest_sha256="sha256:" + said * 64), "a", "b"),
    ],
)  # fmt: skip
def test_a_mark_is_of_what_was_held_and_of_nothing_else(
    family: str, rule: str, making: Making, one: str, other: str
) -> None:
    first, again, second = (marks(family, rule, making(said)) for said in (one, one, other))
    assert first, "it is held"
    assert second, "the other is, too"
    assert first == again
    assert not first & second


def marks(family: str, rule: str, context: Context) -> set[str]:
    return {holds.mark_of(each) for each in checks.run(family, context).findings if each.rule == rule}
