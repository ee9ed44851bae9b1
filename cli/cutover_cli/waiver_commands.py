"""`cutover waiver`: sign the permission that answers one hold."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cutover.contracts.base import format_instant, parse_instant
from cutover.contracts.records import WAIVER_TYPE, Waiver
from cutover.domain import canonical
from cutover.domain.waivers import lasting
from cutover_cli import files, signing
from cutover_cli.orders import KeyOption
from cutover_cli.output import BadArgument, Format, FormatOption, answer, answering

app = typer.Typer(help="Permissions with an end, each for one hold.", no_args_is_help=True)


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The waiver, in YAML or JSON.")],
    *,
    key: KeyOption,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the envelope is written.")],
    until: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="It must last until then, such as the window's end.")
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Sign a waiver that is complete and has not ended. It answers the hold with its fingerprint, and no other.

    `cutover holds show` tells the fingerprint. Whether the window ends before it is asked where it is used.
    """
    with answering(form):
        waiver, now = files.model(Waiver, file), datetime.now(UTC)
        ends = lasting(waiver, at=now, until=_instant(until) or now)
        sealed = signing.seal(WAIVER_TYPE, canonical.encode_model(waiver), signing.load(key))
        content = canonical.encode_model(sealed)
        files.write(out, content)
        said = {
            "payload": canonical.digest_model(waiver), "envelope": canonical.digest(content), "file": str(out),
            "fingerprint": waiver.fingerprint, "expires_at": format_instant(ends),
        }  # fmt: skip
        answer(said, form, lambda: f"signed: answers {waiver.fingerprint} until {said['expires_at']}")


def _instant(text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise BadArgument(f"--until: {error}") from error
