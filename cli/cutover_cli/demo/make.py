"""The first two steps: what CI would have made before it announces anything."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cutover.domain import canonical
from cutover_cli.demo import build, records, sbom, smoke, statements
from cutover_cli.demo.build import Artifact, Checkout
from cutover_cli.demo.deployment import PRODUCT
from cutover_cli.demo.identities import Identities
from cutover_cli.demo.lockfile import Lock, Package
from cutover_cli.demo.progress import Progress
from cutover_cli.demo.publish import Described
from cutover_cli.demo.records import Drill
from cutover_cli.demo.sbom import Licences
from cutover_cli.demo.smoke import Smoke

CATALOG = Path("examples/catalog")


@dataclass(frozen=True, slots=True)
class Built:
    """Both artifacts of one commit, and the run that built them."""

    source: Checkout
    version: str
    wheel: Artifact
    functions: Artifact
    run: statements.Build


@dataclass(frozen=True, slots=True)
class Made:
    """All that a candidate will refer to, but for the records of change management."""

    built: Built
    described: tuple[Described, ...]
    drill: Drill


def now() -> datetime:
    """The present in whole seconds, as documents write it."""
    return datetime.now(UTC).replace(microsecond=0)


def build_all(root: Path, folder: Path, progress: Progress) -> Built:
    """Builds wheel and Lambda package from the checkout as it is, and says so where that is not its commit."""
    started = now()
    source = build.checkout(root)
    progress.say(f"commit     {source.commit}")
    if source.modified:
        progress.say("           with changes that are not committed: the provenance says so")
    wheel, functions = build.wheel(root, folder), build.functions(root)
    for each in (wheel, functions):
        progress.say(f"{each.name:<10} {each.path.name}  {each.size:,} bytes")
        progress.say(f"           {each.digest}")
    lock = canonical.digest((root / "uv.lock").read_bytes())
    run = statements.Build(f"demo-{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}", started, now(), lock)
    return Built(source, wheel.path.name.split("-")[1], wheel, functions, run)


def describe(built: Built, keys: Identities, progress: Progress) -> Made:
    """SBOM, signed provenance and signed smoke test of each artifact; a drill of the rollback hook."""
    lock = Lock(built.source.root / "uv.lock")
    packed, licences = sbom.packed(built.functions.path, lock.closure(PRODUCT))
    wheel = _described(
        built, built.wheel, smoke.wheel, keys, progress,
        packages=lock.closure(PRODUCT, extras=["cli"]), licences=sbom.installed(),
    )  # fmt: skip
    functions = _described(built, built.functions, smoke.functions, keys, progress, packages=packed, licences=licences)
    drill = records.drill(built.source, at=now())
    progress.say(f"rollback   drilled, back to commit {drill.commit[:12]}")
    return Made(built, (wheel, functions), drill)


def _described(
    built: Built,
    artifact: Artifact,
    tried_by: Callable[[Artifact], Smoke],
    keys: Identities,
    progress: Progress,
    *,
    packages: tuple[Package, ...],
    licences: Licences,
) -> Described:
    tried = tried_by(artifact)
    progress.say(f"{artifact.name:<10} SBOM of {len(packages)} packages; smoke test: {len(tried.passed)} passed")
    return Described(
        artifact=artifact,
        sbom=sbom.write(artifact, packages, licences, version=built.version, at=now()),
        provenance=statements.signed(statements.provenance(artifact, built.source, built.run), keys.builder),
        tests=statements.signed(statements.tests(artifact, built.source, tried), keys.attester),
        entity=(built.source.root / CATALOG / f"{artifact.name}.yaml").read_bytes(),
    )
