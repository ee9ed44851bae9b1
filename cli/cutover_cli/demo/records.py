"""The records that other systems would hold about this release: change, rollout, flags, overlays, rollback.

They are the demo's own and say so. What in them is a fact is one: the scope is what is built, the hook's digest
is that of the file, the drill has just been run.
"""

import json
import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cutover.contracts.records import (
    Baseline,
    ChangeRecord,
    Cohort,
    EnvironmentOverlays,
    Flag,
    FlagSet,
    Overlay,
    RollbackPlan,
    RollbackStep,
    RolloutPlan,
    Scope,
    Setting,
)
from cutover.domain import canonical
from cutover_cli.demo.build import Artifact, Checkout
from cutover_cli.demo.errors import BuildFailed

HOOK = Path("examples/rollback/redeploy-previous.sh")
REQUESTER = "lea"
_FLAG_LIVES = timedelta(days=30)
_DRILL_SECONDS = 60
_SETTINGS = ("retention_days", "log_retention_days")


@dataclass(frozen=True, slots=True)
class Drill:
    """A rehearsal of the rollback hook: to which commit it would go back, and when it was run."""

    commit: str
    at: datetime


def drill(source: Checkout, *, at: datetime) -> Drill:
    """Rehearses the hook on the commit before; on this one where history shows no other.

    Raises BuildFailed with what the hook said.
    """
    commit = source.parent or source.commit
    done = subprocess.run(
        ["sh", str(source.root / HOOK), commit, "--drill"],  # noqa: S607  # the system's own sh
        cwd=source.root,
        check=False,
        capture_output=True,
        text=True,
        timeout=_DRILL_SECONDS,
    )
    if done.returncode:
        raise BuildFailed(f"the rollback drill failed: {done.stderr.strip()[-500:]}")
    return Drill(commit, at)


def change(built: list[Artifact], *, version: str, environment: str) -> ChangeRecord:
    """An approved change whose scope is exactly what was built, for one environment."""
    return ChangeRecord(
        number="CHG-DEMO-1",
        title=f"Release cutover {version} to {environment}",
        state="approved",
        risk="moderate",
        requester=REQUESTER,
        scope=Scope(components=tuple(each.name for each in built), environments=(environment,)),
        comments=("Written by `make demo`; no change management system was asked.",),
    )


def rollout(*, environment: str) -> RolloutPlan:
    """A tenth first, then all."""
    return RolloutPlan(
        cohorts=(
            Cohort(name="canary", environment=environment, share_percent=10),
            Cohort(name="everyone", environment=environment, share_percent=90),
        )
    )


def flags(*, environment: str, at: datetime) -> FlagSet:
    """One flag of a type that needs every field."""
    return FlagSet(
        flags=(
            Flag(
                key="demo.new-approvals-page",
                type="release",
                owner="release-engineering",
                purpose="Shows the approvals page of this version",
                default="off",
                environments=(environment,),
                expires_at=at + _FLAG_LIVES,
                rollback_condition="More than 1 % of the page's answers are errors for 5 minutes",
                monitoring_hook="cloudwatch:alarm/approvals-page-errors",
            ),
        )
    )


def overlays(source: Checkout, *, environment: str) -> EnvironmentOverlays:
    """How long things are kept in the development stage, beside what production has: from `infra/deployment.json`."""
    stages = json.loads((source.root / "infra" / "deployment.json").read_text("utf-8"))["stages"]
    base, own = (
        tuple(Setting(name=name, value=stages[stage][name]) for name in _SETTINGS)
        for stage in ("production", "development")
    )
    return EnvironmentOverlays(base=base, overlays=(Overlay(environment=environment, settings=own),))


def rollback(source: Checkout, drilled: Drill) -> RollbackPlan:
    """One reversible step: deploy the commit before."""
    return RollbackPlan(
        steps=(
            RollbackStep(
                name="redeploy-previous",
                hook_digest=canonical.digest((source.root / HOOK).read_bytes()),
                trigger="The error rate of any function stays above 1 % for 5 minutes after the cutover",
                kind="reversible",
                stop_first="The pipeline that announces release candidates",
                prior_configuration=f"git:{drilled.commit}:infra/deployment.json",
                baseline=Baseline(
                    check="Compare the deployed template's digest with that of the previous release",
                    expected="They are equal",
                ),
                drilled_at=drilled.at,
            ),
        )
    )
