"""What each role may do, read from the rendered template: the allow-list, and the rules that it must obey."""

from collections.abc import Mapping

import pytest

from infra.grants import GRANTS
from infra.plan import FUNCTIONS
from tests.infra import policies
from tests.infra.reading import Assembled, listed

SLACKING = {"Feedback", "Messenger", "RequestApproval", "SlackEvents"}
MAILING = {"Feedback", "Invitations", "Messenger", "RequestApproval"}

# Actions for which AWS names no resource, or the star is bound by a condition; and who has them.
STARS: Mapping[str, tuple[str, frozenset[str]]] = {
    "xray:PutTelemetryRecords": ("X-Ray knows no resources", frozenset({*FUNCTIONS, "Workflow"})),
    "xray:PutTraceSegments": ("X-Ray knows no resources", frozenset({*FUNCTIONS, "Workflow"})),
    "xray:GetSamplingRules": ("X-Ray knows no resources", frozenset({"Workflow"})),
    "xray:GetSamplingTargets": ("X-Ray knows no resources", frozenset({"Workflow"})),
    "states:SendTaskSuccess": ("a token is its own address", frozenset({"Relay"})),
    "ecr:GetAuthorizationToken": ("a token opens what its owner may read", frozenset({"Clock", "Collect", "HandOff"})),
    "ses:SendEmail": ("recipients are identities too in SES's sandbox", frozenset(MAILING)),
    **dict.fromkeys(
        (
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
        ),
        ("log deliveries know no resources", frozenset({"Workflow"})),
    ),
}

# Whole services that nothing here may touch, and the few actions of the others that do what they do.
SERVICES = frozenset(
    {"dynamodb", "events", "kms", "lambda", "logs", "s3", "secretsmanager", "ses", "sqs", "states", "xray"}
)
CHANGING = ("Create", "Update", "Delete", "Put", "Publish", "Add", "Remove", "Tag", "Untag", "Set", "Attach")
CHANGES = frozenset(
    {
        "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "events:PutEvents", "s3:PutObject",
        "sqs:DeleteMessage",
        "logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
        "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
    }
)  # fmt: skip


def test_every_permission_is_on_the_reviewed_list(stage: Assembled) -> None:
    assert policies.lines(stage) == policies.expected(stage.stage), policies.__doc__


def test_every_function_has_a_row_of_grants() -> None:
    assert GRANTS.keys() == FUNCTIONS.keys()


def test_no_action_has_a_wildcard(stage: Assembled) -> None:
    assert not [each for granted in stage.permissions.values() for each in granted if "*" in each.action]


def test_the_star_stands_only_where_aws_demands_it(stage: Assembled) -> None:
    starred = {
        (name, each.action) for name, granted in stage.permissions.items() for each in granted if each.resource == "*"
    }
    configured = {action: names for action, (_, names) in STARS.items() if _is_used(action, stage)}
    assert starred == {(name, action) for action, names in configured.items() for name in names}


def _is_used(action: str, stage: Assembled) -> bool:
    return not action.startswith("ecr:") or bool(stage.config.registries)


def test_mail_goes_out_in_one_name(stage: Assembled) -> None:
    for name in MAILING:
        (mail,) = [each for each in stage.permissions[name] if each.action == "ses:SendEmail"]
        assert mail.when == f"ses:FromAddress StringEqualsIfExists {stage.config.sender}"


def test_nothing_can_deploy_or_change_what_is_deployed(stage: Assembled) -> None:
    actions = {each.action for granted in stage.permissions.values() for each in granted}
    configured = {"ecr": stage.config.registries, "appconfig": stage.config.appconfig_profiles}
    assert {action.partition(":")[0] for action in actions} == SERVICES | {
        name for name, has in configured.items() if has
    }
    changing = {action for action in actions if action.partition(":")[2].startswith(CHANGING)}
    assert changing == CHANGES
    assert {action for action in actions if action.startswith("lambda:")} == {"lambda:InvokeFunction"}


def test_only_hand_off_and_deliveries_send_to_a_target(stage: Assembled) -> None:
    queues = {target.queue_arn or f"{{Targets/{target.pascal}}}" for target in stage.config.targets}
    senders = {
        name: {each.resource for each in granted if each.action == "sqs:SendMessage"}
        for name, granted in stage.permissions.items()
    }
    assert {name for name, resources in senders.items() if resources & queues} == {"HandOff", "Deliveries"}
    assert senders["HandOff"] == senders["Deliveries"] == queues
    assert not [each for each in stage.permissions["Deliveries"] if each.action == "kms:Sign"]
    assert {name for name, resources in senders.items() if resources} == {
        "HandOff",
        "Deliveries",
        "Bind",
        "Approvals",
        "Relay",
        "Seal",
        "SlackEvents",
        "Messenger",
        "Feedback",
    }


def test_own_queues_refuse_every_other_sender(stage: Assembled) -> None:
    for target in stage.config.targets:
        if target.queue_arn:
            continue
        (denial,) = [
            each
            for each in stage.statements(stage.resources[f"Targets/{target.pascal}"])
            if each["Action"] == "sqs:SendMessage"
        ]
        assert denial["Effect"] == "Deny"
        assert denial["Principal"] == {"AWS": "*"}
        assert denial["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": ["{HandOff/Role}", "{Deliveries/Role}"]}}


def test_only_the_relay_talks_to_step_functions(stage: Assembled) -> None:
    talking = {
        (name, each.action, each.resource)
        for name, granted in stage.permissions.items()
        for each in granted
        if each.action.startswith("states:")
    }
    assert talking == {
        ("Relay", "states:StartExecution", "{Workflow/Machine}"),
        ("Relay", "states:SendTaskSuccess", "*"),
    }


def test_only_the_state_machine_invokes_functions(stage: Assembled) -> None:
    invoking = {
        name for name, granted in stage.permissions.items() for each in granted if each.action.startswith("lambda:")
    }
    assert invoking == {"Workflow"}


@pytest.mark.parametrize(
    ("action", "resource", "names"),
    [
        ("dynamodb:DeleteItem", "{Tables/Main}", {"Admit", "Approvals", "Clock", "HandOff", "Withdrawals"}),
        ("dynamodb:UpdateItem", "{Tables/Main}", {"Admit", "Clock", "Relay"}),
        ("dynamodb:Query", "{Tables/Main}", {"Deliveries", "Passkeys", "Seal", "Withdrawals"}),
        ("dynamodb:Query", "{Tables/Main}/index/due", {"Approvals", "BrakeOrders", "Clock", "Feedback", "Messenger"}),
        ("dynamodb:PutItem", "{Tables/Tokens}", {"AwaitToken"}),
        ("dynamodb:GetItem", "{Tables/Tokens}", {"Relay"}),
        ("dynamodb:DeleteItem", "{Tables/Tokens}", {"Relay"}),
        ("dynamodb:Query", "{Tables/Tokens}", set()),
        (
            "s3:PutObject",
            "{Store/Store}/tombstones/*",
            {"Admit", "Approvals", "Bind", "Clock", "HandOff", "Resolutions", "Withdrawals"},
        ),
        ("s3:GetObject", "{Store/Store}/tombstones/*", {"Clock", "Deliveries", "HandOff"}),
        ("s3:PutObject", "{Store/Store}/ledger/*", {"Seal"}),
        ("s3:PutObject", "{Store/Store}/notices/*", {"Seal"}),
        ("s3:PutObject", "{Store/Store}/handoffs/*", {"HandOff"}),
        ("s3:GetObject", "{Store/Store}/handoffs/*", {"Deliveries", "HandOff", "Receipts"}),
        ("s3:GetObjectVersion", "{Store/Inbox}/*", {"Intake"}),
    ],
)
def test_who_may(stage: Assembled, action: str, resource: str, names: set[str]) -> None:
    having = {
        name
        for name, granted in stage.permissions.items()
        for each in granted
        if (each.action, each.resource) == (action, resource)
    }
    assert having == names


ASKING = {"Clock", "Collect", "HandOff"}


def slack_secret(stage: Assembled) -> str:
    """The one secret: a hyphen and six characters are what Secrets Manager adds to a name."""
    here = "{AWS::Region}:{AWS::AccountId}"
    return f"arn:{{AWS::Partition}}:secretsmanager:{here}:secret:cutover/cutover-{stage.stage}/slack-??????"


def test_sources_are_only_read_and_only_by_those_that_ask_them(stage: Assembled) -> None:
    read: dict[str, set[str]] = {}
    for name, granted in stage.permissions.items():
        for each in granted:
            if each.action.startswith(("secretsmanager:", "ecr:", "appconfig:")):
                read.setdefault(f"{each.action} on {each.resource}", set()).add(name)
    here = "{AWS::Region}:{AWS::AccountId}"
    secrets = f"arn:{{AWS::Partition}}:secretsmanager:{here}:secret:cutover/cutover-{stage.stage}/sources/*"
    slack = f"secretsmanager:GetSecretValue on {slack_secret(stage)}"
    assert read.pop(slack) == SLACKING
    wanted = {f"secretsmanager:GetSecretValue on {secrets}"}
    if stage.config.registries:
        wanted.add("ecr:GetAuthorizationToken on *")
    for repository in stage.config.registries:
        wanted |= {f"ecr:{action} on {repository}" for action in ("BatchGetImage", "GetDownloadUrlForLayer")}
    for name in stage.config.appconfig_profiles:
        application, _, profile = name.partition("/")
        base = f"arn:{{AWS::Partition}}:appconfig:{here}:application/{application}"
        places = [base, f"{base}/configurationprofile/{profile}"]
        versions = f"{places[1]}/hostedconfigurationversion/*"
        wanted |= {f"appconfig:ListHostedConfigurationVersions on {each}" for each in places}
        wanted |= {f"appconfig:GetHostedConfigurationVersion on {each}" for each in (*places, versions)}
    assert read == dict.fromkeys(wanted, ASKING)


def test_the_key_of_credentials_opens_nothing_but_them(stage: Assembled) -> None:
    key = stage.config.credentials_key_arn
    used = {
        (name, each.action, each.when)
        for name, granted in stage.permissions.items()
        for each in granted
        if each.resource == key
    }
    via = "kms:ViaService StringEquals secretsmanager.{AWS::Region}.{AWS::URLSuffix}"
    assert used == ({(name, "kms:Decrypt", via) for name in ASKING | SLACKING} if key else set())


def test_the_store_is_reached_by_prefix_only(stage: Assembled) -> None:
    objects = {each.resource for granted in stage.permissions.values() for each in granted if "Object" in each.action}
    prefixes = {each.partition("/sha256")[0] for each in objects}
    assert "{Store/Store}/*" not in objects
    assert prefixes >= {"{Store/Store}", "{Store/Store}/tombstones/*", "{Store/Store}/ledger/*"}


def test_the_data_key_is_used_through_services_only(stage: Assembled) -> None:
    for name, granted in stage.permissions.items():
        for each in granted:
            if each.action.startswith("kms:") and each.resource == "{Keys/Data}":
                assert each.when.startswith("kms:ViaService StringEquals "), (name, each)


def test_roles_are_assumed_by_the_services_that_run_them(stage: Assembled) -> None:
    for role in stage.of("AWS::IAM::Role"):
        (statement,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
        service = "states.amazonaws.com" if role.path == "Workflow/Role" else "lambda.amazonaws.com"
        assert statement["Principal"] == {"Service": service}
        assert statement["Action"] == "sts:AssumeRole"


def test_each_function_has_a_role_of_its_own(stage: Assembled) -> None:
    roles = [stage.render(each.properties["Role"]) for each in stage.of("AWS::Lambda::Function")]
    assert sorted(roles) == sorted(f"{{{name}/Role}}" for name in FUNCTIONS)


def test_functions_wait_for_their_grants(stage: Assembled) -> None:
    for name in FUNCTIONS:
        waits = [stage.paths[each] for each in listed(stage.resources[f"{name}/Function"].body["DependsOn"])]
        assert f"{name}/Policy" in waits
