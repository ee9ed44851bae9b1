"""What can go wrong in the demo.

CommandError
└── DemoError
    ├── DemoBusy          another demo runs in the same folder
    ├── BuildFailed       the project could not be built, or what was built does not work
    ├── StepTimedOut      something that should have happened did not, within its deadline
    ├── ReleaseStopped    the release came to another end than a hand-off
    ├── NotAsPromised     the way or the message is not what Cutover promises
    └── StackUnreachable  the local stack did not answer, or refused a request of the demo itself
"""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from cutover.errors import CutoverError
from cutover_cli.output import CommandError, Exit


class DemoError(CommandError):
    """The demo did not come to its end."""

    reason = "DEMO_FAILED"


class DemoBusy(DemoError):
    """Another demo runs in the same folder."""

    exit_code = Exit.REFUSED
    reason = "DEMO_BUSY"


class BuildFailed(DemoError):
    """The project could not be built, or what was built does not work."""

    reason = "BUILD_FAILED"


class StepTimedOut(DemoError):
    """Something that should have happened did not, within its deadline."""

    exit_code = Exit.REMOTE
    reason = "STEP_TIMED_OUT"


class ReleaseStopped(DemoError):
    """The release came to another end than a hand-off: refused, held, declined or expired."""

    exit_code = Exit.REFUSED
    reason = "RELEASE_STOPPED"


class NotAsPromised(DemoError):
    """The way or the message is not what Cutover promises. This is a bug."""

    reason = "NOT_AS_PROMISED"


class StackUnreachable(DemoError):
    """The local stack did not answer, or refused a request of the demo itself."""

    exit_code = Exit.REMOTE
    reason = "STACK_UNREACHABLE"


@contextmanager
def explained() -> Iterator[None]:
    """Turns what libraries raise when the stack does not do its part into a sentence."""
    try:
        yield
    except (BotoCoreError, ClientError, httpx.HTTPError) as error:
        raise StackUnreachable(f"the local stack failed: {error}") from error
    except CutoverError as error:
        raise NotAsPromised(f"what the demo made is not accepted: {error}") from error
