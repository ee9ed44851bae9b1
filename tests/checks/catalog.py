"""Row 11. Whose the components are."""

from typing import Any

from cutover.contracts.evidence import Section
from tests.checks.examples import Example, Examples, example
from tests.checks.scene import ABSENT, ALL_HOSTILE, LONG, MARKUP, TURNED, entity_said, facts, put, scene, team

OWNER, ENTITY = "/components/0/catalog/owner", "/components/0/catalog"
NO_OWNER = example("no owner: that is a gap", lambda: owned(ABSENT))


def owned(said: Any, **changes: Any) -> Any:
    return scene(put(said, "components", 0, "catalog", "owner"), **changes)


def owner(said: Any, *codes: str, **changes: Any) -> Example:
    return example(
        f"owned by {ascii(said)[:40]}", lambda: owned(said, **changes), *((code, OWNER) for code in codes)
    )  # fmt: skip


def otherwise(about: str, code: str, **changes: Any) -> Example:
    """The team of the facts that owns both components lacks something."""
    both = ((code, f"/components/{number}/catalog/owner") for number in (0, 1)) if code else ()
    return example(about, lambda: scene(change_facts=team(**changes)), *both)


def nobody(**changes: Any) -> dict[str, Any]:
    """Facts in which nobody is in the team that owns the components."""
    people = facts().model_dump(mode="json", by_alias=True)["people"]
    return {"people": {name: each for name, each in people.items() if each["team"] != "payments"}} | changes


def entity(said: Any) -> dict[str, tuple[Section, Any]]:
    """What the catalog has under the first component's reference."""
    return {"catalog/service": ("catalog", said)}


def called(name: Any, **metadata: Any) -> dict[str, tuple[Section, Any]]:
    return entity({**entity_said("service"), "metadata": {"name": name, **metadata}})


def named(said: Any, *codes: str) -> Example:
    return example(
        f"it calls itself {ascii(said)[:40]}", lambda: scene(records=called(said)), *((code, ENTITY) for code in codes)
    )


def shaped(said: Any, *codes: str) -> Example:
    return example(
        f"it is {ascii(said)[:40]}", lambda: scene(records=entity(said)), *((code, ENTITY) for code in codes)
    )


NAMESAKES = {"teams": {**team()["teams"], "paula": {**team()["teams"]["payments"], "groups": []}}}
"""A team has the name of a person."""
TWO_TEAMS = {
    "teams": {
        **team()["teams"],
        "billing": {"name": "Billing", "channel": "#b", "escalation": "p", "groups": ["payments"]},
    }
}
IN_YAML = entity(b"apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: Service, namespace: shop}\n")
SHAPES: tuple[Any, ...] = (
    None,
    [],
    7,
    "text",
    {},
    {"metadata": None},
    {"metadata": []},
    {"metadata": {"name": None}},
    b"\xff",
    b"[" * 5_000,
)
NO_NAMES: tuple[Any, ...] = (None, 7, True, [], {}, ["service"])

EXAMPLES = {
    "catalog.owner-is-a-team": Examples(
        passing=(
            example("as it is", scene), NO_OWNER,
            *map(owner, ("payments", "group:payments", "default/payments", "Group:Default/Payments")),
            owner("operations"),
            owner("group:shop/cards", change_facts=team(groups=["group:shop/cards"])),
            owner("cards", records=called("service", namespace="shop"), change_facts=team(groups=["group:shop/cards"])),
            owner("cards", records=IN_YAML, change_facts=team(groups=["group:shop/cards"])),
            owner("paula", change_facts=NAMESAKES),
        ),
        failing=(
            owner("user:default/paula", "OWNER_IS_A_PERSON"),
            owner("User:paula", "OWNER_IS_A_PERSON"),
            owner("paula@example.com", "OWNER_IS_A_PERSON"),
            owner("Paula", "OWNER_IS_A_PERSON"),
            owner("The payments team", "OWNER_UNRESOLVED"),
            example(
                "the second one's, after one that has none",
                lambda: scene(
                    put(ABSENT, "components", 0, "catalog", "owner"), put("Ops", "components", 1, "catalog", "owner")
                ),
                ("OWNER_UNRESOLVED", "/components/1/catalog/owner"),
            ),
            owner("group:default/cards", "OWNER_UNRESOLVED"),
            owner("payments", "OWNER_UNRESOLVED", records=called("service", namespace="shop")),
            example(
                "two teams say that they are it",
                lambda: scene(change_facts=TWO_TEAMS),
                *(("OWNER_UNRESOLVED", f"/components/{number}/catalog/owner") for number in (0, 1)),
            ),
        ),
        hostile=(
            *(owner(said, "OWNER_UNRESOLVED") for said in (*ALL_HOSTILE, "p" * 512)),
            *(
                owner(said, "OWNER_UNRESOLVED")
                for said in (
                    "system:default/payments", "group:default/payments ", "group:default/payments/", "group:/payments",
                    ":payments", "group::payments", "\u0433roup:default/payments", "group:default/p\u0430yments",
                    "../payments",
                )
            ),
            owner("payments", "OWNER_UNRESOLVED", records=called("service", namespace="default/payments:")),
            owner("payments", records=called("service", namespace=[7])),
            example(
                "a team that says it is a person",
                lambda: scene(
                    put("user:default/paula", "components", 0, "catalog", "owner"),
                    put("user:default/paula", "components", 1, "catalog", "owner"),
                    change_facts=team(groups=["user:default/paula"]),
                ),
                ("OWNER_IS_A_PERSON", OWNER),
                ("OWNER_IS_A_PERSON", "/components/1/catalog/owner"),
            ),
            owner("a", "OWNER_UNRESOLVED", change_facts=team(groups=[LONG, TURNED, MARKUP, "user:a", ""][:4])),
        ),
    ),
    "catalog.owner-has-people": Examples(
        passing=(example("as it is", scene), NO_OWNER, owner("nobody knows it")),
        failing=(
            example(
                "an empty team",
                lambda: scene(change_facts=nobody()),
                *(("OWNER_WITHOUT_PEOPLE", f"/components/{number}/catalog/owner") for number in (0, 1)),
            ),
        ),
        hostile=(
            example(
                "no people at all",
                lambda: scene(change_facts={"people": {}}),
                *(("OWNER_WITHOUT_PEOPLE", f"/components/{number}/catalog/owner") for number in (0, 1)),
            ),
            owner(TURNED, change_facts={"people": {}, "teams": {}}),
        ),
    ),
    "catalog.owner-has-channel": Examples(
        passing=(example("as it is", scene), NO_OWNER, owner("nobody knows it")),
        failing=(otherwise("no channel", "OWNER_WITHOUT_CHANNEL", channel=None),),
        hostile=(
            otherwise("a channel of markup is one", "", channel=MARKUP),
            otherwise("nothing but a name", "OWNER_WITHOUT_CHANNEL", channel=None, escalation=None, name=TURNED),
        ),
    ),
    "catalog.owner-has-escalation": Examples(
        passing=(example("as it is", scene), NO_OWNER, owner("nobody knows it")),
        failing=(otherwise("no escalation", "OWNER_WITHOUT_ESCALATION", escalation=None),),
        hostile=(
            otherwise("a channel is no escalation", "OWNER_WITHOUT_ESCALATION", escalation=None, channel=LONG),
            otherwise("a path of markup is one", "", escalation=MARKUP),
        ),
    ),
    "catalog.of-this-component": Examples(
        passing=(
            example("as it is", scene),
            example("no entity: that is a gap", lambda: scene(without=("catalog/service",))),
            named("Service"),
            example("in YAML", lambda: scene(records=IN_YAML)),
        ),
        failing=(named("worker", "CATALOG_ENTITY_OF_ANOTHER"), named("billing", "CATALOG_ENTITY_OF_ANOTHER")),
        hostile=(
            *(named(said, "CATALOG_ENTITY_OF_ANOTHER") for said in (*ALL_HOSTILE, *NO_NAMES, "s" * 4_096, "")),
            *(shaped(said, "CATALOG_ENTITY_OF_ANOTHER") for said in SHAPES),
        ),
    ),
    "catalog.names-known": Examples(
        passing=(example("as it is", scene), named("Service"), named("worker")),
        failing=(named("billing", "NAME_UNKNOWN"),),
        hostile=(
            *(named(said, "NAME_UNKNOWN") for said in (*ALL_HOSTILE, "s" * 4_096, "")),
            *map(named, NO_NAMES),
            *map(shaped, SHAPES),
        ),
    ),
}  # fmt: skip
