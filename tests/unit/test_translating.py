"""The contract before this one: frozen bytes of ten examples, and what is refused, with every fault."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cutover.contracts.candidate import Candidate
from cutover.contracts.legacy import CandidateV0, DetachedCandidate
from cutover.contracts.policy import TrustedKey
from cutover.domain import announced, canonical, reliance
from cutover.domain import envelope as dsse
from cutover.domain.faults import faults_of
from cutover.domain.refreshed import UNPINNED
from cutover.domain.translating import table_of, translate
from cutover.domain.unwrapping import demand_unwrapped
from cutover.errors import Refused
from tests.building.keys import Key
from tests.vectors.v0.examples import EXAMPLES, FOLDER, REFUSED, frozen, refusal, terms

PLAIN = (FOLDER / "01-plain.json").read_bytes()
TERMS = terms()
AT = TERMS.received_at


def names(examples: list[Path]) -> list[str]:
    return [example.stem for example in examples]


def said(**changes: Any) -> bytes:
    return json.dumps(json.loads(PLAIN) | changes).encode()


def refused(document: bytes, **changes: Any) -> tuple[str, list[list[str]]]:
    """The code, and each fault's pointer and code, as Admit tells them."""
    try:
        translate(document, terms(**changes))
    except Refused as why:
        return why.code, [["/", why.code]]
    except ValidationError as error:
        return "CANDIDATE_INVALID", [[fault.pointer, fault.code] for fault in faults_of(error)]
    raise AssertionError("it is translated")


# --- the examples --------------------------------------------------------------------------------------


def test_there_are_ten_examples_and_no_byte_without_one() -> None:
    assert len(EXAMPLES) == 10
    assert sorted(FOLDER.glob("*.v1.json")) == [frozen(example) for example in EXAMPLES]


@pytest.mark.parametrize("example", EXAMPLES, ids=names(EXAMPLES))
def test_an_example_is_translated_into_its_frozen_bytes(example: Path) -> None:
    document = example.read_bytes()
    found = translate(document, TERMS)
    assert canonical.encode_model(found) == frozen(example).read_bytes()
    assert found.translated is not None
    assert found.translated.original == canonical.digest(document)


@pytest.mark.parametrize("example", EXAMPLES, ids=names(EXAMPLES))
def test_without_its_table_a_translation_can_be_made_again_by_what_it_says(example: Path) -> None:
    document = example.read_bytes()
    found = translate(document, TERMS)
    assert translate(document, replace(TERMS, legacy=table_of(document, found))) == found


@pytest.mark.parametrize("example", REFUSED, ids=names(REFUSED))
def test_an_example_is_refused_with_every_fault(example: Path) -> None:
    wanted = refusal(example)
    assert refused(example.read_bytes()) == (wanted["code"], wanted["faults"])


# --- what v0 cannot say stays unsaid -------------------------------------------------------------------


def test_nothing_is_made_up() -> None:
    found = translate(PLAIN, TERMS)
    assert (found.commit, found.overlays, found.attestations, found.waivers) == (None, None, (), ())
    (component,) = found.components
    assert (component.provenance, component.dependencies, component.catalog) == (None, None, None)
    unpinned = (found.change, found.rollout, found.flags, found.rollback.plan)
    assert {(each.version, each.digest) for each in unpinned} == {(UNPINNED, None)}
    assert (found.rehearsal, found.sequence, found.issued_at) == (False, 0, AT)


def test_the_approver_stands_in_the_rationale_and_nowhere_else() -> None:
    found = translate(said(approver="Somebody Else"), TERMS)
    assert "Somebody Else" in found.rationale
    assert "counts for nothing" in found.rationale
    rest = canonical.encode_model(found.model_copy(update={"rationale": "-"}))
    assert b"Somebody" not in rest
    assert found.requester == TERMS.legacy["Shop Service"].requester


def test_every_byte_of_the_document_is_in_the_original_s_digest() -> None:
    """White space is no part of what is said, and is part of what was signed."""
    first, second = translate(PLAIN, TERMS), translate(PLAIN + b"\n", TERMS)
    assert first != second
    assert first.model_copy(update={"translated": None}) == second.model_copy(update={"translated": None})


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "4.2.1"},
        {"digest": "sha256:" + "0" * 64},
        {"tag": "other"},
        {"image": "other/api"},
        {"change": "CHG0043"},
        {"approver": "Omar"},
    ],
)
def test_no_table_makes_the_document_say_something_else(changes: dict[str, str]) -> None:
    found = translate(PLAIN, TERMS)
    other = said(**changes)
    again = translate(other, replace(TERMS, legacy=table_of(other, found)))
    assert again.model_copy(update={"translated": None}) != found.model_copy(update={"translated": None})


def test_a_table_that_gives_no_candidate() -> None:
    """Whoever wrote it finds out by name; nothing else than a refusal comes of it."""
    table = {"Shop Service": TERMS.legacy["Shop Service"].model_copy(update={"valid_for": 0})}
    assert refused(PLAIN, legacy=table) == ("CANDIDATE_INVALID", [["/", "CANDIDATE_INVALID"]])


def test_no_window_is_no_candidate() -> None:
    def none(_target: str) -> str:
        raise Refused("WINDOW_UNKNOWN", "no window is still to come")

    assert refused(PLAIN, window=none)[0] == "WINDOW_UNKNOWN"


TEXTS = st.text(max_size=600) | st.sampled_from(["", "\x00", "\ud800", "a\nb", "sha256:" + "0" * 64])


@given(st.dictionaries(st.sampled_from(sorted(CandidateV0.model_fields)), TEXTS))
def test_whatever_stands_in_a_field_is_translated_or_refused(changes: dict[str, str]) -> None:
    try:
        found = translate(said(**changes), TERMS)
    except (Refused, ValidationError):
        return
    assert Candidate.model_validate_json(canonical.encode_model(found)) == found


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused(document: bytes) -> None:
    assert refused(document)[0] in {"CANDIDATE_INVALID", "UNKNOWN_SERVICE"}


# --- the announcement ----------------------------------------------------------------------------------

KEY = Key("legacy-ci")


def announcement(document: bytes = PLAIN, *, key: Key = KEY, keyid: str | None = None) -> DetachedCandidate:
    return DetachedCandidate(
        contract="cutover/candidate/v0",
        document=base64.b64encode(document).decode(),
        signature=base64.b64encode(key.sign(document)).decode(),
        keyid=keyid or key.key_id,
    )


def trusted(key: Key = KEY, **changes: Any) -> TrustedKey:
    day = timedelta(days=1)
    known = TrustedKey(
        id=key.key_id, purpose="candidate", holder="CI", public_key=key.public_base64, not_before=AT - day,
        not_after=AT + day,
    )  # fmt: skip
    return known.model_copy(update=changes)


def opened(made: DetachedCandidate, *keys: TrustedKey) -> dsse.Opened:
    return dsse.open_detached(
        announced.document_of(made), dsse.decode_base64(made.signature), made.keyid, purpose="candidate", keys=keys,
        at=AT,
    )  # fmt: skip


def test_a_detached_signature_opens_its_document() -> None:
    found = opened(announcement(), trusted())
    assert (found.payload, found.digest) == (PLAIN, canonical.digest(PLAIN))
    assert [key.id for key in found.keys] == [KEY.key_id]


STRANGER = Key("stranger")


@pytest.mark.parametrize(
    ("made", "keys", "code"),
    [
        (announcement(), (), "UNTRUSTED_SIGNATURE"),
        (announcement(key=STRANGER), (trusted(),), "UNTRUSTED_SIGNATURE"),
        (announcement(key=STRANGER, keyid=KEY.key_id), (trusted(),), "UNTRUSTED_SIGNATURE"),
        (announcement(), (trusted(public_key=STRANGER.public_base64),), "UNTRUSTED_SIGNATURE"),
        (announcement(), (trusted(purpose="bind"),), "WRONG_KEY_PURPOSE"),
        (announcement(), (trusted(not_after=AT),), "KEY_NOT_VALID"),
        (announcement(), (trusted(not_before=AT + timedelta(seconds=1)),), "KEY_NOT_VALID"),
        (announcement(), (trusted(revoked_at=AT),), "KEY_REVOKED"),
    ],
)
def test_whose_signature_counts_is_judged_as_of_an_envelope(
    made: DetachedCandidate, keys: tuple[TrustedKey, ...], code: str
) -> None:
    with pytest.raises(Refused) as why:
        opened(made, *keys)
    assert why.value.code == code


def test_one_byte_more_is_another_document() -> None:
    made = announcement()
    other = made.model_copy(update={"document": base64.b64encode(PLAIN + b" ").decode()})
    with pytest.raises(Refused) as why:
        opened(other, trusted())
    assert why.value.code == "UNTRUSTED_SIGNATURE"


def test_a_signature_of_an_envelope_is_none_of_a_document() -> None:
    """Both are by the same key, over the same bytes; DSSE puts its own word before them."""
    sealed = dsse.seal("application/json", PLAIN, (KEY.key_id, KEY.sign(dsse.pae("application/json", PLAIN))))
    made = announcement().model_copy(update={"signature": sealed.signatures[0].sig})
    with pytest.raises(Refused) as why:
        opened(made, trusted())
    assert why.value.code == "UNTRUSTED_SIGNATURE"


def test_an_announcement_is_known_by_its_bytes() -> None:
    made = announcement()
    content = canonical.encode_model(made)
    assert announced.detached(content) == made
    assert reliance.signers(content) == (KEY.key_id,)
    sealed = canonical.encode_model(dsse.seal("t", PLAIN, (KEY.key_id, b"sig")))
    assert announced.detached(sealed) is None
    assert announced.detached(b"{") is None


@pytest.mark.parametrize(
    "content",
    [
        b'{"contract":"cutover/candidate/v0"',
        b'{"contract":"cutover/candidate/v0","contract":"cutover/candidate/v0"}',
        b'{"contract": "cutover/candidate/v0"}',
    ],
)
def test_an_announcement_in_other_bytes_is_refused(content: bytes) -> None:
    with pytest.raises(Refused) as why:
        announced.detached(content)
    assert why.value.code == "NOT_CANONICAL"


def test_all_faults_of_an_announcement_are_told() -> None:
    with pytest.raises(ValidationError) as error:
        announced.detached(b'{"contract":"cutover/candidate/v9","document":"*"}')
    assert {fault.pointer for fault in faults_of(error.value)} == {"/contract", "/document", "/signature", "/keyid"}


# --- lineage keeps the original ------------------------------------------------------------------------


def test_a_translation_is_evidence_of_the_document_that_it_names() -> None:
    whole, made = canonical.encode_model(announcement()), canonical.encode_model(translate(PLAIN, TERMS))
    demand_unwrapped("candidate", whole, made)


@pytest.mark.parametrize(
    "made",
    [
        frozen(FOLDER / "02-unicode.json").read_bytes(),
        canonical.encode_model(translate(PLAIN, TERMS).model_copy(update={"translated": None})),
        PLAIN,
        b"{}",
    ],
    ids=["another document's", "of none", "the document itself", "nothing"],
)
def test_another_candidate_is_not(made: bytes) -> None:
    with pytest.raises(Refused) as why:
        demand_unwrapped("candidate", canonical.encode_model(announcement()), made)
    assert why.value.code == "EVIDENCE_NOT_UNWRAPPED"


def test_a_translation_in_an_envelope_is_that_envelope_s_payload_only() -> None:
    made = canonical.encode_model(translate(PLAIN, TERMS))
    sealed = canonical.encode_model(dsse.seal("t", made, (KEY.key_id, b"sig")))
    demand_unwrapped("candidate", sealed, made)
    other = canonical.encode_model(translate(PLAIN, replace(TERMS, received_at=AT + timedelta(seconds=1))))
    with pytest.raises(Refused):
        demand_unwrapped("candidate", sealed, other)
