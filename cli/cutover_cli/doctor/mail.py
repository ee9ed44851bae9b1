"""Mail: whether it leaves, from whom, how what comes back is learned, and who cannot be written to."""

from functools import partial

from botocore.exceptions import ClientError

from cutover.adapters.aws_errors import code_of
from cutover_cli.doctor.findings import Deployed, Finding, Findings, each

MAX_PEOPLE = 100


def account(on: Deployed) -> Findings:
    """SES sends, and to anybody."""
    found = on.client("sesv2").get_account()
    if not found.get("SendingEnabled"):
        yield Finding("fail", "sending is off in this account and region", "AWS console: SES, Account dashboard")
    elif not found.get("ProductionAccessEnabled"):
        command = (
            "aws sesv2 put-account-details --production-access-enabled --mail-type TRANSACTIONAL --website-url URL"
        )
        yield Finding("warn", "in the sandbox: only verified addresses get mail", command)
    else:
        yield Finding("ok", f"production access, {found.get('EnforcementStatus', 'HEALTHY')}")


def sender(on: Deployed) -> Findings:
    """The address that links are sent from is verified."""
    found = on.all("AWS::SES::EmailIdentity")
    if not found:
        yield Finding("fail", "the stack has no sender", "deploy the stack again")
    for _, address in found:
        yield from each(address, partial(_identity, on, address))


def _identity(on: Deployed, address: str) -> Findings:
    found = on.client("sesv2").get_email_identity(EmailIdentity=address)
    if found.get("VerifiedForSendingStatus"):
        yield Finding("ok", "verified")
    else:
        yield Finding("fail", "not verified: no mail leaves", "open the mail that SES sent there, or verify its domain")


def configuration(on: Deployed) -> Findings:
    """Mail goes over TLS, and what comes back is told."""
    found = on.all("AWS::SES::ConfigurationSet")
    if not found:
        yield Finding("fail", "the stack has no configuration set", "deploy the stack again")
    for _, name in found:
        yield from each(name, partial(_configuration, on, name))


def _configuration(on: Deployed, name: str) -> Findings:
    client = on.client("sesv2")
    said = client.get_configuration_set(ConfigurationSetName=name)
    told = client.get_configuration_set_event_destinations(ConfigurationSetName=name).get("EventDestinations", ())
    if said.get("SendingOptions", {}).get("SendingEnabled") is False:
        command = f"aws sesv2 put-configuration-set-sending-options --configuration-set-name {name} --sending-enabled"
        yield Finding("fail", "sending is off", command)
    elif said.get("DeliveryOptions", {}).get("TlsPolicy") != "REQUIRE":
        yield Finding("warn", "mail may leave without TLS, with a link in it", "deploy the stack again")
    elif not any(one.get("Enabled") for one in told):
        yield Finding("warn", "nobody is told of mail that comes back", "deploy the stack again")
    else:
        yield Finding("ok", "TLS required; what comes back is told")


def people(on: Deployed) -> Findings:
    """SES refuses nobody of the facts. People are named by their id, not by their address."""
    if on.policy is None:
        yield Finding("unasked", "no policy is active and proved", "activate a policy")
        return
    known = sorted(on.policy.facts.people.items())
    odd = [name for name, person in known[:MAX_PEOPLE] if _suppressed(on, person.email)]
    for name in odd:
        mend = "mend the mailbox; then: aws sesv2 delete-suppressed-destination --email-address THEIRS"
        yield Finding("warn", "SES writes to them no more: mail came back, or was unwelcome", mend, subject=name)
    if len(known) > MAX_PEOPLE:
        yield Finding("unasked", f"only {MAX_PEOPLE} of {len(known)} people were asked about")
    elif not odd:
        yield Finding("ok", f"SES refuses none of {len(known)} people")


def _suppressed(on: Deployed, address: str) -> bool:
    try:
        on.client("sesv2").get_suppressed_destination(EmailAddress=address)
    except ClientError as error:
        if code_of(error) == "NotFoundException":
            return False
        raise
    return True
