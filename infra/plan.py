"""The functions: what each one is, how long it may take, and which settings it is told.

What each one may do stands in `infra.grants`, under the same name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["stage", "door"]

# The shortest lease of a hand-off, whatever the rules say (`SHORTEST_LEASE` of HandOff): nobody may try again before it
# is over, so a function that still runs after it could send twice.
SHORTEST_LEASE_SECONDS = 60

TABLE = "CUTOVER_TABLE"
TOKENS = "CUTOVER_TOKENS_TABLE"
IDEMPOTENCY = "CUTOVER_IDEMPOTENCY_TABLE"
STORE = "CUTOVER_STORE_BUCKET"
INBOX = "CUTOVER_INBOX_BUCKET"
MACHINE = "CUTOVER_STATE_MACHINE_ARN"
EXCEPTIONS = "CUTOVER_EXCEPTIONS_QUEUE_URL"
TARGETS = "CUTOVER_TARGETS"
ROOT = "CUTOVER_ROOT_FINGERPRINT"
BIND_KEY = "CUTOVER_BIND_KEY"
DECIDE_KEY = "CUTOVER_DECIDE_KEY"
HANDOFF_KEY = "CUTOVER_HANDOFF_KEY"
LEDGER_KEY = "CUTOVER_LEDGER_KEY"
LINKS_KEYS = "CUTOVER_LINKS_KEYS"
PAGE_URL = "CUTOVER_PAGE_URL"
SENDER = "CUTOVER_SENDER"
MAIL = "CUTOVER_MAIL_CONFIGURATION"
SECRETS = "CUTOVER_SECRETS_PREFIX"
SLACK_SECRET = "CUTOVER_SLACK_SECRET"  # noqa: S105 - the name of a setting
FEEDBACK = "CUTOVER_FEEDBACK_QUEUE_URL"
BUS = "CUTOVER_BUS"

# For those that hold all of a revision's evidence at once and parse it: at most 160 MiB of it (Collect's totals).
# 1,769 MB is also where Lambda gives one whole processor.
EVIDENCE_MB = 1769

RECORD = (TABLE, STORE)
# Who goes by the policy needs the root that its signatures lead to.
POLICY = (*RECORD, ROOT)
# Who tells people by mail does so from one address; whoever sends them a link makes it for one page.
BY_MAIL = (SENDER, MAIL, PAGE_URL, LINKS_KEYS)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One function. `timeout_seconds` and `memory_mb` are Lambda's; `settings` are environment variables."""

    kind: Kind
    module: str
    description: str
    settings: tuple[str, ...]
    timeout_seconds: int = 30
    memory_mb: int = 512

    @property
    def handler(self) -> str:
        """The path that Lambda imports."""
        return f"cutover.{self.kind}s.{self.module}.handler.handler"


def _stage(module: str, description: str, *settings: str, timeout: int = 30, memory: int = 512) -> Plan:
    return Plan(
        kind="stage", module=module, description=description, settings=settings,
        timeout_seconds=timeout, memory_mb=memory,
    )  # fmt: skip


def _door(module: str, description: str, *settings: str, timeout: int = 30, memory: int = 512) -> Plan:
    return Plan(
        kind="door", module=module, description=description, settings=settings,
        timeout_seconds=timeout, memory_mb=memory,
    )  # fmt: skip


# Called by the state machine, each through ${<Name>Arn}.
STAGES: Mapping[str, Plan] = {
    "Admit": _stage("admit", "Checks a candidate and opens its revision", *POLICY, TARGETS, IDEMPOTENCY),
    "Collect": _stage("collect", "Fetches from one source", *POLICY, SECRETS, timeout=60, memory=1024),
    "Assemble": _stage("assemble", "Makes the bundle from evidence", *POLICY, timeout=60, memory=EVIDENCE_MB),
    "Verify": _stage("verify", "Runs one family of checks", *POLICY, timeout=60, memory=EVIDENCE_MB),
    "Bind": _stage("bind", "Decides: held, declined or bound", *POLICY, TARGETS, EXCEPTIONS, BIND_KEY),
    "RequestApproval": _stage("request_approval", "Tells the approvers", *POLICY, *BY_MAIL, SLACK_SECRET),
    "AwaitToken": _stage("await_token", "Stores the token of a wait", TABLE, TOKENS),
    "ReadRecord": _stage("read_record", "Reads what was decided", TABLE),
    "RecordFailure": _stage("record_failure", "Writes a failed execution to the ledger", TABLE),
    "HandOff": _stage(
        "hand_off",
        "Proves everything again, sends once",
        *POLICY,
        TARGETS,
        HANDOFF_KEY,
        SECRETS,
        timeout=50,
        memory=EVIDENCE_MB,
    ),
}

# Called by queues, streams, the clock and people.
DOORS: Mapping[str, Plan] = {
    "Intake": _door("intake", "Takes candidates from the inbox", *RECORD, IDEMPOTENCY, INBOX),
    "Approvals": _door(
        "approvals", "The approvals page", *POLICY, IDEMPOTENCY, DECIDE_KEY, LINKS_KEYS, PAGE_URL, EXCEPTIONS
    ),
    "Resolutions": _door("resolutions", "Takes answers to holds", *POLICY),
    "Withdrawals": _door("withdrawals", "Takes withdrawals", *POLICY, IDEMPOTENCY),
    "BrakeOrders": _door("brake_orders", "Engages and releases the emergency brake", *POLICY, timeout=15),
    # It proves the message again as HandOff does. Six times this is less than the five minutes for which a FIFO queue
    # remembers: an order that comes again, because an answer was lost, is still dropped there.
    "Deliveries": _door(
        "deliveries", "Sends a message again, or a test", *POLICY, TARGETS, timeout=45, memory=EVIDENCE_MB
    ),
    "Receipts": _door("receipts", "Takes receipts of consumers", *POLICY, IDEMPOTENCY),
    "AfterActions": _door("after_actions", "Takes after-action records of emergencies", *POLICY),
    "Invitations": _door("invitations", "Takes invitations to register a passkey", *POLICY, *BY_MAIL),
    "Passkeys": _door("passkeys", "The page where a passkey is registered", *POLICY, PAGE_URL, LINKS_KEYS),
    # A minute's run goes on for forty seconds at most; what is left is due in the next.
    "Messenger": _door(
        "messenger",
        "Closes, reminds, asks deputies",
        *POLICY,
        *BY_MAIL,
        SLACK_SECRET,
        EXCEPTIONS,
        timeout=60,
    ),
    # It tells people and owners as the messenger does, when a message comes back.
    "Feedback": _door("feedback", "Takes what comes back of messages", *POLICY, *BY_MAIL, SLACK_SECRET, EXCEPTIONS),
    # Slack waits three seconds for an answer.
    "SlackEvents": _door(
        "slack_events", "Takes what Slack tells", *POLICY, IDEMPOTENCY, SLACK_SECRET, FEEDBACK, timeout=10
    ),
    "Relay": _door("relay", "Wakes executions", TABLE, TOKENS, MACHINE),
    # It asks sources too. A tick that takes longer than a minute overlaps with the next: each of its changes is a
    # conditional transaction, so both may do the same work and one of them loses. No concurrency is reserved, since
    # a new account has too little to reserve any of it.
    "Clock": _door("clock", "Does what is due", *POLICY, TARGETS, SECRETS, timeout=120, memory=EVIDENCE_MB),
    "Seal": _door("seal", "Signs heads of the ledger, tells what happened", *POLICY, LEDGER_KEY, BUS, timeout=120),
}

FUNCTIONS: Mapping[str, Plan] = {**STAGES, **DOORS}
FOR_SLACK = frozenset({"SlackEvents"})
"""Not there in a stage without Slack."""
