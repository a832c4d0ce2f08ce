"""A `Jobspec` back to a mapping or JSON text."""

import json
from typing import Any

from fluxion_py.jobspec.counts import format_count
from fluxion_py.jobspec.model import Jobspec, Resource, Task


def to_dict(jobspec: Jobspec) -> dict[str, Any]:
    """Return the document of a jobspec; `parse_object` reads it back to an equal one.

    Keys come in a fixed order, keys without a value are left out, attributes are as given.
    """
    return {
        "version": jobspec.version,
        "resources": [resource_to_dict(resource) for resource in jobspec.resources],
        "tasks": [_task_to_dict(task) for task in jobspec.tasks],
        "attributes": dict(jobspec.attributes),
    }


def to_json(jobspec: Jobspec, *, indent: int | None = None) -> str:
    """Return a jobspec as JSON text in one line, or indented."""
    return json.dumps(to_dict(jobspec), indent=indent, ensure_ascii=False)


def resource_to_dict(resource: Resource) -> dict[str, Any]:
    """Return one vertex of a request, with everything below it."""
    document: dict[str, Any] = {"type": resource.type, "count": format_count(resource.count)}
    for key in ("unit", "id", "exclusive", "label"):
        value = getattr(resource, key)
        if value is not None:
            document[key] = value
    if resource.children:
        document["with"] = [resource_to_dict(child) for child in resource.children]
    return document


def _task_to_dict(task: Task) -> dict[str, Any]:
    document: dict[str, Any] = {"command": list(task.command), "slot": task.slot}
    if task.count is not None:
        document["count"] = {task.count[0]: task.count[1]}
    if task.distribution is not None:
        document["distribution"] = task.distribution
    if task.attributes:
        document["attributes"] = dict(task.attributes)
    return document
