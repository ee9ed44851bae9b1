"""A manifest of 50 MB passes through the functions that touch it in a Lambda of 512 MB: at most 450 MB resident."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.building.manifests import large_cyclonedx

SIZE = 50_000_000
LIMIT = 450 * 1_048_576
VERSION = "v1"


class Bucket(BaseHTTPRequestHandler):
    """As much of S3 as reading and writing once needs, over HTTP: what the functions' own client does is counted."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]

    def do_GET(self) -> None:
        content = self.objects.get(self.path.partition("?")[0])
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.send_header("x-amz-version-id", VERSION)
        self.end_headers()
        self.wfile.write(content or b"")

    def do_PUT(self) -> None:
        self.objects[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing: tests say what they measure."""


@pytest.fixture(scope="module")
def manifest() -> bytes:
    return large_cyclonedx(SIZE)


@pytest.fixture(scope="module")
def endpoint(manifest: bytes) -> Iterator[str]:
    bucket = type("OneBucket", (Bucket,), {"objects": {"/records/manifest": manifest}})
    with ThreadingHTTPServer(("127.0.0.1", 0), bucket) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def resident(repository: Path, function: str, endpoint: str, **asked: Any) -> Any:
    """What the function made of it. Fails above the limit, and says what was measured."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.building.resident"], cwd=repository, capture_output=True, text=True, check=False,
        input=json.dumps({"function": function, "endpoint": endpoint, **asked}),
        env={"PYTHONPATH": f"functions:cli:{repository}", "POWERTOOLS_TRACE_DISABLED": "1", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    told = f"{found['before'] / 1e6:.0f} MB before, at most {found['peak'] / 1e6:.0f} MB with {SIZE:,} bytes"
    sys.stdout.write(f"{function}: {told}\n")
    assert found["before"] <= found["peak"] <= LIMIT
    return found["made"]


@pytest.fixture(scope="module")
def collection(repository: Path, endpoint: str) -> Any:
    return resident(repository, "collect", endpoint, version=VERSION)


def test_collect_stores_the_manifest_and_its_summary(collection: Any, manifest: bytes) -> None:
    assert collection["failures"] == []
    whole, made = collection["evidence"]
    assert (whole["size"], made["unwraps"]) == (len(manifest), whole["sha256"])


def test_assemble_reads_only_the_summary(repository: Path, endpoint: str, collection: Any, manifest: bytes) -> None:
    made = resident(repository, "assemble", endpoint, collection=collection)
    said = json.loads(manifest)["components"]
    assert (made["components"], made["purls"], made["problems"]) == (len(said), len(said), [])
    assert made["licences"] == sum(bool(each["licenses"]) for each in said)


def test_verify_makes_the_summary_again(repository: Path, endpoint: str, collection: Any, manifest: bytes) -> None:
    made = resident(repository, "verify", endpoint, collection=collection)
    assert made == manifest.count(b'"bom-ref"')
