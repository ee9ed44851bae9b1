"""Row 4. What the components are made of."""

from dataclasses import replace
from typing import Any

from cutover.contracts.evidence import Collection, DependencyProblem, Evidence
from cutover.domain import canonical
from cutover.domain.checks.context import Context
from cutover.domain.dependencies import summarize
from tests.building.manifests import component, cyclonedx, spdx
from tests.checks.examples import Example, Examples, example
from tests.checks.scene import LONG, MARKUP, TURNED, put, reference, scene

FIELD = "/components/0/dependencies"
REFERENCE: dict[str, Any] = {"source": "records", "record": "sboms/service", "version": "v1"}
PACKAGE = {"name": "a", "SPDXID": "SPDXRef-a", "downloadLocation": "NONE"}
GOOD = cyclonedx(component(1), component(2))
SUMMARY = summarize(GOOD)
LIBRARY = {"type": "library", "name": "a"}


def evidence(content: bytes, unwraps: str | None = None) -> Evidence:
    return Evidence(
        **REFERENCE, fetched_at=scene().as_of, media_type="application/json", sha256=canonical.digest(content),
        size=len(content), unwraps=unwraps,
    )  # fmt: skip


def brought(manifest: bytes, derived: bytes | None) -> Context:
    """The first component brings this manifest, and Collect made ``derived`` of it; the second one brings none."""
    context = scene(candidate=put(reference("sboms/service"), "components", 0, "dependencies"))
    made = (evidence(manifest), *([evidence(derived, canonical.digest(manifest))] if derived is not None else []))
    documents = {canonical.digest(each): each for each in (manifest, derived) if each is not None}
    collections = (*context.evidence_set.collections, Collection(section="dependencies", evidence=made))
    return replace(
        context,
        evidence_set=context.evidence_set.model_copy(update={"collections": collections}),
        documents={**context.documents, **documents},
    )


def manifest(about: str, content: bytes, *codes: str) -> Example:
    """What the rule finds in a manifest, summarised as Collect does."""
    made = canonical.encode_model(summarize(content))
    return example(about, lambda: brought(content, made), *((code, FIELD) for code in codes))


def summary(about: str, *codes: str, **said: Any) -> Example:
    """A summary that nothing of ours wrote."""
    made = canonical.encode_model(SUMMARY.model_copy(update=said))
    return example(about, lambda: brought(GOOD, made), *((code, FIELD) for code in codes))


def problem(code: str, detail: str, pointer: str = "") -> tuple[DependencyProblem, ...]:
    return tuple(DependencyProblem(code=code, pointer=pointer, detail=detail) for _ in range(20))


def hostile(code: str) -> tuple[Example, ...]:
    """Messages that are long, turn text around or carry markup, twenty of them: still one hold that can be read."""
    return tuple(
        summary(f"{code} says {ascii(text)[:20]}", code, problems=problem(code, text, "/" + "components/0/" * 70 + "a"))
        for text in (LONG * 8, TURNED, MARKUP)
    )


IN_ORDER = (
    manifest("CycloneDX", GOOD),
    manifest("SPDX", spdx(PACKAGE)),
    example("no manifest: that is a gap", scene),
)

EXAMPLES = {
    "dependencies.readable": Examples(
        passing=(*IN_ORDER, manifest("XML can be read, by others", b"<bom/>")),
        failing=(
            manifest("cut off", GOOD[:-1], "DEPENDENCY_UNREADABLE"),
            manifest("empty", b"", "DEPENDENCY_UNREADABLE"),
            manifest("a key twice", b'{"bomFormat":"CycloneDX","bomFormat":"CycloneDX"}', "DEPENDENCY_UNREADABLE"),
            example("not summarised", lambda: brought(GOOD, None), ("DEPENDENCY_UNREADABLE", FIELD)),
        ),
        hostile=(
            manifest("a thousand levels", b'{"components":' + b"[" * 1000, "DEPENDENCY_TOO_DEEP"),
            manifest("millions of components", b'{"components":[' + b"{}," * 5_000_001, "DEPENDENCY_TOO_MANY"),
            manifest("not a number", b'{"components":NaN}', "DEPENDENCY_UNREADABLE"),
            example("a summary that is none", lambda: brought(GOOD, b"{}"), ("DEPENDENCY_UNREADABLE", FIELD)),
            example("a summary in markup", lambda: brought(GOOD, b"<x/>"), ("DEPENDENCY_UNREADABLE", FIELD)),
            *hostile("DEPENDENCY_UNREADABLE"),
        ),
    ),
    "dependencies.format-supported": Examples(
        passing=(*IN_ORDER, manifest("unreadable: another rule's", GOOD[:-1])),
        failing=(
            manifest("XML", b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>', "DEPENDENCY_FORMAT_UNSUPPORTED"),
            manifest("tag-value", b"SPDXVersion: SPDX-2.3\n", "DEPENDENCY_FORMAT_UNSUPPORTED"),
            manifest("any JSON", b'{"dependencies": []}', "DEPENDENCY_FORMAT_UNSUPPORTED"),
        ),
        hostile=(
            manifest("two formats", b'{"bomFormat":"CycloneDX","spdxVersion":"SPDX-2.3"}',
                     "DEPENDENCY_FORMAT_UNSUPPORTED"),
            summary("none, and no problem", "DEPENDENCY_FORMAT_UNSUPPORTED", format=None),
            summary("another, and no problem", "DEPENDENCY_FORMAT_UNSUPPORTED", format=TURNED),
            *hostile("DEPENDENCY_FORMAT_UNSUPPORTED"),
        ),
    ),
    "dependencies.version-supported": Examples(
        passing=(*IN_ORDER, *(manifest(each, cyclonedx(LIBRARY, version=each)) for each in ("1.4", "1.5", "1.7"))),
        failing=(
            manifest("CycloneDX 1.3", cyclonedx(LIBRARY, version="1.3"), "DEPENDENCY_VERSION_UNSUPPORTED"),
            manifest("SPDX 2.2", spdx(PACKAGE, version="SPDX-2.2"), "DEPENDENCY_VERSION_UNSUPPORTED"),
        ),
        hostile=(
            *(manifest(ascii(each)[:20], cyclonedx(LIBRARY, version=each), "DEPENDENCY_VERSION_UNSUPPORTED")
              for each in (LONG, TURNED, MARKUP, "1.6 ", "01.6", "")),
            *hostile("DEPENDENCY_VERSION_UNSUPPORTED"),
        ),
    ),
    "dependencies.structure": Examples(
        passing=(*IN_ORDER, manifest("another version", cyclonedx(LIBRARY, version="1.3"))),
        failing=(
            manifest("no name", cyclonedx({"type": "library"}), "DEPENDENCY_STRUCTURE"),
            manifest("no list", b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":{}}',
                     "DEPENDENCY_STRUCTURE"),
            manifest("no SPDXID", spdx({"name": "a", "downloadLocation": "NONE"}), "DEPENDENCY_STRUCTURE"),
        ),
        hostile=(
            manifest("a type of markup", cyclonedx({"type": MARKUP, "name": "a"}), "DEPENDENCY_STRUCTURE"),
            manifest("a hundred faults", cyclonedx(*range(100)), "DEPENDENCY_STRUCTURE"),
            summary("what no rule knows", "DEPENDENCY_STRUCTURE", problems=problem("DEPENDENCY_ODD", "odd")),
            *hostile("DEPENDENCY_STRUCTURE"),
        ),
    ),
    "dependencies.references-unique": Examples(
        passing=(*IN_ORDER, manifest("none at all", cyclonedx(LIBRARY, LIBRARY))),
        failing=(
            manifest("bom-ref", cyclonedx(component(1), component(1)), "DEPENDENCY_REF_DUPLICATED"),
            manifest("SPDXID", spdx(PACKAGE, PACKAGE), "DEPENDENCY_REF_DUPLICATED"),
        ),
        hostile=(
            manifest("of a service", cyclonedx(component(1), services=[{"bom-ref": component(1)["bom-ref"]}]),
                     "DEPENDENCY_REF_DUPLICATED"),
            manifest("written otherwise", GOOD.replace(b'"bom-ref": "pkg', b'"bom\\u002dref": "x", "x": "pkg'),
                     "DEPENDENCY_REF_DUPLICATED"),
            *hostile("DEPENDENCY_REF_DUPLICATED"),
        ),
    ),
    "dependencies.purls-valid": Examples(
        passing=(*IN_ORDER, manifest("none at all", cyclonedx(LIBRARY))),
        failing=(manifest("no type", cyclonedx({**LIBRARY, "purl": "pkg:a"}), "DEPENDENCY_PURL_INVALID"),),
        hostile=(
            *(manifest(ascii(each)[:20], cyclonedx({**LIBRARY, "purl": each}), "DEPENDENCY_PURL_INVALID")
              for each in ("", MARKUP, TURNED, "pkg:" + LONG * 10)),
            *hostile("DEPENDENCY_PURL_INVALID"),
        ),
    ),
    "dependencies.not-empty": Examples(
        passing=IN_ORDER,
        failing=(
            manifest("an empty list", cyclonedx(), "DEPENDENCY_EMPTY"),
            manifest("no list", b'{"bomFormat":"CycloneDX","specVersion":"1.6"}', "DEPENDENCY_EMPTY"),
        ),
        hostile=(
            manifest("itself only", cyclonedx(metadata={"component": LIBRARY}), "DEPENDENCY_EMPTY"),
            manifest("in another format's list", cyclonedx(packages=[PACKAGE]), "DEPENDENCY_EMPTY"),
            *hostile("DEPENDENCY_EMPTY"),
        ),
    ),
}  # fmt: skip
