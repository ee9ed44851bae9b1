"""Row 10. The waivers that the candidate names, as somebody wrote and signed them."""

from typing import Any

from cutover.contracts.records import WAIVER_TYPE
from cutover.domain import canonical
from tests.building.keys import Key, seal_bytes
from tests.building.policy import DEPLOYMENT, PEOPLE_OF_KEYS
from tests.checks.examples import Example, Examples, example
from tests.checks.scene import ABSENT, LONG, MARKUP, TURNED, Edit, facts, put, reference, scene

AT, ENDS = "/waivers/0", "/waivers/0/expires_at"
SAID = {
    "schema": "cutover/waiver/v1", "id": "drill-later", "fingerprint": "sha256:" + "f" * 64, "owner": "operations",
    "reason": "The drill is planned.", "approver": "otto", "policy": "OPS-4", "expires_at": "2026-03-05T00:00:00Z",
}  # fmt: skip
BOTH_READ = put([{name: value for name, value in SAID.items() if name != "schema"}] * 2, "waivers")
READ = put([{name: value for name, value in SAID.items() if name != "schema"}], "waivers")
"""The bundle has the waiver's own words."""
PERSON = PEOPLE_OF_KEYS["waiver"]


def sealed(key: Key | None = None, **changes: Any) -> bytes:
    said = {name: value for name, value in {**SAID, **changes}.items() if value is not None}
    return seal_bytes(WAIVER_TYPE, canonical.encode(said), key or DEPLOYMENT.key("waiver"))


def given(*contents: bytes, edits: tuple[Edit, ...] = (), **changes: Any) -> Any:
    """The release with these waivers."""
    names = [f"waivers/{number}" for number in range(len(contents))]
    return scene(
        *edits,
        candidate=put([reference(name) for name in names], "waivers"),
        records={name: ("waivers", content) for name, content in zip(names, contents, strict=True)},
        **changes,
    )


def key_of(person: str | None) -> dict[str, Any]:
    """Facts in which the waivers' key is this person's."""
    keys = facts().model_dump(mode="json", by_alias=True)["keys"]
    return {"keys": [{**each, "person": person} if each["purpose"] == "waiver" else each for each in keys]}


def by(person: str | None, *codes: str, **changes: Any) -> Example:
    return example(
        f"signed by {ascii(person)[:30]}, {sorted(changes)}",
        lambda: given(sealed(), change_facts=key_of(person), **changes),
        *((code, AT) for code in codes),
    )


def until(when: str | None, *codes: str) -> Example:
    return example(
        f"until {when}", lambda: given(sealed(expires_at=when), edits=(READ,)), *((code, ENDS) for code in codes)
    )


def envelope(about: str, content: bytes) -> Example:
    return example(about, lambda: given(content), ("WAIVER_UNTRUSTED", AT))


UNREADABLE = (
    ("nothing", b""), ("no JSON", b"{"), ("another encoding", b"\xff\xfe"), ("a list", b"[]"), ("deep", b"[" * 5_000),
    ("a payload that is a number", b'{"payload": 7}'), ("markup", MARKUP.encode()), ("4 KB of nothing", b" " * 4_096),
    ("a payload that is no base64", b'{"payload": "?", "payloadType": "x", "signatures": []}'),
    ("no signature", b'{"payload": "e30=", "payloadType": "x", "signatures": []}'),
    ("another kind of document", seal_bytes("application/json", canonical.encode(SAID), DEPLOYMENT.key("waiver"))),
    ("not canonical", seal_bytes(WAIVER_TYPE, b'{"a": 1}', DEPLOYMENT.key("waiver"))),
    ("no waiver", seal_bytes(WAIVER_TYPE, b"{}", DEPLOYMENT.key("waiver"))),
    ("a name of 4 KB", sealed(id="w" * 4_096)), ("a number for a reason", sealed(reason=7)),
    ("a verdict in it", sealed(verdict="go")),
)  # fmt: skip
NO_WAIVERS = example("no waivers", scene)
NOT_COLLECTED = example(
    "not collected: that is a gap", lambda: scene(candidate=put([reference("waivers/9")], "waivers"))
)  # fmt: skip

EXAMPLES = {
    "waivers.signed": Examples(
        passing=(NO_WAIVERS, NOT_COLLECTED, example("signed", lambda: given(sealed(), sealed(id="another")))),
        failing=(
            envelope("by a stranger", sealed(Key("nobody"))),
            envelope("by a key for something else", sealed(DEPLOYMENT.key("attestation"))),
        ),
        hostile=tuple(envelope(*each) for each in UNREADABLE),
    ),
    "waivers.permitted": Examples(
        passing=(NO_WAIVERS, NOT_COLLECTED, example("by somebody who may", lambda: given(sealed()))),
        failing=(
            by("dana", "WAIVER_BY_REQUESTER"),
            by("erin", "WAIVER_NOT_PERMITTED"),
            by("zoe", "WAIVER_NOT_PERMITTED"),
            by(None, "WAIVER_NOT_PERMITTED"),
            by(PERSON, "WAIVER_NOT_PERMITTED", change_rules={"waivable": {}}),
            example(
                "nobody knows who asked for the change",
                lambda: given(sealed(), edits=(put(ABSENT, "change", "requester"),)),
                ("WAIVER_NOT_PERMITTED", AT),
            ),
        ),
        hostile=(
            by(PERSON, "WAIVER_NOT_PERMITTED", change_rules={"waivable": {"rollback": []}}),
            by(PERSON, "WAIVER_NOT_PERMITTED", change_rules={"waivable": {"bind": ["risk"]}}),
            by(PERSON, "WAIVER_NOT_PERMITTED", change_rules={"waivable": {"rollback": ["chief"]}}),
            example(
                "what it says of its approver counts for nothing", lambda: given(sealed(approver=TURNED, owner=LONG))
            ),
        ),
    ),
    "waivers.covers-window": Examples(
        passing=(NO_WAIVERS, NOT_COLLECTED, until("2026-03-03T22:00:00Z"), until(None)),
        failing=(
            until("2026-03-02T09:02:00Z", "WAIVER_EXPIRED"),
            until("2026-03-02T09:02:01Z", "WAIVER_ENDS_BEFORE_WINDOW"),
            until("2026-03-03T21:59:59Z", "WAIVER_ENDS_BEFORE_WINDOW"),
            *(
                example(
                    f"the second, after one that {why}",
                    lambda first=first: given(  # type: ignore[misc]
                        first, sealed(id="second", expires_at="2026-01-05T00:00:00Z"), edits=(BOTH_READ,)
                    ),
                    ("WAIVER_EXPIRED", "/waivers/1/expires_at"),
                )
                for why, first in (("lasts", sealed()), ("has no end", sealed(expires_at=None)), ("is none", b"{}"))
            ),
        ),
        hostile=(
            until("0001-01-01T00:00:00Z", "WAIVER_EXPIRED"),
            until("9999-12-31T23:59:59Z"),
            example("what cannot be read is another rule's", lambda: given(sealed(expires_at="never"))),
        ),
    ),
}
