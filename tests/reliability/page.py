"""docs/reliability.md from what was measured and what was found: nothing in it is written by hand."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.reliability.measured import Count, Measured, Part
from tests.reliability.parts import RUNNERS, Runner

FINDINGS = Path(__file__).parent / "findings.toml"
HEAD = """\
# Reliability

Made by `make reliability`; a test holds this page to `docs/reliability.json` and `tests/reliability/findings.toml`.
What is promised stands in [the protocol](protocol.md); this page tells how it was tried.

## What was run
"""


def page(measured: Measured) -> str:
    """The whole page."""
    told = tomllib.loads(FINDINGS.read_text("utf-8"))
    return "\n".join([*_summary(measured), *_parts(measured), *_found(told["found"]), *_limits(told["cannot"])]) + "\n"


def _summary(measured: Measured) -> Iterator[str]:
    yield HEAD
    yield "| part | counted | outcome | seconds | commit |"
    yield "| --- | --- | --- | ---: | --- |"
    for runner in RUNNERS:
        part = measured.of(runner.name)
        if part is None:
            yield f"| [{runner.heading}](#{_anchor(runner)}) | | not run | | |"
            continue
        first = "; ".join(_told(each) for each in part.counts[:2])
        link = f"[{runner.heading}](#{_anchor(runner)})"
        seconds = part.seconds or ""
        yield f"| {link} | {first} | {part.outcome} | {seconds} | `{part.commit}` |"


def _parts(measured: Measured) -> Iterator[str]:
    for runner in RUNNERS:
        part = measured.of(runner.name)
        yield from ("", f"## {runner.heading}", "", runner.says, "")
        if part is not None:
            yield from _counts(part)


def _counts(part: Part) -> Iterator[str]:
    yield f"`{part.command}`, on {part.machine}."
    if part.outcome == "sampled":
        yield "Not everything was tried: these counts were put together by hand from runs of single targets."
    yield from ("", "| | |", "| --- | ---: |")
    for each in part.counts:
        yield f"| {each.what} | {_number(each.count)} |"


def _found(found: list[dict[str, Any]]) -> Iterator[str]:
    yield from ("", "## What it found on the way", "", "| by | what | mended by |", "| --- | --- | --- |")
    for each in found:
        yield f"| {each['by']} | {each['what']} | {each['mended']} |"


def _limits(cannot: list[str]) -> Iterator[str]:
    yield from ("", "## What this cannot show", "")
    for each in cannot:
        yield f"- {each}"


def _told(counted: Count) -> str:
    if isinstance(counted.count, int):
        return f"{counted.count:,} {counted.what}"
    return f"{counted.what}: {counted.count}"


def _anchor(runner: Runner) -> str:
    return runner.heading.lower().replace(" ", "-").replace(",", "")


def _number(count: int | str) -> str:
    return f"{count:,}" if isinstance(count, int) else count
