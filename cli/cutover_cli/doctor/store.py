"""The buckets: Object Lock with the configured retention, and versions."""

from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from cutover_cli.doctor.findings import Deployed, Finding, Findings, each

YEARS = 7  # as Object Lock may say it
PRODUCTION = {"Mode": "COMPLIANCE", "Days": 2557}
ANEW = "deploy the stack again; a bucket without Object Lock has to be made anew"


def locked(on: Deployed) -> Findings:
    """Nobody can delete or change what the store has, for as long as the template says."""
    bucket = on.output("StoreBucket")
    if bucket is None:
        yield Finding("fail", "the stack does not say which bucket is its store", "deploy this version of Cutover")
        return
    found = on.client("s3").get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    rule = found.get("Rule", {}).get("DefaultRetention", {})
    wanted = _configured(on, bucket)
    if found.get("ObjectLockEnabled") != "Enabled" or not rule:
        yield Finding("fail", "Object Lock is off, or keeps nothing by default", ANEW)
    elif wanted is not None and wanted != rule:
        yield Finding("fail", f"keeps {_said(rule)}; the template says {_said(wanted)}", "deploy the stack again")
    elif on.site.audience.endswith(":production") and not _enough(rule):
        yield Finding("fail", f"keeps {_said(rule)}; production has to keep {_said(PRODUCTION)}", ANEW)
    elif wanted is None:
        said = f"keeps {_said(rule)}; what the template says could not be read"
        yield Finding("unasked", said, "let your role call GetTemplate, or ask somebody whose role may")
    else:
        yield Finding("ok", f"keeps {_said(rule)}")


def _enough(rule: dict[str, Any]) -> bool:
    """Whether production may keep its store by this rule (``infra.config``)."""
    long = rule.get("Days", 0) >= PRODUCTION["Days"] or rule.get("Years", 0) >= YEARS
    return long and rule.get("Mode") == PRODUCTION["Mode"]


def _configured(on: Deployed, bucket: str) -> dict[str, Any] | None:
    """The retention that the deployed template states; None where it cannot be read."""
    logical = next((logical for logical, physical in on.all("AWS::S3::Bucket") if physical == bucket), None)
    try:
        body = on.client("cloudformation").get_template(StackName=on.stack.name)["TemplateBody"]
    except ClientError:
        return None
    if not isinstance(body, dict) or logical not in body.get("Resources", {}):
        return None
    lock = body["Resources"][logical].get("Properties", {}).get("ObjectLockConfiguration", {})
    wanted: dict[str, Any] | None = lock.get("Rule", {}).get("DefaultRetention")
    return wanted


def _said(rule: dict[str, Any]) -> str:
    span = f"{rule['Years']} years" if "Years" in rule else f"{rule.get('Days')} days"
    return f"{span} ({rule.get('Mode')})"


def versions(on: Deployed) -> Findings:
    """An event, a candidate and a record name one version of one object."""
    for name in ("StoreBucket", "InboxBucket", "SourcesBucket"):
        bucket = on.output(name)
        if bucket is not None:
            yield from each(name, partial(versioned, on, bucket))


def versioned(on: Deployed, bucket: str) -> Findings:
    """Whether a bucket answers and keeps versions."""
    if on.client("s3").get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled":
        yield Finding("ok", f"{bucket} keeps versions")
    else:
        command = f"aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled"
        yield Finding("fail", f"{bucket} keeps no versions", command)
