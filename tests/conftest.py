"""What every test shares: Hypothesis' profile, vectors from outside this repository, and the local stack."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from cutover_cli.local.stack import LocalStack

# Two cores and other tests beside it: a deadline would measure the machine, not the code.
settings.register_profile("cutover", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("cutover"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "cutover"))

# Handlers are called without a Lambda around them, so nobody would receive their segments.
os.environ["POWERTOOLS_TRACE_DISABLED"] = "1"

# GNU readline writes the terminal's size into the environment that workers inherit; what commands print depends on it.
for _size in ("COLUMNS", "LINES"):
    os.environ.pop(_size, None)

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of published test vectors that CUTOVER_VECTORS names; skips the test where none is given."""
    named = os.environ.get("CUTOVER_VECTORS")
    if not named:
        pytest.skip("CUTOVER_VECTORS is not set: published test vectors are not at hand")
    folder = Path(named).resolve()
    if not folder.is_dir():
        pytest.fail(f"CUTOVER_VECTORS names no folder: {folder}")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sends all tests of the local stack to one worker: they share one emulator, and one clock."""
    for item in items:
        if "local_stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.local)
            item.add_marker(pytest.mark.xdist_group("local-stack"))


@pytest.fixture(scope="session")
def local_root() -> str:
    """The fingerprint of the root that the local stack trusts."""
    return "sha256:" + "0" * 64


@pytest.fixture(scope="session")
def local_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of the session's local stack; never the developer's own."""
    return tmp_path_factory.mktemp("local-stack")


@pytest.fixture(scope="session")
def local_stack(local_root: str, local_state: Path) -> "Iterator[LocalStack]":
    """The deployed template on an emulator of its own, one for the whole session."""
    from cutover_cli.local import lifecycle

    yield lifecycle.up(local_root, state_dir=local_state)
    lifecycle.down(state_dir=local_state)
