"""Reading policy from the store: the active one, or exactly the one that a record pinned."""

from cutover.contracts.base import Digest
from cutover.contracts.envelope import Envelope
from cutover.contracts.policy import Facts, Root, Rules, SignedReference
from cutover.domain import envelope as dsse
from cutover.domain.canonical import same
from cutover.domain.policy import Policy, load_facts, load_rules, parse_root
from cutover.errors import DigestMismatch, Refused
from cutover.ports import Records, Store

MAX_POLICY_BYTES = 4 * 1_048_576


class PolicyReader:
    """Loads rules and facts; nothing comes out that both owners of the pinned root have not signed.

    Documents are content-addressed, so what was loaded once under a digest stays loaded. Which
    digest is active is asked every time.
    """

    def __init__(self, *, records: Records, store: Store, fingerprint: Digest) -> None:
        self._records = records
        self._store = store
        self._fingerprint = fingerprint
        self._root: Root | None = None
        self._rules: dict[Digest, tuple[Rules, Digest]] = {}
        self._facts: dict[Digest, tuple[Facts, Digest]] = {}

    def active(self) -> Policy:
        """Raises ``Refused`` (``NO_POLICY``) when none is active."""
        active = self._records.policy()
        if active is None:
            raise Refused("NO_POLICY", "no policy is active", "activate rules and facts signed by both owners")
        return self.pinned(active.rules, active.facts)

    def pinned(self, rules: SignedReference, facts: SignedReference) -> Policy:
        """Exactly these rules and facts."""
        return Policy(self.rules(rules), self.facts(facts), rules, facts)

    def rules(self, reference: SignedReference) -> Rules:
        if reference.envelope not in self._rules:
            self._rules[reference.envelope] = load_rules(self._envelope(reference), self.root)
        rules, digest = self._rules[reference.envelope]
        _require(digest, reference)
        return rules

    def facts(self, reference: SignedReference) -> Facts:
        if reference.envelope not in self._facts:
            self._facts[reference.envelope] = load_facts(self._envelope(reference), self.root)
        facts, digest = self._facts[reference.envelope]
        _require(digest, reference)
        return facts

    @property
    def root(self) -> Root:
        if self._root is None:
            content = self._store.get(self._fingerprint, limit=MAX_POLICY_BYTES)
            self._root = parse_root(content, fingerprint=self._fingerprint)
        return self._root

    def _envelope(self, reference: SignedReference) -> Envelope:
        return dsse.parse(self._store.get(reference.envelope, limit=MAX_POLICY_BYTES))


def _require(payload: Digest, reference: SignedReference) -> None:
    if not same(payload, reference.payload):
        raise DigestMismatch("a policy's payload is not the one that its reference names")
