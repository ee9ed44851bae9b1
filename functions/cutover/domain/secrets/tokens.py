"""Secrets whose form says what they are: tokens with a prefix, keys in PEM, JSON web tokens, credentials in URLs.

All tokens with a prefix are found in one pass over the long words of a body: one search for each would take as many
passes as there are kinds. Whatever else there is begins with a literal, which is a fast search. Repetitions are bounded
or possessive, and none starts inside another of its kind: no input makes a pattern read its bytes many times over.
"""

import re
from collections.abc import Iterator

Span = tuple[str, int, int]
_TOKENS: tuple[tuple[str, str, str], ...] = (
    ("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", "[A-Za-z0-9]{36,255}"),
    ("github-token", "github_pat_", "[A-Za-z0-9_]{50,255}"),
    ("gitlab-token", "glpat- gldt- glptt- glrt- glcbt- glsoat- glft- glagent- glimt-", "[A-Za-z0-9_.-]{20,300}"),
    ("slack-token", "xoxb- xoxp- xoxa- xoxr- xoxs- xoxe- xapp-", "[A-Za-z0-9.-]{20,300}"),
    ("stripe-key", "sk_live_ sk_test_ rk_live_ rk_test_ whsec_", "[A-Za-z0-9+/]{16,255}"),
    ("npm-token", "npm_", "[A-Za-z0-9]{36}"),
    ("pypi-token", "pypi-AgE", "[A-Za-z0-9_-]{50,500}"),
    ("rubygems-token", "rubygems_", "[0-9a-f]{48}"),
    ("docker-token", "dckr_pat_ dckr_oat_", "[A-Za-z0-9_-]{20,100}"),
    ("google-key", "AIza", "[A-Za-z0-9_-]{35}"),
    ("google-key", "GOCSPX-", "[A-Za-z0-9_-]{28}"),
    ("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", "[0-9a-f]{64}"),
    ("databricks-token", "dapi", "[0-9a-f]{32}"),
    ("model-key", "sk-proj- sk-ant- sk-svcacct-", "[A-Za-z0-9_-]{40,300}"),
    ("huggingface-token", "hf_", "[A-Za-z]{34}"),
    ("shopify-token", "shpat_ shpca_ shppa_ shpss_", "[0-9a-fA-F]{32}"),
    ("age-key", "AGE-SECRET-KEY-1", "[A-Z0-9]{58}"),
    ("json-web-token", "eyJ", r"[A-Za-z0-9_-]{8,4000}+\.eyJ[A-Za-z0-9_-]{8,16000}+\.[A-Za-z0-9_-]{8,4000}"),
    ("vault-token", "hvs. hvb. hvr.", "[A-Za-z0-9_-]{24,300}"),
    ("sendgrid-key", "SG.", r"[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}"),
)
_HEAD = 3
_BY_HEAD: dict[bytes, list[tuple[str, re.Pattern[bytes]]]] = {}
for _kind, _prefixes, _rest in _TOKENS:
    for _prefix in _prefixes.split():
        _pattern = re.compile(re.escape(_prefix.encode()) + _rest.encode() + rb"(?!\w)")
        _BY_HEAD.setdefault(_prefix[:_HEAD].encode(), []).append((_kind, _pattern))
_WORD = re.compile(rb"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{20,}+")
"""What every token begins with, but for the prefixes that end in a dot: these stand before such a word."""
_DOTTED = (b"hvs.", b"hvb.", b"hvr.", b"SG.")
_GOES_ON = frozenset({b"+", b"="})
"""What stands before a word only where it is a piece of something longer, such as base64."""
_PEM = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    rb"(?:[A-Za-z0-9+/=,: \t\r\n.()]|\\[nrt/]|-(?!----))*+"
    rb"(?:-----END [A-Z0-9 ]{1,60}-----)?"
)
# In JSON a slash may have a backslash before it, and some libraries write it so.
_WEBHOOK = re.compile(
    rb"hooks\.slack\.com\\?/services\\?/(?P<it>[A-Z0-9]{8,20}\\?/[A-Z0-9]{8,20}\\?/[A-Za-z0-9]{16,48})"
)
_IN_URL = re.compile(rb":\\?/\\?/[^\s/\"'<>@:\\?#]{0,256}+:(?P<it>[^\s/\"'<>@\\]{1,256}+)@(?=[A-Za-z0-9\[])")
_AWS_ID = re.compile(rb"A(?:KIA|SIA)[A-Z2-7]{16}(?![A-Za-z0-9+/=])")
_AWS_SECRET = re.compile(
    rb"(?<![A-Za-z0-9+/=])(?=[a-z0-9/+]{0,39}[A-Z])(?=[A-Z0-9/+]{0,39}[a-z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9+/=])"
)
_NEAR = 300
"""Bytes between an AWS access key id and its secret key: that has no form of its own."""
_PLACEHOLDER = re.compile(
    rb"\(redacted:[a-z0-9-]+\)|[$%<{\[*].*+|x+|X+|\.+|pass(?:word)?|passwd|pwd|pw|token|secret|change-?me|none|null",
    re.DOTALL | re.IGNORECASE,
)


def is_placeholder(value: bytes) -> bool:
    """Whether it stands for a secret without being one: a variable, asterisks, a word such as ``password``."""
    return _PLACEHOLDER.fullmatch(value) is not None


def spans(content: bytes) -> Iterator[Span]:
    """Kind, start and end of every secret with a form of its own. They may overlap."""
    yield from _words(content)
    if b"PRIVATE KEY" in content:
        yield from (("private-key", *match.span()) for match in _PEM.finditer(content))
    yield from (("slack-webhook", *match.span("it")) for match in _WEBHOOK.finditer(content))
    for match in _IN_URL.finditer(content):
        if not is_placeholder(match["it"]):
            yield "url-password", *match.span("it")
    yield from _aws(content)


def _words(content: bytes) -> Iterator[Span]:
    for word in _WORD.finditer(content):
        start = word.start()
        if content[start - 1 : start] == b"." and (prefix := content[max(0, start - 4) : start]).endswith(_DOTTED):
            start -= len(next(each for each in _DOTTED if prefix.endswith(each)))
        kinds = _BY_HEAD.get(content[start : start + _HEAD])
        if kinds is None or content[max(0, start - 1) : start] in _GOES_ON:
            continue
        for kind, pattern in kinds:
            if match := pattern.match(content, start):
                yield kind, *match.span()


def _aws(content: bytes) -> Iterator[Span]:
    """Access key ids that have a secret key near them, and these. An id alone is no secret."""
    for prefix in (b"AKIA", b"ASIA"):
        if prefix not in content:
            continue
        searched = 0
        for match in _AWS_ID.finditer(content):
            start = max(searched, match.start() - _NEAR)
            searched = match.end() + _NEAR
            near = [each.span() for each in _AWS_SECRET.finditer(content, start, searched)]
            if near:
                yield "aws-access-key", *match.span()
                yield from (("aws-secret-key", *each) for each in near)
