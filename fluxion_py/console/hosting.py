"""An instance in a folder, and the server before it."""

import asyncio
import os
import shlex
import shutil
import subprocess
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from fluxion_py.cli.tool import DONE, complain
from fluxion_py.console.nesting import (
    join,
    listen_above,
    outside_of_jobs,
    set_sizes,
    settle,
)
from fluxion_py.console.setting import Setting, read_setting
from fluxion_py.duration import parse_duration
from fluxion_py.errors import InputError
from fluxion_py.execution.local import Housekeeping, LocalExecutor
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.instances.dump import unpack_dump
from fluxion_py.instances.environment import graph_from_environment, pretended_nodes
from fluxion_py.instances.instance import Instance
from fluxion_py.instances.journal import Journal
from fluxion_py.match.job import format_jobid
from fluxion_py.queues.config import QueueConfig
from fluxion_py.queues.limits import sizes
from fluxion_py.server.client import SOCKET, URI_VARIABLE
from fluxion_py.server.lineage import RemoteLink
from fluxion_py.server.server import Server
from fluxion_py.subgraph import RankMap, graph_of_grant

JOURNAL = "journal.db"
MACHINE = "machine"


@dataclass
class Hosting:
    """What lives in a folder: journal, evidence, output of jobs, a copy of the machine."""

    folder: Path
    instance: Instance
    server: Server
    from_dump: bool = False
    recovers: bool = False
    link: RemoteLink | None = None

    @classmethod
    def prepare(cls, arguments: Namespace, folder: Path) -> "Hosting":
        """Make or recover the instance. Raises `FluxionError`, `OSError`."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        journal = folder / JOURNAL
        recovers, dump = arguments.recovery is not None, arguments.recovery or ""
        _check_folder(folder, journal.exists(), arguments)
        if dump:
            unpack_dump(dump, journal)
        setting = read_setting(arguments, journal)
        if setting.inside and not dump:
            raise InputError(
                f"{folder} is of an instance inside the job {setting.inside}, which has ended",
                hint="it has no second life; jobs of a dump would go on: --recovery FILE.tar",
            )
        link = join(arguments, folder, setting.name)
        graph, ranks = (
            (_machine(arguments, folder), RankMap(()))
            if link is None
            else graph_of_grant(link.grant["R"])
        )
        setting.inside = "" if link is None else format_jobid(link.jobid)
        grace = parse_duration(setting.grace)
        executor = LocalExecutor(
            folder / "execution",
            housekeeping=_housekeeping(setting),
            environment={URI_VARIABLE: str(folder / SOCKET)},
            grace=grace,
            mortal=link is not None,
        )
        instance = Instance(
            graph,
            policy=setting.policy,
            queue=[QueueConfig.from_dict(queue) for queue in setting.queues],
            journal=Journal(journal, sync=link is None),  # a child has no second life
            executor=executor,
            name=setting.name,
            directory=folder / "jobs",
            requeue_running=bool(dump),
        )
        instance.journal.set_meta("setting", setting.to_json())
        if link is not None:
            settle(instance, link, ranks)
        set_sizes(instance, arguments)
        server = Server(instance, folder / SOCKET, kill_within=grace + 10)
        return cls(folder, instance, server, bool(dump), recovers, link)

    def greeting(self) -> str:
        """Return the lines that say what was started."""
        flat = self.instance.machine.matcher.graph.flat
        nodes, cores = (len(flat.rows_of_type(kind)) for kind in ("node", "core"))
        lines = [self._recovered()] if self.recovers else []
        lines.append(f"fluxion: {nodes} nodes, {cores} cores; socket {self.server.path}")
        return "\n".join(lines)

    def _recovered(self) -> str:
        found = self.instance.recovered
        parts = [f"recovered {found.pending + found.running} jobs"]
        stopped = [name for name, lane in self.instance.queue.lanes.items() if not lane.started]
        if stopped:
            one = len(self.instance.queue.lanes) == 1
            parts[0] += ", queue is stopped" if one else f", stopped queues: {', '.join(stopped)}"
        if found.requeued:
            parts.append(f"{found.requeued} that were running wait again")
        if found.never_fit:
            parts.append(
                f"{len(found.never_fit)} can never run on this instance{self._too_large()}, "
                "kept pending"
            )
        if found.lost:
            ids = ", ".join(format_jobid(jobid) for jobid in found.lost[:5])
            parts.append(f"{len(found.lost)} may have run and were ended as lost ({ids})")
        return "; ".join([*parts, *found.notes])

    def _too_large(self) -> str:
        instance = self.instance
        nodes = len(instance.machine.hosts())
        wanted = [
            sizes(instance.job(jobid).request.jobspec)["node"]
            for jobid in instance.recovered.never_fit
        ]
        return f" (need more than {nodes} nodes)" if min(wanted) > nodes else ""

    def serve(self, ready: Callable[[], None]) -> int:
        """Serve until a signal or a `shutdown`."""

        def started() -> None:
            self._listen_above()
            ready()

        asyncio.run(self.server.serve(started))
        return DONE

    def _listen_above(self) -> None:
        """Take orders of the parent as they come; without it everything ends."""
        if self.link is not None:
            listen_above(self.instance, self.link, self.server)

    def serve_for(self, command: Sequence[str]) -> int:
        """Serve while a command runs, with the instance in its environment; end as it does."""
        self.server.kill_jobs = True
        started: list[subprocess.Popen[bytes]] = []
        environment = outside_of_jobs({**os.environ, URI_VARIABLE: str(self.server.path)})

        async def run() -> None:
            loop = asyncio.get_running_loop()

            def start() -> None:
                self._listen_above()
                try:
                    process = subprocess.Popen(command, env=environment)
                except OSError as error:
                    complain(f"error: {command[0]}: {error.strerror}")
                    self.server.stop()
                    return
                started.append(process)
                Thread(target=watch, args=(process,), daemon=True).start()

            def watch(process: subprocess.Popen[bytes]) -> None:
                process.wait()
                loop.call_soon_threadsafe(self.server.stop)

            await self.server.serve(start, interruptible=False)

        asyncio.run(run())
        if not started:
            return 127
        started[0].terminate()
        code = started[0].wait()
        return code if code >= 0 else 128 - code

    def close(self) -> None:
        """Let everything go; what runs goes on, if it was not ended."""
        self.instance.close()


def _check_folder(folder: Path, exists: bool, arguments: Namespace) -> None:
    """Raise `InputError` if a folder has jobs that are not wanted, or none that are."""
    if exists and arguments.recovery is None:
        raise InputError(
            f"{folder} has the jobs of an earlier instance",
            hint="--recovery goes on with them; --dir FOLDER begins elsewhere",
        )
    if exists and arguments.recovery:
        raise InputError(
            f"{folder} has jobs already, which {arguments.recovery} would replace",
            hint="give the dump a folder of its own with --dir",
        )
    if not exists and arguments.recovery == "":
        raise InputError(f"there is nothing to recover in {folder}", hint="--dir FOLDER")


def _machine(arguments: Namespace, folder: Path) -> ResourceGraph:
    """Return the machine of -L, else that of an earlier life, else what this process was given."""
    kept, path = folder / MACHINE, arguments.graph
    if arguments.test_size is not None:
        if path is not None:
            raise InputError("--test-size and --graph do not go together")
        return pretended_nodes(arguments.test_size)
    if path is not None:
        graph = ResourceGraph.from_file(path)
        shutil.copyfile(path, kept)
        return graph
    return ResourceGraph.from_file(kept) if kept.exists() else graph_from_environment()


def _housekeeping(setting: Setting) -> Housekeeping | None:
    if not setting.housekeeping:
        return None
    try:
        words = shlex.split(setting.housekeeping)
    except ValueError as error:
        raise InputError(f"--housekeeping cannot be split into words: {error}") from None
    return Housekeeping(words, parse_duration(setting.release_after))
