"""Tests that share a stack run in one worker: whoever schedules them keeps groups together."""

import subprocess
import sys
from pathlib import Path

GROUPED = """
import os
import pathlib

import pytest


@pytest.mark.xdist_group("together")
@pytest.mark.parametrize("number", range(8))
def test_where(number):
    with pathlib.Path("workers.txt").open("a") as told:
        told.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""


def test_a_group_stays_in_one_worker(tmp_path: Path) -> None:
    """Otherwise each worker sets up a stack of its own, and nothing says so but the time that it takes."""
    (tmp_path / "test_grouped.py").write_text(GROUPED, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-n2", "--dist=loadgroup", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    workers = (tmp_path / "workers.txt").read_text("utf-8").split()
    assert (len(workers), len(set(workers))) == (8, 1)
