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


def test_a_token_of_an_older_execution_never_replaces_a_newer_ones(tokens: Tokens) -> None:
    """An execution that was taken for lost comes to its wait after all: however late, it is not the one to wake."""
    newer = token("newer", START, execution=2)
    tokens.put(newer)
    tokens.put(token("older", LATER, execution=1))
    assert tokens.newest(CUTOVER, 1) == newer


def test_a_token_of_a_newer_execution_replaces_one_that_was_stored_later(tokens: Tokens) -> None:
    tokens.put(token("older", LATER, execution=1))
    tokens.put(token("newer", START, execution=2))
    assert tokens.newest(CUTOVER, 1) == token("newer", START, execution=2)


def test_executions_are_counted_not_compared_as_text(tokens: Tokens) -> None:
    tokens.put(token("tenth", START, execution=10))
    tokens.put(token("ninth", LATER, execution=9))
    assert tokens.newest(CUTOVER, 1) == token("tenth", START, execution=10)


def test_a_token_of_an_older_execution_does_not_delete_a_newer_ones(tokens: Tokens) -> None:
    tokens.put(token("newer", START, execution=2))
    tokens.delete(token("older", START, execution=1))
    assert tokens.newest(CUTOVER, 1) == token("newer", START, execution=2)


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
