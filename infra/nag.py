"""Why a finding of cdk-nag's AwsSolutions pack stands, finding by finding. Nothing else is suppressed.

A reason is attached to the construct that it speaks of, not to the stack, so that the same finding anywhere
else still fails. `tests/infra/test_nag.py` also fails on a reason that no finding needs any more.
"""

from collections.abc import Iterator, Mapping

from aws_cdk import Acknowledgment, CfnElement, Stack, Validations
from aws_cdk import aws_s3 as s3
from constructs import IConstruct

from infra.grants import GRANTS
from infra.powers import buckets, sources
from infra.resources import Resources

DEAD_LETTERS = (
    "AwsSolutions-SQS3",
    "It is itself the place for what could not be delivered; behind it there is nothing but an alarm.",
)
PAGE_AUTHORIZATION = (
    "AwsSolutions-APIG4",
    "The signed link in the path is the authorization: the function checks its KMS HMAC before anything else, "
    "and a decision additionally needs the page's own form. Approvers have no AWS identity.",
)
STAR = (
    "AwsSolutions-IAM5[Resource::*]",
    "Actions for which AWS names no resource: X-Ray segments; for the state machine its log delivery; for the "
    "relay SendTaskSuccess; in a VPC interfaces, which the code itself is denied; for those that send mail "
    "SendEmail, bound to one sender by a condition; for those that ask sources ECR's GetAuthorizationToken, whose "
    "token opens only what the other statements do.",
)
CONTENT = "Objects are named by their digest, so their names cannot be listed beforehand. Only this prefix."
TOMBSTONES = "Tombstones are named by cutover and revision. Only this prefix."
LEDGER = "Ledger heads are named by chain and sequence. Only this prefix."
NOTICES = "Signed notices are named by chain and sequence. Only this prefix."
HANDOFFS = "Hand-offs are named by their id, which their content gives. Only this prefix."
CANDIDATES = "CI names the candidates that it uploads; a version id and a digest pin what is read."
CREDENTIALS = "The policy names the purposes of credentials, and each is a secret under this prefix. Only reading."
IMAGES = "The deployment names its repositories by a common beginning; a digest pins what is read. Only reading."
VERSIONS = "The policy names the version of a configuration. Only reading, and only of this profile."
SOURCES = "The policy names the records of a source; a version id and a digest pin what is read. Only reading."


def acknowledge(resources: Resources) -> None:
    """Writes the reasons down where cdk-nag looks for them."""
    for construct, found in findings(resources):
        Validations.of(construct).acknowledge(
            *(Acknowledgment(id=rule, reason=reason) for rule, reason in found.items())
        )


def findings(r: Resources) -> Iterator[tuple[IConstruct, Mapping[str, str]]]:
    """Each construct with the findings that stand there and why."""
    undelivered = (each.undelivered for each in (*r.inbox.entrances.values(), r.feedback.mail))
    for last in (*undelivered, r.failures):
        yield last, dict([DEAD_LETTERS])
    yield r.page.api, dict([PAGE_AUTHORIZATION])
    if r.machine is not None:
        yield r.machine, dict([STAR])
    for name, function in r.functions.items():
        yield function, dict([STAR, *_prefixes(r, name)])


def _prefixes(r: Resources, name: str) -> Iterator[tuple[str, str]]:
    store = _arn(r.store.store)
    stated = {
        buckets.get_content: (f"{store}/sha256/*", CONTENT),
        buckets.put_content: (f"{store}/sha256/*", CONTENT),
        buckets.put_tombstone: (f"{store}/tombstones/*", TOMBSTONES),
        buckets.look_for_tombstone: (f"{store}/tombstones/*", TOMBSTONES),
        buckets.keep_ledger: (f"{store}/ledger/*", LEDGER),
        buckets.keep_notices: (f"{store}/notices/*", NOTICES),
        buckets.keep_handoff: (f"{store}/handoffs/*", HANDOFFS),
        buckets.look_for_handoff: (f"{store}/handoffs/*", HANDOFFS),
        buckets.get_inbox_version: (f"{_arn(r.store.inbox)}/*", CANDIDATES),
    }
    for power in GRANTS[name]:
        if power in stated:
            resource, reason = stated[power]
            yield f"AwsSolutions-IAM5[Resource::{resource}]", reason
        elif power is sources.ask_sources:
            yield from ((f"AwsSolutions-IAM5[Resource::{resource}]", reason) for resource, reason in _sources(r))


def _sources(r: Resources) -> Iterator[tuple[str, str]]:
    yield from ((f"{_arn(bucket)}/*", SOURCES) for bucket in r.store.sources)
    yield _own("secretsmanager", f"secret:{r.sources.prefix}*"), CREDENTIALS
    yield from ((each, IMAGES) for each in r.sources.repositories if each.endswith("*"))
    for name in r.sources.names:
        application, _, profile = name.partition("/")
        resource = f"application/{application}/configurationprofile/{profile}/hostedconfigurationversion/*"
        yield _own("appconfig", resource), VERSIONS


def _own(service: str, resource: str) -> str:
    """The ARN of something in the stack's own account and region, as cdk-nag writes it."""
    return f"arn:<AWS::Partition>:{service}:<AWS::Region>:<AWS::AccountId>:{resource}"


def _arn(bucket: s3.IBucket) -> str:
    """A bucket's ARN as cdk-nag writes it: `<LogicalId.Arn>`, or spelt out for one of somebody else's."""
    made = bucket.node.default_child
    if isinstance(made, CfnElement):
        return f"<{Stack.of(bucket).get_logical_id(made)}.Arn>"
    return f"arn:<AWS::Partition>:s3:::{bucket.bucket_name}"
