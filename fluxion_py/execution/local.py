"""Runs jobs as processes of this computer, through a keeper that outlives this process."""

import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import msgspec

from fluxion_py.errors import FluxionError, InputError
from fluxion_py.execution.executor import Cleaned, Fate, Finished, Launch, Report, Started
from fluxion_py.execution.housekeeping import HousekeepingRound
from fluxion_py.execution.keeper import SOCKET
from fluxion_py.execution.orders import Began, Ended, Kill, Ready, Run, SetDeadline, TaskOrder, Told
from fluxion_py.execution.pretended import pretended_duration, seconds_of
from fluxion_py.execution.simulated import SimulatedExecutor
from fluxion_py.execution.tasks import order_of
from fluxion_py.execution.unix_socket import connect
from fluxion_py.idset import format_idset
from fluxion_py.match.job import format_jobid

_CANNOT_RUN = 126 << 8
_TRIES = 3

TELL_STARTS_WITHIN = 0.05
"""Seconds. A start alone wakes nobody: most jobs end, or others do, before it matters."""


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """A command to run on every node of a job that has ended; see `HousekeepingRound`."""

    command: Sequence[str]
    release_after: float = 0


class LocalExecutor:
    """See `executor.Executor`. `folder` is for the evidence, and is kept from life to life.

    All tasks run on this computer, whatever node they were given; those of a node that is this
    computer are bound to their cores. `environment` is added to that of every task. `grace` is the
    number of seconds from SIGTERM to SIGKILL. With `mortal` everything ends when this process does,
    however it ends: for an instance that is itself a job, of which nothing may stay behind.
    """

    def __init__(
        self,
        folder: Path,
        *,
        housekeeping: Housekeeping | None = None,
        environment: Mapping[str, str] | None = None,
        grace: float = 5.0,
        mortal: bool = False,
    ) -> None:
        self._mortal = mortal
        self.housekeeping = housekeeping is not None
        self._cleaning = housekeeping
        self._folder = folder
        self._environment = dict(environment or {})
        self._grace = grace
        self._wake: Callable[[], None] = lambda: None
        self._socket: socket.socket | None = None
        self._told: deque[Told | None] = deque()
        self._reports: list[Report] = []
        self._orders: dict[str, Run] = {}
        self._started: set[str] = set()
        self._known: dict[str, Began | Ended] = {}
        self._since = 0.0
        self._rounds: dict[int, HousekeepingRound] = {}
        self._pretended = SimulatedExecutor(seconds_of)
        self._closed = False

    # ---- the keeper ----

    def attach(self, wake: Callable[[], None]) -> None:
        """Take the wake function, and connect to the keeper. Raises `InputError`, `OSError`."""
        self._wake = wake
        self._folder.mkdir(parents=True, exist_ok=True)
        self._connect()

    def _connect(self) -> None:
        """Find the keeper of an earlier life or start one; learn what it knows."""
        for _ in range(_TRIES):
            try:
                found = connect(self._folder / SOCKET)
            except OSError:
                self._start_keeper()
                continue
            rest = self._learn(found)
            if rest is not None:
                self._socket = found
                reader = Thread(target=self._read, args=(found, rest), daemon=True)
                reader.start()
                return
            found.close()  # it was about to leave
        raise InputError(f"the keeper of {self._folder} does not answer", hint="see keeper.log")

    def _start_keeper(self) -> None:
        environment = {**os.environ, "FLUXION_GRACE": str(self._grace)}
        if self._mortal:
            environment["FLUXION_MORTAL"] = "1"
        with (self._folder / "keeper.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "fluxion_py.execution.keeper", str(self._folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        assert process.stdout is not None
        with process.stdout as stream:
            ready = stream.read(6)
        if ready != b"ready\n":
            process.wait()
            raise InputError(
                f"the keeper of {self._folder} did not start", hint="keeper.log there says why"
            )
        Thread(target=process.wait, daemon=True).start()  # so that it leaves no zombie

    def _learn(self, found: socket.socket) -> bytes | None:
        """Read what a keeper knows; return what it has sent after that, None if it is gone."""
        self._known.clear()
        data = b""
        while True:
            lines = data.split(b"\n")
            data = lines.pop()
            for place, line in enumerate(lines):
                told = _decode(line)
                if isinstance(told, Ready):
                    self._since = told.since
                    return b"\n".join([*lines[place + 1 :], data])
                self._known[told.key] = told
            try:
                more = found.recv(2**20)
            except OSError:
                more = b""
            if not more:
                return None
            data += more

    def _read(self, found: socket.socket, data: bytes) -> None:
        """Take what the keeper tells, in a thread; None stands for its end."""
        while True:
            *lines, data = data.split(b"\n")
            told = [_decode(line) for line in lines]
            self._told.extend(told)
            if any(isinstance(entry, Ended) for entry in told):
                self._wake()
            try:
                more = found.recv(2**20)
            except OSError:
                more = b""
            if not more:
                break
            data += more
        self._told.append(None)
        self._wake()

    def _send(self, order: Run | Kill | SetDeadline) -> None:
        if self._socket is not None:
            with suppress(OSError):  # its end is told by the reader
                self._socket.sendall(_encode(order) + b"\n")

    def _again(self) -> None:
        """Go on with a new keeper after the old one was killed."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        try:
            self._connect()
        except (FluxionError, OSError) as error:
            self._give_up(str(error))
        for order in list(self._orders.values()):
            known = self._known.get(order.key)
            if isinstance(known, Ended) and known.at == order.at:
                self._note(known)
            else:
                self._send(order)
        self._known.clear()

    def _give_up(self, note: str) -> None:
        """Report all that ran as lost: there is nobody to ask."""
        for order in list(self._orders.values()):
            self._note(Ended(order.key, order.at, time.time(), 9, note=note))

    # ---- jobs ----

    def launch(self, launch: Launch, now: float) -> None:
        """Order the start of a job."""
        try:
            if pretended_duration(launch.jobspec) is not None:
                self._pretended.launch(launch, now)
                return
            order = order_of(launch, self._environment)
        except (FluxionError, OSError) as error:
            self._reports.append(Finished(launch.jobid, now, _CANNOT_RUN, note=str(error)))
            self._wake()
            return
        self._watch(launch, order)
        self._send(order)

    def _watch(self, launch: Launch, order: Run) -> None:
        self._orders[order.key] = order
        if self._cleaning is not None:
            flat = launch.allocation.flat
            ranks = {flat.rank(row) for row, *_ in launch.allocation.selection.vertices}
            ranks.discard(-1)
            self._rounds[launch.jobid] = HousekeepingRound(ranks, self._cleaning.release_after)

    def set_deadline(self, jobid: int, deadline: int | None) -> None:
        """Change the deadline of a running job."""
        self._pretended.set_deadline(jobid, deadline)
        order = self._orders.get(str(jobid))
        if order is not None:
            order.deadline = deadline
            self._send(SetDeadline(order.key, deadline))

    def kill(self, jobid: int, signal: int, now: float) -> None:
        """Send a signal to all process groups of a job."""
        self._pretended.kill(jobid, signal, now)
        if str(jobid) in self._orders:
            self._send(Kill(str(jobid), signal))

    def poll(self, now: float) -> list[Report]:
        """Return what happened."""
        self._known.clear()
        while self._told:
            told = self._told.popleft()
            if told is None:
                if not self._closed:
                    self._again()
            elif not isinstance(told, Ready):
                self._note(told)
        for jobid, cleaned in list(self._rounds.items()):
            self._release(jobid, cleaned.due(now), now)
        for report in self._pretended.poll(now):
            self._reports.append(report)
            if self.housekeeping and isinstance(report, Finished):
                self._reports.append(Cleaned(report.jobid, now))
        reports, self._reports = self._reports, []
        return reports

    def next_time(self) -> float | None:
        """Return when nodes come back together, or starts are to be told of."""
        times = [cleaned.next_time() for cleaned in self._rounds.values()]
        if len(self._orders) > len(self._started):
            times.append(time.time() + TELL_STARTS_WITHIN)
        times.append(self._pretended.next_time())
        return min((at for at in times if at is not None), default=None)

    def _note(self, told: Began | Ended) -> None:
        order = self._orders.get(told.key)
        if order is None or order.at != told.at:
            return
        key, dot, rest = told.key.partition(".")
        jobid = int(key)
        if dot:
            self._started.add(told.key)
            if isinstance(told, Ended):
                del self._orders[told.key]
                self._started.discard(told.key)
                self._cleaned(jobid, int(rest.rpartition(".")[2]), told.time)
            return
        if told.key not in self._started:
            self._started.add(told.key)
            self._reports.append(Started(jobid, told.time))
        if isinstance(told, Ended):
            del self._orders[told.key]
            self._started.discard(told.key)
            note = told.note
            self._reports.append(Finished(jobid, told.time, told.status, told.timed_out, note))
            self._clean(jobid, order)

    # ---- housekeeping ----

    def _clean(self, jobid: int, order: Run) -> None:
        """Start the housekeeping of a job that has ended."""
        round = self._rounds.get(jobid)
        if self._cleaning is None or round is None:
            return
        if not round.waiting:  # nodes without ranks come back as one
            del self._rounds[jobid]
            self._reports.append(Cleaned(jobid, 0))
        for rank in sorted(round.waiting):
            environment = {"FLUX_JOB_ID": format_jobid(jobid), "FLUXION_RANK": str(rank)}
            task = TaskOrder(list(self._cleaning.command), {**self._environment, **environment})
            log = str(self._folder / "housekeeping.log")
            step = Run(f"{jobid}.h.{rank}", order.at, [task], stdout=log, stderr=log)
            self._orders[step.key] = step
            self._send(step)

    def _cleaned(self, jobid: int, rank: int, now: float) -> None:
        round = self._rounds.get(jobid)
        if round is not None:
            self._release(jobid, round.done(rank, now), now)

    def _release(self, jobid: int, ranks: Sequence[int], now: float) -> None:
        if ranks:
            self._reports.append(Cleaned(jobid, now, format_idset(ranks)))
            if not self._rounds[jobid].waiting:
                del self._rounds[jobid]

    # ---- from life to life ----

    def recover(self, launch: Launch, now: float) -> Fate:
        """Say what became of a job, as the keeper knows it."""
        key = str(launch.jobid)
        known = self._known.get(key)
        if known is None or known.at != launch.allocation.at:
            # Evidence that begins later than the job says nothing about it.
            return Fate.NEVER_STARTED if launch.allocation.at >= int(self._since) else Fate.UNKNOWN
        if isinstance(known, Ended) and known.lost:
            return Fate.UNKNOWN
        self._watch(launch, Run(key, known.at, [], launch.deadline))
        self._told.append(known)
        return Fate.FINISHED if isinstance(known, Ended) else Fate.RUNNING

    def close(self, *, kill: bool) -> None:
        """Leave the keeper; with `kill` it ends all that runs."""
        self._closed = True
        if kill:
            for key in self._orders:
                self._send(Kill(key, 15))
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._socket = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Told).decode
