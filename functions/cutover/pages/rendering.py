"""Pages and their headers. Whatever a template prints is neutralised and escaped, without its asking."""

import base64
import functools
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from cutover.domain.legible import runs

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a browser, a page unless ``media_type`` says otherwise. ``headers`` come on top of every page's."""

    status: int
    html: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "text/html; charset=utf-8"


def headers() -> dict[str, str]:
    """What every answer carries: nothing runs, nothing is fetched, framed, cached or passed on."""
    return {
        "Content-Security-Policy": _policy(),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Strict-Transport-Security": "max-age=63072000",
    }


def running(text: str) -> dict[str, str]:
    """The header of a page that runs one script, ``text``, which may ask this page's own origin."""
    return {"Content-Security-Policy": _policy(f"script-src 'sha256-{_hash(text)}'; connect-src 'self'; ")}


@functools.cache
def script(path: Path) -> str:
    """A door's script: exactly what stands in its element."""
    return path.read_text(encoding="utf-8")


def _policy(more: str = "") -> str:
    return (
        f"default-src 'none'; {more}style-src 'sha256-{_hash(_style())}'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


@dataclass(frozen=True, slots=True)
class Pages:
    """One door's pages: the templates in ``folder`` over those that all doors share."""

    folder: Path

    def render(self, template: str, **values: Any) -> str:
        return _environment(self.folder).get_template(template).render(**values)


def neutralised(value: Any) -> Any:
    """Text with its invisible and reordering characters shown by name (``domain.legible``), then escaped."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return Markup("").join(
        Markup('<span class="char">{}</span>').format(run.text) if run.escaped else escape(run.text)
        for run in runs(value)
    )


def verbatim(value: str) -> Markup:
    """For attributes and text areas, where the characters themselves are sent back: escaped, not renamed."""
    return escape(value)


def titled(code: str) -> str:
    """``ROLLBACK_DRILL_MISSING`` as ``Rollback drill missing``."""
    return code.replace("_", " ").capitalize()


def brief(text: str, limit: int) -> str:
    """The beginning of a text on one line, and that it is only the beginning; the whole stands elsewhere."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}\N{HORIZONTAL ELLIPSIS}"


def sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


@functools.cache
def _environment(folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([folder, _TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=neutralised,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["style"] = Markup(_style())  # noqa: S704 - our own file, as its hash in the policy says
    environment.filters["verbatim"] = verbatim
    environment.filters["sentence"] = sentence
    environment.filters["brief"] = brief
    environment.filters["title_case"] = titled
    environment.filters["words"] = lambda name: name.replace("-", " ").replace("_", " ")
    return environment


@functools.cache
def _style() -> str:
    return (_TEMPLATES / "page.css").read_text(encoding="utf-8")


@functools.cache
def _hash(text: str) -> str:
    """For the policy (CSP Level 3, hash-source): of exactly what stands in the element."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
