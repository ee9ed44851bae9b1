"""A second verifier of hand-off messages, for one purpose: to disagree with the first.

It is written from the documents' descriptions and shares no line with Cutover; besides the standard library and its
own reading of passkeys (``assertions``) it uses ``cryptography`` for the one thing that nobody should write anew, and
reads YAML. It works on plain JSON, knows nothing of models, and says yes or no. Where the two differ, one is wrong.
"""

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import yaml
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.verifier import assertions

TYPES = {
    kind: f"application/vnd.cutover.{kind}.v1+json"
    for kind in ("handoff", "candidate", "rules", "facts", "trust", "waiver")
}
STATEMENT = "application/vnd.in-toto+json"
OLDER = b'{"contract":'
BUNDLE_HEADER = {"schema", "cutover", "revision", "as_of", "engine", "rules", "evidence_set"}
STATEMENT_KEYS = {"_type", "subject", "predicateType", "predicate"}
HANDOFF_KEYS = {
    "schema", "audience", "handoff_id", "cutover", "revision", "queue_arn", "manifest", "approvals", "documents",
    "not_before", "not_after", "ledger", "inclusion",
}  # fmt: skip
MANIFEST_KEYS = {
    "audience", "cutover", "revision", "destination", "window", "signers", "candidate", "evidence_set", "rules",
    "facts", "contracts", "predecessor", "bound_at", "valid_until",
}  # fmt: skip
APPROVAL_KEYS = {
    "audience", "cutover", "revision", "decision", "role", "person", "channel", "assurance", "answers", "reason",
    "until", "decided_at", "facts", "nonce",
}  # fmt: skip


class No(Exception):
    """The message does not verify, and why."""


def accepts(
    message: bytes,
    *,
    trust: bytes,
    documents: Mapping[str, bytes],
    now: datetime,
    schemas: Mapping[str, Any],
    **more: Any,
) -> bool:
    """Whether the message verifies. A document of a shape that nothing here expects is a no as well."""
    try:
        verifier = Verifier(trust, documents, now, schemas)
    except UNEXPECTED:
        return False
    return verifier.accepts(message, **more)


UNEXPECTED = (
    No, KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, StopIteration
)  # fmt: skip


def need(condition: object, why: str) -> None:
    if not condition:
        raise No(why)


def sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def canonical(value: Any) -> bytes:
    """RFC 8785 for values without floats: keys by UTF-16 code units, the shortest escapes, no space."""

    def ordered(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: ordered(item[key]) for key in sorted(item, key=lambda key: key.encode("utf-16-be"))}
        return [ordered(each) for each in item] if isinstance(item, list) else item

    return json.dumps(ordered(value), ensure_ascii=False, separators=(",", ":")).encode()


def parse(content: bytes, *, exact: bool = True) -> Any:
    """JSON in which no key stands twice; with ``exact``, canonical, without floats and large integers."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len(dict(found)) == len(found), "a key stands twice")
        return dict(found)

    def never(text: str) -> Any:
        raise No(f"{text} is outside the profile")

    def integer(text: str) -> int:
        need(not exact or abs(int(text)) < 2**53, "an integer beyond 2^53")
        return int(text)

    value = json.loads(
        content.decode("utf-8"),
        object_pairs_hook=pairs,
        parse_constant=never,
        parse_int=integer,
        parse_float=never if exact else float,
    )
    need(not exact or canonical(value) == content, "not canonical")
    return value


def unbase64(text: str) -> bytes:
    content = base64.b64decode(text, validate=True)
    need(base64.b64encode(content).decode() == text, "base64 with a second spelling")
    return content


def instant(text: str) -> datetime:
    need(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", text), "not an instant")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def pointed(value: Any, pointer: str) -> Any:
    """RFC 6901."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            need(re.fullmatch(r"0|[1-9][0-9]*", name), "not an index")
            value = value[int(name)]
        else:
            value = value[name]
    return value


def signed_by(envelope: Any, kind: str, public_keys: Mapping[str, bytes]) -> set[str]:
    """The key ids among ``public_keys`` whose signature over the envelope is good (DSSE v1.0.2)."""
    need(set(envelope) == {"payloadType", "payload", "signatures"}, "not an envelope")
    need(envelope["payloadType"] == kind, "another payload type")
    payload, name = unbase64(envelope["payload"]), kind.encode()
    message = b" ".join([b"DSSEv1", str(len(name)).encode(), name, str(len(payload)).encode(), payload])
    good = set()
    for signature in envelope["signatures"]:
        need(set(signature) == {"keyid", "sig"}, "not a signature")
        if signature["keyid"] in public_keys and verifies(public_keys[signature["keyid"]], signature["sig"], message):
            good.add(signature["keyid"])
    return good


def verifies(public_key: bytes, signature: str, message: bytes) -> bool:
    """ECDSA over P-256 and SHA-256, in DER."""
    key = load_der_public_key(public_key)
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        return False
    try:
        key.verify(unbase64(signature), message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


KINDS = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}


def conforms(value: Any, schema: Any, root: Any) -> bool:
    """JSON Schema 2020-12, as far as the published schemas use it."""
    if "$ref" in schema:
        return conforms(value, pointed(root, schema["$ref"].removeprefix("#")), root)
    return (
        ("anyOf" not in schema or any(conforms(value, each, root) for each in schema["anyOf"]))
        and ("type" not in schema or type(value) is KINDS[schema["type"]])
        and ("const" not in schema or value == schema["const"])
        and ("enum" not in schema or value in schema["enum"])
        and bounded(value, schema)
        and all(conforms(item, each, root) for item, each in parts(value, schema))
    )


def bounded(value: Any, schema: Any) -> bool:
    if isinstance(value, str):
        fits = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
        return bool(fits and re.search(schema.get("pattern", ""), value))
    if isinstance(value, list):
        return bool(schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)))
    if isinstance(value, dict):
        return all(name in value for name in schema.get("required", []))
    if isinstance(value, int):
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        return bool(low <= value <= high and value < schema.get("exclusiveMaximum", value + 1))
    return True


def parts(value: Any, schema: Any) -> Iterator[tuple[Any, Any]]:
    """The items and fields of a group, each with the schema that it must meet."""
    if isinstance(value, list):
        places = schema.get("prefixItems", []) + [schema.get("items", {})] * len(value)
        yield from zip(value, places, strict=False)
    elif isinstance(value, dict):
        for name, item in value.items():
            wanted = [schema["properties"][name]] if name in schema.get("properties", {}) else []
            wanted += [each for key, each in schema.get("patternProperties", {}).items() if re.search(key, name)]
            if not wanted:
                need(schema.get("additionalProperties", True) is not False, f"{name} is not expected")
                wanted = [each for each in [schema.get("additionalProperties")] if isinstance(each, dict)]
            yield from ((item, each) for each in wanted)


class Told(NamedTuple):
    """What was verified: the envelope, what it says, its manifest's digest and words, and the documents."""

    message: Any
    said: Any
    digest: str
    manifest: Any
    package: "Shelf"


class Verifier:
    """One trust file, one set of documents, and the published schemas by document name."""

    def __init__(self, trust: bytes, documents: Mapping[str, bytes], now: datetime, schemas: Mapping[str, Any]) -> None:
        self.schemas = schemas
        file = self.shaped("trust-file", parse(trust))
        self.documents = documents
        self.audience = file["root"]["audience"]
        self.owners = {
            sha256(unbase64(owner["public_key"])): unbase64(owner["public_key"]) for owner in file["root"]["owners"]
        }
        need(len(self.owners) == 2, "the root has not two owners")
        bundle = self.owned(file["bundle"], "trust")
        need(now < instant(bundle["expires_at"]), "the trust bundle has ended")
        self.keys = [key for key in bundle["keys"] if sha256(unbase64(key["public_key"])) == key["id"]]

    def accepts(self, message: bytes, **more: Any) -> bool:
        try:
            self.verify(message, **more)
        except UNEXPECTED:
            return False
        return True

    def shaped(self, name: str, document: Any) -> Any:
        """The document, if it is what the published schema of that name allows."""
        need(conforms(document, self.schemas[name], self.schemas[name]), f"not a {name}")
        return document

    def owned(self, envelope: Any, kind: str) -> Any:
        """What both owners signed, for this audience."""
        need(signed_by(envelope, TYPES[kind], self.owners) == set(self.owners), "not signed by both owners")
        said = self.shaped(kind, parse(unbase64(envelope["payload"])))
        need(said["audience"] == self.audience, "another audience")
        return said

    def opened(self, envelope: Any, kind: str, purpose: str, *times: datetime) -> tuple[Any, list[Any]]:
        """The payload, and the keys of that purpose, valid at all the times, that signed it."""
        good = signed_by(envelope, kind, {key["id"]: unbase64(key["public_key"]) for key in self.keys})
        counted = [
            key
            for key in self.keys
            if key["id"] in good
            and key["purpose"] == purpose
            and all(instant(key["not_before"]) <= time < instant(key["not_after"]) for time in times)
            and all(key.get("revoked_at") is None or time < instant(key["revoked_at"]) for time in times)
        ]
        need(counted, f"no valid key for {purpose} signed it")
        return parse(unbase64(envelope["payload"])), counted

    def signed_beside(self, announcement: Any, time: datetime) -> list[Any]:
        """The keys for candidates, valid at that time, whose signature stands beside an older document."""
        self.shaped("detached-candidate.v0", announcement)
        return [
            key
            for key in self.keys
            if key["id"] == announcement["keyid"]
            and key["purpose"] == "candidate"
            and instant(key["not_before"]) <= time < instant(key["not_after"])
            and (key.get("revoked_at") is None or time < instant(key["revoked_at"]))
            and verifies(unbase64(key["public_key"]), announcement["signature"], unbase64(announcement["document"]))
        ]

    def verify(self, message: bytes, *, at: datetime | None = None, queue_arn: str | None = None) -> "Told":
        need(len(message) <= 1_048_576, "too large")
        envelope = parse(message)
        said, _ = self.opened(envelope, TYPES["handoff"], "handoff")
        need(set(self.shaped("handoff", said)) == HANDOFF_KEYS, "not whole")
        need(said["audience"] == self.audience, "another audience")
        need(said["inclusion"] is None, "an inclusion that nobody can prove")
        need(queue_arn is None or said["queue_arn"] == queue_arn, "another queue")
        digest = sha256(unbase64(said["manifest"]["payload"]))
        identity = canonical({"manifest": digest, "queue_arn": said["queue_arn"]})
        need(said["handoff_id"] == sha256(identity), "another hand-off id")
        manifest = self.manifest(said)
        package = Shelf(self, said, manifest)
        times = self.approvals(said["approvals"], digest, manifest, package)
        self.window(said, manifest, at)
        moments = [max([instant(said["not_before"]), instant(manifest["bound_at"]), *times])]
        self.opened(envelope, TYPES["handoff"], "handoff", *moments, *([at] if at else []))
        lineage(package)
        return Told(envelope, said, digest, manifest, package)

    def manifest(self, said: Any) -> Any:
        stated = self.shaped("manifest", parse(unbase64(said["manifest"]["payload"])))
        bound = stated["predicate"]
        self.opened(said["manifest"], STATEMENT, "bind", instant(bound["bound_at"]))
        need(set(stated) == STATEMENT_KEYS and set(bound) - {"emergency"} == MANIFEST_KEYS, "not whole")
        need("emergency" not in bound or bound["emergency"] is not None, "an emergency that says nothing")
        for name in ("audience", "cutover", "revision"):
            need(canonical(bound[name]) == canonical(said[name]), f"another {name}")
        need(bound["destination"]["queue_arn"] == said["queue_arn"], "another queue")
        need([each["name"] for each in stated["subject"]] == ["bundle", "lineage", "hold-register"], "other subjects")
        bound["subjects"] = {each["name"]: "sha256:" + each["digest"]["sha256"] for each in stated["subject"]}
        return bound

    def window(self, said: Any, manifest: Any, at: datetime | None) -> None:
        start, end = instant(said["not_before"]), instant(said["not_after"])
        need(instant(manifest["window"]["opens_at"]) <= start < end, "before the window")
        need(end <= instant(manifest["window"]["closes_at"]), "after the window")
        need(end <= instant(manifest["valid_until"]), "after its validity")
        need(instant(manifest["bound_at"]) < instant(manifest["valid_until"]), "bound when it was over")
        need(at is None or start <= at < end, "not open")

    def approvals(self, envelopes: Any, digest: str, manifest: Any, package: "Shelf") -> list[datetime]:
        voters: dict[str, tuple[str, str]] = {}
        used, times = [manifest["facts"]], []
        for envelope in envelopes:
            stated = self.shaped("approval", parse(unbase64(envelope["payload"])))
            said = stated["predicate"]
            decided = instant(said["decided_at"])
            self.opened(envelope, STATEMENT, "decide", decided)
            need(set(stated) == STATEMENT_KEYS and set(said) - {"passkey"} == APPROVAL_KEYS, "not whole")
            need([each["digest"]["sha256"] for each in stated["subject"]] == [digest[7:]], "of another manifest")
            for name in ("audience", "cutover", "revision"):
                need(canonical(said[name]) == canonical(manifest[name]), f"of another {name}")
            need(said["decision"] == "approve" and said["until"] is None, "no approval")
            need(instant(manifest["bound_at"]) <= decided < instant(manifest["valid_until"]), "out of time")
            for question in ("intent", "rollback_credible", "timing", "destination"):
                need(said["answers"][question] is True, f"{question} not confirmed")
            waived = [hold["fingerprint"] for hold in package.register["holds"]]
            need(said["answers"]["exceptions"] == waived, "other exceptions confirmed")
            risk = package.bundle["change"]["risk"].get("value", said["answers"]["risk_class"])
            need(said["answers"]["risk_class"] == risk, "another risk confirmed")
            confirmed = {"emergency": True} if "emergency" in manifest else {}
            said_so = {name: value for name, value in said["answers"].items() if name == "emergency"}
            need(said_so == confirmed, "an emergency that nobody confirmed, or a confirmation of none")
            need("emergency" not in manifest or said["reason"] is not None, "an emergency without a reason")
            need(said["person"] not in voters, "one person twice")
            self.entitled(said, package)
            self.proved(said, digest, package)
            seats = [seat for seat in package.seats if seat["role"] == said["role"]]
            need(any(seat["assurance"] in {"link", said["assurance"]} for seat in seats), "no such seat")
            voters[said["person"]] = (said["role"], said["assurance"])
            used.append(said["facts"])
            times.append(decided)
        need(list(package.facts) == list(dict.fromkeys(used)), "other facts than the decisions name")
        seats = [seat for seat in package.seats for _ in range(seat["count"])]
        need(seats and seated(seats, voters), "no quorum")
        return times

    @staticmethod
    def proved(said: Any, manifest: str, package: "Shelf") -> None:
        """By a passkey of that person, over all that the statement says they decided; or by a link alone."""
        if said["assurance"] == "link":
            need("passkey" not in said, "a passkey that is not spoken of")
            return
        listed = package.facts[said["facts"]]["people"][said["person"]].get("passkeys", [])
        passkey = next(each for each in listed if each["id"] == said["passkey"]["credential"])
        decided, ends = instant(said["decided_at"]), passkey.get("revoked_at")
        need(instant(passkey["registered_at"]) <= decided, "a passkey of later")
        need(ends is None or decided < instant(ends), "a revoked passkey")
        names = ("audience", "cutover", "revision", "decision", "role", "person", "answers", "reason", "until", "nonce")
        consent = {"schema": "cutover/consent/v1", "manifest": manifest} | {name: said[name] for name in names}
        assertions.check(said["passkey"], passkey, canonical(consent))

    @staticmethod
    def entitled(said: Any, package: "Shelf") -> None:
        """The person holds the role that they decided in, under the facts that the decision names."""
        people = package.facts[said["facts"]]["people"]
        change = package.bundle["change"]["requester"].get("value")
        for asked in filter(None, [package.candidate["requester"], change]):
            named = [key for key, person in people.items() if asked == key or asked in person.get("identities", [])]
            need(len(named) == 1 and named != [said["person"]], "the requester is unknown, or approves")
        need(said["role"] in people[said["person"]]["roles"], "not in that role")
        others = [means(person) for name, person in people.items() if name != said["person"]]
        need(not any(means(people[said["person"]]) & each for each in others), "one person under two names")


def means(person: Any) -> set[str]:
    """A person's mailbox (whatever its letter case and tag), Slack account and passkeys."""
    local, _, host = unicodedata.normalize("NFKC", person["email"]).casefold().rpartition("@")
    found = {f"{local.split('+')[0]}@{host}", person.get("slack") or ""}
    for passkey in person.get("passkeys", []):
        found |= {passkey["id"], passkey["public_key"]}
    return found - {""}


def seats_of(signers: list[Any]) -> list[Any]:
    return [{"count": 1, "assurance": "link", **seat} for seat in signers]


def no_less(usual: list[Any], seats: list[Any]) -> bool:
    """Whether each role is asked as often as usual, and as often with a passkey."""

    def count(among: list[Any], role: str, kinds: set[str]) -> int:
        return sum(seat["count"] for seat in among if seat["role"] == role and seat["assurance"] in kinds)

    return all(
        count(seats, seat["role"], kinds) >= count(usual, seat["role"], kinds)
        for seat in usual
        for kinds in ({"link", "passkey"}, {"passkey"})
    )


def lasting(rules: Any) -> None:
    """Emergency paths that a target could have, and that take no longer than usual."""
    usual = {"deputies_after": 7_200, "reminders": [14_400, 86_400], **rules}
    for path in rules.get("emergency", {}).values():
        targets = [seats_of(seats) for seats in rules["signers"].values()]
        need(not targets or any(no_less(seats, seats_of(path["signers"])) for seats in targets), "of no target")
        for name in ("held_for", "link_valid_for", "deputies_after"):
            need(path[name] <= usual[name], "an emergency that takes longer")
        need(all(ours <= theirs for ours, theirs in zip(path["reminders"], usual["reminders"], strict=False)), "later")


def seated(seats: list[Any], voters: Mapping[str, tuple[str, str]]) -> bool:
    """Whether distinct people, each in the role that they signed for, fill every seat: tried out, seat by seat."""
    if not seats:
        return True
    for person, (role, assurance) in voters.items():
        if seats[0]["role"] == role and seats[0]["assurance"] in {"link", assurance}:
            others = {name: vote for name, vote in voters.items() if name != person}
            if seated(seats[1:], others):
                return True
    return False


class Shelf:
    """The documents that the message lists, and whether they tell what the manifest tells."""

    def __init__(self, verifier: Verifier, said: Any, manifest: Any) -> None:
        self.verifier, self.bound = verifier, manifest
        self.listed = [(each["name"], each["digest"]) for each in said["documents"]]
        self.named = dict(self.listed)
        for each in said["documents"]:
            content = verifier.documents[each["digest"]]
            need(sha256(content) == each["digest"] and len(content) == each["size"], "an altered document")
        for name, digest in manifest["subjects"].items():
            need(self.named[name] == digest, f"another {name}")
        need(self.named["evidence-set"] == manifest["evidence_set"], "another evidence set")
        self.bundle, self.trace, self.register, self.evidence_set = (
            verifier.shaped(name, parse(self.bytes(name)))
            for name in ("bundle", "lineage", "hold-register", "evidence-set")
        )
        rules = self.rules = self.payload("rules", manifest["rules"])
        lasting(rules)
        self.facts: dict[str, Any] = {}
        for name, digest in self.listed:
            if name.startswith("facts/"):
                sealed = parse(verifier.documents[digest])
                payload = sha256(unbase64(sealed["payload"]))
                need(payload not in self.facts, "facts listed twice")
                self.facts[payload] = verifier.owned(sealed, "facts")
        need(next(iter(self.facts)) == manifest["facts"], "other facts")
        self.sections = [("candidate", self.evidence_set["candidate"])]
        self.sections += [
            (one["section"], each) for one in self.evidence_set["collections"] for each in one["evidence"]
        ]
        self.collected = [each for _, each in self.sections]
        self.rendering = rules.get("rendering", {})
        self.listing()
        self.candidate = self.announced()
        self.coherent(rules)
        self.holds(rules.get("waivable", {}))

    def bytes(self, name: str) -> bytes:
        return self.verifier.documents[self.named[name]]

    def payload(self, name: str, digest: str) -> Any:
        sealed = parse(self.bytes(name))
        need(sha256(unbase64(sealed["payload"])) == digest, f"other {name}")
        return self.verifier.owned(sealed, name)

    def listing(self) -> None:
        """Exactly the documents of the package, in their order."""
        fixed = ["bundle", "lineage", "hold-register", "rules"]
        names = fixed + [f"facts/{n}" for n in range(1, len(self.facts) + 1)] + ["candidate", "evidence-set"]
        digests: list[str] = []
        for section, each in self.sections:
            if each["unwraps"] is not None:
                original = self.verifier.documents[each["unwraps"]]
                older = section == "candidate" and original.startswith(OLDER)
                content = translated(self, original) if older else made_of(section, original)
                need(sha256(content) == each["sha256"], "not what is made of the evidence that it names")
                if each["unwraps"] != self.named["candidate"]:
                    digests.append(each["unwraps"])
            if each["size"]:
                need(len(self.verifier.documents[each["sha256"]]) == each["size"], "another size")
                digests.append(each["sha256"])
        wanted = [(name, self.named[name]) for name in names]
        wanted += [(f"evidence/{n}", digest) for n, digest in enumerate(dict.fromkeys(digests), 1)]
        need(self.listed == wanted, "other documents than the package has")

    def announced(self) -> Any:
        evidence = self.evidence_set["candidate"]
        sealed = parse(self.bytes("candidate"))
        arrived = instant(evidence["fetched_at"])
        if "contract" in sealed:
            keys = self.verifier.signed_beside(sealed, arrived)
            payload = self.verifier.documents[evidence["sha256"]]
            candidate = parse(payload)
            need(instant(candidate["issued_at"]) <= arrived, "received after it was admitted")
        else:
            candidate, keys = self.verifier.opened(sealed, TYPES["candidate"], "candidate", arrived)
            payload = unbase64(sealed["payload"])
            need(candidate.get("translated") is None, "only Cutover translates")
        need(any(map(self.about_us, keys)), "its key may not announce this product")
        need(sha256(payload) == self.bound["candidate"] == evidence["sha256"], "another candidate")
        names = {each["name"] for each in candidate["components"]}
        need({each["component"] for each in candidate["attestations"]} <= names, "attestations of something else")
        need(candidate.get("rehearsal", False) is False, "a rehearsal")
        return self.verifier.shaped("candidate", candidate)

    def coherent(self, rules: Any) -> None:
        bound, bundle, candidate = self.bound, self.bundle, self.candidate
        target = bound["destination"]["target"]
        product, rest = bound["cutover"].split("@")
        need([product, rest.split(".")[0]] == [candidate["product"], candidate["target"]], "another cutover")
        need(rest.count(".") == 1, "a rehearsal's cutover")
        need(candidate["audience"] == bound["audience"] and candidate["target"] == target, "another destination")
        need(candidate["window"] == bound["window"]["id"], "another window")
        need(instant(bound["valid_until"]) <= instant(candidate["expires_at"]), "valid longer than its candidate")
        windows = self.facts[bound["facts"]]["calendars"][target]["windows"]
        need([each for each in windows if each["id"] == candidate["window"]] == [bound["window"]], "not that window")
        self.seats = self.asked(rules, target)
        need(canonical(self.seats) == canonical(bound["signers"]), "other signers than the rules want")
        for name in ("cutover", "revision", "rules", "evidence_set"):
            need(canonical(bundle[name]) == canonical(bound[name]), f"another {name}")
        for name in ("cutover", "revision"):
            need(canonical(self.register[name]) == canonical(bound[name]), f"another {name}")
        need(bundle["as_of"] == self.evidence_set["as_of"], "another time")
        need(self.trace["bundle"] == self.named["bundle"], "the lineage of another bundle")
        environments = self.named_as("environment", candidate["environments"])
        release = {**candidate, **candidate["authority"], "environments": environments}
        (leads_to,) = self.named_as("environment", [bound["destination"]["environment"]])
        need(leads_to in environments, "for another environment than its queue's")
        self.emergency(bound, bundle["release"].get("emergency"), candidate.get("emergency"))
        for name, field in bundle["release"].items():
            if name == "emergency":
                continue
            value = [each["value"] for each in field] if name == "environments" else field.get("value")
            need(name == "commit" or value is not None, f"{name} is waived")
            need(value == release[name], f"{name} is not the candidate's")
        names = [each["name"]["value"] for each in bundle["components"]]
        announced_as = self.named_as("component", [each["name"] for each in candidate["components"]])
        need(names == announced_as, "other components")
        for built, announced in zip(bundle["components"], candidate["components"], strict=True):
            digest = built["digest"].get("value", announced["artifact"].get("digest"))
            need(digest == announced["artifact"].get("digest"), "another artifact")

    def asked(self, rules: Any, target: str) -> list[Any]:
        """The seats of this release: an emergency has those of its product's path, which ask nobody less."""
        usual = seats_of(rules["signers"][target])
        if self.candidate.get("emergency") is None:
            return usual
        seats = seats_of(rules["emergency"][self.candidate["product"]]["signers"])
        need(no_less(usual, seats), "an emergency that asks fewer people")
        return seats

    @staticmethod
    def emergency(bound: Any, built: Any, said: Any) -> None:
        """Candidate, bundle and manifest agree on it, or none of them speaks of one."""
        if said is None:
            need(built is None and "emergency" not in bound, "an emergency that nobody announced")
            return
        need(bound["emergency"] == said["incident"], "another incident")
        need({name: field["value"] for name, field in built.items()} == said, "another emergency")

    def named_as(self, kind: str, names: list[str]) -> list[str]:
        return [rendered(self.rendering, kind, name) for name in names]

    def holds(self, waivable: Any) -> None:
        answered = {}
        for hold in self.register["holds"]:
            mark = sha256(canonical({name: hold[name] for name in ("rule", "field", "subject")}))
            number = {"cutover": self.register["cutover"], "revision": self.register["revision"], "fingerprint": mark}
            need(hold["fingerprint"] == mark and hold["id"] == sha256(canonical(number)), "a hold of another field")
            need(hold["severity"] == "hold", "a denial cannot be waived")
            given = hold["resolution"]
            came = [each["unwraps"] for each in self.collected if each["sha256"] == given["waiver"] and each["unwraps"]]
            roles = waivable.get(hold["rule"].split(".")[0], [])
            need(not hold["rule"].startswith("bind."), "nobody may waive that")
            sealed = next(each for each in map(self.waiver, came) if self.may_waive(each, roles))
            waiver = parse(unbase64(sealed["payload"]))
            need(sha256(unbase64(sealed["payload"])) == given["waiver"], "another waiver")
            need(waiver["fingerprint"] == mark and waiver["expires_at"] == given["expires_at"], "not its waiver")
            need(instant(given["expires_at"]) >= instant(self.bound["valid_until"]), "the waiver ends too early")
            answered[hold["id"]] = given["waiver"]
        for pointer, leaf in leaves(self.bundle, ""):
            if isinstance(leaf, dict) and "value" not in leaf:
                need(set(leaf) == {"hold", "waiver"}, f"{pointer} is open")
                need(answered.get(leaf["hold"]) == leaf["waiver"], f"{pointer} is waived by nobody")

    def about_us(self, key: Any) -> bool:
        """Whether a key counts for this product at all: the owners may have limited it to others."""
        return not key.get("products") or self.bound["cutover"].split("@")[0] in key["products"]

    def waiver(self, digest: str) -> Any:
        return parse(self.verifier.documents[digest])

    def may_waive(self, sealed: Any, roles: list[str]) -> bool:
        """Somebody signed it who holds one of the roles, and who asked neither for the release nor for its change."""
        try:
            _, keys = self.verifier.opened(sealed, TYPES["waiver"], "waiver", instant(self.evidence_set["as_of"]))
        except UNEXPECTED:
            return False
        facts = self.facts[self.bound["facts"]]
        ids = {key["id"] for key in keys if self.about_us(key)}
        known = [key for key in facts["keys"] if key["id"] in ids and key["purpose"] == "waiver"]
        owners = {key.get("person") for key in known if self.about_us(key)}
        asked = [self.candidate["requester"], self.bundle["change"]["requester"].get("value")]
        people = facts["people"].items()
        for each in asked:
            named = [name for name, person in people if each == name or each in person.get("identities", [])]
            need(len(named) == 1, "it is not known who asked")
            owners -= {name for name, person in people if means(person) & means(facts["people"][named[0]])}
        return any(name in owners and set(person["roles"]) & set(roles) for name, person in people)


def leaves(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Every sourced field and every gap, and whatever else groups nothing, in the order of the bytes."""
    if isinstance(value, dict) and not ({"from", "hold"} & set(value)):
        for key in sorted(value):
            yield from leaves(value[key], f"{pointer}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, f"{pointer}/{index}")
    else:
        yield pointer, value


def translated(package: Shelf, original: bytes) -> bytes:
    """The candidate that is made of an older document. Its window, and when it was received, it says itself; and what
    the table of services said, where these are not the rules that it was made with.
    """
    announcement = parse(original)
    content = unbase64(announcement["document"])
    flat = package.verifier.shaped("candidate.v0", parse(content, exact=False))
    said = parse(package.verifier.documents[package.evidence_set["candidate"]["sha256"]])
    rules = said["translated"]["rules"]
    ours = rules == package.bound["rules"]
    service = package.rules["legacy"][flat["service"]] if ours else as_said(flat, said)
    again = translation(flat, service, instant(said["issued_at"]), announcement["keyid"])
    again["translated"] = {"contract": announcement["contract"], "original": sha256(content), "rules": rules}
    again |= {"audience": package.verifier.audience, "window": said["window"], "issued_at": said["issued_at"]}
    return canonical(again)


def as_said(flat: Any, said: Any) -> dict[str, Any]:
    """The table's part of a translation, as the translation itself has it."""
    lasts = instant(said["expires_at"]) - instant(said["issued_at"])
    return {
        "product": said["product"], "component": said["components"][0]["name"], "repository": said["repository"],
        "workflow": said["authority"]["workflow"], "requester": said["requester"],
        "registry": said["components"][0]["artifact"]["source"], "changes": said["change"]["source"],
        "records": said["rollout"]["source"], "rollout": said["rollout"]["record"], "flags": said["flags"]["record"],
        "rollback": said["rollback"]["plan"]["record"], "criteria": said["rollback"]["criteria"],
        "targets": {flat["environment"]: said["target"]}, "valid_for": int(lasts.total_seconds()),
    }  # fmt: skip


def translation(flat: Any, service: Any, received: datetime, keyid: str) -> dict[str, Any]:
    """What an older document says, and what the policy's owners say of its service; nothing else."""

    def unpinned(source: str, record: str) -> dict[str, Any]:
        return {"source": service[source], "record": record, "version": "unpinned", "digest": None}

    target = service["targets"][flat["environment"]]
    artifact = {
        "source": service["registry"], "record": f"{flat['image']}:{flat['tag']}", "version": flat["digest"],
        "digest": flat["digest"],
    }  # fmt: skip
    ends = received + timedelta(seconds=service["valid_for"])
    return {
        "schema": "cutover/candidate/v1", "product": service["product"], "version": flat["version"],
        "repository": service["repository"], "commit": None,
        "authority": {"workflow": service["workflow"], "run": f"cutover/candidate/v0 signed by {keyid}"},
        "requester": service["requester"], "target": target, "environments": [target],
        "rationale": "Translated from cutover/candidate/v0, which gives no reason for a release. It names "
        f"{flat['approver']} as its approver; that counts for nothing here.",
        "components": [
            {"name": service["component"], "artifact": artifact, "provenance": None, "dependencies": None,
             "catalog": None}
        ],
        "attestations": [], "change": unpinned("changes", flat["change"]),
        "rollout": unpinned("records", service["rollout"]), "flags": unpinned("records", service["flags"]),
        "overlays": None, "waivers": [], "sequence": 0, "rehearsal": False,
        "rollback": {"criteria": service["criteria"], "plan": unpinned("records", service["rollback"])},
        "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip


def made_of(section: str, original: bytes) -> bytes:
    """What the evidence of a section is made of: a payload, a summary of a manifest, JSON of YAML."""
    if section == "dependencies":
        return canonical(summary(original))
    if section == "catalog":
        return canonical(yaml.safe_load(original))
    document = parse(original, exact=False)
    if str(document.get("mediaType", "")).startswith("application/vnd.dev.sigstore.bundle"):
        document = document["dsseEnvelope"]
    return unbase64(document["payload"])


def summary(manifest: bytes) -> dict[str, Any]:
    """The counts of a CycloneDX manifest in which nothing is wrong; of any other, none that anybody can have."""
    said = parse(manifest, exact=False)
    need(said["bomFormat"] == "CycloneDX", "a format that is not counted here")
    components = list(every(said.get("components", [])))
    return {
        "schema": "cutover/dependency-summary/v1", "sha256": sha256(manifest), "size": len(manifest),
        "format": said["bomFormat"], "spec_version": said["specVersion"], "components": len(components),
        "licences": sum(bool(each.get("licenses")) for each in components),
        "purls": sum("purl" in each for each in components), "problems": [],
    }  # fmt: skip


def every(components: list[Any]) -> Iterator[Any]:
    """Components, and those within them."""
    for each in components:
        yield each
        yield from every(each.get("components", []))


def measured(content: bytes, pointer: str, measure: str, rendering: Mapping[str, Any]) -> list[Any]:
    """What a field may say that points here. Names are rendered by the rules' table, and kept where it has none."""
    if measure == "sha256":
        need(pointer == "", "a digest of a part")
        return [sha256(content)]
    document = parse(content, exact=False)
    if measure == "key":
        holder, _, token = pointer.rpartition("/")
        key = token.replace("~1", "/").replace("~0", "~")
        need(pointer != "" and key in pointed(document, holder), "no member of that name")
        return [key]
    found = pointed(document, pointer)
    if measure == "value":
        return [found]
    if measure == "length":
        need(isinstance(found, list), "nothing to count")
        return [len(found)]
    need(isinstance(found, str), "no text to take parts of")
    parts = [part.strip() for part in found.split(",") if part.strip()]
    if measure == "part":
        return parts
    return [rendered(rendering, measure, part) for part in [found, *parts]]


def rendered(rendering: Mapping[str, Any], kind: str, name: str) -> str:
    """Our name for what somebody calls a component, cohort or environment; theirs, where the table has none."""
    table = rendering.get(f"{kind}s", {})
    ours = {spelling: each for each in sorted(table, reverse=True) for spelling in table[each]}
    return name if name in table else str(ours.get(name, name))


def lineage(package: Shelf) -> None:
    """Every field stands in its evidence, and the trace lists exactly these."""
    known = {(each["source"], each["record"], each["version"], each["sha256"]) for each in package.collected}
    entries = []
    for pointer, leaf in leaves(package.bundle, ""):
        if isinstance(leaf, dict) and "from" in leaf:
            need(set(leaf) == {"value", "from"}, "not a sourced field")
            origin = leaf["from"]
            need((origin["source"], origin["record"], origin["version"], origin["evidence"]) in known, "no evidence")
            content = package.verifier.documents[origin["evidence"]]
            said = leaf["value"]
            standing = measured(content, origin["pointer"], origin["measure"], package.rendering)
            need(any(type(one) is type(said) and one == said for one in standing), f"{pointer} is not in its evidence")
            entries.append({"field": pointer, "origin": origin, "value_sha256": sha256(canonical(said))})
        elif leaf is not None and not isinstance(leaf, dict):
            need(pointer.split("/")[1] in BUNDLE_HEADER, f"{pointer} has no source")
    need(canonical(package.trace["entries"]) == canonical(entries), "the trace is another one")
