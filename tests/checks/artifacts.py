"""Row 1. What the registry says of the artifacts."""

from typing import Any

from cutover.domain.checks.context import Context
from tests.checks.examples import Examples, example
from tests.checks.scene import ALL_HOSTILE, LONG, MARKUP, TURNED, artifact_said, put, scene

OTHER = "sha256:" + "e" * 64
FIRST, SECOND = "/components/0/digest", "/components/1/digest"


def registry(**changes: Any) -> Context:
    """The registry says something else of the first artifact."""
    return answered({**artifact_said("service"), **changes})


def answered(said: Any) -> Context:
    return scene(records={"shop/service": ("artifacts", said)})


def unpinned() -> Context:
    return scene(candidate=put(None, "components", 0, "artifact", "digest"))


MALFORMED: dict[str, Any] = {
    "nothing": b"", "no JSON": b"{", "another encoding": b"\xff\xfe{}", "null": None, "a list": [], "a number": 7,
    "text": MARKUP, "an empty object": {}, "a deep list": b"[" * 5_000,
    "no newest version": {**artifact_said("service"), "latest": None},
    "a digest of another kind": {**artifact_said("service"), "latest_sha256": "md5:" + "0" * 32},
    "a digest that is a number": {**artifact_said("service"), "sha256": 7},
    "a size below nothing": {**artifact_said("service"), "size": -1},
    "a size that is text": {**artifact_said("service"), "size": "20"},
    "a size of 400 digits": b'{"size": ' + b"9" * 400 + b"}",
    "a version of 4 KB": {**artifact_said("service"), "latest": "v" * 4_096},
    "a word more than it may": {**artifact_said("service"), "verdict": "go"},
}  # fmt: skip

EXAMPLES = {
    "artifacts.record-readable": Examples(
        passing=(
            example("as it is", scene),
            example("no record: that is a gap", lambda: scene(without=("shop/service",))),
        ),
        failing=(example("of another kind", lambda: answered({}), ("ARTIFACT_RECORD_MALFORMED", FIRST)),),
        hostile=tuple(
            example(about, lambda said=said: answered(said), ("ARTIFACT_RECORD_MALFORMED", FIRST))  # type: ignore[misc]
            for about, said in MALFORMED.items()
        ),
    ),
    "artifacts.digest-known": Examples(
        passing=(
            example("as it is", scene),
            example("unpinned: that is a gap", unpinned),
            example("malformed: that is another rule's", lambda: answered({})),
        ),
        failing=(
            example("other bytes", lambda: registry(sha256=OTHER), ("ARTIFACT_DIGEST_UNKNOWN", FIRST)),
            example(
                "both",
                lambda: scene(
                    records={
                        f"shop/{n}": ("artifacts", {**artifact_said(n), "sha256": OTHER}) for n in ("service", "worker")
                    }
                ),
                ("ARTIFACT_DIGEST_UNKNOWN", FIRST),
                ("ARTIFACT_DIGEST_UNKNOWN", SECOND),
            ),
        ),
        hostile=(
            example(
                "one digit differs",
                lambda: registry(sha256="sha256:" + "d" * 63 + "c"),
                ("ARTIFACT_DIGEST_UNKNOWN", FIRST),
            ),
            example("the newest has the announced digest", lambda: registry(latest="v2")),
        ),
    ),
    "artifacts.nothing-newer": Examples(
        passing=(
            example("as it is", scene),
            example("the same bytes once more", lambda: registry(latest="v2")),
        ),
        failing=(
            example(
                "newer bytes",
                lambda: registry(latest="v2", latest_sha256=OTHER),
                ("SUPERSESSION_UNRESOLVED", FIRST),
            ),
        ),
        hostile=tuple(
            example(
                f"a version called {ascii(name)[:30]}",
                lambda name=name: registry(latest=name, latest_sha256=OTHER),  # type: ignore[misc]
                ("SUPERSESSION_UNRESOLVED", FIRST),
            )
            for name in (LONG * 2, TURNED, MARKUP, "v1\nv1", "v1 ", "v1")
        ),
    ),
    "artifacts.names-unique": Examples(
        passing=(example("as it is", scene),),
        failing=(
            example(
                "in two spellings",
                lambda: scene(forced={"/components/1/name": "shop/service"}),
                ("COMPONENT_REPEATED", "/components/1/name"),
            ),
        ),
        hostile=tuple(
            example(
                f"two called {ascii(name)[:30]}",
                lambda name=name: scene(forced={f"/components/{n}/name": name for n in (0, 1)}),  # type: ignore[misc]
                ("COMPONENT_REPEATED", "/components/1/name"),
            )
            for name in (*ALL_HOSTILE, "n" * 4_096)
        ),
    ),
    "artifacts.names-known": Examples(
        passing=(
            example("ours", scene),
            example("as a source system spells it", lambda: scene(forced={"/components/0/name": "shop/service"})),
        ),
        failing=(
            example(
                "a component that nobody listed",
                lambda: scene(put("billing", "components", 1, "name")),
                ("NAME_UNKNOWN", "/components/1/name"),
            ),
            example(
                "an empty table knows nobody",
                lambda: scene(change_rules={"rendering": {"version": 1}}),
                ("NAME_UNKNOWN", "/components/0/name"),
                ("NAME_UNKNOWN", "/components/1/name"),
            ),
        ),
        hostile=tuple(
            example(
                f"a component called {ascii(name)[:30]}",
                lambda name=name: scene(forced={"/components/0/name": name}),  # type: ignore[misc]
                ("NAME_UNKNOWN", "/components/0/name"),
            )
            for name in (*ALL_HOSTILE, "", "n" * 4_096, "\udcff", 10**30, True)
        ),
    ),
}
