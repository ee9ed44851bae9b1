"""Builds what is released: this project's wheel and its Lambda package, from this checkout."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cutover.contracts.base import Digest
from cutover.domain import canonical
from cutover_cli.demo.errors import BuildFailed

LOCAL_CHECKOUT = "urn:cutover:local-checkout"
"""The repository of a checkout without a remote on a network: the commit still says which content it is."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One built file, and the component of the release that it is. `size` is in bytes."""

    name: str
    path: Path
    digest: Digest
    size: int


@dataclass(frozen=True, slots=True)
class Checkout:
    """What git says. `ref` is the branch, or `HEAD` where none is checked out; `parent` is None where history has, or
    shows, no commit before this one.
    """

    root: Path
    repository: str
    ref: str
    commit: str
    parent: str | None
    modified: bool


def checkout(root: Path) -> Checkout:
    """The checkout at `root`. Raises BuildFailed where git is missing or `root` is none."""
    head = _git(root, "rev-parse", "--verify", "HEAD")
    if head is None:
        raise BuildFailed(f"{root} is no git checkout with a commit; a release is of a commit")
    return Checkout(
        root=root,
        repository=repository_of(_git(root, "config", "--get", "remote.origin.url") or ""),
        ref=_git(root, "symbolic-ref", "--quiet", "HEAD") or "HEAD",
        commit=head,
        parent=_git(root, "rev-parse", "--verify", "--quiet", "HEAD~1"),
        modified=bool(_git(root, "status", "--porcelain")),
    )


def repository_of(remote: str) -> str:
    """A remote's URL without user, password and query; `LOCAL_CHECKOUT` where it is a path, or there is none."""
    parts = urlsplit(remote)
    if parts.scheme in {"https", "http", "ssh", "git"} and parts.hostname:
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"
    host, separator, path = remote.partition(":")
    if separator and "/" not in host and not Path(remote).exists():  # git@example.com:team/project.git
        return f"ssh://{host.rpartition('@')[2]}/{path.lstrip('/')}"
    return LOCAL_CHECKOUT


def wheel(root: Path, folder: Path) -> Artifact:
    """Builds the wheel into `folder`, with the build back end of this environment: no network is needed."""
    uv = os.environ.get("UV") or shutil.which("uv", path=str(root / ".tools" / "bin")) or shutil.which("uv")
    if not uv:
        raise BuildFailed("uv is missing: run `make setup`")
    target = folder / "wheel"
    shutil.rmtree(target, ignore_errors=True)
    command = [uv, "build", "--wheel", "--no-build-isolation", "--offline", "--quiet"]
    _run([*command, "--python", sys.executable, "--out-dir", str(target)], root, "the wheel")
    built = sorted(target.glob("*.whl"))
    if len(built) != 1:
        raise BuildFailed(f"expected one wheel in {target}, found {len(built)}")
    return artifact("wheel", built[0])


def functions(root: Path) -> Artifact:
    """The Lambda package for this interpreter: the very file that the local stack runs."""
    command = [sys.executable, "-m", "infra.asset", "--flavour", "local"]
    path = Path(_run(command, root, "the Lambda package").strip())
    if not path.is_file():
        raise BuildFailed(f"the Lambda package was not built: {path}")
    return artifact("functions", path)


def artifact(name: str, path: Path) -> Artifact:
    """A file as it is now."""
    content = path.read_bytes()
    return Artifact(name, path, canonical.digest(content), len(content))


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607  # the user's own git
            cwd=root,
            check=False,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError as error:
        raise BuildFailed("git is missing, and a release is of a commit") from error
    return done.stdout.strip() if done.returncode == 0 else None


def _run(command: Sequence[str], root: Path, what: str) -> str:
    done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    if done.returncode:
        raise BuildFailed(f"{what} could not be built:\n{done.stderr.strip()[-2000:]}")
    return done.stdout
