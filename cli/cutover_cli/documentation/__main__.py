"""``python -m cutover_cli.documentation``: makes the picture, the commands' page and the tables anew."""

import json
from pathlib import Path

from cutover_cli.documentation import commands, picture, tables
from cutover_cli.local.place import repository

PICTURE = Path("docs/images/way.svg")
COMMANDS = Path("docs/commands.md")
PAGES = (Path("docs/protocol.md"), Path("docs/checks.md"), Path("docs/who.md"))


def made(root: Path) -> dict[Path, str]:
    """By path in the checkout, what each made file should hold."""
    definition = json.loads((root / "statemachine" / "cutover.asl.json").read_text("utf-8"))
    return {
        PICTURE: picture.draw(definition),
        COMMANDS: commands.page(),
        **{page: tables.fill((root / page).read_text("utf-8")) for page in PAGES},
    }


def main() -> None:
    """Writes what differs, and names it."""
    root = repository()
    for path, text in made(root).items():
        if not (root / path).is_file() or (root / path).read_text("utf-8") != text:
            (root / path).write_text(text, "utf-8")
            print(path)


if __name__ == "__main__":
    main()
