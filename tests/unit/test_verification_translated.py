"""A translation is made again by whoever verifies: another candidate than the document stands for is noticed."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cutover.contracts.candidate import Candidate, Translation
from cutover.contracts.legacy import DetachedCandidate
from cutover.contracts.policy import Rules
from cutover.domain import canonical
from cutover.domain.translating import translate
from cutover.domain.verification import Anchor
from cutover.domain.verification.translated import Made, older_of
from cutover.errors import Refused
from tests.building.keys import Key
from tests.building.policy import DEPLOYMENT, RECEIVED_AT
from tests.vectors.v0.examples import FOLDER, terms

KEY = DEPLOYMENT.key("candidate")
DOCUMENT = (FOLDER / "01-plain.json").read_bytes()
TABLE = terms().legacy
RULES = DEPLOYMENT.rules().model_copy(update={"legacy": TABLE})
DIGEST = canonical.digest_model(RULES)
ARRIVED = RECEIVED_AT + timedelta(seconds=5)
TERMS = terms(
    audience=DEPLOYMENT.audience, rules=DIGEST, keyid=KEY.key_id, received_at=RECEIVED_AT,
    window=lambda _target: "tuesday-evening",
)  # fmt: skip
CANDIDATE = translate(DOCUMENT, TERMS)


def announcement(document: bytes = DOCUMENT, key: Key = KEY) -> DetachedCandidate:
    return DetachedCandidate(
        contract="cutover/candidate/v0", document=base64.b64encode(document).decode(),
        signature=base64.b64encode(key.sign(document)).decode(), keyid=key.key_id,
    )  # fmt: skip


def made(rules: Rules = RULES, digest: str = DIGEST) -> Made:
    return Made(anchor=Anchor(DEPLOYMENT.root(), DEPLOYMENT.trusted_keys()), rules=rules, digest=digest)


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as why:
        act()
    return why.value.code


def proved(candidate: Candidate, by: Made | None = None, document: bytes = DOCUMENT) -> Candidate:
    return (by or made()).candidate(announcement(document), canonical.encode_model(candidate), ARRIVED)


def test_a_translation_is_proved() -> None:
    assert proved(CANDIDATE) == CANDIDATE


CHANGES: dict[str, dict[str, Any]] = {
    "product": {"product": "billing"},
    "version": {"version": "4.2.1"},
    "commit": {"commit": "0" * 40},
    "requester": {"requester": "somebody@else"},
    "rationale": {"rationale": "Approved by Erin."},
    "target": {"target": "staging"},
    "environments": {"environments": ("staging",)},
    "later": {"expires_at": CANDIDATE.expires_at + timedelta(days=1)},
    "sequence": {"sequence": 1},
    "rehearsal": {"rehearsal": True},
    "audience": {"audience": "cutover:other:123456789012:eu-central-1:dev"},
    "authority": {"authority": CANDIDATE.authority.model_copy(update={"run": "4711"})},
    "a pinned plan": {"rollout": CANDIDATE.rollout.model_copy(update={"version": "v9"})},
    "no component's digest": {
        "components": (
            CANDIDATE.components[0].model_copy(
                update={"artifact": CANDIDATE.components[0].artifact.model_copy(update={"digest": None})}
            ),
        )
    },
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_any_other_field_is_noticed(changes: dict[str, Any]) -> None:
    assert code(lambda: proved(CANDIDATE.model_copy(update=changes))) == "TRANSLATION_DIFFERS"


def test_the_window_and_the_time_are_the_candidate_s_own_word() -> None:
    """The manifest binds both; what the calendar had on the day of the admission nobody can look up any more."""
    other = translate(DOCUMENT, replace(TERMS, window=lambda _target: "wednesday"))
    assert proved(other).window == "wednesday"
    earlier = translate(DOCUMENT, replace(TERMS, received_at=RECEIVED_AT - timedelta(hours=1)))
    assert proved(earlier).issued_at == RECEIVED_AT - timedelta(hours=1)


def test_it_was_received_before_it_was_admitted() -> None:
    later = translate(DOCUMENT, replace(TERMS, received_at=ARRIVED + timedelta(seconds=1)))
    assert code(lambda: proved(later)) == "TRANSLATION_DIFFERS"


def test_another_document_is_noticed() -> None:
    other = json.dumps(json.loads(DOCUMENT) | {"version": "4.3.0"}).encode()
    assert code(lambda: proved(CANDIDATE, document=other)) == "TRANSLATION_DIFFERS"
    assert code(lambda: proved(CANDIDATE, document=DOCUMENT + b" ")) == "TRANSLATION_DIFFERS"


def test_a_candidate_that_names_no_document_is_none() -> None:
    assert code(lambda: proved(CANDIDATE.model_copy(update={"translated": None}))) == "TRANSLATION_DIFFERS"


def test_a_table_that_says_something_else_is_noticed() -> None:
    service = TABLE["Shop Service"].model_copy(update={"requester": "somebody@else"})
    other = RULES.model_copy(update={"legacy": {"Shop Service": service}})
    assert code(lambda: proved(CANDIDATE, made(rules=other))) == "TRANSLATION_DIFFERS"
    assert code(lambda: proved(CANDIDATE, made(rules=RULES.model_copy(update={"legacy": {}})))) == "UNKNOWN_SERVICE"


OLDER = "sha256:" + "0" * 64


def test_under_other_rules_what_no_table_says_is_compared() -> None:
    """A revision that follows another has the rules of its own day: their table says nothing of this candidate."""
    found = CANDIDATE.model_copy(
        update={
            "translated": Translation(
                contract="cutover/candidate/v0", original=canonical.digest(DOCUMENT), rules=OLDER
            ),
            "requester": "as-the-older-table-said",
        }
    )
    assert proved(found, made(rules=RULES.model_copy(update={"legacy": {}}))) == found
    said: dict[str, Any] = {
        "version": "4.2.1", "rationale": "Approved by Erin.", "commit": "0" * 40, "sequence": 1, "rehearsal": True,
        "components": (*CANDIDATE.components, CANDIDATE.components[0].model_copy(update={"name": "another"})),
        "flags": CANDIDATE.flags.model_copy(update={"version": "v9"}), "environments": ("elsewhere",),
        "audience": "cutover:other:123456789012:eu-central-1:dev",
    }  # fmt: skip
    for name, value in said.items():
        changed = found.model_copy(update={name: value})
        assert code(lambda changed=changed: proved(changed)) == "TRANSLATION_DIFFERS", name  # type: ignore[misc]


def test_bytes_that_are_not_as_the_contract_writes_them() -> None:
    said = json.loads(canonical.encode_model(CANDIDATE))
    del said["rehearsal"]
    payload = canonical.encode(said)
    assert code(lambda: made().candidate(announcement(), payload, ARRIVED)) == "CONTRACT_INVALID"
    assert code(lambda: made().candidate(announcement(), b"", ARRIVED)) == "NOT_CANONICAL"


def test_who_signed_it_is_judged_at_the_time_of_its_arrival() -> None:
    assert [key.id for key in made().keys(announcement(), ARRIVED)] == [KEY.key_id]
    before = DEPLOYMENT.trusted_key("candidate").not_before - timedelta(seconds=1)
    assert code(lambda: made().keys(announcement(), before)) == "KEY_NOT_VALID"
    assert code(lambda: made().keys(announcement(key=DEPLOYMENT.key("bind")), ARRIVED)) == "WRONG_KEY_PURPOSE"
    assert code(lambda: made().keys(announcement(key=Key("nobody's")), ARRIVED)) == "UNTRUSTED_SIGNATURE"


def refusal(act: Callable[[], object]) -> tuple[str, str, str]:
    with pytest.raises(Refused) as why:
        act()
    return why.value.code, why.value.detail, why.value.mend


def test_a_refusal_says_why() -> None:
    none = CANDIDATE.model_copy(update={"translated": None})
    assert refusal(lambda: proved(none)) == (
        "TRANSLATION_DIFFERS", "the candidate is not made of the document that was announced", ""
    )  # fmt: skip
    told = refusal(lambda: proved(CANDIDATE, document=DOCUMENT + b" "))
    assert told[1].startswith("the translated document is sha256:")
    assert refusal(lambda: proved(CANDIDATE.model_copy(update={"sequence": 1})))[1].startswith("the translation is ")
    assert refusal(lambda: made().candidate(announcement(), b"{}", ARRIVED))[1].startswith("candidate: /")
    assert refusal(lambda: older_of(b'{"contract":"cutover/candidate/v0"}'))[1] == (
        "candidate: /document: Field required; /signature: Field required; /keyid: Field required"
    )
    six = json.dumps(dict.fromkeys(("service", "version", "image", "tag", "digest", "change"), 1)).encode()
    candidate = CANDIDATE.model_copy(
        update={"translated": Translation(contract="cutover/candidate/v0", original=canonical.digest(six), rules=OLDER)}
    )
    assert refusal(lambda: proved(candidate, document=six))[1].count(";") == 4, "five faults, and no more"


def test_an_announcement_that_is_none() -> None:
    assert older_of(b"{}") is None
    assert older_of(canonical.encode_model(announcement())) == announcement()
    assert code(lambda: older_of(b'{"contract":"cutover/candidate/v0"}')) == "CONTRACT_INVALID"


def test_a_document_that_is_none() -> None:
    """Signed, and nothing that could be read: whoever announced it, nothing was made of it."""
    candidate = CANDIDATE.model_copy(
        update={
            "translated": Translation(contract="cutover/candidate/v0", original=canonical.digest(b"{}"), rules=OLDER)
        }
    )
    assert code(lambda: proved(candidate, document=b"{}")) == "CONTRACT_INVALID"
