"""What a role needs so that its function can run in a VPC, and what the function's code must not do with it."""

from aws_cdk import aws_iam as iam

from infra.powers.words import Statements, allow
from infra.resources import Resources

INTERFACES = (
    "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
)  # fmt: skip


def enter_network(r: Resources) -> Statements:
    """Lambda makes a function's network interfaces in the name of its role; AWS names no resource for that.

    The code may not: a request that it makes carries its function's ARN, and one that Lambda makes does not ("Giving
    Lambda functions access to resources in an Amazon VPC").
    """
    if r.network is None:
        return []
    denied = iam.PolicyStatement(
        effect=iam.Effect.DENY, actions=list(INTERFACES), resources=["*"],
        conditions={"Null": {"lambda:SourceFunctionArn": "false"}},
    )  # fmt: skip
    return [allow(INTERFACES, "*"), denied]
