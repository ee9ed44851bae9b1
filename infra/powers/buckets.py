"""What can be done with the store, by the place in it, and with the inbox."""

from infra.powers.words import every, power

get_content = power("s3:GetObject", on=lambda r: r.store.store.arn_for_objects("sha256/*"))
put_content = power("s3:PutObject", on=lambda r: r.store.store.arn_for_objects("sha256/*"))
put_tombstone = power("s3:PutObject", on=lambda r: r.store.store.arn_for_objects("tombstones/*"))
look_for_tombstone = every(
    power("s3:GetObject", on=lambda r: r.store.store.arn_for_objects("tombstones/*")),
    power("s3:ListBucket", on=lambda r: r.store.store.bucket_arn, StringLike={"s3:prefix": "tombstones/*"}),
)
keep_ledger = power("s3:GetObject", "s3:PutObject", on=lambda r: r.store.store.arn_for_objects("ledger/*"))
list_ledger = power("s3:ListBucket", on=lambda r: r.store.store.bucket_arn, StringLike={"s3:prefix": "ledger/*"})
keep_notices = power("s3:GetObject", "s3:PutObject", on=lambda r: r.store.store.arn_for_objects("notices/*"))
keep_handoff = power("s3:GetObject", "s3:PutObject", on=lambda r: r.store.store.arn_for_objects("handoffs/*"))
look_for_handoff = every(
    power("s3:GetObject", on=lambda r: r.store.store.arn_for_objects("handoffs/*")),
    power("s3:ListBucket", on=lambda r: r.store.store.bucket_arn, StringLike={"s3:prefix": "handoffs/*"}),
)
get_inbox_version = power("s3:GetObjectVersion", on=lambda r: r.store.inbox.arn_for_objects("*"))
