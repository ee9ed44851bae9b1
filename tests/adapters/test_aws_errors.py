"""AWS' answers in Cutover's words."""

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    FlexibleChecksumError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from cutover.adapters.aws_errors import code_of, is_transient, status_of, translated
from cutover.errors import DependencyUnavailable


def client_error(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "a secret"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException"),
        client_error("ProvisionedThroughputExceededException"),
        client_error("SlowDown", 503),
        client_error("SomethingNew", 500),
        client_error("SomethingNew", 429),
        ReadTimeoutError(endpoint_url="x"),
        ConnectTimeoutError(endpoint_url="x"),
        EndpointConnectionError(endpoint_url="x"),
        ResponseStreamingError(error="x"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        FlexibleChecksumError(error_msg="x"),
    ],
    ids=repr,
)
def test_what_may_pass_is_unavailable(error: Exception) -> None:
    with pytest.raises(DependencyUnavailable, match=r"^Operation: \w+$") as caught, translated("Operation"):
        raise error
    assert caught.value.__cause__ is error
    assert "a secret" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        client_error("AccessDenied", 403),
        client_error("ValidationException"),
        client_error("NoSuchKey", 404),
        NoCredentialsError(),
        ParamValidationError(report="x"),
        KeyError("ours"),
    ],
    ids=repr,
)
def test_everything_else_is_raised_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, translated("Operation"):
        raise error
    assert caught.value is error


def test_an_answer_without_details_is_still_judged() -> None:
    empty = ClientError({}, "Operation")
    assert (code_of(empty), status_of(empty), is_transient(empty)) == ("", 0, False)
