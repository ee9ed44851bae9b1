"""What the provenance of a component says of its build, in all the places where it may say it, its certificate too."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cutover.domain import slsa
from cutover.domain.checks.context import Context
from cutover.domain.checks.stated import Stated, signed, stated
from cutover.domain.statements import Signed
from cutover.errors import Refused

Claim = Literal["builder", "repository", "ref", "workflow", "commit"]
SHOWN, LISTED = 150, 3
"""So many characters of one address, and so many addresses, are shown."""
Claims = dict[Claim, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Built:
    """Every different value of each claim: repositories without ``git+`` and ref, workflows as paths in theirs.

    ``events``: what started the run; ``heads``: the branches of pull requests that it was for.
    """

    stated: Stated
    claims: Mapping[Claim, tuple[str, ...]]
    events: tuple[str, ...]
    heads: tuple[str, ...]


def built(context: Context) -> Iterator[Built]:
    """Of every component whose provenance was collected. Where nobody counts who signed it, its own words remain."""
    for each in stated(context, "provenance"):
        document = each.statement.document
        certificate = _certificate(context, each)
        certified = _certified(certificate)
        claims = {claim: _once(values, certified.get(claim, ())) for claim, values in _said(document).items()}
        event = (certificate.event,) if certificate is not None and certificate.event else ()
        yield Built(each, claims, _once(slsa.said(document, slsa.EVENTS), event), slsa.said(document, slsa.HEADS))


def named(values: Iterable[str], *, empty: str = "nothing") -> str:
    """A few of the values, long enough to see where two addresses differ: most begin alike."""
    every = tuple(values)
    more = f" and {len(every) - LISTED} more" if len(every) > LISTED else ""
    cut = (each if len(each) <= SHOWN else each[: SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}" for each in every[:LISTED])
    return ", ".join(json.dumps(each, ensure_ascii=False) for each in cut) + more or empty


def _certificate(context: Context, each: Stated) -> Signed | None:
    try:
        return signed(context, each, "provenance")
    except Refused:  # a hold of ``provenance.signed``
        return None


def _said(document: Any) -> Claims:
    repositories = slsa.repositories(document)
    paths, refs, commits = _workflows(slsa.said(document, slsa.CLAIMS["workflow"]), "".join(repositories[:1]))
    return {
        "builder": slsa.said(document, slsa.CLAIMS["builder"]),
        "repository": repositories,
        "ref": _once(slsa.refs(document), refs),
        "workflow": paths,
        "commit": _once(slsa.said(document, slsa.CLAIMS["commit"]), commits),
    }


def _certified(certificate: Signed | None) -> Claims:
    """Its identity is no builder's id: a certificate names the workflow that signed, as the policy's identities do."""
    if certificate is None:
        return {}
    paths, refs, commits = _workflows(_some(certificate.workflow), certificate.repository or "")
    return {
        "repository": _some(certificate.repository),
        "ref": _once(_some(certificate.ref), refs),
        "workflow": paths,
        "commit": _once(_some(certificate.commit), commits),
    }


def _workflows(workflows: Iterable[str], repository: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Paths, refs and commits: a workflow's file may come from elsewhere than the source that it builds."""
    found = [slsa.workflow_of(each, repository) for each in workflows]
    at = _once(each.ref for each in found if each.ref)
    commits = tuple(each for each in at if slsa.is_commit(each))
    return _once(each.path for each in found), tuple(each for each in at if each not in commits), commits


def _some(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _once(*values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for several in values for each in several))
