"""YAML as people write it, read so that one text can mean one thing only: pure.

What is read becomes canonical JSON, so only what JSON knows is read, in YAML 1.2's core spelling: ``yes``, ``on``,
``010`` and dates are text, a float is refused, and so are duplicate keys, anchors, tags and merge keys.
"""

import re
from typing import Any

import yaml

from cutover.domain import bounded
from cutover.errors import Refused

MAX_BYTES = 1_048_576
REFUSED = "YAML_REFUSED"
_TAG = "tag:yaml.org,2002:"
_SCALARS = {
    "null": (r"(?:null|~|)", "nN~"),
    "bool": (r"(?:true|false)", "tf"),
    "int": (r"(?:0|-?[1-9][0-9]*)", "-0123456789"),
    "float": (
        r"(?:[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+)|[-+]?\.(?:inf|nan))",
        "-+.0123456789",
    ),
}


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalars above and nothing that repeats or hides a value."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own shape

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _refused(event, "anchors and aliases are not allowed: write the value where it is meant")
        if getattr(event, "tag", None) is not None:
            raise _refused(event, f"the tag {event.tag} is not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = True) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != _TAG + "str":
                raise _refused(key, "a key must be text: quote it")
            if key.value in seen:
                raise _refused(key, f"the key {key.value!r} stands twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _refused(at: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=at.start_mark)


def _no_float(_loader: _Loader, node: yaml.ScalarNode) -> Any:
    raise _refused(node, f"{node.value} is a float: use an integer, or quote it")


for _name, (_pattern, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"^{_pattern}$"), [*_first, ""])
_Loader.add_constructor(_TAG + "float", _no_float)


def read(text: str) -> dict[str, Any]:
    """The one mapping in ``text``, of at most ``MAX_BYTES`` bytes of UTF-8.

    Raises ``Refused`` (``YAML_REFUSED``), whose detail is a short line that begins with line and column where they
    are known.
    """
    if len(text.encode()) > MAX_BYTES:
        raise Refused(REFUSED, f"larger than {MAX_BYTES} bytes")
    try:
        value = yaml.load(text, Loader=_Loader)  # noqa: S506  # a SafeLoader, made stricter
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{mark.line + 1}:{mark.column + 1}: " if mark else ""
        raise Refused(REFUSED, bounded.line(f"{place}{error.problem}")) from error
    except yaml.YAMLError as error:
        raise Refused(REFUSED, bounded.line(str(error))) from error
    except RecursionError as error:
        raise Refused(REFUSED, "nested too deeply") from error
    except (ValueError, ArithmeticError) as error:  # what the parser lets through of Python's own conversions
        raise Refused(REFUSED, "a number or an escaped character in it is larger than any may be") from error
    if not isinstance(value, dict):
        raise Refused(REFUSED, "expected a mapping")
    return value
