"""The service as a process, and a recorder between it and kube-scheduler."""

import json
import os
import ssl
import sys
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any

from tests.kube.rig.processes import Process, free_ports, wait_until

VERBS_PREFIX = "/fluence"


class FluenceProcess(Process):
    """`fluence serve` on a free port; a restart uses the same port."""

    def __init__(
        self,
        folder: Path,
        kubeconfig: Path,
        options: Sequence[str] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`tls` is how this process asks it, if it speaks https."""
        self.port = free_ports(1)[0]
        self._tls = tls
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}{VERBS_PREFIX}"
        command = [
            *(sys.executable, "-m", "fluxion_extender", "serve"),
            *("--kubeconfig", str(kubeconfig), "--port", str(self.port)),
            *options,
        ]
        super().__init__("fluence", command, folder, {**os.environ, "PYTHONUNBUFFERED": "1"})

    def start_ready(self) -> None:
        """Start it and wait until it says that it is ready."""
        self.start()
        self.wait_ready()

    def wait_ready(self, seconds: float = 30) -> None:
        """Wait until it answers with 200 to /readyz."""

        def ready() -> bool:
            assert self.alive(), f"the service ended:\n{self.tail()}"
            with suppress(OSError, HTTPException):
                return self.request("GET", "/readyz")[0] == 200
            return False

        wait_until(ready, "the service is ready", seconds, 0.05)

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Return status and body of a reply."""
        if self._tls is None:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        else:
            connection = HTTPSConnection("127.0.0.1", self.port, timeout=30, context=self._tls)
        try:
            kind = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, body, kind)
            with connection.getresponse() as response:
                return response.status, response.read()
        finally:
            connection.close()

    def json(self, path: str) -> Any:  # noqa: ANN401
        """Return the decoded reply to a GET."""
        status, body = self.request("GET", path)
        assert status == 200, f"{path}: {status} {body[:500]!r}"
        return json.loads(body)

    def resident_bytes(self) -> int:
        """Return the memory it uses now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
