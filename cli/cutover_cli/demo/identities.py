"""Who signs in the demo: two policy owners, CI, a builder, whoever attests tests or grants waivers, operators."""

from dataclasses import dataclass, fields
from pathlib import Path

from cutover.contracts.policy import Purpose
from cutover_cli.signing import LocalKey, load_or_create


@dataclass(frozen=True, slots=True)
class Identities:
    """One file each."""

    owner_release: LocalKey
    owner_operations: LocalKey
    ci: LocalKey
    builder: LocalKey
    attester: LocalKey
    waiver: LocalKey
    resolver: LocalKey
    operator_withdrawal: LocalKey
    operator_brake: LocalKey

    @property
    def owners(self) -> dict[str, LocalKey]:
        """The policy's two owners, by the names in the root document."""
        return {"owner-operations": self.owner_operations, "owner-release": self.owner_release}

    @property
    def trusted(self) -> tuple[tuple[Purpose, str, LocalKey, str | None], ...]:
        """Purpose, holder and key of all that sign for a purpose, and whose it is where it is one person's.

        The owners do not: they sign policy.
        """
        return (
            ("candidate", "CI of cutover", self.ci, None),
            ("provenance", "The demo's builder", self.builder, None),
            ("attestation", "The demo's smoke test", self.attester, None),
            ("waiver", "Whoever grants waivers in the demo", self.waiver, "omar"),
            ("resolution", "Whoever answers holds in the demo", self.resolver, "omar"),
            ("withdrawal", "The demo's operator", self.operator_withdrawal, None),
            ("brake", "The demo's operator", self.operator_brake, None),
        )


def identities(folder: Path) -> Identities:
    """The keys in `folder`, made the first time. Raises KeyFileError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = (field.name for field in fields(Identities))
    return Identities(**{name: load_or_create(folder / f"{name.replace('_', '-')}.pem") for name in names})
