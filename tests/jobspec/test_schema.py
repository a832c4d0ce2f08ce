"""The JSON Schemas and the parser must agree about the gallery."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fluxion_py.errors import JobspecError
from fluxion_py.jobspec.document import read_document
from fluxion_py.jobspec.parser import parse
from fluxion_py.jobspec.problem import Problem
from tests.machines import JOBSPECS

EXAMPLES = sorted((JOBSPECS / "examples").iterdir())
CANONICAL = json.loads((JOBSPECS / "schema" / "jobspec.json").read_text())
V1 = json.loads((JOBSPECS / "schema" / "jobspec-v1.json").read_text())

# Rules between values, which a schema cannot express, and texts that are no document at all.
ONLY_THE_PARSER_SEES = {
    "constraint-bad-hostlist.yaml",
    "constraint-bad-ranks.yaml",
    "count-descending-idset.yaml",
    "count-max-below-min.yaml",
    "count-power-of-one.yaml",
    "count-times-one.yaml",
    "slot-in-slot.yaml",
    "task-names-missing-slot.yaml",
}

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def is_type(value: object, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])


def fits(value: object, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Judge a value by the part of JSON Schema that the two files use."""
    if "$ref" in schema:
        return fits(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(is_type(value, name) for name in types):
        return False
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "anyOf" in schema and not any(fits(value, part, root) for part in schema["anyOf"]):
        return False
    if "if" in schema and fits(value, schema["if"], root) and not fits(value, schema["then"], root):
        return False
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    if isinstance(value, list):
        return array_fits(value, schema, root)
    return object_fits(value, schema, root) if isinstance(value, dict) else True


def array_fits(value: list[Any], schema: dict[str, Any], root: dict[str, Any]) -> bool:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return False
    if "contains" in schema:
        found = sum(fits(item, schema["contains"], root) for item in value)
        if not 1 <= found <= schema.get("maxContains", found):
            return False
    return all(fits(item, schema.get("items", {}), root) for item in value)


def object_fits(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any]) -> bool:
    known = schema.get("properties", {})
    if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value)):
        return False
    if any(key not in value for key in schema.get("required", [])):
        return False
    if schema.get("additionalProperties") is False and any(key not in known for key in value):
        return False
    for key, needed in schema.get("dependentRequired", {}).items():
        if key in value and any(other not in value for other in needed):
            return False
    return all(fits(value[key], known[key], root) for key in value if key in known)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_fits_the_schema(path: Path) -> None:
    assert fits(read_document(path.read_bytes()).root, CANONICAL, CANONICAL)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_v1_schema_accepts_the_v1_examples_and_not_the_canonical_ones(path: Path) -> None:
    root: Any = read_document(path.read_bytes()).root
    if path.name.startswith("v1-"):
        assert fits(root, V1, V1)
    if root["version"] != 1 or path.name == "slide.yaml":
        assert not fits(root, V1, V1)


INVALID = sorted((JOBSPECS / "invalid").iterdir())


def is_document(path: Path) -> bool:
    try:
        read_document(path.read_bytes())
    except Problem:
        return False
    return True


DOCUMENTS = [path for path in INVALID if is_document(path)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_schema_refuses_what_the_parser_refuses(path: Path) -> None:
    text = path.read_text()
    with pytest.raises(JobspecError):
        parse(text)
    root = read_document(text).root
    assert fits(root, CANONICAL, CANONICAL) is (path.name in ONLY_THE_PARSER_SEES)


def test_only_a_few_invalid_files_are_no_documents() -> None:
    assert len(INVALID) - len(DOCUMENTS) < 12
