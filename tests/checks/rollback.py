"""Row 8. The way back."""

from typing import Any

from tests.checks.examples import Example, Examples, example
from tests.checks.scene import ABSENT, LONG, MARKUP, TURNED, put, scene, step

NO_PLAN = example("no plan: that is a gap", lambda: scene(put(ABSENT, "rollback", "steps")))
NO_STEPS = example("no steps", lambda: scene(put([], "rollback", "steps")))


def drilled(said: Any, *codes: str) -> Example:
    return example(
        f"drilled at {ascii(said)[:40]}",
        lambda: scene(put(said, "rollback", "steps", 1, "drilled_at")),
        *((code, "/rollback/steps/1/drilled_at") for code in codes),
    )


EXAMPLES = {
    "rollback.drill-recent": Examples(
        passing=(
            NO_PLAN, NO_STEPS, drilled(ABSENT), drilled("2026-03-02T09:02:00Z"), drilled("2025-12-02T09:02:00Z"),
            example("irreversible, and drilled", lambda: scene(put("irreversible", "rollback", "steps", 0, "class"))),
        ),
        failing=(
            drilled("2025-12-02T09:01:59Z", "ROLLBACK_DRILL_STALE"),
            drilled("2026-03-02T09:02:01Z", "ROLLBACK_DRILL_IN_FUTURE"),
            drilled("2026-02-02", "ROLLBACK_DRILL_UNREADABLE"),
        ),
        hostile=(
            *(
                drilled(said, "ROLLBACK_DRILL_UNREADABLE")
                for said in ("yesterday", "2026-02-02T09:00:00", "2026-02-30T09:00:00Z", LONG, TURNED, MARKUP)
            ),
            drilled("0001-01-01T00:00:00Z", "ROLLBACK_DRILL_STALE"),
            drilled("9999-12-31T23:59:59Z", "ROLLBACK_DRILL_IN_FUTURE"),
        ),
    ),
    "rollback.steps-unique": Examples(
        passing=(example("as it is", scene), NO_PLAN, NO_STEPS),
        failing=(
            example(
                "two of one name",
                lambda: scene(put(step("revert", trigger="Something else"), "rollback", "steps", "-")),
                ("ROLLBACK_STEP_REPEATED", "/rollback/steps/2/name"),
            ),
        ),
        hostile=(
            example(
                "fifty of one name, and nothing else said",
                lambda: scene(put([{**dict.fromkeys(step("x"), ABSENT), "name": "x"}] * 50, "rollback", "steps")),
                *(("ROLLBACK_STEP_REPEATED", f"/rollback/steps/{n}/name") for n in range(1, 50)),
            ),
        ),
    ),
}  # fmt: skip
