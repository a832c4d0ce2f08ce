"""The messages of the extender protocol, with the names of the wire (extender-api.md 2, 3)."""

import msgspec

from fluxion_extender.objects.pod import Pod
from fluxion_py.errors import InputError

MAX_BODY = 64 * 2**20
MAX_NAMES = 200_000


class NamedNode(msgspec.Struct):
    """A whole node, of which the name is read."""

    metadata: "NodeName"


class NodeName(msgspec.Struct):
    """The name of a node."""

    name: str = ""


class NodeList(msgspec.Struct):
    """Whole nodes, as they come without nodeCacheCapable."""

    items: list[NamedNode] | None = None


class ExtenderArgs(msgspec.Struct):
    """The request of filter and prioritize."""

    Pod: Pod
    NodeNames: list[str] | None = None
    Nodes: NodeList | None = None

    def names(self) -> list[str]:
        """Return the names of the nodes that are offered."""
        if self.NodeNames is not None:
            return self.NodeNames
        items = self.Nodes.items if self.Nodes else None
        return [node.metadata.name for node in items or ()]


class ExtenderFilterResult(msgspec.Struct):
    """The reply of filter."""

    NodeNames: list[str]
    FailedNodes: dict[str, str] = {}
    FailedAndUnresolvableNodes: dict[str, str] = {}
    Error: str = ""


class HostPriority(msgspec.Struct):
    """One entry of the reply of prioritize."""

    Host: str
    Score: int


class ExtenderBindingArgs(msgspec.Struct):
    """The request of bind."""

    PodName: str
    PodNamespace: str
    PodUID: str
    Node: str


class ExtenderBindingResult(msgspec.Struct):
    """The reply of bind."""

    Error: str = ""


class MetaPod(msgspec.Struct):
    """A victim."""

    UID: str


class MetaVictims(msgspec.Struct):
    """The victims on one node."""

    Pods: list[MetaPod] | None = None
    NumPDBViolations: int = 0


class Victims(msgspec.Struct):
    """The same with whole pods."""

    Pods: list[Pod] | None = None
    NumPDBViolations: int = 0


class ExtenderPreemptionArgs(msgspec.Struct):
    """The request of preempt."""

    Pod: Pod
    NodeNameToMetaVictims: dict[str, MetaVictims] | None = None
    NodeNameToVictims: dict[str, Victims] | None = None

    def victims(self) -> dict[str, MetaVictims]:
        """Return the victims by node, whichever way they came."""
        if self.NodeNameToMetaVictims is not None:
            return self.NodeNameToMetaVictims
        return {
            node: MetaVictims(
                [MetaPod(pod.metadata.uid) for pod in victims.Pods or ()], victims.NumPDBViolations
            )
            for node, victims in (self.NodeNameToVictims or {}).items()
        }


class ExtenderPreemptionResult(msgspec.Struct):
    """The reply of preempt."""

    NodeNameToMetaVictims: dict[str, MetaVictims]


filter_decoder = msgspec.json.Decoder(ExtenderArgs)
binding_decoder = msgspec.json.Decoder(ExtenderBindingArgs)
preemption_decoder = msgspec.json.Decoder(ExtenderPreemptionArgs)
encode = msgspec.json.Encoder().encode
NOT_UNDERSTOOD = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


def read_args(body: bytes) -> tuple[Pod, list[str]]:
    """Return the pod and the names of a filter or prioritize request. Raises `InputError`."""
    try:
        args = filter_decoder.decode(body)
    except NOT_UNDERSTOOD as error:
        raise InputError(f"not ExtenderArgs: {error}") from None
    names = args.names()
    if len(names) > MAX_NAMES:
        raise InputError(f"{len(names)} nodes", hint=f"at most {MAX_NAMES}")
    return args.Pod, names


def read_binding(body: bytes) -> ExtenderBindingArgs:
    """Return a bind request. Raises `InputError`."""
    try:
        return binding_decoder.decode(body)
    except NOT_UNDERSTOOD as error:
        raise InputError(f"not ExtenderBindingArgs: {error}") from None


def read_preemption(body: bytes) -> ExtenderPreemptionArgs:
    """Return a preempt request. Raises `InputError`."""
    try:
        return preemption_decoder.decode(body)
    except NOT_UNDERSTOOD as error:
        raise InputError(f"not ExtenderPreemptionArgs: {error}") from None
