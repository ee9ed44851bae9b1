"""Authoring policy: YAML becomes a checked document, canonical bytes, and an envelope of both owners."""

import base64
from collections.abc import Mapping
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
    TrustBundle,
)
from cutover.domain import canonical
from cutover.domain.faults import faults_of
from cutover.domain.record import Fault
from cutover.errors import Refused
from cutover_cli import strict_yaml
from cutover_cli.files import DocumentRefused
from cutover_cli.signing import LocalKey, seal

Part = TypeVar("Part", Rules, Facts)
_TYPES: Mapping[type[Model], str] = {Rules: RULES_TYPE, Facts: FACTS_TYPE, TrustBundle: TRUST_TYPE}


class PolicyRefused(DocumentRefused):
    """A policy has faults. `faults` lists them all, each with a JSON pointer into the document."""

    reason = "POLICY_REFUSED"

    @classmethod
    def of(cls, refused: Refused) -> "PolicyRefused":
        """A refusal of the domain, as a fault of the whole."""
        return cls("policy", (Fault(pointer="/", code=refused.code, message=refused.detail),))


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
