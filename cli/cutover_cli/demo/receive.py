"""The last two steps: take the message as its consumer would, and verify it from files alone."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

from cutover.contracts.base import Digest, format_instant
from cutover.domain.record import RevisionRecord, Status
from cutover_cli.demo import delivery
from cutover_cli.demo.delivery import Delivery
from cutover_cli.demo.errors import NotAsPromised
from cutover_cli.demo.follow import Follower
from cutover_cli.demo.progress import Progress
from cutover_cli.demo.workspace import Workspace
from cutover_cli.local.stack import LocalStack
from cutover_cli.output import Exit

_HAND_OFF_SECONDS = 180.0
_END_SECONDS = 60.0
_VERIFY_SECONDS = 60
_CUTOVER = "from cutover_cli.main import app; app()"
_KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR")


def receive(stack: LocalStack, follower: Follower, progress: Progress, *, place: Workspace, queue_url: str) -> str:
    """Keeps the one message and all that it refers to; the queue's ARN.

    Raises NotAsPromised when there is another message, or the execution did not keep to the main road.
    """
    queue = Delivery(stack, queue_url)
    body = follower.until("message in the deployment queue", queue.take, seconds=_HAND_OFF_SECONDS)
    place.handoff.write_bytes(body)
    progress.say(f"message    {len(body):,} bytes, kept as received in {place.handoff}")
    record: RevisionRecord = follower.until(
        "record of the hand-off", follower.reached(Status.HANDED_OFF), seconds=_END_SECONDS
    )
    follower.until("end of the execution", follower.succeeded, seconds=_END_SECONDS)
    count = follower.kept_to_the_road()
    progress.say(f"way        {count} states, exactly those of the main road, in its order")
    queue.must_be_empty()
    progress.say(f"queue      empty again: one message for {record.cutover} revision {record.revision}")
    count = delivery.fetch(stack.clients.s3, delivery.documents_of(body), place.documents)
    progress.say(f"documents  {count} from the store, each compared with its digest")
    return queue.queue_arn


def verify(place: Workspace, progress: Progress, *, queue_arn: str, root_fingerprint: Digest) -> dict[str, Any]:
    """Runs `cutover verify` on what lies in the folder, with an environment that knows no AWS; its report.

    Root, queue and the present are told to it: a consumer has them from elsewhere than the message.

    Raises NotAsPromised with the steps that failed.
    """
    command = [sys.executable, "-c", _CUTOVER, "verify", str(place.handoff), "--queue", queue_arn]
    command += ["--root", root_fingerprint, "--at", format_instant(datetime.now(UTC)), "--format", "json"]
    environment = {name: value for name, value in os.environ.items() if name in _KEPT}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=_VERIFY_SECONDS, env=environment
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise NotAsPromised(f"`cutover verify` gave no report: {done.stderr.strip()[-500:]}") from error
    for step in report.get("steps", ()):
        progress.say(f"{step['number']:>2}. {step['name']:<10} {step['outcome']:<9} {step['detail']}")
    if done.returncode != Exit.DONE or report.get("verified") is not True:
        raise NotAsPromised(f"the message does not verify: {report.get('code')}")
    return report
