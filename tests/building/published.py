"""An example of every published document, by the name of its schema: those of a whole package, and a few by hand."""

import base64
from typing import Any

import orjson

from tests.building.ledger import CUTOVER, chain_of, export_of, head_of
from tests.building.package import Package, package
from tests.building.policy import AS_OF, DEPLOYMENT, OPENS_AT
from tests.vectors.v0.examples import FOLDER

_OLDER = (FOLDER / "01-plain.json").read_bytes()

_DIGEST = "sha256:" + "a" * 64
_WHERE = {"cutover": "service@production.1", "revision": 1}
_AS_OF, _LATER = AS_OF.strftime("%Y-%m-%dT%H:%M:%SZ"), OPENS_AT.strftime("%Y-%m-%dT%H:%M:%SZ")
_FOUND = {
    "rule": "rollback.drilled-at", "code": "ROLLBACK_DRILL_MISSING", "field": "/rollback/steps/0/drilled_at",
    "subject": _DIGEST, "owner": "operations", "found": "nothing", "wanted": "a date", "mend": "drill it",
    "evidence": [_DIGEST],
}  # fmt: skip
_HOLD = {
    **_FOUND, "id": _DIGEST, "fingerprint": _DIGEST, "severity": "hold", "opened_at": _AS_OF, "opened_by": "bind",
    "expires_at": _LATER, "resolution": None,
}  # fmt: skip
_SENT = {"audience": DEPLOYMENT.audience, "handoff_id": _DIGEST}
_SUPERSESSION = {
    "schema": "cutover/supersession/v1", "audience": DEPLOYMENT.audience, **_WHERE, "successor": 2, "cause": "drift",
    "requester": "clock", "at": _LATER, "candidate": _DIGEST, "successor_candidate": _DIGEST,
    "differences": [{"pointer": "/change/state", "before": "approved", "after": None}], "resolutions": [_DIGEST],
    "refreshed": [{"source": "records", "record": "changes/CHG-17", "version": "v2"}],
}  # fmt: skip
BY_HAND: dict[str, Any] = {
    "findings": {
        "schema": "cutover/findings/v1", **_WHERE, "family": "rollback", "rules": ["rollback.drilled-at"],
        "findings": [{**_FOUND, "family": "rollback", "outcome": "hold"}],
    },
    "hold-register": {"schema": "cutover/hold-register/v1", **_WHERE, "holds": [_HOLD], "warnings": []},
    "hold-message": {"schema": "cutover/hold-message/v1", **_WHERE, "correlation_id": "e-1", "hold": _HOLD},
    "owner-message": {
        "schema": "cutover/owner-message/v1", **_WHERE, "correlation_id": "e-1", "code": "MAIL_BOUNCED",
        "owner": "operations", "person": "omar", "role": "operations", "found": "no mail reaches omar",
        "mend": "correct the person's address in the facts", "at": _LATER,
    },
    "bind-inputs": {
        "schema": "cutover/bind-inputs/v1", **_WHERE, "at": _AS_OF,
        "engine": {"version": "0.1.0", "lock": _DIGEST, "tzdata": "2026a"},
        "facts": {"payload": _DIGEST, "envelope": _DIGEST},
        "destination": {
            "target": "production", "environment": "production", "account": "123456789012",
            "queue_arn": DEPLOYMENT.queue_arn,
        },
        "slot": _WHERE, "predecessor": {"payload": _DIGEST, "envelope": _DIGEST},
        "reports": {"rollback": _DIGEST, "flags": None},
    },
    "tombstone": {
        "schema": "cutover/tombstone/v1", **_WHERE, "status": "expired", "reason": "HOLDS_EXPIRED", "at": _LATER,
    },
    "receipt": {
        "schema": "cutover/receipt/v1", **_SENT, "outcome": "corrected", "cause": "version-drift",
        "detail": "1.4.1 was running", "received_at": _LATER,
    },
    "resolution": {
        "schema": "cutover/resolution/v1", "audience": DEPLOYMENT.audience, **_WHERE, "fingerprint": _DIGEST,
        "answer": {
            "kind": "evidence",
            "reference": {"source": "records", "record": "rollbacks/service", "version": "v2", "digest": None},
        },
        "resolver": "olga", "resolved_at": _LATER,
    },
    "withdrawal": {
        "schema": "cutover/withdrawal/v1", "audience": DEPLOYMENT.audience, **_WHERE, "requester": "dana",
        "reason": "A regression was found.", "issued_at": _LATER,
    },
    "brake-order": {
        "schema": "cutover/brake-order/v1", "audience": DEPLOYMENT.audience, "action": "release",
        "requester": "olga", "reason": "The network is whole again.", "issued_at": _LATER, "plan": _DIGEST,
    },
    "delivery-order": {
        "schema": "cutover/delivery-order/v1", "audience": DEPLOYMENT.audience, "action": "resend",
        "handoff_id": _DIGEST, "requester": "olga", "reason": "The queue was purged.", "issued_at": _LATER,
    },
    "release-plan": {
        "schema": "cutover/release-plan/v1", "engaged_by": _DIGEST,
        "frees": [{**_WHERE, "status": "awaiting_window", "opens_at": _AS_OF, "closes_at": _LATER}],
    },
    "supersession": _SUPERSESSION,
    "notice": {
        "schema": "cutover/notice/v1", "audience": DEPLOYMENT.audience, **_WHERE, "event": "drifted",
        "result": "DRIFTED", "detail": "revision 2 follows", "at": _LATER, "chain": "service@production.1",
        "sequence": 9, "entry": _DIGEST, "supersession": _SUPERSESSION,
    },
    "consent": {
        "schema": "cutover/consent/v1", "audience": DEPLOYMENT.audience, **_WHERE, "manifest": _DIGEST,
        "decision": "approve", "role": "operations", "person": "omar",
        "answers": {
            "intent": True, "risk_class": "normal", "rollback_credible": True, "timing": True,
            "exceptions": [_DIGEST], "destination": True,
        },
        "reason": "It was rehearsed.", "until": _LATER, "nonce": _DIGEST,
    },
    "release-event": {
        "schema": "cutover/release-event/v1", "audience": DEPLOYMENT.audience, "cutover": "service@production.1",
        "revision": 1, "product": "service", "target": "production", "event": "bound", "status": "bound",
        "previous": "verifying", "result": "BOUND", "detail": "a line", "at": _AS_OF, "correlation_id": "event-1",
        "chain": "service@production.1", "sequence": 4, "entry": _DIGEST, "envelope": _DIGEST, "manifest": _DIGEST,
    },
    "invitation": {
        "schema": "cutover/invitation/v1", "audience": DEPLOYMENT.audience, "person": "omar",
        "reason": "Operations decides with passkeys.", "issued_at": _AS_OF, "expires_at": _LATER,
    },
    "enrolment": {
        "schema": "cutover/enrolment/v1", "audience": DEPLOYMENT.audience, "person": "omar", "invitation": _DIGEST,
        "passkey": {
            "id": "q83vEjRWeJA", "public_key": "pQECAyYgASFYIA", "rp_id": "page.example.com",
            "origin": "https://page.example.com", "registered_at": _AS_OF, "revoked_at": _LATER,
        },
        "aaguid": "00000000-0000-0000-0000-000000000000", "backed_up": False,
    },
    "after-action": {
        "schema": "cutover/after-action/v1", "audience": DEPLOYMENT.audience, **_WHERE, "author": "dana",
        "summary": "Every third order failed for an hour; the fix went out.", "follow_ups": ["Alarm on failed orders"],
        "written_at": _LATER,
    },
    "ledger-entry": {
        "schema": "cutover/ledger-entry/v1", "chain": "service@production.1", "sequence": 2, "previous": _DIGEST,
        "at": _AS_OF, "event": "assembled", "transition": 6, "revision": 1, "from": "collecting", "to": "verifying",
        "actor": {"role": "assemble", "requester": "dana"}, "engine": {"version": "0.1.0", "lock": _DIGEST},
        "rules": _DIGEST, "facts": None, "inputs": {"bundle": _DIGEST}, "result": "DONE", "detail": None,
        "correlation_id": "e-1",
    },
    "ledger-head": {
        "schema": "cutover/ledger-head/v1", "chain": "service@production.1", "sequence": 2, "entry": _DIGEST,
        "at": _AS_OF,
    },
}  # fmt: skip


def examples() -> dict[str, Any]:
    """By the name of its schema (with its version, where that is not 1), the JSON value of a document that is one."""
    made = package()
    message = orjson.loads(made.message)
    evidence_set = made.evidence_set.model_dump(mode="json")
    of_models = {
        "candidate": made.candidate, "rules": made.rules, "facts": made.facts, "manifest": made.manifest,
        "approval": made.approvals[0], "handoff": made.handoff, "bundle": made.bundle, "draft-bundle": made.bundle,
        "lineage": made.lineage, "cleared-register": made.register,
    }  # fmt: skip
    trust_file = orjson.loads(made.trust)
    entries = chain_of(2)
    return {
        **BY_HAND,
        **{name: model.model_dump(mode="json", by_alias=True) for name, model in of_models.items()},
        **_records(made),
        "envelope": message,
        "candidate-event": {"schema": "cutover/candidate-event/v1", "envelope": message},
        "signed-event": {"schema": "cutover/signed-event/v1", "envelope": message},
        "evidence-set": evidence_set,
        "collection": evidence_set["collections"][0],
        "evidence": evidence_set["candidate"],
        "ledger-export": orjson.loads(export_of(entries, head_of(entries[-1]))),
        "cutover-export": {
            "schema": "cutover/cutover-export/v1", "audience": DEPLOYMENT.audience, "cutover": CUTOVER,
            "exported_at": _LATER, "root": _DIGEST, "files": {"ledger.json": _DIGEST},
            "revisions": [
                {
                    "revision": 1, "status": "handed_off",
                    "documents": [{"name": "bundle", "digest": _DIGEST, "file": "documents/" + "a" * 64}],
                }
            ],
        },
        "trust-file": trust_file,
        "root": trust_file["root"],
        "trust": orjson.loads(base64.b64decode(trust_file["bundle"]["payload"])),
        "candidate.v0": orjson.loads(_OLDER),
        "detached-candidate.v0": {
            "contract": "cutover/candidate/v0", "document": base64.b64encode(_OLDER).decode(),
            "signature": message["signatures"][0]["sig"], "keyid": _DIGEST,
        },
    }  # fmt: skip


def _records(made: Package) -> dict[str, Any]:
    """The records of sources among the package's documents, known by what they say that they are."""
    found = {}
    for content in made.documents.values():
        if not content.lstrip().startswith(b"{"):  # a source's own format, such as YAML
            continue
        document = orjson.loads(content)
        kind = document.get("schema", "") if isinstance(document, dict) else ""
        name = kind.removeprefix("cutover/").removesuffix("/v1")
        if name.endswith(("-record", "-plan", "-set", "-overlays", "-summary")) or name == "waiver":
            found[name] = document
    del found["evidence-set"]
    return found
