"""The parent of all processes of an instance: it outlives it, and knows how everything ended.

Run as `python -m fluxion_py.execution.keeper FOLDER`. It serves one instance at a time at
FOLDER/keeper.sock: what one has ordered is done before the next is listened to. It writes evidence
before a program runs, keeps deadlines, and leaves when there is neither an instance nor a process.
A mortal one (FLUXION_MORTAL=1: an instance inside a job) ends all processes with its instance.
"""

import heapq
import os
import selectors
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from fluxion_py.execution.evidence import Evidence
from fluxion_py.execution.orders import (
    Began,
    Ended,
    Kill,
    Order,
    Processes,
    Ready,
    Run,
    SetDeadline,
    Told,
)
from fluxion_py.execution.process import kill_group, spawn, start_time
from fluxion_py.execution.unix_socket import listen

SOCKET = "keeper.sock"
GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL, unless the environment's FLUXION_GRACE says otherwise."""

WAIT_FOR_INSTANCE = 20.0
"""Seconds that a new keeper waits for its instance."""

_READ = 2**16
"""Bytes; for much more Python asks the kernel for memory at every read."""

_LONGEST_PAUSE = 3600.0
"""Seconds; a selector refuses to wait for years."""

_CANNOT_RUN, _NOT_FOUND = 126 << 8, 127 << 8


@dataclass(slots=True)
class Entry:
    """Something that runs: its live processes, the highest status so far, how it is to end.

    Bookings are in whole seconds, rounded down; `slack` is what a job would lose by that, and gets.
    """

    key: str
    at: int
    deadline: int | None
    slack: float
    live: set[int] = field(default_factory=set)
    status: int = 0
    timed_out: bool = False
    note: str = ""


class Keeper:
    """Obeys orders, one at a time, and waits for processes."""

    def __init__(self, folder: Path, grace: float, *, mortal: bool = False) -> None:
        self._mortal = mortal
        self._evidence = Evidence(folder / "evidence")
        self._grace = grace
        self._entries: dict[str, Entry] = {}
        self._by_pid: dict[int, Entry] = {}
        self._timers: list[tuple[float, str, int, int]] = []
        self._orders: deque[Order] = deque()
        self._home = os.getcwd()
        self._bury()
        self._evidence.begin(time.time())
        self._selector = selectors.DefaultSelector()
        self._listener = listen(folder / SOCKET)
        self._listener.setblocking(False)
        self._client: socket.socket | None = None
        self._deaf = False
        self._wanted = selectors.EVENT_READ
        self._input = bytearray()
        self._output = bytearray()
        self._leave_at = time.monotonic() + WAIT_FOR_INSTANCE
        self._signals = _children()
        self._selector.register(self._signals, selectors.EVENT_READ)
        self._selector.register(self._listener, selectors.EVENT_READ)

    def _bury(self) -> None:
        """End what an earlier keeper has left: nobody would learn how it ends."""
        for key, began in list(self._evidence.began.items()):
            for pid, started in self._evidence.processes.get(key, ()):
                if self._evidence.since >= 0 and started >= 0 and start_time(pid) == started:
                    kill_group(pid, signal.SIGKILL)
            note = "whoever watched it was killed; it may have run"
            lost = Ended(key, began.at, time.time(), signal.SIGKILL, note=note, lost=True)
            self._evidence.add(lost)

    # ---- the loop ----

    def run(self) -> None:
        """Go on until there is nothing left to do."""
        while not self._done():
            for ready, _ in self._selector.select(self._pause()):
                if ready.fileobj is self._listener:
                    self._accept()
                elif ready.fileobj is self._client:
                    self._exchange(ready.events)
            self._reap()
            self._ring()
            if self._orders:
                self._obey(self._orders.popleft())
            self._flush()
            self._listen()

    def _done(self) -> bool:
        if self._client is not None or self._orders or self._by_pid:
            self._leave_at = 0.0
            return False
        return time.monotonic() >= self._leave_at

    def _pause(self) -> float | None:
        if self._orders:
            return 0
        times = [max(0.0, self._timers[0][0] - time.time())] if self._timers else []
        if self._leave_at:
            times.append(max(0.0, self._leave_at - time.monotonic()))
        return min(*times, _LONGEST_PAUSE) if times else None

    # ---- the instance ----

    def _accept(self) -> None:
        self._client, _ = self._listener.accept()
        self._deaf = False
        self._client.setblocking(False)
        self._selector.unregister(self._listener)
        self._wanted = selectors.EVENT_READ
        self._selector.register(self._client, self._wanted)
        for told in self._known():
            self._tell(told)

    def _known(self) -> Iterator[Told]:
        yield from self._evidence.ended.values()
        yield from self._evidence.began.values()
        yield Ready(self._evidence.since)

    def _exchange(self, events: int) -> None:
        assert self._client is not None
        if not events & selectors.EVENT_READ:
            return
        try:
            data = self._client.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop()
            return
        self._input += data
        *lines, rest = self._input.split(b"\n")
        self._input = bytearray(rest)
        with suppress(msgspec.DecodeError):
            self._orders.extend(_decode(line) for line in lines)

    def _drop(self) -> None:
        """Let an instance go that has ended; its orders are still obeyed."""
        if self._client is not None:
            self._selector.unregister(self._client)
            self._client.close()
            self._client = None
        self._input.clear()
        self._output.clear()
        if self._mortal:
            self._orders.clear()
            for pid in self._by_pid:
                kill_group(pid, signal.SIGKILL)

    def _listen(self) -> None:
        """Listen to the next instance when the orders of the one before are done."""
        if self._client is None and not self._orders:
            with suppress(KeyError):
                self._selector.register(self._listener, selectors.EVENT_READ)

    def _tell(self, told: Told) -> None:
        if self._client is not None and not self._deaf:
            self._output += _encode(told) + b"\n"

    def _flush(self) -> None:
        if self._client is None:
            return
        try:
            while self._output:
                del self._output[: self._client.send(self._output)]
        except BlockingIOError:
            pass
        except OSError:  # it hears no more; what it has ordered is still to be read
            self._deaf = True
            self._output.clear()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._output else 0)
        if wanted != self._wanted:
            self._wanted = wanted
            self._selector.modify(self._client, wanted)

    # ---- orders ----

    def _obey(self, order: Order) -> None:
        entry = self._entries.get(order.key)
        if isinstance(order, Run):
            self._start(order)
        elif entry is None:
            return  # it has ended meanwhile
        elif isinstance(order, Kill):
            self._signal(entry, order.signal)
        elif isinstance(order, SetDeadline):
            entry.deadline = order.deadline
            self._set_timer(entry)

    def _start(self, order: Run) -> None:
        old = self._evidence.began.get(order.key) or self._evidence.ended.get(order.key)
        if old is not None and old.at == order.at:
            self._tell(old)  # an order that came twice: nothing runs twice
            return
        if order.key in self._entries:
            self._end_now(self._entries[order.key])
        began = Began(order.key, order.at, time.time())
        entry = Entry(
            order.key, order.at, order.deadline, _between(0.0, began.time - order.at, 1.0)
        )
        try:
            self._evidence.add(began)
        except OSError as error:
            entry.status, entry.note = _CANNOT_RUN, f"no evidence can be written: {error.strerror}"
            self._end(entry)
            return
        self._entries[order.key] = entry
        self._tell(began)
        self._spawn(entry, order)
        if entry.live:
            with suppress(OSError):
                found = [(pid, start_time(pid)) for pid in entry.live]
                self._evidence.add(Processes(order.key, found))
            self._set_timer(entry)
        else:
            self._end(entry)

    def _spawn(self, entry: Entry, order: Run) -> None:
        environment = dict(os.environ) if order.environment is None else order.environment
        try:
            if order.directory is not None:
                os.makedirs(order.directory, exist_ok=True)
            if order.cwd is not None:
                os.chdir(order.cwd)
            for task in order.tasks:
                pid = spawn(task, environment, order.stdout, order.stderr)
                entry.live.add(pid)
                self._by_pid[pid] = entry
        except (OSError, ValueError) as error:
            name = getattr(error, "filename", None) or order.tasks[len(entry.live)].command[0]
            entry.note = f"{name[:200]!r} cannot be run: {getattr(error, 'strerror', error)}"
            found = not isinstance(error, FileNotFoundError)
            entry.status = _CANNOT_RUN if found else _NOT_FOUND
            for pid in entry.live:
                kill_group(pid, signal.SIGKILL)
        finally:
            if order.cwd is not None:
                os.chdir(self._home)

    # ---- ends ----

    def _signal(self, entry: Entry, number: int) -> None:
        for pid in entry.live:
            kill_group(pid, number)
        if number == signal.SIGTERM:
            due = time.time() + self._grace
            heapq.heappush(self._timers, (due, entry.key, entry.at, signal.SIGKILL))

    def _set_timer(self, entry: Entry) -> None:
        if entry.deadline is not None:
            due = entry.deadline + entry.slack
            heapq.heappush(self._timers, (due, entry.key, entry.at, signal.SIGTERM))

    def _ring(self) -> None:
        """End what has come to its deadline, or did not heed SIGTERM."""
        now = time.time()
        while self._timers and self._timers[0][0] <= now:
            due, key, at, number = heapq.heappop(self._timers)
            entry = self._entries.get(key)
            if entry is None or entry.at != at:
                continue
            if number == signal.SIGTERM:
                if entry.deadline is None or entry.deadline + entry.slack > due:
                    continue  # it was moved
                entry.timed_out = True
            self._signal(entry, number)

    def _reap(self) -> None:
        """Note which processes have ended; what they left in their group ends with them."""
        with suppress(BlockingIOError):
            while self._signals.recv(4096):
                pass
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            kill_group(found.si_pid, signal.SIGKILL)
            _, status = os.waitpid(found.si_pid, 0)
            self._gone(found.si_pid, status)

    def _gone(self, pid: int, status: int) -> None:
        entry = self._by_pid.pop(pid)
        entry.live.discard(pid)
        entry.status = max(entry.status, status)
        if not entry.live:
            self._end(entry)

    def _end(self, entry: Entry) -> None:
        self._entries.pop(entry.key, None)
        ended = Ended(
            entry.key, entry.at, time.time(), entry.status, entry.timed_out, entry.note[:500]
        )
        with suppress(OSError):
            self._evidence.add(ended)
        self._tell(ended)

    def _end_now(self, entry: Entry) -> None:
        """End a start of a job that was given up for another."""
        for pid in list(entry.live):
            kill_group(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            self._gone(pid, status)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Order).decode


def _between(least: float, value: float, most: float) -> float:
    return max(least, min(value, most))


def _children() -> socket.socket:
    """Return a socket that has something to read when a child has ended."""
    reading, writing = socket.socketpair()
    reading.setblocking(False)
    writing.setblocking(False)
    signal.set_wakeup_fd(writing.detach(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    return reading


def main() -> None:
    """Serve the folder of the command line; a line on standard output says that it is ready."""
    grace = float(os.environ.pop("FLUXION_GRACE", GRACE))
    mortal = os.environ.pop("FLUXION_MORTAL", "") == "1"
    keeper = Keeper(Path(sys.argv[1]), grace, mortal=mortal)
    os.write(1, b"ready\n")
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(silent, stream)
    keeper.run()


if __name__ == "__main__":
    main()
