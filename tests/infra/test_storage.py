"""Buckets and tables: what is kept, for how long, and what nobody can undo."""

from tests.infra.reading import Assembled, Json


def buckets(stage: Assembled) -> dict[str, Json]:
    return {each.path: each.properties for each in stage.of("AWS::S3::Bucket")}


def test_the_store_is_locked(development: Assembled, production: Assembled) -> None:
    for stage, mode, days in ((development, "GOVERNANCE", 30), (production, "COMPLIANCE", 2557)):
        store = buckets(stage)["Store/Store"]
        assert store["ObjectLockEnabled"] is True
        assert store["ObjectLockConfiguration"] == {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": mode, "Days": days}},
        }


def test_buckets_are_versioned_encrypted_private_and_logged(stage: Assembled) -> None:
    for path, bucket in buckets(stage).items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        if path == "Store/AccessLogs":
            assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
            continue
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert rule["BucketKeyEnabled"] is True
        assert stage.render(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]) == "{Keys/Data}"
        assert stage.render(bucket["LoggingConfiguration"]["DestinationBucketName"]) == "{Store/AccessLogs}"


def test_buckets_refuse_plain_text_and_old_tls(stage: Assembled) -> None:
    for path in buckets(stage):
        conditions = [
            each["Condition"]
            for each in stage.statements(stage.resources[path])
            if (each["Effect"], each["Action"], each["Principal"]) == ("Deny", "s3:*", {"AWS": "*"})
        ]
        assert {"Bool": {"aws:SecureTransport": "false"}} in conditions, path
        assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in conditions, path


def test_nobody_writes_over_an_object(stage: Assembled) -> None:
    (denial,) = [each for each in stage.statements(stage.resources["Store/Store"]) if each.get("Sid") == "WriteOnce"]
    assert denial["Effect"] == "Deny"
    assert denial["Action"] == "s3:PutObject"
    assert denial["Resource"] == "{Store/Store}/*"
    assert denial["Principal"] == {"AWS": "*"}
    assert denial["Condition"] == {
        "Null": {"s3:if-none-match": "true"},
        "Bool": {"s3:ObjectCreationOperation": "true"},
    }


def test_in_production_nobody_deletes(development: Assembled, production: Assembled) -> None:
    def denials(stage: Assembled) -> list[Json]:
        statements = stage.statements(stage.resources["Store/Store"])
        return [each for each in statements if each.get("Sid") == "NobodyDeletes"]

    assert not denials(development)
    (denial,) = denials(production)
    assert denial == {
        "Sid": "NobodyDeletes",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion"],
        "Resource": "{Store/Store}/*",
    }


def test_no_role_may_delete_objects(stage: Assembled) -> None:
    actions = {each.action for granted in stage.permissions.values() for each in granted}
    assert not {action for action in actions if action.startswith(("s3:Delete", "s3:Bypass", "s3:PutObjectRetention"))}


def test_buckets_outlive_the_stack(stage: Assembled) -> None:
    assert {each.body["DeletionPolicy"] for each in stage.of("AWS::S3::Bucket")} == {"Retain"}


def test_sources_are_ours_in_development_and_imported_in_production(
    development: Assembled, production: Assembled
) -> None:
    assert "Store/Sources" in development.resources
    assert "Store/Sources" not in production.resources
    readable = {each.resource for each in production.permissions["Collect"] if each.action == "s3:GetObjectVersion"}
    assert readable == {f"arn:{{AWS::Partition}}:s3:::{name}/*" for name in production.config.source_buckets}
    keys = {
        each.resource
        for each in production.permissions["Collect"]
        if each.when.endswith("s3.{AWS::Region}.{AWS::URLSuffix}")
    }
    assert keys == set(production.config.source_key_arns)


def test_tables(stage: Assembled) -> None:
    tables = {each.path: each for each in stage.of("AWS::DynamoDB::Table")}
    assert tables.keys() == {"Tables/Main", "Tables/Tokens", "Tables/Idempotency"}
    production = stage.stage == "production"
    for table in tables.values():
        assert table.properties["BillingMode"] == "PAY_PER_REQUEST"
        assert table.properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert stage.render(table.properties["SSESpecification"]["KMSMasterKeyId"]) == "{Keys/Data}"
        assert table.properties.get("DeletionProtectionEnabled", False) is production
        assert table.body["DeletionPolicy"] == ("Retain" if production else "Delete")


def test_keys_streams_and_the_indexes_of_what_is_due_and_of_each_day(stage: Assembled) -> None:
    main, tokens = (stage.resources[f"Tables/{name}"].properties for name in ("Main", "Tokens"))
    for table in (main, tokens):
        assert [each["AttributeName"] for each in table["KeySchema"]] == ["pk", "sk"]
    assert main["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert tokens["StreamSpecification"] == {"StreamViewType": "KEYS_ONLY"}, "a token leaves its table by reading only"
    indexes = {
        index["IndexName"]: [each["AttributeName"] for each in index["KeySchema"]]
        for index in main["GlobalSecondaryIndexes"]
    }
    assert indexes == {"due": ["live", "due_at"], "day": ["day", "at"]}
    assert all(index["Projection"] == {"ProjectionType": "ALL"} for index in main["GlobalSecondaryIndexes"])
    assert {each["AttributeType"] for table in (main, tokens) for each in table["AttributeDefinitions"]} == {"S"}


def test_only_the_first_guard_forgets(stage: Assembled) -> None:
    forgetting = {
        each.path: each.properties["TimeToLiveSpecification"]
        for each in stage.of("AWS::DynamoDB::Table")
        if "TimeToLiveSpecification" in each.properties
    }
    assert forgetting == {"Tables/Idempotency": {"AttributeName": "expiration", "Enabled": True}}
