"""Reads an approvals page as a browser would: its forms with their fields, and the digest that it shows."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

DIGEST_CLASS = "digest"
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})


@dataclass
class Form:
    """One form: fixed fields, the check boxes' names and values, the text fields' names, the buttons."""

    method: str
    hidden: dict[str, str] = field(default_factory=dict)
    boxes: list[tuple[str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """A parsed page. `digest` is the text of the first element that is marked as one, without white space."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.text: list[str] = []
        self._in_form = False
        self._digest: list[str] = []
        self._depth_in_digest = 0
        self._silent = 0
        self.feed(html)
        self.close()

    @property
    def digest(self) -> str:
        """Hexadecimal digits; empty where the page shows none."""
        return "".join("".join(self._digest).split())

    def form_with(self, name: str, value: str) -> Form | None:
        """The first form that has a button of this name and value."""
        return next((form for form in self.forms if (name, value) in form.buttons), None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collects forms, and follows the nesting of the digest's element."""
        given = {name: value or "" for name, value in attrs}
        if self._depth_in_digest and tag not in _VOID:
            self._depth_in_digest += 1
        elif not self._digest and DIGEST_CLASS in given.get("class", "").split():
            self._depth_in_digest = 1
        if tag in {"style", "script", "head"}:
            self._silent += 1
        if tag == "form":
            self.forms.append(Form(given.get("method", "get").lower()))
            self._in_form = True
        elif self._in_form and given.get("name"):
            self._field(tag, given)

    def handle_endtag(self, tag: str) -> None:
        """Closes what `handle_starttag` opened."""
        if self._depth_in_digest and tag not in _VOID:
            self._depth_in_digest -= 1
        if tag in {"style", "script", "head"} and self._silent:
            self._silent -= 1
        if tag == "form":
            self._in_form = False

    def handle_data(self, data: str) -> None:
        """Collects what a reader sees."""
        if self._depth_in_digest:
            self._digest.append(data)
        if not self._silent and data.strip():
            self.text.append(" ".join(data.split()))

    def _field(self, tag: str, given: dict[str, str]) -> None:
        form, name, value = self.forms[-1], given["name"], given.get("value", "")
        if tag == "button":
            form.buttons.append((name, value))
        elif tag == "textarea" or given.get("type", "text") == "text":
            form.texts.append(name)
        elif given["type"] == "checkbox":
            form.boxes.append((name, value))
        elif given["type"] == "hidden":
            form.hidden[name] = value
