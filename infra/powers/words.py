"""How a power is written: actions, and the resources that they reach in a deployed stage."""

from collections.abc import Callable, Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from infra.resources import Resources

Statements = Sequence[iam.PolicyStatement]
Power = Callable[[Resources], Statements]


def allow(actions: Sequence[str], *resources: str, **conditions: object) -> iam.PolicyStatement:
    """One statement; conditions as `StringLike={...}`."""
    return iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)


def power(*actions: str, on: Callable[[Resources], str], **conditions: object) -> Power:
    """Some actions on one resource."""
    return lambda r: [allow(actions, on(r), **conditions)]


def every(*powers: Power) -> Power:
    """Several powers as one."""
    return lambda r: [statement for each in powers for statement in each(r)]


def through(*services: str, region: str = Aws.REGION) -> dict[str, object]:
    """The condition that only these services may use the key for the caller."""
    hosts = [f"{service}.{region}.{Aws.URL_SUFFIX}" for service in services]
    return {"StringEquals": {"kms:ViaService": hosts}}
