"""Writes a folder as a zip whose bytes depend on its content alone."""

import shutil
import zipfile
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_FILE_MODE, _EXECUTABLE_MODE = 0o100644, 0o100755
# Not needed at run time, and not the same at every install (console scripts name their interpreter).
_FILES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", ".lock")


def prune(tree: Path) -> None:
    """Removes from `tree` what an import never reads and what differs between two installs."""
    for path in sorted(tree.rglob("*"), reverse=True):
        if path.is_dir() and (path.name == "__pycache__" or path == tree / "bin"):
            shutil.rmtree(path)
        elif path.is_file() and path.name in _FILES and (".dist-info" in path.parent.name or path.parent == tree):
            path.unlink()


def write_zip(tree: Path, target: Path) -> None:
    """Zips `tree` into `target`: sorted names, one time stamp, modes 0644 and, for libraries, 0755."""
    with zipfile.ZipFile(target, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        files = {path.relative_to(tree).as_posix(): path for path in tree.rglob("*") if path.is_file()}
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix: where the mode below counts
            mode = _EXECUTABLE_MODE if path.suffix == ".so" else _FILE_MODE
            entry.external_attr = mode << 16
            archive.writestr(entry, path.read_bytes(), compresslevel=6)
