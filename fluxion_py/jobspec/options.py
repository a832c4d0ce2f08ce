"""The optional arguments that the builders of `Jobspec` pass on, as types."""

from collections.abc import Container, Mapping
from typing import Any, TypedDict


class ParseOptions(TypedDict, total=False):
    """Options of `parse.parse` and `parse.parse_object`."""

    source: str | None
    known_types: Container[str] | None
    lenient: bool
    reference: bool


class ShapeOptions(TypedDict, total=False):
    """Options of `shape.from_shape`."""

    duration: float | str
    queue: str | None
    requires: str | None


class CommandOptions(ShapeOptions, total=False):
    """Options of `shorthand.from_command`."""

    num_nodes: int | None
    num_tasks: int | None
    cores_per_task: int
    gpus_per_task: int
    exclusive: bool
    cwd: str | None
    environment: Mapping[str, str | None] | None
    attributes: Mapping[str, Any] | None
