"""docs/attacks.md, made of the suite's own data: ``python -m tests.attacks.table`` writes it."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.attacks.cases import FAMILIES, Attack
from tests.attacks.defences import DEFENCES
from tests.attacks.everything import ATTACKS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "attacks.md"
HEAD = """\
# Attacks on approvals

Made by `python -m tests.attacks.table` from the cases in `tests/attacks`; a test holds this page to them. What is
protected, and from whom, stands in the [threat model](threat-model.md).

Every case runs against the real page: in memory, with a clock that moves, and where the table says so over HTTP
against the whole deployed template on the local stack. After each one the person who was asked still decides, or
their decision stands, or the release says that it is over; and no log line holds sixteen characters in a row of any
link or nonce that was made, seen or mailed. On the stack that is asked of every log group. Hostile texts stand there
in one release, all at once, and what is told of it is compared with a harmless one.

No case passes for another reason than the one that it names: `tests/attacks/test_defences.py` switches the named
defences off and sees the attack succeed. Where a case names several, each of them is left on alone, and is enough.
"""
HONEST = """\
## What a program can do that fills in everything that it sees

A mail scanner that only follows links, or prefetches them, decides nothing. Neither does one that renders the page,
runs its scripts, ticks every box, types a word into every field and submits every form: each form asks for the first
eight characters of the package's digest. But those characters stand on the page, because people have to compare them.
A program that types every hexadecimal string that it sees into every field, and submits, **decides at assurance
`link`**: it can approve, and just as well refuse or defer, in the name of whoever was sent the mail. The case is in
the table (`submit_what_it_sees`), and it succeeds; `tests/browser/test_scanner.py` plays it in Chromium. The typed
digest keeps accidents out and shows that somebody looked; it is no proof of a person. A link proves a mailbox, and
whatever reads that mailbox has what its owner has.

At assurance `passkey` the same program decides nothing (`by_what_it_sees`). The challenge is the digest of the answers,
the package, the role, the person and the form's nonce; it is signed by a key that the authenticator does not give away,
for this page's origin only, and only after it asked its owner for a PIN, a fingerprint or a face. Nothing that can be
seen, typed or clicked on the page makes that signature, and none that was made for another decision fits. Where a
mailbox is not proof enough, the policy should demand `passkey` for the role.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_families(), HONEST, *_defences()]).rstrip() + "\n"


def _families() -> Iterator[str]:
    on_stack = sum(each.stack for each in ATTACKS)
    yield f"{len(ATTACKS)} cases in {len(FAMILIES)} families, {on_stack} of them on the local stack too."
    yield ""
    for family in FAMILIES:
        yield from (f"## {family[0].upper()}{family[1:]}", "", "| attack | held by | answer | case |")
        yield "| --- | --- | --- | --- |"
        yield from (_row(each) for each in ATTACKS if each.family == family)
        yield ""


def _row(attack: Attack) -> str:
    held = "; ".join(attack.defences) or "**nothing: it succeeds**"
    answers = " or ".join(f"`{each}`" for each in attack.answers)
    places = "memory, stack" if attack.stack else "memory"
    return f"| {attack.tries} | {held} | {answers} | `{attack.name}` ({places}) |"


def _defences() -> Iterator[str]:
    yield from ("## Defences", "", "| defence | where | cases that fail without it |", "| --- | --- | ---: |")
    for name, defence in DEFENCES.items():
        cases = sum(name in each.defences for each in ATTACKS)
        yield f"| {name} | `functions/cutover/{defence.at}` | {cases} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE}\n")
