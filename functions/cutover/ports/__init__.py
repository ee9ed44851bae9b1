"""What stages and doors need of the outside, as Protocols. Adapters implement them; so do the tests' fakes.

Every method raises ``DependencyUnavailable`` when its service fails or throttles.
"""

from cutover.ports.machinery import Clock, Mac, Signer, Workflow
from cutover.ports.people import Mail, Mailer, Messages, Slack, SlackSecret, SlackSecrets
from cutover.ports.queues import Announcement, Announcements, DeploymentQueue, ExceptionQueue, FeedbackQueue
from cutover.ports.records import Commit, Due, Records, Tokens, Unreadable
from cutover.ports.sources import Credential, Credentials, Fetched, Inbox, Sources, SourceSystem
from cutover.ports.store import HEADS_LOOKED_AT, LedgerHeads, LockedStore, Outbox, Store, Stored

__all__ = [
    "HEADS_LOOKED_AT",
    "Announcement",
    "Announcements",
    "Clock",
    "Commit",
    "Credential",
    "Credentials",
    "DeploymentQueue",
    "Due",
    "ExceptionQueue",
    "FeedbackQueue",
    "Fetched",
    "Inbox",
    "LedgerHeads",
    "LockedStore",
    "Mac",
    "Mail",
    "Mailer",
    "Messages",
    "Outbox",
    "Records",
    "Signer",
    "Slack",
    "SlackSecret",
    "SlackSecrets",
    "SourceSystem",
    "Sources",
    "Store",
    "Stored",
    "Tokens",
    "Unreadable",
    "Workflow",
]
