"""What can go wrong with the local stack.

CommandError
└── LocalStackError
    ├── ToolMissing           an environment that `make setup` creates is not there
    ├── StackBusy             another `up` or `down` is at work
    ├── StackDiffers          another stack is up, and nobody allowed its replacement
    ├── StackNotUp            the command needs a running stack
    ├── EmulatorFailed        the emulator did not start, or died while starting
    ├── SynthesisFailed       the CDK app did not synthesize
    └── DeploymentFailed      the template was not accepted, or what came out is not what it says
"""

from cutover_cli.output import CommandError, Exit


class LocalStackError(CommandError):
    """The local stack is not as it was asked for."""

    reason = "LOCAL_STACK_FAILED"


class ToolMissing(LocalStackError):
    """An environment that `make setup` creates is not there."""

    exit_code = Exit.USAGE
    reason = "TOOL_MISSING"


class StackBusy(LocalStackError):
    """Another `up` or `down` is at work on the same state directory."""

    exit_code = Exit.REFUSED
    reason = "STACK_BUSY"


class StackDiffers(LocalStackError):
    """A stack of another template or another root is up, and nobody allowed its replacement."""

    exit_code = Exit.REFUSED
    reason = "STACK_DIFFERS"


class StackNotUp(LocalStackError):
    """The command needs a running stack."""

    reason = "STACK_NOT_UP"


class EmulatorFailed(LocalStackError):
    """The emulator did not start, or died while starting."""

    reason = "EMULATOR_FAILED"


class SynthesisFailed(LocalStackError):
    """The CDK app did not synthesize."""

    reason = "SYNTHESIS_FAILED"


class DeploymentFailed(LocalStackError):
    """The template was not accepted, or what came out of it is not what it says."""

    exit_code = Exit.REMOTE
    reason = "DEPLOYMENT_FAILED"
