"""What `fluence doctor` asks the API server."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from fluxion_extender.console.rights import Right
from fluxion_extender.objects.node import Node
from fluxion_extender.objects.pod import Pod
from fluxion_py.errors import FluxionError, InputError

SECONDS = 10
PAGE = 500


class ListMeta(msgspec.Struct):
    """Where a list goes on."""

    continue_: str = msgspec.field(default="", name="continue")


class NodeList(msgspec.Struct):
    """A page of nodes."""

    items: list[Node]
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)


class PodList(msgspec.Struct):
    """A page of pods."""

    items: list[Pod]
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)


class ClusterView:
    """One API server, by the official client. All methods raise `FluxionError` with one line."""

    def __init__(self, kubeconfig: str | None) -> None:
        from kubernetes import client

        self._api = _connect(kubeconfig)
        self._core = client.CoreV1Api(self._api)
        self._version = client.VersionApi(self._api)
        self._authorization = client.AuthorizationV1Api(self._api)

    def version(self) -> tuple[int, int]:
        """Return major and minor version."""
        code = self._ask(self._version.get_code)
        numbers = [re.match(r"\d*", str(text)) for text in (code.major, code.minor)]
        major, minor = (int(found.group() or 0) if found else 0 for found in numbers)
        return major, minor

    def may(self, verb: str, right: Right, namespace: str) -> bool:
        """Say whether we may do this."""
        resource, _, part = right.resource.partition("/")
        attributes = {"verb": verb, "group": right.group, "resource": resource}
        if part:
            attributes["subresource"] = part
        if right.namespaced:
            attributes["namespace"] = namespace
        review = {"spec": {"resourceAttributes": attributes}}
        reply = self._ask(self._authorization.create_self_subject_access_review, body=review)
        return bool(reply.status.allowed)

    def nodes(self) -> list[Node]:
        """Return all nodes."""
        return self._pages(self._core.list_node, NodeList)

    def pods(self) -> list[Pod]:
        """Return the pods of all namespaces."""
        return self._pages(self._core.list_pod_for_all_namespaces, PodList)

    def _pages(self, call: Callable[..., Any], kind: type[NodeList] | type[PodList]) -> list[Any]:
        """Return the items of a list. Decoded by us: the client's models take ten times as long."""
        decoder = msgspec.json.Decoder(kind)
        found: list[Any] = []
        token = ""
        while True:
            reply = self._ask(call, limit=PAGE, _continue=token, _preload_content=False)
            page = decoder.decode(reply.data)
            found += page.items
            token = page.metadata.continue_
            if not token:
                return found

    def _ask(self, call: Callable[..., Any], **arguments: object) -> Any:  # noqa: ANN401
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        where = self._api.configuration.host
        try:
            return call(_request_timeout=SECONDS, **arguments)
        except ApiException as error:
            raise FluxionError(f"API server {where}: {error.status} {error.reason}") from error
        except HTTPError as error:
            raise FluxionError(f"API server {where}: no answer ({_cause(error)})") from error
        except msgspec.ValidationError as error:
            raise FluxionError(f"API server {where}: not understood: {error}") from error


def _connect(kubeconfig: str | None) -> Any:  # noqa: ANN401 (the client has no types)
    """Return a client for a file, the default file, or the service account of this pod."""
    from kubernetes import client, config
    from kubernetes.config.config_exception import ConfigException
    from yaml import YAMLError

    try:
        if kubeconfig is None:
            with suppress(ConfigException):
                config.load_incluster_config()
                return client.ApiClient()
        return config.new_client_from_config(kubeconfig)
    except (ConfigException, YAMLError) as error:
        text = " ".join(str(error).split())
        raise InputError(
            f"no way to an API server: {text[:200]}", hint="--kubeconfig FILE, or set KUBECONFIG"
        ) from error


def _cause(error: Exception) -> str:
    return " ".join(str(getattr(error, "reason", error)).split())[:200]
