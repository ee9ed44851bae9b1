"""From a contract's model to its JSON Schema (draft 2020-12), in a form that a person can read.

Pydantic's own output repeats each kind of text wherever it is used, and names generic parts by their
whole type. Here a kind of text is one definition, and generic parts have the name of their class.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from cutover.contracts import base
from cutover_cli.schemas.published import Document

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]
_REFERENCE = "#/$defs/"
_KINDS = ("schema", "_type", "predicateType")
_ORDER = (
    "$schema", "$id", "title", "description", "$ref", "anyOf", "type", "const", "enum", "properties", "required",
    "propertyNames", "patternProperties", "additionalProperties", "prefixItems", "items", "minItems", "maxItems",
    "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMaximum", "default", "$defs",
)  # fmt: skip

SCALARS: dict[str, tuple[Any, str]] = {
    "Arn": (base.Arn, "The ARN of an SQS queue."),
    "Audience": (base.Audience, "`cutover:instance:account:region:stage`: which Cutover a document is meant for."),
    "Base64": (base.Base64, "Base64 (RFC 4648 §4) with padding."),
    "Code": (base.Code, "A stable reason code."),
    "Commit": (base.Commit, "A Git commit: SHA-1 or SHA-256, in lower-case hexadecimal."),
    "CutoverId": (base.CutoverId, "`product@target.number`, or `product@target.rehearsal.number`."),
    "Digest": (base.Digest, "SHA-256 of bytes, in lower-case hexadecimal, with its algorithm."),
    "Instant": (base.Instant, "RFC 3339, in UTC, whole seconds: an instant has one spelling."),
    "Line": (base.Line, "One line of text: at most 512 bytes of UTF-8, no control characters."),
    "Locator": (base.Locator, "How a source system names a thing: at most 1024 bytes of UTF-8."),
    "Name": (base.Name, "A name in the policy's own vocabulary: lower case, 1 to 63 characters."),
    "Pointer": (base.Pointer, "A JSON Pointer (RFC 6901)."),
    "Product": (base.Product, "The name of a product or of a target: lower case, 1 to 40 characters."),
    "Revision": (base.Revision, "The number of a revision within its cutover."),
    "Text": (base.Text, "Text of several lines: at most 4096 bytes of UTF-8, no other control characters."),
}


class _Generator(GenerateJsonSchema):
    """Pydantic's generator without titles on fields, and with the limits that validators set in bytes."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # the signature is pydantic's
        return False

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        made = super().function_after_schema(schema)
        limit = inspect.getclosurevars(schema["function"]["function"]).nonlocals.get("limit")
        # So many characters are at least so many bytes: necessary, if not sufficient.
        return {**made, "maxLength": limit} if isinstance(limit, int) else made

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Each way names its own tag, so that a reader needs no keyword of OpenAPI to tell them apart."""
        made = super().tagged_union_schema(schema)
        return {"anyOf": made["oneOf"]}


def schema_of(document: Document) -> Schema:
    """The JSON Schema of one published document, its keys in the order in which one reads them."""
    made = document.model.model_json_schema(schema_generator=_Generator)
    parts: Schema = made.pop("$defs", {})
    names = {old: _short(part["title"], part) for old, part in parts.items()}
    renamed = _renamed({"": made} | parts, names)
    whole = renamed.pop("")
    named = {name: _finished({**part, "title": name}) for name, part in renamed.items()}
    whole = _finished({**whole, "title": document.title})
    whole["description"] = _about(whole.get("description", ""), document)
    used = {name for part in (whole, *named.values()) for name in _references(part)}
    scalars = {name: _scalar(name) for name in SCALARS if name in used}
    head = {"$schema": DIALECT, "$id": document.id}
    definitions = dict(sorted({**named, **scalars}.items()))
    return _ordered({**head, **whole, **({"$defs": definitions} if definitions else {})})


def _about(docstring: str, document: Document) -> str:
    """What the docstring says beyond the document's name; where that is all, what the index says."""
    said = re.sub(r"^`[^`]+`[.:,]?\s*", "", docstring)
    return said[:1].upper() + said[1:] or document.says


def _short(title: str, part: Schema) -> str:
    """``Sourced[...]`` is told apart by its value; other generic parts stand once in a document."""
    base_name = title.partition("[")[0]
    if base_name != "Sourced":
        return base_name
    value = _hoisted(part["properties"]["value"])
    kind: str = value["$ref"].removeprefix(_REFERENCE) if "$ref" in value else value["type"].capitalize()
    return base_name + kind


def _renamed(parts: Schema, names: dict[str, str]) -> Schema:
    """The parts under their short names; two parts of one name must be the same."""
    made: Schema = {}
    for old, part in parts.items():
        new = names.get(old, old)
        content: Schema = _each(part, lambda node: _reference(node, names))
        bare = {key: value for key, value in content.items() if key != "title"}
        if {key: value for key, value in made.get(new, content).items() if key != "title"} != bare:
            raise AssertionError(f"two different parts would be called {new}")
        made[new] = content
    return made


def _reference(node: Schema, names: dict[str, str]) -> Schema:
    if "$ref" not in node:
        return node
    name = node["$ref"].removeprefix(_REFERENCE)
    return {**node, "$ref": _REFERENCE + names.get(name, name)}


def _finished(part: Schema) -> Schema:
    finished: Schema = _each(part, lambda node: _required(_closed(_plain(_hoisted(node)))))
    return finished


def _hoisted(node: Schema) -> Schema:
    """A reference instead of a kind of text that has a definition of its own."""
    for name, shape in _SHAPES.items():
        if all(node.get(key) == value for key, value in shape.items()):
            others = {key: value for key, value in node.items() if key not in shape}
            if set(others) <= {"default", "description"}:
                return {"$ref": _REFERENCE + name, **others}
    return node


def _plain(node: Schema) -> Schema:
    """Docstrings without the marks of reStructuredText."""
    said = node.get("description")
    if not isinstance(said, str):
        return node
    paragraphs = re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(said).replace("``", "`"))
    return {**node, "description": paragraphs}


def _closed(node: Schema) -> Schema:
    """A map whose keys have a pattern has no other keys."""
    return {**node, "additionalProperties": False} if "patternProperties" in node else node


def _required(node: Schema) -> Schema:
    """What says which document it is has a default in code, but must stand in JSON."""
    properties = node.get("properties")
    if not isinstance(properties, dict):
        return node
    said = [name for name in _KINDS if name in properties and "const" in properties[name]]
    asked = [*said, *(name for name in node.get("required", ()) if name not in said)]
    return {**node, "required": asked} if asked else node


def _each(node: Any, change: Callable[[Schema], Schema]) -> Any:
    """``change`` at every schema of the tree, the inner ones first; never at a map of names to schemas."""
    if isinstance(node, list):
        return [_each(item, change) for item in node]
    if not isinstance(node, dict):
        return node
    inside = {
        key: {name: _each(item, change) for name, item in value.items()}
        if key in {"properties", "patternProperties", "$defs"}
        else value
        if key in {"default", "const", "enum"}
        else _each(value, change)
        for key, value in node.items()
    }
    return change(inside)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix(_REFERENCE)
        for value in node.values():
            yield from _references(value)


def _ordered(node: Schema) -> Schema:
    def ranked(part: Schema) -> Schema:
        if unknown := set(part) - set(_ORDER):
            raise AssertionError(f"keywords without a place in the order: {sorted(unknown)}")
        return {key: part[key] for key in _ORDER if key in part}

    ordered: Schema = _each(node, ranked)
    return ordered


def _scalar(name: str) -> Schema:
    return {"description": SCALARS[name][1], **_SHAPES[name]}


_SHAPES: dict[str, Schema] = {
    name: TypeAdapter(kind).json_schema(schema_generator=_Generator) for name, (kind, _) in SCALARS.items()
}
