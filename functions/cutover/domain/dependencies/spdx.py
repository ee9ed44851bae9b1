"""What is read of SPDX JSON (ISO/IEC 5962; SPDX 2.3 §6 to §7), and what the specification demands of it."""

from typing import Any

from cutover.domain.dependencies.problems import shown
from cutover.domain.dependencies.purls import is_purl
from cutover.domain.dependencies.shapes import Frame, Shape
from cutover.domain.dependencies.tally import Tally
from cutover.domain.dependencies.walking import Walker

VERSIONS = ("2.3",)
_PREFIX = "SPDX-"
_STRUCTURE = "DEPENDENCY_STRUCTURE"
_DEMANDED = ("name", "SPDXID", "downloadLocation")
_SAYS_NOTHING = frozenset({"", "NONE", "NOASSERTION"})
_PURL = frozenset({"purl", "http://spdx.org/rdf/references/purl"})
_LICENCES = ("licenseConcluded", "licenseDeclared")


def _package(tally: Tally, frame: Frame, walker: Walker) -> None:
    """``name``, ``SPDXID`` and ``downloadLocation`` are demanded (§7.1, §7.2, §7.7)."""
    shape = frame.shape
    for key in _DEMANDED:
        if frame.text(key) is None:
            walker.fault(shape, _STRUCTURE, f"a package needs {key}, a text")
    identity = frame.text("SPDXID")
    if identity is not None and not identity.startswith("SPDXRef-"):
        walker.fault(shape, _STRUCTURE, "SPDXID must begin with SPDXRef-", "SPDXID")
    for key in _LICENCES:
        if key in frame.facts and frame.text(key) is None:
            walker.fault(shape, _STRUCTURE, f"{key} must be a text", key)
    licensed = any((frame.text(key) or "") not in _SAYS_NOTHING for key in _LICENCES)
    tally.count(licensed=licensed, purl=frame.facts.get("externalRefs") is True, pointer=walker.pointer())


def _references(tally: Tally, frame: Frame, walker: Walker) -> None:  # noqa: ARG001  # the shape of every such function
    if frame.parent is not None:
        frame.parent.facts["externalRefs"] = frame.facts.get("purl", False)


def _reference(tally: Tally, frame: Frame, walker: Walker) -> None:  # noqa: ARG001
    """``referenceCategory``, ``referenceType`` and ``referenceLocator`` are demanded (§7.21)."""
    for key in ("referenceCategory", "referenceType", "referenceLocator"):
        if frame.text(key) is None:
            walker.fault(frame.shape, _STRUCTURE, f"an external reference needs {key}, a text")
    locator = frame.text("referenceLocator")
    if frame.text("referenceType") not in _PURL or locator is None:
        return
    if not is_purl(locator):
        detail = "it is not a package URL (purl-spec)"
        walker.fault(frame.shape, "DEPENDENCY_PURL_INVALID", detail, "referenceLocator")
    elif frame.parent is not None:
        frame.parent.facts["purl"] = True


_KEYS = frozenset({"referenceCategory", "referenceType", "referenceLocator"})
_EXTERNAL = Shape("an external reference", texts=_KEYS, tally=1, closed=_reference)
_EXTERNALS = Shape("externalRefs", items=_EXTERNAL, tally=1, closed=_references, is_array=True)
_PACKAGE = Shape(
    "a package", keys={"externalRefs": _EXTERNALS}, texts=frozenset({*_DEMANDED, *_LICENCES}), tally=1, closed=_package
)
PACKAGES = Shape("packages", items=_PACKAGE, tally=1, is_array=True)


def is_named(said: dict[str, Any]) -> bool:
    """Whether the manifest says that it is SPDX 2."""
    version = said.get("spdxVersion")
    return isinstance(version, str) and version.startswith(_PREFIX)


def conclude(tally: Tally, said: dict[str, Any]) -> None:
    """What can be told when all was read, from the manifest's own keys: ``said``."""
    tally.spec_version = str(said["spdxVersion"]).removeprefix(_PREFIX)
    problems = tally.problems
    if tally.spec_version not in VERSIONS:
        found = f"SPDX {shown(tally.spec_version)}; supported: {', '.join(VERSIONS)}"
        problems.add("DEPENDENCY_VERSION_UNSUPPORTED", "/spdxVersion", found)
    if said.get("SPDXID") != "SPDXRef-DOCUMENT":
        problems.add(_STRUCTURE, "/SPDXID", "the document's SPDXID must be SPDXRef-DOCUMENT")
    if not tally.components:
        found = "packages is empty" if "packages" in said else "it has no packages"
        problems.add("DEPENDENCY_EMPTY", "", f"{found}: nothing is said of what it depends on")
