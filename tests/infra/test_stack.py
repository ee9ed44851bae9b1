"""The template as a whole: one for every account, every region and the emulator."""

import json
import re
from pathlib import Path

from infra.config import load
from tests.infra.reading import Assembled
from tests.infra.synthesis import synthesize

# What the stack is made of. Each type is known to the emulator of the local stack too, which fails on others.
TYPES = {
    "AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage", "AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::DynamoDB::Table",
    "AWS::Events::EventBus", "AWS::Events::Rule", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::KMS::Key",
    "AWS::Lambda::EventSourceMapping", "AWS::Lambda::Function", "AWS::Lambda::Permission", "AWS::Logs::LogGroup",
    "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::SES::ConfigurationSet",
    "AWS::SES::ConfigurationSetEventDestination", "AWS::SES::EmailIdentity", "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy", "AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "AWS::StepFunctions::StateMachine",
}  # fmt: skip

OUTPUTS = {
    "Audience", "BusName", "InboxBucket", "StoreBucket", "TableName", "TokensTableName", "IdempotencyTableName",
    "StateMachineArn", "PageUrl", "ExceptionsQueueUrl", "ClockFunctionName", "BindKeyArn", "DecideKeyArn",
    "HandoffKeyArn", "LedgerKeyArn", "LinksKeyArn", "TargetNames",
    "AlarmTopicArn", "TargetSettings", "HandOffRoleArn", "DeliveriesRoleArn",
}  # fmt: skip


def test_types(stage: Assembled) -> None:
    assert {each.kind for each in stage.resources.values()} == TYPES


def test_the_root_of_trust_is_asked_for(stage: Assembled) -> None:
    parameters = stage.template["Parameters"]
    assert parameters.keys() == {"RootFingerprint"}
    root = parameters["RootFingerprint"]
    assert "Default" not in root
    assert root["AllowedPattern"] == "^sha256:[0-9a-f]{64}$"
    assert re.fullmatch(root["AllowedPattern"], "sha256:" + "0" * 64)


def test_outputs(development: Assembled, production: Assembled) -> None:
    assert development.template["Outputs"].keys() == OUTPUTS | {"SourcesBucket", "TargetStagingQueueUrl"}
    assert production.template["Outputs"].keys() == OUTPUTS | {
        "TargetProductionQueueUrl",
        "TargetProductionEuQueueUrl",
    }


def test_the_stack_says_which_targets_are_deployed(development: Assembled, production: Assembled) -> None:
    assert development.template["Outputs"]["TargetNames"]["Value"] == "staging"
    assert production.template["Outputs"]["TargetNames"]["Value"] == "production,production-eu"


def test_outputs_name_what_they_say(stage: Assembled) -> None:
    outputs = {name: stage.render(each["Value"]) for name, each in stage.template["Outputs"].items()}
    assert outputs["StoreBucket"] == "{Store/Store}"
    assert outputs["InboxBucket"] == "{Store/Inbox}"
    assert outputs["TableName"] == "{Tables/Main}"
    assert outputs["TokensTableName"] == "{Tables/Tokens}"
    assert outputs["StateMachineArn"] == "{Workflow/Machine}"
    assert outputs["ExceptionsQueueUrl"] == "{Exceptions}"
    assert outputs["ClockFunctionName"] == "{Clock/Function}"
    assert outputs["HandOffRoleArn"] == "{HandOff/Role}"
    assert outputs["DeliveriesRoleArn"] == "{Deliveries/Role}"
    told = stage.function("HandOff")["Environment"]["Variables"]["CUTOVER_TARGETS"]
    assert outputs["TargetSettings"] == stage.render(told), "as the functions are told of their targets"
    assert outputs["PageUrl"] == "{Page/Api.ApiEndpoint}"
    for purpose in ("Bind", "Decide", "Handoff", "Ledger", "Links"):
        assert outputs[f"{purpose}KeyArn"] == f"{{Keys/{purpose}}}"


def test_it_belongs_to_no_account_and_no_region(stage: Assembled) -> None:
    """But for the imported queue, its keys, and what is only read: somebody else's, and named in full."""
    text = json.dumps(stage.template)
    imported = [each for target in stage.config.targets for each in (target.queue_arn, target.queue_key_arn)]
    read = (*stage.config.source_key_arns, *stage.config.registries, stage.config.credentials_key_arn)
    for arn in filter(None, (*imported, *read)):
        text = text.replace(arn, "")
    text = text.replace("https://sqs.eu-west-1.", "").replace("/222222222222/deployments.fifo", "")
    text = text.replace("sqs.eu-west-1.", "").replace('\\"account\\":\\"222222222222\\"', "")
    text = text.replace("s3.eu-west-1.", "")
    assert not re.findall(r"\b\d{12}\b", text)
    assert not re.findall(r"\b(?:us|eu|ap|sa|ca)-[a-z]+-\d\b", text)


def test_the_cdk_adds_nothing_of_its_own(stage: Assembled) -> None:
    assert stage.template.keys() == {"Description", "Parameters", "Resources", "Outputs"}
    assert not [path for path, each in stage.resources.items() if "Metadata" in each.body]


def test_it_fits_into_what_cloudformation_takes(stage: Assembled) -> None:
    assert stage.path.stat().st_size < 500_000  # of 1 MB
    assert len(stage.resources) < 300  # of 500


def test_forty_targets_fit_in_too(development: Assembled) -> None:
    """What one target of its own takes: its queue, what stands behind it, their policies, an alarm."""
    (target,) = development.config.targets
    of_one = [path for path in development.resources if target.pascal in path]
    assert len(of_one) == 5
    assert len(development.resources) + 39 * len(of_one) < 500


def test_nothing_holds_a_secret(stage: Assembled) -> None:
    """Nor does it fetch one: functions read the sources' credentials themselves, by name."""
    text = json.dumps(stage.template)
    assert not re.findall(r"(?i)\{\{resolve:|AWS::SecretsManager|SecretString|password|BEGIN [A-Z ]*PRIVATE", text)


def test_production_is_protected_and_development_may_go(development: Assembled, production: Assembled) -> None:
    assert production.stack.termination_protection is True
    assert not development.stack.termination_protection
    kept = {each.kind for each in production.resources.values() if each.body.get("DeletionPolicy") == "Retain"}
    assert kept >= {"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::S3::Bucket"}


def test_the_sender_is_an_identity(stage: Assembled) -> None:
    (identity,) = stage.of("AWS::SES::EmailIdentity")
    assert identity.properties["EmailIdentity"] == stage.config.sender


def test_a_permissions_boundary_is_put_on_every_role(tmp_path: Path) -> None:
    boundary = "arn:aws:iam::111111111111:policy/boundary"
    deployment = load()
    bounded = deployment.stages.development.model_copy(update={"permissions_boundary": boundary})
    stages = deployment.stages.model_copy(update={"development": bounded})
    made = synthesize(tmp_path, deployment=deployment.model_copy(update={"stages": stages}))["development"]
    assert {each.properties["PermissionsBoundary"] for each in made.of("AWS::IAM::Role")} == {boundary}
