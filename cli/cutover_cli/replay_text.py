"""What `cutover replay` says."""

from collections.abc import Iterator
from typing import Any

from cutover_cli.output import oneline
from cutover_cli.replaying.difference import Cause, Difference, Replayed
from cutover_cli.replaying.other_policy import PASS, Compared, Ending

MOST = 40
"""So many differences stand in a text; JSON has all that were compared."""


def document(done: Replayed, written: tuple[str, ...], restored: tuple[str, ...]) -> dict[str, Any]:
    return {
        "result": "restored" if _all_back(done, restored) else done.outcome,
        "cutover": done.cutover, "revision": done.revision, "decided": done.decided, "code": done.result,
        "engine": {
            "same": done.same_engine,
            "recorded": [each.model_dump(mode="json") for each in done.engines],
            "this": done.engine.model_dump(mode="json"),
        },
        "compared": list(done.compared),
        "differences": [each.value() for each in done.differences],
        "recreated": sorted(done.recreated), "written": list(written), "restored": list(restored),
    }  # fmt: skip


def text(done: Replayed, written: tuple[str, ...], restored: tuple[str, ...]) -> str:
    return "\n".join(_lines(done, written, restored))


def _lines(done: Replayed, written: tuple[str, ...], restored: tuple[str, ...]) -> Iterator[str]:
    if not done.same_engine:
        yield f"engine differs: made by {_engines(done)}; replayed by {_engine(done.engine)}"
    decided = f"{done.decided} ({done.result})" if done.decided else "nothing was decided by Bind"
    yield f"{done.cutover} revision {done.revision}: {decided}"
    for each in done.differences[:MOST]:
        yield oneline(f"  {_difference(each)}")
    if len(done.differences) > MOST:
        yield f"  and {len(done.differences) - MOST} more; --format json names them"
    yield from (f"  written   {each}" for each in written)
    yield from (f"  restored  {each}" for each in restored)
    if _all_back(done, restored):
        yield "restored: all that was missing stands in the store again, with the same digests"
    elif done.outcome == "identical":
        yield f"identical: {len(done.compared)} documents were made again, byte by byte the same"
    elif done.restorable:
        yield "outputs missing: each was made again with the same digest; --restore puts them back"
    else:
        if any(each.cause is Cause.CORRUPTED and each.recreated for each in done.differences):
            yield "nothing is ever written over other bytes; --out writes the right ones, beside the store"
        yield f"{done.outcome}: {len(done.differences)} difference(s)"


def _all_back(done: Replayed, restored: tuple[str, ...]) -> bool:
    return bool(restored) and done.restorable


def _engines(done: Replayed) -> str:
    return ", ".join(map(_engine, done.engines))


def _engine(engine: Any) -> str:
    return f"{engine.version} (lock {engine.lock.removeprefix('sha256:')[:12]})"


def _difference(each: Difference) -> str:
    where = f"{each.document}{' ' + each.pointer if each.pointer else ''}"
    made = " (made again, the same)" if each.recreated else ""
    values = "" if each.stored is None and each.recomputed is None else f": {each.stored} -> {each.recomputed}"
    return f"{each.cause.value}: {where}{made or values}"


def policy_document(found: Compared) -> dict[str, Any]:
    return {
        "cutover": found.cutover, "revision": found.revision, "differs": found.differs, "cause": "rules differ",
        "policy": {name: _pair(pair) for name, pair in (("rules", found.rules), ("facts", found.facts)) if pair},
        "then": _ending(found.then), "now": _ending(found.now),
        "rules": [
            {
                "rule": name, "then": then.outcome, "now": now.outcome, "differs": then != now,
                "found_then": list(then.where), "found_now": list(now.where),
            }
            for name, then, now in found.each
        ],
        "package": [{"document": name, **each.model_dump(mode="json")} for name, each in found.package],
    }  # fmt: skip


def policy_text(found: Compared) -> str:
    return "\n".join(_policy_lines(found))


def _policy_lines(found: Compared) -> Iterator[str]:
    yield f"{found.cutover} revision {found.revision}, under another policy; nothing is replayed or written"
    for name, pair in (("rules", found.rules), ("facts", found.facts)):
        if pair:
            yield f"{name} differ: {pair[0]} then, {pair[1]} now" if pair[0] != pair[1] else f"the same {name}"
    changed = [each for each in found.each if each[1] != each[2]]
    same = [each for each in found.each if each[1] == each[2]]
    width = max((len(name) for name, _, _ in found.each), default=0)
    for name, then, now in changed:
        yield f"  ~ {name:<{width}}  {then.outcome:<12}  -> {now.outcome}"
        yield from (oneline(f"      then {each}") for each in then.where)
        yield from (oneline(f"      now  {each}") for each in now.where)
    for name, then, _ in same:
        if then.outcome != PASS:
            yield f"    {name:<{width}}  {then.outcome:<12}     the same"
    yield f"  {sum(then.outcome == PASS for _, then, _ in same)} rules pass, then and now"
    for document_name, each in found.package[:MOST]:
        yield oneline(f"  {document_name} {each.pointer}: {each.before} -> {each.after}")
    before, after = (f"{each.decided} ({each.result})" for each in (found.then, found.now))
    yield f"the revision: {before}, then and now" if before == after else f"the revision: {before} -> {after}"


def _ending(each: Ending) -> dict[str, str]:
    return {"decided": each.decided, "code": each.result}


def _pair(pair: tuple[str, str]) -> dict[str, Any]:
    return {"recorded": pair[0], "given": pair[1], "same": pair[0] == pair[1]}
