"""Requests to the API server, as raw bytes, with the identity that the official client finds.

The client reads kubeconfigs and refreshes credentials, and carries watches and whatever goes
through a proxy; short requests go over `channels`. The bodies are decoded by our own typed structs:
building the client's models of 5,000 pods would take seconds.
"""

import os
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from fluxion_extender.kube.channels import Channels
from fluxion_py.errors import FluxionError, InputError, short

CONNECTIONS = 40
"""As many as threads may ask at the same time: verbs, writes, watches."""
JSON = "application/json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
MERGE = "application/merge-patch+json"
ANSWER_TIMEOUT = 10.0
TOKEN_SECONDS = 30.0
"""How long a token is taken for granted; the client renews it minutes before it ends."""


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
            raise _no_access(str(error), kubeconfig) from None
        except Exception as error:  # the client trusts what is in the file to be as it should
            text = f"not understood ({type(error).__name__}: {error})"
            raise _no_access(text, kubeconfig) from None
        if urlsplit(self._configuration.host).scheme not in ("http", "https"):
            text = f"the server {short(self._configuration.host)} is no http or https URL"
            raise _no_access(text, kubeconfig)
        if not self._configuration.verify_ssl:
            import urllib3

            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._pool = client.ApiClient(self._configuration).rest_client.pool_manager
        self.server = self._configuration.host
        self._token: str | None = None
        self._token_until = 0.0
        self._channels = _channels(self._configuration, self.server)

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
        """Send a merge patch; the metadata come back. Raises `ApiError`."""
        return self._ask("PATCH", path, {}, msgspec.json.encode(body), MERGE, METADATA)

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
        accept: str = JSON,
    ) -> bytes:
        if self._channels is not None:
            return self._ask_directly(self._channels, method, path, query, body, kind, accept)
        response = self._open(method, path, query, body, kind, ANSWER_TIMEOUT)
        try:
            data: bytes = response.data
        except Exception as error:
            raise ApiError(0, f"{path}: {error}") from None
        finally:
            response.release_conn()
        return data

    def close(self) -> None:
        """Close what is idle."""
        if self._channels is not None:
            self._channels.close()

    def _ask_directly(
        self,
        channels: Channels,
        method: str,
        path: str,
        query: Mapping[str, str | int | bool],
        body: bytes | None,
        kind: str | None,
        accept: str,
    ) -> bytes:
        try:
            status, data = channels.ask(
                method, _with_query(path, query), self._headers(kind, accept), body
            )
        except OSError as error:
            raise ApiError(0, f"{self.server}: {error}") from None
        if status == 401:
            self._token_until = 0.0
        if status >= 300:
            raise ApiError(status, _message(data) or f"status {status}")
        return data

    def _headers(self, kind: str | None, accept: str = JSON) -> dict[str, str]:
        headers = {"Accept": accept, "User-Agent": "fluence"}
        if kind is not None:
            headers["Content-Type"] = kind
        now = time.monotonic()
        if now >= self._token_until:  # to ask the client costs as much as a request
            configuration = self._configuration
            self._token = configuration.get_api_key_with_prefix("BearerToken", "authorization")
            self._token_until = now + TOKEN_SECONDS
        if self._token:
            headers["Authorization"] = self._token
        return headers

    def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int | bool],
        body: bytes | None,
        kind: str | None,
        timeout: float,
    ) -> Any:  # noqa: ANN401 - a urllib3 response
        url = f"{self.server}{_with_query(path, query)}"
        try:
            response = self._pool.request(
                method, url, body=body, headers=self._headers(kind), timeout=timeout,
                preload_content=False, retries=False,
            )  # fmt: skip
        except Exception as error:
            raise ApiError(0, f"{self.server}: {error}") from None
        if response.status >= 300:
            text = _message(response.data) or f"status {response.status}"
            response.release_conn()
            raise ApiError(response.status, text)
        return response


def _no_access(text: str, kubeconfig: str | None) -> InputError:
    lines = text.splitlines() or ["no reason is given"]
    return InputError(
        f"no access to a cluster: {lines[0]}",
        source=kubeconfig,
        hint="--kubeconfig FILE, or KUBECONFIG",
    )


def _channels(configuration: Any, server: str) -> Channels | None:  # noqa: ANN401
    """Return the connections for short requests; None where a proxy is between.

    Raises `InputError` for certificates that cannot be read.
    """
    parts = urlsplit(server)
    if configuration.proxy or parts.hostname is None:
        return None
    context = None
    if parts.scheme == "https":
        try:
            context = ssl.create_default_context(cafile=configuration.ssl_ca_cert or None)
            if configuration.cert_file:
                context.load_cert_chain(configuration.cert_file, configuration.key_file)
        except (OSError, ssl.SSLError) as error:
            raise InputError(f"the certificates of the kubeconfig: {error}") from None
        if not configuration.verify_ssl:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif configuration.assert_hostname is False:
            context.check_hostname = False
    port = parts.port or (443 if parts.scheme == "https" else 80)
    name = configuration.tls_server_name or parts.hostname
    return Channels(parts.hostname, port, context, name, ANSWER_TIMEOUT)


def _with_query(path: str, query: Mapping[str, str | int | bool]) -> str:
    if not query:
        return path
    return f"{path}?{urlencode({k: _text(v) for k, v in query.items()})}"


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _message(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Status).message
    except msgspec.MsgspecError:
        return body[:200].decode(errors="replace").strip()
