"""The functions' last errors, for somebody who has to find out why a step did not come."""

import json
import re
from collections.abc import Iterable

from botocore.exceptions import BotoCoreError, ClientError

from cutover_cli.local.stack import LocalStack

_LEVELS = frozenset({"ERROR", "CRITICAL"})
_MARKS = ("Traceback", "Task timed out", "[ERROR]")
_SECRET = re.compile(r"[A-Za-z0-9+/=_.~-]{48,}")
"""Longer than any name here, as long as a link, a token or a signature: cut out of whatever is shown."""
_MAX_CHARACTERS = 300


def last_errors(stack: LocalStack) -> str:
    """One line for each function that logged an error, its last one; says so when none did."""
    lines = []
    for function in sorted(stack.functions):
        try:
            found = errors_in(stack.logs(function))
        except (BotoCoreError, ClientError) as error:
            found = [f"its log cannot be read: {type(error).__name__}"]
        if found:
            lines.append(f"\n  {function}: {found[-1]}")
    return "".join(lines) or " No function logged an error."


def errors_in(lines: Iterable[str]) -> list[str]:
    """What each error says. A traceback may come as one entry or line by line; its last line is what it says."""
    found: list[str] = []
    in_traceback = False
    for line in lines:
        if in_traceback and line and not line[0].isspace():
            in_traceback = False
            found.append(_short(line.strip()))
        elif "Traceback" in line and "\n" not in line.strip():
            in_traceback = True
        elif not in_traceback and (text := error_of(line)):
            found.append(text)
    return found


def error_of(line: str) -> str | None:
    """What an error line of a function says, short and without anything that could be a secret; else None."""
    try:
        record = json.loads(line)
    except ValueError:
        return _short(line.strip().splitlines()[-1]) if any(mark in line for mark in _MARKS) else None
    if not isinstance(record, dict) or record.get("level") not in _LEVELS:
        return None
    parts = (record.get("event_name"), record.get("exception_name"), record.get("message"), record.get("reason"))
    last = str(record.get("exception") or "").strip().splitlines()[-1:]
    return _short(": ".join(str(part) for part in (*parts, *last) if part))


def _short(text: str) -> str:
    return _SECRET.sub("[…]", text)[:_MAX_CHARACTERS]
