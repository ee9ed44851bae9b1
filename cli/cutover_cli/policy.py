"""Authoring policy: YAML becomes a checked document, canonical bytes, and an envelope of both owners."""

import base64
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from cutover.contracts.base import Audience, Digest, Model, Name
from cutover.contracts.envelope import Envelope
from cutover.contracts.policy import (
    FACTS_TYPE,
    RULES_TYPE,
    TRUST_TYPE,
    Facts,
    Owner,
    Root,
    Rules,
    SignedReference,
    TrustBundle,
)
from cutover.domain import canonical
from cutover.domain import policy as loading
from cutover.domain.faults import faults_of
from cutover.domain.record import ActivePolicy, Fault
from cutover.errors import Refused
from cutover.ports import Records, Store
from cutover_cli import policy_lint, strict_yaml
from cutover_cli.output import CommandError, Exit
from cutover_cli.signing import LocalKey, seal

Part = TypeVar("Part", Rules, Facts)
_TYPES: Mapping[type[Model], str] = {Rules: RULES_TYPE, Facts: FACTS_TYPE, TrustBundle: TRUST_TYPE}


class PolicyRefused(CommandError):
    """A policy has faults. `faults` lists them all, each with a JSON pointer into the document."""

    exit_code = Exit.REFUSED
    reason = "POLICY_REFUSED"

    def __init__(self, where: str, faults: Collection[Fault]) -> None:
        lines = [f"{fault.pointer}: {fault.message} ({fault.code})" for fault in faults]
        super().__init__("\n  ".join([f"{where}: {len(lines)} fault(s)", *lines]))
        self.faults = tuple(faults)


def read(part: type[Part], path: Path, *, overrides: Mapping[str, Any] | None = None) -> Part:
    """Rules or facts from a YAML file; `overrides` replace top-level keys, as JSON values.

    Raises YamlRefused or PolicyRefused; OSError where the file cannot be read.
    """
    return parse(part, path.read_text("utf-8"), str(path), overrides=overrides)


def parse(part: type[Part], text: str, where: str, *, overrides: Mapping[str, Any] | None = None) -> Part:
    """Rules or facts from YAML text. `where` names the text in messages."""
    document = strict_yaml.read(text, where) | dict(overrides or {})
    try:
        return part.model_validate_json(canonical.encode(document))
    except ValidationError as error:
        raise PolicyRefused(where, faults_of(error)) from error
    except Refused as error:
        raise PolicyRefused(where, [Fault(pointer="/", code=error.code, message=error.detail)]) from error


def root_of(audience: Audience, owners: Mapping[Name, LocalKey]) -> Root:
    """The root document of the two owners, in the order of their names."""
    first, second = (
        Owner(id=name, public_key=base64.b64encode(key.public_key).decode()) for name, key in sorted(owners.items())
    )
    return Root(audience=audience, owners=(first, second))


def fingerprint(root: Root) -> Digest:
    """What a deployment and a verifier pin: the digest of the root's canonical bytes."""
    return canonical.digest_model(root)


def sign(document: Rules | Facts | TrustBundle, *owners: LocalKey) -> Envelope:
    """The document's canonical bytes in an envelope, signed by each owner."""
    return seal(_TYPES[type(document)], canonical.encode_model(document), *owners)


def activate(
    root: Root,
    rules: Envelope,
    facts: Envelope,
    *,
    targets: Collection[str],
    store: Store,
    records: Records,
) -> ActivePolicy:
    """Stores root, rules and facts, then makes them the active policy of a deployment with these `targets`.

    The signatures are verified and the policy is linted first: nothing is activated that the functions would
    refuse. Raises Refused or PolicyRefused, with nothing changed.
    """
    loaded_rules, rules_payload = loading.load_rules(rules, root)
    loaded_facts, facts_payload = loading.load_facts(facts, root)
    if faults := policy_lint.lint(loaded_rules, loaded_facts, targets=targets):
        raise PolicyRefused("policy", faults)
    store.put(canonical.encode_model(root))
    before = records.policy()
    active = ActivePolicy(
        rules=SignedReference(payload=rules_payload, envelope=store.put(canonical.encode_model(rules))),
        facts=SignedReference(payload=facts_payload, envelope=store.put(canonical.encode_model(facts))),
        version=before.version + 1 if before else 1,
    )
    records.activate_policy(active)
    return active
