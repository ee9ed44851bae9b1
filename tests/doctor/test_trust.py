"""Keys, store, policy, sources, time; and what is said where something cannot be asked."""

from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from cutover.contracts.policy import Facts
from cutover.contracts.sources import BucketSource, HttpSource
from cutover.domain.record import Brake
from cutover_cli.doctor.examining import CHECKS, exit_of
from cutover_cli.doctor.findings import Deployed, Finding
from cutover_cli.output import BadArgument, Exit
from tests.building.policy import DEPLOYMENT, KEYS_UNTIL
from tests.doctor.conftest import Aws, Examined, error, http_date, noted
from tests.simulator.command_line import invoke, run
from tests.simulator.events import waiting_world

PUBLIC = {
    purpose: b64decode(DEPLOYMENT.key(purpose).public_base64) for purpose in ("bind", "decide", "handoff", "ledger")
}


def signing(aws: Aws, **changes: Any) -> None:
    """The stack's keys are those that the facts trust."""
    aws.outputs |= {f"{purpose.capitalize()}KeyArn": purpose for purpose in PUBLIC}
    aws.on(
        "kms",
        get_public_key=lambda KeyId: {  # noqa: N803  # boto3's name
            "PublicKey": PUBLIC[KeyId], "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY", **changes,
        },
    )  # fmt: skip


def with_facts(on: Examined, **changes: Any) -> None:
    facts: Facts = on.world.deployment.facts()
    on.world.publish(facts=facts.model_copy(update={"version": 2, **changes}), version=2)


def test_the_keys_are_those_that_the_facts_trust(on: Examined, aws: Aws) -> None:
    signing(aws)
    assert on.results("signing-keys") == ["ok"] * 4


def test_a_key_of_another_purpose_counts_for_nothing(on: Examined, aws: Aws) -> None:
    signing(aws)
    aws.outputs["BindKeyArn"] = "decide"
    found = on.find("signing-keys")
    assert [(each.subject, each.result) for each in found] == [
        ("bind", "fail"), ("decide", "ok"), ("handoff", "ok"), ("ledger", "ok")
    ]  # fmt: skip
    assert "not in the facts" in found[0].found


@pytest.mark.parametrize(
    ("before", "result"), [(timedelta(days=31), "ok"), (timedelta(days=29), "warn"), (timedelta(seconds=0), "fail")]
)
def test_a_key_ends(on: Examined, aws: Aws, before: timedelta, result: str) -> None:
    signing(aws)
    on.world.clock.move_to(KEYS_UNTIL - before)
    assert on.results("signing-keys") == [result] * 4


def test_a_key_that_is_revoked_or_of_another_kind(on: Examined, aws: Aws) -> None:
    signing(aws, KeySpec="RSA_2048")
    assert on.results("signing-keys") == ["fail"] * 4
    signing(aws)
    keys = on.world.deployment.facts().keys
    with_facts(on, keys=tuple(each.model_copy(update={"revoked_at": on.world.clock.now()}) for each in keys))
    assert on.results("signing-keys") == ["fail"] * 4


def test_one_key_that_may_not_be_asked_keeps_no_other_from_it(on: Examined, aws: Aws) -> None:
    signing(aws)
    ask: Any = aws.answers["kms"]["get_public_key"]

    def denied(KeyId: str) -> Any:  # noqa: N803  # boto3's name
        if KeyId == "decide":
            raise error("AccessDeniedException", "GetPublicKey")
        return ask(KeyId=KeyId)

    aws.on("kms", get_public_key=denied)
    found = {each.subject: each for each in on.find("signing-keys")}
    assert {name: each.result for name, each in found.items()} == {
        "bind": "ok", "decide": "unasked", "handoff": "ok", "ledger": "ok"
    }  # fmt: skip
    assert "GetPublicKey" in found["decide"].remedy


@pytest.mark.parametrize(
    ("said", "rotated", "result"),
    [
        ({"KeyState": "Enabled", "KeySpec": "ECC_NIST_P256"}, False, "ok"),
        ({"KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT"}, True, "ok"),
        ({"KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT"}, False, "warn"),
        ({"KeyState": "Disabled", "KeySpec": "ECC_NIST_P256"}, False, "fail"),
        ({"KeyState": "PendingDeletion"}, False, "fail"),
    ],
)
def test_keys_are_enabled(on: Examined, aws: Aws, said: dict[str, str], rotated: bool, result: str) -> None:
    aws.has("AWS::KMS::Key", "Data=k-1")
    aws.on("kms", describe_key={"KeyMetadata": said}, get_key_rotation_status={"KeyRotationEnabled": rotated})
    assert on.one("keys").result == result


@pytest.mark.parametrize(
    ("spec", "usage", "result"),
    [("HMAC_256", "GENERATE_VERIFY_MAC", "ok"), ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "fail")],
)
def test_the_key_of_links(on: Examined, aws: Aws, spec: str, usage: str, result: str) -> None:
    assert on.one("links-key").result == "fail", "no output"
    aws.outputs["LinksKeyArn"] = "l"
    aws.on("kms", describe_key={"KeyMetadata": {"KeySpec": spec, "KeyUsage": usage, "KeyState": "Enabled"}})
    assert on.one("links-key").result == result


def test_other_keys_end_too(on: Examined) -> None:
    assert on.results("trusted-keys") == ["ok"]
    on.world.clock.move_to(KEYS_UNTIL - timedelta(days=10))
    assert set(on.results("trusted-keys")) == {"warn"}
    with_facts(on, keys=tuple(each for each in on.world.deployment.facts().keys if each.purpose != "brake"))
    assert [each.subject for each in on.find("trusted-keys") if each.result == "fail"] == ["brake"]


# --- store ----------------------------------------------------------------------------------------------------


LOCK = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 2557}}}


@pytest.mark.parametrize(
    ("lock", "days", "result"),
    [
        (LOCK, 2557, "ok"),
        (LOCK, 30, "fail"),
        (LOCK, None, "unasked"),
        ({"ObjectLockEnabled": "Enabled"}, 2557, "fail"),
        (error("ObjectLockConfigurationNotFoundError"), 2557, "fail"),
        (error("AccessDenied"), 2557, "unasked"),
    ],
)
def test_the_store_keeps_as_long_as_configured(
    on: Examined, aws: Aws, lock: Any, days: int | None, result: str
) -> None:
    """Where the template may not be read, nobody says that it is as configured."""
    aws.has("AWS::S3::Bucket", "Store=shop-store").outputs["StoreBucket"] = "shop-store"
    answer = lock if isinstance(lock, Exception) else {"ObjectLockConfiguration": lock}
    said = {"Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": days}}}
    template = {"Resources": {"Store": {"Properties": {"ObjectLockConfiguration": said}}}}
    aws.on("s3", get_object_lock_configuration=answer)
    aws.on("cloudformation", get_template=error("AccessDenied") if days is None else {"TemplateBody": template})
    assert on.one("store-lock").result == result


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize(
    ("rule", "enough"),
    [
        ({"Mode": "COMPLIANCE", "Days": 2557}, True),
        ({"Mode": "COMPLIANCE", "Years": 7}, True),
        ({"Mode": "COMPLIANCE", "Days": 2556}, False),
        ({"Mode": "GOVERNANCE", "Days": 2557}, False),
        ({"Mode": "GOVERNANCE", "Days": 1}, False),
    ],
)
def test_production_keeps_its_store_for_seven_years_whatever_the_template_says(
    on: Examined, aws: Aws, rule: dict[str, Any], enough: bool, readable: bool
) -> None:
    aws.has("AWS::S3::Bucket", "Store=shop-store").outputs["StoreBucket"] = "shop-store"
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": rule}}
    template = {"Resources": {"Store": {"Properties": {"ObjectLockConfiguration": lock}}}}
    aws.on("s3", get_object_lock_configuration={"ObjectLockConfiguration": lock})
    aws.on("cloudformation", get_template={"TemplateBody": template} if readable else error("AccessDenied"))
    found = on.one("store-lock", audience="cutover:shop:123456789012:eu-central-1:production")
    assert found.result == ("fail" if not enough else "ok" if readable else "unasked")


def test_buckets_keep_versions(on: Examined, aws: Aws) -> None:
    aws.outputs |= {"StoreBucket": "a", "InboxBucket": "b"}
    aws.on("s3", get_bucket_versioning=lambda Bucket: {"Status": "Enabled"} if Bucket == "a" else {})  # noqa: N803
    assert on.results("versions") == ["ok", "fail"]


# --- policy, sources, time ------------------------------------------------------------------------------------


def test_the_policy_is_signed_for_this_deployment(on: Examined) -> None:
    assert on.one("policy").result == "ok"
    assert on.one("policy", audience="cutover:shop:123456789012:eu-central-1:other").result == "fail"
    assert on.one("policy", fingerprint="sha256:" + "1" * 64).result == "fail"


def test_what_needs_a_policy_is_not_called_good_without_one(on: Examined, aws: Aws) -> None:
    signing(aws)
    for check in ("signing-keys", "trusted-keys", "target-rules", "sources", "mail-people"):
        assert set(on.results(check, fingerprint=None)) == {"unasked"}, check


def test_targets_have_signers_and_windows(on: Examined, aws: Aws) -> None:
    aws.outputs["TargetSettings"] = '{"production": {}}'
    assert on.one("target-rules").result == "ok"
    on.world.clock.move(timedelta(days=60))
    assert on.one("target-rules").result == "warn", "no window is left"
    aws.outputs["TargetSettings"] = '{"staging": {}}'
    assert [(each.subject, each.result) for each in on.find("target-rules")] == [
        ("production", "fail"), ("staging", "warn")
    ]  # fmt: skip


def test_the_brake_is_known() -> None:
    on = Examined(waiting_world(), Aws())
    assert on.one("brake").result == "ok"
    on.world.wiring.records.set_brake(Brake(engaged=True))
    assert on.one("brake").result == "warn"
    on.world.wiring.records._models.pop(next(key for key, value in on.world.wiring.records._models.items()
                                             if isinstance(value, Brake)))  # fmt: skip
    assert on.one("brake").result == "fail"


def test_sources_answer(on: Examined, aws: Aws) -> None:
    sources = {
        "bucket": BucketSource(kind="s3", bucket="theirs"),
        "page": HttpSource(kind="http", url="https://localhost/{record}", version="/version", credential="page"),
        "nowhere": HttpSource(kind="http", url="https://nowhere.invalid/{record}", version="/version"),
    }
    with_facts(on, sources=sources)
    aws.on("s3", get_bucket_versioning={"Status": "Enabled"})
    aws.on("secretsmanager", describe_secret=error("ResourceNotFoundException", "DescribeSecret"))
    found = [(each.subject, each.result) for each in on.find("sources")]
    assert found == [("bucket", "ok"), ("nowhere", "warn"), ("page", "ok"), ("page", "fail")]
    asked: list[dict[str, str]] = []
    aws.on("secretsmanager", describe_secret=noted(asked, {}))
    assert on.results("sources") == ["ok", "warn", "ok", "ok"]
    assert asked == [{"SecretId": "cutover/shop-dev/sources/page"}]


SCHEDULED = {"State": "ENABLED", "ScheduleExpression": "rate(1 minute)"}


def test_the_minute(aws: Aws) -> None:
    """A record that is due for long is what a dead clock leaves behind, whatever its rule says."""
    on = Examined(waiting_world(), aws)
    aws.has("AWS::Events::Rule", "Minute").on("events", describe_rule=SCHEDULED)
    assert on.results("minute") == ["ok"]
    due = on.world.record().due_at
    assert due is not None
    on.world.clock.move_to(due + timedelta(minutes=6))
    assert on.results("minute") == ["fail"]
    aws.on("events", describe_rule=SCHEDULED | {"State": "DISABLED"})
    assert on.results("minute") == ["fail", "fail"]


def test_one_schedule_of_two_that_is_off(aws: Aws) -> None:
    """Seal's hour says nothing of the clock's minute."""
    on = Examined(waiting_world(), aws)
    states = {"Minute": "DISABLED", "Hour": "ENABLED"}
    aws.has("AWS::Events::Rule", *states)
    aws.on("events", describe_rule=lambda Name, **_: SCHEDULED | {"State": states[Name]})  # noqa: N803
    assert on.results("minute") == ["fail", "ok"]


@pytest.mark.parametrize(("runs", "failed", "result"), [(15, 0, "ok"), (15, 2, "warn"), (0, 0, "warn")])
def test_runs_are_counted(on: Examined, aws: Aws, runs: int, failed: int, result: str) -> None:
    aws.outputs["ClockFunctionName"] = "clock"
    sums = {"Invocations": runs, "Errors": failed}
    aws.on("cloudwatch", get_metric_statistics=lambda **given: {"Datapoints": [{"Sum": sums[given["MetricName"]]}]})
    assert on.one("ticks").result == result


@pytest.mark.parametrize(("off", "result"), [(0, "ok"), (-29, "ok"), (45, "warn"), (-301, "fail"), (None, "unasked")])
def test_this_machine_s_clock(on: Examined, aws: Aws, off: int | None, result: str) -> None:
    around = {} if off is None else http_date(on.world.clock.now() + timedelta(seconds=off))
    aws.on("cloudformation", describe_stacks={"Stacks": [{}], "ResponseMetadata": around})
    assert on.one("machine-clock").result == result


# --- what cannot be asked, and the command --------------------------------------------------------------------


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"])
def test_a_check_that_may_not_ask_says_so(on: Examined, aws: Aws, code: str) -> None:
    aws.on("cloudformation", list_stack_resources=error(code, "ListStackResources"))
    found = on.one("rules")
    assert (found.result, found.check) == ("unasked", "rules")
    assert "ListStackResources" in found.remedy


@pytest.mark.parametrize("code", ["UnknownOperationException", "InvalidAction", "NotImplemented", "Throttling"])
def test_what_an_emulator_lacks_is_never_good(on: Examined, aws: Aws, code: str) -> None:
    aws.on("sesv2", get_account=error(code, status=501))
    assert on.one("mail-account").result == "unasked"


def test_aws_that_does_not_answer_ends_it(on: Examined, aws: Aws) -> None:
    aws.on("sesv2", get_account=EndpointConnectionError(endpoint_url="https://email.example"))
    site = on.deployed().site
    assert run(site, "doctor", "--only", "mail-account", expect=4)["reason"] == "REMOTE_FAILED"


def finding(result: Any) -> Finding:
    return Finding(result, "x")


@pytest.mark.parametrize(
    ("results", "code"),
    [
        (["ok"], Exit.DONE),
        (["ok", "warn"], Exit.DONE),
        (["ok", "unasked"], Exit.PARTLY),
        (["unasked", "fail", "ok"], Exit.REFUSED),
        ([], Exit.DONE),
    ],
)
def test_the_exit_code_tells_the_worst(results: list[str], code: Exit) -> None:
    assert exit_of([finding(each) for each in results]) is code


def test_a_site_without_a_stack_cannot_be_examined(on: Examined) -> None:
    with pytest.raises(BadArgument):
        Deployed.of(replace(on.site, stack=None))
    assert run(on.site, "doctor", expect=2)["reason"] == "BAD_ARGUMENT"


def test_the_command_says_each_check_and_its_remedy(on: Examined, aws: Aws) -> None:
    aws.on("sesv2", get_account={"SendingEnabled": False})
    site = on.deployed().site
    words = ("doctor", "--only", "mail-account", "--only", "policy", "--only", "brake")
    said = run(site, *words, expect=3)
    assert said["counts"] == {"ok": 2, "fail": 1}
    text = invoke(site, *words).stdout
    assert "fail     mail-account" in text
    assert "remedy" in text
    assert "ok       brake  off" in text
    assert run(site, "doctor", "--only", "nothing", expect=2)["reason"] == "BAD_ARGUMENT"


def test_hostile_names_do_not_drive_the_terminal(on: Examined, aws: Aws) -> None:
    aws.has("AWS::SES::EmailIdentity", "Sender=a\N{ESCAPE}[2J\N{RIGHT-TO-LEFT OVERRIDE}@example.com\nok  all")
    aws.on("sesv2", get_email_identity={"VerifiedForSendingStatus": False})
    text = invoke(on.deployed().site, "doctor", "--only", "mail-sender").stdout
    assert "\N{ESCAPE}" not in text
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text
    assert not any(line.startswith("ok") for line in text.splitlines())


def test_every_check_has_a_name_and_says_what_it_holds() -> None:
    assert all(check.__doc__ for check in CHECKS.values())
