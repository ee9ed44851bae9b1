"""Builds the one Lambda package: the locked wheels, `functions/cutover` and, where possible, byte code.

Two flavours: `aws` (arm64 Linux and the runtime that the template names) and `local` (this interpreter, for
the emulator). The zip is deterministic: sorted, fixed times, fixed modes. It is kept under `build/` by the
digest of all that goes into it, so that a second run only hashes a few files.

    python -m infra.asset [--flavour aws|local]     builds, and prints the path of the zip
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from infra import packer, uv
from infra.config import ROOT

FlavourName = Literal["aws", "local"]

# The Lambda runtime brings boto3 and what it needs: its own, patched by AWS. See docs/adr/0002.
PROVIDED_BY_RUNTIME = ("boto3", "botocore", "s3transfer", "python-dateutil", "six", "urllib3")
# What sigstore's own command line prints with. Of 88 MB unpacked these are 15, and no function loads them.
NEVER_LOADED = ("rich", "pygments", "markdown-it-py", "mdurl")
RUNTIME_VERSION = "3.14"
BUILD = ROOT / "build"
KEPT = 3
FORMAT = "4"  # raise it when this file changes what a zip holds


@dataclass(frozen=True, kw_only=True)
class Flavour:
    """For which interpreter the wheels are chosen, and which interpreter at hand can compile for it."""

    name: FlavourName
    version: str
    platform: str | None
    compiler: Path | None


def flavour(name: FlavourName) -> Flavour:
    """The flavour of that name. `compiler` is None when no interpreter of the version is installed."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if name == "local":
        return Flavour(name=name, version=here, platform=None, compiler=Path(sys.executable))
    compiler = Path(sys.executable) if here == RUNTIME_VERSION else uv.find_interpreter(RUNTIME_VERSION)
    return Flavour(name=name, version=RUNTIME_VERSION, platform="aarch64-manylinux_2_28", compiler=compiler)


def lock_digest() -> str:
    """`sha256:` and the hex digest of uv.lock: what a bundle states as its engine's dependencies."""
    return "sha256:" + hashlib.sha256((ROOT / "uv.lock").read_bytes()).hexdigest()


def package(name: FlavourName) -> Path:
    """The zip of this flavour; built unless one of the same inputs is there already.

    Needs the network for wheels that uv has not cached. Raises subprocess.CalledProcessError when uv
    cannot resolve them.
    """
    wanted = flavour(name)
    target = BUILD / f"lambda-{name}-{_inputs_digest(wanted)[:16]}.zip"
    if target.is_file():
        return target
    if wanted.compiler is None:
        _say(f"no Python {wanted.version} here: the package gets no byte code, cold starts will be slower")
    _say(f"building the Lambda package for {name} (Python {wanted.version}) ...")
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        tree, draft = Path(scratch) / "tree", Path(scratch) / "draft.zip"
        _install(wanted, tree, Path(scratch) / "requirements.txt")
        shutil.copytree(ROOT / "functions" / "cutover", tree / "cutover", ignore=shutil.ignore_patterns("__pycache__"))
        packer.prune(tree)
        if wanted.compiler is not None:
            _compile(wanted.compiler, tree)
        packer.write_zip(tree, draft)
        draft.replace(target)  # complete or not there: another process may build the same one
    _forget_older(name)
    return target


def _forget_older(name: FlavourName) -> None:
    """Leaves the newest packages of a flavour: another process may still be reading the one before."""
    packages = sorted(BUILD.glob(f"lambda-{name}-*.zip"), key=lambda path: path.stat().st_mtime)
    for path in packages[:-KEPT]:
        path.unlink(missing_ok=True)


def _install(wanted: Flavour, tree: Path, requirements: Path) -> None:
    omitted = [word for name in (*PROVIDED_BY_RUNTIME, *NEVER_LOADED) for word in ("--no-emit-package", name)]
    uv.run(
        "export",
        "--frozen",
        "--no-default-groups",
        "--no-emit-project",
        "--output-file",
        requirements,
        *omitted,
    )
    foreign = ["--python-platform", wanted.platform] if wanted.platform else []
    uv.run(
        "pip", "install", "--requirement", requirements, "--target", tree, "--no-deps", "--require-hashes",
        "--only-binary", ":all:", "--python", sys.executable, "--python-version", wanted.version, *foreign,
    )  # fmt: skip


def _compile(interpreter: Path, tree: Path) -> None:
    """Unchecked-hash byte code: valid whatever the file times, and the same bytes at every build.

    The interpreter is started with a fixed hash seed and strips the tree's own path from the code objects:
    both would otherwise show in the bytes.
    """
    subprocess.run(
        [interpreter, "-m", "compileall", "-q", "-s", tree, "-p", "/var/task",
         "--invalidation-mode", "unchecked-hash", tree],
        check=True, env={"PYTHONHASHSEED": "0"}, stdout=sys.stderr,
    )  # fmt: skip


def _inputs_digest(wanted: Flavour) -> str:
    state = hashlib.sha256()
    compiled = "no byte code"
    if wanted.compiler is not None:
        compiled = subprocess.run([wanted.compiler, "-VV"], check=True, capture_output=True, text=True).stdout
    for part in (FORMAT, wanted.name, wanted.version, sys.platform, compiled, lock_digest()):
        state.update(part.encode() + b"\0")
    for path in _sources():
        content = hashlib.sha256(path.read_bytes()).digest()
        state.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + content)
    return state.hexdigest()


def _sources() -> Iterator[Path]:
    for path in sorted((ROOT / "functions" / "cutover").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _say(text: str) -> None:
    print(f"infra.asset: {text}", file=sys.stderr)


def main() -> None:
    """Builds one flavour and prints the path of its zip."""
    parser = argparse.ArgumentParser(description="Build the Lambda package.")
    parser.add_argument("--flavour", choices=get_args(FlavourName), default="aws")
    print(package(parser.parse_args().flavour))


if __name__ == "__main__":
    main()
