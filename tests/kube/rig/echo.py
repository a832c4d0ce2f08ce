"""An extender that records what it is asked and answers as it is told."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from tests.kube.rig.api import Api, Json


class Call(NamedTuple):
    """One request: the verb, the headers as they came, the body as it was and as JSON."""

    verb: str
    headers: dict[str, str]
    raw: bytes
    body: Json


class EchoExtender:
    """Listens on the loopback address; `calls` has what came. The answers are functions."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.calls: list[Call] = []
        self.answers: dict[str, Callable[[Json], object]] = {
            "filter": lambda body: {"NodeNames": body["NodeNames"]},
            "prioritize": lambda body: [{"Host": name, "Score": 0} for name in body["NodeNames"]],
            "preempt": lambda body: {"NodeNameToMetaVictims": body["NodeNameToMetaVictims"]},
            "bind": self._bind,
        }
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

    def _bind(self, body: Json) -> object:
        name, namespace = body["PodName"], body["PodNamespace"]
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": name, "namespace": namespace, "uid": body["PodUID"]},
            "target": {"apiVersion": "v1", "kind": "Node", "name": body["Node"]},
        }
        self.api.create(f"/api/v1/namespaces/{namespace}/pods/{name}/binding", binding)
        return {"Error": ""}


def _handler(extender: EchoExtender) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # one write for each reply: two cost 40 ms (Nagle, delayed ACK)
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:  # the tests read `calls`
            return

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            call = Call(
                self.path.rpartition("/")[2], dict(self.headers.items()), raw, json.loads(raw)
            )
            extender.calls.append(call)
            body = json.dumps(extender.answers[call.verb](call.body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
