"""The command starts quickly: what only some commands need is imported when one of these runs."""

import json
import subprocess
import sys

import pytest

PROBE = """
import json, sys
from cutover_cli.main import app

sys.argv = ["cutover", *sys.argv[1:]]
try:
    app()
except SystemExit as end:
    code = end.code
print()
print(json.dumps([code, sorted(sys.modules)]))
"""
HEAVY = {
    "aws_lambda_powertools", "boto3", "botocore", "cyclonedx", "httpx", "icalendar", "ijson", "jinja2", "jsonschema",
    "packageurl", "requests", "rich", "sigstore", "slack_sdk", "webauthn",
}  # fmt: skip
PARTS = {"demo", "doctor", "local", "looking", "onboarding", "replaying", "reporting", "schemas"}
"""Packages behind commands: of these only the module that registers the command is imported."""


@pytest.mark.parametrize("asked", ["--help", "list --help", "policy activate --help"])
def test_help_imports_nothing_that_only_a_running_command_needs(asked: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *asked.split()], capture_output=True, text=True, check=True, timeout=60
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0
    assert done.stdout.startswith("Usage: cutover")
    assert {name.partition(".")[0] for name in modules} & HEAVY == set()
    inner = {tuple(name.split(".")[1:]) for name in modules if name.startswith("cutover_cli.")}
    assert {part for part in inner if part[0] in PARTS and part[1:] not in {(), ("command",), ("commands",)}} == set()
    assert {part[0] for part in inner} >= PARTS - {"replaying"}
