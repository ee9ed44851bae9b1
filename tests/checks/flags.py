"""Row 7. The flags, by reference."""

from typing import Any

from tests.checks.examples import Example, Examples, example
from tests.checks.scene import ABSENT, ALL_HOSTILE, LONG, MARKUP, TURNED, flag, put, scene

NO_SET = example("no flags that can be read: that is a gap", lambda: scene(put(ABSENT, "flags")))
NONE = example("no flags at all", lambda: scene(put([], "flags")))


def one(about: str, *codes: str, field: str = "", key: str = "a.flag", **changes: Any) -> Example:
    said = [flag(key, **changes)]
    return example(about, lambda: scene(put(said, "flags")), *((code, f"/flags/0/{field}") for code in codes))


def ends(said: Any, *codes: str) -> Example:
    return one(f"it ends at {ascii(said)[:40]}", *codes, field="expires_at", expires_at=said)


def of_type(said: Any, *codes: str) -> Example:
    return one(f"of type {ascii(said)[:30]}", *codes, field="type", type=said)


def allowed_in(*said: Any, about: str = "", codes: tuple[str, ...] = ()) -> Example:
    return one(about or f"allowed in {said}", *codes, field="environments", environments=[*said])


EXAMPLES = {
    "flags.type-known": Examples(
        passing=(
            NO_SET, NONE, of_type(ABSENT), *map(of_type, ("release", "experiment", "operational", "permission")),
        ),
        failing=(of_type("kill-switch", "FLAG_TYPE_UNKNOWN"),),
        hostile=(
            *(of_type(said, "FLAG_TYPE_UNKNOWN") for said in (LONG, TURNED, MARKUP, "Release", "release ")),
            of_type("release\u200b", "FLAG_TYPE_UNKNOWN"),
            one("a key of markup", "FLAG_TYPE_UNKNOWN", field="type", key=MARKUP, type="x"),
        ),
    ),
    "flags.outlives-window": Examples(
        passing=(
            NO_SET, NONE, ends("2026-03-03T22:00:00Z"), ends(ABSENT),
            one("a permission that does not end", type="permission", expires_at=None),
        ),
        failing=(
            ends("2026-03-02T09:02:00Z", "FLAG_EXPIRED"),
            ends("2025-01-01T00:00:00Z", "FLAG_EXPIRED"),
            ends("2026-03-02T09:02:01Z", "FLAG_EXPIRES_BEFORE_WINDOW"),
            ends("2026-03-03T21:59:59Z", "FLAG_EXPIRES_BEFORE_WINDOW"),
            one(
                "a permission that ends too early", "FLAG_EXPIRED", field="expires_at", type="permission",
                expires_at="2026-01-01T00:00:00Z",
            ),
            ends("2026-06-01", "FLAG_EXPIRY_UNREADABLE"),
        ),
        hostile=tuple(
            ends(said, "FLAG_EXPIRY_UNREADABLE")
            for said in (
                "never", "2026-06-01T00:00:00+02:00", "2026-06-31T00:00:00Z", "\uff12026-06-01T00:00:00Z",
                "9999999999", "99999-01-01T00:00:00Z", "0000-00-00T00:00:00Z", LONG, TURNED, MARKUP,
            )
        ),
    ),
    "flags.in-scope": Examples(
        passing=(
            example("as it is", scene), NO_SET, NONE,
            allowed_in("PROD", "stage", "development", about="other spellings, and one more"),
            one("not said: that is a gap", environments=ABSENT),
        ),
        failing=(
            allowed_in("staging", codes=("FLAG_OUT_OF_SCOPE",)),
            example(
                "the second, after one that does not say",
                lambda: scene(
                    put([flag("a", environments=ABSENT), flag("b", environments=["staging"])], "flags"),
                ),
                ("FLAG_OUT_OF_SCOPE", "/flags/1/environments"),
            ),
            allowed_in(about="allowed nowhere", codes=("FLAG_OUT_OF_SCOPE",) * 2),
        ),
        hostile=(
            allowed_in(*ALL_HOSTILE, "*", "PROD,stage", about="anywhere else", codes=("FLAG_OUT_OF_SCOPE",) * 2),
            allowed_in(*["staging"] * 200, about="two hundred times the same", codes=("FLAG_OUT_OF_SCOPE",)),
            example(
                "an environment twice in the release",
                lambda: scene(
                    put([flag("a.flag", environments=["staging"])], "flags"),
                    candidate=put(["production", "production"], "environments"),
                ),
                ("FLAG_OUT_OF_SCOPE", "/flags/0/environments"),
            ),
        ),
    ),
    "flags.unique": Examples(
        passing=(
            example("as it is", scene), NO_SET, NONE,
            example("one begins as the other", lambda: scene(put([flag("a"), flag("a.b"), flag("A")], "flags"))),
        ),
        failing=(
            example(
                "twice",
                lambda: scene(put([flag("a"), flag("b"), flag("a")], "flags")),
                ("FLAG_REPEATED", "/flags/2/key"),
            ),
        ),
        hostile=(
            example(
                "two hundred times, with nothing else said, fifty told one by one",
                lambda: scene(put([{**dict.fromkeys(flag("x"), ABSENT), "key": LONG} for _ in range(200)], "flags")),
                *(("FLAG_REPEATED", f"/flags/{n}/key") for n in range(1, 52)),
            ),
        ),
    ),
    "flags.names-known": Examples(
        passing=(example("as it is", scene), NO_SET, NONE, allowed_in("PROD", "stage")),
        failing=(
            example(
                "an environment of theirs",
                lambda: scene(put("prd", "flags", 1, "environments", "-")),
                ("NAME_UNKNOWN", "/flags/1/environments/2"),
            ),
        ),
        hostile=(
            example(
                "none of them is a name",
                lambda: scene(put([flag("a", environments=[*ALL_HOSTILE])], "flags")),
                *(("NAME_UNKNOWN", f"/flags/0/environments/{n}") for n in range(len(ALL_HOSTILE))),
            ),
        ),
    ),
}  # fmt: skip
