"""Handlers: thin, one each, reading nothing at import, and importing nothing that they have no business with."""

import ast
import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2] / "functions"
HANDLERS = sorted((ROOT / "cutover").glob("*/*/handler.py"))
NAMES = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in HANDLERS]
PROBE = """
import importlib, json, os, sys

def deny(event, args):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen", "os.putenv"}:
        raise RuntimeError(f"{event} at import")

read = []

class Watched(dict):
    def _seen(self, name):
        frame = sys._getframe(2)
        if "/cutover/" in frame.f_code.co_filename:
            read.append(name)
    def __getitem__(self, name):
        self._seen(name)
        return super().__getitem__(name)
    def get(self, name, default=None):
        self._seen(name)
        return super().get(name, default)

sys.path.insert(0, sys.argv[1])
import boto3, pydantic, aws_lambda_powertools

def refuse(*args, **kwargs):
    raise RuntimeError("a session or client at import")

boto3.Session.__init__ = boto3.client = boto3.resource = refuse
sys.addaudithook(deny)
os.environ = Watched()
for name in sys.argv[2:]:
    reader, writer = os.pipe()
    if os.fork() == 0:
        module = importlib.import_module(name)
        found = {"modules": sorted(sys.modules), "read": read, "handler": callable(module.handler)}
        with os.fdopen(writer, "w") as out:
            json.dump(found, out)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        print(json.dumps([name, json.loads(answer.read() or "null")]))
"""
NEVER = {
    "sigstore", "aws_cdk", "requests", "httpx", "hypothesis", "pytest", "moto", "mypy_boto3_s3", "typer", "rich",
    "yaml", "cutover_cli", "infra", "jsonschema", "numpy", "httpcore", "ijson", "h11", "slack_sdk",
    "aws_lambda_powertools.utilities.parameters",
}  # fmt: skip
ONLY = {
    "jinja2": {
        "cutover.doors.approvals.handler", "cutover.doors.feedback.handler", "cutover.doors.messenger.handler",
        "cutover.doors.passkeys.handler", "cutover.stages.request_approval.handler",
    },
    "webauthn": set(),
    "icalendar": set(),
    "aws_lambda_powertools.event_handler": {
        "cutover.doors.approvals.handler", "cutover.doors.passkeys.handler", "cutover.doors.slack_events.handler",
    },
    "aws_lambda_powertools.utilities.batch": {
        "cutover.doors.brake_orders.handler", "cutover.doors.intake.handler", "cutover.doors.receipts.handler",
        "cutover.doors.resolutions.handler", "cutover.doors.withdrawals.handler",
        "cutover.doors.after_actions.handler", "cutover.doors.feedback.handler", "cutover.doors.invitations.handler",
        "cutover.doors.deliveries.handler",
    },
    "aws_lambda_powertools.utilities.idempotency": {
        "cutover.doors.approvals.handler", "cutover.doors.intake.handler", "cutover.doors.receipts.handler",
        "cutover.doors.slack_events.handler", "cutover.doors.withdrawals.handler", "cutover.stages.admit.handler",
    },
    "cutover.domain.verification": {"cutover.doors.deliveries.handler", "cutover.stages.hand_off.handler"},
    "cutover.adapters.sqs_queues": set(),
    "cutover.adapters.kms_signer": set(),
    "cutover.adapters.kms_mac": set(),
    "cutover.adapters.ses_mailer": set(),
    "cutover.adapters.slack_feedback": set(),
    "cutover.adapters.slack_messages": set(),
    "cutover.adapters.slack_secret": set(),
    "cutover.adapters.stepfunctions_workflow": set(),
    "cutover.adapters.s3_inbox": set(),
    "cutover.sources.s3": set(),
    "cutover.sources.web": set(),
}  # fmt: skip
"""Who may import what at a cold start. An adapter that only some functions use is imported at its first use."""


@functools.cache
def probed() -> dict[str, Any]:
    """Each handler imported in a process of its own: no environment, no network, no AWS session."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(ROOT), *NAMES],
        capture_output=True, text=True, check=False, timeout=60, env={"PATH": os.defpath},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = dict(json.loads(line) for line in done.stdout.splitlines())
    assert None not in found.values(), done.stderr
    return found


@pytest.mark.parametrize("name", NAMES)
def test_importing_a_handler_reads_and_reaches_nothing(name: str) -> None:
    assert probed()[name]["handler"]
    assert probed()[name]["read"] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_handler_imports_what_it_needs_and_no_more(name: str) -> None:
    modules = set(probed()[name]["modules"])
    assert modules & NEVER == set()
    unwanted = {module for module, users in ONLY.items() if name not in users}
    assert modules & unwanted == set()


def test_who_is_named_for_a_module_imports_it() -> None:
    """So that the list above cannot go stale."""
    for module, users in ONLY.items():
        for name in users:
            assert module in probed()[name]["modules"], f"{name} does not import {module} any more"


@pytest.mark.parametrize("path", HANDLERS, ids=NAMES)
def test_a_handler_is_thin(path: Path) -> None:
    """At most 60 lines; one function called ``handler`` of two arguments; no other public one."""
    text = path.read_text()
    assert len(text.splitlines()) <= 60
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert [each.name for each in functions if not each.name.startswith("_")] == ["handler"]
    handler = functions[-1]
    assert len(handler.args.args) == 2
    assert any("observed" in ast.unparse(each) for each in handler.decorator_list)
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", HANDLERS, ids=NAMES)
def test_a_handler_s_folder_explains_itself_by_name(path: Path) -> None:
    """A folder for each function, with the handler and the logic apart: nothing else may import a handler."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    users = [other for other in (ROOT / "cutover").rglob("*.py") if f"from {name}" in other.read_text()]
    assert users == []
