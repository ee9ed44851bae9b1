"""Reading documents that Cutover wrote: exactly the bytes that their contract would write."""

from typing import Any, TypeVar

from pydantic import ValidationError

from cutover.contracts.base import Model
from cutover.domain import canonical
from cutover.domain.faults import faults_of
from cutover.errors import Refused

D = TypeVar("D", bound=Model)
SHOWN = 200


def read(model: type[D], content: bytes, what: str) -> D:
    """A valid document from its canonical bytes.

    Raises ``Refused``: ``NOT_CANONICAL``; ``CONTRACT_INVALID`` with the faults.
    """
    canonical.decode(content)
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        faults = "; ".join(f"{fault.pointer}: {fault.message}" for fault in faults_of(error)[:5])
        raise Refused("CONTRACT_INVALID", f"{what}: {faults}") from error


def read_exact(model: type[D], content: bytes, what: str) -> D:
    """As ``read``, of a document that is always written whole: writing it again gives the same bytes.

    So nothing is left out that a default would fill, and no key has a second spelling.
    """
    document = read(model, content, what)
    if canonical.encode_model(document) != content:
        raise Refused("CONTRACT_INVALID", f"{what}: not as its contract writes it")
    return document


def equal(code: str, *pairs: tuple[str, Any, Any]) -> None:
    """Refuses with ``code`` at the first (name, found, wanted) whose two values differ."""
    for what, found, wanted in pairs:
        if type(found) is not type(wanted) or found != wanted:
            raise Refused(code, f"{what} is {_short(found)}, wanted {_short(wanted)}")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
