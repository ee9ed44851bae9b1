"""Reads uv.lock: which packages a part of this project needs, as they are pinned."""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Archive:
    """One file that a package can be installed from: its URL, and its SHA-256 in hexadecimal."""

    url: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Package:
    """One locked package, with the names of those that it needs."""

    name: str
    version: str
    archives: tuple[Archive, ...]
    needs: tuple[str, ...]


class Lock:
    """A parsed uv.lock. Where it pins a name twice, for different Pythons, each version is a package."""

    def __init__(self, path: Path) -> None:
        document = tomllib.loads(path.read_text("utf-8"))
        self._entries: dict[str, list[Mapping[str, Any]]] = {}
        for entry in document["package"]:
            self._entries.setdefault(entry["name"], []).append(entry)

    def closure(self, project: str, *, extras: Collection[str] = ()) -> tuple[Package, ...]:
        """All that `project` needs with these extras, on any platform, without itself; sorted by name."""
        (root,) = self._entries[project]
        found: dict[tuple[str, str], Package] = {}
        waiting = [*_requirements(root, extras)]
        seen: set[tuple[str, str, tuple[str, ...]]] = set()
        while waiting:
            requirement = waiting.pop()
            wanted = tuple(requirement.get("extra", ()))
            for entry in self._matching(requirement):
                if (mark := (entry["name"], entry["version"], wanted)) in seen:
                    continue
                seen.add(mark)
                needs = [*_requirements(entry, wanted)]
                waiting += needs
                before = found.get(mark[:2])
                names = {need["name"] for need in needs} | set(before.needs if before else ())
                found[mark[:2]] = Package(*mark[:2], _archives(entry), tuple(sorted(names)))
        return tuple(found[key] for key in sorted(found))

    def _matching(self, requirement: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        for entry in self._entries[requirement["name"]]:
            if requirement.get("version", entry["version"]) == entry["version"]:
                yield entry


def _requirements(entry: Mapping[str, Any], extras: Collection[str]) -> Iterator[Mapping[str, Any]]:
    yield from entry.get("dependencies", ())
    for extra in extras:
        yield from entry.get("optional-dependencies", {}).get(extra, ())


def _archives(entry: Mapping[str, Any]) -> tuple[Archive, ...]:
    files = [*([entry["sdist"]] if "sdist" in entry else []), *entry.get("wheels", ())]
    return tuple(Archive(file["url"], file["hash"].removeprefix("sha256:")) for file in files)
