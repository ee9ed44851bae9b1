"""The environment variables of the functions: each is told what its plan names, and what all share."""

from collections.abc import Callable, Mapping

from infra import plan as names
from infra.asset import lock_digest
from infra.config import engine_version
from infra.plan import Plan
from infra.resources import Resources

Value = Callable[[Resources], str | None]
"""None where the stage has no such thing: then nobody is told of it."""

VALUES: Mapping[str, Value] = {
    names.TABLE: lambda r: r.tables.main.table_name,
    names.TOKENS: lambda r: r.tables.tokens.table_name,
    names.IDEMPOTENCY: lambda r: r.tables.idempotency.table_name,
    names.STORE: lambda r: r.store.store.bucket_name,
    names.INBOX: lambda r: r.store.inbox.bucket_name,
    names.MACHINE: lambda r: r.machine_arn(),
    names.EXCEPTIONS: lambda r: r.exceptions.queue_url,
    names.TARGETS: lambda r: r.targets.setting(),
    names.ROOT: lambda r: r.root_fingerprint,
    names.BIND_KEY: lambda r: r.keys.bind.key_arn,
    names.DECIDE_KEY: lambda r: r.keys.decide.key_arn,
    names.HANDOFF_KEY: lambda r: r.keys.handoff.key_arn,
    names.LEDGER_KEY: lambda r: r.keys.ledger.key_arn,
    names.LINKS_KEYS: lambda r: r.keys.links_setting(),
    names.PAGE_URL: lambda r: r.page.url,
    names.SENDER: lambda r: r.mail.sender,
    names.MAIL: lambda r: r.mail.configuration,
    names.SECRETS: lambda r: r.sources.prefix,
    names.SLACK_SECRET: lambda r: r.slack.name,
    names.FEEDBACK: lambda r: r.feedback.slack.queue_url,
    names.BUS: lambda r: r.inbox.bus.event_bus_name,
}


def environment(plan: Plan, resources: Resources) -> dict[str, str]:
    """The variables of one function. Values may be unresolved tokens; nothing here is a secret."""
    return {
        # A dimension of every metric: two stages in one account are counted apart.
        "POWERTOOLS_SERVICE_NAME": resources.name,
        "POWERTOOLS_METRICS_NAMESPACE": "Cutover",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "POWERTOOLS_LOGGER_LOG_EVENT": "false",
        # Threads that ask a service on a stage's behalf have no segment of their own, and need none.
        "AWS_XRAY_CONTEXT_MISSING": "IGNORE_ERROR",
        "CUTOVER_AUDIENCE": resources.audience,
        "CUTOVER_LOCK_DIGEST": lock_digest(),
        "CUTOVER_ENGINE": engine_version(),
        **{name: value for name in plan.settings if (value := VALUES[name](resources)) is not None},
    }
