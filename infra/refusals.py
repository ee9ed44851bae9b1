"""What no deployment may have, whoever asks for it: refused at synthesis."""

import json
from collections.abc import Iterator
from pathlib import Path

from aws_cdk import App
from aws_cdk.cx_api import CloudAssembly

LOOPBACK = "CUTOVER_TEST_LOOPBACK"
"""Lets sources be this machine, without TLS: for tests on it. In Lambda it would reach what runs beside a function."""
SLACK_URL = "CUTOVER_TEST_SLACK_URL"
"""Puts another server in Slack's place: it would be told the bot's token, and every link that goes to a person."""
CLOCK = "CUTOVER_TEST_CLOCK"
"""Names a file that says how far a function's clock is moved: whoever writes it opens windows and ends keys."""
REFUSED = (LOOPBACK, SLACK_URL, CLOCK)


class TestSettingGiven(ValueError):
    """A function would be told what only a test may be told."""

    __test__ = False  # nor is it a test, whatever its name says to pytest


def synthesize(app: App) -> CloudAssembly:
    """Writes the templates, and takes them away again when a function in one is told what only a test may be.

    They are read as they are written: aspects, overrides and whatever else changes a template have had their turn.
    Raises `TestSettingGiven`.
    """
    assembly = app.synth()
    templates = [Path(stack.template_full_path) for stack in assembly.stacks]
    found = [f"{path.name}: {name}" for path in templates for name in _told(path)]
    if found:
        for path in templates:
            path.unlink()
        raise TestSettingGiven(
            f"for tests on one machine and never deployed, but a function would be told it: {', '.join(found)}"
        )
    return assembly


def _told(template: Path) -> Iterator[str]:
    """Each function of a template that is told one of them, by its logical id, with the setting."""
    for name, resource in json.loads(template.read_text("utf-8")).get("Resources", {}).items():
        if resource["Type"] in {"AWS::Lambda::Function", "AWS::Serverless::Function"}:
            text = json.dumps(resource)
            yield from (f"{name} {setting}" for setting in REFUSED if setting in text)
