"""A small client of the API server, on connections that stay open; not that of the service."""

import json
import ssl
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from typing import Any

Json = dict[str, Any]
MERGE = "application/merge-patch+json"
PODS = "/api/v1/pods"
NODES = "/api/v1/nodes"


class ApiError(Exception):
    """A reply of the API server that is not 2xx; `status` is its code."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:500]}")
        self.status = status


class Api:
    """One user of one API server. Any thread may ask."""

    def __init__(self, port: int, token: str, timeout: float = 30) -> None:
        self.port, self.token, self.timeout = port, token, timeout
        self.url = f"https://127.0.0.1:{port}"
        self._context = ssl.create_default_context()
        self._context.check_hostname = False  # it signs its certificate itself
        self._context.verify_mode = ssl.CERT_NONE
        self._idle: deque[HTTPSConnection] = deque()

    def get(self, path: str) -> Json:
        """Return the object at a path."""
        return self.call("GET", path)

    def items(self, path: str) -> list[Json]:
        """Return the objects of a list."""
        found: list[Json] = self.get(path)["items"]
        return found

    def create(self, path: str, body: object) -> Json:
        """Create an object below the path of its kind."""
        return self.call("POST", path, body)

    def patch(self, path: str, body: object) -> Json:
        """Change an object by a merge patch."""
        return self.call("PATCH", path, body, MERGE)

    def delete(self, path: str, grace: int | None = 0, uid: str | None = None) -> None:
        """Delete an object (this very one, if a uid is given), or all of a list; gone is fine.

        `grace` None is what kubectl does: pods end as their spec says.
        """
        body: dict[str, object] = {"propagationPolicy": "Background"}
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        if uid is not None:
            body["preconditions"] = {"uid": uid}
        try:
            self.call("DELETE", path, body)
        except ApiError as error:
            if error.status != 404:
                raise

    def text(self, path: str) -> str:
        """Return what is at a path, as text."""
        return self._send("GET", path, None, "application/json").decode()

    def bind(self, namespace: str, name: str, node: str, uid: str | None = None) -> None:
        """Bind a pod, as a scheduler does."""
        metadata = {"name": name, "namespace": namespace, **({"uid": uid} if uid else {})}
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": metadata,
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        self.create(f"/api/v1/namespaces/{namespace}/pods/{name}/binding", binding)

    def call(
        self, method: str, path: str, body: object = None, kind: str = "application/json"
    ) -> Json:
        """Send a request; return the decoded reply."""
        data = None if body is None else json.dumps(body).encode()
        reply: Json = json.loads(self._send(method, path, data, kind) or b"{}")
        return reply

    def watch(self, path: str, version: str, seconds: int) -> Iterator[Json]:
        """Yield the events of a list after a version, until the server ends the watch."""
        where = f"{path}?watch=1&resourceVersion={version}&timeoutSeconds={seconds}"
        with (
            closing(self._connect(seconds + 10)) as connection,
            self._ask(connection, "GET", where, None, "application/json") as response,
        ):
            while line := response.readline():
                yield json.loads(line)

    def _send(self, method: str, path: str, data: bytes | None, kind: str) -> bytes:
        """Try once more when the server has closed a connection that stood idle."""
        try:
            idle = self._idle.pop()
        except IndexError:
            return self._once(self._connect(self.timeout), method, path, data, kind)
        try:
            return self._once(idle, method, path, data, kind)
        except (HTTPException, ConnectionError):
            return self._once(self._connect(self.timeout), method, path, data, kind)

    def _once(
        self, connection: HTTPSConnection, method: str, path: str, data: bytes | None, kind: str
    ) -> bytes:
        try:
            with self._ask(connection, method, path, data, kind) as response:
                body = response.read()
        except ApiError:
            self._idle.append(connection)
            raise
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return body

    def _connect(self, timeout: float) -> HTTPSConnection:
        return HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=self._context)

    def _ask(
        self, connection: HTTPSConnection, method: str, path: str, data: bytes | None, kind: str
    ) -> HTTPResponse:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        if response.status // 100 != 2:
            with response:
                raise ApiError(response.status, response.read().decode(errors="replace"))
        return response

    def close(self) -> None:
        """Close the connections that stand idle."""
        while self._idle:
            self._idle.pop().close()
