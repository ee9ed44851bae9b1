"""CycloneDX 1.6 documents of what is released: the packages that uv.lock pins, with purl, hashes and licence."""

import uuid
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from importlib import metadata
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from cutover_cli.demo.build import Artifact
from cutover_cli.demo.errors import BuildFailed
from cutover_cli.demo.lockfile import Package

_MAX_LICENCE = 200  # some packages put the whole text of their licence into this field
Licences = Mapping[tuple[str, str], str]
"""(name, version) to what the package's own metadata states."""


def write(artifact: Artifact, packages: Iterable[Package], licences: Licences, *, version: str, at: datetime) -> bytes:
    """The SBOM of one artifact as JSON bytes. The same artifact and packages give the same serial number."""
    described = Component(
        name=artifact.path.name,
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=artifact.digest,
        hashes=[_sha256(artifact.digest.removeprefix("sha256:"))],
    )
    components = {(package.name, package.version): _component(package, licences) for package in packages}
    bom = Bom(components=components.values(), serial_number=uuid.uuid5(uuid.NAMESPACE_URL, artifact.digest))
    bom.metadata.component = described
    bom.metadata.timestamp = at
    by_name: dict[str, list[Component]] = {}
    for (name, _), component in components.items():
        by_name.setdefault(name, []).append(component)
    for package in packages:
        needed = [each for name in package.needs for each in by_name.get(name, ())]
        bom.register_dependency(components[package.name, package.version], needed)
    bom.register_dependency(described, components.values())
    return JsonV1Dot6(bom).output_as_string().encode()


def packed(archive: Path, locked: Iterable[Package]) -> tuple[tuple[Package, ...], Licences]:
    """Which of the locked packages lie in a Lambda package, by the metadata in it.

    Raises BuildFailed when it holds a package that the lock does not pin at that version.
    """
    found: dict[tuple[str, str], str] = {}
    with zipfile.ZipFile(archive) as content:
        for name in content.namelist():
            if name.count("/") == 1 and name.endswith(".dist-info/METADATA"):
                stated = message_from_bytes(content.read(name))
                found[_key(stated)] = _licence(stated)
    packages = tuple(package for package in locked if (package.name, package.version) in found)
    if strangers := found.keys() - {(package.name, package.version) for package in packages}:
        raise BuildFailed(f"the Lambda package holds what uv.lock does not pin: {sorted(strangers)}")
    return packages, found


def installed() -> Licences:
    """The licences that the packages of this environment state."""
    found = {}
    for distribution in metadata.distributions():
        stated = message_from_bytes((distribution.read_text("METADATA") or "").encode())
        if stated["Name"]:
            found[_key(stated)] = _licence(stated)
    return found


def _component(package: Package, licences: Licences) -> Component:
    licence = licences.get((package.name, package.version), "")
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{package.name}@{package.version}",
        purl=PackageURL("pypi", None, package.name, package.version),
        licenses=[_parsed(licence)] if licence else [],
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION, url=XsUri(each.url), hashes=[_sha256(each.sha256)]
            )
            for each in package.archives
        ],
    )


def _parsed(licence: str) -> License:
    return LicenseFactory().make_from_string(licence)


def _sha256(hexadecimal: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=hexadecimal)


def _key(stated: Message) -> tuple[str, str]:
    return stated["Name"].lower().replace("_", "-").replace(".", "-"), stated["Version"]


def _licence(stated: Message) -> str:
    """`License-Expression` (PEP 639), or what came before it: the short field, then the classifiers."""
    if expression := stated["License-Expression"]:
        return str(expression)
    field = str(stated["License"] or "").strip()
    if field and "\n" not in field and len(field) <= _MAX_LICENCE and field != "UNKNOWN":
        return field
    prefix = "License :: "
    named = [str(each) for each in stated.get_all("Classifier", []) if str(each).startswith(prefix)]
    return named[0].rsplit(" :: ", 1)[-1] if named else ""
