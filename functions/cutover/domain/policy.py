"""Loading policy: nothing counts that both owners have not signed."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import ValidationError

from cutover.contracts.base import Digest, Model
from cutover.contracts.envelope import Envelope
from cutover.contracts.policy import (
    FACTS_TYPE,
    RULES_TYPE,
    TRUST_TYPE,
    Facts,
    Root,
    Rules,
    SignedReference,
    TrustBundle,
)
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.faults import faults_of
from cutover.errors import Refused

M = TypeVar("M", Rules, Facts, TrustBundle)


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules and facts that were signed by both owners, and where their envelopes are stored."""

    rules: Rules
    facts: Facts
    rules_reference: SignedReference
    facts_reference: SignedReference

    @property
    def rules_digest(self) -> Digest:
        return self.rules_reference.payload

    @property
    def facts_digest(self) -> Digest:
        return self.facts_reference.payload


def parse_root(content: bytes, *, fingerprint: Digest) -> Root:
    """The root document, only if its bytes have the pinned fingerprint."""
    if not canonical.same(canonical.digest(content), fingerprint):
        raise Refused("WRONG_ROOT", "the root document is not the pinned one", "pin the owners' root fingerprint")
    canonical.decode(content)
    return _validated(Root, content, "ROOT_INVALID")


def load_rules(sealed: Envelope, root: Root) -> tuple[Rules, Digest]:
    return _load(sealed, root, RULES_TYPE, Rules)


def load_facts(sealed: Envelope, root: Root) -> tuple[Facts, Digest]:
    return _load(sealed, root, FACTS_TYPE, Facts)


def load_trust(sealed: Envelope, root: Root, *, at: datetime) -> TrustBundle:
    """A trust bundle that has not ended."""
    bundle, _ = _load(sealed, root, TRUST_TYPE, TrustBundle)
    if at >= bundle.expires_at:
        raise Refused("TRUST_EXPIRED", "the trust bundle has ended", "export a new trust bundle")
    return bundle


def _load(sealed: Envelope, root: Root, payload_type: str, model: type[M]) -> tuple[M, Digest]:
    if sealed.payload_type != payload_type:
        raise Refused("WRONG_PAYLOAD_TYPE", f"found {sealed.payload_type!r}, wanted {payload_type!r}")
    owners = {}
    for owner in root.owners:
        spki = dsse.decode_base64(owner.public_key)
        owners[dsse.key_id(spki)] = spki
    signed = dsse.signers(sealed, owners)
    if len(owners) != len(root.owners) or signed != set(owners):
        raise Refused(
            "POLICY_NOT_SIGNED_BY_BOTH",
            f"{len(signed)} of the {len(root.owners)} owners have signed it",
            "both owners must sign the same bytes",
        )
    payload = dsse.decode_base64(sealed.payload)
    canonical.decode(payload)
    document = _validated(model, payload, "POLICY_INVALID")
    if document.audience != root.audience:
        raise Refused("WRONG_AUDIENCE", f"it is meant for {document.audience}, not for {root.audience}")
    return document, canonical.digest(payload)


D = TypeVar("D", bound=Model)


def _validated(model: type[D], content: bytes, code: str) -> D:
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        faults = "; ".join(f"{fault.pointer}: {fault.message}" for fault in faults_of(error))
        raise Refused(code, faults[:2000]) from error
