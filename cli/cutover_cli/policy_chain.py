"""What the ledger's chain `policy` says of proposals: who proposed, who signed. Pure, but for the store it reads."""

from collections.abc import Iterable, Iterator

from cutover.contracts.base import Digest
from cutover.contracts.envelope import Envelope
from cutover.contracts.ledger import LedgerEntry
from cutover.contracts.policy import FACTS_TYPE, RULES_TYPE, Facts, Owner, Root, Rules
from cutover.domain import canonical
from cutover.domain import envelope as dsse
from cutover.domain.ledger import POLICY_CHAIN
from cutover.domain.policy import parse_root
from cutover.domain.record import ActivePolicy
from cutover.errors import DigestMismatch, DocumentMissing, Refused
from cutover.policies import MAX_POLICY_BYTES
from cutover.ports import Records, Store
from cutover_cli import policy_reviewing
from cutover_cli.site import Site

PROPOSED, SIGNED = "policy-proposed", "policy-signed"
NAMES = {RULES_TYPE: "rules", FACTS_TYPE: "facts"}
"""The parts of a policy by the payload type of what owners sign."""


def is_proposed(digest: Digest, records: Records) -> bool:
    """Whether a document was proposed, by the digest of its canonical bytes."""
    return any(_about(each, PROPOSED, digest) for each in records.ledger(POLICY_CHAIN))


def proposal(digest: Digest, where: Site) -> Rules | Facts:
    """The very document that was proposed. Raises Refused (``NOT_PROPOSED``), BadArgument."""
    if not is_proposed(digest, where.records):
        raise Refused("NOT_PROPOSED", f"nobody proposed {digest} here", "`cutover policy propose` prints the digest")
    content = where.documents.get(digest, limit=MAX_POLICY_BYTES)
    document = policy_reviewing.of(canonical.decode(content), digest)
    if not isinstance(document, (Rules, Facts)):
        raise Refused("NOT_PROPOSED", f"{digest} is {document.schema_}", "propose rules or facts")
    return document


def newest(kind: type[Rules] | type[Facts], where: Site) -> Rules | Facts | None:
    """The last document of a kind that was proposed; None where none was."""
    digests = [each.inputs["payload"] for each in where.records.ledger(POLICY_CHAIN) if each.event == PROPOSED]
    found = (proposal(each, where) for each in dict.fromkeys(reversed(digests)))
    return next((each for each in found if isinstance(each, kind)), None)


def signatures(digest: Digest, records: Records, store: Store, *, active: ActivePolicy | None) -> tuple[Envelope, ...]:
    """The envelopes that owners signed over a proposal beside what is ``active``, in the order of the ledger.

    Owners read what a proposal changes. Once something else is active it changes something else: what was signed
    before that says nothing of it. Whose the signatures are is judged by whoever counts them.
    """
    found = _signed(digest, records, store)
    return tuple(
        sealed for entry, sealed in found
        if beside_what(active, NAMES.get(sealed.payload_type, "")) == _beside_what(entry)
    )  # fmt: skip


def is_signed(digest: Digest, records: Records, store: Store) -> bool:
    """Whether anybody signed it, whatever was active then."""
    return any(True for _ in _signed(digest, records, store))


def _signed(digest: Digest, records: Records, store: Store) -> Iterator[tuple[LedgerEntry, Envelope]]:
    """An entry that names no envelope, or that of another payload, says nothing of this one, and stops nobody."""
    for entry in records.ledger(POLICY_CHAIN):
        named = entry.inputs.get("envelope")
        if named is None or not _about(entry, SIGNED, digest):
            continue
        try:
            sealed = dsse.parse(store.get(named, limit=MAX_POLICY_BYTES))
            payload = dsse.decode_base64(sealed.payload)
        except (DocumentMissing, DigestMismatch, Refused):
            continue
        if canonical.same(canonical.digest(payload), digest):
            yield entry, sealed


def beside_what(active: ActivePolicy | None, part: str) -> dict[str, Digest]:
    """What an entry says of the part that a proposal was compared with; nothing before the first policy."""
    return {} if active is None or part not in NAMES.values() else {f"{part}-before": getattr(active, part).payload}


def _beside_what(entry: LedgerEntry) -> dict[str, Digest]:
    return {name: digest for name, digest in entry.inputs.items() if name.endswith("-before")}


def together(envelopes: Iterable[Envelope]) -> Envelope | None:
    """One envelope with everybody's signature over the same payload, the latest of each key; None without any.

    Raises Refused (``SIGNS_SOMETHING_ELSE``) where the payloads differ.
    """
    found: Envelope | None = None
    for each in envelopes:
        found = each if found is None else beside(found, each)
    return found


def beside(there: Envelope, mine: Envelope) -> Envelope:
    """Both envelopes' signatures over the same payload; a key that signed in both counts with the later one."""
    if (there.payload_type, there.payload) != (mine.payload_type, mine.payload):
        detail = "the other owner signed a document with other bytes"
        raise Refused("SIGNS_SOMETHING_ELSE", detail, "compare your files")
    signed = {each.keyid for each in mine.signatures}
    others = tuple(each for each in there.signatures if each.keyid not in signed)
    return mine.model_copy(update={"signatures": (*others, *mine.signatures)})


def owners_of(root: Root, sealed: Envelope) -> frozenset[str]:
    """The names of the owners whose signatures verify."""
    names = {dsse.key_id(spki): (owner.id, spki) for owner, spki in _keys(root)}
    signed = dsse.signers(sealed, {key: spki for key, (_, spki) in names.items()})
    return frozenset(names[each][0] for each in signed)


def owner_of(root: Root, key: Digest) -> str:
    """The name of the owner with this key. Raises Refused (``NOT_AN_OWNER``)."""
    for owner, spki in _keys(root):
        if dsse.key_id(spki) == key:
            return owner.id
    raise Refused("NOT_AN_OWNER", f"the root names no owner with the key {key}", "sign with the key of an owner")


def pinned_root(where: Site) -> Root:
    """The root that a stack pins, once it is in the store. Raises Refused (``ROOT_UNKNOWN``)."""
    if where.fingerprint is None:
        raise Refused("ROOT_UNKNOWN", "the stack does not say which root it pins", "deploy this version of Cutover")
    try:
        return parse_root(where.documents.get(where.fingerprint, limit=MAX_POLICY_BYTES), fingerprint=where.fingerprint)
    except DocumentMissing as missing:
        mend = "give it with --root, until the first policy is active"
        raise Refused("ROOT_UNKNOWN", f"the store does not have the root {where.fingerprint}", mend) from missing


def _keys(root: Root) -> list[tuple[Owner, bytes]]:
    return [(owner, dsse.decode_base64(owner.public_key)) for owner in root.owners]


def _about(entry: LedgerEntry, event: str, digest: Digest) -> bool:
    return entry.event == event and entry.inputs.get("payload") == digest
