"""What `fluence doctor` asks the API server."""

import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from fluxion_extender.console.rights import Right
from fluxion_extender.kube.connection import Connection
from fluxion_extender.objects.node import Node
from fluxion_extender.objects.pod import Pod
from fluxion_py.errors import FluxionError

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
PAGE = 500

Kind = TypeVar("Kind", bound=msgspec.Struct)


class ListMeta(msgspec.Struct):
    """Where a list goes on."""

    continue_: str = msgspec.field(default="", name="continue")


class Page(msgspec.Struct):
    """What all pages of lists have."""

    metadata: ListMeta = msgspec.field(default_factory=ListMeta)


class NodeList(msgspec.Struct):
    """A page of nodes."""

    items: list[Node]


class PodList(msgspec.Struct):
    """A page of pods."""

    items: list[Pod]


class Version(msgspec.Struct):
    """The version of an API server; a provider may have written "33+" for the minor one."""

    major: str
    minor: str


class ReviewStatus(msgspec.Struct):
    """What came of a question about rights."""

    allowed: bool


class Review(msgspec.Struct):
    """The answer to a question about rights."""

    status: ReviewStatus


class ClusterView:
    """One API server. All methods raise `FluxionError` with one line."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def version(self) -> tuple[int, int]:
        """Return major and minor version."""
        code = _decoded(self._connection.get("/version"), Version)
        return _number(code.major), _number(code.minor)

    def may(self, verb: str, right: Right, namespace: str) -> bool:
        """Say whether we may do this."""
        resource, _, part = right.resource.partition("/")
        attributes = {"verb": verb, "group": right.group, "resource": resource}
        if part:
            attributes["subresource"] = part
        if right.namespaced:
            attributes["namespace"] = namespace
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        return _decoded(self._connection.post(REVIEWS, review), Review).status.allowed

    def nodes(self) -> list[Node]:
        """Return all nodes."""
        found: list[Node] = []
        for body in self._pages("/api/v1/nodes"):
            found += _decoded(body, NodeList).items
        return found

    def pods(self) -> list[Pod]:
        """Return the pods of all namespaces."""
        found: list[Pod] = []
        for body in self._pages("/api/v1/pods"):
            found += _decoded(body, PodList).items
        return found

    def _pages(self, path: str) -> Iterator[bytes]:
        query: dict[str, str | int | bool] = {"limit": PAGE}
        while True:
            body = self._connection.get(path, **query)
            yield body
            query["continue"] = _decoded(body, Page).metadata.continue_
            if not query["continue"]:
                return


def _decoded(body: bytes, kind: type[Kind]) -> Kind:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FluxionError(f"the API server is not understood: {error}") from None


def _number(text: str) -> int:
    digits = re.match(r"\d{1,9}", text)
    return int(digits.group()) if digits else 0
