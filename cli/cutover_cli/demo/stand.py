"""The local stack that a run stands on: the one of the run before where that is safe, else a new one."""

import base64
from collections.abc import Callable

from cutover.adapters.dynamodb_records import DynamoRecords
from cutover.adapters.s3_store import S3Store
from cutover.contracts.base import Digest
from cutover_cli.demo.workspace import Workspace
from cutover_cli.local import lifecycle
from cutover_cli.local.lifecycle import Status
from cutover_cli.local.place import read_json, write_json
from cutover_cli.local.stack import LocalStack


def bring_up(place: Workspace, fingerprint: Digest, say: Callable[[str], None]) -> LocalStack:
    """A stack of this checkout, anchored at `fingerprint`, with nothing in flight.

    A stack is used again only when the run before finished on this very one: a run that was killed may have left
    a release that lives, and nothing may be announced beside it. Raises StackDiffers when somebody else's
    stack is up there, and other LocalStackErrors.
    """
    found = lifecycle.status(state_dir=place.stack)
    ours = found.stack is None or found.stack.root_fingerprint == fingerprint
    if ours and read_json(place.settled) != _name(found):
        lifecycle.down(state_dir=place.stack)
    place.settled.unlink(missing_ok=True)
    stack = lifecycle.up(fingerprint, state_dir=place.stack, replace=ours, say=say)
    if stack.reused:
        say(f"the stack of the run before is still up at {stack.endpoint}, and idle")
    return stack


def runs(stack: LocalStack, package: Digest) -> bool:
    """Whether all functions of the stack run exactly the package with this digest."""
    wanted = base64.b64encode(bytes.fromhex(package.removeprefix("sha256:"))).decode()
    configured = (
        stack.clients.lambda_.get_function_configuration(FunctionName=name) for name in stack.functions.values()
    )
    return all(each["CodeSha256"] == wanted for each in configured)


def store(stack: LocalStack) -> S3Store:
    """The stack's write-once store."""
    return S3Store(stack.clients.s3, bucket=stack.outputs["StoreBucket"])


def records(stack: LocalStack) -> DynamoRecords:
    """The stack's main table."""
    return DynamoRecords(stack.clients.dynamodb, table=stack.outputs["TableName"])


def settle(place: Workspace) -> None:
    """Notes that nothing is in flight on the stack that is up."""
    if (name := _name(lifecycle.status(state_dir=place.stack))) is not None:
        write_json(place.settled, name)


def _name(status: Status) -> dict[str, object] | None:
    """Which emulator it is: every start is another one."""
    if status.state != "up" or status.emulator is None:
        return None
    return {"pid": status.emulator.pid, "started_at": status.emulator.started_at}
