from typing import Any

import pytest

from fluxion_py.errors import ConstraintError, JobspecError
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.jobspec.parser import parse_object
from fluxion_py.jobspec.shorthand import from_command


def nodes(count: int, slots: int, **keys: object) -> list[dict[str, Any]]:
    slot = {"type": "slot", "count": slots, "label": "task", "with": [{"type": "core", "count": 1}]}
    return [{"type": "node", "count": count, **keys, "with": [slot]}]


def test_the_dry_run_of_the_tutorial() -> None:
    jobspec = Jobspec.from_command(["./app"], num_nodes=3, num_tasks=18)
    assert jobspec.to_json() == (
        '{"version": 1, "resources": [{"type": "node", "count": 3, "with": [{"type": "slot",'
        ' "count": 6, "label": "task", "with": [{"type": "core", "count": 1}]}]}],'
        ' "tasks": [{"command": ["./app"], "slot": "task", "count": {"per_slot": 1}}],'
        ' "attributes": {"system": {"duration": 0}}}'
    )


@pytest.mark.parametrize(
    ("options", "resources", "count"),
    [
        ({"num_nodes": 3, "num_tasks": 18}, nodes(3, 6), {"per_slot": 1}),
        ({"num_nodes": 3, "num_tasks": 17}, nodes(3, 6), {"total": 17}),
        ({"num_nodes": 3}, nodes(3, 1, exclusive=True), {"per_slot": 1}),
        (
            {"num_nodes": 1, "num_tasks": 2, "exclusive": True},
            nodes(1, 2, exclusive=True),
            {"per_slot": 1},
        ),
        ({"num_tasks": 4}, nodes(1, 4)[0]["with"], {"per_slot": 1}),
        ({}, nodes(1, 1)[0]["with"], {"per_slot": 1}),
    ],
)
def test_nodes_and_tasks_give_the_structure_of_flux(
    options: dict[str, Any], resources: object, count: object
) -> None:
    document = from_command(["app"], **options).to_dict()
    assert document["resources"] == resources
    assert document["tasks"] == [{"command": ["app"], "slot": "task", "count": count}]


def test_cores_and_gpus_are_per_task() -> None:
    slot = from_command(["app"], num_tasks=2, cores_per_task=8, gpus_per_task=1).resources[0]
    assert [(child.type, child.count.min) for child in slot.children] == [("core", 8), ("gpu", 1)]


def test_the_system_attributes_come_from_the_knobs_in_a_fixed_order() -> None:
    jobspec = from_command(
        ["app"],
        duration="90m",
        requires="a and not b",
        queue="batch",
        cwd="/tmp",
        environment={"X": "1"},
        attributes={"dw": "x"},
    )
    constraints = {"and": [{"properties": ["a"]}, {"not": [{"properties": ["b"]}]}]}
    system = {
        "duration": 5400,
        "cwd": "/tmp",
        "environment": {"X": "1"},
        "queue": "batch",
        "constraints": constraints,
        "dw": "x",
    }
    assert list(jobspec.attributes["system"].items()) == list(system.items())
    assert (jobspec.duration, jobspec.queue, jobspec.constraints) == (5400, "batch", constraints)
    assert parse_object(jobspec.to_dict()) == jobspec


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_nodes": 4, "num_tasks": 3}, "4 nodes are more than 3 tasks"),
        ({"num_tasks": 0}, "num_tasks: 0 is not between"),
        ({"num_nodes": 0}, "num_nodes: 0 is not between"),
        ({"num_tasks": 2**40}, "is not between"),
        ({"num_tasks": 1.5}, "no whole number"),
        ({"cores_per_task": 0}, "cores_per_task: 0"),
        ({"gpus_per_task": -1}, "gpus_per_task: -1"),
        ({"exclusive": True}, "exclusive needs a number of nodes"),
        ({"duration": -1}, "the duration is -1"),
        ({"duration": float("nan")}, "the duration is nan"),
        ({"duration": "soon"}, "bad duration"),
    ],
)
def test_impossible_knobs_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(JobspecError, match=message):
        from_command(["app"], **options)


def test_a_command_is_a_list_of_words() -> None:
    commands: list[list[str] | str] = [[], "app -x"]
    for command in commands:
        with pytest.raises(JobspecError, match="list of at least one word"):
            from_command(command)


def test_bad_requires_are_refused() -> None:
    with pytest.raises(ConstraintError):
        from_command(["app"], requires="a or")
