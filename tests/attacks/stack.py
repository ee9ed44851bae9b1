"""The scene on the local stack: the deployed page over HTTP, with a release that awaits many approvers.

Each case has a person of its own, whose decision must still work afterwards; so one release serves most of them.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from cutover.adapters.kms_mac import KmsMac
from cutover.contracts.handoff import WITHDRAWAL_TYPE, Withdrawal
from cutover.contracts.passkeys import Enrolment
from cutover.domain.links import Link
from cutover.domain.mac import Mac
from cutover.domain.record import RevisionRecord
from cutover_cli.local.clients import Clients
from cutover_cli.local.stack import LocalStack
from tests.attacks.crowd import DESKS, LINKS_KEYS, NEWER, OPERATIONS, PRODUCTS, SAFES, SEATS, Crowd
from tests.attacks.exchange import Reply, Seat, Sent
from tests.attacks.memory import DECIDED
from tests.attacks.scene import Scene
from tests.fakes.slack import SECRET
from tests.local.releasing import Release, Releases, StackDeployment, now


class Deployed:
    """The stack with the crowd's policy, and its links key in the name of the page's own role."""

    def __init__(self, releases: Releases) -> None:
        known = {each.name: getattr(releases.deployment, each.name) for each in dataclasses.fields(StackDeployment)}
        address = releases.stack.page("/")
        self.origin = address.browser_url.rstrip("/")
        releases.deployment = Crowd(**known, page=self.origin)
        releases.publish()
        self.releases = releases
        self.shared: dict[bool, tuple[Release, Iterator[Seat]]] = {}
        """A release and who of it was not attacked yet: of those who decide by link, and of those with a passkey."""
        self.products = iter(PRODUCTS)
        self.newer = ""
        """The name of the key that has replaced the deployed one; empty where none has."""
        _keep_slack_s_secret(releases.stack)
        self.http = httpx.Client(base_url=address.url.rstrip("/"), headers=address.headers, timeout=60, trust_env=False)

    @cached_property
    def keys(self) -> tuple[Clients, str, str]:
        """The page's own clients, and the name and ARN of the key that makes links."""
        stack = self.releases.stack
        told = stack.clients.lambda_.get_function_configuration(FunctionName=stack.functions["Approvals"])
        name, arn = next(iter(json.loads(told["Environment"]["Variables"][LINKS_KEYS]).items()))
        return as_role_of(stack, told["Role"]), name, arn

    @property
    def mac(self) -> Mac:
        clients, name, arn = self.keys
        return KmsMac(clients.kms, key_arn=arn, key_name=self.newer or name)

    def accept(self, *names: str) -> None:
        """From now on the page accepts links of these keys, and makes forms by the first of them."""
        _, name, arn = self.keys
        stack, lambda_ = self.releases.stack, self.releases.stack.clients.lambda_
        function = stack.functions["Approvals"]
        known = lambda_.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        changed = {**known, LINKS_KEYS: json.dumps(dict.fromkeys(names, arn))}
        lambda_.update_function_configuration(FunctionName=function, Environment={"Variables": changed})
        self.newer = names[0] if names[0] != name else ""

    def release(self) -> Release:
        """A product that nobody has released yet, asked about."""
        product = next(self.products)
        release = Release(self.releases, product, f"now-{PRODUCTS.index(product)}")
        release.announce()
        release.until("awaiting_approval")
        return release

    def scene(self, *, passkey: bool = False, alone: bool = False) -> "Stack":
        """Somebody who was not attacked yet; ``alone``: in a release where nobody was."""
        roles = SAFES if passkey else DESKS
        if alone:
            return Stack(self, self.release(), next(_seats(roles)), passkey=passkey)
        release, seats = self.shared.get(passkey) or (None, iter(()))
        seat = next(seats, None)
        if release is None or seat is None:
            release, seats = self.release(), _seats(roles)
            self.shared[passkey] = release, seats
            seat = next(seats)
        return Stack(self, release, seat, passkey=passkey)


class Stack(Scene):
    """A release on the local stack, attacked through HTTP alone."""

    twice = (Seat("bo", DESKS[0]), Seat("bo", OPERATIONS))
    colleague = Seat(f"{OPERATIONS}-0", OPERATIONS)

    def __init__(self, deployed: Deployed, release: Release, me: Seat, *, passkey: bool = False) -> None:
        super().__init__(passkey=passkey)
        self.deployed, self.release, self.me = deployed, release, me
        self.used = int(now().timestamp())  # their passkey may have been used in a release before
        self.requester = Seat("dana", DESKS[0])
        self.outsider = Seat("ruth", self.me.role)
        self.audience = deployed.releases.deployment.audience
        asked = release.record()
        assert asked is not None
        self.asked = asked

    @property
    def mac(self) -> Mac:
        return self.deployed.mac

    @property
    def record(self) -> RevisionRecord:
        found = self.deployed.releases.records.revision(self.asked.cutover, self.asked.revision)
        assert found is not None
        return found

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        answer = self.deployed.http.request(method, path, headers=dict(headers), content=body)
        return Reply(answer.status_code, answer.text, dict(answer.headers))

    def question(self, seat: Seat) -> Link:
        assert self.asked.manifest is not None
        return Link(
            cutover=self.asked.cutover, revision=self.asked.revision, manifest=self.asked.manifest.payload,
            person=seat.person, role=seat.role, expires_at=now() + timedelta(hours=1),
        )  # fmt: skip

    def at_once(self, posts: Sequence[Sent]) -> list[Reply]:
        """Each in a thread of its own."""
        with ThreadPoolExecutor(len(posts)) as pool:
            return list(pool.map(lambda post: self.post(post.link, post.form), posts))

    def finish(self, how: str) -> None:
        if how == "superseded":
            self.release.announce(version="1.4.1")
        else:
            self._withdraw()
        self.release.until(how, revision=self.asked.revision)

    def _withdraw(self) -> None:
        releases = self.deployed.releases
        said = Withdrawal(
            audience=self.audience, cutover=self.asked.cutover, requester="dana", reason="Not today.", issued_at=now()
        )
        releases.operate("Withdrawal", WITHDRAWAL_TYPE, said, releases.deployment.key("withdrawal"))

    def written(self) -> int:
        entries = self.deployed.releases.records.ledger(self.asked.cutover)
        return len([each for each in entries if each.actor.requester == self.me.person and each.event in DECIDED])

    def registered(self, person: str) -> set[str]:
        releases = self.deployed.releases
        found = [releases.store.get(each.enrolment, limit=65_536) for each in releases.records.enrolments(person)]
        return {Enrolment.model_validate_json(each).passkey.id for each in found}

    def heard(self) -> int:
        told = self.deployed.releases.stack.logs("SlackEvents")
        return len([line for line in told if '"slack events"' in line and '"succeeded"' in line])

    def lines(self) -> list[str]:
        return self.deployed.releases.stack.logs("Approvals")

    def rotate(self) -> None:
        """Both names are of one key here: what counts of a key that was taken out is that its name is known no more."""
        self.deployed.accept(NEWER, self.deployed.keys[1])

    def revoke(self) -> None:
        self.deployed.accept(NEWER)

    @property
    def origin(self) -> str:
        parts = urlsplit(self.deployed.origin)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def now(self) -> datetime:
        return now()


def _seats(roles: tuple[str, ...]) -> Iterator[Seat]:
    return iter([Seat(f"{role}-{number}", role) for role in roles for number in range(SEATS)])


def _keep_slack_s_secret(stack: LocalStack) -> None:
    """As an operator does once."""
    told = stack.clients.lambda_.get_function_configuration(FunctionName=stack.functions["SlackEvents"])
    clients = stack.clients
    secrets = clients.session.client("secretsmanager", endpoint_url=clients.endpoint)
    kept = json.dumps({"token": SECRET.token, "signing_secret": SECRET.signing_secret})
    secrets.create_secret(Name=told["Environment"]["Variables"]["CUTOVER_SLACK_SECRET"], SecretString=kept)


def as_role_of(stack: LocalStack, role_arn: str) -> Clients:
    """Clients in the name of a function's role. It trusts Lambda alone, so it is opened for a moment."""
    name = role_arn.rsplit("/", 1)[-1]
    iam = stack.clients.iam
    trust: Any = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    opened = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    document = {"Version": "2012-10-17", "Statement": [opened]}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(document))
    try:
        given = stack.clients.sts.assume_role(RoleArn=role_arn, RoleSessionName="attacker")["Credentials"]
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    return stack.clients.with_credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def all_logs(stack: LocalStack) -> Iterator[tuple[str, str]]:
    """Every line of every log group, and whose it is: functions, the gateway's access log, the state machine."""
    groups = stack.clients.logs.get_paginator("describe_log_groups").paginate()
    for group in (each["logGroupName"] for page in groups for each in page["logGroups"]):
        pages = stack.clients.logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        for page in pages:
            for event in page["events"]:
                yield group, event["message"]
