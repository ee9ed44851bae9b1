"""Puts a synthesized template onto the emulator, and proves that what came out is what the template says.

The emulator drops silently what it does not know, and a function without its package answers "Mock response".
So Object Lock is set through the API and read back, and every function's code is compared with its asset.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, WaiterError

from cutover_cli.local.clients import Clients
from cutover_cli.local.errors import DeploymentFailed
from cutover_cli.local.surroundings import ACCOUNT, REGION
from cutover_cli.local.synth import Assembly

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackResourceSummaryTypeDef

_PLACEHOLDERS = {"${AWS::AccountId}": ACCOUNT, "${AWS::Region}": REGION, "${AWS::Partition}": "aws"}


def deploy(
    clients: Clients, assembly: Assembly, parameters: Mapping[str, str], *, over: bool = False
) -> dict[str, str]:
    """Creates the stack, or with ``over`` deploys over the one that is up; returns its outputs.

    Raises DeploymentFailed, with what failed first.
    """
    urls, packages = _upload(clients, assembly)
    formation = clients.cloudformation
    try:
        (formation.update_stack if over else formation.create_stack)(
            StackName=assembly.stack_name,
            TemplateURL=urls[assembly.template.name],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        )
        _await(clients, assembly.stack_name, over=over)
    except (ClientError, WaiterError) as error:
        raise DeploymentFailed(f"{error}\n{_first_failure(clients, assembly.stack_name)}") from error
    resources = physical_ids(clients, assembly.stack_name)
    _lock_objects(clients, assembly, resources)
    _prove_code(clients, assembly, resources, packages)
    described = clients.cloudformation.describe_stacks(StackName=assembly.stack_name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def _await(clients: Clients, stack_name: str, *, over: bool) -> None:
    """Until it stands; raises WaiterError when it does not come to that."""
    formation = clients.cloudformation
    waiter = formation.get_waiter("stack_update_complete") if over else formation.get_waiter("stack_create_complete")
    waiter.wait(StackName=stack_name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})


def physical_ids(clients: Clients, stack_name: str) -> dict[str, str]:
    """Logical id to physical id, of every resource of the stack."""
    pages = clients.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_name)
    found: list[StackResourceSummaryTypeDef] = [item for page in pages for item in page["StackResourceSummaries"]]
    return {item["LogicalResourceId"]: item.get("PhysicalResourceId", "") for item in found}


def function_names(clients: Clients, assembly: Assembly) -> dict[str, str]:
    """A function's name, as its folder in `stages` or `doors` has it in CamelCase, to its deployed name."""
    deployed = physical_ids(clients, assembly.stack_name)
    names: dict[str, str] = {}
    for logical, properties in assembly.of_type("AWS::Lambda::Function"):
        folder = properties["Handler"].split(".")[-3]
        names["".join(word.capitalize() for word in folder.split("_"))] = deployed[logical]
    return names


def _upload(clients: Clients, assembly: Assembly) -> tuple[dict[str, str], dict[str, str]]:
    """Uploads every file of the asset manifest. Returns file name to URL, and object key to its SHA-256."""
    manifest = json.loads(assembly.assets.read_text("utf-8"))
    urls: dict[str, str] = {}
    digests: dict[str, str] = {}
    for asset in manifest["files"].values():
        source = assembly.assets.parent / asset["source"]["path"]
        for destination in asset["destinations"].values():
            bucket, key = _filled(destination["bucketName"]), _filled(destination["objectKey"])
            clients.s3.create_bucket(Bucket=bucket)
            content = source.read_bytes()
            clients.s3.put_object(Bucket=bucket, Key=key, Body=content)
            digests[key] = base64.b64encode(hashlib.sha256(content).digest()).decode()
            urls[source.name] = f"{clients.endpoint}/{bucket}/{key}"
    return urls, digests


def _filled(text: str) -> str:
    for placeholder, value in _PLACEHOLDERS.items():
        text = text.replace(placeholder, value)
    return text


def _lock_objects(clients: Clients, assembly: Assembly, resources: Mapping[str, str]) -> None:
    """Gives each bucket the Object Lock that its template states, and reads it back."""
    for logical, properties in assembly.of_type("AWS::S3::Bucket"):
        if not (configuration := properties.get("ObjectLockConfiguration")):
            continue
        bucket = resources[logical]
        clients.s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration)
        stated = clients.s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
        if stated != configuration:
            raise DeploymentFailed(f"bucket {bucket}: Object Lock is {stated}, the template says {configuration}")


def _prove_code(
    clients: Clients, assembly: Assembly, resources: Mapping[str, str], packages: Mapping[str, str]
) -> None:
    """Compares each function's code with the package that its template names. Keys are content addresses."""
    for logical, properties in assembly.of_type("AWS::Lambda::Function"):
        key = properties["Code"]["S3Key"]
        deployed = clients.lambda_.get_function_configuration(FunctionName=resources[logical])
        if deployed["CodeSha256"] != packages.get(key):
            raise DeploymentFailed(f"function {logical} does not run the package {key}")


def _first_failure(clients: Clients, stack_name: str) -> str:
    """The earliest event of the stack that says why it failed."""
    try:
        events = clients.cloudformation.describe_stack_events(StackName=stack_name)["StackEvents"]
    except ClientError:
        return ""
    failed = [event for event in events if event.get("ResourceStatus", "").endswith("_FAILED")]
    reasons = [f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason', '')}" for each in failed]
    return "\n".join(reversed(reasons))
