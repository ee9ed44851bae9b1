"""Prefetching and scanning: what mail programs, gateways and chat previews do with a link before a person does."""

import re
from html.parser import HTMLParser

from tests.attacks.cases import Attempt, attack
from tests.attacks.exchange import Fields, Reply
from tests.attacks.scene import Scene

FAMILY = "prefetch and scanners"
LOOKING = "looking decides nothing"
TYPED = "typed digest"
AGENTS = ("Mozilla/5.0 (compatible; LinkScanner/2.1)", "Slackbot-LinkExpanding 1.0", "Barracuda Sentinel", "curl/8.5.0")
PREFETCH = (
    {"purpose": "prefetch"},
    {"sec-purpose": "prefetch"},
    {"sec-purpose": "prefetch;prerender"},
    {"x-moz": "prefetch"},
    {"x-purpose": "preview"},
)


@attack(FAMILY, "HEAD, as a gateway asks whether the link is alive", by=LOOKING, answer="200")
def head(scene: Scene) -> Attempt:
    reply = scene.send("HEAD", scene.link())
    return Attempt(reply, bool(scene.decisions()) or reply.body != "")


@attack(FAMILY, "GET, by each of four scanners, without a cookie or a script", by=LOOKING, answer="200")
def follow(scene: Scene) -> Attempt:
    link = scene.link()
    replies = [scene.get(link, user_agent=agent) for agent in AGENTS]
    return Attempt(replies[-1], bool(scene.decisions()))


@attack(FAMILY, "GET with every header by which browsers say that they prefetch or prerender", by=LOOKING, answer="200")
def prefetch(scene: Scene) -> Attempt:
    replies = [scene.send("GET", scene.link(), headers=headers) for headers in PREFETCH]
    return Attempt(replies[-1], bool(scene.decisions()))


@attack(
    FAMILY, "renders the page, ticks every box, types a word in every field, submits every form", by=TYPED,
    answer="422 DIGEST_DIFFERS",
)  # fmt: skip
def submit_every_form(scene: Scene) -> Attempt:
    return _submitting(scene, "scanned")


@attack(FAMILY, "the same, with the fields left as they are", by=TYPED, answer="422 DIGEST_DIFFERS")
def submit_as_it_is(scene: Scene) -> Attempt:
    return _submitting(scene, "")


@attack(
    FAMILY, "the same, with every hexadecimal string that stands on the page, one after the other, cut to each field",
    by=(), answer="303", after="decided", works=True,
)  # fmt: skip
def submit_what_it_sees(scene: Scene) -> Attempt:
    """A program written for this page; at assurance ``link`` it does whatever the mailbox's owner could do."""
    link = scene.link()
    page = scene.get(link)
    seen = dict.fromkeys(re.findall(r"\b[0-9a-f]{6,64}\b", re.sub(r"<[^>]*>", "", page.body)))
    reply = page
    for text in seen:
        reply = scene.post(link, _form_of(page, "approve", text))
        if scene.decisions():
            break
    return Attempt(reply, bool(scene.decisions()))


def _submitting(scene: Scene, word: str) -> Attempt:
    """Every form of the page, the one that approves last: whatever the others did, nothing is to be recorded."""
    link = scene.link()
    page = scene.get(link)
    offered = [each for each in ("defer", "refuse", "approve") if f'value="{each}"' in page.body]
    replies = [scene.post(link, _form_of(page, each, word)) for each in offered]
    replies = [each for each in replies if each.status < 300 or "DIGEST_DIFFERS" not in each.code] or replies
    return Attempt(replies[-1], bool(scene.decisions()) or scene.record.deferral is not None)


def _form_of(page: Reply, decision: str, word: str) -> Fields:
    """The form as a program submits it: boxes ticked, texts typed, times taken from the field's own minimum."""
    reader = _Forms()
    reader.feed(page.body)
    for fields in reader.forms:
        if ("decision", "submit", decision, "", "") in fields:
            return [
                (name, _typed(kind, value, low, word, most))
                for name, kind, value, low, most in fields
                if kind != "submit"
            ] + [("decision", decision)]
    raise AssertionError(f"the page has no form to {decision}")


def _typed(kind: str, value: str, low: str, word: str, most: str) -> str:
    if kind in {"text", "textarea"}:
        return word[: int(most)] if most else word
    return low if kind == "datetime-local" else value


class _Forms(HTMLParser):
    """Each form's fields: name, kind, value, minimum, greatest length."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[list[tuple[str, str, str, str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append([])
        elif tag in {"input", "textarea", "button"} and "name" in given and self.forms:
            kind = given.get("type", tag)
            field = (given["name"], kind, given.get("value", ""), given.get("min", ""), given.get("maxlength", ""))
            self.forms[-1].append(field)
