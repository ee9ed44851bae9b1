"""The approved change: a record of ``cutover/change-record/v1``, or another system's by a mapping.

=========  ====================  ===========================  =======================================
field      change-record/v1      ``HttpSource.change``        ``ServiceNowSource``, in its one result
=========  ====================  ===========================  =======================================
number     /number               the mapping's ``number``     /number
title      /title                … ``title``                  /short_description
state      /state                … ``state``                  /state
risk       /risk                 … ``risk``                   /risk
requester  /requester            … ``requester``              /requested_by
scope      /scope/components     … ``components``             /``components`` of the source
scope      /scope/environments   … ``environments``           /``environments`` of the source
=========  ====================  ===========================  =======================================

Which of them it is follows from the source's configuration alone, never from what a record says of itself. Other
systems name the scope by a list, or by one text whose parts commas separate. Everything is text, as the record has it:
a state that is a number in JSON is none.
"""

from collections.abc import Mapping

from cutover.contracts.candidate import Candidate
from cutover.contracts.policy import Rendering
from cutover.contracts.records import ChangeRecord
from cutover.contracts.sources import ChangeMapping, HttpSource, ServiceNowSource, Source
from cutover.domain.assembling import gaps
from cutover.domain.assembling.fields import JsonField, Place, Register
from cutover.domain.assembling.index import EvidenceIndex, Found, valid
from cutover.domain.pointer import NOWHERE, resolve

NATIVE = ChangeMapping(
    number="/number", title="/title", state="/state", risk="/risk", requester="/requester",
    components="/scope/components", environments="/scope/environments",
)  # fmt: skip


def change(candidate: Candidate, index: EvidenceIndex, register: Register, sources: Mapping[str, Source]) -> JsonField:
    found = index.find("change", candidate.change)
    base, mapping = _mapping(sources.get(candidate.change.source), found)
    usable = found if base is not None else None
    place = Place(register, usable, candidate.change, gaps.CHANGE, "/change", base or "")
    said = {"number": mapping.number, "title": mapping.title, "state": mapping.state, "risk": mapping.risk}
    return {
        **{name: place.take(name, pointer) for name, pointer in said.items()},
        "requester": place.take("requester", mapping.requester),
        "components": place.each(mapping.components, "component"),
        "environments": place.each(mapping.environments, "environment"),
    }


def requesters(
    candidate: Candidate, index: EvidenceIndex, sources: Mapping[str, Source]
) -> tuple[str | None, str | None]:
    """Who asked for the release and who for its change, as the bundle of this evidence will say (``waiving.asked``)."""
    aside = Register(cutover="", revision=0, owners={}, waivers={}, rendering=Rendering())
    return candidate.requester, change(candidate, index, aside, sources)["requester"].get("value")


def _mapping(source: Source | None, found: Found | None) -> tuple[str | None, ChangeMapping]:
    """Where in the record the change stands, None where it has none that can be used; and what stands where in it."""
    if isinstance(source, HttpSource) and source.change is not None:
        return "", source.change
    if isinstance(source, ServiceNowSource):
        return _only_result(found), _servicenow(source)
    return ("" if valid(ChangeRecord, found) else None), NATIVE


def _servicenow(source: ServiceNowSource) -> ChangeMapping:
    return ChangeMapping(
        number="/number", title="/short_description", state="/state", risk="/risk", requester="/requested_by",
        components=f"/{source.components}", environments=f"/{source.environments}",
    )  # fmt: skip


def _only_result(found: Found | None) -> str | None:
    """The Table API answers a query with a list of results, and a request for one record with that."""
    result = resolve(found.document, "/result") if found else NOWHERE
    if isinstance(result, list):
        return "/result/0" if len(result) == 1 else None
    return "/result" if isinstance(result, dict) else None
