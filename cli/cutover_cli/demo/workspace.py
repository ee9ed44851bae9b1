"""Where the demo keeps its keys and leaves its results, and who may work there."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cutover_cli.demo.errors import DemoBusy

DEFAULT = Path(".demo")


@dataclass(frozen=True)
class Workspace:
    """One folder, by default `.demo/` of the checkout. Mails hold links and keys are keys: only its owner reads it."""

    folder: Path
    default: bool = False

    @property
    def keys(self) -> Path:
        """Private keys, made once and kept for later runs."""
        return self.folder / "keys"

    @property
    def build(self) -> Path:
        """What was built."""
        return self.folder / "build"

    @property
    def stack(self) -> Path | None:
        """Where the local stack keeps its state; None for where `cutover local` looks by itself."""
        return None if self.default else self.folder / "stack"

    @property
    def settled(self) -> Path:
        """Says which stack the last run left with nothing in flight; there only after a run that was finished."""
        return self.folder / "settled.json"

    @property
    def handoff(self) -> Path:
        """The message's body, byte for byte as received."""
        return self.folder / "handoff.json"

    @property
    def trust(self) -> Path:
        """Root and trust bundle, written before the candidate is sent."""
        return self.folder / "trust.json"

    @property
    def ledger(self) -> Path:
        """Where `cutover verify` looks for an export of the message's ledger, which somebody may have put there."""
        return self.folder / "ledger.json"

    @property
    def notices(self) -> Path:
        """Where `cutover verify` looks for notices."""
        return self.folder / "notices"

    @property
    def documents(self) -> Path:
        """All that the message refers to, each file named by the hexadecimal digits of its digest."""
        return self.folder / "documents"

    @property
    def mail(self) -> Path:
        """The mails that the approvers got."""
        return self.folder / "mail"

    @contextmanager
    def occupied(self) -> Iterator[None]:
        """Holds the folder alone. A killed holder lets go by dying. Raises DemoBusy when someone else has it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / "lock").open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise DemoBusy(
                    f"another demo is at work in {self.folder} (process {lock.read().strip() or 'unknown'}): "
                    "let it finish, or end it"
                ) from None
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            yield

    def clear(self) -> None:
        """Removes the results of the run before, so that none of them can be taken for this one's."""
        for file in (self.handoff, self.trust, self.ledger):
            file.unlink(missing_ok=True)
        shutil.rmtree(self.notices, ignore_errors=True)
        for folder in (self.documents, self.mail):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
