"""The independent verifier's own reading of the ledger and of notices: forwards, entry by entry, on plain JSON.

It shares no line with Cutover. The table of who may write what is written from the design, not from the code.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.verifier.independent import UNEXPECTED, Told, Verifier, canonical, instant, need, parse, sha256, unbase64

HEAD, NOTICE = (f"application/vnd.cutover.{kind}.v1+json" for kind in ("ledger-head", "notice"))
ENTRY_KEYS = {
    "schema", "chain", "sequence", "previous", "at", "event", "transition", "revision", "from", "to", "actor", "engine",
    "rules", "facts", "inputs", "result", "detail", "correlation_id",
}  # fmt: skip
NOTICE_KEYS = {
    "schema", "audience", "cutover", "revision", "event", "result", "detail", "at", "chain", "sequence", "entry",
    "supersession",
}  # fmt: skip
WINDOW = timedelta(minutes=15)
ROWS: dict[str, tuple[int, str, str | None]] = {
    "announced": (1, "intake", "admitting"), "refused": (2, "admit", "refused"),
    "admitted": (3, "admit", "collecting"), "superseded": (4, "admit", "superseded"), "waits": (5, "admit", None),
    "assembled": (6, "assemble", "verifying"), "held": (7, "bind", "held"),
    "resolution-recorded": (8, "resolutions", None), "resolved": (9, "resolutions", "superseded"),
    "bound": (10, "bind", "bound"), "approval-requested": (11, "request-approval", "awaiting_approval"),
    "approval-given": (12, "approvals", None), "approved": (13, "approvals", "approved"),
    "deferred": (14, "approvals", "deferred"), "taken-up": (14, "approvals clock", "awaiting_approval"),
    "declined": (15, "bind approvals", "declined"), "awaiting-window": (16, "await-token", "awaiting_window"),
    "approval-lapsed": (17, "clock hand-off", "awaiting_approval"), "handing-off": (18, "hand-off", "handing_off"),
    "handing-off-again": (19, "hand-off", None), "handed-off": (20, "hand-off receipts", "handed_off"),
    "uncertain": (21, "clock", "uncertain"), "drifted": (22, "clock hand-off", "superseded"),
    "expired": (23, "clock", "expired"), "withdrawn": (24, "withdrawals clock", "withdrawn"),
    "adopted": (25, "clock", None), "rehearsed": (26, "bind", "rehearsed"),
}  # fmt: skip
SUPERSEDED = {"superseded", "resolved", "drifted"}
AGAINST = SUPERSEDED | {"uncertain", "withdrawn", "withdrawn-too-late", "withdrawal-during-hand-off"}


def accepts(
    message: bytes, *, trust: bytes, documents: Mapping[str, bytes], now: datetime, schemas: Mapping[str, Any],
    ledger: bytes | None = None, heads: Sequence[bytes] = (), given: Sequence[bytes] = (),
    beside: Sequence[bytes] = (), **more: Any,
) -> bool:  # fmt: skip
    """Whether the message verifies, and whatever was given of ledger and notices with it."""
    try:
        verifier = Verifier(trust, documents, now, schemas)
        told = verifier.verify(message, **more)
        need(ledger is not None or not heads, "heads of nothing")
        entries = Chain(verifier, told, ledger, heads).entries if ledger is not None else []
        standing(verifier, told, entries, given, beside)
    except UNEXPECTED:
        return False
    return True


def digest(document: Any) -> str:
    return sha256(canonical(document))


class Chain:
    """The export of one cutover's ledger, against the message."""

    def __init__(self, verifier: Verifier, told: Told, ledger: bytes, heads: Sequence[bytes]) -> None:
        self.verifier, self.told = verifier, told
        export = verifier.shaped("ledger-export", parse(ledger))
        need(set(export) == {"schema", "chain", "entries", "head"}, "not whole")
        need(export["chain"] == told.said["cutover"], "another chain")
        self.entries = export["entries"]
        before = None
        for number, entry in enumerate(self.entries, 1):
            need(set(entry) == ENTRY_KEYS, "not a whole entry")
            need(entry["chain"] == export["chain"] and entry["sequence"] == number, "not in its place")
            need(entry["previous"] == before, "does not follow")
            before = digest(entry)
        ends = [self.head(each) for each in (export["head"], *map(parse, heads)) if each is not None]
        need(len(self.entries) in ends, "no head at the end")
        place = told.said["ledger"]
        need(digest(self.entries[place["sequence"] - 1]) == place["entry"], "the message follows another entry")
        self.mine = [each for each in self.entries if each["revision"] == told.said["revision"]]
        self.statuses()
        self.story(sha256(canonical(told.message)))

    def head(self, envelope: Any) -> int:
        """How far a genuine head reaches."""
        unsigned = parse(unbase64(envelope["payload"]))
        said, _ = self.verifier.opened(envelope, HEAD, "ledger", instant(unsigned["at"]))
        self.verifier.shaped("ledger-head", said)
        entry = self.entries[said["sequence"] - 1]
        need(said["chain"] == entry["chain"] and digest(entry) == said["entry"], "the head of another chain")
        need(instant(said["at"]) >= instant(entry["at"]), "signed before it was written")
        return int(said["sequence"])

    def statuses(self) -> None:
        stands = None
        for place, entry in enumerate(self.mine):
            if entry["transition"] is None:
                need(entry["from"] is None and entry["to"] is None, "a note that changes a status")
                continue
            begins = place == 0 and entry["event"] in {"admitted", "opened"} and entry["from"] in {None, "admitting"}
            need(begins or entry["from"] == stands, "a status that did not stand")
            if entry["event"] != "opened":
                number, writers, to = ROWS[entry["event"]]
                need(entry["transition"] == number and entry["actor"]["role"] in writers.split(), "not its writer")
                need(entry["to"] == (to or entry["from"]), "another status")
            stands = entry["to"]

    def only(self, *events: str) -> Any:
        (found,) = [each for each in self.mine if each["event"] in events]
        return found

    def near(self, entry: Any, stated: str) -> None:
        need(timedelta(0) <= instant(entry["at"]) - instant(stated) <= WINDOW, "written at another time")

    def story(self, message: str) -> None:
        said, manifest, package = self.told.said, self.told.manifest, self.told.package
        opened, assembled = self.only("admitted", "opened"), self.only("assembled")
        bound, sent = self.only("bound"), self.only("handing-off")
        asked = package.candidate["requester"]
        need(opened["inputs"]["candidate"] == manifest["candidate"] and opened["to"] == "collecting", "not opened so")
        need(opened["event"] == "opened" or opened["actor"]["requester"] == asked, "asked by another")
        need(opened["event"] == "opened" or opened["result"] == "ADMITTED", "not admitted")
        first = next(
            each for each in self.entries
            if each["event"] in {"admitted", "opened"} and each["inputs"].get("candidate") == manifest["candidate"]
        )  # fmt: skip
        self.near(first, package.evidence_set["candidate"]["fetched_at"])
        for entry, result in ((assembled, "ASSEMBLED"), (bound, "BOUND"), (sent, "LEASED")):
            need(entry["result"] == result and entry["actor"]["requester"] == asked, "another result")
        made = assembled["inputs"]
        need(made["evidence-set"] == manifest["evidence_set"], "other evidence")
        need(made["bundle"] == package.named["bundle"] and made["lineage"] == package.named["lineage"], "other bundle")
        engine = package.bundle["engine"]
        need({name: engine[name] for name in ("version", "lock")} == assembled["engine"], "another engine")
        need(bound["inputs"]["manifest"] == sent["inputs"]["manifest"] == self.told.digest, "another manifest")
        need(bound["inputs"]["hold-register"] == package.named["hold-register"], "another register")
        need(bound["facts"] == manifest["facts"], "other facts")
        self.near(bound, manifest["bound_at"])
        need(sent["inputs"]["handoff"] == message, "another message")
        need(instant(said["not_before"]) <= instant(sent["at"]) < instant(said["not_after"]), "out of its window")
        given = sorted([self.approval(each) for each in said["approvals"]], key=lambda each: int(each["sequence"]))
        need(all(each["rules"] == manifest["rules"] for each in (opened, assembled, bound, *given, sent)), "rules")
        order = [each["sequence"] for each in (opened, assembled, bound, *given)]
        need(order == sorted(order) and order[-1] <= said["ledger"]["sequence"] < sent["sequence"], "another order")

    def approval(self, envelope: Any) -> Any:
        payload = unbase64(envelope["payload"])
        said, decision = parse(payload)["predicate"], sha256(payload)
        known = [each for each in self.mine if each["event"] in {"approval-given", "approved"}]
        entry = next(each for each in known if each["inputs"].get("decision") == decision)
        need(entry["inputs"]["envelope"] == digest(envelope), "another signature")
        need(entry["inputs"]["manifest"] == self.told.digest and entry["result"] == "DONE", "of another manifest")
        need(entry["actor"]["requester"] == said["person"] and entry["facts"] == said["facts"], "another person")
        self.near(entry, said["decided_at"])
        for later in self.mine:
            gone = [each for name, each in later["inputs"].items() if name.startswith("lapsed/")]
            need(later["sequence"] <= entry["sequence"] or decision not in gone, "it has lapsed")
        return entry


def standing(
    verifier: Verifier, told: Told, entries: Sequence[Any], given: Sequence[bytes], beside: Sequence[bytes]
) -> None:
    """No genuine notice, and no entry, speaks against the revision."""
    ours = [each for each in entries if each["revision"] == told.said["revision"]]
    arrived = max((each["sequence"] for each in ours if each["event"] == "handed-off"), default=0)

    def stands(event: str, sequence: int) -> bool:
        return event == "uncertain" and sequence < arrived

    need(all(each["event"] not in AGAINST or stands(each["event"], each["sequence"]) for each in ours), "it has ended")
    for content in (*given, *beside):
        notice = genuine(verifier, told, parse(content), entries)
        mine = notice["revision"] == told.said["revision"]
        need(mine or content not in given, "a notice of another revision")
        need(not mine or stands(notice["event"], notice["sequence"]), "it has ended")
        need(mine or not entries or notice["sequence"] <= len(entries), "a ledger that ends before it")


def genuine(verifier: Verifier, told: Told, envelope: Any, entries: Sequence[Any]) -> Any:
    unsigned = parse(unbase64(envelope["payload"]))
    notice, _ = verifier.opened(envelope, NOTICE, "ledger", instant(unsigned["at"]))
    need(set(verifier.shaped("notice", notice)) == NOTICE_KEYS, "not whole")
    need(notice["audience"] == verifier.audience, "another audience")
    need(notice["cutover"] == notice["chain"] == told.said["cutover"], "another cutover")
    need(notice["event"] in AGAINST, "nothing is known of it")
    other = notice["supersession"]
    need((other is not None) == (notice["event"] in SUPERSEDED), "with or without what came after it")
    for name in ("audience", "cutover", "revision"):
        need(other is None or other[name] == notice[name], "a supersession of something else")
    if notice["sequence"] <= len(entries):
        entry = entries[notice["sequence"] - 1]
        need(notice["entry"] == digest(entry), "another entry")
        need(all(notice[name] == entry[name] for name in ("event", "revision", "result", "detail", "at")), "otherwise")
        need(entry["inputs"].get("supersession") == (digest(other) if other else None), "another supersession")
    return notice
