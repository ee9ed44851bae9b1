"""The files of a first product, made of templates: pure, but for reading the templates that come with the command."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from cutover.contracts.base import Audience, Name, format_instant
from cutover_cli.fills import MARK
from cutover_cli.local.surroundings import ACCOUNT, REGION

TEMPLATES = Path(__file__).parent / "templates"
GUIDE = PurePosixPath("NEXT.md")
FILES = tuple(
    PurePosixPath(name)
    for name in (
        "rules.yaml", "facts.yaml", "deployment.json", "candidate.yaml", "records/change.json", "records/rollout.json",
        "records/flags.json", "records/overlays.json", "records/rollback.json", "records/catalog.yaml",
    )
)  # fmt: skip
"""In the order in which they are filled. The guide comes last: it lists what is to be filled in the others."""
HERE = f"cutover:cutover:{ACCOUNT}:{REGION}:development"
"""The audience of the local stack."""
OPENS_IN, OPEN_FOR = timedelta(days=7), timedelta(hours=2)
OPENS_AT_HOUR = 18
VARIANTS = ("deploying", "uploading", "approving", "receiving")
OPEN_HERE_FOR = timedelta(days=3)
"""Nobody waits for a window on their own machine."""
OUTLIVES_WINDOW = timedelta(days=1)
KEYS_FOR, FLAG_FOR = timedelta(days=365), timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the command is told."""

    product: Name
    target: Name
    environment: Name
    component: Name
    audience: Audience
    local: bool = False
    """For the stack of this machine."""


@dataclass(frozen=True, slots=True)
class Fill:
    """One value that is left to the reader; lines count from 1."""

    file: str
    line: int
    what: str


def written(begin: Beginning, now: datetime) -> dict[PurePosixPath, str]:
    """Every file by its name in the folder."""
    values = _values(begin, now)
    made = {name: _filled_in(name, values) for name in FILES}
    listed = "\n".join(f"- `{each.file}:{each.line}` {each.what}" for each in fills(made))
    return made | {GUIDE: _filled_in(GUIDE, {**values, "fills": listed})}


def fills(files: Mapping[PurePosixPath, str]) -> tuple[Fill, ...]:
    """Every place that is left, in order."""
    return tuple(
        Fill(str(name), number, line.partition(MARK)[2].rpartition('"')[0].strip())
        for name, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if name != GUIDE and f'"{MARK}' in line
    )


def _values(begin: Beginning, now: datetime) -> dict[str, str]:
    opens = now if begin.local else (now + OPENS_IN).replace(hour=OPENS_AT_HOUR, minute=0, second=0, microsecond=0)
    closes = opens + (OPEN_HERE_FOR if begin.local else OPEN_FOR)
    _, instance, _, _, stage = begin.audience.split(":")
    instants = {
        "now": now, "opens_at": opens, "closes_at": closes, "expires_at": closes + OUTLIVES_WINDOW,
        "keys_until": now + KEYS_FOR, "flag_until": now + FLAG_FOR,
    }  # fmt: skip
    return {
        **{name: _variant(name, local=begin.local) for name in VARIANTS},
        "product": begin.product, "target": begin.target, "environment": begin.environment,
        "component": begin.component, "audience": begin.audience, "stage": stage, "stack": f"{instance}-{stage}",
        "instance": instance,
        **_kept(stage),
        "there": "--local" if begin.local else f"--stack {instance}-{stage}",
        "window": f"{begin.target}-{opens:%Y-%m-%d}",
        **{name: format_instant(each) for name, each in instants.items()},
    }  # fmt: skip


def _kept(stage: str) -> dict[str, str]:
    """How long a stage keeps what it has, and in production, which has no bucket of its own for them, its sources."""
    if stage != "production":
        return {"retention_days": "30", "log_retention_days": "30", "source_buckets": ""}
    sources = f'  "source_buckets": ["{MARK} the bucket that CI and the owners of records write to"],\n'
    return {"retention_days": "2557", "log_retention_days": "731", "source_buckets": sources}


def _variant(name: str, *, local: bool) -> str:
    """A part of the guide that is another one for the stack of this machine."""
    return (TEMPLATES / "guide" / f"{name}.{'local' if local else 'aws'}.md").read_text("utf-8").strip()


def _filled_in(name: PurePosixPath, values: Mapping[str, str]) -> str:
    text = (TEMPLATES / name).read_text("utf-8")
    for key, value in values.items():
        text = text.replace(f"<<{key}>>", value)
    return text
