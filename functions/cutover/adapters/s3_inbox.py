"""The bucket where CI leaves candidates that are too large for an event."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cutover.adapters.aws_errors import code_of, translated
from cutover.adapters.s3_objects import DENIED, MISSING, TooLarge, content_of
from cutover.errors import Refused

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_UNREADABLE = MISSING | DENIED | {"InvalidArgument", "InvalidObjectState", "KeyTooLongError", "MethodNotAllowed"}
_MEND = "upload the candidate to the inbox bucket and announce its key, version id and sha256"


class S3Inbox:
    """Implements ``Inbox``. Key and version come from an event that anybody in CI may have written."""

    def __init__(self, client: "S3Client", *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def fetch(self, key: str, version_id: str, *, limit: int) -> bytes:
        if not key or not version_id:
            raise Refused("CANDIDATE_UNREADABLE", "the reference names no key or no version", _MEND)
        try:
            with translated("GetObject"):
                answer = self._client.get_object(Bucket=self._bucket, Key=key, VersionId=version_id)
            return content_of(answer, limit=limit)
        except TooLarge as error:
            raise Refused("CANDIDATE_TOO_LARGE", f"the candidate has {error}; at most {limit}") from error
        except ClientError as error:
            if code_of(error) in _UNREADABLE:
                detail = f"the inbox has no such object and version ({code_of(error)})"
                raise Refused("CANDIDATE_UNREADABLE", detail, _MEND) from error
            raise
