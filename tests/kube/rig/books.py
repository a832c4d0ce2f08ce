"""Who uses what, counted from the objects of the API server alone, by the rules of Kubernetes.

Nothing of the service is used: neither its code for quantities and effective requests, nor its
annotations. Amounts are exact fractions: slow and obvious.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction

from tests.kube.rig.api import Json

Amounts = dict[str, Fraction]

_SUFFIXES = {
    "m": Fraction(1, 1000), "": Fraction(1), "k": Fraction(10**3), "M": Fraction(10**6),
    "G": Fraction(10**9), "T": Fraction(10**12), "P": Fraction(10**15),
    "Ki": Fraction(2**10), "Mi": Fraction(2**20), "Gi": Fraction(2**30), "Ti": Fraction(2**40),
}  # fmt: skip
_POD_LEVEL = ("cpu", "memory")


def quantity(text: str) -> Fraction:
    """Return the amount of a quantity such as 100m, 1.5, 64Mi."""
    digits = text.rstrip("kmMGTPiK")
    return Fraction(digits) * _SUFFIXES[text[len(digits) :]]


def request(pod: Json) -> Amounts:
    """Return what a pod takes of its node: each resource by itself, and one pod."""
    spec = pod["spec"]
    containers = spec["containers"]
    inits = spec.get("initContainers", [])
    own = spec.get("resources", {}).get("requests", {})
    names = {name for one in [*containers, *inits] for name in _requests(one)}
    names |= {*own, *spec.get("overhead", {})}
    taken = {name: _one(name, containers, inits, own) for name in names}
    for name, amount in spec.get("overhead", {}).items():
        taken[name] += quantity(amount)
    return {**taken, "pods": Fraction(1)}


def _one(name: str, containers: list[Json], inits: list[Json], own: Mapping[str, str]) -> Fraction:
    if name in _POD_LEVEL and name in own:
        return quantity(own[name])
    sidecars = peak = Fraction(0)
    for init in inits:
        amount = quantity(_requests(init).get(name, "0"))
        if init.get("restartPolicy") == "Always":
            sidecars += amount
            peak = max(peak, sidecars)
        else:
            peak = max(peak, sidecars + amount)
    together = sum((quantity(_requests(one).get(name, "0")) for one in containers), sidecars)
    return max(together, peak)


def _requests(container: Json) -> Mapping[str, str]:
    resources: Mapping[str, Mapping[str, str]] = container.get("resources", {})
    return resources.get("requests", {})


def uses_node(pod: Json) -> bool:
    """Say whether a pod takes something of a node: bound, and neither succeeded nor failed."""
    finished = pod["status"].get("phase") in ("Succeeded", "Failed")
    return bool(pod["spec"].get("nodeName")) and not finished


def used(pods: Iterable[Json]) -> dict[str, Amounts]:
    """Return what the pods take of each node."""
    totals: dict[str, Amounts] = defaultdict(dict)
    for pod in pods:
        if uses_node(pod):
            node = totals[pod["spec"]["nodeName"]]
            for name, amount in request(pod).items():
                node[name] = node.get(name, Fraction(0)) + amount
    return totals


def allocatable(nodes: Iterable[Json]) -> dict[str, Amounts]:
    """Return what each node has."""
    return {
        node["metadata"]["name"]: {
            name: quantity(text) for name, text in node["status"]["allocatable"].items()
        }
        for node in nodes
    }


def overbooked(nodes: Iterable[Json], pods: Iterable[Json]) -> list[str]:
    """Return a line for each node and resource of which more is taken than there is."""
    have = allocatable(nodes)
    return [
        f"{node}: {name} {float(amount)} of {float(have.get(node, {}).get(name, Fraction(0)))}"
        for node, amounts in used(pods).items()
        for name, amount in amounts.items()
        if amount > have.get(node, {}).get(name, Fraction(0))
    ]


def places(nodes: Iterable[Json], pods: Iterable[Json], wanted: Json) -> int:
    """Return how many further pods like this one would fit."""
    taken, asked = used(pods), request(wanted)
    total = 0
    for node, have in allocatable(nodes).items():
        free = {
            name: have.get(name, Fraction(0)) - taken.get(node, {}).get(name, 0) for name in asked
        }
        total += max(0, min(int(free[name] // asked[name]) for name in asked if asked[name]))
    return total


def bound(pods: Iterable[Json]) -> dict[str, str]:
    """Return the node of each pod that has one, by the name of the pod."""
    return {
        pod["metadata"]["name"]: pod["spec"]["nodeName"]
        for pod in pods
        if pod["spec"].get("nodeName")
    }


def shared_nodes(pods: Iterable[Json]) -> list[str]:
    """Return the nodes that have several of these pods."""
    counts = Counter(bound(pods).values())
    return [node for node, count in counts.items() if count > 1]


def refusal(pod: Json) -> str | None:
    """Return why kube-scheduler has not placed a pod; None while it has not tried."""
    for condition in pod["status"].get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return str(condition.get("message", ""))
    return None
