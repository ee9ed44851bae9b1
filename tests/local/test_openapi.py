"""The doors over HTTP, walked by their description: whatever is sent, each answer is one that is described.

Half of the links are those that a waiting release sent, half are made up. Every other request to Slack's addresses is
signed. None of what is made up can decide: the nonce of a form is not guessed, and the release still waits afterwards.
"""

import hmac
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from requests.auth import AuthBase
from schemathesis.config import SchemathesisConfig

from cutover.contracts.passkeys import INVITATION_TYPE, Invitation
from cutover.domain.record import Status
from cutover_cli.local import lifecycle
from cutover_cli.local.stack import LocalStack
from tests.local.releasing import REPOSITORY, Release, bring_up, now, wait

if TYPE_CHECKING:
    from schemathesis import Case

pytestmark = [pytest.mark.local, pytest.mark.xdist_group("openapi")]

EXAMPLES = 30
"""Of each operation; all of them take less than a minute on two cores."""
SECRET = {"token": "xoxb-1-made-up", "signing_secret": "0123456789abcdef0123456789abcdef"}
REFUSALS = ["400", "401", "403", "404", "409", "410", "413", "415", "422", "429"]
CONFIGURATION = SchemathesisConfig.from_dict(
    {
        "seed": 1,
        "checks": {
            "negative_data_rejection": {"expected-statuses": REFUSALS},
            # Whether a link or a form is one that was given out is nothing that a schema could say.
            "positive_data_acceptance": {"enabled": False},
            # The gateway has no such route, and says so: 404.
            "unsupported_method": {"enabled": False},
        },
    }
)

schema = schemathesis.openapi.from_path(REPOSITORY / "docs" / "openapi.yaml", config=CONFIGURATION)
KINDS = ("approvals", "waiting", "passkeys")
LINK = {kind: re.compile(rf"https?://\S+/{kind}/([A-Za-z0-9_-]+)") for kind in KINDS}
links: dict[str, list[str]] = {}
"""By the first part of the path, once the release waits: what its people were sent."""


@schema.hook
def before_generate_path_parameters(context: Any, strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Links that are real, besides those that only look like one."""
    kind = context.operation.path.split("/")[1]
    if kind == "slack":
        return strategy
    return st.one_of(st.integers(0, 1).map(lambda number: {"link": links[kind][number]}), strategy)


class SignedBySlack(AuthBase):
    """Signs what goes to Slack's addresses as Slack does, every other request."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        content = request.body or b""
        body = content.encode() if isinstance(content, str) else content
        assert isinstance(body, bytes), "what is streamed cannot be signed"
        if request.path_url.startswith("/slack/") and len(body) % 2:
            stated = str(int(time.time()))
            digest = hmac.new(SECRET["signing_secret"].encode(), f"v0:{stated}:".encode() + body, "sha256").hexdigest()
            request.headers.update({"X-Slack-Request-Timestamp": stated, "X-Slack-Signature": f"v0={digest}"})
        return request


@dataclass(frozen=True)
class Door:
    base: str
    headers: dict[str, str]
    session: requests.Session


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """One that waits for its approvers."""
    state = Path(tmp_path_factory.mktemp("openapi"))
    try:
        releases = bring_up(state)
        _keep_secret(releases.stack)
        release = Release(releases, "newer", "now-0")
        release.announce()
        release.until("awaiting_approval")
        yield release
    finally:
        lifecycle.down(state_dir=state)


def _keep_secret(stack: LocalStack) -> None:
    secrets = stack.clients.session.client("secretsmanager", endpoint_url=stack.endpoint)
    secrets.create_secret(Name="cutover/cutover-development/slack", SecretString=json.dumps(SECRET))


def _invite(release: Release, person: str) -> None:
    said = Invitation(
        audience=release.of.deployment.audience, person=person, reason="A walk over the API.",
        issued_at=now(), expires_at=now() + timedelta(hours=1),
    )  # fmt: skip
    release.of.operate("PasskeyInvitation", INVITATION_TYPE, said, release.of.deployment.key("invitation"))


def _sent(release: Release) -> bool:
    """Whether two links of each kind are in mails; they are then in `links`."""
    for kind in KINDS:
        found = (LINK[kind].search(mail.text) for mail in release.of.stack.mail())
        links[kind] = list(dict.fromkeys(each[1] for each in found if each))[:2]
    return all(len(each) > 1 for each in links.values())


@pytest.fixture(scope="module")
def door(release: Release) -> Iterator[Door]:
    for person in ("erin", "omar"):
        _invite(release, person)
    wait(lambda: _sent(release) or None, 60, lambda: f"no links but {links}")
    address = release.of.stack.page()
    with requests.Session() as session:
        session.trust_env = False
        session.auth = SignedBySlack()
        yield Door(address.url.rstrip("/"), dict(address.headers), session)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
def test_whatever_is_sent_the_answer_is_a_described_one(case: "Case[Any]", door: Door) -> None:
    case.call_and_validate(base_url=door.base, headers=door.headers, session=door.session, allow_redirects=False)


def test_nothing_was_decided_by_what_was_made_up(release: Release) -> None:
    record = release.record()
    assert record is not None
    assert (record.status, record.decisions) == (Status.AWAITING_APPROVAL, ())


@pytest.mark.parametrize(("kind", "shows"), [("approvals", "<form"), ("waiting", "newer"), ("passkeys", "<form")])
def test_a_link_that_was_sent_opens_its_page(door: Door, kind: str, shows: str) -> None:
    """So the walk above was one with real links, too."""
    shown = [door.session.get(f"{door.base}/{kind}/{text}", headers=door.headers) for text in links[kind]]
    assert {answer.status_code for answer in shown} == {200}
    assert all(shows in answer.text for answer in shown)


def test_a_signed_request_is_taken_for_slack_s(door: Door) -> None:
    """So the walk above was one with Slack's signature, too. Its length is odd: see `SignedBySlack`."""
    asked = json.dumps({"type": "url_verification", "challenge": "three-words"})
    padded = asked if len(asked) % 2 else f"{asked} "
    headers = door.headers | {"Content-Type": "application/json"}
    answer = door.session.post(f"{door.base}/slack/events", data=padded, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"challenge": "three-words"})
