"""What two processes share beside the table: the time, and the write-once store."""

import mmap
import os
import uuid
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, unquote

from tests.fakes.clock import FakeClock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BYTES = 8


class SharedClock(FakeClock):
    """A clock in a file: whoever opens it sees the same time, and that it is moved."""

    def __init__(self, path: Path, start: datetime | None = None) -> None:
        if start is not None:
            path.write_bytes(bytes(_BYTES))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _BYTES)
        if start is not None:
            self._set(start)

    def now(self) -> datetime:
        return _EPOCH + int.from_bytes(self._memory[:], "big") * _MICROSECOND

    def move(self, by: timedelta) -> datetime:
        if by < timedelta():
            raise ValueError("time does not run backwards")
        self._set(self.now() + by)
        return self.now()

    def move_to(self, instant: datetime) -> datetime:
        return self.move(instant - self.now())

    def _set(self, instant: datetime) -> None:
        self._memory[:] = ((instant - _EPOCH) // _MICROSECOND).to_bytes(_BYTES, "big")

    def close(self) -> None:
        self._memory.close()


class SharedObjects(MutableMapping[str, bytes]):
    """Objects by key: those that stood ``before``, and in a folder whatever any process has put since."""

    def __init__(self, before: Mapping[str, bytes], folder: Path) -> None:
        self._before = before
        self._folder = folder

    def __getitem__(self, key: str) -> bytes:
        if key in self._before:
            return self._before[key]
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            raise KeyError(key) from None

    def setdefault(self, key: str, default: bytes = b"") -> bytes:
        """The first process that puts a key wins, as ``If-None-Match: *`` has it."""
        if key not in self:
            whole = self._folder / f".{uuid.uuid4().hex}"
            whole.write_bytes(default)
            try:
                os.link(whole, self._path(key))
            except FileExistsError:
                pass
            finally:
                whole.unlink()
        return self[key]

    def __setitem__(self, key: str, content: bytes) -> None:
        raise TypeError("a write-once store")

    def __delitem__(self, key: str) -> None:
        raise TypeError("a write-once store")

    def __iter__(self) -> Iterator[str]:
        yield from self._before
        yield from (unquote(path.name) for path in self._folder.iterdir() if not path.name.startswith("."))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _path(self, key: str) -> Path:
        return self._folder / quote(key, safe="")
