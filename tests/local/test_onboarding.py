"""What a newcomer without an account types in the place of AWS: keys, records, mails, and where `aws` has to go."""

from pathlib import Path

from cutover_cli.local.stack import LocalStack
from tests.local.conftest import Run

LINK = "http://page.execute-api.localhost/approvals/abc"


def test_the_keys_are_those_of_the_stack(cutover: Run, local_stack: LocalStack, local_state: Path) -> None:
    code, said = cutover("policy", "keys", "--local", "--state-dir", local_state)
    assert (code, [each["purpose"] for each in said["keys"]]) == (0, ["bind", "decide", "handoff", "ledger"])
    assert len({each["id"] for each in said["keys"]}) == len(said["keys"])


def test_a_record_gets_the_version_that_a_candidate_names(
    cutover: Run, local_stack: LocalStack, local_state: Path, tmp_path: Path
) -> None:
    (tmp_path / "change.json").write_bytes(b"{}")
    words = ("local", "put", tmp_path / "change.json", "--key", "newcomer/change.json", "--state-dir", local_state)
    versions = [cutover(*words)[1]["version"] for _ in range(2)]
    assert versions[0] != versions[1]
    bucket = local_stack.outputs["SourcesBucket"]
    kept = local_stack.clients.s3.get_object(Bucket=bucket, Key="newcomer/change.json", VersionId=versions[0])
    assert kept["Body"].read() == b"{}"


def test_links_are_found_without_a_mailbox(cutover: Run, local_stack: LocalStack, local_state: Path) -> None:
    text = f"{LINK}\n{LINK}/window.ics\n"
    local_stack.clients.of("sesv2").send_email(
        FromEmailAddress="cutover@example.com", Destination={"ToAddresses": ["newcomer@example.com"]},
        Content={"Simple": {"Subject": {"Data": "Approve?"}, "Body": {"Text": {"Data": text}}}},
    )  # fmt: skip
    code, said = cutover("local", "mails", "--state-dir", local_state)
    found = [(each["subject"], each["links"]) for each in said["mails"] if each["to"] == ["newcomer@example.com"]]
    assert (code, found) == (0, [("Approve?", [LINK])])


def test_aws_is_led_to_the_emulator(cutover: Run, local_stack: LocalStack, local_state: Path) -> None:
    said = cutover("local", "env", "--state-dir", local_state)[1]
    assert said["AWS_ENDPOINT_URL"] == local_stack.endpoint
    assert said["AWS_ACCESS_KEY_ID"] == said["AWS_SECRET_ACCESS_KEY"] == "0" * 12
