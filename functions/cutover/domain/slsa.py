"""Where SLSA provenance says what was built, by whom and from what: v1 (and v1.1, the same type), and v0.2.

Several places may say the same. ``CLAIMS`` lists them as JSON pointers into the in-toto statement, the most definite
first: what the build was told, then what it says of itself, then its first material. A value is always what stands at
a pointer, whole: ``git+https://host/owner/name@refs/heads/main`` is taken apart by ``source_of`` where it is compared.

Provenance may contradict itself; so the checks look at ``said``, which is every place, never only at the first.
Read from: https://slsa.dev/spec/v1.1/provenance, https://slsa.dev/spec/v0.2/provenance, and the build types of GitHub
(https://actions.github.io/buildtypes/workflow/v1) and of slsa-github-generator (v0.2 and v1).
"""

import re
from typing import Any, NamedTuple

from cutover.contracts.base import Digest
from cutover.domain.pointer import NOWHERE, resolve

STATEMENT_TYPES = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
PREDICATE_TYPES = ("https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2")

_TOLD = "/predicate/buildDefinition/externalParameters"
_ITSELF = "/predicate/buildDefinition/internalParameters"
_MATERIAL = "/predicate/buildDefinition/resolvedDependencies/0"
_SOURCE_V02 = "/predicate/invocation/configSource"
_ENVIRONMENT_V02 = "/predicate/invocation/environment"
_MATERIAL_V02 = "/predicate/materials/0"

CLAIMS: dict[str, tuple[str, ...]] = {
    "builder": ("/predicate/runDetails/builder/id", "/predicate/builder/id"),
    "repository": (
        f"{_TOLD}/workflow/repository",
        f"{_TOLD}/source/uri",
        f"{_MATERIAL}/uri",
        f"{_SOURCE_V02}/uri",
        f"{_MATERIAL_V02}/uri",
    ),
    "ref": (
        f"{_TOLD}/workflow/ref",
        f"{_ITSELF}/GITHUB_REF",
        f"{_TOLD}/source/uri",
        f"{_MATERIAL}/uri",
        f"{_ENVIRONMENT_V02}/github_ref",
        f"{_SOURCE_V02}/uri",
        f"{_MATERIAL_V02}/uri",
    ),
    "workflow": (f"{_TOLD}/workflow/path", f"{_ITSELF}/GITHUB_WORKFLOW_REF", f"{_SOURCE_V02}/entryPoint"),
    "commit": (
        f"{_MATERIAL}/digest/gitCommit",
        f"{_MATERIAL}/digest/sha1",
        f"{_TOLD}/source/digest/gitCommit",
        f"{_TOLD}/source/digest/sha1",
        f"{_ITSELF}/GITHUB_SHA",
        f"{_SOURCE_V02}/digest/sha1",
        f"{_ENVIRONMENT_V02}/github_sha1",
        f"{_MATERIAL_V02}/digest/sha1",
    ),
}
"""By field of the bundle's ``Provenance``, where v1 and then v0.2 say it; the first that has a line is the field."""

EVENTS = (f"{_ITSELF}/github/event_name", f"{_ITSELF}/GITHUB_EVENT_NAME", f"{_ENVIRONMENT_V02}/github_event_name")
"""Where they say what started the run."""
HEADS = (f"{_ITSELF}/GITHUB_HEAD_REF", f"{_ENVIRONMENT_V02}/github_head_ref")
"""Where they name the branch that a pull request is for; empty in any other run."""

_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})", re.ASCII)
_HEXADECIMAL = re.compile(r"[0-9a-f]{64}", re.ASCII)
NO_TEXT = "(no text)"
"""What is said where something stands that is no text: no list of a policy admits it but by a bare ``*``."""


class Source(NamedTuple):
    """A repository's URI without its ``git+``, and the ref that its end names (None where it names none)."""

    repository: str
    ref: str | None


class Workflow(NamedTuple):
    """A workflow's path in its repository, and the ref or commit that its file came from (None where it says none)."""

    path: str
    ref: str | None


def source_of(uri: str) -> Source:
    """A source's URI (SPDX download location, as SLSA has it) taken apart: ``git+https://host/path@ref``.

    An ``@`` before the path belongs to the user of the host, not to a ref.
    """
    plain = uri.removeprefix("git+")
    scheme, separator, rest = plain.partition("://")
    host, slash, path = rest.partition("/")
    if not separator or not slash:
        return Source(plain, None)
    path, at, ref = path.partition("@")
    return Source(f"{scheme}://{host}/{path}", ref if at and ref else None)


def said(statement: Any, pointers: tuple[str, ...]) -> tuple[str, ...]:
    """What stands at any of ``pointers``, each value once, in their order. Null and the empty text say nothing."""
    values = (resolve(statement, pointer) for pointer in pointers)
    texts = (value if isinstance(value, str) else NO_TEXT for value in values if value not in (NOWHERE, None, ""))
    return tuple(dict.fromkeys(texts))


def subjects(statement: Any) -> frozenset[Digest]:
    """The SHA-256 digests that an in-toto statement speaks of; a subject without one is none."""
    listed = resolve(statement, "/subject")
    found = (resolve(each, "/digest/sha256") for each in listed) if isinstance(listed, list) else ()
    return frozenset(f"sha256:{value}" for value in found if isinstance(value, str) and _HEXADECIMAL.fullmatch(value))


def workflow_of(workflow: str, repository: str) -> Workflow:
    """A workflow, which some say with the repository before it and where its file came from after it.

    ``https://host/owner/name/path@ref``, and GitHub's ``owner/name/path@ref``, are ``path`` at ``ref``, which may be a
    commit; what is neither stays, and says no ref.
    """
    path, _, ref = workflow.partition("@")
    for beginning in (repository, repository.partition("://")[2].partition("/")[2]):
        if beginning and path.startswith(f"{beginning}/"):
            return Workflow(path.removeprefix(f"{beginning}/"), ref or None)
    return Workflow(workflow, None)


def repositories(statement: Any) -> tuple[str, ...]:
    """Every repository that it names as its source, without ``git+`` and ref."""
    return tuple(dict.fromkeys(source_of(each).repository for each in said(statement, CLAIMS["repository"])))


def refs(statement: Any) -> tuple[str, ...]:
    """Every ref that it names, by itself or at the end of its source's URI; none of a URI that ends in none."""
    found: list[str | None] = []
    for pointer in CLAIMS["ref"]:
        texts = said(statement, (pointer,))
        found += [source_of(each).ref for each in texts] if pointer.endswith("/uri") else texts
    return tuple(dict.fromkeys(each for each in found if each is not None))


def is_commit(ref: str) -> bool:
    """Whether what is named as a ref is a commit's id, SHA-1 or SHA-256."""
    return _COMMIT.fullmatch(ref) is not None
