"""The bundles that others wrote (``CUTOVER_VECTORS``): their folders, artifacts, signers and trusted roots."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from cutover.attesting.roots import public_good_root
from cutover.contracts.base import Digest
from cutover.domain import canonical
from cutover.domain.identities import Wanted

GITHUB = "https://token.actions.githubusercontent.com"
BEACON = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
    ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)


@dataclass(frozen=True)
class Case:
    """One folder of sigstore-conformance, as its CORPUS.md explains it."""

    folder: Path

    @property
    def bundle(self) -> bytes:
        return (self.folder / "bundle.sigstore.json").read_bytes()

    @property
    def artifact(self) -> Digest:
        own = self.folder / "artifact"
        return canonical.digest((own if own.exists() else self.folder.parent / "a.txt").read_bytes())

    @property
    def root(self) -> bytes:
        own = self.folder / "trusted_root.json"
        return own.read_bytes() if own.exists() else public_good_root()

    @property
    def by(self) -> Wanted | bytes:
        key = self.folder / "key.pub"
        if key.exists():
            return der(key.read_bytes())
        return Wanted(self._line("issuer", GITHUB), self._line("identity", BEACON))

    def _line(self, name: str, default: str) -> str:
        file = self.folder / name
        return file.read_text().strip() if file.exists() else default


def der(pem: bytes) -> bytes:
    """A public key's SubjectPublicKeyInfo."""
    return load_pem_public_key(pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
