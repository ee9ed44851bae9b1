"""What every component asks about its stage, decided once."""

from dataclasses import dataclass

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.config import Stage, StageName

_RETENTION = {
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    731: logs.RetentionDays.TWO_YEARS,
    1827: logs.RetentionDays.FIVE_YEARS,
    2557: logs.RetentionDays.SEVEN_YEARS,
}


@dataclass(frozen=True, kw_only=True)
class StageSettings:
    """One stage's configuration and what follows from its name."""

    instance: str
    name: StageName
    config: Stage

    @property
    def is_production(self) -> bool:
        """Production keeps what development may delete."""
        return self.name == "production"

    @property
    def removal(self) -> RemovalPolicy:
        """What becomes of tables, keys and logs when the stack is deleted."""
        return RemovalPolicy.RETAIN if self.is_production else RemovalPolicy.DESTROY

    def log_group(self, scope: Construct, construct_id: str, *, name: str | None = None) -> logs.LogGroup:
        """A log group that forgets after the configured time."""
        return logs.LogGroup(
            scope,
            construct_id,
            log_group_name=name,
            retention=_RETENTION[self.config.log_retention_days],
            removal_policy=self.removal,
        )
