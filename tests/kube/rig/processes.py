"""Processes of a test: started with a log, killed with the test even if that is killed itself."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

TAIL = 4000


class Process:
    """A command that can be started again with the same arguments and the same log."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name, self.command, self.environment = name, list(command), environment
        self.log = folder / f"{name}.log"
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, in a session of its own. The kernel kills it when this process ends."""
        assert not self.alive(), f"{self.name} runs already"
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,
            )

    def alive(self) -> bool:
        """Say whether it runs."""
        return self._running is not None and self._running.poll() is None

    @property
    def pid(self) -> int:
        """The process id of the last start."""
        assert self._running is not None, f"{self.name} was never started"
        return self._running.pid

    def cpu_seconds(self) -> float:
        """Return the processor time that it has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        self._end(signal.SIGKILL)

    def stop(self, seconds: float = 5) -> None:
        """Ask it to end (SIGTERM); kill it when it does not."""
        self._end(signal.SIGTERM, seconds)

    def _end(self, number: signal.Signals, seconds: float = 30) -> None:
        if self._running is None:
            return
        self._running.send_signal(number)
        try:
            self._running.wait(seconds)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()

    def tail(self) -> str:
        """Return the end of the log."""
        if not self.log.exists():
            return ""
        return self.log.read_bytes()[-TAIL:].decode(errors="replace")


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback address that nothing uses now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def wait_until(
    condition: Callable[[], object],
    what: str,
    seconds: float = 60,
    every: float = 0.02,
    state: Callable[[], str] = str,
) -> None:
    """Ask again and again until a condition holds.

    At the deadline `AssertionError` with what was waited for, and the state instead.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}; {state()}"
        time.sleep(every)
