"""What is read of CycloneDX JSON (ECMA-424; the schemas of 1.4 to 1.7), and what those schemas demand of it."""

from typing import Any

from cutover.domain.dependencies.problems import shown
from cutover.domain.dependencies.purls import is_purl
from cutover.domain.dependencies.shapes import Frame, Shape
from cutover.domain.dependencies.tally import Tally
from cutover.domain.dependencies.walking import Walker

VERSIONS = ("1.4", "1.5", "1.6", "1.7")
_STRUCTURE = "DEPENDENCY_STRUCTURE"
_TYPES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("application", "framework", "library", "container", "operating-system", "device", "firmware", "file"), VERSIONS
    ),
    **dict.fromkeys(("platform", "device-driver", "machine-learning-model", "data"), VERSIONS[1:]),
    "cryptographic-asset": VERSIONS[2:],
}
"""The types of components, each with the versions that know it."""


def _component(tally: Tally, frame: Frame, walker: Walker) -> None:
    """``type`` and ``name`` are demanded; ``bom-ref`` and ``purl`` are texts where they are given."""
    shape = frame.shape
    for key in ("type", "name"):
        if frame.text(key) is None:
            walker.fault(shape, _STRUCTURE, f"a component needs a {key}, a text")
    for key in ("bom-ref", "purl"):
        if key in frame.facts and frame.text(key) is None:
            walker.fault(shape, _STRUCTURE, f"{key} must be a text", key)
    if frame.text("bom-ref") == "":
        tally.versioned.setdefault("an empty bom-ref", (VERSIONS[:1], walker.pointer("bom-ref")))
    kind = frame.text("type")
    if kind is not None and kind not in _TYPES:
        walker.fault(shape, _STRUCTURE, f"there is no type of components called {shown(kind)}", "type")
    elif kind is not None and f"the type {kind}" not in tally.versioned:
        tally.versioned[f"the type {kind}"] = _TYPES[kind], walker.pointer("type")
    purl = frame.text("purl")
    valid = purl is not None and is_purl(purl)
    if purl is not None and not valid:
        walker.fault(shape, "DEPENDENCY_PURL_INVALID", "it is not a package URL (purl-spec)", "purl")
    tally.count(licensed=frame.facts.get("licenses") is True, purl=valid, pointer=walker.pointer())


def _licences(tally: Tally, frame: Frame, walker: Walker) -> None:  # noqa: ARG001  # the shape of every such function
    if frame.parent is not None:
        frame.parent.facts["licenses"] = frame.facts.get("named", False)


def _choice(tally: Tally, frame: Frame, walker: Walker) -> None:  # noqa: ARG001
    """Either ``license`` or ``expression``."""
    given = [key for key in ("license", "expression") if key in frame.facts]
    if len(given) != 1 or (given == ["expression"] and frame.text("expression") is None):
        walker.fault(frame.shape, _STRUCTURE, "a licence needs either license, an object, or expression, a text")
    if (frame.text("expression") or frame.facts.get("license") is True) and frame.parent is not None:
        frame.parent.facts["named"] = True


def _licence(tally: Tally, frame: Frame, walker: Walker) -> None:  # noqa: ARG001
    """Either ``id`` or ``name``."""
    given = [key for key in ("id", "name") if key in frame.facts]
    if len(given) != 1 or frame.text(given[0]) is None:
        walker.fault(frame.shape, _STRUCTURE, "a license needs either id or name, a text")
    if (frame.text("id") or frame.text("name")) and frame.parent is not None:
        frame.parent.facts["license"] = True


_LICENSE = Shape("license", texts=frozenset({"id", "name"}), closed=_licence)
_CHOICE = Shape("a licence", keys={"license": _LICENSE}, texts=frozenset({"expression"}), closed=_choice)
_LICENSES = Shape("licenses", items=_CHOICE, closed=_licences, is_array=True)
_COMPONENT = Shape("a component", texts=frozenset({"type", "name", "purl", "bom-ref"}), closed=_component)
COMPONENTS = Shape("components", items=_COMPONENT, is_array=True)
_COMPONENT.keys.update({"components": COMPONENTS, "licenses": _LICENSES})


def is_named(said: dict[str, Any]) -> bool:
    """Whether the manifest says that it is CycloneDX."""
    return said.get("bomFormat") == "CycloneDX"


def conclude(tally: Tally, said: dict[str, Any]) -> None:
    """What can be told when all was read, from the manifest's own keys: ``said``."""
    version = said.get("specVersion")
    tally.spec_version = version if isinstance(version, str) else None
    problems = tally.problems
    if tally.spec_version is None:
        problems.add(_STRUCTURE, "", "the manifest needs a specVersion, a text")
    elif version not in VERSIONS:
        found = f"CycloneDX {shown(tally.spec_version)}; supported: {', '.join(VERSIONS)}"
        problems.add("DEPENDENCY_VERSION_UNSUPPORTED", "/specVersion", found)
    else:
        for what, (versions, pointer) in tally.versioned.items():
            if version not in versions:
                problems.add(_STRUCTURE, pointer, f"CycloneDX {version} does not know {what}")
    if not tally.components:
        found = "components is empty" if "components" in said else "it has no components"
        problems.add("DEPENDENCY_EMPTY", "", f"{found}: nothing is said of what it depends on")
