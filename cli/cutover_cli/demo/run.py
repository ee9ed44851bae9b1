"""The demo from its first step to its last. Each step takes what the one before made."""

import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cutover.contracts.base import Model
from cutover.contracts.candidate import Reference
from cutover.contracts.envelope import Envelope
from cutover.domain.record import Brake, RevisionRecord, Status
from cutover_cli import candidates, policy, policy_governing
from cutover_cli.demo import approvers, deployment, held, mails, make, publish, receive, records, stand
from cutover_cli.demo.build import Checkout
from cutover_cli.demo.deployment import TARGET, Deployment, Site
from cutover_cli.demo.errors import NotAsPromised, explained
from cutover_cli.demo.follow import Follower
from cutover_cli.demo.identities import Identities, identities
from cutover_cli.demo.make import Made, now
from cutover_cli.demo.progress import Progress
from cutover_cli.demo.publish import Publisher, Release
from cutover_cli.demo.workspace import Workspace
from cutover_cli.local import lifecycle
from cutover_cli.local.stack import LocalStack, Mail

STEPS = 10
DEFINITION = Path("statemachine/cutover.asl.json")
_ADMIT_SECONDS = 120.0
_ASK_SECONDS = 240.0
_PEOPLE_SECONDS = 2 * 3600.0  # the window is open for as long


@dataclass(frozen=True, slots=True)
class Options:
    """`auto` plays the approvers; `down` ends the local stack, however the run ends; `held` is the scenario."""

    root: Path
    workspace: Workspace
    auto: bool
    down: bool
    held: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """The signed candidate, with what its mending needs to know of what it refers to."""

    sealed: Envelope
    publisher: Publisher
    flags: Reference


class Demo:
    """One run. Nothing of an earlier one is used but its keys and, where that is safe, its stack."""

    def __init__(self, options: Options, progress: Progress) -> None:
        self._options, self._progress = options, progress
        self._place = options.workspace

    def run(self) -> dict[str, Any]:
        """All steps; what came out, as plain JSON. Raises a CommandError."""
        with self._place.occupied(), explained(), ExitStack() as undo:
            self._place.clear()
            keys, site = identities(self._place.keys), deployment.site(self._options.root)
            made = self._make(keys)
            stack = self._bring_up(keys, site, made)
            if self._options.down:
                undo.callback(lifecycle.down, state_dir=self._place.stack)
            described = self._activate(stack, keys, site, made.built.source)
            published = self._publish(stack, made, described, site, keys)
            sent = len(stack.mail())
            follower = self._announce(stack, published.sealed)
            if self._options.held:
                self._mend(follower, published, described, made, keys)
            self._approve(stack, follower, self._follow(follower), sent)
            queue_arn = self._receive(stack, follower)
            stand.settle(self._place)
            undo.close()
            return self._verify(queue_arn, described)

    def _make(self, keys: Identities) -> Made:
        with self._progress.step("Build this project: its wheel and its Lambda package"):
            built = make.build_all(self._options.root, self._place.build, self._progress)
        with self._progress.step("Describe it: SBOM, provenance, smoke test, rollback drill"):
            return make.describe(built, keys, self._progress)

    def _bring_up(self, keys: Identities, site: Site, made: Made) -> LocalStack:
        with self._progress.step("Bring up the local stack, anchored at the owners' root"):
            fingerprint = policy.fingerprint(deployment.root_of(keys, site.audience))
            self._progress.say(f"root       {fingerprint}")
            stack = stand.bring_up(self._place, fingerprint, self._progress.say)
            if stack.outputs["Audience"] != site.audience:
                raise NotAsPromised(f"the stack says that it is {stack.outputs['Audience']}, not {site.audience}")
            same = stand.runs(stack, made.built.functions.digest)
            self._progress.say(
                "its functions run the very package that is released"
                if same
                else "its functions run another package than was built: the checkout changed meanwhile"
            )
            return stack

    def _activate(self, stack: LocalStack, keys: Identities, site: Site, source: Checkout) -> Deployment:
        with self._progress.step("Activate the policy that both owners signed; export the trust file"):
            at, store, table = now(), stand.store(stack), stand.records(stack)
            before = table.policy()
            described = deployment.describe(
                self._options.root / deployment.EXAMPLES,
                root=deployment.root_of(keys, site.audience),
                keys=deployment.trusted_keys(keys, stack.clients.kms, stack.outputs, at=at),
                bucket=stack.outputs["SourcesBucket"],
                at=at,
                version=before.version + 1 if before else 1,
                source=source,
            )
            owners = keys.owners.values()
            rules, facts = policy.sign(described.rules, *owners), policy.sign(described.facts, *owners)
            policy_governing.activate(described.root, rules, facts, targets=site.targets, store=store, records=table)
            table.set_brake(Brake(engaged=False))
            self._place.trust.write_bytes(deployment.trust_file(described, keys, at=at))
            self._progress.say(f"window     {described.window}, open until {described.closes_at:%H:%M} UTC")
            self._progress.say(f"trust      {self._place.trust}")
            return described

    def _publish(self, stack: LocalStack, made: Made, described: Deployment, site: Site, keys: Identities) -> Published:
        with self._progress.step("Publish the evidence where its sources would have it"):
            built, at = made.built, now()
            publisher = Publisher(stack.clients.s3, stack.outputs["SourcesBucket"])
            folder = f"{deployment.PRODUCT}/{built.version}"
            components = [publisher.component(each, folder) for each in made.described]
            artifacts, environment = [each.artifact for each in made.described], site.environment
            documents: dict[str, Model] = {
                "change": records.change(artifacts, version=built.version, environment=environment),
                "rollout": records.rollout(environment=environment),
                "flags": records.flags(environment=environment, at=at),
                "overlays": records.overlays(built.source, environment=environment),
                "rollback": records.rollback(built.source, made.drill),
            }
            if self._options.held:
                documents = held.spoiled(documents, built.source, made.drill)
            references = {name: publisher.record(name, each) for name, each in documents.items()}
            waivers = (
                (held.published_waiver(publisher, references["flags"], keys, at=at),) if self._options.held else ()
            )
            self._progress.say(
                f"{5 * len(components) + len(references) + len(waivers)} records, each with its version and digest"
            )
            release = Release(built.source, built.version, built.run.invocation, environment, at)
            candidate = publish.candidate(
                release, described, components=components, records=references, waivers=waivers
            )
            return Published(candidates.sign(candidate, keys.ci), publisher, references["flags"])

    def _announce(self, stack: LocalStack, sealed: Envelope) -> Follower:
        with self._progress.step("Announce the signed candidate on the bus, as CI does"):
            follower = Follower(
                stack,
                self._progress,
                admission=candidates.admission_of(sealed),
                definition=json.loads((self._options.root / DEFINITION).read_text("utf-8")),
                records=stand.records(stack),
                store=stand.store(stack),
            )
            event = candidates.announce(stack.clients.events, stack.outputs["BusName"], sealed)
            self._progress.say(f"event      {event}")
            admission = follower.until("admission", follower.admission, seconds=_ADMIT_SECONDS)
            if admission.correlation_id != event:
                raise NotAsPromised(f"the admission is of event {admission.correlation_id}, not of {event}")
            self._progress.say("           matched by the rule, taken from the inbox queue, admission recorded")
            return follower

    def _mend(
        self, follower: Follower, published: Published, described: Deployment, made: Made, keys: Identities
    ) -> None:
        mending = held.Mending(
            self._place, self._progress, published.publisher, keys, made.built.source, published.flags,
            ends=described.closes_at,
        )  # fmt: skip
        with self._progress.step("It is held: read why"):
            record = mending.held(follower)
        with self._progress.step("Mend it: drill again, let the waiver last, and answer each hold"):
            mending.mend(record, at=now())
            follower.go_on_with(record.revision + 1)

    def _follow(self, follower: Follower) -> RevisionRecord:
        with self._progress.step("Follow it: admit, collect, assemble, verify, bind, ask"):
            record = follower.until(
                "question to the approvers", follower.reached(Status.AWAITING_APPROVAL), seconds=_ASK_SECONDS
            )
            self._progress.say(f"bound      {record.cutover} revision {record.revision}")
            self._progress.say(f"manifest   {record.manifest.payload if record.manifest else ''}")
            return record

    def _approve(self, stack: LocalStack, follower: Follower, asked: RevisionRecord, sent: int) -> None:
        with self._progress.step("Two people read, answer and decide"):
            received = follower.until("mails", lambda: _both(stack, sent), seconds=_ASK_SECONDS)
            mails.keep(received, self._place.mail)
            if self._options.auto and asked.manifest is not None:
                for mail in received:
                    approvers.approve(stack, mail, asked.manifest.payload, self._progress)
            else:
                approvers.invite(stack, received, self._progress)
            approvers.wait(follower, self._progress, seconds=_PEOPLE_SECONDS)

    def _receive(self, stack: LocalStack, follower: Follower) -> str:
        with self._progress.step("Receive the one message of the deployment queue"):
            queue_url = stack.outputs[f"Target{TARGET.capitalize()}QueueUrl"]
            return receive.receive(stack, follower, self._progress, place=self._place, queue_url=queue_url)

    def _verify(self, queue_arn: str, described: Deployment) -> dict[str, Any]:
        with self._progress.step("Verify it offline, from files alone"):
            root = policy.fingerprint(described.root)
            return receive.verify(self._place, self._progress, queue_arn=queue_arn, root_fingerprint=root)


def _both(stack: LocalStack, sent: int) -> list[Mail] | None:
    """The questions among the mails beyond the first `sent`, once there are as many as there are roles."""
    found = [mail for mail in stack.mail()[sent:] if mails.asks(mail)]
    return found if len(found) >= 2 else None  # noqa: PLR2004  # one for each role of the example policy
