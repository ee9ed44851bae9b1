"""What stays when an execution fails: a ledger entry that names it. The revision's status does not change."""

import re
from typing import Any

from cutover.contracts.base import Digest
from cutover.domain import ledger
from cutover.domain.record import FINAL, Signal
from cutover.errors import DocumentMissing
from cutover.recorder import Recorder

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,79}", re.ASCII)


def record_failure(flow: dict[str, Any], execution: str, *, recorder: Recorder) -> Digest:
    """The digest of the entry. Of the error only its name is kept: a cause may quote input or a stack."""
    reason = _error_name(flow)
    known = flow.get("record")
    if isinstance(known, dict) and isinstance(known.get("cutover"), str):
        record = recorder.read(known["cutover"], known["revision"])
        # The clock gives it another execution (25), later each time; one that was fenced has nobody to replace it.
        orphaned = record.status not in FINAL and record.execution == known.get("execution")
        updates = {"signal": Signal.ADOPT} if orphaned else {}
        recorder.note(
            record, "execution-failed", result="EXECUTION_FAILED", detail=f"{reason} in {execution}", **updates
        )
        head = recorder.records.chain(record.cutover)
    else:
        admission = recorder.records.admission(str(flow.get("admission")))
        if admission is None:
            raise DocumentMissing("the execution names neither a record nor an admission")
        recorder.note_admission(
            admission, "execution-failed", result="EXECUTION_FAILED", detail=f"{reason} in {execution}"
        )
        head = recorder.records.chain(ledger.admissions_chain(admission.digest))
    if head.entry is None:
        raise DocumentMissing(f"chain {head.chain} has no entry")
    return head.entry


def _error_name(flow: dict[str, Any]) -> str:
    failure = flow.get("failure")
    name = failure.get("Error") if isinstance(failure, dict) else None
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "UnexpectedStatus"
