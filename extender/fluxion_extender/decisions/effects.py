"""What a decision asks the world for; the service carries it out."""

from collections.abc import Mapping
from dataclasses import dataclass

from fluxion_extender.groups.identity import Ref


@dataclass(frozen=True, slots=True)
class Annotate:
    """Write annotations on an owner."""

    owner: Ref
    annotations: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class PatchPod:
    """Write annotations on a pod; kube-scheduler tries a pending one again after that."""

    namespace: str
    name: str
    uid: str
    annotations: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Ungate:
    """Take our scheduling gate off a pod, and pin it to a node by its host name label."""

    namespace: str
    name: str
    uid: str
    gates: tuple[str, ...]
    hostname: str
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bind:
    """Bind a pod; the annotations come with the binding, in one step."""

    namespace: str
    name: str
    uid: str
    node: str
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Evict:
    """Delete a pod, so that its controller starts the whole group anew."""

    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Note:
    """Tell users something about an object, as a Kubernetes event."""

    kind: str
    namespace: str
    name: str
    uid: str
    reason: str
    text: str


Effect = Annotate | PatchPod | Ungate | Bind | Evict | Note
