"""Instances for tests: a virtual clock, simulated jobs."""

from collections.abc import Callable
from pathlib import Path

from fluxion_py import Jobspec, ResourceGraph
from fluxion_py.execution.executor import Launch
from fluxion_py.execution.simulated import SimulatedExecutor
from fluxion_py.instances.clock import VirtualClock
from fluxion_py.instances.instance import Instance
from tests.machines import nodes


def instance(
    journal: Path | None = None,
    *,
    graph: ResourceGraph | None = None,
    start: float = 0,
    runtime: Callable[[Launch], float] | None = None,
    queue: str = "easy",
    requeue_running: bool = False,
) -> Instance:
    """An instance on four nodes of four cores, unless told."""
    return Instance(
        graph or nodes(4),
        queue=queue,
        journal=journal,
        clock=VirtualClock(start),
        executor=SimulatedExecutor(runtime),
        requeue_running=requeue_running,
    )


def move(living: Instance, to: float) -> None:
    """Go on until a time."""
    clock = living.clock
    assert isinstance(clock, VirtualClock)
    while (pause := living.step()) is not None and clock.now() + pause <= to:
        clock.move_to(clock.now() + pause)
    clock.move_to(to)
    while living.step() == 0:
        pass


def job(shape: str = "slot/node", duration: float = 100, runtime: float | None = None) -> Jobspec:
    """A jobspec; `runtime` is how long the simulated executor runs it."""
    found = Jobspec.from_shape(shape, ["work"], duration=duration).to_dict()
    if runtime is not None:
        found["attributes"]["user"] = {"runtime": runtime}
    return Jobspec.from_dict(found)
