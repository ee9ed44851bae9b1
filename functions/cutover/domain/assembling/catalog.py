"""What the service catalog says of a component: a Backstage entity (``backstage.io/…``, kind ``Component``).

It comes as JSON, or as YAML of which ``domain.unwrapping`` makes canonical JSON; pointers lead into the JSON.
(https://backstage.io/docs/features/software-catalog/descriptor-format)

=========  ==================================================================================================
owner      /spec/owner
lifecycle  /spec/lifecycle
tier       the label ``tier``, else the annotation ``cutover/tier``, else /spec/tier: Backstage has none itself
=========  ==================================================================================================
"""

from cutover.contracts.candidate import CandidateComponent
from cutover.domain.assembling import gaps
from cutover.domain.assembling.fields import JsonField, Place, Register
from cutover.domain.assembling.index import EvidenceIndex, Found

POINTERS = {
    "owner": ("/spec/owner",),
    "lifecycle": ("/spec/lifecycle",),
    "tier": ("/metadata/labels/tier", "/metadata/annotations/cutover~1tier", "/spec/tier"),
}
API = "backstage.io/"
"""How ``apiVersion`` of every version of Backstage's own kinds begins."""


def entity(at: str, component: CandidateComponent, index: EvidenceIndex, register: Register) -> JsonField:
    """``at``: where the component stands in the bundle."""
    made = index.find("catalog", component.catalog, payload=True)
    found = made or index.find("catalog", component.catalog)
    asked = component.catalog or component.artifact
    whole = Place(register, found, asked, gaps.CATALOG_ENTITY, f"{at}/catalog")
    if not is_component(found):
        return {name: whole.missing(f"/{name}") for name in POINTERS}
    return {name: whole.take(name, *POINTERS[name], gap=gap) for name, gap in gaps.CATALOG_FIELDS.items()}


def is_component(found: Found | None) -> bool:
    """Whether it is a component of a Backstage catalog: what another kind's owner owns is another thing."""
    said = found.document if found else None
    if not isinstance(said, dict):
        return False
    api = said.get("apiVersion")
    return isinstance(api, str) and api.startswith(API) and said.get("kind") == "Component"
