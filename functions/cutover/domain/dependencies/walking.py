"""Walking through a manifest as a stream of events, with its depth and the number of keys bounded.

What no shape is for is passed over, but for the references in it: they count wherever they stand.
"""

from typing import Any, Final

from cutover.domain.dependencies.lexical import NOT_JSON
from cutover.domain.dependencies.problems import Stopped
from cutover.domain.dependencies.shapes import OTHER, Frame, Shape
from cutover.domain.dependencies.tally import Tally

MAX_DEPTH = 100
"""Levels of JSON; of nested components half as many."""
MAX_KEYS = 1000
"""Keys of one object that has a shape."""
MAX_POINTER = 1000
_REFERENCES: Final = {"bom-ref": 0, "SPDXID": 1}
"""Which keys say a reference, and to which tally it belongs."""


class Walker:
    """Takes ijson's events, one at a time, through ``send``."""

    def __init__(self, keys: dict[str, Shape], *tallies: Tally) -> None:
        texts = frozenset({"bomFormat", "specVersion", "spdxVersion", "SPDXID"})
        self._shape = Shape("the manifest", keys=keys, texts=texts)
        self._tallies = tallies
        self._frame: Frame | None = None
        self._depth = 0
        self._skipping = 0
        self._reference = ""
        self.root: dict[str, Any] = {}
        self._ended_whole = False

    def send(self, event: tuple[str, Any]) -> None:
        """One event of ``ijson.basic_parse``. ``Stopped`` where reading cannot go on."""
        kind, value = event
        if kind == "map_key":
            if self._skipping:
                self._reference = value if value in _REFERENCES else ""
            else:
                self._keyed(value)
        elif kind in {"start_map", "start_array"}:
            self._started(kind == "start_array")
        elif kind in {"end_map", "end_array"}:
            self._ended()
        elif self._skipping:
            if self._reference:
                self._refer(self._reference, value)
                self._reference = ""
        else:
            self._said(value)

    def close(self) -> None:
        """ijson says that there is no more."""

    def demand_open(self) -> None:
        """Raises ``Stopped`` when the manifest has ended already."""
        if self._ended_whole:
            raise Stopped("DEPENDENCY_UNREADABLE", "", NOT_JSON)

    def pointer(self, *more: str) -> str:
        """Where reading stands, as far as it fits into a pointer, and ``more`` below it."""
        parts: list[str] = []
        frame = self._frame
        while frame is not None:
            parts.append(frame.where)
            frame = frame.parent
        whole = ""
        for part in (*reversed(parts), *more):
            if part == "" or len(whole) + len(part) >= MAX_POINTER:
                break
            whole += "/" + part
        return whole

    def fault(self, shape: Shape, code: str, detail: str, *more: str) -> None:
        """A problem of where reading stands."""
        problems = self._tallies[shape.tally].problems
        if problems.wants(code):
            problems.list(code, self.pointer(*more), detail)

    def _stop(self, code: str, detail: str) -> Stopped:
        return Stopped(code, self.pointer(), detail)

    def _keyed(self, key: str) -> None:
        frame = self._frame
        if frame is None:
            return
        if key in frame.facts:
            raise self._stop("DEPENDENCY_UNREADABLE", f"{frame.shape.name} has a key twice")
        if len(frame.facts) >= MAX_KEYS:
            raise self._stop("DEPENDENCY_TOO_MANY", f"{frame.shape.name} has more than {MAX_KEYS} keys")
        frame.facts[key] = OTHER
        frame.key = key

    def _started(self, is_array: bool) -> None:
        self._depth += 1
        self._reference = ""
        if self._depth > MAX_DEPTH:
            raise self._stop("DEPENDENCY_TOO_DEEP", f"nested deeper than {MAX_DEPTH} levels")
        if self._skipping:
            self._skipping += 1
            return
        shape = self._expected()
        if shape is not None and shape.is_array == is_array:
            self._frame = Frame(shape, self._frame)
            return
        if shape is not None:
            self._unlike(shape)
        self._skipping = 1

    def _expected(self) -> Shape | None:
        """The shape of the value that comes now."""
        frame = self._frame
        if frame is None:
            return self._shape
        if frame.shape.is_array:
            frame.index += 1
            return frame.shape.items
        return frame.shape.keys.get(frame.key)

    def _ended(self) -> None:
        self._depth -= 1
        if self._skipping:
            self._skipping -= 1
            return
        frame = self._frame
        if frame is None:
            return
        self._frame = frame.parent
        if frame.parent is None:
            self.root = frame.facts
            self._ended_whole = True
        elif frame.shape.closed is not None:
            frame.shape.closed(self._tallies[frame.shape.tally], frame, self)

    def _said(self, value: Any) -> None:
        """A number, text, boolean or null where a shape is."""
        shape = self._expected()
        if shape is not None:
            self._unlike(shape)
        frame = self._frame
        if frame is None or frame.shape.is_array:
            return
        if frame.key in frame.shape.texts and isinstance(value, str):
            frame.facts[frame.key] = value
            if frame.parent is None:
                self.root = frame.facts
        if frame.key in _REFERENCES:
            self._refer(frame.key, value)

    def _unlike(self, shape: Shape) -> None:
        self.fault(shape, "DEPENDENCY_STRUCTURE", f"{shape.name} must be an {'array' if shape.is_array else 'object'}")

    def _refer(self, key: str, value: Any) -> None:
        tally = self._tallies[_REFERENCES[key]]
        if isinstance(value, str) and not tally.is_new(value) and tally.problems.wants("DEPENDENCY_REF_DUPLICATED"):
            tally.problems.list("DEPENDENCY_REF_DUPLICATED", self.pointer(), f"this {key} stands elsewhere too")
