"""boto3 clients of the emulator's account root: they see and may do everything, as an operator's do."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from cutover_cli.local.surroundings import ACCOUNT, REGION

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient

_CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 2})


class Clients:
    """One lazily made client a service. To the emulator, an account id as access key is its root."""

    def __init__(self, endpoint: str, session: boto3.Session | None = None) -> None:
        self.endpoint = endpoint
        self.session = session or boto3.Session(
            aws_access_key_id=ACCOUNT, aws_secret_access_key=ACCOUNT, region_name=REGION
        )

    def with_credentials(self, access_key: str, secret: str, token: str) -> "Clients":
        """The same clients for somebody else: an assumed role's temporary credentials."""
        session = boto3.Session(
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            region_name=REGION,
        )
        return Clients(self.endpoint, session)

    def of(self, service: str) -> Any:
        """A client of any service by its boto3 name, made anew."""
        make: Callable[..., Any] = self.session.client
        return make(service, endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        """AWS CloudFormation."""
        return self.session.client("cloudformation", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """Amazon DynamoDB."""
        return self.session.client("dynamodb", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def events(self) -> "EventBridgeClient":
        """Amazon EventBridge."""
        return self.session.client("events", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def iam(self) -> "IAMClient":
        """AWS IAM."""
        return self.session.client("iam", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def kms(self) -> "KMSClient":
        """AWS KMS."""
        return self.session.client("kms", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def lambda_(self) -> "LambdaClient":
        """AWS Lambda."""
        return self.session.client("lambda", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        """Amazon CloudWatch Logs."""
        return self.session.client("logs", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def s3(self) -> "S3Client":
        """Amazon S3."""
        return self.session.client("s3", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def sqs(self) -> "SQSClient":
        """Amazon SQS."""
        return self.session.client("sqs", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def stepfunctions(self) -> "SFNClient":
        """AWS Step Functions."""
        return self.session.client("stepfunctions", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def sts(self) -> "STSClient":
        """AWS STS."""
        return self.session.client("sts", endpoint_url=self.endpoint, config=_CONFIG)
