"""What came of a check, as plain JSON and for people."""

from typing import Any

from cutover.contracts.base import format_instant
from cutover.domain import canonical
from cutover.domain.admission import NotAdmitted
from cutover_cli.candidate_lint import KINDS
from cutover_cli.check.going import Checked, Surroundings
from cutover_cli.output import oneline

NOT_LOOKED_AT = ("whether another release has the window", "whether the candidate is newer than the current one")
"""What only a deployment knows: where none is asked, this is said."""


def report(found: Checked | NotAdmitted, around: Surroundings) -> dict[str, Any]:
    """``result``: ``clean``, ``blocked`` (it would be held or declined) or ``refused`` (it would not be admitted)."""
    begin = {
        "as_of": format_instant(around.clock.now()),
        "policy": {"rules": around.rules.version, "facts": around.facts.version},
        "not_looked_at": [] if around.deployed else list(NOT_LOOKED_AT),
    }
    if isinstance(found, Checked):
        return begin | _report(found, around)
    faults = [fault.model_dump(mode="json") for fault in found.faults]
    return begin | {"result": "refused", "reason": found.reason, "faults": faults}


def _report(found: Checked, around: Surroundings) -> dict[str, Any]:
    holds = [
        hold.model_dump(mode="json", exclude={"evidence", "subject", "opened_at", "opened_by", "expires_at", "id"})
        for hold in found.register.holds
    ]
    return {
        "candidate": canonical.digest_model(found.candidate),
        "kind": KINDS[found.candidate.rehearsal],
        "result": "blocked" if found.blocked else "clean",
        "holds": holds,
        "warnings": [warning.model_dump(mode="json") for warning in found.register.warnings],
        "evidence": [
            each.model_dump(mode="json", include={"source", "record", "version", "sha256", "size"})
            for collection in found.evidence_set.collections
            for each in collection.evidence
            if each.unwraps is None
        ],
        "would_bind": None if found.blocked else _would_bind(found, around),
    }


def _would_bind(found: Checked, around: Surroundings) -> dict[str, Any]:
    window = found.case.window
    return {
        "target": found.record.target,
        "window": window.model_dump(mode="json"),
        "valid_until": format_instant(found.valid_until),
        "signers": [each.model_dump(mode="json") for each in around.rules.signers[found.record.target]],
        "components": [
            {"name": each.name, "digest": each.artifact.digest} for each in found.candidate.components
        ],
    }  # fmt: skip


def text(document: dict[str, Any]) -> str:
    """A report for a person."""
    first = f"as of {document['as_of']}, by rules {document['policy']['rules']} and facts {document['policy']['facts']}"
    if document["result"] == "refused":
        lines = [f"  {oneline(_fault(fault))}" for fault in document["faults"]]
        return "\n".join([f"would be refused: {document['reason']} ({first})", *lines])
    open_ = [hold for hold in document["holds"] if hold["resolution"] is None]
    lines = [f"hold    {oneline(_hold(hold))}" for hold in open_]
    lines += [
        f"waived  {oneline(hold['code'])} {oneline(hold['field'])}" for hold in document["holds"] if hold not in open_
    ]
    lines += [f"warn    {oneline(_warning(each))}" for each in document["warnings"]]
    missing = [f"not looked at: {', '.join(document['not_looked_at'])}"] if document["not_looked_at"] else []
    return "\n".join([*lines, _end(document, len(open_)), first, *missing])


def _end(document: dict[str, Any], count: int) -> str:
    if document["would_bind"] is None:
        return f"would be held: {count} hold(s)"
    bound, window = document["would_bind"], document["would_bind"]["window"]
    reported = "reported as clean" if document["kind"] == "rehearsal" else "bound"
    return f"would be {reported}, for {bound['target']} in {window['id']}, valid until {bound['valid_until']}"


def _fault(fault: dict[str, Any]) -> str:
    return f"{fault['pointer']}: {fault['message']} ({fault['code']})"


def _hold(hold: dict[str, Any]) -> str:
    said = f"{hold['code']} {hold['field']}: found {hold['found']}; wanted {hold['wanted']}"
    denies = ", and denies" if hold["severity"] == "deny" else ""
    return f"{said}; {hold['mend']} ({hold['owner']}{denies})"


def _warning(warning: dict[str, Any]) -> str:
    return f"{warning['code']} {warning['field']}: found {warning['found']}; wanted {warning['wanted']}"
