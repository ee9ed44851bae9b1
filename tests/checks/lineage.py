"""Row 15. Every field stands in the evidence that it names: a whole package, spoiled in one place."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cutover.contracts.base import Digest
from cutover.contracts.bundle import DraftBundle
from cutover.contracts.evidence import SourceFailure
from cutover.domain import canonical, lineage
from cutover.domain.checks.context import Context
from cutover.domain.statements import open_dsse
from tests.building.package import Package, package
from tests.checks.examples import Example, Examples, example
from tests.checks.scene import LONG, MARKUP, TURNED

BROKEN, TITLE = "LINEAGE_BROKEN", "/change/title"


@functools.cache
def made() -> Package:
    return package()


def whole(bundle: DraftBundle | None = None, documents: Mapping[Digest, bytes] | None = None) -> Context:
    """The package as its evidence made it, or with another bundle, whose trace is its own; or with other bytes."""
    known = made()
    said = bundle or DraftBundle.model_validate_json(canonical.encode_model(known.bundle))
    return Context(
        candidate=known.candidate, bundle=said, trace=lineage.trace(said, canonical.digest_model(said)),
        evidence_set=known.evidence_set, documents=known.documents if documents is None else documents,
        rules=known.rules, facts=known.facts, window=known.deployment.the_window(), statements=open_dsse,
    )  # fmt: skip


def title(value: str | None = None, **origin: Any) -> Context:
    """The change's title says something else, or that it comes from elsewhere."""
    context = whole()
    field = context.bundle.change.title
    said = field.model_copy(
        update={"value": value or field.value, "from_": field.from_.model_copy(update=origin)}  # type: ignore[union-attr]
    )
    change = context.bundle.change.model_copy(update={"title": said})
    return whole(context.bundle.model_copy(update={"change": change}))


def change_bytes(spoil: Callable[[bytes], bytes]) -> Context:
    """Other bytes lie under the digest of the change record."""
    record = made().bundle.change.number.from_.evidence  # type: ignore[union-attr]
    documents = made().documents
    return whole(documents={**documents, record: spoil(documents[record])})


FIELDS = tuple(f"/change/{name}" for name in ("number", "title", "state", "risk", "requester"))
OF_CHANGE = tuple((BROKEN, field) for field in (*FIELDS, "/change/components/0", "/change/environments/0"))


def untraced() -> Context:
    context = whole()
    return replace(context, trace=context.trace.model_copy(update={"entries": context.trace.entries[1:]}))


def failed(*failures: SourceFailure) -> Context:
    context = whole()
    first, *rest = context.evidence_set.collections
    collections = (first.model_copy(update={"failures": failures}), *rest)
    return replace(context, evidence_set=context.evidence_set.model_copy(update={"collections": collections}))


def failure(code: str, record: str = "changes/1", version: str = "v1", message: str = "404") -> SourceFailure:
    return SourceFailure(source="records", record=record, version=version, code=code, message=message)


def fails(about: str, *failures: SourceFailure) -> Example:
    return example(about, lambda: failed(*failures), *((each.code, "") for each in failures))


EXAMPLES = {
    "lineage.stands-in-evidence": Examples(
        passing=(example("as it is", whole),),
        failing=(
            example("another value", lambda: title("Delete orders"), (BROKEN, TITLE)),
            example("another place", lambda: title(pointer="/number"), (BROKEN, TITLE)),
            example("another record", lambda: title(record="changes/CHG-18"), (BROKEN, TITLE)),
            example("a field that the trace leaves out", untraced, (BROKEN, "")),
        ),
        hostile=(
            example("a pointer out of the record", lambda: title(pointer="/../title"), (BROKEN, TITLE)),
            example("an index of 600 digits", lambda: title(pointer="/comments/" + "9" * 600), (BROKEN, TITLE)),
            example("one title, read as a list", lambda: title(measure="length"), (BROKEN, TITLE)),
            example("text that turns around", lambda: title(TURNED), (BROKEN, TITLE)),
            example("one byte less", lambda: change_bytes(lambda content: content[:-1]), *OF_CHANGE),
            example("nothing", lambda: change_bytes(lambda _: b""), *OF_CHANGE),
            example("nested deep", lambda: change_bytes(lambda content: b"[" * len(content)), *OF_CHANGE),
        ),
    ),
    "lineage.collected": Examples(
        passing=(example("all of it", whole),),
        failing=(
            fails("missing", failure("SOURCE_RECORD_MISSING")),
            fails("two of them", failure("SOURCE_UNAUTHORIZED"), failure("SOURCE_UNREACHABLE", "flags/1")),
        ),
        hostile=(
            fails("names as long as they may be", failure("SOURCE_FAILING", "r" * 1_024, "v" * 1_024, "m" * 4_096)),
            fails("names that lie", failure("SOURCE_FAILING", TURNED, MARKUP, LONG)),
            fails("more lines than one", failure("SOURCE_FAILING", "a\nb", "c\td", "e\nf")),
            fails("a code that nobody knows", failure("SOURCE_ENCHANTED")),
            fails(
                "the same twice, at two versions", failure("COLLECT_FAILED"), failure("COLLECT_FAILED", version="v2")
            ),
        ),
    ),
}
