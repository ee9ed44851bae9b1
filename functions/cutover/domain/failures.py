"""Why a record could not be had, and what mends it: one table, for the holds and for the page of the checks.

The codes are those with which sources refuse or fail (``sources``), and Collect itself. What a source says of its own
case stands in the failure; here is what whoever reads the hold can do about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Failure:
    """``means``: what happened; ``mend``: what somebody can do, and how the hold is answered then.

    ``passes``: it may be otherwise when the record is asked for again at the same version, and so can be answered with
    ``mended``. One that was read and is too large, unreadable or gone stays so at that version.
    """

    means: str
    mend: str

    @property
    def passes(self) -> bool:
        return _AGAIN in self.mend


_AGAIN = "then answer the hold with \N{LEFT DOUBLE QUOTATION MARK}mended\N{RIGHT DOUBLE QUOTATION MARK}"
_NEW = "answer with the version that is meant, or announce it"
_MISSING = f"answer with the version that is meant, or publish the announced one, {_AGAIN}"
_POLICY = f"have the policy's owners mend the source in the facts, {_AGAIN}"
_ASK = f"ask those who run the source, {_AGAIN}"
_CANDIDATE = "announce a candidate that names the record as it is"
_PUBLISH = "publish the record so that it can be read, and answer with its new version or announce that"

FAILURES: Mapping[str, Failure] = MappingProxyType(
    {
        "BAD_BASE64": Failure("the payload of a signed record is not standard base64", _PUBLISH),
        "COLLECT_FAILED": Failure("the whole section was not collected", f"see the log of Collect, mend it, {_AGAIN}"),
        "CREDENTIAL_MISSING": Failure(
            "the secret with the source's credential does not exist", f"create the secret, {_AGAIN}"
        ),
        "CREDENTIAL_UNREADABLE": Failure(
            "the source's credential cannot be read or is of another shape", f"mend the secret, {_AGAIN}"
        ),
        "EVIDENCE_NOT_UNWRAPPED": Failure("the record is no signed envelope, or has no payload", _PUBLISH),
        "EVIDENCE_UNREADABLE": Failure("the record can be read in more than one way, or in none", _PUBLISH),
        "SOURCE_ADDRESS_FORBIDDEN": Failure(
            "the host's name leads to a private, link-local, metadata or loopback address", _POLICY
        ),
        "SOURCE_ANSWER_UNEXPECTED": Failure("the source answered with a status or a shape that is not foreseen", _ASK),
        "SOURCE_DENIED": Failure("the source does not let Cutover read the record (403)", _ASK),
        "SOURCE_DIGEST_DIFFERS": Failure("the bytes have another digest than the one that names them", _NEW),
        "SOURCE_ENCODED": Failure("the body is compressed although that was not asked for", _ASK),
        "SOURCE_FAILING": Failure("the source answered with an error of its own (5xx), each time", _ASK),
        "SOURCE_HAS_NO_ARTIFACTS": Failure("the source keeps records and no artifacts", _CANDIDATE),
        "SOURCE_HOST_NOT_LISTED": Failure("the address is not on a host that the policy lists for the source", _POLICY),
        "SOURCE_NOT_ECR": Failure("the registry is said to be one of Amazon ECR and is not", _POLICY),
        "SOURCE_NOT_TLS": Failure("the address is not one of HTTPS", _POLICY),
        "SOURCE_NOT_TRUSTED": Failure("the host's certificate does not prove that it is that host", _ASK),
        "SOURCE_RECORD_AMBIGUOUS": Failure("the source has more than one record of that name", _ASK),
        "SOURCE_RECORD_GONE": Failure(
            "the source does not have the record any more, at no version",
            "publish the record again, and answer with its new version or announce it in a new candidate",
        ),
        "SOURCE_RECORD_HAS_SECRET": Failure(
            "the record has a secret in it, which is not stored: the rules refuse it, or it is signed",
            "take the secret out of the record, replace it wherever it is used, and answer with the new version",
        ),
        "SOURCE_RECORD_MALFORMED": Failure("the record's name is not one that a registry has", _CANDIDATE),
        "SOURCE_RECORD_MISSING": Failure("the source has no such record, or not at this version (404, 410)", _MISSING),
        "SOURCE_RECORD_NAME_INVALID": Failure("the record's name is not one that this kind of source has", _CANDIDATE),
        "SOURCE_RECORD_NOT_SCREENED": Failure(
            "there is too much in the record that a secret could be, and nothing unscreened is stored", _PUBLISH
        ),
        "SOURCE_RECORD_TOO_LARGE": Failure(
            "the record, or all of a section together, is larger than is taken", _PUBLISH
        ),
        "SOURCE_RECORD_UNREADABLE": Failure("what came is not what this kind of source answers with", _PUBLISH),
        "SOURCE_REDIRECTED_ELSEWHERE": Failure(
            "the source led to a host that is not listed, or led on once too often", _POLICY
        ),
        "SOURCE_REFERRERS_AMBIGUOUS": Failure(
            "several records of the type refer to the artifact", "name the one that is meant by its digest"
        ),
        "SOURCE_SCOPE_DIFFERS": Failure("the registry asks for a token for something else", _ASK),
        "SOURCE_SUBJECT_DIFFERS": Failure("what refers to the artifact names another one inside", _CANDIDATE),
        "SOURCE_THROTTLED": Failure("the source takes no more requests for now (429), each time", _ASK),
        "SOURCE_TOO_SLOW": Failure("the body did not end in time, or no time was left to ask for it", _ASK),
        "SOURCE_TRUNCATED": Failure("the body ends before its end, or does not say where it ends", _ASK),
        "SOURCE_UNAUTHORIZED": Failure(
            "the source does not take the credential (401), read again once", f"renew the secret, {_AGAIN}"
        ),
        "SOURCE_UNKNOWN": Failure("the facts name no source of this name", _POLICY),
        "SOURCE_UNREACHABLE": Failure("the host's name is not resolved, or nothing answers there", _ASK),
        "SOURCE_VERSION_DIFFERS": Failure(
            "the source has the record at another version than the announced one", _MISSING
        ),
        "SOURCE_VERSION_NOT_A_DIGEST": Failure("in a registry only a digest is a version: a tag can be moved", _NEW),
        "SOURCE_VERSION_UNPINNED": Failure("an older contract names no version of the record", _NEW),
    }
)
_OTHERWISE = "publish the record, or announce the version that exists"


def mend_of(code: str) -> str:
    """What mends a failure of this code."""
    found = FAILURES.get(code)
    return found.mend if found is not None else _OTHERWISE
