"""What can go wrong in the demo.

CommandError
└── DemoError
    ├── DemoBusy          another demo runs in the same folder
    ├── BuildFailed       the project could not be built, or what was built does not work
    ├── StepTimedOut      something that should have happened did not, within its deadline
    ├── ReleaseStopped    the release came to another end than a hand-off
    └── NotAsPromised     the way or the message is not what Cutover promises
"""

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
