"""Dependency manifests, summarised as a stream: CycloneDX JSON 1.4 to 1.7 (ECMA-424) and SPDX JSON 2.3 (ISO/IEC 5962).

A manifest may have tens of megabytes, so it is never a tree of objects here. The same bytes give the same summary in
every process, whichever of ijson's backends reads them: the summary is made again later to prove where it came from.

``format``, ``spec_version``  what the manifest says that it is, as far as it could be read
``components``  CycloneDX: every component, nested ones too, but not ``metadata.component`` nor what stands in a
                component's pedigree; SPDX: every package, the described one too, as SPDX keeps no place apart for it
``licences``    those of them that name a licence: CycloneDX ``licenses`` (an SPDX id, a name, an expression); SPDX
                ``licenseConcluded`` or ``licenseDeclared`` other than ``NONE`` and ``NOASSERTION``
``purls``       those of them that have a valid package URL (purl-spec): CycloneDX ``purl``, SPDX ``externalRefs``

Reading stops at what makes any count worthless (``Stopped``): then nothing is counted, and the problem says why.
"""

import hashlib

from cutover.contracts.evidence import DependencySummary
from cutover.domain.dependencies import cyclonedx, spdx
from cutover.domain.dependencies.lexical import demand_json, demand_one_reading
from cutover.domain.dependencies.problems import Stopped, shown
from cutover.domain.dependencies.streaming import walk
from cutover.domain.dependencies.tally import Tally
from cutover.domain.dependencies.walking import Walker

__all__ = ["SUPPORTED", "summarize"]

SUPPORTED = "CycloneDX JSON 1.4, 1.5, 1.6 and 1.7, and SPDX JSON 2.3"


def summarize(content: bytes, *, backend: str | None = None) -> DependencySummary:
    """What Cutover reads of a manifest, and what is wrong with it. Pure; raises nothing: a fault is a problem in it.

    ``content``: the bytes as received. ``backend``: one of ijson's by name; the fastest one that is there if not given.
    """
    tallies = Tally("CycloneDX"), Tally("SPDX")
    walker = Walker({"components": cyclonedx.COMPONENTS, "packages": spdx.PACKAGES}, *tallies)
    try:
        demand_json(content, SUPPORTED)
        demand_one_reading(content)
        walk(content, walker, backend)
        tally = _counted(walker, *tallies)
    except Stopped as stopped:
        return _summary(content, _stopped(walker, stopped, tallies))
    return _summary(content, tally)


def _counted(walker: Walker, cdx: Tally, spd: Tally) -> Tally:
    """The tally of the format that the manifest says it has. ``Stopped`` where it says neither, or both."""
    said = walker.root
    named = cyclonedx.is_named(said), spdx.is_named(said)
    if named == (True, False):
        cyclonedx.conclude(cdx, said)
        return cdx
    if named == (False, True):
        spdx.conclude(spd, said)
        return spd
    if all(named):
        found = "it says that it is both CycloneDX and SPDX"
    elif "@context" in said:
        found = "it is JSON-LD, such as SPDX 3"
    else:
        found = "it is JSON in which neither bomFormat says CycloneDX nor spdxVersion SPDX"
    raise Stopped("DEPENDENCY_FORMAT_UNSUPPORTED", "", f"{found}; supported: {SUPPORTED}")


def _stopped(walker: Walker, stopped: Stopped, tallies: tuple[Tally, Tally]) -> Tally:
    """What is left when reading stopped: why, and of what could be read which format it had said to be until then."""
    named = cyclonedx.is_named(walker.root), spdx.is_named(walker.root)
    known = sum(named) == 1 and stopped.code != "DEPENDENCY_UNREADABLE"
    last = Tally(tallies[named.index(True)].format if known else None)
    last.problems.add(stopped.code, stopped.pointer, stopped.detail)
    return last


def _summary(content: bytes, tally: Tally) -> DependencySummary:
    return DependencySummary(
        sha256="sha256:" + hashlib.sha256(content).hexdigest(),
        size=len(content),
        format=tally.format,
        spec_version=shown(tally.spec_version) if tally.spec_version else None,
        components=tally.components,
        licences=tally.licences,
        purls=tally.purls,
        problems=tally.problems.listed(),
    )
