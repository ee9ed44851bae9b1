"""The keys: there, enabled, of the right kind, and known to the facts for their purpose and for long enough."""

from datetime import timedelta
from functools import partial

from cutover.contracts.policy import TrustedKey
from cutover.domain import canonical
from cutover_cli.doctor.findings import Deployed, Finding, Findings, each

SIGNING = ("bind", "decide", "handoff", "ledger")
SOON = timedelta(days=30)
NEEDED = ("candidate", "withdrawal", "brake")
"""Without a key for these nobody can release, take back or stop."""
TRUST = "put it into the facts under keys, and have both owners sign them"


def of_stack(on: Deployed) -> Findings:
    """Every key of the stack is enabled; the data key is rotated."""
    for logical, key in on.all("AWS::KMS::Key"):
        yield from each(logical, partial(_key, on, key))


def _key(on: Deployed, key: str) -> Findings:
    found = on.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    if found["KeyState"] == "PendingDeletion":
        yield Finding("fail", "is about to be deleted", f"aws kms cancel-key-deletion --key-id {key}; then enable it")
    elif found["KeyState"] != "Enabled":
        yield Finding("fail", f"is {found['KeyState']}", f"aws kms enable-key --key-id {key}")
    elif found.get("KeySpec") == "SYMMETRIC_DEFAULT":
        rotated = on.client("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
        command = f"aws kms enable-key-rotation --key-id {key}"
        yield Finding("ok", "enabled, rotated") if rotated else Finding("warn", "is not rotated", command)
    else:
        yield Finding("ok", f"enabled, {found.get('KeySpec')}")


def signing(on: Deployed) -> Findings:
    """Each key that signs is P-256, and the facts trust it for its purpose now, and in thirty days."""
    for purpose in SIGNING:
        yield from each(purpose, partial(_signing, on, purpose))


def _signing(on: Deployed, purpose: str) -> Findings:
    arn = on.output(f"{purpose.capitalize()}KeyArn")
    if arn is None:
        yield Finding("fail", f"the stack has no output {purpose.capitalize()}KeyArn", "deploy this version of Cutover")
        return
    answer = on.client("kms").get_public_key(KeyId=arn)
    if (answer.get("KeySpec"), answer.get("KeyUsage")) != ("ECC_NIST_P256", "SIGN_VERIFY"):
        yield Finding("fail", f"{answer.get('KeySpec')} for {answer.get('KeyUsage')}", "deploy the stack again")
        return
    digest = canonical.digest(answer["PublicKey"])
    if on.policy is None:
        yield Finding("unasked", f"{digest}: there are no facts to compare it with", "activate a policy")
        return
    known = [key for key in on.policy.facts.keys if key.id == digest and key.purpose == purpose]
    yield _trusted(digest, known, on)


def _trusted(digest: str, known: list[TrustedKey], on: Deployed) -> Finding:
    if not known:
        return Finding("fail", f"{digest} is not in the facts: what it signs counts for nothing", TRUST)
    if any(key.revoked_at is not None and key.revoked_at <= on.now for key in known):
        return Finding("fail", f"{digest} is revoked in the facts", "deploy another key, and trust that")
    until = max(key.not_after for key in known)
    if not any(key.not_before <= on.now < key.not_after for key in known):
        return Finding("fail", f"{digest} is not valid now; the facts say until {until:%Y-%m-%d}", TRUST)
    if until - on.now < SOON:
        return Finding("warn", f"{digest} ends {until:%Y-%m-%d}", "deploy the next key, and trust it before then")
    return Finding("ok", f"{digest}, trusted until {until:%Y-%m-%d}")


def links(on: Deployed) -> Findings:
    """The key that makes links."""
    arn = on.output("LinksKeyArn")
    if arn is None:
        yield Finding("fail", "the stack has no output LinksKeyArn", "deploy this version of Cutover")
        return
    found = on.client("kms").describe_key(KeyId=arn)["KeyMetadata"]
    kind = (found.get("KeySpec"), found.get("KeyUsage"), found["KeyState"])
    if kind == ("HMAC_256", "GENERATE_VERIFY_MAC", "Enabled"):
        yield Finding("ok", "enabled, HMAC_256")
    else:
        yield Finding("fail", f"is {' '.join(map(str, kind))}", f"aws kms enable-key --key-id {arn}, or deploy again")


def trusted(on: Deployed) -> Findings:
    """Everybody else's keys: somebody's stands for what must always be possible, and none ends unnoticed."""
    if on.policy is None:
        yield Finding("unasked", "no policy is active and proved", "activate a policy")
        return
    standing = [
        key for key in on.policy.facts.keys if key.revoked_at is None and key.not_before <= on.now < key.not_after
    ]
    ending = [key for key in standing if key.purpose not in SIGNING and key.not_after - on.now < SOON]
    for purpose in NEEDED:
        if not any(key.purpose == purpose for key in standing):
            yield Finding("fail", f"no key counts for {purpose}", TRUST, subject=purpose)
    for key in ending:
        yield Finding("warn", f"{key.id} of {key.holder} ends {key.not_after:%Y-%m-%d}", TRUST, subject=key.purpose)
    if not ending:
        yield Finding("ok", f"{len(standing)} keys count, none ends within {SOON.days} days")
