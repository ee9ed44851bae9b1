"""AWS' answers in Cutover's words, in one place.

What may pass when tried again becomes ``DependencyUnavailable``; everything else is raised as botocore
raised it, because it is a fault of the deployment or of the caller and must be seen as one.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004  # botocore's own; it has nothing to do with the built-in
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)

from cutover.errors import DependencyUnavailable

_TRANSIENT = frozenset(
    {
        "BandwidthLimitExceeded",
        "ConditionalRequestConflict",  # S3: another conditional write of this key is under way
        "DependencyTimeoutException",
        "ExecutionLimitExceeded",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "KMSInternalException",
        "KmsThrottled",
        "OperationAborted",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "TransactionConflictException",  # DynamoDB: a transaction holds the item that a plain write would change
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


def code_of(error: ClientError) -> str:
    """The service's error code; for a ``HEAD``, which has no body, the HTTP status as text."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """The HTTP status; 0 where the answer had none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_transient(error: ClientError) -> bool:
    """Whether the service failed or throttled, rather than judged the request."""
    status = status_of(error)
    return code_of(error) in _TRANSIENT or status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR


@contextmanager
def translated(operation: str) -> Iterator[None]:
    """Run one call of AWS, body reads included; ``operation`` names it in the message."""
    try:
        yield
    except ClientError as error:
        if is_transient(error):
            raise DependencyUnavailable(f"{operation}: {code_of(error)}") from error
        raise
    except (HTTPClientError, ConnectionError, IncompleteReadError, FlexibleChecksumError) as error:
        raise DependencyUnavailable(f"{operation}: {type(error).__name__}") from error
