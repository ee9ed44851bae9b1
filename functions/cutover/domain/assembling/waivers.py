"""The waivers that the candidate or a resolution refers to: payloads of ``cutover/waiver/v1``."""

from cutover.contracts.candidate import Reference
from cutover.contracts.records import Waiver
from cutover.domain.assembling import gaps
from cutover.domain.assembling.fields import JsonField, Place, Register
from cutover.domain.assembling.index import EvidenceIndex, valid
from cutover.domain.assembling.kinds import DIGEST, LINE, TEXT


def waivers(references: tuple[Reference, ...], index: EvidenceIndex, register: Register) -> list[JsonField]:
    built = []
    for number, asked in enumerate(references):
        found = index.find("waivers", asked, payload=True)
        place = Place(register, found, asked, gaps.WAIVER, f"/waivers/{number}")
        if valid(Waiver, found) is None:
            built.append(place.missing())
            continue
        fields = {
            name: place.take(name, kind=TEXT if name == "reason" else LINE, gap=gap)
            for name, gap in gaps.WAIVER_FIELDS.items()
        }
        built.append({"id": place.take("id"), "fingerprint": place.take("fingerprint", kind=DIGEST), **fields})
    return built
