"""What others wrote, made fit for one line of a document: whoever chose the text cannot make it invalid."""

MAX_BYTES = 500
"""Below the 512 bytes of ``contracts.base.Line``, so that a word may be put before it."""


def line(text: str, *, empty: str = "-") -> str:
    """The text on one printable line of at most ``MAX_BYTES`` bytes of UTF-8, cut between characters.

    What does not print (controls, line ends, lone surrogates, format characters) becomes U+FFFD.
    """
    printable = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return printable.encode("utf-8")[:MAX_BYTES].decode("utf-8", "ignore") or empty
