"""The state machine, from the definition file that the repository keeps."""

import re
from collections.abc import Mapping

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.settings import StageSettings
from infra.config import ROOT

DEFINITION = ROOT / "statemachine" / "cutover.asl.json"


def placeholders(definition: str) -> frozenset[str]:
    """The names that stand as `${Name}` in a definition."""
    return frozenset(re.findall(r"\$\{(\w+)\}", definition))


class Machine(Construct):
    """A standard workflow. Its log has no execution data: inputs carry references, tokens stay out.

    Raises ValueError when the functions given are not exactly those that the definition calls.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: StageSettings,
        functions: Mapping[str, lambda_.IFunction],
    ) -> None:
        super().__init__(scope, construct_id)
        definition = DEFINITION.read_text("utf-8")
        substitutions = {f"{name}Arn": function.function_arn for name, function in functions.items()}
        if odd := placeholders(definition) ^ substitutions.keys():
            raise ValueError(f"{DEFINITION.name} and the stack's functions differ in: {', '.join(sorted(odd))}")
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "states.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
        )
        self.log_group = settings.log_group(
            self, "Log", name=f"/aws/vendedlogs/states/{settings.instance}-{settings.name}"
        )
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            definition_body=sfn.DefinitionBody.from_string(definition),
            definition_substitutions=substitutions,
            state_machine_type=sfn.StateMachineType.STANDARD,
            role=iam.Role.from_role_arn(self.role, "Given", self.role.role_arn, mutable=False),
            tracing_enabled=True,
            logs=sfn.LogOptions(destination=self.log_group, level=sfn.LogLevel.ALL, include_execution_data=False),
        )

    def attach(self, *, policy: iam.PolicyDocument) -> None:
        """Gives the machine's role its whole policy; the machine waits for it."""
        made = iam.Policy(self, "Policy", document=policy, roles=[self.role])
        self.machine.node.add_dependency(made)
