"""The effective request of a pod: what kube-scheduler counts for it (fluence-design.md B.10).

Per resource: A, the sum over containers and sidecars; I, the largest need while an init container
runs, beside the sidecars declared before it; max(A, I), replaced by the pod-level request where
there is one; plus the overhead; and one unit of `pods`. Source: `PodRequests` of component-helpers.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from fluxion_extender.objects.pod import Container, ContainerStatus, Pod, PodSpec, PodStatus
from fluxion_extender.quantities import PODS, amounts

POD_LEVEL = ("cpu", "memory")
"""Resources, besides hugepages-*, for which a pod-level request counts."""

Amounts = dict[str, int]


def effective_request(spec: PodSpec, status: PodStatus | None = None) -> Amounts:
    """Return what a pod occupies on its node, by resource: millicores, bytes, devices, 1 of pods.

    With the `status` of a running pod the larger of spec and status counts per container, as long
    as an in-place resize is under way. Raises `InputError` for a bad quantity.
    """
    running = _by_name(status.container_statuses) if status else {}
    starting = _by_name(status.init_container_statuses) if status else {}
    together: Counter[str] = Counter()
    for container in spec.containers:
        together.update(_own(container, running))
    first: Counter[str] = Counter()
    sidecars: Counter[str] = Counter()
    for container in spec.init_containers or ():
        own = _own(container, starting)
        if container.restart_policy == "Always":
            sidecars.update(own)
            need: Mapping[str, int] = sidecars
        else:
            need = Counter(own) + sidecars
        for resource, number in need.items():
            first[resource] = max(first[resource], number)
    together.update(sidecars)
    found = {name: max(together[name], first[name]) for name in together.keys() | first.keys()}
    if spec.resources is not None:
        own = amounts(spec.resources.requests)
        found |= {r: n for r, n in own.items() if r in POD_LEVEL or r.startswith("hugepages-")}
    for name, number in amounts(spec.overhead).items():
        found[name] = found.get(name, 0) + number
    found[PODS] = 1
    return {name: found[name] for name in sorted(found) if found[name]}


def request_of(pod: Pod) -> Amounts:
    """Return the effective request of a pod as it is."""
    return effective_request(pod.spec, pod.status if pod.spec.node_name else None)


def add(total: Amounts, more: Mapping[str, int], times: int = 1) -> None:
    """Add amounts to a total in place."""
    for name, number in more.items():
        total[name] = total.get(name, 0) + times * number


def total(requests: Iterable[Mapping[str, int]]) -> Amounts:
    """Return the sum of amounts."""
    found: Amounts = {}
    for request in requests:
        add(found, request)
    return found


def _own(container: Container, statuses: Mapping[str, ContainerStatus]) -> Amounts:
    resources = container.resources
    own = {} if resources is None else _requests(resources.requests, resources.limits)
    status = statuses.get(container.name)
    if status is not None:
        known = [amounts(status.allocated_resources)]
        if status.resources is not None:
            known.append(amounts(status.resources.requests))
        for more in known:
            for name, number in more.items():
                own[name] = max(own.get(name, 0), number)
    return own


def _requests(
    requests: Mapping[str, str | int | float] | None,
    limits: Mapping[str, str | int | float] | None,
) -> Amounts:
    """Return requests; where only a limit is given it counts, as the API server's default."""
    return {**amounts(limits), **amounts(requests)} if limits else amounts(requests)


def _by_name(statuses: list[ContainerStatus] | None) -> dict[str, ContainerStatus]:
    return {status.name: status for status in statuses or ()}
