"""`start` as a task of a job: the instance is on what that job was given, and ends with it."""

import asyncio
import os
import socket
from argparse import Namespace
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fluxion_py.errors import InputError

if TYPE_CHECKING:
    from fluxion_py.instances.instance import Instance
    from fluxion_py.server.lineage import RemoteLink
    from fluxion_py.server.server import Server
    from fluxion_py.subgraph import RankMap

DIRECTORY_VARIABLE = "FLUXION_JOB_DIRECTORY"
NODE_VARIABLE = "FLUXION_NODE"

MAX_DEPTH = 64
"""Instances above each other."""

_PAUSE = 0.25
"""Seconds between two looks whether a parent that was to come back is there."""


def nested_folder(arguments: Namespace) -> Path | None:
    """Return the folder of an instance that is a task of a job; None if this is none.

    A machine of its own (-L, --test-size), or jobs of an earlier life, make it one for itself.
    """
    from fluxion_py.server.lineage import place_from_environment

    alone = _is_alone(arguments)
    if alone or place_from_environment() is None:
        if arguments.part or arguments.claim:
            raise InputError("--part and --claim are for a task of a job of another instance")
        return None
    if arguments.daemon:
        raise InputError("--daemon: inside a job an instance ends with the job")
    job = os.environ.get(DIRECTORY_VARIABLE) or os.getcwd()
    return Path(arguments.dir or Path(job) / f"instance-{os.getpid()}").absolute()


def _is_alone(arguments: Namespace) -> bool:
    machine = arguments.graph is not None or arguments.test_size is not None
    return machine or arguments.recovery is not None


def join(arguments: Namespace, folder: Path, name: str) -> "RemoteLink | None":
    """Claim the grant of the job that this process belongs to, if it does."""
    from fluxion_py.server.client import SOCKET
    from fluxion_py.server.lineage import RemoteLink, place_from_environment

    place = place_from_environment()
    if place is None or _is_alone(arguments):
        return None
    part = os.environ.get(NODE_VARIABLE, "") if arguments.part == "node" else ""
    text = None
    if arguments.claim:
        text = Path(arguments.claim).read_text(encoding="utf-8")
    try:
        link = RemoteLink(
            place, name=name, uri=str(folder / SOCKET), pid=os.getpid(), part=part, R=text
        )
    except InputError as error:
        if text is None:
            raise
        raise InputError(f"{arguments.claim}: {error}") from None
    if link.depth + 1 > MAX_DEPTH:
        raise InputError(f"{MAX_DEPTH} instances are above each other already")
    return link


def settle(instance: "Instance", link: "RemoteLink", ranks: "RankMap") -> None:
    """Make an instance that of a grant: its end, what may not be used of it, its CPUs."""
    instance.link = link
    instance.ranks = ranks
    instance.name = instance.name or link.grant["name"]
    instance.max_size = max(instance.max_size, link.grant["max_size"])
    _use_grant(instance, link)
    _use_cpus(instance)


def _use_grant(instance: "Instance", link: "RemoteLink") -> None:
    """Have the end of a grant, and give out nothing on hosts that are drained above."""
    if link.grant["expiration"]:
        instance.end_at(link.grant["expiration"])
    for host, reason in link.grant["drained"].items():
        instance.obey("drain", {"hosts": host, "reason": reason})


def _use_cpus(instance: "Instance") -> None:
    """Be bound to all CPUs of the grant that are here, not to those of this one task."""
    flat = instance.queue.matcher.graph.flat
    here = socket.gethostname().split(".")[0]
    mine = {name for name, _ in instance.machine.hosts()}
    cores = {flat.id(row) for row in flat.rows_of_type("core")} if mine == {here} else set()
    with suppress(OSError, ValueError):
        os.sched_setaffinity(0, cores or range(os.cpu_count() or 1))


def listen_above(instance: "Instance", link: "RemoteLink", server: "Server") -> None:
    """Obey the parent as its orders come; end with everything when it is gone. In the loop.

    One that has said that it comes back is waited for, as long as this instance lives.
    """
    loop = asyncio.get_running_loop()
    server.kill_jobs = True

    def lost() -> None:
        loop.remove_reader(link.fileno())
        server.stop()

    def parted() -> None:
        loop.remove_reader(link.fileno())
        server.hold(loop.create_task(meet_again()))

    async def meet_again() -> None:
        from fluxion_py.errors import FluxionError

        try:
            while not await loop.run_in_executor(None, link.meet_again):
                await asyncio.sleep(_PAUSE)
            _agree_again(instance, link)
        except FluxionError:
            server.stop()
        else:
            loop.add_reader(link.fileno(), link.obey, instance)
            server.wake()

    link.lost, link.parted = lost, parted
    loop.add_reader(link.fileno(), link.obey, instance)


def _agree_again(instance: "Instance", link: "RemoteLink") -> None:
    """Have what the parent says after its restart. Raises `FluxionError` if it has less for us."""
    from fluxion_py.subgraph import graph_of_grant

    graph, _ = graph_of_grant(link.grant["R"])
    missing = [vertex.path for vertex in instance.graph if vertex.path not in graph]
    if missing:
        raise InputError(f"{missing[0]} is not of the grant any more")
    more = [v.path for v in graph if v.type == "node" and v.path not in instance.graph]
    if more:
        link.give_back(more)  # it did not hear that these went
    _use_grant(instance, link)


def set_sizes(instance: "Instance", arguments: Namespace) -> None:
    """Have the size and the largest size that the options say. Raises `InputError`."""
    from fluxion_py.instances.size import leaving

    if arguments.max_size is not None:
        declared = instance.max_size
        if arguments.max_size > declared:
            raise InputError(f"--max-size {arguments.max_size}: the machine has {declared} nodes")
        instance.max_size = arguments.max_size
        if instance.link is None:
            for path in instance.machine.paths_of(
                leaving(instance.machine.present(), arguments.max_size)
            ):
                instance.detach(path)
    if arguments.size is not None:
        instance.start_with(arguments.size)


def outside_of_jobs(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what tells a task which job it belongs to."""
    of_job = ("FLUX_", NODE_VARIABLE, DIRECTORY_VARIABLE)
    return {name: text for name, text in environment.items() if not name.startswith(of_job)}
