"""Who may do what: every grant of the system, on one page. Nothing else gives a function a permission.

`tests/infra/policies.json` holds what IAM is told in the end, and a test compares the two.
"""

from collections.abc import Mapping

from infra.network import enter_network
from infra.powers.buckets import (
    get_content,
    get_inbox_version,
    keep_handoff,
    keep_ledger,
    keep_notices,
    list_ledger,
    look_for_handoff,
    look_for_tombstone,
    put_content,
    put_tombstone,
)
from infra.powers.keys import check_links, make_links, sign_bind, sign_decide, sign_handoff, sign_ledger, use_data_key
from infra.powers.machines import (
    call_stages,
    consume,
    deliver_log,
    pass_on_feedback,
    report_exceptions,
    sample_traces,
    send_to_targets,
    start_executions,
    take_feedback,
    tell_events,
    trace,
    wake_executions,
)
from infra.powers.people import read_slack_secret, send_mail
from infra.powers.sources import ask_sources
from infra.powers.tables import (
    check_lane,
    follow_main,
    follow_tokens,
    nudge_admission,
    put_items,
    put_token,
    read_chain,
    read_day,
    read_due,
    read_enrolments,
    read_table,
    release_slot,
    remember,
    take_token,
    update_signals,
)
from infra.powers.words import Power

# Besides these, each role writes to its own log group.
EVERYONE: tuple[Power, ...] = (use_data_key, trace, enter_network)

# fmt: off
GRANTS: Mapping[str, tuple[Power, ...]] = {
    # stages
    "Admit":           (read_table, put_items("ADMISSION", "CHAIN", "CUTOVER", "LANE", "PAYLOAD"), nudge_admission,
                        release_slot, get_content, put_content, put_tombstone, remember),
    "Collect":         (read_table, get_content, put_content, ask_sources),
    "Assemble":        (read_table, put_items("CHAIN", "CUTOVER"), check_lane, get_content, put_content),
    "Verify":          (read_table, get_content, put_content),
    "Bind":            (read_table, put_items("CHAIN", "CUTOVER", "LANE", "SLOT"), check_lane,
                        get_content, put_content, put_tombstone, sign_bind, report_exceptions),
    "RequestApproval": (read_table, put_items("CHAIN", "CUTOVER", "MESSAGES"), check_lane, get_content, make_links,
                        send_mail, read_slack_secret),
    "AwaitToken":      (read_table, put_items("CHAIN", "CUTOVER"), check_lane, put_token),
    "ReadRecord":      (read_table,),
    "RecordFailure":   (read_table, put_items("CHAIN", "CUTOVER")),
    "HandOff":         (read_table, put_items("CHAIN", "CUTOVER", "LANE"), check_lane, release_slot, get_content,
                        put_content, ask_sources, look_for_tombstone, put_tombstone, keep_handoff, sign_handoff,
                        send_to_targets),
    # doors
    "Intake":          (consume("Intake"), read_table, put_items("ADMISSION", "CHAIN"), get_content, put_content,
                        get_inbox_version, remember),
    "Resolutions":     (consume("Resolutions"), read_table, put_items("CHAIN", "CUTOVER", "LANE", "NONCE"),
                        check_lane, get_content, put_content, put_tombstone),
    "Withdrawals":     (consume("Withdrawals"), read_table, read_chain, put_items("CHAIN", "CUTOVER", "LANE", "NONCE"),
                        release_slot, get_content, put_content, put_tombstone, remember),
    "BrakeOrders":     (consume("BrakeOrders"), read_table, read_due, put_items("BRAKE", "CHAIN", "NONCE"),
                        get_content, put_content),
    "Deliveries":      (consume("Deliveries"), read_table, read_chain, put_items("CHAIN", "NONCE"), get_content,
                        put_content, look_for_tombstone, look_for_handoff, send_to_targets),
    "Receipts":        (consume("Receipts"), read_table, put_items("CHAIN", "CUTOVER", "LANE", "NONCE"),
                        get_content, put_content, look_for_handoff, remember),
    "AfterActions":    (consume("AfterActions"), read_table, put_items("CHAIN", "CUTOVER", "NONCE"), get_content,
                        put_content),
    "Approvals":       (read_table, read_due, put_items("CHAIN", "CUTOVER", "LANE", "NONCE", "PASSKEY"), check_lane,
                        release_slot, get_content, put_content, put_tombstone, sign_decide, make_links, check_links,
                        report_exceptions, remember),
    "Invitations":     (consume("Invitations"), read_table, put_items("CHAIN", "NONCE"), get_content, put_content,
                        make_links, send_mail),
    "Passkeys":        (read_table, read_enrolments, put_items("CHAIN", "ENROLMENT"), get_content, put_content,
                        make_links, check_links),
    "SlackEvents":     (read_table, get_content, read_slack_secret, pass_on_feedback, remember),
    "Messenger":       (follow_main, read_table, read_due, put_items("MESSAGES"), get_content, make_links, send_mail,
                        read_slack_secret, report_exceptions),
    "Feedback":        (take_feedback, read_table, read_due, put_items("CHAIN", "MESSAGES", "NONCE"), get_content,
                        make_links, send_mail, read_slack_secret, report_exceptions),
    "Relay":           (follow_main, follow_tokens, read_table, update_signals, take_token, start_executions,
                        wake_executions),
    "Clock":           (read_table, read_due, put_items("ADMISSION", "CHAIN", "CUTOVER", "LANE"), check_lane,
                        update_signals, release_slot, get_content, put_content, ask_sources, look_for_tombstone,
                        put_tombstone),
    "Seal":            (follow_main, read_table, read_chain, read_day, get_content, list_ledger, keep_ledger,
                        keep_notices, sign_ledger, tell_events),
}
# fmt: on

MACHINE: tuple[Power, ...] = (call_stages, deliver_log, trace, sample_traces)

SENDERS = ("HandOff", "Deliveries")
"""Whom the targets' queues let send. Of the two only HandOff can sign what a consumer takes for a hand-off."""

# Which functions may do what with which key. The keys' own policies deny it to everybody else.
KEY_USERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "bind": {"kms:Sign": ("Bind",)},
    "decide": {"kms:Sign": ("Approvals",)},
    "handoff": {"kms:Sign": ("HandOff",)},
    "ledger": {"kms:Sign": ("Seal",)},
    "links": {
        "kms:GenerateMac": ("RequestApproval", "Approvals", "Messenger", "Feedback", "Invitations", "Passkeys"),
        "kms:VerifyMac": ("Approvals", "Passkeys"),
    },
}
