"""Denials that several resources share: of plain text, and of everybody but some roles."""

from collections.abc import Sequence

from aws_cdk import Arn, ArnComponents, ArnFormat, Stack
from aws_cdk import aws_iam as iam


def deny(
    sid: str, *, actions: Sequence[str], resources: Sequence[str], conditions: dict[str, object]
) -> iam.PolicyStatement:
    """A statement of a resource's own policy that binds every principal."""
    return iam.PolicyStatement(
        sid=sid,
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=list(actions),
        resources=list(resources),
        conditions=conditions,
    )


def deny_plain_text(*resources: str, actions: Sequence[str]) -> iam.PolicyStatement:
    """Refuses requests without TLS.

    Loopback is left out, where nothing can listen: an emulator on the same machine speaks plain HTTP. No
    request reaches AWS from such an address, and one without any address (a VPC endpoint's) is refused too,
    since a negated operator matches a missing key.
    """
    return deny(
        "NoPlainText",
        actions=actions,
        resources=resources,
        conditions={
            "Bool": {"aws:SecureTransport": "false"},
            "NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"},
        },
    )


def unless(roles: Sequence[iam.Role]) -> dict[str, object]:
    """The condition that holds for every principal but sessions of these roles.

    AWS states the role's ARN as `aws:PrincipalArn` of its sessions; emulators state the session's.
    """
    stated = [arn for role in roles for arn in (role.role_arn, _sessions(role))]
    return {"ArnNotLike": {"aws:PrincipalArn": stated}}


def _sessions(role: iam.Role) -> str:
    components = ArnComponents(
        service="sts",
        region="",
        resource="assumed-role",
        resource_name=f"{role.role_name}/*",
        arn_format=ArnFormat.SLASH_RESOURCE_NAME,
    )
    return Arn.format(components, Stack.of(role))
