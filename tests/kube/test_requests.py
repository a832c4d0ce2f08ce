"""What a pod takes: by hand, by kube-scheduler, by what the service writes, and by the recount.

Each spec comes twice: beside a node that has exactly what was worked out by hand, and beside one
that lacks a millicore, a byte or a device of it.
"""

import json
from fractions import Fraction
from typing import Any

from tests.kube.rig import books
from tests.kube.rig.api import Json
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.gangs import PODS, PREFIX, describe, wait_bound
from tests.kube.rig.objects import node, pod
from tests.kube.rig.processes import wait_until
from tests.kube.rig.scheduler import start_with_extender
from tests.kube.rig.service import FluenceProcess

GI, MI = 2**30, 2**20
RUNTIME_CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"
OVERHEAD = {"cpu": "250m", "memory": "120Mi"}
TPU, GPU, DISK = "google.com/tpu", "nvidia.com/gpu", "ephemeral-storage"


def box(
    cpu: str = "", memory: str = "", always: bool = False, limits: dict[str, str] | None = None
) -> Json:
    """Return a container without a name; with `always` it is a sidecar."""
    requests = {key: text for key, text in (("cpu", cpu), ("memory", memory)) if text}
    resources: Json = {"requests": requests, "limits": limits or {}}
    return {"resources": resources, **({"restartPolicy": "Always"} if always else {})}


def spec(*containers: Json, init: tuple[Json, ...] = (), **more: object) -> Json:
    """Return a pod's spec."""
    return {
        "containers": [{"name": f"c{i}", "image": "none", **c} for i, c in enumerate(containers)],
        "initContainers": [{"name": f"i{i}", "image": "none", **c} for i, c in enumerate(init)],
        **more,
    }


def whole(**requests: str) -> Json:
    """Return the resources of a pod as a whole."""
    return {"requests": requests}


HUGE = box("1", limits={"hugepages-2Mi": "4Mi"})
CASES: list[tuple[Json, dict[str, int]]] = [
    (spec(box()), {}),
    (spec(box("100m")), {"cpu": 100}),
    (spec(box("1", "1Gi"), box("500m", "512Mi")), {"cpu": 1500, "memory": GI + 512 * MI}),
    (spec(box("1"), init=(box("4"),)), {"cpu": 4000}),
    (spec(box("2"), box("3"), init=(box("4"),)), {"cpu": 5000}),
    (spec(box("1", "4Gi"), init=(box("3", "1Gi"),)), {"cpu": 3000, "memory": 4 * GI}),
    (spec(box("1"), init=(box("2"), box("3"))), {"cpu": 3000}),
    (spec(box("1"), init=(box("500m", always=True),)), {"cpu": 1500}),
    (spec(box("1"), init=(box("1", always=True), box("3"))), {"cpu": 4000}),
    (spec(box("1"), init=(box("3"), box("1", always=True))), {"cpu": 3000}),
    (
        spec(box("1"), init=(box("1", always=True), box("5"), box("2", always=True))),
        {"cpu": 6000},
    ),
    (
        spec(box("100m"), init=(box("1", always=True), box("1", always=True), box("1"))),
        {"cpu": 3000},
    ),
    (
        spec(box("1", "1Gi"), runtimeClassName="heavy"),
        {"cpu": 1250, "memory": GI + 120 * MI},
    ),
    (
        spec(box("1"), init=(box("2"),), runtimeClassName="heavy"),
        {"cpu": 2250, "memory": 120 * MI},
    ),
    (spec(box("1"), box("1"), resources=whole(cpu="3")), {"cpu": 3000}),
    (
        spec(box("1", "1Gi"), resources=whole(memory="2Gi")),
        {"cpu": 1000, "memory": 2 * GI},
    ),
    (
        spec(box(), resources=whole(cpu="1"), runtimeClassName="heavy"),
        {"cpu": 1250, "memory": 120 * MI},
    ),
    (spec(box(limits={"cpu": "2"})), {"cpu": 2000}),
    (spec(box("1", limits={TPU: "4"})), {"cpu": 1000, TPU: 4}),
    (
        spec(box("1", limits={GPU: "1"}), box("1", limits={GPU: "2"})),
        {"cpu": 2000, GPU: 3},
    ),
    (
        spec(box("1", limits={GPU: "1"}), init=(box("1", limits={GPU: "4"}),)),
        {"cpu": 1000, GPU: 4},
    ),
    (spec(HUGE), {"cpu": 1000, "hugepages-2Mi": 4 * MI}),
    (
        spec(box("0.5", "1500M", limits={DISK: "2Gi"})),
        {"cpu": 500, "memory": 1_500_000_000, DISK: 2 * GI},
    ),
    (
        spec(box("1", limits={DISK: "1Gi"}), init=(box(limits={DISK: "3Gi"}),)),
        {"cpu": 1000, DISK: 3 * GI},
    ),
    (spec(box("1e0", "1e9")), {"cpu": 1000, "memory": 10**9}),
]


def amounts(taken: dict[str, int], less: int = 0) -> dict[str, str]:
    """Return what a node has that holds this and no more; with `less` not quite."""
    found = {name: f"{number}m" if name == "cpu" else str(number) for name, number in taken.items()}
    if less:
        name = next(iter(taken), "pods")
        short = taken.get(name, 1) - less
        found[name] = f"{short}m" if name == "cpu" else str(short)
    return {"pods": "1", "cpu": "0", "memory": "0", DISK: "0", **found}


def machine(name: str, have: dict[str, str]) -> Json:
    made = node(name, extended=have)
    made["metadata"]["labels"]["case"] = name
    return made


def wanted(name: str, kind: str, number: int) -> Json:
    made = pod(f"{name}-{number}", labels={"gang": name}, nodeSelector={"case": f"{kind}{number}"})
    made["spec"].update(json.loads(json.dumps(CASES[number][0])))
    return made


def refused_of(plane: ControlPlane, name: str) -> list[str]:
    pods = [one for one in plane.api.items(PODS) if one["metadata"]["labels"]["gang"] == name]
    assert not books.bound(pods), describe(pods)
    return [text for text in map(books.refusal, pods) if text]


def test_25_specs_take_what_was_worked_out_by_hand(
    plane: ControlPlane, service: FluenceProcess
) -> None:
    """To the millicore and the byte, for kube-scheduler and for the service alike."""
    heavy = {"metadata": {"name": "heavy"}, "handler": "heavy", "overhead": {"podFixed": OVERHEAD}}
    plane.api.create(RUNTIME_CLASSES, heavy)
    service.start_ready()
    start_with_extender(plane, service.url)
    numbers = range(len(CASES))
    plane.add_nodes(machine(f"fit{n}", amounts(CASES[n][1])) for n in numbers)
    plane.add_nodes(machine(f"short{n}", amounts(CASES[n][1], 1)) for n in numbers)
    for number in numbers:
        plane.api.create(PODS, wanted("short", "short", number))
        plane.api.create(PODS, wanted("fit", "fit", number))
    pods = wait_bound(plane, "fit", len(CASES))
    for one in pods:
        number = int(one["metadata"]["name"].rpartition("-")[2])
        taken = {**CASES[number][1], "pods": 1}
        alloc: dict[str, Any] = json.loads(one["metadata"]["annotations"][f"{PREFIX}alloc"])
        assert alloc == {"node": f"fit{number}", "use": taken}, number
        exact = {name: amount for name, amount in books.request(one).items() if amount}
        assert exact == {
            name: Fraction(amount, 1000 if name == "cpu" else 1) for name, amount in taken.items()
        }, number
    wait_until(
        lambda: len(refused_of(plane, "short")) == len(CASES),
        "each that lacks something is refused",
        60,
        0.2,
    )
    plane.api.delete(f"{RUNTIME_CLASSES}/heavy")
