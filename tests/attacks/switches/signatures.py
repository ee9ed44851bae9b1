"""A page that believes what an authenticator says of itself."""

import json
from collections.abc import Iterable
from datetime import datetime

from cutover.contracts.approval import Assertion
from cutover.contracts.people import Passkey
from cutover.domain import passkeys as signing
from tests.attacks.switches import Patch
from tests.building.passkeys import Authenticator


def any_origin(patch: Patch) -> None:
    strictly = signing.check_client_data

    def check(content: bytes, *, kind: str, challenge: bytes, origin: str) -> None:
        kept = {name: each for name, each in json.loads(content).items() if name not in {"crossOrigin", "topOrigin"}}
        mended = json.dumps(kept | {"origin": origin}).encode()
        strictly(mended, kind=kind, challenge=challenge, origin=origin)

    patch.setattr(signing, "check_client_data", check)


def any_passkey(patch: Patch) -> None:
    """Whoever brings a credential is believed to have it, as a page would that registers on the spot."""
    names = ("bo", "stranger")

    def listed(assertion: Assertion, known: Iterable[Passkey], _: datetime) -> Passkey:
        (one, *_rest) = known
        others = [Authenticator(name, one.rp_id, one.origin).passkey() for name in names]
        return next(each for each in (one, *others) if each.id == assertion.credential)

    patch.setattr(signing, "_listed", listed)
