"""DynamoDB tables: the record, the tokens of waiting executions, and the first guard against repeats."""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.components.settings import StageSettings

DUE_INDEX = "due"
DAY_INDEX = "day"


class Tables(Construct):
    """`main` holds every decision and has no TTL; `tokens` only wakes; `idempotency` may be emptied."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self._settings, self._key = settings, key
        self.main = self._table("Main", "pk", "sk", stream=dynamodb.StreamViewType.NEW_IMAGE)
        self.main.add_global_secondary_index(
            index_name=DUE_INDEX,
            partition_key=_text("live"),
            sort_key=_text("due_at"),
            projection_type=dynamodb.ProjectionType.ALL,
        )
        # What all chains of the ledger tell of one day: for people who look, no function reads it.
        self.main.add_global_secondary_index(
            index_name=DAY_INDEX,
            partition_key=_text("day"),
            sort_key=_text("at"),
            projection_type=dynamodb.ProjectionType.ALL,
        )
        self.tokens = self._table("Tokens", "pk", "sk", stream=dynamodb.StreamViewType.KEYS_ONLY)
        self.idempotency = self._table("Idempotency", "id", ttl="expiration")

    def _table(
        self,
        construct_id: str,
        partition: str,
        sort: str | None = None,
        *,
        stream: dynamodb.StreamViewType | None = None,
        ttl: str | None = None,
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            construct_id,
            partition_key=_text(partition),
            sort_key=_text(sort) if sort else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self._key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=self._settings.is_production,
            removal_policy=self._settings.removal,
            stream=stream,
            time_to_live_attribute=ttl,
        )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
