"""What the code of a rule says of itself: its question, the codes of its holds, and what mends them.

Read from the source of the rule and of the functions of the checks that it calls, so that the page cannot say else.
"""

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

CHECKS = "cutover.domain.checks"
_CODE = re.compile(r'(?<!Refused\()"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"')
_ELSEWHERE = "\N{HORIZONTAL ELLIPSIS}"
"""Stands for what shows only when the rule runs."""


def first_line(function: object) -> str:
    """The question that a rule asks: its docstring's first line."""
    said = inspect.getdoc(function)
    if not said:
        raise AssertionError(f"a rule without a docstring: {function}")
    return said.splitlines()[0].rstrip(".").replace("``", "`")


def codes_of(check: Callable[..., Any]) -> tuple[str, ...]:
    """The codes that a rule can give, in the order of its source: its own, then those of what it calls."""
    found = (code for function in _called(check) for code in _CODE.findall(inspect.getsource(function)))
    return tuple(dict.fromkeys(found))


def mends_of(check: Callable[..., Any]) -> tuple[str, ...]:
    """What a rule says would mend what it finds."""
    found = (said for function in _called(check) for said in _mends(function))
    return tuple(dict.fromkeys(found))


def _called(check: Callable[..., Any]) -> list[FunctionType]:
    """The rule and every function of the checks that it reaches by name."""
    found: list[FunctionType] = []
    ahead: list[object] = [check]
    while ahead:
        function = ahead.pop(0)
        if isinstance(function, type):
            ahead += [each for each in vars(function).values() if inspect.isfunction(each)]
        elif isinstance(function, FunctionType) and function not in found and _ours(function):
            found.append(function)
            ahead += _named(function)
    return found


def _named(function: FunctionType) -> Iterator[object]:
    """What the names that a function uses stand for, in its own file and in the files of the checks that it uses."""
    names = tuple(_names(function.__code__))
    spaces = [vars(each) for name in names if isinstance(each := function.__globals__.get(name), ModuleType)]
    ours = [space for space in spaces if str(space["__name__"]).startswith(CHECKS)]
    return (space.get(name) for space in (function.__globals__, *ours) for name in names)


def _ours(function: FunctionType) -> bool:
    """Written in a file of the checks: what a dataclass makes for itself has no source."""
    module = function.__module__
    return module.startswith(CHECKS) and function.__code__.co_filename == sys.modules[module].__file__


def _names(code: CodeType) -> Iterator[str]:
    """The global names that a function uses, those of what is nested in it too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _mends(function: FunctionType) -> Iterator[str]:
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.keyword | ast.Assign) and "mend" in _targets(node):
            yield from _texts(node.value, function.__globals__)


def _targets(node: ast.keyword | ast.Assign) -> set[str | None]:
    """The names that are given a value."""
    return {node.arg} if isinstance(node, ast.keyword) else {ast.unparse(each) for each in node.targets}


def _texts(node: ast.expr, named: Mapping[str, Any]) -> Iterator[str]:
    """The text of an expression, of either branch of a choice."""
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body, named)
        yield from _texts(node.orelse, named)
    elif isinstance(node, ast.Name) and isinstance(named.get(node.id), str):
        yield named[node.id]
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else _ELSEWHERE for part in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
