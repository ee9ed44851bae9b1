"""Buckets: the write-once store, the inbox for large candidates, development's sources, and access logs."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.components.conditions import deny
from infra.components.settings import StageSettings


class Store(Construct):
    """All buckets of a stage. `sources` is None where the configuration names buckets of others."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self._settings, self._key = settings, key
        self.access_logs = s3.Bucket(
            self,
            "AccessLogs",
            # S3 delivers access logs only into buckets with its own encryption.
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(settings.config.log_retention_days))],
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.store = self._bucket("Store", object_lock_default_retention=self._retention())
        _writes_are_conditional(self.store)
        if settings.is_production:
            _nobody_deletes(self.store)
        self.inbox = self._bucket("Inbox", lifecycle_rules=[_forget_after(settings)])
        self.own_sources = None if settings.config.source_buckets else self._bucket("Sources")
        imported = [
            s3.Bucket.from_bucket_name(self, f"Imported{number}", name)
            for number, name in enumerate(settings.config.source_buckets, 1)
        ]
        self.source_keys = settings.config.source_key_arns
        self.sources: list[s3.IBucket] = [self.own_sources] if self.own_sources else imported

    def _bucket(
        self,
        construct_id: str,
        *,
        object_lock_default_retention: s3.ObjectLockRetention | None = None,
        lifecycle_rules: list[s3.LifecycleRule] | None = None,
    ) -> s3.Bucket:
        return s3.Bucket(
            self,
            construct_id,
            versioned=True,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self._key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_lock_enabled=True if object_lock_default_retention else None,
            object_lock_default_retention=object_lock_default_retention,
            lifecycle_rules=lifecycle_rules,
            server_access_logs_bucket=self.access_logs,
            server_access_logs_prefix=f"{construct_id.lower()}/",
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _retention(self) -> s3.ObjectLockRetention:
        days = Duration.days(self._settings.config.retention_days)
        if self._settings.is_production:
            return s3.ObjectLockRetention.compliance(days)
        return s3.ObjectLockRetention.governance(days)


def _forget_after(settings: StageSettings) -> s3.LifecycleRule:
    """What was admitted is copied into the store, so the inbox need not keep it."""
    days = Duration.days(settings.config.log_retention_days)
    return s3.LifecycleRule(expiration=days, noncurrent_version_expiration=days)


def _writes_are_conditional(bucket: s3.Bucket) -> None:
    """Refuses a PutObject without If-None-Match: an existing key cannot get a newer version.

    `s3:ObjectCreationOperation` leaves out the parts of a multipart upload, which cannot carry the header
    (Amazon S3 User Guide, "Enforce conditional writes on Amazon S3 buckets").
    """
    missing = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    bucket.add_to_resource_policy(
        deny(
            "WriteOnce",
            actions=["s3:PutObject"],
            resources=[bucket.arn_for_objects("*")],
            conditions=dict(missing),
        )
    )


def _nobody_deletes(bucket: s3.Bucket) -> None:
    actions = ["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion"]
    bucket.add_to_resource_policy(
        deny("NobodyDeletes", actions=actions, resources=[bucket.arn_for_objects("*")], conditions={})
    )
