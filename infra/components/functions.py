"""The Lambda functions: one package, a handler, a role and a log group each."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.components.settings import StageSettings
from infra.config import Network
from infra.plan import Plan

RUNTIME = lambda_.Runtime.PYTHON_3_14  # infra.asset chooses the wheels for the same version


class Function(Construct):
    """One function. Its role starts empty, and only `attach` fills it."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings, plan: Plan) -> None:
        super().__init__(scope, construct_id)
        self._plan, self._network = plan, settings.config.network
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log_group: logs.ILogGroup = settings.log_group(self, "Log")
        self._function: lambda_.Function | None = None

    def attach(self, *, policy: iam.PolicyDocument) -> None:
        """Gives the role its whole policy; event sources and invocations wait for it."""
        made = iam.Policy(self, "Policy", document=policy, roles=[self.role])
        self.function.node.add_dependency(made)

    def create(self, *, code: lambda_.Code, environment: Mapping[str, str]) -> lambda_.Function:
        """Makes the function itself. The CDK cannot add grants of its own to the role."""
        self._function = lambda_.Function(
            self,
            "Function",
            description=self._plan.description,
            code=code,
            handler=self._plan.handler,
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            timeout=Duration.seconds(self._plan.timeout_seconds),
            memory_size=self._plan.memory_mb,
            role=_fixed(self.role),
            log_group=self.log_group,
            tracing=lambda_.Tracing.ACTIVE,
            environment=dict(environment),
        )
        if self._network:
            _enter(self._function, self._network)
        return self._function

    @property
    def function(self) -> lambda_.Function:
        """The Lambda function, once `create` has made it."""
        if self._function is None:
            raise RuntimeError(f"{self.node.id} has not been created")
        return self._function


def code_from(asset: Path) -> lambda_.Code:
    """The package: a zip as `infra.asset` builds it, or any folder for tests of the template."""
    return lambda_.Code.from_asset(str(asset))


def _enter(function: lambda_.Function, network: Network) -> None:
    """On the resource itself: the CDK's own way looks the VPC up in an account, and there may be none at hand."""
    resource = function.node.default_child
    assert isinstance(resource, lambda_.CfnFunction)  # noqa: S101 - what the CDK makes of a function
    resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
        subnet_ids=list(network.subnet_ids), security_group_ids=list(network.security_group_ids)
    )


def _fixed(role: iam.Role) -> iam.IRole:
    """The role as something given, to which the CDK adds no policy and which it does not wait for twice."""
    return iam.Role.from_role_arn(role, "Given", role.role_arn, mutable=False)
