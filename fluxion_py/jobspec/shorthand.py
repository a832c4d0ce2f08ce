"""The short form of a request, as one types it: `-N 3 -n 18 ./app` (RFC 25)."""

from collections.abc import Mapping, Sequence
from typing import Any

from fluxion_py.duration import parse_duration
from fluxion_py.errors import FormatError, JobspecError
from fluxion_py.jobspec.model import UNLIMITED, Count, Jobspec, Resource, Task
from fluxion_py.jobspec.requires import parse_requires

LABEL = "task"


def from_command(
    command: Sequence[str],
    *,
    num_nodes: int | None = None,
    num_tasks: int | None = None,
    cores_per_task: int = 1,
    gpus_per_task: int = 0,
    exclusive: bool = False,
    duration: float | str = 0,
    requires: str | None = None,
    queue: str | None = None,
    cwd: str | None = None,
    environment: Mapping[str, str | None] | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Jobspec:
    """Return the RFC 25 jobspec of a command with so many tasks and nodes.

    One slot per task holds `cores_per_task` cores and `gpus_per_task` gpus. With `num_nodes` the
    slots are spread evenly below nodes: 3 nodes and 18 tasks give node[3]>slot[6]>core[1]; if the
    division leaves a rest, the slots are rounded up and the task count is the total. Without
    `num_tasks` there is one task per node, and the nodes are exclusive. `duration` is in seconds
    or a text such as "1h"; 0 means no limit. `requires` is an RFC 35 text. `attributes` are
    further system attributes. Raises `JobspecError`.
    """
    if not command or isinstance(command, str):
        raise JobspecError("the command is a list of at least one word", where="command")
    if num_tasks is None:
        exclusive = exclusive or num_nodes is not None
        num_tasks = 1 if num_nodes is None else num_nodes
    _check(
        num_nodes=(1 if num_nodes is None else num_nodes, 1),
        num_tasks=(num_tasks, 1),
        cores_per_task=(cores_per_task, 1),
        gpus_per_task=(gpus_per_task, 0),
    )
    contents = [Resource("core", _exactly(cores_per_task))]
    if gpus_per_task:
        contents.append(Resource("gpu", _exactly(gpus_per_task)))
    resource, count = _spread(num_tasks, num_nodes, tuple(contents), exclusive)
    system = _system(duration, requires, queue, cwd, environment, attributes)
    return Jobspec(
        version=1,
        resources=(resource,),
        tasks=(Task(tuple(command), LABEL, count),),
        attributes={"system": system},
        duration=system["duration"],
        queue=queue,
        constraints=system.get("constraints"),
    )


def _exactly(number: int) -> Count:
    return Count(number, number)


def _check(**numbers: tuple[int, int]) -> None:
    for name, (number, least) in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int):
            raise JobspecError(f"{number!r} is no whole number", where=name)
        if not least <= number <= UNLIMITED:
            raise JobspecError(f"{number} is not between {least} and {UNLIMITED}", where=name)


def _spread(
    num_tasks: int, num_nodes: int | None, contents: tuple[Resource, ...], exclusive: bool
) -> tuple[Resource, tuple[str, int]]:
    """Return the top resource and the task count."""
    if num_nodes is None:
        if exclusive:
            raise JobspecError("exclusive needs a number of nodes", hint="add -N NODES (num_nodes)")
        return Resource("slot", _exactly(num_tasks), contents, LABEL), ("per_slot", 1)
    if num_nodes > num_tasks:
        raise JobspecError(
            f"{num_nodes} nodes are more than {num_tasks} tasks",
            hint="ask for at least one task per node",
        )
    slots = -(-num_tasks // num_nodes)
    even = slots * num_nodes == num_tasks
    slot = Resource("slot", _exactly(slots), contents, LABEL)
    node = Resource("node", _exactly(num_nodes), (slot,), exclusive=True if exclusive else None)
    return node, ("per_slot", 1) if even else ("total", num_tasks)


def system_duration(duration: float | str) -> float:
    """Return a duration in seconds, whole numbers as int; raise `JobspecError`."""
    if isinstance(duration, str):
        try:
            duration = parse_duration(duration)
        except FormatError as error:
            raise JobspecError(error.message, where="duration", hint=error.hint) from None
    if not 0 <= duration < 2**63:
        raise JobspecError(f"the duration is {duration}", where="duration", hint="0 means no limit")
    return int(duration) if duration == int(duration) else float(duration)


def _system(
    duration: float | str,
    requires: str | None,
    queue: str | None,
    cwd: str | None,
    environment: Mapping[str, str | None] | None,
    attributes: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return the system attributes, always in the same order, without those not given."""
    system: dict[str, Any] = {"duration": system_duration(duration)}
    if cwd is not None:
        system["cwd"] = cwd
    if environment is not None:
        system["environment"] = dict(environment)
    if queue is not None:
        system["queue"] = queue
    constraints = parse_requires(requires) if requires else {}
    if constraints:
        system["constraints"] = constraints
    return system | dict(attributes or {}) if attributes else system
