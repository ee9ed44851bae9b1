"""DynamoDB Local: Amazon's own engine, in memory, on a port of this machine.

It listens on every interface (it has no setting for that), holds test data only, and ends with the tests.
"""

import http.client
import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from tests.adapters.conftest import REGION, make_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

ENGINE = Path(__file__).resolve().parents[2] / ".dynamodb"
STARTS = 3
"""A free port can be taken by somebody else before the engine has it."""
STARTS_WITHIN = 2_400
"""Looks at whether it answers, each a twentieth of a second after the one before."""
THREADS = 32


class Unfit(Exception):
    """This machine cannot run the engine; the message says what is missing."""


@dataclass(frozen=True)
class Engine:
    """A running engine. ``url`` is where any process of this machine reaches it."""

    url: str

    def client(self) -> "DynamoDBClient":
        """A client with made-up credentials; retries as in Lambda."""
        session = boto3.Session(region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing")
        return session.client(
            "dynamodb",
            endpoint_url=self.url,
            config=Config(
                max_pool_connections=THREADS,
                # Races want the machine's time; what a request must look like the engine says as well.
                parameter_validation=False,
                proxies={},
                retries={"mode": "standard", "total_max_attempts": 3},
            ),
        )


@contextmanager
def table(client: "DynamoDBClient") -> Iterator[str]:
    """A new table of the stack's shape; gone afterwards, so that memory stays small."""
    name = f"main-{uuid.uuid4().hex}"
    make_table(client, name)
    yield name
    client.delete_table(TableName=name)


@contextmanager
def launched(folder: Path) -> Iterator[Engine]:
    """The engine, answering. It may write into ``folder``. ``Unfit`` where this machine lacks what it needs."""
    java = shutil.which("java")
    if java is None:
        raise Unfit("Java is not installed: on Debian, apt-get install openjdk-17-jre-headless")
    if not (ENGINE / ".stamp").exists():
        raise Unfit("DynamoDB Local is not installed: make .dynamodb/.stamp")
    log = folder / "engine.log"
    for _ in range(STARTS):
        port = free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(command(java, port), cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        try:
            if answers(process, port):
                yield Engine(f"http://127.0.0.1:{port}")
                return
        finally:
            process.kill()
            process.wait()
    said = log.read_text("utf-8", "replace")
    if "UnsupportedClassVersionError" in said:
        raise Unfit("this Java is too old for DynamoDB Local, which wants 17: see java -version")
    raise AssertionError(f"DynamoDB Local did not start:\n{said[-2000:]}")


def command(java: str, port: int) -> list[str]:
    return [
        java,
        "-Xmx512m",
        # It lives for a minute: compiling everything as far as can be would take the time of the tests.
        "-XX:TieredStopAtLevel=1",
        f"-Djava.library.path={ENGINE / 'DynamoDBLocal_lib'}",
        "-jar",
        str(ENGINE / "DynamoDBLocal.jar"),
        "-inMemory",
        "-disableTelemetry",
        "-port",
        str(port),
    ]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def answers(process: "subprocess.Popen[bytes]", port: int) -> bool:
    """Asks until it answers; False when its process has ended instead."""
    for _ in range(STARTS_WITHIN):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            try:
                process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                continue
            return False
        else:
            return True
        finally:
            connection.close()
    return False


def in_ci() -> bool:
    """Where a test that was not run must not look like one that passed."""
    return os.environ.get("CI", "").lower() in {"1", "true"}
