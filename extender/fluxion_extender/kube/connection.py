"""Requests to the API server through the connections of the official client, as raw bytes.

The client finds and refreshes the credentials, and keeps the connections. The bodies are decoded
by our own typed structs: building the client's models of 5,000 pods would take seconds.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from fluxion_py.errors import FluxionError, InputError

CONNECTIONS = 40
"""As many as threads may ask at the same time: verbs, writes, watches."""
JSON = "application/json"
MERGE = "application/merge-patch+json"
ANSWER_TIMEOUT = 10.0


class ApiError(FluxionError):
    """The API server refused a request; `status` is that of HTTP, 0 if there was no answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class _Status(msgspec.Struct):
    message: str = ""
    reason: str = ""


class Connection:
    """Requests with the identity that a kubeconfig, or the pod's service account, gives.

    May be used by several threads. Without `kubeconfig`: KUBECONFIG, ~/.kube/config, then the
    service account. Raises `InputError` where there is no identity to be had.
    """

    def __init__(self, kubeconfig: str | None = None, context: str | None = None) -> None:
        from kubernetes import client, config
        from kubernetes.config.config_exception import ConfigException

        self._configuration = client.Configuration()
        self._configuration.connection_pool_maxsize = CONNECTIONS
        try:
            if kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ:
                config.load_incluster_config(self._configuration)
            else:
                config.load_kube_config(
                    kubeconfig, context, self._configuration, persist_config=False
                )
        except (ConfigException, OSError, ValueError) as error:
            raise InputError(
                f"no access to a cluster: {str(error).splitlines()[0]}",
                source=kubeconfig,
                hint="--kubeconfig FILE, or KUBECONFIG",
            ) from None
        if not self._configuration.verify_ssl:
            import urllib3

            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._pool = client.ApiClient(self._configuration).rest_client.pool_manager
        self.server = self._configuration.host

    def get(self, path: str, **query: str | int | bool) -> bytes:
        """Return the body of a GET. Raises `ApiError`."""
        return self._ask("GET", path, query)

    def post(self, path: str, body: object) -> bytes:
        """Send an object. Raises `ApiError`."""
        return self._ask("POST", path, {}, msgspec.json.encode(body), JSON)

    def put(self, path: str, body: object) -> bytes:
        """Replace an object. Raises `ApiError`."""
        return self._ask("PUT", path, {}, msgspec.json.encode(body), JSON)

    def patch(self, path: str, body: object) -> bytes:
        """Send a merge patch. Raises `ApiError`."""
        return self._ask("PATCH", path, {}, msgspec.json.encode(body), MERGE)

    def delete(self, path: str, body: object) -> bytes:
        """Delete an object. Raises `ApiError`."""
        return self._ask("DELETE", path, {}, msgspec.json.encode(body), JSON)

    def lines(self, path: str, timeout: float, **query: str | int | bool) -> Iterator[list[bytes]]:
        """Go through the lines of a watch, as many as come at once, until the server ends it.

        Raises `ApiError`.
        """
        response = self._open("GET", path, query, None, None, timeout)
        rest = b""
        try:
            for chunk in response.stream(2**16):
                *lines, rest = (rest + chunk).split(b"\n")
                if lines:
                    yield lines
        except Exception as error:
            raise ApiError(0, f"{path}: {error}") from None
        finally:
            response.close()

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int | bool],
        body: bytes | None = None,
        kind: str | None = None,
    ) -> bytes:
        response = self._open(method, path, query, body, kind, ANSWER_TIMEOUT)
        try:
            data: bytes = response.data
        except Exception as error:
            raise ApiError(0, f"{path}: {error}") from None
        finally:
            response.release_conn()
        return data

    def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int | bool],
        body: bytes | None,
        kind: str | None,
        timeout: float,
    ) -> Any:  # noqa: ANN401 - a urllib3 response
        headers = {"Accept": JSON, "User-Agent": "fluence"}
        if kind is not None:
            headers["Content-Type"] = kind
        token = self._configuration.get_api_key_with_prefix("BearerToken", "authorization")
        if token:
            headers["Authorization"] = token
        url = f"{self.server}{path}"
        if query:
            url += "?" + urlencode({k: _text(v) for k, v in query.items()})
        try:
            response = self._pool.request(
                method, url, body=body, headers=headers, timeout=timeout,
                preload_content=False, retries=False,
            )  # fmt: skip
        except Exception as error:
            raise ApiError(0, f"{self.server}: {error}") from None
        if response.status >= 300:
            text = _message(response.data) or f"status {response.status}"
            response.release_conn()
            raise ApiError(response.status, text)
        return response


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _message(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Status).message
    except msgspec.MsgspecError:
        return body[:200].decode(errors="replace").strip()
