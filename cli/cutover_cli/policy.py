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
from cutover.errors import DocumentMissing, Refused
from cutover.ports import Records, Store
from cutover_cli import policy_lint, strict_yaml
from cutover_cli.files import DocumentRefused
from cutover_cli.signing import LocalKey, seal

Part = TypeVar("Part", Rules, Facts)
_TYPES: Mapping[type[Model], str] = {Rules: RULES_TYPE, Facts: FACTS_TYPE, TrustBundle: TRUST_TYPE}


class PolicyRefused(DocumentRefused):
    """A policy has faults. `faults` lists them all, each with a JSON pointer into the document."""

    reason = "POLICY_REFUSED"


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
        raise PolicyRefused(where, (Fault(pointer="/", code=error.code, message=error.detail),)) from error


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
    trusted_root: bytes | None = None,
) -> ActivePolicy:
    """Stores root, rules and facts, then makes them the active policy of a deployment with these `targets`.

    The signatures are verified and the policy is linted first: nothing is activated that the functions would
    refuse. `trusted_root` is Sigstore's, where the facts name one that the store does not have yet.
    Raises Refused or PolicyRefused, with nothing changed.
    """
    loaded_rules, rules_payload = loading.load_rules(rules, root)
    loaded_facts, facts_payload = loading.load_facts(facts, root)
    if faults := policy_lint.lint(loaded_rules, loaded_facts, targets=targets):
        raise PolicyRefused("policy", faults)
    _keep_trusted_root(loaded_facts, trusted_root, store)
    store.put(canonical.encode_model(root))
    before = records.policy()
    active = ActivePolicy(
        rules=SignedReference(payload=rules_payload, envelope=store.put(canonical.encode_model(rules))),
        facts=SignedReference(payload=facts_payload, envelope=store.put(canonical.encode_model(facts))),
        version=before.version + 1 if before else 1,
    )
    records.activate_policy(active)
    return active


def _keep_trusted_root(facts: Facts, content: bytes | None, store: Store) -> None:
    """The functions find Sigstore's trusted root in the store, under the digest that both owners signed."""
    if facts.trusted_root is None:
        if content is not None:
            raise Refused("TRUSTED_ROOT_NOT_NAMED", "the facts name no trusted root", "name its digest in the facts")
        return
    if content is not None:
        found = canonical.digest(content)
        if not canonical.same(found, facts.trusted_root):
            raise Refused("TRUSTED_ROOT_DIFFERS", f"it is {found}; the facts name {facts.trusted_root}")
        store.put(content)
        return
    try:
        store.locate(facts.trusted_root)
    except DocumentMissing as missing:
        detail = f"the store does not have {facts.trusted_root}"
        raise Refused("TRUSTED_ROOT_MISSING", detail, "give the file with --trusted-root") from missing
