"""The way of a release as an SVG, drawn from the state machine's definition as a line with its stops.

It is narrow, so that it can still be read on a phone, and brings its own background and a dark palette.
Widths of words are estimated: no font is embedded, so lines are broken earlier than most fonts need.
"""

import textwrap
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from cutover.domain.record import Status
from cutover_cli.documentation.road import Stop, anytime, ends, failures, stops

SAYS = {
    "Admit": "Is it signed, meant for us, in time, and newer than the one before? Then that one ends.",
    "Collect": "Fetches every record that the candidate names, at that version. It judges nothing.",
    "Assemble": "Makes one bundle of it. Each field says where it came from, or stands as a gap.",
    "Verify": "Named checks, by family. A family that does not report is a hold, never a pass.",
    "Bind": "Signs one manifest: this bundle, this queue, this window. Or it holds what is open.",
    "AwaitResolution": "Something is missing. It has an owner. With an answer to each hold the next revision begins.",
    "RequestApproval": "Mails a link to the people of each role.",
    "AwaitApproval": "Distinct people read, answer and decide, each over the digest of this manifest.",
    "AwaitWindow": "Approved, but not sent: the change window has yet to open.",
    "HandOff": "Proves all of it again from the signed documents. Then it sends, once.",
}
_AGAIN = {
    "Admit": "The one before is being handed off? Then it waits for that to end.",
    "HandOff": "Send not acknowledged? The same envelope again, when the lease is over.",
}
"""Why a state is entered again after a pause."""
_ROW = 3
"""Ends that stand beside each other."""
WIDTH = 500
_SPINE, _TEXT, _SIDE, _EDGE = 42, 84, 104, 480
_DAY = 86_400
STYLE = """
    .paper { fill: #ffffff; stroke: #d5dbe3 }
    text { font-family: system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; fill: #4b5663; font-size: 16px }
    .name { fill: #131a22; font-size: 21px; font-weight: 700 }
    .small { font-size: 14.5px }
    .line { stroke: #2457c5; fill: none; stroke-width: 5; stroke-linecap: round }
    .strand { stroke: #2457c5; fill: none; stroke-width: 1.6 }
    .side { stroke: #b26a00; fill: none; stroke-width: 3.5; stroke-dasharray: 1 8; stroke-linecap: round }
    .dot { fill: #2457c5 }
    .wait { fill: #ffffff; stroke: #b26a00; stroke-width: 3.5 }
    .hand { stroke: #b26a00; fill: none; stroke-width: 2.5; stroke-linecap: round; stroke-linejoin: round }
    .chip { fill: #eef3fd; stroke: none }
    .chiptext { fill: #1d449b; font-size: 14.5px }
    .late { fill: #8a5200; font-size: 14.5px }
    .exit { fill: #a3262b; font-size: 15px; font-weight: 600; text-anchor: end }
    .gate { fill: #131a22 }
    .gatetext { fill: #ffffff; font-weight: 600; font-size: 17px }
    .sent { fill: #1a7446 }
    .end { fill: none; stroke: #a3262b; stroke-width: 1.5 }
    .endtext { fill: #a3262b; font-weight: 600; font-size: 15px; text-anchor: middle }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #11161d; stroke: #2d3641 }
      text { fill: #a9b4c0 }
      .name { fill: #eef2f6 }
      .line, .strand { stroke: #7aa5ff }
      .dot { fill: #7aa5ff }
      .side, .hand { stroke: #e0a13a }
      .wait { fill: #11161d; stroke: #e0a13a }
      .chip { fill: #1d2a42 }
      .chiptext { fill: #b3cbff }
      .late { fill: #e8b968 }
      .exit, .endtext { fill: #ff8f8a }
      .end { stroke: #ff8f8a }
      .gate { fill: #e6ebf1 }
      .gatetext { fill: #11161d }
      .sent { fill: #58c48a }
    }"""


@dataclass
class _Canvas:
    """What is drawn so far, in two layers, and how far down the page."""

    y: float = 24
    line: list[float] = field(default_factory=list)
    """Where the one line begins and ends, in turn: between them are strands."""
    below: list[str] = field(default_factory=list)
    above: list[str] = field(default_factory=list)

    def text(self, x: float, kind: str, words: str, *, lead: float) -> None:
        """One line of text, ``lead`` below the one before."""
        self.y += lead
        self.above.append(f'<text x="{x:g}" y="{self.y:g}" class="{kind}">{escape(words)}</text>')

    def paragraph(self, x: float, words: str, kind: str = "") -> None:
        for line in textwrap.wrap(words, int((_EDGE - x) / (8.1 if kind else 8.8))):
            self.text(x, kind, line, lead=21)


def draw(definition: dict[str, Any]) -> str:
    """The picture of a definition. KeyError names a state for which ``SAYS`` has no words."""
    canvas = _Canvas()
    _gate(canvas, "CI announces a signed candidate", "gate")
    canvas.line.append(canvas.y)
    for stop in stops(definition):
        _stop(canvas, stop)
    canvas.y += 22
    canvas.line.append(canvas.y)
    for top, bottom in zip(canvas.line[::2], canvas.line[1::2], strict=True):
        canvas.below.append(f'<path class="line" d="M{_SPINE} {top:g}V{bottom:g}"/>')
    _gate(canvas, "One message in one deployment queue", "sent")
    _ends(canvas, failures(definition))
    height = canvas.y + 26
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" '
            f'height="{height:g}" role="img" aria-labelledby="title description">',
            '  <title id="title">The way of a release through Cutover</title>',
            f'  <desc id="description">{escape(_words(definition))}</desc>',
            f"  <style>{STYLE}\n  </style>",
            f'  <rect class="paper" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1:g}" rx="14"/>',
            *(f"  {shape}" for shape in (*canvas.below, *canvas.above)),
            "</svg>\n",
        ]
    )


def _words(definition: dict[str, Any]) -> str:
    """The same for those who do not see it."""
    said = " ".join(f"{stop.name}: {SAYS[stop.name]}" for stop in stops(definition))
    others = ", ".join(_shown(status) for status in ends())
    return f"CI announces a signed candidate. {said} One message in one deployment queue. Other ends: {others}."


def _gate(canvas: _Canvas, words: str, kind: str) -> None:
    width = 36 + 10.7 * len(words)
    canvas.above.append(
        f'<rect class="{kind}" x="{_SPINE - 18}" y="{canvas.y:g}" width="{width:g}" height="38" rx="19"/>'
        f'<text class="gatetext" x="{_SPINE}" y="{canvas.y + 25:g}">{escape(words)}</text>'
    )
    canvas.y += 38


def _stop(canvas: _Canvas, stop: Stop) -> None:
    x, at = (_SIDE + 34, _SIDE) if stop.side else (_TEXT, _SPINE)
    canvas.y += 20
    start = canvas.y
    canvas.text(x, "name", stop.name, lead=24)
    _mark(canvas, stop, at, start)
    if stop.exits:
        said = " · ".join(_shown(status) for status in stop.exits)
        canvas.above.append(f'<text class="exit" x="{_EDGE}" y="{canvas.y:g}">{said} →</text>')
    canvas.paragraph(x, SAYS[stop.name])
    if stop.waits_seconds is not None:
        canvas.text(x, "late", f"looks again after {stop.waits_seconds // _DAY} days at the latest", lead=21)
    if stop.branches:
        _chips(canvas, x, stop.branches)
        _strands(canvas, len(stop.branches), start + 26, canvas.y)
        canvas.line += [start + 26, canvas.y + 8]
    if stop.repeats:
        canvas.paragraph(x, _AGAIN[stop.name], "late")


def _mark(canvas: _Canvas, stop: Stop, at: float, start: float) -> None:
    """A dot where something is done, a clock where something is waited for."""
    y = start + 17
    if stop.side:
        canvas.below.append(
            f'<path class="side" d="M{_SPINE} {start - 14:g}C{_SPINE} {y:g} {at - 46} {y:g} {at - 18} {y:g}"/>'
        )
    if stop.waits_seconds is None:
        canvas.above.append(f'<circle class="dot" cx="{at}" cy="{y:g}" r="9"/>')
        return
    canvas.above.append(f'<circle class="wait" cx="{at}" cy="{y:g}" r="13"/>')
    canvas.above.append(f'<path class="hand" d="M{at} {y - 7:g}V{y:g}L{at + 5} {y + 3:g}"/>')


def _chips(canvas: _Canvas, x: float, names: tuple[str, ...]) -> None:
    canvas.y += 10
    left = x
    for name in names:
        width = 18 + 8.4 * len(name)
        if left + width > _EDGE:
            left, canvas.y = x, canvas.y + 30
        canvas.above.append(
            f'<rect class="chip" x="{left:g}" y="{canvas.y:g}" width="{width:g}" height="25" rx="6"/>'
            f'<text class="chiptext" x="{left + 9:g}" y="{canvas.y + 17.5:g}">{escape(name.lower())}</text>'
        )
        left += width + 6
    canvas.y += 26


def _strands(canvas: _Canvas, count: int, top: float, bottom: float) -> None:
    """The line fans out into one strand for each branch, and closes again."""
    for number in range(count):
        x = _SPINE + (number - (count - 1) / 2) * 40 / (count - 1)
        canvas.below.append(
            f'<path class="strand" d="M{_SPINE} {top:g}C{_SPINE} {top + 14:g} {x:.1f} {top + 8:g} {x:.1f} {top + 24:g}'
            f'V{bottom - 16:g}C{x:.1f} {bottom:g} {_SPINE} {bottom - 6:g} {_SPINE} {bottom + 8:g}"/>'
        )


def _ends(canvas: _Canvas, failing: list[str]) -> None:
    canvas.y += 8
    canvas.paragraph(_SPINE - 18, "Then Cutover stops. The other ends of a release, each in the ledger:")
    canvas.y += 12
    others = ends()
    width = (_EDGE - _SPINE + 18 - 10 * (_ROW - 1)) / _ROW
    for number, status in enumerate(others):
        left = _SPINE - 18 + number % _ROW * (width + 10)
        canvas.y += 42 if number and not number % _ROW else 0
        canvas.above.append(
            f'<rect class="end" x="{left:.1f}" y="{canvas.y:g}" width="{width:.1f}" height="32" rx="16"/>'
            f'<text class="endtext" x="{left + width / 2:.1f}" y="{canvas.y + 21:g}">{_shown(status)}</text>'
        )
    canvas.y += 38
    whenever = ", ".join(_shown(status) for status in anytime())
    canvas.paragraph(_SPINE - 18, f"Until its hand-off begins, a release can at any time be: {whenever}.", "small")
    canvas.y += 6
    for name in failing:
        said = f"A stage that fails after its retries ends the execution in {name}, not the release: its record stays."
        canvas.paragraph(_SPINE - 18, said, "small")


def _shown(status: Status) -> str:
    return status.value.replace("_", " ")
