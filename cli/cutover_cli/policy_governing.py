"""Making a policy active: judged by what it follows, and one transaction with its entry in the ledger."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from cutover.adapters.system_clock import SystemClock
from cutover.contracts.base import Digest
from cutover.contracts.envelope import Envelope
from cutover.contracts.ledger import LedgerEngine
from cutover.contracts.policy import Facts, Root, Rules, SignedReference
from cutover.domain import canonical, ledger, policy_proposals
from cutover.domain import envelope as dsse
from cutover.domain import policy as loading
from cutover.domain.entries import Told
from cutover.domain.faults import faults_of
from cutover.domain.record import ActivePolicy, Brake, Fault
from cutover.errors import Conflict, DigestMismatch, DocumentMissing, Refused
from cutover.journal import Journal
from cutover.policies import MAX_POLICY_BYTES
from cutover.ports import Clock, Records, Store
from cutover_cli import policy_lint
from cutover_cli.engine import this_engine
from cutover_cli.policy import PolicyRefused

ROLE = "operator"
Parts = tuple[Rules, Facts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A policy that may become active: verified, without a fault, and warned of by the one that it follows."""

    root: Root
    rules: Envelope
    facts: Envelope
    payloads: tuple[Digest, Digest]
    """Of the rules and of the facts."""
    parts: Parts
    before: ActivePolicy | None
    parts_before: Parts | None
    trusted_root: bytes | None

    @property
    def changed(self) -> tuple[Rules | Facts, ...]:
        """The parts that are not those of the policy that it follows."""
        (rules, facts), (rules_before, facts_before) = self.parts, self.parts_before or (None, None)
        return (*([rules] if rules != rules_before else ()), *([facts] if facts != facts_before else ()))

    @property
    def history(self) -> tuple[Fault, ...]:
        """What it would take back of the policy that it follows."""
        if self.parts_before is None:
            return ()
        (rules, facts), (rules_before, facts_before) = self.parts, self.parts_before
        return (*policy_lint.since(rules, rules_before), *policy_lint.since(facts, facts_before))


def active_parts(active: ActivePolicy | None, store: Store) -> Parts | None:
    """What is active, as it stands in the store; None before the first policy.

    No signature is judged: after the root was exchanged, the owners before have signed it. Raises DocumentMissing,
    DigestMismatch, and Refused (``ACTIVE_POLICY_UNREADABLE``).
    """
    if active is None:
        return None
    try:
        return (
            Rules.model_validate_json(_payload(active.rules, store)),
            Facts.model_validate_json(_payload(active.facts, store)),
        )
    except ValidationError as error:
        faults = "; ".join(f"{fault.pointer}: {fault.message}" for fault in faults_of(error))
        raise Refused("ACTIVE_POLICY_UNREADABLE", faults[:500], "use the version of Cutover that it is for") from error


def _payload(reference: SignedReference, store: Store) -> bytes:
    payload = dsse.decode_base64(dsse.parse(store.get(reference.envelope, limit=MAX_POLICY_BYTES)).payload)
    if not canonical.same(canonical.digest(payload), reference.payload):
        raise DigestMismatch("the active policy's payload is not the one that the table names")
    return payload


def judge(  # a policy, what it is for, and where it goes
    root: Root,
    rules: Envelope,
    facts: Envelope,
    *,
    targets: Collection[str],
    store: Store,
    records: Records,
    now: datetime,
    trusted_root: bytes | None = None,
) -> Judged:
    """Both signatures, the lint, and what the active policy promised. Changes nothing.

    `trusted_root` is Sigstore's, where the facts name one that the store does not have yet. Raises Refused (also
    ``NOT_WARNED_BEFORE`` and others among the faults of a PolicyRefused).
    """
    loaded_rules, rules_payload = loading.load_rules(rules, root)
    loaded_facts, facts_payload = loading.load_facts(facts, root)
    before = records.policy()
    parts_before = active_parts(before, store)
    old_rules = parts_before[0] if parts_before else None
    faults = (
        *policy_lint.lint(loaded_rules, loaded_facts, targets=targets),
        *policy_proposals.refusals(old_rules, loaded_rules, now=now),
    )
    if faults:
        raise PolicyRefused("policy", faults)
    _require_trusted_root(loaded_facts, trusted_root, store)
    return Judged(
        root=root, rules=rules, facts=facts, payloads=(rules_payload, facts_payload),
        parts=(loaded_rules, loaded_facts), before=before, parts_before=parts_before, trusted_root=trusted_root,
    )  # fmt: skip


def put_in_force(judged: Judged, *, store: Store, journal: Journal, requester: str) -> ActivePolicy:
    """Stores root, rules and facts; then one transaction makes them active and says so in the ledger.

    With its first policy a deployment gets a brake that is off: hand-offs need one that is known. A brake that is lost
    later stays unknown, which counts as engaged, until an order says what it is.

    Raises Refused (``ACTIVATED_MEANWHILE``) where another policy became active since this one was judged.
    """
    before = judged.before
    if judged.trusted_root is not None:
        store.put(judged.trusted_root)
    store.put(canonical.encode_model(judged.root))
    envelopes = (store.put(canonical.encode_model(each)) for each in (judged.rules, judged.facts))
    rules, facts = (
        SignedReference(payload=payload, envelope=envelope)
        for payload, envelope in zip(judged.payloads, envelopes, strict=True)
    )
    active = ActivePolicy(rules=rules, facts=facts, version=before.version + 1 if before else 1)
    brake = Brake(engaged=False) if _never_had_a_brake(before, journal.records) else None
    try:
        told = _told(active, before, requester, brake)
        journal.append(ledger.POLICY_CHAIN, told, policy=active, policy_before=before, brake=brake)
    except Conflict as conflict:
        if "policy" not in conflict.parts:
            raise
        mend = "look at the difference again"
        raise Refused("ACTIVATED_MEANWHILE", "another policy became active meanwhile", mend) from conflict
    return active


def activate(  # as judge and put_in_force together
    root: Root,
    rules: Envelope,
    facts: Envelope,
    *,
    targets: Collection[str],
    store: Store,
    records: Records,
    trusted_root: bytes | None = None,
    clock: Clock | None = None,
    requester: str = "cutover",
) -> ActivePolicy:
    """``judge``, then ``put_in_force``. Raises what these raise, with nothing changed."""
    journal = journal_of(records, clock or SystemClock())
    judged = judge(
        root, rules, facts, targets=targets, store=store, records=records, now=journal.clock.now(),
        trusted_root=trusted_root,
    )  # fmt: skip
    return put_in_force(judged, store=store, journal=journal, requester=requester)


def journal_of(records: Records, clock: Clock) -> Journal:
    """The ledger, in the name of whoever runs the command."""
    ours = this_engine()
    engine = LedgerEngine(version=ours.version, lock=ours.lock)
    return Journal(records=records, clock=clock, role=ROLE, engine=engine)


def _never_had_a_brake(before: ActivePolicy | None, records: Records) -> bool:
    return before is None and records.brake() is None and records.chain(ledger.BRAKE_CHAIN).entry is None


def _told(active: ActivePolicy, before: ActivePolicy | None, requester: str, brake: Brake | None) -> Told:
    inputs = _named(active, "") | (_named(before, "-before") if before else {})
    changed = [
        name
        for name in ("rules", "facts")
        if before is None or getattr(before, name).payload != getattr(active, name).payload
    ]
    return Told.of_order(
        "policy-activated", requester=requester, correlation_id=f"policy-{active.version}", result="ACTIVATED",
        rules=active.rules.payload, facts=active.facts.payload, inputs=inputs,
        detail=f"version {active.version}: {' and '.join(changed) or 'nothing'} changed"
        + ("; the brake is off" if brake else ""),
    )  # fmt: skip


def _named(policy: ActivePolicy, suffix: str) -> dict[str, Digest]:
    return {
        f"rules{suffix}": policy.rules.payload, f"rules-envelope{suffix}": policy.rules.envelope,
        f"facts{suffix}": policy.facts.payload, f"facts-envelope{suffix}": policy.facts.envelope,
    }  # fmt: skip


def _require_trusted_root(facts: Facts, content: bytes | None, store: Store) -> None:
    """The functions find Sigstore's trusted root in the store, under the digest that both owners signed."""
    if facts.trusted_root is None:
        if content is not None:
            raise Refused("TRUSTED_ROOT_NOT_NAMED", "the facts name no trusted root", "name its digest in the facts")
        return
    if content is not None:
        found = canonical.digest(content)
        if not canonical.same(found, facts.trusted_root):
            raise Refused("TRUSTED_ROOT_DIFFERS", f"it is {found}; the facts name {facts.trusted_root}")
        return
    try:
        store.locate(facts.trusted_root)
    except DocumentMissing as missing:
        detail = f"the store does not have {facts.trusted_root}"
        raise Refused("TRUSTED_ROOT_MISSING", detail, "give the file with --trusted-root") from missing
