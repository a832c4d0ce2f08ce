"""The `tasks` section (jobspec.md 6)."""

from collections.abc import Mapping
from typing import Any

from fluxion_py.jobspec.model import Task
from fluxion_py.jobspec.problem import MAPPING, Path, Problem, known
from fluxion_py.jobspec.reading import Reading

_KEYS = ("command", "slot", "count", "distribution", "attributes")
_COUNT_HINT = "write `count: {per_slot: 1}` or `count: {total: 8}`"


def read_tasks(value: object, path: Path, reading: Reading) -> tuple[Task, ...]:
    """Return the tasks of a document; raise `Problem`. The resources must have been read."""
    if not isinstance(value, (list, tuple)):
        raise known('"tasks" is not a sequence', path, hint="write a list of tasks")
    return tuple(_read_task(item, (*path, index), reading) for index, item in enumerate(value))


def _read_task(value: object, path: Path, reading: Reading) -> Task:
    if not isinstance(value, MAPPING):
        raise known("task is not a mapping", path)
    if "command" not in value:
        raise known('Key "command" missing from task', path, hint="add `command: [app]`")
    command = _read_command(value["command"], (*path, "command"), reading)
    if "slot" not in value:
        labels = ", ".join(sorted(reading.labels)) or "none"
        hint = f"add `slot:` with a label; the labels of the resources are: {labels}"
        raise known('Key "slot" missing from task', path, hint=hint)
    complaint = 'Value of task "slot" must be a YAML scalar'
    slot = reading.scalar(value["slot"], (*path, "slot"), complaint)
    count = _read_count(value, path, reading)
    distribution = None
    if "distribution" in value:
        complaint = 'Value of task "distribution" must be a YAML scalar'
        place = (*path, "distribution")
        distribution = reading.scalar(value["distribution"], place, complaint)
    attributes = value.get("attributes", {})
    if not isinstance(attributes, MAPPING):
        raise known('"attributes" in task is not a mapping', (*path, "attributes"))
    _check_keys(value, path, reading)
    _check_label(slot, path, reading)
    return Task(command, slot, count, distribution, dict(attributes))


def _read_command(value: object, path: Path, reading: Reading) -> tuple[str, ...]:
    if isinstance(value, str) and reading.lenient:
        import shlex

        reading.warnings.append(f"command {value!r} is a string; split into words as a shell would")
        try:
            return tuple(shlex.split(value))
        except ValueError as error:
            raise Problem(f"the command cannot be split into words: {error}", path) from None
    if not isinstance(value, (list, tuple)):
        text = '"command" value must be a sequence'
        words = value.split() if isinstance(value, str) else []
        hint = f"write `command: [{', '.join(words)}]`" if words else "write a list of words"
        raise known(text, path, hint=hint)
    return tuple(
        reading.scalar(word, (*path, index), "a word of the command must be a scalar")
        for index, word in enumerate(value)
    )


def _read_count(value: Mapping[str, Any], path: Path, reading: Reading) -> tuple[str, int] | None:
    if "count" not in value:
        return None
    place = (*path, "count")
    count = value["count"]
    if not isinstance(count, MAPPING):
        raise known('"count" in task is not a mapping', place, hint=_COUNT_HINT)
    if len(count) != 1:
        raise known('"count" in task must have exactly one entry', place, hint=_COUNT_HINT)
    ((key, number),) = count.items()
    if key not in ("per_slot", "total") or isinstance(number, bool) or not isinstance(number, int):
        if reading.reference:
            return None
        raise Problem(f"`{key}: {number!r}` is no task count", place, hint=_COUNT_HINT)
    if number < 1 and not reading.reference:
        raise Problem(f"`{key}` is {number}", (*place, key), hint="run at least one task")
    return key, number


def _check_keys(value: Mapping[str, Any], path: Path, reading: Reading) -> None:
    if "count" not in value and not reading.reference:
        raise Problem(
            'Key "count" missing from task',
            path,
            hint=_COUNT_HINT,
            reference_text="impossible number of entries in task mapping",
        )
    for key in value:
        if key not in _KEYS and not reading.reference:
            raise Problem(
                f"unknown key `{key}` in task",
                (*path, key),
                hint="the keys are " + ", ".join(_KEYS),
                at_key=True,
            )
    if not 3 <= len(value) <= 5:
        raise known("impossible number of entries in task mapping", path)


def _check_label(slot: str, path: Path, reading: Reading) -> None:
    """Refuse a task whose slot does not exist (RFC 14); the reference does not look."""
    if reading.reference or slot in reading.labels:
        return
    labels = ", ".join(sorted(reading.labels)) or "none"
    raise Problem(
        f"no slot is labelled {slot!r}",
        (*path, "slot"),
        hint=f"the labels of the resources are: {labels}",
    )
