"""Denials in a resource's own policy, which bind every principal whatever its role allows."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam


def deny(
    sid: str, *, actions: Sequence[str], resources: Sequence[str], conditions: dict[str, object]
) -> iam.PolicyStatement:
    """A statement that refuses `actions` to everybody, where the conditions hold."""
    return iam.PolicyStatement(
        sid=sid,
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=list(actions),
        resources=list(resources),
        conditions=conditions,
    )


def unless(roles: Sequence[iam.IRole]) -> dict[str, object]:
    """The condition that holds for every principal but sessions of these roles.

    For the session of a role, `aws:PrincipalArn` is the ARN of the role (IAM User Guide, "AWS global condition
    context keys").
    """
    return {"ArnNotEquals": {"aws:PrincipalArn": [role.role_arn for role in roles]}}
