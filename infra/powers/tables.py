"""What can be done with the tables and their streams, by the kind of item."""

from infra.components.tables import DAY_INDEX, DUE_INDEX
from infra.powers.words import Power, every, power

_SINGLE = frozenset({"BRAKE"})  # the kinds of which there is one item: its key is the kind


def _items(*kinds: str) -> dict[str, object]:
    """Only items whose partition key begins with one of these kinds, as `cutover.adapters.dynamodb_items` has them.

    An item's write always names its key, so the condition's truth over no keys at all lets nothing through.
    """
    keys = [kind if kind in _SINGLE else f"{kind}#*" for kind in kinds]
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}}


def put_items(*kinds: str) -> Power:
    """Writing items of these kinds. Nobody may write POLICY: that is an operator's."""
    return power("dynamodb:PutItem", on=lambda r: r.tables.main.table_arn, **_items(*kinds))


# Deleting is for slots: a terminal revision gives its queue and window back.
read_table = power("dynamodb:GetItem", on=lambda r: r.tables.main.table_arn)
read_due = power("dynamodb:Query", on=lambda r: f"{r.tables.main.table_arn}/index/{DUE_INDEX}")
read_day = power("dynamodb:Query", on=lambda r: f"{r.tables.main.table_arn}/index/{DAY_INDEX}")
read_chain = power("dynamodb:Query", on=lambda r: r.tables.main.table_arn, **_items("CHAIN"))
read_enrolments = power("dynamodb:Query", on=lambda r: r.tables.main.table_arn, **_items("ENROLMENT"))
check_lane = power("dynamodb:ConditionCheckItem", on=lambda r: r.tables.main.table_arn, **_items("LANE"))
update_signals = power("dynamodb:UpdateItem", on=lambda r: r.tables.main.table_arn, **_items("ADMISSION", "CUTOVER"))
nudge_admission = power("dynamodb:UpdateItem", on=lambda r: r.tables.main.table_arn, **_items("ADMISSION"))
release_slot = power("dynamodb:DeleteItem", on=lambda r: r.tables.main.table_arn, **_items("SLOT"))
put_token = power("dynamodb:PutItem", on=lambda r: r.tables.tokens.table_arn)
take_token = power("dynamodb:DeleteItem", "dynamodb:GetItem", on=lambda r: r.tables.tokens.table_arn)
remember = power(  # Powertools' idempotency records
    "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem",
    on=lambda r: r.tables.idempotency.table_arn,
)  # fmt: skip

# Streams. Lambda parks what their functions cannot handle with the function's own role.
_STREAM = (
    "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"
)  # fmt: skip
_park = power("sqs:SendMessage", on=lambda r: r.failures.queue_arn)
follow_main = every(power(*_STREAM, on=lambda r: r.tables.main.table_stream_arn or ""), _park)
follow_tokens = every(power(*_STREAM, on=lambda r: r.tables.tokens.table_stream_arn or ""), _park)
