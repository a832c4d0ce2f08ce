"""Extenders of the tests: one that answers as it is told, one that passes on and remembers."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from tests.kube.rig.api import Api, Json
from tests.kube.rig.service import FluenceProcess


class Call(NamedTuple):
    """One request as it came, and its answer; `at` and `seconds` are of a steady clock."""

    verb: str
    headers: dict[str, str]
    raw: bytes
    body: Json
    status: int
    answer: bytes
    at: float
    seconds: float

    @property
    def pod(self) -> str:
        """The name of the pod that a filter call is about."""
        return str(self.body["Pod"]["metadata"]["name"])


Respond = Callable[[str, bytes], tuple[int, bytes]]
"""Verb and body to status and body."""


class Listener:
    """An extender on a free port of the loopback address; `calls` has what came."""

    def __init__(self, respond: Respond) -> None:
        self.calls: list[Call] = []
        self._respond = respond
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/fluence"
        thread = threading.Thread(target=self._server.serve_forever, name="echo", daemon=True)
        thread.start()

    def of(self, verb: str) -> list[Call]:
        """Return the calls of a verb so far."""
        return [call for call in self.calls if call.verb == verb]

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()

    def take(self, verb: str, headers: dict[str, str], raw: bytes) -> tuple[int, bytes]:
        """Answer a call and remember it."""
        at = time.monotonic()
        status, answer = self._respond(verb, raw)
        seconds = time.monotonic() - at
        body: Json = json.loads(raw)
        self.calls.append(Call(verb, headers, raw, body, status, answer, at, seconds))
        return status, answer


class EchoExtender(Listener):
    """Accepts everything, until a function in `answers` is replaced."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.answers: dict[str, Callable[[Json], object]] = {
            "filter": lambda body: {"NodeNames": body["NodeNames"]},
            "prioritize": lambda body: [{"Host": name, "Score": 0} for name in body["NodeNames"]],
            "preempt": lambda body: {"NodeNameToMetaVictims": body["NodeNameToMetaVictims"]},
            "bind": self._bind,
        }
        super().__init__(self._answer)

    def _answer(self, verb: str, raw: bytes) -> tuple[int, bytes]:
        return 200, json.dumps(self.answers[verb](json.loads(raw))).encode()

    def _bind(self, body: Json) -> object:
        self.api.bind(body["PodNamespace"], body["PodName"], body["Node"], body["PodUID"])
        return {"Error": ""}


class Recorder(Listener):
    """Stands between kube-scheduler and the service and passes everything on."""

    def __init__(self, service: FluenceProcess) -> None:
        self._service = service
        super().__init__(self._pass_on)

    def _pass_on(self, verb: str, raw: bytes) -> tuple[int, bytes]:
        try:
            return self._service.request("POST", f"/fluence/{verb}", raw)
        except OSError:  # it is being killed
            return 502, b""


def _handler(listener: Listener) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # one write for each reply: two cost 40 ms (Nagle, delayed ACK)
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:  # the tests read `calls`
            return

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            verb = self.path.rpartition("/")[2]
            status, body = listener.take(verb, dict(self.headers.items()), raw)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
