"""Each function is told exactly the settings that its handler asks the wiring for: read from both sources."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.environment import VALUES
from infra.plan import FUNCTIONS
from infra.refusals import REFUSED

SETTING = re.compile(r"CUTOVER_[A-Z_]+")
ALIASES = {
    "targets": {"CUTOVER_TARGETS"},
    "audience": {"CUTOVER_AUDIENCE"},
    "links_keys": {"CUTOVER_LINKS_KEYS"},
}
"""Settings that have a property of their own."""
NEVER_GIVEN = set(REFUSED)
"""What tests alone may set: synthesis refuses it."""
GIVEN_TO_ALL = {"CUTOVER_AUDIENCE", "CUTOVER_ENGINE", "CUTOVER_LOCK_DIGEST"}


def members(repository: Path) -> dict[str, ast.FunctionDef]:
    """The wiring's properties and methods by name."""
    tree = ast.parse((repository / "functions/cutover/runtime/wiring.py").read_text("utf-8"))
    (wiring,) = [each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == "Wiring"]
    return {each.name: each for each in wiring.body if isinstance(each, ast.FunctionDef)}


def asked(node: ast.AST, *owners: str) -> Iterator[str]:
    """Every ``owner.name`` in a piece of code."""
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and ast.unparse(each.value) in owners:
            yield each.attr


def literals(node: ast.AST) -> set[str]:
    """Settings that are named in full, or through the settings' own properties."""
    found: set[str] = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and SETTING.fullmatch(each.value):
            found.add(each.value)
        elif isinstance(each, ast.Attribute) and ast.unparse(each.value).endswith("settings"):
            found |= ALIASES.get(each.attr, set())
    return found


def behind(name: str, known: dict[str, ast.FunctionDef], seen: frozenset[str] = frozenset()) -> set[str]:
    """What one member of the wiring asks for, itself and through others."""
    if name not in known or name in seen:
        return set()
    inner = (behind(each, known, seen | {name}) for each in asked(known[name], "self"))
    return literals(known[name]).union(*inner)


def wanted(repository: Path, handler: Path) -> set[str]:
    tree, known = ast.parse(handler.read_text("utf-8")), members(repository)
    found = literals(tree).union(*(behind(name, known) for name in asked(tree, "wiring", "wired()")))
    text = handler.read_text("utf-8")
    # The key of a purpose is named by the purpose; the guards `once` and `remembering` are in a module of their own.
    found |= {f"CUTOVER_{each.upper()}_KEY" for each in re.findall(r'wiring\.(?:sealer|signer)\("(\w+)"\)', text)}
    if "once(" in text or "remembering(" in text:
        found |= behind("idempotency", known)
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_told_what_its_handler_asks_for_and_no_more(repository: Path, name: str) -> None:
    plan = FUNCTIONS[name]
    handler = repository / "functions/cutover" / f"{plan.kind}s" / plan.module / "handler.py"
    assert set(plan.settings) == wanted(repository, handler) - GIVEN_TO_ALL - NEVER_GIVEN


def test_the_wiring_is_read_as_it_is_written(repository: Path) -> None:
    """Otherwise the test above would compare nothing with nothing."""
    known = members(repository)
    assert behind("store", known) == {"CUTOVER_STORE_BUCKET"}
    assert behind("policy", known) == {"CUTOVER_TABLE", "CUTOVER_STORE_BUCKET", "CUTOVER_ROOT_FINGERPRINT"}
    assert behind("destinations", known) == {"CUTOVER_TARGETS"}
    assert "CUTOVER_STATE_MACHINE_ARN" in behind("workflow", known)
    assert {each for name in known for each in behind(name, known)} >= VALUES.keys() - {
        "CUTOVER_PAGE_URL", "CUTOVER_BIND_KEY", "CUTOVER_DECIDE_KEY", "CUTOVER_HANDOFF_KEY", "CUTOVER_LEDGER_KEY",
    }  # fmt: skip
