"""The local stack with Slack: functions that call a Slack on loopback, and facts that name its people."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes.slack import SECRET
from tests.fakes.slack_caller import WORKSPACE
from tests.fakes.slack_server import SlackServer, Workspace
from tests.local.releasing import Releases

CHANNELS = {"release-engineering": "C1RELEASE", "operations": "C2OPERATE"}
MEMBERS = {"erin": "U1ERIN", "omar": "U2OMAR"}
CALLS_SLACK = ("RequestApproval", "Messenger")
NAME = "cutover/cutover-development/slack"


@contextmanager
def in_slack(releases: Releases) -> Iterator[Workspace]:
    """What the workspace shows, while its server answers and the facts name it."""
    with SlackServer() as server:
        _keep_secret(releases)
        for function in CALLS_SLACK:
            _call(releases, function, server.url)
        facts = releases.deployment.facts()
        people = {
            name: person.model_copy(update={"slack": MEMBERS.get(name)}) for name, person in facts.people.items()
        }  # fmt: skip
        workspace = WORKSPACE.model_copy(update={"channels": CHANNELS})
        releases.publish(facts=facts.model_copy(update={"slack": workspace, "people": people}))
        yield server.workspace
        releases.publish()


def _keep_secret(releases: Releases) -> None:
    stack = releases.stack
    client = stack.clients.session.client("secretsmanager", endpoint_url=stack.endpoint)
    value = json.dumps({"token": SECRET.token, "signing_secret": SECRET.signing_secret})
    client.create_secret(Name=NAME, SecretString=value)


def _call(releases: Releases, function: str, url: str) -> None:
    """Puts our Slack in Slack's place; no template that did this could be synthesised."""
    client, name = releases.stack.clients.lambda_, releases.stack.functions[function]
    known = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    client.update_function_configuration(
        FunctionName=name, Environment={"Variables": known | {"CUTOVER_TEST_SLACK_URL": url}}
    )
