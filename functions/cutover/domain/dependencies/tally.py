"""What is counted of one format while a manifest is read."""

from hashlib import blake2b

from cutover.domain.dependencies.problems import Problems, Stopped

MAX_COMPONENTS = 500_000
MAX_REFERENCES = 1_000_000
"""Both bound memory: of each reference 16 bytes are remembered."""


class Tally:
    """Counts, references and problems, as one format sees them."""

    def __init__(self, format: str | None) -> None:  # noqa: A002  # the contract's word
        self.format = format
        self.spec_version: str | None = None
        self.components = 0
        self.licences = 0
        self.purls = 0
        self.versioned: dict[str, tuple[tuple[str, ...], str]] = {}
        """What only some versions of the format take: which versions do, and a pointer to where it stands first."""
        self.problems = Problems()
        self._references: set[bytes] = set()

    def count(self, *, licensed: bool, purl: bool, pointer: str) -> None:
        """One more component. ``Stopped`` (``DEPENDENCY_TOO_MANY``) beyond ``MAX_COMPONENTS``."""
        self.components += 1
        self.licences += licensed
        self.purls += purl
        if self.components > MAX_COMPONENTS:
            raise Stopped("DEPENDENCY_TOO_MANY", pointer, f"more than {MAX_COMPONENTS} components")

    def is_new(self, reference: str) -> bool:
        """Whether nothing had this reference before. ``Stopped`` beyond ``MAX_REFERENCES``."""
        mark = blake2b(reference.encode(), digest_size=16).digest()
        if mark in self._references:
            return False
        self._references.add(mark)
        if len(self._references) > MAX_REFERENCES:
            raise Stopped("DEPENDENCY_TOO_MANY", "", f"more than {MAX_REFERENCES} references")
        return True
