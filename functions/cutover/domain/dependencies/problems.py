"""What is wrong with a manifest: bounded in number, in the order of the manifest, and never a value that hides one."""

from cutover.contracts.evidence import DependencyProblem

PER_CODE = 5
"""So many of one kind are listed, and one more entry that says how many there are beside them."""
_SHOWN = 40


class Stopped(Exception):
    """Reading cannot go on, or means nothing if it does. ``code`` and ``detail`` are those of the one problem."""

    def __init__(self, code: str, pointer: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.pointer = pointer
        self.detail = detail


class Problems:
    """The problems of one manifest, as they are found."""

    def __init__(self) -> None:
        self._listed: dict[str, list[DependencyProblem]] = {}
        self._counts: dict[str, int] = {}

    def wants(self, code: str) -> bool:
        """Counts one more of a kind, and says whether it is to be listed: pointers are not made for the others."""
        self._counts[code] = self._counts.get(code, 0) + 1
        return self._counts[code] <= PER_CODE

    def list(self, code: str, pointer: str, detail: str) -> None:
        self._listed.setdefault(code, []).append(DependencyProblem(code=code, pointer=pointer, detail=detail))

    def add(self, code: str, pointer: str, detail: str) -> None:
        if self.wants(code):
            self.list(code, pointer, detail)

    def listed(self) -> tuple[DependencyProblem, ...]:
        """At most 20: three kinds can occur many times, two more stand once each."""
        found = []
        for code, listed in sorted(self._listed.items()):
            found += listed
            if (more := self._counts[code] - PER_CODE) > 0:
                found.append(DependencyProblem(code=code, pointer="", detail=f"{more} more like these"))
        return tuple(found)


def shown(text: str) -> str:
    """A value of the manifest fit for a message: short, and in ASCII, so that no Unicode version changes it."""
    printable = "".join(each if " " <= each <= "~" else "?" for each in text[: _SHOWN + 1])
    return printable if len(printable) <= _SHOWN else printable[:_SHOWN] + "..."
