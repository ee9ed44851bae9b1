"""Row 6. Whom the release reaches first."""

from typing import Any

from tests.checks.examples import Example, Examples, example
from tests.checks.scene import ABSENT, ALL_HOSTILE, LONG, MARKUP, TURNED, cohort, put, scene


def cohorts(about: str, *said: dict[str, Any], finds: tuple[tuple[str, str], ...] = ()) -> Example:
    return example(about, lambda: scene(put([*said], "cohorts")), *finds)


def share(number: int, code: str) -> tuple[tuple[str, str], ...]:
    return ((code, f"/cohorts/{number}/share_percent"),)


BOTH = (cohort("all"), cohort("all", "staging"))
EXCEED = (("COHORT_SHARES_EXCEED", "/cohorts"),)
NO_PLAN = example("no plan: that is a gap", lambda: scene(put(ABSENT, "cohorts")))

EXAMPLES = {
    "rollout.present": Examples(
        passing=(
            example("as it is", scene),
            NO_PLAN,
            cohorts("other spellings", cohort("all", "PROD"), cohort("all", "stage")),
            cohorts("one without a place, which is a gap", cohort("all"), cohort("all", ABSENT)),
        ),
        failing=(
            cohorts("none in staging", cohort("all"), finds=(("COHORT_MISSING", "/cohorts"),)),
        ),
        hostile=(
            cohorts("an empty list", finds=(("COHORT_MISSING", "/cohorts"),) * 2),
            cohorts(
                "only where nobody goes",
                *(cohort("all", name) for name in ALL_HOSTILE),
                finds=(("COHORT_MISSING", "/cohorts"),) * 2,
            ),
        ),
    ),
    "rollout.sized": Examples(
        passing=(
            example("as it is", scene),
            NO_PLAN,
            cohorts("no share: that is a gap", cohort("all", share=ABSENT), BOTH[1]),
        ),
        failing=(cohorts("nothing", cohort("all", share=0), BOTH[1], finds=share(0, "COHORT_UNSIZED")),),
        hostile=(
            cohorts("below nothing", cohort("all", share=-1), finds=share(0, "COHORT_UNSIZED")),
            cohorts("far below nothing", cohort("all", share=1 - 2**53), finds=share(0, "COHORT_UNSIZED")),
            cohorts("a long name", cohort(LONG, share=0), finds=share(0, "COHORT_UNSIZED")),
            cohorts("a name that turns text around", cohort(TURNED, share=0), finds=share(0, "COHORT_UNSIZED")),
        ),
    ),
    "rollout.shares-fit": Examples(
        passing=(
            example("a part, then the rest, and all of another environment", scene),
            NO_PLAN,
            cohorts("less than all", cohort("first", share=1), cohort("all", share=98)),
            cohorts("nothing, which is held by itself, and all", cohort("first", share=0), cohort("all")),
            cohorts("one share is a gap", cohort("first", share=ABSENT), cohort("all", share=100)),
            cohorts("nobody says where one is, which is a gap", cohort("first", ABSENT, 1), cohort("all")),
        ),
        failing=(
            cohorts("one per cent too much", cohort("first", share=1), cohort("all"), finds=EXCEED),
            cohorts("in two spellings", cohort("first", "PROD", 51), cohort("all", share=50), finds=EXCEED),
            cohorts(
                "in both environments", *BOTH, cohort("first", share=1), cohort("first", "stage", 1), finds=EXCEED * 2
            ),
        ),
        hostile=(
            cohorts("evened out by less", cohort("first", share=-1), cohort("all", share=101), finds=EXCEED),
            cohorts("as large as JSON goes", cohort("all", share=2**53 - 1), finds=EXCEED),
            example("larger than that", lambda: scene(forced={"/cohorts/0/share_percent": 10**400}), *EXCEED),
            cohorts("in a place of markup", cohort("all", MARKUP), cohort("first", MARKUP), finds=EXCEED),
            cohorts("a hundred cohorts", *(cohort(f"c{n}", share=2) for n in range(100)), finds=EXCEED),
        ),
    ),
    "rollout.in-scope": Examples(
        passing=(
            example("as it is", scene),
            NO_PLAN,
            cohorts("other spellings", cohort("all", "PROD")),
            cohorts("nobody says where: that is a gap", cohort("all", ABSENT)),
        ),
        failing=(
            cohorts(
                "one in an environment that is not released to", *BOTH, cohort("all", "development"),
                finds=(("COHORT_OUT_OF_SCOPE", "/cohorts/2/environment"),),
            ),
        ),
        hostile=(
            cohorts(
                "in places that do not exist",
                *(cohort("all", name) for name in ALL_HOSTILE),
                finds=tuple(("COHORT_OUT_OF_SCOPE", f"/cohorts/{n}/environment") for n in range(len(ALL_HOSTILE))),
            ),
            cohorts(
                "in both at once", cohort("all", "production, staging"),
                finds=(("COHORT_OUT_OF_SCOPE", "/cohorts/0/environment"),),
            ),
        ),
    ),
    "rollout.unique": Examples(
        passing=(example("one name in two environments", scene), NO_PLAN),
        failing=(
            cohorts("twice", *BOTH, cohort("all", share=50), finds=(("COHORT_REPEATED", "/cohorts/2/name"),)),
            cohorts(
                "in two spellings", *BOTH, cohort("everyone", "PROD", 50),
                finds=(("COHORT_REPEATED", "/cohorts/2/name"),),
            ),
        ),
        hostile=(
            cohorts(
                "a hundred times, fifty told one by one", *(cohort(MARKUP) for _ in range(100)),
                finds=tuple(("COHORT_REPEATED", f"/cohorts/{n}/name") for n in range(1, 52)),
            ),
            cohorts(
                "twice, nobody says where", cohort("all", ABSENT), cohort("all", ABSENT),
                finds=(("COHORT_REPEATED", "/cohorts/1/name"),),
            ),
        ),
    ),
    "rollout.names-known": Examples(
        passing=(example("as it is", scene), NO_PLAN, cohorts("other spellings", cohort("1st", "PROD", 1))),
        failing=(
            cohorts("a cohort of theirs", cohort("beta"), finds=(("NAME_UNKNOWN", "/cohorts/0/name"),)),
            cohorts("a place of theirs", cohort("all", "eu"), finds=(("NAME_UNKNOWN", "/cohorts/0/environment"),)),
        ),
        hostile=(
            cohorts(
                "none of them is a name",
                *(cohort(name, name) for name in ALL_HOSTILE),
                finds=tuple(
                    ("NAME_UNKNOWN", f"/cohorts/{n}/{what}")
                    for n in range(len(ALL_HOSTILE)) for what in ("name", "environment")
                ),
            ),
        ),
    ),
}  # fmt: skip
