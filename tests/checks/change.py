"""Row 5. What the change allows."""

from typing import Any

from tests.checks.examples import Example, Examples, example
from tests.checks.scene import ABSENT, ALL_HOSTILE, LONG, MARKUP, TURNED, put, scene

STATE, COMPONENTS, ENVIRONMENTS = "/change/state", "/change/components", "/change/environments"


def state(said: Any, *finds: tuple[str, str]) -> Example:
    return example(f"its state is {ascii(said)[:30]}", lambda: scene(put(said, "change", "state")), *finds)


def no_record() -> Any:
    nothing = dict.fromkeys(("number", "title", "state", "risk", "requester"), ABSENT)
    return scene(put({**nothing, "components": [], "environments": []}, "change"))


EXAMPLES = {
    "change.approved": Examples(
        passing=(state("approved"), state("Implement"), example("no state: that is a gap", no_record)),
        failing=(
            state("requested", ("CHANGE_NOT_APPROVED", STATE)),
            state("closed", ("CHANGE_CLOSED", STATE)),
            state("cancelled", ("CHANGE_CLOSED", STATE)),
        ),
        hostile=(
            *(
                state(said, ("CHANGE_NOT_APPROVED", STATE))
                for said in (
                    LONG,
                    TURNED,
                    MARKUP,
                    "Approved",
                    "approved ",
                    " approved",
                    "approved\u200b",
                    "\u0430pproved",
                )
            ),
            example(
                "rules that approve nothing",
                lambda: scene(change_rules={"change_states": {"approved": [], "closed": []}}),
                ("CHANGE_NOT_APPROVED", STATE),
            ),
            example(
                "rules that call one state both",
                lambda: scene(change_rules={"change_states": {"approved": ["approved"], "closed": ["approved"]}}),
                ("CHANGE_CLOSED", STATE),
            ),
            example("a number", lambda: scene(forced={STATE: 10**400}), ("CHANGE_NOT_APPROVED", STATE)),
        ),
    ),
    "change.components-in-scope": Examples(
        passing=(
            example("as it is", scene),
            example("other spellings", lambda: scene(put(["shop/service", "Worker"], "change", "components"))),
            example("a wider scope", lambda: scene(put("other", "change", "components", "-"))),
        ),
        failing=(
            example(
                "one is outside",
                lambda: scene(put(["service"], "change", "components")),
                ("SCOPE_CONFLICT", COMPONENTS),
            ),
            example(
                "an empty scope is not any scope",
                lambda: scene(put([], "change", "components")),
                ("SCOPE_MISSING", COMPONENTS),
            ),
            example("no record", no_record, ("SCOPE_MISSING", COMPONENTS)),
        ),
        hostile=(
            example(
                "everything, it says",
                lambda: scene(put(["*", "all", "service,worker", *ALL_HOSTILE], "change", "components")),
                *[("SCOPE_CONFLICT", COMPONENTS)] * 2,
            ),
            example(
                "the same one two hundred times",
                lambda: scene(put(["service"] * 200, "change", "components")),
                ("SCOPE_CONFLICT", COMPONENTS),
            ),
            example(
                "long and many",
                lambda: scene(put([LONG] * 200, "change", "components")),
                *[("SCOPE_CONFLICT", COMPONENTS)] * 2,
            ),
        ),
    ),
    "change.environments-in-scope": Examples(
        passing=(
            example("as it is", scene),
            example("other spellings", lambda: scene(put(["PROD", "stage"], "change", "environments"))),
        ),
        failing=(
            example(
                "approved for another one",
                lambda: scene(put(["staging"], "change", "environments")),
                ("SCOPE_CONFLICT", ENVIRONMENTS),
            ),
            example("none", lambda: scene(put([], "change", "environments")), ("SCOPE_MISSING", ENVIRONMENTS)),
        ),
        hostile=(
            example(
                "close, but not it",
                lambda: scene(put(["staging", "Prod", "production ", "*", TURNED], "change", "environments")),
                ("SCOPE_CONFLICT", ENVIRONMENTS),
            ),
            example(
                "an environment twice in the release",
                lambda: scene(
                    put(["staging"], "change", "environments"),
                    candidate=put(["production", "production"], "environments"),
                ),
                ("SCOPE_CONFLICT", ENVIRONMENTS),
            ),
        ),
    ),
    "change.names-known": Examples(
        passing=(
            example("as it is", scene),
            example("other spellings", lambda: scene(put(["PROD", "stage"], "change", "environments"))),
            example("no record", no_record),
        ),
        failing=(
            example(
                "a component of theirs",
                lambda: scene(put("Billing", "change", "components", "-")),
                ("NAME_UNKNOWN", "/change/components/2"),
            ),
            example(
                "an environment of theirs",
                lambda: scene(put("PRD", "change", "environments", 0)),
                ("NAME_UNKNOWN", "/change/environments/0"),
            ),
            example(
                "an environment of the release's",
                lambda: scene(put("qa", "release", "environments", 1)),
                ("NAME_UNKNOWN", "/release/environments/1"),
            ),
        ),
        hostile=(
            example(
                "none of them is a name",
                lambda: scene(put([*ALL_HOSTILE], "change", "components")),
                *(("NAME_UNKNOWN", f"/change/components/{number}") for number in range(len(ALL_HOSTILE))),
            ),
            example(
                "a component is no environment",
                lambda: scene(put(["service"], "change", "environments")),
                ("NAME_UNKNOWN", "/change/environments/0"),
            ),
            example(
                "4 KB",
                lambda: scene(forced={"/change/components/0": "n" * 4_096}),
                ("NAME_UNKNOWN", "/change/components/0"),
            ),
        ),
    ),
}
