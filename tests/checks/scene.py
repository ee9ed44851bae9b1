"""A small release in order, put together by hand, that an example spoils in one place.

Only what rules read is there. What Assemble makes of real evidence is another matter, and has its own tests.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from pydantic import BaseModel

from cutover.contracts.base import Digest, format_instant
from cutover.contracts.bundle import DraftBundle, Sourced
from cutover.contracts.candidate import Candidate
from cutover.contracts.evidence import Collection, Evidence, EvidenceSet, Section
from cutover.contracts.policy import Facts, Rules
from cutover.domain import canonical, lineage
from cutover.domain.checks.context import Context
from cutover.domain.statements import Signed
from cutover.domain.unwrapping import unwrap
from cutover.errors import Refused
from tests.building.policy import AS_OF, DEPLOYMENT, EXPIRES_AT, ISSUED_AT, OPENS_AT


class _Absent:
    """Shown alike in every process, since it stands in the names of tests."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()
"""Stands in a bundle's place for a field that has no source: a hold of Assemble's."""
LONG = "name " * 102
"""As long as a line may be: 510 bytes."""
TURNED = "\u202eecivres\u202c"
"""``service`` to the eye, written backwards between marks that turn text around."""
MARKUP = "<script>alert(1)</script>](https://evil.example) | `x` |"
ALL_HOSTILE = (LONG, TURNED, MARKUP, "SERVICE", "service ", "sérvice", "-", "null", "0", "\u200bservice")
"""None of them is a name that anybody gave, though some look like one."""
Edit = Callable[[Any], Any]
_DIGEST = "sha256:" + "d" * 64
_SECTIONS: dict[str, Section] = {
    "release": "candidate", "change": "change", "cohorts": "rollout", "flags": "flags", "overlays": "overlays",
    "rollback": "rollback", "waivers": "waivers", "attestations": "attestations", "components": "artifacts",
    "catalog": "catalog", "provenance": "attestations", "dependencies": "dependencies",
}  # fmt: skip
_OF_COMPONENTS = ("catalog", "provenance", "dependencies")


def reference(record: str) -> dict[str, Any]:
    return {"source": "records", "record": record, "version": "v1", "digest": None}


def candidate_said() -> dict[str, Any]:
    """Two components for two environments."""
    return {
        "schema": "cutover/candidate/v1", "audience": DEPLOYMENT.audience, "product": "service", "version": "1.4.0",
        "repository": "https://example.com/shop/service", "commit": "0" * 40,
        "authority": {"workflow": "release.yml", "run": "4711"}, "requester": "dana@ci", "rationale": "Asked for.",
        "target": "production", "window": "tuesday-evening", "environments": ["production", "staging"],
        "components": [
            {
                "name": name, "artifact": {**reference(f"shop/{name}"), "digest": _DIGEST},
                "provenance": None, "dependencies": None, "catalog": reference(f"catalog/{name}"),
            }
            for name in ("service", "worker")
        ],
        "attestations": [], "change": reference("changes/1"), "rollout": reference("rollouts/1"),
        "flags": reference("flags/1"), "overlays": reference("overlays/1"),
        "rollback": {"criteria": ["More than 1 % fail."], "plan": reference("rollbacks/1")}, "waivers": [],
        "issued_at": format_instant(ISSUED_AT), "sequence": 1, "expires_at": format_instant(EXPIRES_AT),
    }  # fmt: skip


def flag(key: str, **changes: Any) -> dict[str, Any]:
    known = {
        "key": key, "type": "release", "owner": "orders", "purpose": "Cancel orders", "default": "off",
        "environments": ["production", "staging"], "expires_at": "2026-06-01T00:00:00Z",
        "rollback_condition": "1 % fail", "monitoring_hook": "dashboards/orders",
    }  # fmt: skip
    return {**known, **changes}


def step(name: str, **changes: Any) -> dict[str, Any]:
    known = {
        "name": name, "hook_digest": _DIGEST, "trigger": "1 % fail", "class": "reversible", "stop_first": "autoscaler",
        "prior_configuration": "s3://shop/41", "baseline_check": "orders", "baseline_expected": "40",
        "drilled_at": "2026-02-02T09:00:00Z",
    }  # fmt: skip
    return {**known, **changes}


def cohort(name: str, environment: Any = "production", share: Any = 100) -> dict[str, Any]:
    return {"name": name, "environment": environment, "share_percent": share}


def overlay(environment: str, *differences: tuple[str, Any, Any]) -> dict[str, Any]:
    """``differences``: name, shared value (None: only this environment has it), and the environment's own."""
    return {
        "environment": environment,
        "differences": [{"name": name, "base": base, "value": value} for name, base, value in differences],
    }


def bundle_said() -> dict[str, Any]:
    """The values alone; each gets its source when the scene is set."""
    nothing = dict.fromkeys(("statement", "builder", "repository", "ref", "workflow", "commit"), ABSENT)
    uncounted = dict.fromkeys(("digest", "format", "spec_version", "components", "licences", "purls"), ABSENT)
    entity = {"owner": "group:default/payments", "lifecycle": "production", "tier": "1"}
    return {
        "release": {
            "product": "service", "version": "1.4.0", "repository": "https://example.com/shop/service",
            "commit": "0" * 40, "workflow": "release.yml", "run": "4711", "requester": "dana@ci",
            "rationale": "Asked for.", "target": "production", "window": "tuesday-evening",
            "environments": ["production", "staging"],
        },
        "components": [
            {
                "name": name, "digest": _DIGEST, "size": 20, "provenance": dict(nothing),
                "dependencies": dict(uncounted), "catalog": dict(entity),
            }
            for name in ("service", "worker")
        ],
        "attestations": [],
        "change": {
            "number": "CHG-1", "title": "Cancel orders", "state": "approved", "risk": "moderate",
            "requester": "dana@change", "components": ["service", "worker"], "environments": ["production", "staging"],
        },
        "cohorts": [cohort("first", share=1), cohort("all", share=99), cohort("all", "staging")],
        "flags": [flag("orders.cancel"), flag("orders.admin", type="permission", expires_at=None)],
        "overlays": [
            overlay("production", ("replicas", 1, 6), ("region", None, "eu-central-1")),
            overlay("staging", ("debug", False, True)),
        ],
        "rollback": {"criteria": ["More than 1 % fail."], "steps": [step("revert"), step("restore")]},
        "waivers": [],
    }  # fmt: skip


def entity_said(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": {"name": name},
        "spec": {"type": "service", "owner": "group:default/payments", "lifecycle": "production"},
    }  # fmt: skip


def artifact_said(name: str) -> dict[str, Any]:
    return {
        "schema": "cutover/artifact-record/v1", "source": "records", "record": f"shop/{name}", "version": "v1",
        "sha256": _DIGEST, "size": 20, "latest": "v1", "latest_sha256": _DIGEST,
    }  # fmt: skip


def records_said() -> dict[str, tuple[Section, Any]]:
    """By record, the section that collects it and its JSON value; bytes stand for themselves."""
    named = ("service", "worker")
    return {
        **{f"shop/{name}": ("artifacts", artifact_said(name)) for name in named},
        **{f"catalog/{name}": ("catalog", entity_said(name)) for name in named},
    }


def rules(**changes: Any) -> Rules:
    said = DEPLOYMENT.rules().model_dump(mode="json", by_alias=True) | {
        "rendering": {
            "version": 1,
            "components": {"service": ["Service", "shop/service"], "worker": ["Worker"], "other": []},
            "cohorts": {"first": ["1st"], "all": ["everyone"]},
            "environments": {"production": ["PROD"], "staging": ["stage"], "development": []},
        },
        "change_states": {"approved": ["approved", "Implement"], "closed": ["closed", "cancelled"]},
        "allowances": {
            "service": {
                "replicas": {"type": "integer", "minimum": 1, "maximum": 10},
                "region": {"type": "string", "one_of": ["eu-central-1", "eu-west-1"]},
                "debug": {"type": "boolean", "environments": ["staging"]},
            }
        },
    }  # fmt: skip
    return Rules.model_validate_json(orjson.dumps(said | changes))


def facts(**changes: Any) -> Facts:
    known = DEPLOYMENT.facts().model_dump(mode="json", by_alias=True)
    payments = {
        "name": "Payments", "channel": "#payments", "escalation": "pager: payments",
        "groups": ["group:default/payments"],
    }  # fmt: skip
    paula = {"name": "Paula", "email": "paula@example.com", "team": "payments", "roles": [], "identities": ["paula@ci"]}
    said = known | {
        "teams": {**known["teams"], "payments": payments},
        "people": {**known["people"], "paula": paula},
    }
    return Facts.model_validate_json(orjson.dumps(said | changes))


def team(**changes: Any) -> dict[str, Any]:
    """Facts in which the team that owns the components is otherwise."""
    known = facts().model_dump(mode="json", by_alias=True)
    return {"teams": {**known["teams"], "payments": {**known["teams"]["payments"], **changes}}}


def put(value: Any, *path: str | int) -> Edit:
    """Puts a value in a place of a JSON value; at ``-`` it is added to a list."""

    def apply(said: Any) -> None:
        *way, last = path
        for part in way:
            said = said[part]
        if last == "-":
            said.append(value)
        else:
            said[last] = value

    return apply


def scene(
    *edits: Edit,
    candidate: Edit | None = None,
    records: Mapping[str, tuple[Section, Any]] | None = None,
    forced: Mapping[str, Any] | None = None,
    change_rules: Mapping[str, Any] | None = None,
    change_facts: Mapping[str, Any] | None = None,
    without: tuple[str, ...] = (),
) -> Context:
    """The release in order, with every edit to what its bundle says.

    ``records`` come beside the known ones or instead of them, ``without`` takes some away. ``forced`` puts values at
    pointers of the bundle that its contract would refuse: a rule does not rest on who called it.
    """
    said, announced = bundle_said(), candidate_said()
    for edit in edits:
        edit(said)
    if candidate is not None:
        candidate(announced)
    _placed(said, announced)
    of_sources = {name: each for name, each in {**records_said(), **(records or {})}.items() if name not in without}
    evidence_set, documents = collected(announced, of_sources)
    bundle = _bundle(said)
    trace = lineage.trace(bundle, _DIGEST)
    for pointer, value in (forced or {}).items():
        bundle = _forced(bundle, pointer.split("/")[1:], value)
    return Context(
        candidate=Candidate.model_validate_json(orjson.dumps(announced)),
        bundle=bundle,
        trace=trace,
        evidence_set=evidence_set,
        documents=documents,
        rules=rules(**(change_rules or {})),
        facts=facts(**(change_facts or {})),
        window=DEPLOYMENT.the_window(),
        statements=_nobody_signed,
    )


def _placed(said: Any, announced: Any) -> None:
    """What the candidate names has its place in the bundle, if nothing else is said of it."""
    said["attestations"] = said["attestations"] or [
        {"name": each["name"], "component": each["component"], "statement": ABSENT}
        for each in announced["attestations"]
    ]
    said["waivers"] = said["waivers"] or [ABSENT for _ in announced["waivers"]]


def collected(announced: Any, records: Mapping[str, tuple[Section, Any]]) -> tuple[EvidenceSet, dict[Digest, bytes]]:
    documents: dict[Digest, bytes] = {}

    def evidence(record: str, said: Any, unwraps: Digest | None = None) -> Evidence:
        content = said if isinstance(said, bytes) else orjson.dumps(said)
        digest = canonical.digest(content)
        documents[digest] = content
        return Evidence(
            source="records", record=record, version="v1", fetched_at=AS_OF, media_type="application/json",
            sha256=digest, size=len(content), unwraps=unwraps,
        )  # fmt: skip

    sections: dict[Section, list[Evidence]] = {}
    for record, (section, said) in records.items():
        came = evidence(record, said)
        sections.setdefault(section, []).append(came)
        if section == "catalog" and (made := _made(documents[came.sha256])) is not None:
            sections[section].append(evidence(record, made, came.sha256))
    collections = tuple(Collection(section=name, evidence=tuple(each)) for name, each in sections.items())
    return EvidenceSet(candidate=evidence("candidate", announced), as_of=AS_OF, collections=collections), documents


def _made(entity: bytes) -> bytes | None:
    """What Collect makes of an entity in YAML; nothing of what cannot be read."""
    try:
        return unwrap("catalog", entity)
    except Refused:
        return None


def _nobody_signed(content: bytes, **_: Any) -> Signed:
    raise Refused("SIGNATURE_UNTRUSTED", "nobody signed anything here")


def _bundle(said: Any) -> DraftBundle:
    header = {
        "schema": "cutover/bundle/v1", "cutover": "service@production.1", "revision": 1,
        "as_of": format_instant(AS_OF), "engine": {"version": "0.1.0", "lock": _DIGEST, "tzdata": "2026a"},
        "rules": _DIGEST, "evidence_set": _DIGEST,
    }  # fmt: skip
    body = {name: _sourced(value, name, f"/{name}") for name, value in said.items()}
    return DraftBundle.model_validate_json(orjson.dumps(header | body))


def _sourced(value: Any, section: str, pointer: str) -> Any:
    """Every value with a source of its section; what is absent becomes a hold."""
    if isinstance(value, dict):
        return {
            key: _sourced(each, key if key in _SECTIONS else section, f"{pointer}/{key}") for key, each in value.items()
        }
    if isinstance(value, list):
        return [_sourced(each, section, f"{pointer}/{n}") for n, each in enumerate(value)]
    if value is ABSENT:
        return {"hold": canonical.digest(pointer.encode())}
    if value is None:
        return None
    origin = {
        "source": "records", "record": _SECTIONS[section], "version": "v1", "pointer": pointer, "measure": "value",
        "evidence": canonical.digest(_SECTIONS[section].encode()),
    }  # fmt: skip
    return {"value": value, "from": origin}


def _forced(model: Any, path: list[str], value: Any) -> Any:
    if not path:
        return model.model_copy(update={"value": value}) if isinstance(model, Sourced) else value
    key, rest = path[0], path[1:]
    if isinstance(model, BaseModel):
        names = {info.alias or name: name for name, info in type(model).model_fields.items()}
        name = names[key]
        return model.model_copy(update={name: _forced(getattr(model, name), rest, value)})
    return tuple(_forced(each, rest, value) if n == int(key) else each for n, each in enumerate(model))


CLOSES_BEFORE = format_instant(OPENS_AT)
"""An instant before the window closes."""
