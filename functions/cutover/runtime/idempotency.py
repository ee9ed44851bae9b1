"""Powertools idempotency: the first guard, never the last.

It deletes its record when a handler raises, and its updates are unconditional; so each guarded
function is idempotent by its own conditional writes too, and the suite runs with this table emptied.
"""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function

from cutover.runtime.wiring import wired

SECONDS = 3600


def once(name: str, function: Callable[..., dict[str, Any]], context: Any) -> Callable[..., dict[str, Any]]:
    """``function`` guarded by its keyword argument ``key``, which must be a digest.

    The context tells the guard how long this invocation may still take, so that one that was
    killed does not lock its key for good.
    """
    config = IdempotencyConfig(raise_on_no_idempotency_key=True, hash_function="sha256", expires_after_seconds=SECONDS)
    config.register_lambda_context(context)
    guarded: Callable[..., dict[str, Any]] = idempotent_function(
        function,
        data_keyword_argument="key",
        persistence_store=wired().idempotency,
        config=config,
        key_prefix=f"cutover.{name}",
    )
    return guarded
