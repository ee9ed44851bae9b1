"""Starts, finds and stops the emulator of AWS: one process with its function workers, on loopback only.

Whether it lives is asked of a file lock that it inherits, not of its process id: the lock goes with the
process however it ends, and a process id can have been given to someone else.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from cutover_cli.local.errors import EmulatorFailed, ToolMissing
from cutover_cli.local.place import Place, read_json, repository, write_json
from cutover_cli.local.surroundings import ACCOUNT, LOOPBACK, REGION, environment, free_port, work_folder

__all__ = ["ACCOUNT", "REGION", "Emulator", "alive", "interpreter", "log_tail", "recorded", "start", "stop"]

_READY_SECONDS = 30.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05
_ATTEMPTS = 3  # another process can take the free port before the emulator binds it


@dataclass(frozen=True)
class Emulator:
    """A process that was started, and the port where it answers. `started_at` is RFC 3339, UTC.

    `work` is the folder of its temporary files, gone when it is stopped.
    """

    pid: int
    port: int
    started_at: str
    work: str

    @property
    def endpoint(self) -> str:
        """The one URL of every AWS service."""
        return f"http://{LOOPBACK}:{self.port}"

    def healthy(self) -> bool:
        """Whether it answers now."""
        try:
            return httpx.get(f"{self.endpoint}/_ministack/ready", timeout=2.0).is_success
        except httpx.HTTPError:
            return False


def recorded(place: Place) -> Emulator | None:
    """The emulator that was started here last and not stopped since, alive or not."""
    document = read_json(place.emulator)
    return Emulator(**document) if document else None


def alive(place: Place) -> bool:
    """Whether an emulator of this place lives."""
    try:
        with place.alive.open("r", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def start(place: Place) -> Emulator:
    """Starts an emulator and waits until it answers. Raises EmulatorFailed with the end of its log."""
    python = interpreter()
    place.folder.mkdir(parents=True, exist_ok=True)
    for _ in range(_ATTEMPTS):
        process, emulator = _spawn(place, python)
        write_json(place.emulator, asdict(emulator))
        deadline = time.monotonic() + _READY_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if emulator.healthy():
                process.returncode = 0  # it outlives this object, which would otherwise warn of it
                return emulator
            time.sleep(_POLL_SECONDS)
        stop(place)
    raise EmulatorFailed(f"the emulator did not start; its log ends:\n{log_tail(place)}")


def stop(place: Place) -> bool:
    """Ends the emulator and its workers. Returns whether one lived; a dead one is forgotten too."""
    emulator = recorded(place)
    lived = emulator is not None and alive(place)
    if emulator and lived:
        _end(place, emulator.pid)
    if emulator:
        shutil.rmtree(emulator.work, ignore_errors=True)
    place.emulator.unlink(missing_ok=True)
    return lived


def log_tail(place: Place, lines: int = 15) -> str:
    """The last lines of the emulator's log."""
    try:
        return "\n".join(place.log.read_text("utf-8", errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(no log)"


def interpreter() -> Path:
    """The Python of the emulator's own environment. Raises ToolMissing where `make setup` was not run."""
    python = Path(os.environ.get("CUTOVER_EMULATOR") or repository() / ".emulator") / "bin" / "python"
    if not python.is_file():
        raise ToolMissing(f"no emulator at {python.parent.parent}: run `make setup`")
    return python


def _spawn(place: Place, python: Path) -> tuple[subprocess.Popen[bytes], Emulator]:
    port, work = free_port(), work_folder(place.folder)
    with place.alive.open("w", encoding="utf-8") as lock, place.log.open("ab") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [python, "-P", Path(__file__).with_name("serve.py")],
            cwd=work,
            env=environment(work, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # its own group: Ctrl-C is not meant for it, and the workers end with it
            pass_fds=(lock.fileno(),),
        )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return process, Emulator(process.pid, port, now, str(work))


def _end(place: Place, pid: int) -> None:
    """Asks, waits, insists. The lock that is held says that the group is the emulator's own."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(pid, sign)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline:
            if not alive(place):
                return
            _reap(pid)
            time.sleep(_POLL_SECONDS)
    raise EmulatorFailed(f"the emulator (process {pid}) does not end")


def _reap(pid: int) -> None:
    """Collects the process where it is this one's child, so that no zombie stays."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
