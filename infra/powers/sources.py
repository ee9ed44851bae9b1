"""Source systems: their buckets, registries, configurations and credentials."""

from infra.powers.words import Statements, allow, every, through
from infra.resources import Resources


def get_sources(r: Resources) -> Statements:
    """Every bucket that artifacts and their evidence may be fetched from, with the keys of foreign ones.

    Who may list a bucket is told that a key is gone; anybody else is told "access denied" (Amazon S3 API, HeadObject).
    """
    objects = [bucket.arn_for_objects("*") for bucket in r.store.sources]
    listed = allow(["s3:ListBucket"], *(bucket.bucket_arn for bucket in r.store.sources))
    keys = [allow(["kms:Decrypt"], key, **through("s3")) for key in r.store.source_keys]
    return [allow(["s3:GetObject", "s3:GetObjectVersion"], *objects), listed, *keys]


def read_credentials(r: Resources) -> Statements:
    """The credentials of source systems, and of all secrets only these; with their customer key, if they have one."""
    keys = [allow(["kms:Decrypt"], key, **through("secretsmanager")) for key in (r.sources.credentials_key,) if key]
    return [allow(["secretsmanager:GetSecretValue"], r.sources.credentials), *keys]


def pull_images(r: Resources) -> Statements:
    """The configured repositories of ECR. Listing referrers asks for `BatchGetImage` too (ECR API Reference)."""
    if not r.sources.repositories:
        return []
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    return [allow(["ecr:GetAuthorizationToken"], "*"), allow(pull, *r.sources.repositories)]


def read_configurations(r: Resources) -> Statements:
    """The hosted versions of the configured profiles of AppConfig. Nothing is deployed there, and no flag switched."""
    if not r.sources.profiles:
        return []
    profiles = [arn for each in r.sources.profiles for arn in (each.application, each.profile)]
    versions = [each.versions for each in r.sources.profiles]
    return [
        allow(["appconfig:ListHostedConfigurationVersions"], *profiles),
        allow(["appconfig:GetHostedConfigurationVersion"], *profiles, *versions),
    ]


ask_sources = every(get_sources, read_credentials, pull_images, read_configurations)
