"""Requests: from text, mappings, commands and shapes to a `Jobspec` and back.

The model is imported at once; the readers come on first use, so that a program which only needs
the classes starts quickly. `parse` itself is `fluxion_py.jobspec.parse.parse`, as the package
cannot have a function and a module of the same name.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from fluxion_py.jobspec.model import UNLIMITED, Count, Jobspec, Resource, Task

if TYPE_CHECKING:
    from fluxion_py.jobspec.alternatives import expand_alternatives
    from fluxion_py.jobspec.constraint import Constraint, compile_constraint
    from fluxion_py.jobspec.counts import parse_count
    from fluxion_py.jobspec.parse import parse_object
    from fluxion_py.jobspec.requires import parse_requires
    from fluxion_py.jobspec.serialise import digest, to_dict, to_json
    from fluxion_py.jobspec.shape import format_shape, from_shape, parse_shape
    from fluxion_py.jobspec.shorthand import from_command

_HOME = {
    "Constraint": "constraint",
    "compile_constraint": "constraint",
    "digest": "serialise",
    "expand_alternatives": "alternatives",
    "format_shape": "shape",
    "from_command": "shorthand",
    "from_shape": "shape",
    "parse_count": "counts",
    "parse_object": "parse",
    "parse_requires": "requires",
    "parse_shape": "shape",
    "to_dict": "serialise",
    "to_json": "serialise",
}

__all__ = [
    "UNLIMITED",
    "Constraint",
    "Count",
    "Jobspec",
    "Resource",
    "Task",
    "compile_constraint",
    "digest",
    "expand_alternatives",
    "format_shape",
    "from_command",
    "from_shape",
    "parse_count",
    "parse_object",
    "parse_requires",
    "parse_shape",
    "to_dict",
    "to_json",
]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    return value
