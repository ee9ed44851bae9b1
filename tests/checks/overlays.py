"""Row 9. In what environments differ."""

from typing import Any

from tests.checks.examples import Example, Examples, example
from tests.checks.scene import ABSENT, ALL_HOSTILE, LONG, MARKUP, TURNED, overlay, put, scene

UNDECLARED, NOT_ALLOWED = "ENVIRONMENT_DIFFERENCE_UNDECLARED", "ENVIRONMENT_DIFFERENCE_NOT_ALLOWED"
MISSING = "ENVIRONMENT_OVERLAY_MISSING"
AT = "/overlays/0/differences/0"
NONE = example("none given: that is a gap", lambda: scene(put(ABSENT, "overlays")))
SAME = example("no differences", lambda: scene(put([overlay("production"), overlay("staging")], "overlays")))


def differs(name: str, base: Any, value: Any, *codes: str, where: str = "production") -> Example:
    said = [overlay(where, (name, base, value))]
    return example(
        f"{ascii(name)[:20]} is {ascii(value)[:30]} instead of {ascii(base)[:10]} in {ascii(where)[:20]}",
        lambda: scene(put(said, "overlays")),
        *((code, AT) for code in codes),
    )


def allowed_as(about: str, allowance: dict[str, Any], value: Any, *codes: str) -> Example:
    """A setting with this allowance, after one that has none."""
    said = [overlay("production", ("undeclared", 1, 2), ("x", None, value))]
    return example(
        about,
        lambda: scene(put(said, "overlays"), change_rules={"allowances": {"service": {"x": allowance}}}),
        *((code, "/overlays/0/differences/1") for code in codes),
    )


def bounded_otherwise(about: str, allowance: dict[str, Any], value: Any) -> Example:
    """Rules that bound something which is no number, or list something which is no text: nothing fits."""
    return example(
        about,
        lambda: scene(
            put([overlay("production", ("x", None, value))], "overlays"),
            change_rules={"allowances": {"service": {"x": allowance}}},
        ),
        (NOT_ALLOWED, AT),
    )


EXAMPLES = {
    "overlays.declared": Examples(
        passing=(example("as it is", scene), NONE, SAME),
        failing=(
            differs("timeout", 30, 60, UNDECLARED),
            differs("feature", None, "on", UNDECLARED),
            differs("timeout", 30, 60, UNDECLARED, where="development"),
            example(
                "another product's allowances do not count",
                lambda: scene(change_rules={"allowances": {"other": {"replicas": {"type": "integer"}}}}),
                *((UNDECLARED, f"/overlays/{at}") for at in ("0/differences/0", "0/differences/1", "1/differences/0")),
            ),
        ),
        hostile=(
            differs("Replicas", 1, 2, UNDECLARED),
            differs("replicas ", 1, 2, UNDECLARED),
            differs("*", "a", "b", UNDECLARED),
            differs(LONG, LONG, LONG + "x", UNDECLARED),
            differs(TURNED, MARKUP, TURNED, UNDECLARED),
            differs("flag", 1, True, UNDECLARED),
            differs("count", 1, "1", UNDECLARED),
        ),
    ),
    "overlays.allowed": Examples(
        passing=(
            example("as it is", scene), NONE, SAME,
            differs("replicas", 2, 1), differs("replicas", 2, 10), differs("region", "x", "eu-west-1"),
            differs("debug", False, True, where="stage"), differs("undeclared", 1, 2),
            allowed_as("without bounds", {"type": "integer"}, -5),
            allowed_as("above a minimum", {"type": "integer", "minimum": 5}, 6),
            allowed_as("below a maximum", {"type": "integer", "maximum": 5}, 4),
        ),
        failing=(
            differs("replicas", 2, 0, NOT_ALLOWED),
            differs("replicas", 2, 11, NOT_ALLOWED),
            differs("replicas", 2, "5", NOT_ALLOWED),
            allowed_as("below a minimum", {"type": "integer", "minimum": 5}, 4, NOT_ALLOWED),
            allowed_as("above a maximum", {"type": "integer", "maximum": 5}, 6, NOT_ALLOWED),
            differs("region", "eu-central-1", "us-east-1", NOT_ALLOWED),
            differs("debug", False, True, NOT_ALLOWED),
            differs("debug", False, "true", NOT_ALLOWED, where="staging"),
        ),
        hostile=(
            differs("replicas", 2, True, NOT_ALLOWED),
            differs("replicas", 2, 2**53 - 1, NOT_ALLOWED),
            differs("replicas", 2, -(2**53 - 1), NOT_ALLOWED),
            differs("debug", False, 1, NOT_ALLOWED, where="staging"),
            differs("debug", False, True, NOT_ALLOWED, where=TURNED),
            *(differs("region", "eu-central-1", said, NOT_ALLOWED) for said in (*ALL_HOSTILE, "EU-WEST-1")),
            bounded_otherwise("text with a minimum", {"type": "string", "minimum": 0}, "5"),
            bounded_otherwise("text with a maximum", {"type": "string", "maximum": 9}, "5"),
            bounded_otherwise("true with a minimum", {"type": "boolean", "minimum": 0}, True),
            bounded_otherwise("a number out of texts", {"type": "integer", "one_of": ["5"]}, 5),
            example(
                "a number that JSON does not know",
                lambda: scene(forced={"/overlays/0/differences/0/value": 10**400}),
                (NOT_ALLOWED, AT),
            ),
        ),
    ),
    "overlays.present": Examples(
        passing=(
            example("as it is", scene), NONE, SAME,
            example("other spellings", lambda: scene(put([overlay("PROD"), overlay("stage")], "overlays"))),
        ),
        failing=(
            example("none in staging", lambda: scene(put([overlay("production")], "overlays")), (MISSING, "/overlays")),
        ),
        hostile=(
            example("an empty list", lambda: scene(put([], "overlays")), *[(MISSING, "/overlays")] * 2),
            example(
                "of places that do not exist",
                lambda: scene(put([overlay(name) for name in ALL_HOSTILE], "overlays")),
                *[(MISSING, "/overlays")] * 2,
            ),
        ),
    ),
    "overlays.names-known": Examples(
        passing=(example("as it is", scene), NONE, SAME),
        failing=(
            example(
                "an environment of theirs",
                lambda: scene(put("prd", "overlays", 0, "environment")),
                ("NAME_UNKNOWN", "/overlays/0/environment"),
            ),
        ),
        hostile=(
            example(
                "none of them is a name",
                lambda: scene(put([overlay(name) for name in ALL_HOSTILE], "overlays")),
                *(("NAME_UNKNOWN", f"/overlays/{n}/environment") for n in range(len(ALL_HOSTILE))),
            ),
        ),
    ),
}  # fmt: skip
