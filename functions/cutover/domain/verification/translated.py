"""A candidate that Cutover made of an older document: the document was signed, and making it again gives the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from cutover.contracts.base import Digest
from cutover.contracts.candidate import Candidate
from cutover.contracts.legacy import DetachedCandidate
from cutover.contracts.policy import Legacy, Rules, TrustedKey
from cutover.domain import announced, canonical, translating
from cutover.domain import envelope as dsse
from cutover.domain.faults import faults_of
from cutover.domain.translating import Terms
from cutover.domain.verification.anchor import Anchor
from cutover.domain.verification.reading import equal, read_exact
from cutover.errors import Refused


def older_of(content: bytes) -> DetachedCandidate | None:
    """The older announcement; None where it is an envelope. Raises ``Refused`` (``CONTRACT_INVALID``)."""
    try:
        return announced.detached(content)
    except ValidationError as error:
        raise _invalid(error) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What there is to prove it with: the trusted keys, and the rules of the package with their digest."""

    anchor: Anchor
    rules: Rules
    digest: Digest

    def keys(self, older: DetachedCandidate, arrived: datetime) -> tuple[TrustedKey, ...]:
        """The keys that signed the document and counted when it arrived."""
        return dsse.open_detached(
            announced.document_of(older), dsse.decode_base64(older.signature), older.keyid,
            purpose="candidate", keys=self.anchor.keys, at=arrived,
        ).keys  # fmt: skip

    def candidate(self, older: DetachedCandidate, payload: bytes, arrived: datetime) -> Candidate:
        """The candidate in ``payload``, made of the document.

        Its window and the time at which it was received are its own word, which the manifest binds. A revision that
        follows another can have newer rules than those that it was translated with: then what their table said is its
        own word, too. Raises ``Refused`` (``TRANSLATION_DIFFERS``).
        """
        document = announced.document_of(older)
        candidate = read_exact(Candidate, payload, "candidate")
        made = candidate.translated
        if made is None or candidate.issued_at > arrived:
            raise Refused("TRANSLATION_DIFFERS", "the candidate is not made of the document that was announced")
        equal("TRANSLATION_DIFFERS", ("the translated document", canonical.digest(document), made.original))
        try:
            ours = canonical.same(made.rules, self.digest)
            table = self.rules.legacy if ours else translating.table_of(document, candidate)
            again = translating.translate(document, self._terms(older, candidate, table, made.rules))
        except ValidationError as error:
            raise _invalid(error) from error
        equal("TRANSLATION_DIFFERS", ("the translation", candidate, again))
        return candidate

    def _terms(
        self, older: DetachedCandidate, candidate: Candidate, table: Mapping[str, Legacy], rules: Digest
    ) -> Terms:
        return Terms(
            audience=self.anchor.audience, legacy=table, rules=rules, keyid=older.keyid,
            received_at=candidate.issued_at, window=lambda _target: candidate.window,
        )  # fmt: skip


def _invalid(error: ValidationError) -> Refused:
    faults = "; ".join(f"{fault.pointer}: {fault.message}" for fault in faults_of(error)[:5])
    return Refused("CONTRACT_INVALID", f"candidate: {faults}")
