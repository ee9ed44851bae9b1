"""Synthesizes both stages for tests. The package is a stand-in: templates name it by its digest alone."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from infra import refusals
from infra.app import STAGES, build
from infra.config import Deployment, StageName, load
from infra.stack import CutoverStack
from tests.infra.reading import Assembled

if TYPE_CHECKING:
    from aws_cdk import App


def stand_in(scratch: Path) -> Path:
    """A folder to name as the Lambda package."""
    asset = scratch / "package"
    asset.mkdir()
    (asset / "stand-in.txt").write_text("no code: these tests read templates\n")
    return asset


def synthesize(
    scratch: Path, *, deployment: Deployment | None = None, acknowledged: bool = True
) -> dict[str, Assembled]:
    """The stages by name, each with its template and construct tree; `acknowledged` as in `infra.app.build`."""
    deployment, output = deployment or load(), scratch / "cdk.out"
    app = build(deployment=deployment, asset=stand_in(scratch), output=output, acknowledged=acknowledged)
    refusals.synthesize(app)
    stages: dict[str, Assembled] = {}
    for name, stack in stacks(app).items():
        path = output / f"{deployment.instance}-{name}.template.json"
        stages[name] = Assembled(
            stage=name,
            config=deployment.stage(name),
            path=path,
            template=json.loads(path.read_text("utf-8")),
            stack=stack,
            paths=_paths(stack),
        )
    return stages


def stacks(app: "App") -> dict[StageName, CutoverStack]:
    """The application's stacks by the name of their stage."""
    found = [each for each in app.node.children if isinstance(each, CutoverStack)]
    assert len(found) == len(STAGES)
    return dict(zip(STAGES, found, strict=True))


def _paths(stack: CutoverStack) -> dict[str, str]:
    from aws_cdk import CfnElement  # after infra, which settles the Node that aws_cdk starts

    prefix = f"{stack.node.path}/"
    elements = [each for each in stack.node.find_all() if isinstance(each, CfnElement)]
    return {
        stack.resolve(each.logical_id): each.node.path.removeprefix(prefix).removesuffix("/Resource")
        for each in elements
    }
