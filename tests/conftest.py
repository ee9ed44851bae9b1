"""What every test shares: Hypothesis' profile, and the vectors that come from outside this repository."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Two cores and other tests beside it: a deadline would measure the machine, not the code.
settings.register_profile(
    "cutover", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("cutover"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "cutover"))

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
