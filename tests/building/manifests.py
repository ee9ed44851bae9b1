"""Dependency manifests made up for tests: small ones of both formats, and one of about as many bytes as wanted."""

import json
from collections.abc import Iterator
from typing import Any

_LICENCES: tuple[list[dict[str, Any]], ...] = (
    [{"license": {"id": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}}],
    [{"license": {"name": "The Fictional Licence, second edition"}}],
    [{"expression": "MIT OR (GPL-2.0-only WITH Classpath-exception-2.0)"}],
    [],
)


def cyclonedx(*components: Any, version: Any = "1.6", **more: Any) -> bytes:
    return json.dumps(
        {"bomFormat": "CycloneDX", "specVersion": version, "version": 1, "components": components, **more}
    ).encode()


def spdx(*packages: Any, version: str = "SPDX-2.3", **more: Any) -> bytes:
    return json.dumps(
        {
            "spdxVersion": version, "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "service",
            "documentNamespace": "https://example.com/spdx/service-1.4.0",
            "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: made-up-1"]},
            "packages": packages, **more,
        }
    ).encode()  # fmt: skip


def component(number: int, **more: Any) -> dict[str, Any]:
    """A component as build tools write it: about 1,100 bytes."""
    group, name, version = f"com.example.group{number % 97}", f"library-{number}", f"{number % 9}.{number % 31}.0"
    purl = f"pkg:maven/{group}/{name}@{version}?type=jar"
    return {
        "type": "library", "bom-ref": purl, "publisher": "Example & Söhne GmbH", "group": group, "name": name,
        "version": version, "scope": "required",
        "description": f"Reads, checks and writes records of kind {number} in a way that nobody needs to know about.",
        "hashes": [
            {"alg": "SHA-256", "content": f"{number:064x}"}, {"alg": "SHA-512", "content": f"{number * 7919:0128x}"},
        ],
        "licenses": _LICENCES[number % len(_LICENCES)], "purl": purl,
        "externalReferences": [
            {"type": "website", "url": f"https://example.com/{group}/{name}/"},
            {"type": "vcs", "url": f"https://git.example.com/{group}/{name}.git"},
            {"type": "distribution", "url": f"https://repo.example.com/maven2/{group}/{name}/{name}-{version}.jar"},
        ],
        "properties": [{"name": "example:build:path", "value": f"modules/{group}/{name}/pom.xml"}], **more,
    }  # fmt: skip


def large_cyclonedx(size: int) -> bytes:
    """A CycloneDX 1.6 document of at least ``size`` bytes, and hardly more: components, then who depends on whom."""
    return b"".join(_large(size))


def _large(size: int) -> Iterator[bytes]:
    start = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [\n'
    yield start
    written, number, references = len(start), 0, []
    while written < size * 0.9:
        made = component(number)
        references.append(made["bom-ref"])
        part = (b",\n" if number else b"") + json.dumps(made, indent=1, ensure_ascii=False).encode()
        written += len(part)
        number += 1
        yield part
    middle = b'], "dependencies": [\n'
    yield middle
    written, at = written + len(middle), 0
    while written < size:
        said = {"ref": references[at % number], "dependsOn": [references[(at * 3 + each) % number] for each in (1, 2)]}
        part = (b",\n" if at else b"") + json.dumps(said).encode()
        written += len(part)
        at += 1
        yield part
    yield b"]}"
