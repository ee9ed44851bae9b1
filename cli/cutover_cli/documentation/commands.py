"""The page of all commands, made from the very help that they print."""

from collections.abc import Iterator
from typing import Any

import typer.main

from cutover_cli.documentation.markdown import table
from cutover_cli.main import app
from cutover_cli.output import Exit

BEGIN = """# Commands

Made from the commands' own help by `python -m cutover_cli.documentation`; a test fails when it went stale.

Every command takes `--format json` and answers with one JSON document on standard output then; a failure has `result`
`failed`, a stable `reason`, and a `message`. What others wrote is shown so that it cannot drive a terminal. Set
`CUTOVER_TRACE` to see where a bug lies.

Commands that work on a deployment are told which by `--stack NAME` (with `--profile` and `--region` of your AWS
configuration), or by `--local` (with `--state-dir`, where it is not that of this checkout). They say *on a deployment*.
`cutover --show-config` shows what they would go by, without anything secret; `cutover --install-completion` completes
their names in bash, zsh and fish. What changes something has a `--dry-run`: it judges with the same code, and exits 10.

"""
SITE = frozenset({"stack", "profile", "region", "local", "state_dir"})
MEANINGS = {
    Exit.DONE: "done",
    Exit.FAILED: "failed while running",
    Exit.USAGE: "bad arguments or configuration",
    Exit.REFUSED: "refused by validation or verification, nothing changed; unreadable input",
    Exit.REMOTE: "a remote service failed, or did not answer in time",
    Exit.PARTLY: "partly done",
    Exit.CHANGES: "a dry run, or `policy diff`, found changes",
}


def page() -> str:
    """``docs/commands.md``."""
    codes = table(("exit", "means"), [(str(code.value), meaning) for code, meaning in MEANINGS.items()])
    root = typer.main.get_command(app)
    sections = "".join(_section(words, command) for words, command in commands(root, "cutover"))
    return f"{BEGIN}{codes}\n{sections}".rstrip() + "\n"


def commands(command: Any, words: str) -> Iterator[tuple[str, Any]]:
    """Each command with the words that call it, groups left out, in the order of its name."""
    below = getattr(command, "commands", None)
    if below is None:
        yield words, command
        return
    for name in sorted(below):
        yield from commands(below[name], f"{words} {name}")


def _section(words: str, command: Any) -> str:
    names = {each.name for each in command.params}
    told = {"help", "form"} | (SITE if names >= SITE else frozenset())
    rows = [_row(each) for each in command.params if each.name not in told]
    where = "*On a deployment.*\n\n" if names >= SITE else ""
    given = table(("argument", "means", "default"), rows) + "\n" if rows else ""
    return f"## {words}\n\n{_help(command.help)}\n\n{where}{given}"


def _help(text: str | None) -> str:
    """A docstring's paragraphs, each on one line."""
    paragraphs = (text or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _row(param: Any) -> tuple[str, str, str]:
    return f"`{_name(param)}`", " ".join((getattr(param, "help", None) or "").split()), _default(param)


def _name(param: Any) -> str:
    if param.param_type_name == "argument":
        return str(param.metavar or param.name).upper()
    names = " / ".join([*param.opts, *param.secondary_opts])
    value = "" if param.is_flag else f" {param.metavar or str(param.name).upper()}"
    return f"{names}{value}"


def _default(param: Any) -> str:
    """What holds where nothing is given; what is asked of the machine is told in the help."""
    if param.required:
        return "required"
    if param.default is None or param.default is False or callable(param.default):
        return ""
    value = getattr(param.default, "value", param.default)
    shown = {True: "on"}.get(value, value) if isinstance(value, bool) else value
    return f"`{shown}`"
