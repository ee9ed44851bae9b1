"""The local stack: what it promises to whoever runs the product on it."""

import json
from pathlib import Path

import httpx
import pytest
from botocore.exceptions import ClientError

from cutover_cli.local import deploy, lifecycle
from cutover_cli.local.clients import Clients
from cutover_cli.local.errors import DeploymentFailed, StackDiffers
from cutover_cli.local.stack import LocalStack
from cutover_cli.local.synth import Assembly
from infra.plan import FUNCTIONS
from tests.local.conftest import Run

OTHER_ROOT = "sha256:" + "1" * 64


def test_status_tells_where_all_answers(cutover: Run, local_stack: LocalStack, local_state: Path) -> None:
    code, document = cutover("local", "status", "--state-dir", local_state)
    assert code == 0
    assert document["state"] == "up"
    assert document["endpoint"] == local_stack.endpoint == f"http://127.0.0.1:{document['port']}"
    assert document["page"] == local_stack.outputs["PageUrl"]
    assert document["outputs"] == local_stack.outputs


def test_a_second_up_hands_back_the_same_stack(
    cutover: Run, local_stack: LocalStack, local_state: Path, local_root: str
) -> None:
    code, document = cutover("local", "up", "--root-fingerprint", local_root, "--state-dir", local_state)
    assert code == 0
    assert document["reused"] is True
    assert document["endpoint"] == local_stack.endpoint


def test_another_root_does_not_replace_a_stack_unasked(
    cutover: Run, local_stack: LocalStack, local_state: Path
) -> None:
    with pytest.raises(StackDiffers):
        lifecycle.up(OTHER_ROOT, state_dir=local_state)
    code, document = cutover("local", "up", "--root-fingerprint", OTHER_ROOT, "--state-dir", local_state)
    assert (code, document["reason"]) == (3, "STACK_DIFFERS")
    assert lifecycle.attach(state_dir=local_state) == local_stack


def test_the_root_is_held_to_its_pattern(cutover: Run, tmp_path: Path) -> None:
    code, document = cutover("local", "up", "--root-fingerprint", "sha256:beef", "--state-dir", tmp_path)
    assert (code, document["reason"]) == (4, "DEPLOYMENT_FAILED")
    assert "RootFingerprint" in document["message"]
    assert lifecycle.status(state_dir=tmp_path).state == "down"


def test_the_store_keeps_what_it_got(local_stack: LocalStack) -> None:
    s3, bucket = local_stack.clients.s3, local_stack.outputs["StoreBucket"]
    rule = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]["Rule"]
    assert rule["DefaultRetention"] == {"Mode": "GOVERNANCE", "Days": 30}
    version = s3.put_object(Bucket=bucket, Key="sha256/kept", Body=b"kept", IfNoneMatch="*")["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key="sha256/kept", VersionId=version)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key="sha256/kept", Body=b"other", IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="sha256/kept")["Body"].read() == b"kept"


def test_every_function_starts_from_the_package_alone(local_stack: LocalStack, local_state: Path) -> None:
    """The emulator's interpreter has none of our packages: what a function lacks shows here."""
    assert local_stack.functions.keys() == FUNCTIONS.keys()
    answers = {name: local_stack.invoke(name)[1] for name in local_stack.functions}
    broken = {
        name: answer.decode()
        for name, answer in answers.items()
        if b"Worker init failed" in answer or b"Mock response" in answer
    }
    assert broken == {}
    running = lifecycle.status(state_dir=local_state).emulator
    assert running
    assert len(list(Path(running.work).glob("package-*"))) == 1


def test_a_function_without_its_package_is_not_taken_for_one(local_stack: LocalStack, tmp_path: Path) -> None:
    code = {"S3Bucket": "packages", "S3Key": "lost.zip"}
    properties = {
        "Code": code,
        "Handler": "a.lost.handler.handler",
        "Runtime": "python3.13",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
    }
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
            }
        ],
    }
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    function = {"Type": "AWS::Lambda::Function", "Properties": properties}
    template, assets = tmp_path / "lost.template.json", tmp_path / "lost.assets.json"
    template.write_text(json.dumps({"Resources": {"Role": role, "Lost": function}}))
    destination = {"bucketName": "packages", "objectKey": "lost.template.json"}
    listed = {"template": {"source": {"path": template.name}, "destinations": {"here": destination}}}
    assets.write_text(json.dumps({"files": listed}))
    with pytest.raises(DeploymentFailed, match="function Lost does not run the package"):
        deploy.deploy(local_stack.clients, Assembly("lost", template, assets), {})


def test_a_role_may_do_what_it_was_granted_and_no_more(local_stack: LocalStack) -> None:
    reader = _as_role_of(local_stack, "ReadRecord")
    table = local_stack.outputs["TableName"]
    key = {"pk": {"S": "nobody"}, "sk": {"S": "nothing"}}
    assert "Item" not in reader.dynamodb.get_item(TableName=table, Key=key)
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.dynamodb.put_item(TableName=table, Item=key)
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.dynamodb.get_item(TableName=local_stack.outputs["TokensTableName"], Key=key)
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.s3.list_objects_v2(Bucket=local_stack.outputs["StoreBucket"])


def test_only_its_own_role_signs_with_a_key(local_stack: LocalStack) -> None:
    def sign(clients: Clients) -> bytes:
        signed = clients.kms.sign(
            KeyId=local_stack.outputs["HandoffKeyArn"],
            Message=bytes(32),
            MessageType="DIGEST",
            SigningAlgorithm="ECDSA_SHA_256",
        )
        return signed["Signature"]

    assert sign(_as_role_of(local_stack, "HandOff"))
    for other in ("Approvals", "Bind", "Relay", "Seal"):
        with pytest.raises(ClientError, match="AccessDenied"):
            sign(_as_role_of(local_stack, other))


def test_only_the_hand_off_sends_to_a_target(local_stack: LocalStack) -> None:
    queue = local_stack.outputs["TargetStagingQueueUrl"]
    with pytest.raises(ClientError, match="AccessDenied"):
        local_stack.clients.sqs.send_message(
            QueueUrl=queue, MessageBody="forged", MessageGroupId="g", MessageDeduplicationId="d"
        )
    assert local_stack.receive(queue) == []


def test_the_page_answers_by_address_and_host(local_stack: LocalStack) -> None:
    page = local_stack.page("/approvals/no-such-link")
    assert page.browser_url.startswith("http://")
    assert ".execute-api.localhost:" in page.browser_url
    answer = httpx.get(page.url, headers=dict(page.headers))
    assert 400 <= answer.status_code < 500


def _as_role_of(stack: LocalStack, function: str) -> Clients:
    """Clients with the function's own permissions. Its role trusts Lambda alone, so it is opened for a moment."""
    configuration = stack.clients.lambda_.get_function_configuration(FunctionName=stack.functions[function])
    arn = configuration["Role"]
    name = arn.rsplit("/", 1)[-1]
    trust = stack.clients.iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    opened = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    document = {"Version": "2012-10-17", "Statement": [opened]}
    stack.clients.iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(document))
    try:
        given = stack.clients.sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    finally:
        stack.clients.iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    return stack.clients.with_credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
