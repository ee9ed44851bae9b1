"""Every kind of source that the facts can name has its adapter, and each loads only what it needs."""

import subprocess
import sys
from typing import get_args

import boto3
import pytest

from cutover.contracts.sources import Source
from cutover.runtime.settings import Settings
from cutover.runtime.wiring import Wiring

UNION, *_ = get_args(Source)
KINDS = {get_args(each.model_fields["kind"].annotation)[0] for each in get_args(UNION)}


def wiring() -> Wiring:
    made = Wiring(Settings({"CUTOVER_SECRETS_PREFIX": "cutover/shop-production/sources/"}))
    made.__dict__["session"] = boto3.Session("AKID", "SECRET", region_name="eu-west-1")
    return made


def test_every_kind_has_one() -> None:
    assert set(wiring().sources) == KINDS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_can_be_made_and_asked(kind: str) -> None:
    system = wiring().sources[kind]
    assert all(callable(getattr(system, name)) for name in ("fetch", "latest", "artifact"))


LOADED = """
import sys
from tests.unit.test_wired_sources import wiring
wiring().sources[sys.argv[1]]
print("httpx" in sys.modules)
"""


@pytest.mark.parametrize(("kind", "loads"), [("s3", "False"), ("appconfig", "False"), ("http", "True")])
def test_only_who_reaches_the_network_loads_its_client(kind: str, loads: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, kind], capture_output=True, text=True, check=True, timeout=60,
        env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert done.stdout.split() == [loads]
