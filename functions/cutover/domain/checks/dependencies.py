"""Row 4: each component's dependency manifest can be read, and says in good order what the component is made of.

A manifest that is missing is a gap of the bundle, found by Assemble. Here its summary is judged
(``domain.dependencies``): one rule for each cause, and one hold of it for each component.
"""

from collections.abc import Iterator

from pydantic import ValidationError

from cutover.contracts.evidence import DependencyProblem, DependencySummary
from cutover.domain import bounded
from cutover.domain.assembling.index import Found
from cutover.domain.checks.context import Context, Problem, Rule

SUPPORTED = "CycloneDX JSON 1.4, 1.5, 1.6 or 1.7, or SPDX JSON 2.3"
LET_THE_BUILD_WRITE = f"let the build write {SUPPORTED}, and announce the new manifest"
MAKE_AGAIN = "make the manifest again with the tool that it came from, and announce the new one"
FORMATS = frozenset({"CycloneDX", "SPDX"})
_UNREAD = frozenset({"DEPENDENCY_UNREADABLE", "DEPENDENCY_TOO_DEEP", "DEPENDENCY_TOO_MANY"})
_OTHERS = _UNREAD | {
    "DEPENDENCY_FORMAT_UNSUPPORTED",
    "DEPENDENCY_VERSION_UNSUPPORTED",
    "DEPENDENCY_REF_DUPLICATED",
    "DEPENDENCY_PURL_INVALID",
    "DEPENDENCY_EMPTY",
}
_SHOWN = 3


def readable(context: Context) -> Iterator[Problem]:
    """The manifest is JSON that can be read in one way only, and no deeper or longer than any real one."""
    wanted = "a manifest in JSON (RFC 8259) that every reader reads alike, of a size that tools make"
    for number, found, summary in _manifests(context):
        for code in ("DEPENDENCY_UNREADABLE", "DEPENDENCY_TOO_DEEP", "DEPENDENCY_TOO_MANY"):
            if summary is not None and (told := _told(summary, {code})):
                yield _problem(number, found, code, told, wanted=wanted, mend=MAKE_AGAIN)
        if summary is None:
            told = "nothing could be made of it"
            yield _problem(number, found, "DEPENDENCY_UNREADABLE", told, wanted=wanted, mend=MAKE_AGAIN)


def format_supported(context: Context) -> Iterator[Problem]:
    """The manifest says which format it has, and it is one that Cutover reads."""
    code = "DEPENDENCY_FORMAT_UNSUPPORTED"
    for number, found, summary in _summaries(context):
        unread = any(each.code in _UNREAD for each in summary.problems)
        unstated = "" if unread or summary.format in FORMATS else "no format is stated"
        if told := _told(summary, {code}) or unstated:
            yield _problem(number, found, code, told, wanted=SUPPORTED, mend=LET_THE_BUILD_WRITE)


def version_supported(context: Context) -> Iterator[Problem]:
    """The manifest is in a version of its format that Cutover reads."""
    code = "DEPENDENCY_VERSION_UNSUPPORTED"
    for number, found, summary in _summaries(context):
        if told := _told(summary, {code}):
            yield _problem(number, found, code, told, wanted=SUPPORTED, mend=LET_THE_BUILD_WRITE)


def structure(context: Context) -> Iterator[Problem]:
    """Components, licences and references have the structure that the manifest's format demands of them."""
    # Whatever no other rule speaks for is taken for this: no problem of a summary goes unheard.
    wanted = "what the specification of the manifest's format demands"
    mend = "correct the tool that made the manifest: the pointers lead to what is wrong"
    for number, found, summary in _summaries(context):
        own = {each.code for each in summary.problems} - _OTHERS
        if told := _told(summary, own):
            yield _problem(number, found, "DEPENDENCY_STRUCTURE", told, wanted=wanted, mend=mend)


def references_unique(context: Context) -> Iterator[Problem]:
    """Every reference (``bom-ref``, ``SPDXID``) stands once in its manifest, so that it names one thing."""
    code, wanted = "DEPENDENCY_REF_DUPLICATED", "every bom-ref or SPDXID once in the manifest"
    mend = "let the tool that makes or merges the manifest give each component a reference of its own"
    for number, found, summary in _summaries(context):
        if told := _told(summary, {code}):
            yield _problem(number, found, code, told, wanted=wanted, mend=mend)


def purls_valid(context: Context) -> Iterator[Problem]:
    """Every package URL in the manifest is one (purl-spec)."""
    code, wanted = "DEPENDENCY_PURL_INVALID", "package URLs, such as pkg:npm/%40scope/name@1.0.0"
    mend = "correct the package URLs in the tool that made the manifest"
    for number, found, summary in _summaries(context):
        if told := _told(summary, {code}):
            yield _problem(number, found, code, told, wanted=wanted, mend=mend)


def not_empty(context: Context) -> Iterator[Problem]:
    """The manifest names at least one component."""
    code, wanted = "DEPENDENCY_EMPTY", "a manifest that names what the component is made of"
    mend = "make the manifest of what is released, not of an empty folder"
    for number, found, summary in _summaries(context):
        if told := _told(summary, {code}):
            yield _problem(number, found, code, told, wanted=wanted, mend=mend)


def _manifests(context: Context) -> Iterator[tuple[int, Found, DependencySummary | None]]:
    """Of each component that brought a manifest: its number, the evidence, and the summary where there is one."""
    for number, component in enumerate(context.candidate.components):
        derived = context.index.find("dependencies", component.dependencies, payload=True)
        if derived is not None:
            yield number, derived, _read(derived)
        elif (came := context.index.find("dependencies", component.dependencies)) is not None:
            yield number, came, None


def _read(derived: Found) -> DependencySummary | None:
    try:
        return DependencySummary.model_validate_json(derived.content)
    except ValidationError:
        return None


def _summaries(context: Context) -> Iterator[tuple[int, Found, DependencySummary]]:
    for number, found, summary in _manifests(context):
        if summary is not None:
            yield number, found, summary


def _told(summary: DependencySummary, codes: set[str]) -> str:
    """The first problems of these codes: they are mended together, so they are one hold. Empty when there are none."""
    problems: list[DependencyProblem] = [each for each in summary.problems if each.code in codes]
    said = [f"{each.pointer or 'the manifest'}: {each.detail}" for each in problems[:_SHOWN]]
    more = len(problems) - _SHOWN
    return "; ".join([*said, *([f"and {more} more in its summary"] if more > 0 else [])])


def _problem(number: int, found: Found, code: str, told: str, *, wanted: str, mend: str) -> Problem:
    evidence = found.evidence
    return Problem(
        code=code,
        field=f"/components/{number}/dependencies",
        subject=evidence.sha256,
        found=bounded.line(told),
        wanted=wanted,
        mend=mend,
        evidence=(evidence.sha256,) if evidence.unwraps is None else (evidence.sha256, evidence.unwraps),
    )


RULES = (
    Rule("dependencies.readable", readable, reads=("dependencies",)),
    Rule("dependencies.format-supported", format_supported, reads=("dependencies",)),
    Rule("dependencies.version-supported", version_supported, reads=("dependencies",)),
    Rule("dependencies.structure", structure, reads=("dependencies",)),
    Rule("dependencies.references-unique", references_unique, reads=("dependencies",)),
    Rule("dependencies.purls-valid", purls_valid, reads=("dependencies",)),
    Rule("dependencies.not-empty", not_empty, reads=("dependencies",)),
)
