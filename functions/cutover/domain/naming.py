"""The names of cutovers: ``product@target.number``, and ``product@target.rehearsal.number`` for rehearsals.

What a revision is, its cutover's name says, under which the record is stored: there is no mark beside it that could
say otherwise.
"""

from cutover.contracts.base import CutoverId, Product

REHEARSAL = "rehearsal"
"""Products and targets have no dot in their names, so no name of a cutover reads in two ways."""


def cutover_id(product: Product, target: Product, number: int, *, rehearsal: bool) -> CutoverId:
    return ".".join([f"{product}@{target}", *([REHEARSAL] if rehearsal else []), str(number)])


def is_rehearsal(cutover: CutoverId) -> bool:
    return cutover.split(".")[1:-1] == [REHEARSAL]


def of(cutover: CutoverId) -> tuple[Product, Product]:
    """The product and the target."""
    product, _, target = cutover.partition(".")[0].partition("@")
    return product, target
