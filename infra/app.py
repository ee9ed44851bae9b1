"""Synthesizes the CloudFormation templates. Needs no account; builds the Lambda package when it is not there.

    python -m infra.app [--stage NAME] [--flavour aws|local] [--asset PATH] [--config FILE] [--output DIR]

Without `--stage` both stages are synthesized. The CDK's own `-c stage=... -c flavour=...` do the same.
`--asset` takes a package that is there already, or any folder when only the templates matter.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from aws_cdk import App
from aws_cdk import aws_iam as iam
from pydantic import ValidationError

from infra.asset import FlavourName, package
from infra.components.settings import StageSettings
from infra.config import DEFAULT_CONFIG, ROOT, Deployment, StageName, load
from infra.limits import EnvironmentTooLarge
from infra.nag import acknowledge
from infra.refusals import TestSettingGiven, synthesize
from infra.stack import CutoverStack

# What the CDK would add to templates for its own statistics, or look up.
_QUIET = {
    "aws:cdk:disable-version-reporting": True,
    "aws:cdk:enable-path-metadata": False,
    "aws:cdk:enable-asset-metadata": False,
    "@aws-cdk/core:enableAdditionalMetadataCollection": False,
    # Access logs by bucket policy: ACLs are switched off on every bucket.
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
    "@aws-cdk/core:checkSecretUsage": True,
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/core:target-partitions": ["aws", "aws-cn", "aws-us-gov"],
}
STAGES: tuple[StageName, ...] = get_args(StageName)


def build(
    *,
    deployment: Deployment,
    asset: Path,
    stages: Sequence[StageName] = STAGES,
    output: Path | None = None,
    acknowledged: bool = True,
) -> App:
    """The application with a stack for each stage, named `{instance}-{stage}`; not yet synthesized.

    Without `acknowledged`, the reasons of `infra.nag` are left out, so that cdk-nag reports every finding.
    """
    app = App(
        outdir=str(output) if output else None,
        context=_QUIET,
        analytics_reporting=False,
        tree_metadata=False,
    )
    for name in stages:
        config = deployment.stage(name)
        stack = CutoverStack(
            app,
            f"{deployment.instance}-{name}",
            settings=StageSettings(instance=deployment.instance, name=name, config=config),
            asset=asset,
        )
        if acknowledged:
            acknowledge(stack.resources)
        if config.permissions_boundary:
            boundary = iam.ManagedPolicy.from_managed_policy_arn(stack, "Boundary", config.permissions_boundary)
            iam.PermissionsBoundary.of(stack).apply(boundary)
    return app


def arguments(argv: Sequence[str], context: Mapping[str, str]) -> argparse.Namespace:
    """What was asked for, by argument or else by the CDK's context (`-c stage=...`)."""
    parser = argparse.ArgumentParser(description="Synthesize Cutover's CloudFormation templates.")
    parser.add_argument("--stage", choices=STAGES, default=context.get("stage"))
    parser.add_argument("--flavour", choices=get_args(FlavourName), default=context.get("flavour", "aws"))
    parser.add_argument("--asset", type=Path, default=context.get("asset"))
    parser.add_argument("--config", type=Path, default=context.get("config", DEFAULT_CONFIG))
    # The CDK command says by CDK_OUTDIR where it wants the result.
    parser.add_argument("--output", type=Path, default=os.environ.get("CDK_OUTDIR", ROOT / "cdk.out"))
    return parser.parse_args(argv)


def main() -> None:
    """Reads arguments and context, synthesizes, and says where the templates lie. Exit code 2: bad configuration."""
    given = arguments(sys.argv[1:], json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}")))
    try:
        deployment = load(given.config)
    except ValidationError as error:
        for fault in error.errors():
            where = ".".join(str(part) for part in fault["loc"])
            print(f"{given.config}: {where}: {fault['msg']}", file=sys.stderr)
        sys.exit(2)
    try:
        app = build(
            deployment=deployment,
            asset=given.asset or package(given.flavour),
            stages=(given.stage,) if given.stage else STAGES,
            output=given.output,
        )
        written = synthesize(app)
    except (EnvironmentTooLarge, TestSettingGiven) as error:
        print(f"{given.config}: {error}", file=sys.stderr)
        sys.exit(2)
    print(written.directory)


if __name__ == "__main__":
    main()
