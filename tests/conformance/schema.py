"""A validator for the part of JSON Schema (draft 4) that the JSON Graph schema uses."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.conformance.documents import Json

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
_ANNOTATIONS = {"$schema", "definitions", "default", "description", "title"}


def violations(document: Json, schema: Mapping[str, Any]) -> list[str]:
    """Return where a document breaks the schema; empty if nowhere.

    Raises ValueError for a keyword that this validator does not know.
    """
    return _check(document, schema, schema, "document")


def _check(
    value: Json, schema: Mapping[str, Any], root: Mapping[str, Any], where: str
) -> list[str]:
    if "$ref" in schema:
        target: Json = root
        for key in schema["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        return _check(value, target, root, where)
    known = {"type", "properties", "additionalProperties", "required", "items", "oneOf", "enum"}
    unknown = set(schema) - known - _ANNOTATIONS
    if unknown:
        raise ValueError(f"schema keywords not supported: {sorted(unknown)}")
    found = _check_type(value, schema, where)
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is not one of {schema['enum']}")
    if "oneOf" in schema:
        branches = [_check(value, branch, root, where) for branch in schema["oneOf"]]
        if sum(not branch for branch in branches) != 1:
            found.append(f"{where}: not exactly one alternative fits: {branches}")
    if isinstance(value, dict):
        found += _check_object(value, schema, root, where)
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            found += _check(item, schema["items"], root, f"{where}[{index}]")
    return found


def _check_type(value: Json, schema: Mapping[str, Any], where: str) -> list[str]:
    wanted = schema.get("type")
    if wanted is None:
        return []
    names = [wanted] if isinstance(wanted, str) else wanted
    if any(_TYPES[name](value) for name in names):
        return []
    return [f"{where}: {type(value).__name__} where {' or '.join(names)} is wanted"]


def _check_object(
    value: Mapping[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], where: str
) -> list[str]:
    properties = schema.get("properties", {})
    found = [f"{where}: no {key!r}" for key in schema.get("required", []) if key not in value]
    for key, item in value.items():
        if key in properties:
            found += _check(item, properties[key], root, f"{where}.{key}")
        elif schema.get("additionalProperties") is False:
            found.append(f"{where}: {key!r} is not allowed")
    return found
