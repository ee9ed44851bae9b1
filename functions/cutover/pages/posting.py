"""What a page's form posts: from the page's own origin, small, and each field once."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from cutover.errors import Refused

MAX_BODY_BYTES = 16_384
MAX_FIELDS = 250
MEDIA_TYPE = "application/x-www-form-urlencoded"
AGAIN = "open the page again and use its own form"


def check_origin(headers: Mapping[str, str], *, page_origin: str) -> None:
    """Refuses (``FORM_CROSS_SITE``) a post that another site's page made. ``headers`` in lower case.

    The page sends ``Referrer-Policy: no-referrer``, under which browsers state ``Origin: null`` for
    its own form too (Fetch, 3.2 step 3). A null origin therefore counts only with the browser's word that the
    request is from the same origin (``Sec-Fetch-Site``). Clients that send neither are no browsers
    and carry nobody's session: the link is the only credential.
    """
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    foreign = Refused("FORM_CROSS_SITE", "the form was sent from another site", AGAIN)
    if site is not None and site != "same-origin":
        raise foreign
    if origin == "null" and site is None:
        raise foreign
    if origin not in {None, "null"} and origin != page_origin:
        raise foreign


def origin_of(url: str) -> str:
    """Scheme, host and port as browsers state them in ``Origin`` (RFC 6454, section 6.1)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def fields(body: bytes, *, content_type: str, known: frozenset[str], again: set[str] | None = None) -> dict[str, str]:
    """The fields of a page's form, each once. ``again`` collects the field ``exception``, where there can be several.

    Raises ``Refused``: ``FORM_TOO_LARGE``, ``FORM_WRONG_TYPE``, ``FORM_MALFORMED``, ``FORM_FIELD_UNKNOWN``.
    """
    if len(body) > MAX_BODY_BYTES:
        raise Refused("FORM_TOO_LARGE", f"a form of more than {MAX_BODY_BYTES} bytes", "shorten the reason")
    if content_type.split(";", maxsplit=1)[0].strip().lower() != MEDIA_TYPE:
        raise Refused("FORM_WRONG_TYPE", f"only {MEDIA_TYPE} is accepted", AGAIN)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict",
            max_num_fields=MAX_FIELDS,
        )  # fmt: skip
    except ValueError as error:
        raise Refused("FORM_MALFORMED", "the form's fields cannot be read", AGAIN) from error
    single: dict[str, str] = {}
    for name, value in pairs:
        if name == "exception" and again is not None:
            again.add(value)
        elif name not in known:
            raise Refused("FORM_FIELD_UNKNOWN", "the form has a field that this page does not know", AGAIN)
        elif name in single:
            raise Refused("FORM_MALFORMED", f"the field {name} comes twice", AGAIN)
        else:
            single[name] = value
    return single
