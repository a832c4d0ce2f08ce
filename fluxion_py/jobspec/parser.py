"""Jobspec text or objects to a `Jobspec` (jobspec.md 1); every error says where."""

from collections.abc import Container, Mapping
from typing import NoReturn

from fluxion_py.errors import JobspecError
from fluxion_py.jobspec.attributes import read_attributes
from fluxion_py.jobspec.document import Document, check_size, read_document
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.jobspec.problem import MAPPING, Problem, format_path, known
from fluxion_py.jobspec.reading import Reading
from fluxion_py.jobspec.resources import read_resources
from fluxion_py.jobspec.tasks import read_tasks

_KEYS = ("version", "resources", "tasks", "attributes")


def parse(
    text: str | bytes,
    *,
    source: str | None = None,
    known_types: Container[str] | None = None,
    lenient: bool = False,
    reference: bool = False,
    warnings: list[str] | None = None,
) -> Jobspec:
    """Return the jobspec of a YAML or JSON text.

    `source` names the text in errors. `lenient` accepts a command that is one string and appends
    a sentence about it to `warnings`. `reference` keeps to what the reference accepts and refuses:
    zero counts, unlabelled tasks and empty slots pass, durations are numbers, and with
    `known_types` (the types of the loaded graph) unknown types are refused. Counts may be idset
    and range texts in both. Raises `JobspecError`, with line and column, and with the reference's
    wording in `reference_text`.
    """
    document: Document | None = None
    try:
        document = read_document(text)
        reading = Reading(document, reference, lenient, known_types)
        jobspec = _read(reading)
    except Problem as problem:
        _refuse(problem, document, source)
    if warnings is not None:
        warnings += reading.warnings
    return jobspec


def parse_object(
    value: object,
    *,
    source: str | None = None,
    known_types: Container[str] | None = None,
    lenient: bool = False,
    reference: bool = False,
) -> Jobspec:
    """Return the jobspec of a mapping such as `json.load` gives; otherwise like `parse`."""
    document = Document(value)
    try:
        check_size(value)
        return _read(Reading(document, reference, lenient, known_types))
    except Problem as problem:
        _refuse(problem, document, source)


def _read(reading: Reading) -> Jobspec:
    root = reading.document.root
    if not isinstance(root, MAPPING):
        raise known(
            "Top level of jobspec is not a mapping",
            (),
            hint="a jobspec has the keys version, resources, tasks and attributes",
        )
    _check_keys(root)
    version = _read_version(root["version"])
    resources = read_resources(root["resources"], ("resources",), reading)
    if not resources and not reading.reference:
        raise Problem("`resources` is empty", ("resources",), hint="ask for something")
    tasks = read_tasks(root["tasks"], ("tasks",), reading)
    everything, duration, queue, constraints = read_attributes(
        root["attributes"], ("attributes",), reading
    )
    return Jobspec(version, resources, tasks, everything, duration, queue, constraints)


def _check_keys(root: Mapping[str, object]) -> None:
    for key in ("resources", "tasks", "version", "attributes"):
        if key not in root:
            # The reference writes "resource" there (errata G21).
            text = f'Missing key "{key}" in top level mapping'
            reference_text = text.replace("resources", "resource")
            raise Problem(text, (), hint=_missing_hint(key, root), reference_text=reference_text)
    for key in root:
        if key not in _KEYS:
            raise Problem(
                f"unknown key `{key}` at the top level",
                (key,),
                hint="the keys are " + ", ".join(_KEYS),
                reference_text="Top mapping in jobspec must have exactly four entries",
                at_key=True,
            )


def _missing_hint(key: str, root: Mapping[str, object]) -> str:
    attributes = root.get("attributes")
    if isinstance(attributes, MAPPING) and key in attributes:
        return f"`{key}` stands under `attributes`; start it in column 1"
    if key == "attributes":
        return "add `attributes: {system: {duration: 3600}}`"
    if key == "version":
        return "add `version: 1`"
    return f"add `{key}:` with a list"


def _read_version(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        value = int(value)
    hint = "write `version: 1`"
    if value is None or isinstance(value, (list, tuple)):
        raise known('"version" must be a scalar', ("version",), hint=hint)
    if isinstance(value, bool) or not isinstance(value, int):
        if isinstance(value, MAPPING):
            raise known('"version" must be a scalar', ("version",), hint=hint)
        message = f"{value!r} is no version number"
        raise Problem(message, ("version",), hint=hint, conversion=True)
    if value < 0 or value >= 2**32:
        message = f"{value} is no version number"
        raise Problem(message, ("version",), hint=hint, conversion=True)
    if not 1 <= value <= 9999:
        raise known('Only jobspec "version" 1-9999 is supported', ("version",), hint=hint)
    return value


def _refuse(problem: Problem, document: Document | None, source: str | None) -> NoReturn:
    """Raise the `JobspecError` of a problem, with its position."""
    position = problem.position
    if position is None and document is not None:
        position = document.locate(problem.path, at_key=problem.at_key)
    line, column = position or (None, None)
    reference_text = problem.reference_text
    if problem.conversion and position is not None:
        reference_text = f"yaml-cpp: error at line {line}, column {column}: bad conversion"
    raise JobspecError(
        problem.message,
        source=source,
        where=format_path(problem.path),
        line=line,
        column=column,
        hint=problem.hint,
        reference_text=reference_text,
    ) from None
