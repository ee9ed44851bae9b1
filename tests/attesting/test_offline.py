"""Verification reaches for nothing outside, writes nothing, and loads its library no sooner than it is needed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.attesting.test_slsa_bundle import NAME

PROBE = """
import json, os, sys

def deny(event, args):
    wrote = event == "open" and isinstance(args[1], str) and args[1].strip("bt") != "r"
    if wrote or event in {"socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen", "os.mkdir"}:
        raise RuntimeError(f"{event} {args!r}")

sys.dont_write_bytecode = True
folder, name = sys.argv[1:]
from cutover.attesting.opening import Opening
from cutover.contracts.envelope import IN_TOTO_TYPE
from tests.building.keys import seal_bytes
from tests.building.policy import AS_OF, DEPLOYMENT
from tests.attesting.test_slsa_bundle import COMMIT

def loaded():
    tops = {each.partition(".")[0] for each in sys.modules}
    return sorted(tops & {"sigstore", "sigstore_models", "rfc3161_client", "tuf"})

seen = {"at first": loaded()}
facts = DEPLOYMENT.facts()
envelope = seal_bytes(IN_TOTO_TYPE, b"{}", DEPLOYMENT.key("provenance"))
root = {}
opening = Opening(lambda digest, *, limit: root[digest])
asked = {"purpose": "provenance", "product": "service", "at": AS_OF}
opening(envelope, facts=facts, **asked)
seen["after an envelope"] = loaded()

from cutover.attesting.roots import public_good_root
from cutover.contracts.policy import KeylessIdentity
from cutover.domain import canonical
from tests.attesting.test_opening import IDENTITY

content = public_good_root()
root[canonical.digest(content)] = content
trusting = facts.model_copy(update={"trusted_root": canonical.digest(content), "identities": (IDENTITY,)})
with open(os.path.join(folder, "slsa", name + ".intoto.jsonl"), "rb") as opened:
    bundle = opened.read()
sys.addaudithook(deny)
seen["commit"] = opening(bundle, facts=trusting, **asked).commit
seen["after a bundle"] = loaded()
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def seen(repository: Path, vectors: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("home")
    paths = os.pathsep.join(str(repository / each) for each in ("", "functions", "cli"))
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(vectors), NAME],
        env={"PYTHONPATH": paths, "HOME": str(home), "PATH": os.environ["PATH"]},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
    assert list(home.iterdir()) == [], "something was cached"
    return json.loads(done.stdout)


def test_a_bundle_is_verified_without_network_and_without_writing(seen: Any) -> None:
    assert seen["commit"] == "4d329c75e7ec1725f7c9ce917a8799d408d06be3"


def test_sigstore_is_imported_for_a_bundle_and_for_nothing_else(seen: Any) -> None:
    assert seen["at first"] == []
    assert seen["after an envelope"] == []
    assert "sigstore" in seen["after a bundle"]
