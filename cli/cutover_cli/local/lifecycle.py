"""Up, down, status: the whole life of a local stack."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cutover_cli.local import emulator
from cutover_cli.local.clients import Clients
from cutover_cli.local.deploy import deploy, function_names
from cutover_cli.local.emulator import Emulator
from cutover_cli.local.errors import StackDiffers, StackNotUp
from cutover_cli.local.place import Place, read_json, write_json
from cutover_cli.local.stack import LocalStack
from cutover_cli.local.synth import Assembly, synthesize

State = Literal["up", "down", "dead", "incomplete"]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Status:
    """What stands at a place: a `dead` emulator ended by itself, an `incomplete` one has no stack."""

    state: State
    folder: Path
    emulator: Emulator | None
    stack: LocalStack | None


def up(
    root_fingerprint: str,
    *,
    state_dir: Path | None = None,
    replace: bool = False,
    say: Say = lambda _text: None,
) -> LocalStack:
    """Brings up the stack of this checkout, anchored at `root_fingerprint` (`sha256:` and 64 hex digits).

    A healthy stack of the same template and root is handed back as it is, with `reused`. Another one is
    refused (StackDiffers), or with `replace` ended and all that it holds lost. `say` hears of each step.
    Raises a LocalStackError.
    """
    place = Place.at(state_dir)
    emulator.interpreter()  # better told before a long synthesis
    with place.changing():
        say("synthesizing the template")
        assembly = synthesize()
        wanted = _identity(assembly, root_fingerprint)
        if running := _running(place):
            if (read_json(place.stack) or {}).get("identity") == wanted:
                return running
            if not replace:
                raise StackDiffers("another template or root is up: run `cutover local down`, or up --replace")
        _clear(place)
        say("starting the emulator")
        started = emulator.start(place)
        try:
            say(f"deploying {assembly.stack_name} to {started.endpoint}")
            clients = Clients(started.endpoint)
            outputs = deploy(clients, assembly, {"RootFingerprint": root_fingerprint})
            functions = function_names(clients, assembly)
        except BaseException:
            emulator.stop(place)  # half a stack helps nobody; the log stays
            raise
        stack = LocalStack(started.endpoint, assembly.stack_name, root_fingerprint, outputs, functions)
        write_json(place.stack, {"identity": wanted, **stack.document()})
        return stack


def down(*, state_dir: Path | None = None) -> bool:
    """Ends the stack and removes all that it held but its log. Returns whether one was up."""
    place = Place.at(state_dir)
    if not place.folder.is_dir():
        return False
    with place.changing():
        return _clear(place)


def attach(*, state_dir: Path | None = None) -> LocalStack:
    """The stack that is up. Raises StackNotUp, and says what is there instead."""
    found = status(state_dir=state_dir)
    if found.state != "up" or found.stack is None:
        raise StackNotUp(f"the local stack is {found.state}: run `cutover local up`")
    return found.stack


def status(*, state_dir: Path | None = None) -> Status:
    """What stands at the place now; asks the emulator whether it answers."""
    place = Place.at(state_dir)
    recorded = emulator.recorded(place)
    if recorded is None:
        return Status("down", place.folder, None, None)
    if not emulator.alive(place) or not recorded.healthy():
        return Status("dead", place.folder, recorded, None)
    document = read_json(place.stack)
    if document is None:
        return Status("incomplete", place.folder, recorded, None)
    return Status("up", place.folder, recorded, LocalStack.from_document(document))


def _running(place: Place) -> LocalStack | None:
    return status(state_dir=place.folder).stack


def _clear(place: Place) -> bool:
    lived = emulator.stop(place)
    place.stack.unlink(missing_ok=True)
    return lived


def _identity(assembly: Assembly, root_fingerprint: str) -> str:
    """What makes two stacks the same: the template (which names its assets by digest) and the root."""
    return hashlib.sha256(assembly.template.read_bytes() + root_fingerprint.encode()).hexdigest()
