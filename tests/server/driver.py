"""A server in a thread of this process, on a machine of four nodes, and raw connections to it."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

from fluxion_py.execution.simulated import SimulatedExecutor
from fluxion_py.execution.unix_socket import connect
from fluxion_py.instances.instance import Instance
from fluxion_py.server.client import Client
from fluxion_py.server.server import Server
from tests.execution.driver import machine

PATIENCE = 60.0


class Served:
    """The instance, its server, and where it is."""

    def __init__(self, folder: Path, **options: Any) -> None:  # noqa: ANN401
        self.path = folder / "socket"
        self.instance = Instance(
            machine(4, 4),
            policy="low",
            queue="easy",
            journal=folder / "journal.db",
            executor=SimulatedExecutor(),
        )
        self.server = Server(self.instance, self.path, **options)
        self._started = Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = Thread(target=self._run)
        self._thread.start()
        assert self._started.wait(PATIENCE)

    def _run(self) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await self.server.serve(self._started.set)

        asyncio.run(serve())

    def client(self) -> Client:
        """Connect as users do."""
        return Client(self.path)

    @contextmanager
    def raw(self) -> Iterator["Raw"]:
        """Connect without any manners."""
        found = connect(self.path)
        found.settimeout(PATIENCE)
        with found, Raw(found) as raw:
            yield raw

    def end(self) -> None:
        """Stop the server and the instance."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self.server.stop)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        self.instance.close()


class Raw:
    """A socket, and lines of it."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._file = connection.makefile("rb")

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def ask(self, **message: Any) -> dict[str, Any]:  # noqa: ANN401
        """Send a message and return the next line."""
        self.send(json.dumps(message).encode() + b"\n")
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """Return the next line as data."""
        line = self._file.readline()
        assert line.endswith(b"\n"), line
        found: dict[str, Any] = json.loads(line)
        return found

    def closed(self) -> bool:
        """Say whether the other side has hung up; waits for it."""
        try:
            return self._file.read() == b""
        except ConnectionResetError:
            return True
