"""The `attributes` section (jobspec.md 7): kept verbatim, a few fields understood."""

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from fluxion_py.duration import parse_duration
from fluxion_py.errors import FormatError
from fluxion_py.jobspec.constraint import check_constraint
from fluxion_py.jobspec.problem import MAPPING, Path, Problem, known
from fluxion_py.jobspec.reading import Reading

_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")


class Attributes(NamedTuple):
    """All attributes as given, and the fields of `system` that matching uses."""

    everything: dict[str, Any]
    duration: float
    queue: str | None
    constraints: Mapping[str, Any] | None


def read_attributes(value: object, path: Path, reading: Reading) -> Attributes:
    """Return the attributes of a document; raise `Problem`. None is an empty section."""
    if value is None:
        return Attributes({}, 0, None, None)
    if not isinstance(value, MAPPING):
        raise known('"attributes" is not a mapping', path)
    for key in value:
        if key not in ("user", "system"):
            raise known(
                'Unknown key in "attributes"',
                (*path, key),
                hint=_hint(key),
                at_key=True,
            )
    place = (*path, "system")
    system = value.get("system")
    if system is None:
        return Attributes(dict(value), 0, None, None)
    if not isinstance(system, MAPPING):
        raise known('"system" in "attributes" is not a mapping', place)
    duration = _read_duration(system.get("duration", 0), (*place, "duration"), reading)
    queue = None
    if system.get("queue") is not None:
        queue = reading.scalar(system["queue"], (*place, "queue"), '"queue" must be a string')
    constraints = system.get("constraints")
    if constraints is not None:
        check_constraint(
            constraints,
            (*place, "constraints"),
            reference=reading.reference,
            is_string=reading.document.quoted if reading.reference else None,
        )
    _check_environment(system.get("environment"), (*place, "environment"), reading)
    return Attributes(dict(value), duration, queue, constraints)


def _hint(key: str) -> str:
    if key in ("tasks", "resources", "version"):
        return f"`{key}` belongs to the top level: start it in column 1"
    return "only `system` and `user` are allowed; put your own keys under `user`"


def _read_duration(value: object, path: Path, reading: Reading) -> float:
    """Return seconds. A text ("1h") is ours; the reference wants a number (jobspec.md 7)."""
    number: float | None = None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and len(value) <= 64 and _NUMBER.match(value):
        number = float(value)
    elif isinstance(value, str) and not reading.reference:
        try:
            number = parse_duration(value)
        except FormatError as error:
            raise Problem(error.message, path, hint=error.hint) from None
    if number is None:
        message = f"{value!r} is no number of seconds"
        raise Problem(message, path, hint="write 3600 or 1h", conversion=True)
    if not reading.reference and not 0 <= number < 2**63:
        raise Problem(f"the duration is {number}", path, hint="give seconds, or 0 for no limit")
    try:
        return number if isinstance(number, int) and abs(number) < 2**63 else float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _check_environment(value: object, path: Path, reading: Reading) -> None:
    if value is None or reading.reference:
        return
    if not isinstance(value, MAPPING):
        raise Problem("`environment` is not a mapping", path, hint="write NAME: value")
    for name, text in value.items():
        if isinstance(text, (Mapping, list, tuple)):
            raise Problem(f"the variable {name} is no string", (*path, name))
