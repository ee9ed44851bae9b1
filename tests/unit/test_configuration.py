"""`cutover --show-config` and completion: what commands go by here, and nothing that lets anybody in."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cutover_cli import configuration
from cutover_cli.main import app
from cutover_cli.site import Site, Stack
from tests.simulator.command_line import invoke, run, site_of
from tests.simulator.events import waiting_world

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
    "AWS_SESSION_TOKEN": "FwoGZXIvYXdzEBYaDKs",
    "HTTPS_PROXY": "http://dana:hunter2@proxy.example:3128",
    "AWS_ENDPOINT_URL": "https://dana:hunter2@localhost:4566",
    "AWS_REGION": "eu-west-1",
}


@pytest.fixture
def site() -> Site:
    stack = Stack("shop-dev", {"BusName": "shop"}, {}, pytest.fail)
    return replace(site_of(waiting_world())[0], stack=stack)


def test_secrets_are_said_to_be_set_and_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    words = ["--show-config", "--state-dir", str(tmp_path)]
    for form in ("json", "text"):
        said = CliRunner().invoke(app, [*words, "--format", form])
        assert said.exit_code == 0, said.output
        for secret in ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI", "FwoGZXIvYXdz", "hunter2", "dana:"):
            assert secret not in said.output
        assert "proxy.example:3128" in said.output
        assert configuration.HIDDEN in said.output


@pytest.mark.parametrize("scheme", ["", "http://"])
@pytest.mark.parametrize("user", ["dana:s3cret", "dana:s3c/ret", "dana:p@s3cret", "s3cret"])
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "http_proxy", "AWS_ENDPOINT_URL"])
def test_no_password_is_shown_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, user: str, scheme: str
) -> None:
    monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv(name, f"{scheme}{user}@proxy.example:3128")
    assert run(None, "--show-config", "--state-dir", tmp_path)["environment"][name] == f"{scheme}proxy.example:3128"


def test_what_is_no_address_is_shown_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/home/dana@example/config")
    said = run(None, "--show-config", "--state-dir", tmp_path)["environment"]
    assert said["AWS_CONFIG_FILE"] == "/home/dana@example/config"


def test_it_says_where_things_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    said = run(None, "--show-config", "--state-dir", tmp_path / "local", "--region", "eu-central-1")
    assert said["trust"] == {"folder": str(tmp_path / "cutover" / "trust"), "audiences": []}
    assert said["local"]["state"] == "down"
    assert said["aws"]["region"] == "eu-central-1", "what is given goes before what is set"
    assert said["environment"]["AWS_REGION"] == "eu-west-1"
    assert said["versions"]["lock"].startswith("sha256:")
    assert said["site"] is None, "nobody is asked where no deployment is named"


def test_a_profile_that_is_none_is_said(tmp_path: Path) -> None:
    said = run(None, "--show-config", "--state-dir", tmp_path, "--profile", "no-such-profile")
    assert "no-such-profile" in said["aws"]["problem"]


def test_a_deployment_that_is_named_says_who_it_is(site: Site, tmp_path: Path) -> None:
    said = run(site, "--show-config", "--state-dir", tmp_path)["site"]
    assert (said["stack"], said["account"], said["region"], said["stage"]) == (
        "shop-dev",
        "123456789012",
        "eu-central-1",
        "dev",
    )
    assert said["root_fingerprint"] == site.fingerprint
    text = invoke(site, "--show-config", "--state-dir", tmp_path).stdout
    assert "site.account" in text


@pytest.mark.parametrize("words", [["--stack", "x", "list"], ["--local", "brake", "status"], ["--format", "json"]])
def test_options_before_the_command_are_not_taken_for_its_own(words: list[str]) -> None:
    assert CliRunner().invoke(app, words).exit_code == 2


def test_a_hostile_value_stays_on_its_line() -> None:
    assert configuration.redacted("a\nb\N{ESCAPE}[2J") == "a\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}b[U+001B][2J"


# --- completion -----------------------------------------------------------------------------------------------


def completed(**environment: str) -> str:
    command = [str(Path(sys.executable).parent / "cutover")]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=kept | environment).stdout


@pytest.mark.parametrize(("shell", "says"), [("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete")])
def test_completion_for_each_shell(shell: str, says: str) -> None:
    script = completed(_CUTOVER_COMPLETE=f"source_{shell}")
    assert says in script
    assert "cutover" in script


def test_commands_are_completed() -> None:
    found = completed(_CUTOVER_COMPLETE="complete_bash", COMP_WORDS="cutover br", COMP_CWORD="1").split()
    assert found == ["brake"]
    found = completed(_CUTOVER_COMPLETE="complete_bash", COMP_WORDS="cutover holds ", COMP_CWORD="2").split()
    assert set(found) == {"list", "show", "resolve"}


def test_it_can_be_installed() -> None:
    said = CliRunner().invoke(app, ["--help"]).stdout
    assert "--install-completion" in said
    assert "--show-completion" in said


def test_json_is_one_document(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--show-config", "--state-dir", str(tmp_path), "--format", "json"])
    assert isinstance(json.loads(done.stdout), dict)
