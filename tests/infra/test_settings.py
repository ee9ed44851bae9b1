"""Each function is told exactly the settings that its handler asks the wiring for: read from both sources."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

import pytest

from cutover.runtime.wiring import Wiring
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
    """The wiring's properties and methods by name: its own, and those of the parts that it inherits from."""
    classes: dict[str, ast.ClassDef] = {}
    for path in sorted((repository / "functions/cutover/runtime").glob("*.py")):
        for each in ast.parse(path.read_text("utf-8")).body:
            if isinstance(each, ast.ClassDef):
                assert each.name not in classes, f"two classes {each.name}"
                classes[each.name] = each
    known: dict[str, ast.FunctionDef] = {}
    for part in parts("Wiring", classes):
        for node in classes[part].body:
            if isinstance(node, ast.FunctionDef):
                assert node.name not in known, f"{node.name} is wired twice"
                known[node.name] = node
    return known


def parts(name: str, classes: dict[str, ast.ClassDef]) -> set[str]:
    """A class and all that it inherits from; fails where one of these is written elsewhere."""
    return {name}.union(*(parts(ast.unparse(base), classes) for base in classes[name].bases))


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
    assert known.keys() == {
        name
        for part in Wiring.__mro__[:-1]
        for name, each in vars(part).items()
        if isinstance(each, FunctionType | property | functools.cached_property)
    }
    assert behind("store", known) == {"CUTOVER_STORE_BUCKET"}
    assert behind("policy", known) == {"CUTOVER_TABLE", "CUTOVER_STORE_BUCKET", "CUTOVER_ROOT_FINGERPRINT"}
    assert behind("destinations", known) == {"CUTOVER_TARGETS"}
    assert "CUTOVER_STATE_MACHINE_ARN" in behind("workflow", known)
    assert {each for name in known for each in behind(name, known)} >= VALUES.keys() - {
        "CUTOVER_PAGE_URL", "CUTOVER_BIND_KEY", "CUTOVER_DECIDE_KEY", "CUTOVER_HANDOFF_KEY", "CUTOVER_LEDGER_KEY",
    }  # fmt: skip
