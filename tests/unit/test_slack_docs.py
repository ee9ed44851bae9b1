"""What docs/slack.md says of codes, reasons, scopes and addresses is what the code has."""

import re
from pathlib import Path
from typing import Any

import yaml

from cutover.adapters import slack_errors
from cutover.doors.slack_events import door, proving
from cutover.errors import Refused

PAGE = (Path(__file__).resolve().parents[2] / "docs/slack.md").read_text("utf-8")
SOURCES = sorted((Path(slack_errors.__file__).parent).glob("slack_*.py"))


def manifest() -> dict[str, Any]:
    text = next(each for each in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "display_information" in each)
    read: dict[str, Any] = yaml.safe_load(text)
    return read


def section(title: str) -> str:
    return re.split(r"^## ", PAGE.split(f"## {title}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_every_code_is_explained_and_no_other() -> None:
    raised = {code for path in SOURCES for code in re.findall(r'"(SLACK_[A-Z_]+)"', path.read_text("utf-8"))}
    explained = set(re.findall(r"`(SLACK_[A-Z_]+)`", section("When something is wrong")))
    assert explained == raised


def test_every_reason_stands_beside_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (.*) \|$", section("When something is wrong"), re.MULTILINE)
    said = {reason: int(status) for status, reasons in rows for reason in re.findall(r"`([A-Z_]+)`", reasons)}
    assert said == {**door._STATUS, "NOT_FOUND": 404, "UNAVAILABLE": 503}


def test_slack_is_told_the_addresses_that_the_door_has() -> None:
    settings = manifest()["settings"]
    assert settings["event_subscriptions"]["request_url"].endswith(proving.EVENTS)
    assert settings["interactivity"]["request_url"].endswith(proving.INTERACTIONS)
    assert settings["token_rotation_enabled"] is False


def test_the_app_may_read_nothing_that_people_write() -> None:
    scopes = set(manifest()["oauth_config"]["scopes"]["bot"])
    assert scopes == {"chat:write", "channels:read", "groups:read", "users:read"}
    assert not [each for each in manifest()["settings"]["event_subscriptions"]["bot_events"] if "message" in each]


def test_what_mends_a_missing_scope_is_there_to_be_read() -> None:
    refused = slack_errors.judged("chat.update", status=200, error="missing_scope")
    assert isinstance(refused, Refused)
    assert "docs/slack.md" in refused.mend
