"""What the emulator, and with it every function, sees of this machine: as little as it can do with."""

import os
import socket
import tempfile
from pathlib import Path

ACCOUNT = "000000000000"
REGION = "us-east-1"
LOOPBACK = "127.0.0.1"

_MEMORY_BYTES = 2 << 30  # many times what is needed; the machine has other uses for it


def environment(work: Path, port: int) -> dict[str, str]:
    """All of its environment variables: nothing of the user's account or settings is among them."""
    return {
        "PATH": os.defpath,
        "HOME": str(work),  # no ~/.aws
        "TMPDIR": str(work),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AUTH": "true",
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        # Idle workers stay: a person reads for longer than five minutes.
        "LAMBDA_WARM_TTL_SECONDS": "86400",
        # Listeners on fixed ports, open to the network.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }


def work_folder(folder: Path) -> Path:
    """A new folder for temporary files: in memory where that is possible, otherwise in `folder`.

    Every worker of a function brings its package there; on a disk that took five times as long.
    """
    memory = Path("/dev/shm")  # noqa: S108 - the name below it is made up, and the folder is its owner's alone
    if memory.is_dir() and os.access(memory, os.W_OK):
        mounted = os.statvfs(memory)
        executable = not mounted.f_flag & os.ST_NOEXEC  # compiled modules are loaded from there
        if executable and mounted.f_bavail * mounted.f_frsize >= _MEMORY_BYTES:
            return Path(tempfile.mkdtemp(prefix="cutover-local-", dir=memory))
    return Path(tempfile.mkdtemp(prefix="work-", dir=folder))


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port
