"""From a launch to the order for its keeper: commands, environment, CPUs, files."""

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fluxion_py.errors import InputError
from fluxion_py.execution.executor import Launch
from fluxion_py.execution.orders import Run, TaskOrder
from fluxion_py.execution.taskmap import MAX_TASKS, map_tasks
from fluxion_py.match.job import format_jobid
from fluxion_py.placement import TaskPlacement, place_tasks

MAX_TASKS_HERE = 10_000
"""Processes of one job that one machine starts."""


def order_of(launch: Launch, extra: Mapping[str, str]) -> Run:
    """Return the order that runs a job; `extra` is for the environment of every task.

    Raises `FluxionError` if the job has no command, or its task map or options make no sense.
    """
    jobspec = launch.jobspec
    system = _mapping(jobspec.attributes.get("system"))
    placed = place_tasks(launch.allocation.flat, launch.allocation.selection, jobspec)
    commands = _commands(launch, len(placed))
    if not commands or not all(commands):
        raise InputError("the job has no task to run")
    if len(commands) > min(MAX_TASKS_HERE, MAX_TASKS):
        raise InputError(f"{len(commands)} tasks; one machine starts {MAX_TASKS_HERE} at most")
    options = _mapping(_mapping(system.get("shell")).get("options"))
    common = {**extra, "FLUX_JOB_ID": format_jobid(launch.jobid)}
    if launch.directory is not None:
        common["FLUXION_JOB_DIRECTORY"] = str(launch.directory)
    stdout, stderr = (_file(launch, options, name) for name in ("stdout", "stderr"))
    environment = system.get("environment")
    return Run(
        str(launch.jobid),
        launch.allocation.at,
        _task_orders(launch, placed, commands, _scheme(options), common),
        launch.deadline,
        system.get("cwd") if isinstance(system.get("cwd"), str) else None,
        {str(key): str(value) for key, value in environment.items()}
        if isinstance(environment, Mapping)
        else None,
        stdout or _kept(launch, "stdout"),
        stderr or stdout or _kept(launch, "stderr"),
        None if launch.directory is None else str(launch.directory.parent),
    )


def _commands(launch: Launch, total: int) -> list[Sequence[str]]:
    """Return the command of each task, by rank."""
    tasks = launch.jobspec.tasks
    if len(tasks) == 1:
        return [tasks[0].command] * total
    found: list[Sequence[str]] = []
    for task in tasks:
        alone = replace(launch.jobspec, tasks=(task,))
        number = len(place_tasks(launch.allocation.flat, launch.allocation.selection, alone))
        found += [task.command] * number
    return found


def _task_orders(
    launch: Launch,
    placed: Sequence[TaskPlacement],
    commands: Sequence[Sequence[str]],
    scheme: str,
    common: Mapping[str, str],
) -> list[TaskOrder]:
    nodes = list(dict.fromkeys(task.node for task in placed))
    places: list[list[TaskPlacement]] = [[] for _ in nodes]
    for task in placed:
        places[nodes.index(task.node)].append(task)
    bound = [_is_here(launch, node) for node in nodes]
    orders: list[TaskOrder] = []
    local = [0] * len(nodes)
    for rank, node in enumerate(map_tasks(scheme, [len(tasks) for tasks in places])):
        task = places[node][local[node]]
        environment = {
            **common,
            "FLUX_JOB_SIZE": str(len(placed)),
            "FLUX_JOB_NNODES": str(len(nodes)),
            "FLUX_TASK_RANK": str(rank),
            "FLUX_TASK_LOCAL_ID": str(local[node]),
        }
        if nodes[node]:
            environment["FLUXION_NODE"] = nodes[node]
        if task.gpus:
            environment["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, task.gpus))
        command = [word.replace("{{taskid}}", str(rank)) for word in commands[rank]]
        cpus = _cpus(task) if bound[node] else []
        orders.append(TaskOrder(command, environment, cpus))
        local[node] += 1
    return orders


def _is_here(launch: Launch, node: str) -> bool:
    """Say whether a node of the allocation is this computer, so that its core ids mean CPUs."""
    only = len(launch.allocation.flat.rows_of_type("node")) <= 1
    return only or node == socket.gethostname().split(".")[0]


def _cpus(task: TaskPlacement) -> list[int]:
    """Return the cores of a task if this process may use all of them."""
    cores = list(task.cores)
    return cores if cores and set(cores) <= os.sched_getaffinity(0) else []


def _scheme(options: Mapping[str, Any]) -> str:
    found = options.get("taskmap")
    if isinstance(found, str):
        return found
    if not isinstance(found, Mapping):
        return "block"
    value = found.get("value", "")
    return f"{found.get('scheme', 'block')}:{value}".removesuffix(":")


def _file(launch: Launch, options: Mapping[str, Any], stream: str) -> str | None:
    """Return the file that a job wants its output in, with {{id}} replaced."""
    path = _mapping(_mapping(options.get("output")).get(stream)).get("path")
    if not isinstance(path, str) or not path:
        return None
    named = path.replace("{{id}}", format_jobid(launch.jobid))
    return named.replace("{{jobid}}", str(launch.jobid))


def _kept(launch: Launch, stream: str) -> str | None:
    """Return the file where output goes otherwise: beside the job's folder, which few need."""
    return None if launch.directory is None else f"{launch.directory}.{stream}"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
