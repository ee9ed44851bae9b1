"""`python -m infra.app` as an operator runs it: in a process of its own, with nothing around it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.app import arguments
from infra.node import bundled_node, use_bundled_node
from tests.infra.reading import Assembled
from tests.infra.synthesis import stand_in

NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody answers


def run(repository: Path, *arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Without Node on the path, without credentials, and with every proxy leading nowhere."""
    environment = {
        "PATH": "/nowhere",
        "HOME": os.environ.get("HOME", "/"),
        "AWS_EC2_METADATA_DISABLED": "true",
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), NOWHERE),
        **more,
    }
    command: list[str | Path] = [sys.executable, "-m", "infra.app", *arguments]
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)


def test_it_needs_no_node_no_account_and_no_network(repository: Path, tmp_path: Path, development: Assembled) -> None:
    output = tmp_path / "out"
    done = run(repository, "--stage", "development", "--asset", stand_in(tmp_path), "--output", output)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(output)
    assert "node" not in done.stderr.lower()  # no warning about its age either
    assert [path.name for path in output.glob("*.template.json")] == [development.path.name]
    template = json.loads((output / development.path.name).read_text("utf-8"))
    assert template == development.template  # the same in another process


def test_the_cdk_command_chooses_by_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_OUTDIR", "/out")
    chosen = arguments([], {"stage": "production", "asset": "/package.zip", "config": "/mine.json"})
    assert (chosen.stage, chosen.flavour) == ("production", "aws")
    assert (chosen.asset, chosen.config, chosen.output) == (Path("/package.zip"), Path("/mine.json"), Path("/out"))


def test_an_argument_outweighs_the_context() -> None:
    chosen = arguments(["--stage", "development", "--flavour", "local"], {"stage": "production"})
    assert (chosen.stage, chosen.flavour) == ("development", "local")


def test_a_faulty_configuration_is_refused_with_all_its_faults(repository: Path, tmp_path: Path) -> None:
    config = json.loads((repository / "infra" / "deployment.json").read_text("utf-8"))
    config["stages"]["production"]["retention_days"] = "soon"
    config["stages"]["development"]["targets"] = []
    (path := tmp_path / "deployment.json").write_text(json.dumps(config))
    done = run(repository, "--config", path, "--asset", stand_in(tmp_path), "--output", tmp_path / "out")
    assert done.returncode == 2
    assert "stages.production.retention_days" in done.stderr
    assert "stages.development.targets" in done.stderr
    assert "Traceback" not in done.stderr


def test_cdk_json_runs_this_application(repository: Path) -> None:
    told = json.loads((repository / "cdk.json").read_text("utf-8"))
    assert told["app"].endswith("python -m infra.app")
    assert told["versionReporting"] is False


def test_the_bundled_node_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JSII_NODE", raising=False)
    use_bundled_node()
    assert os.environ["JSII_NODE"] == str(bundled_node())
    done = subprocess.run([bundled_node(), "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("v")


def test_another_node_may_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JSII_NODE", "/opt/node")
    use_bundled_node()
    assert os.environ["JSII_NODE"] == "/opt/node"
