"""The contract of ``Tokens``."""

from datetime import timedelta

from cutover.ports import Tokens
from tests.adapters.samples import CUTOVER, token
from tests.fakes.clock import START

LATER = START + timedelta(seconds=1)


def test_nothing_is_there_at_first(tokens: Tokens) -> None:
    assert tokens.newest(CUTOVER, 1) is None


def test_the_newest_wins_whatever_the_order(tokens: Tokens) -> None:
    newer = token("newer", LATER, state="AwaitWindow")
    tokens.put(newer)
    tokens.put(token("older", START))
    assert tokens.newest(CUTOVER, 1) == newer


def test_a_newer_token_replaces_the_older(tokens: Tokens) -> None:
    tokens.put(token("older", START))
    tokens.put(token("newer", LATER))
    assert tokens.newest(CUTOVER, 1) == token("newer", LATER)


def test_within_one_second_the_later_call_wins(tokens: Tokens) -> None:
    tokens.put(token("first"))
    tokens.put(token("second", state="AwaitWindow"))
    assert tokens.newest(CUTOVER, 1) == token("second", state="AwaitWindow")


def test_revisions_have_tokens_of_their_own(tokens: Tokens) -> None:
    tokens.put(token("one"))
    tokens.put(token("two", revision=2))
    assert tokens.newest(CUTOVER, 1) == token("one")
    assert tokens.newest(CUTOVER, 2) == token("two", revision=2)


def test_only_that_token_is_deleted(tokens: Tokens) -> None:
    tokens.put(token("older"))
    tokens.put(token("newer", LATER))
    tokens.delete(token("older"))
    tokens.delete(token("newer", LATER, state="AwaitWindow"))
    assert tokens.newest(CUTOVER, 1) == token("newer", LATER)
    tokens.delete(token("newer", LATER))
    tokens.delete(token("newer", LATER))
    assert tokens.newest(CUTOVER, 1) is None


def test_a_token_does_not_show_in_a_log_line() -> None:
    assert "secret" not in repr(token("secret"))
