"""Both verifiers, on who may waive what: under the rules of the package and the facts that its manifest names."""

from typing import Any

import pytest

from tests.building.package import package
from tests.building.policy import RISK
from tests.verifier.judging import judge
from tests.verifier.mutation import put, remove

NOBODY, BY_REQUESTER = "WAIVER_NOT_PERMITTED", "WAIVER_BY_REQUESTER"


def waiver_key(change: dict[str, Any]) -> Any:
    """A change of the facts: the key for waivers is another's."""

    def apply(said: Any) -> Any:
        keys = [{**key, **change} if key["purpose"] == "waiver" else key for key in said["keys"]]
        return {**said, "keys": keys}

    return apply


FACTS: dict[str, tuple[Any, str]] = {
    "as they are": (lambda said: said, "VERIFIED"),
    "its key is the requester's": (waiver_key({"person": "dana"}), BY_REQUESTER),
    "its key is that of somebody without the role": (waiver_key({"person": "erin"}), NOBODY),
    "its key is nobody's": (waiver_key({"person": None}), NOBODY),
    "its key is a stranger's": (waiver_key({"person": "zoe"}), NOBODY),
    "its key is limited to products, this one too": (waiver_key({"products": ["web", "service"]}), "VERIFIED"),
    "its key is limited to another product": (waiver_key({"products": ["web"]}), NOBODY),
    "its key is for something else": (waiver_key({"purpose": "receipt"}), NOBODY),
    "the role was taken away": (put("/people/ruth/roles", []), NOBODY),
    "somebody else has the role": (put("/people/erin/roles", ["release-engineering", RISK]), "VERIFIED"),
    "she asked for the release": (put("/people/ruth/identities", ["dana@ci"]), NOBODY),
    "nobody is known to have asked": (put("/people/dana/identities", []), NOBODY),
}


@pytest.mark.parametrize(("change", "code"), FACTS.values(), ids=FACTS.keys())
def test_a_waiver_counts_by_the_facts_of_the_manifest(change: Any, code: str) -> None:
    assert judge(package({"facts": change})).code == code


@pytest.mark.parametrize("purpose", ["waiver", "candidate"])
@pytest.mark.parametrize(
    ("products", "code"), [([], "VERIFIED"), (["service"], "VERIFIED"), (["web", "ser"], "OUT_OF_SCOPE")]
)
def test_a_key_of_the_trust_bundle_counts_for_its_products(purpose: str, products: list[str], code: str) -> None:
    def limited(said: Any) -> Any:
        keys = [{**key, "products": products} if key["purpose"] == purpose else key for key in said["keys"]]
        return {**said, "keys": keys}

    assert judge(package({"trust": limited})).code == code


@pytest.mark.parametrize(
    ("waivable", "code"),
    [
        ({"rollback": [RISK]}, "VERIFIED"),
        ({"rollback": ["operations", RISK], "lineage": ["operations"]}, "VERIFIED"),
        ({}, NOBODY),
        ({"rollback": []}, NOBODY),
        ({"rollback": ["operations"]}, NOBODY),
        ({"lineage": [RISK], "rollbac": [RISK], "rollback.drilled-at": [RISK]}, NOBODY),
    ],
)
def test_a_waiver_counts_by_the_rules_of_the_package(waivable: Any, code: str) -> None:
    assert judge(package({"rules": put("/waivable", waivable)})).code == code


def test_rules_without_a_list_let_nobody_waive() -> None:
    assert judge(package({"rules": remove("/waivable")})).code == NOBODY


def test_a_release_whose_change_nobody_asked_for_has_no_waivers() -> None:
    """The change record's requester stands as waived in the bundle, so it is not known who asked."""

    def waived(said: Any) -> Any:
        gap = said["rollback"]["steps"][0]["drilled_at"]
        return {**said, "change": {**said["change"], "requester": gap}}

    assert judge(package({"bundle": waived})).code == NOBODY
