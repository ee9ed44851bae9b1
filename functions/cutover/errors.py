"""Every error that Cutover raises. Leaf names are the names in the state machine's ``ErrorEquals``.

::

    CutoverError
    ├── Refused                  bad input or a failed proof: a stable code, what was found, what mends it
    ├── TransientError           trying again may help; only the state machine does so
    │   ├── DependencyUnavailable    a service failed or throttled; nothing was done
    │   ├── SourceUnavailable        a source system did; when it lasts, that is a result with a code
    │   └── Conflict                 another writer was first; read the record and decide again
    ├── Fenced                   another execution serves this revision now; this one is to end
    ├── AmbiguousCompletion      the request may or may not have taken effect; never blindly repeated
    ├── IntegrityError           what is stored is not what was stored
    │   ├── DigestMismatch           bytes differ from the digest that names them
    │   ├── OverwriteRefused         other bytes stand already under a write-once name
    │   ├── DocumentMissing          a document that a record names is not in the store
    │   └── EntryUnreadable          an item of the ledger is no entry
    └── ConfigurationError       this deployment lacks or contradicts a setting
"""


class CutoverError(Exception):
    """The root: catch it to catch whatever Cutover raises on purpose."""


class Refused(CutoverError):
    """Bad input or a failed proof. ``code`` is stable; ``detail`` and ``mend`` are for people."""

    def __init__(self, code: str, detail: str, mend: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.mend = mend


class TransientError(CutoverError):
    """Trying again may help."""


class DependencyUnavailable(TransientError):
    """A service failed or throttled before it did anything."""


class SourceUnavailable(TransientError):
    """A source system failed, throttled or could not be reached. ``code`` is what it is called when it lasts."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Conflict(TransientError):
    """Another writer was first. ``parts`` names the conditions that failed."""

    def __init__(self, *parts: str) -> None:
        super().__init__(f"conditions failed: {', '.join(parts) or 'unknown'}")
        self.parts = frozenset(parts)


class Fenced(CutoverError):
    """Another execution serves this revision now."""


class AmbiguousCompletion(CutoverError):
    """The request may or may not have taken effect."""


class IntegrityError(CutoverError):
    """What is stored is not what was stored."""


class DigestMismatch(IntegrityError):
    """Bytes differ from the digest that names them."""


class OverwriteRefused(IntegrityError):
    """Other bytes stand already under a write-once name."""


class DocumentMissing(IntegrityError):
    """A document that a record names is not in the store."""


class EntryUnreadable(IntegrityError):
    """An item of the ledger is no entry. ``sequence``: the number that its key has."""

    def __init__(self, sequence: int, detail: str) -> None:
        super().__init__(detail)
        self.sequence = sequence


class ConfigurationError(CutoverError):
    """This deployment lacks or contradicts a setting."""
