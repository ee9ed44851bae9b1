"""Powertools idempotency: the first guard, never the last.

It deletes its record when a handler raises, and its updates are unconditional; so each guarded
function is idempotent by its own conditional writes too, and the suite runs with this table emptied.
"""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, exceptions, idempotent_function

from cutover.errors import Conflict, DependencyUnavailable
from cutover.runtime.wiring import wired

SECONDS = 3600
Once = Callable[[str, Callable[[], str]], str]
"""Runs an action once for a key and remembers its short answer; an action that raises is forgotten."""


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


def remembering(name: str, part: str, context: Callable[[], Any]) -> Once:
    """Actions for people who wait for an answer. ``context`` is asked for when one is run.

    The action raises what it raises, ``Conflict`` (``part``) while the same key is being answered, and
    ``DependencyUnavailable`` when the table does not answer.
    """

    def act(*, key: str, action: Callable[[], str]) -> dict[str, Any]:  # noqa: ARG001  # the guard reads the key
        return {"status": action()}

    def run(key: str, action: Callable[[], str]) -> str:
        try:
            return str(once(name, act, context())(key=key, action=action)["status"])
        except exceptions.IdempotencyAlreadyInProgressError as error:
            raise Conflict(part) from error
        except exceptions.IdempotencyPersistenceLayerError as error:
            raise DependencyUnavailable("the idempotency table did not answer") from error

    return run
