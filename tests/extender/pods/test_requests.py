"""The effective request of 25 specs, worked out by hand from the documented rule."""

from typing import Any

import msgspec
import pytest

from fluxion_extender.objects.pod import PodSpec, PodStatus
from fluxion_extender.pods.requests import effective_request

GI, MI = 2**30, 2**20


def box(cpu: str = "", memory: str = "", always: bool = False, **others: str) -> dict[str, Any]:
    named = {"cpu": cpu, "memory": memory, **others}
    requests = {key: text for key, text in named.items() if text}
    found: dict[str, Any] = {"name": "x", "resources": {"requests": requests}}
    return {**found, "restartPolicy": "Always"} if always else found


CASES: list[tuple[str, dict[str, Any], dict[str, int]]] = [
    ("nothing asked", {"containers": [{"name": "x"}]}, {}),
    ("a tenth of a core", {"containers": [box("100m")]}, {"cpu": 100}),
    (
        "containers add up",
        {"containers": [box("1", "1Gi"), box("500m", "512Mi")]},
        {"cpu": 1500, "memory": GI + 512 * MI},
    ),
    (
        "a large init container counts alone",
        {"containers": [box("1")], "initContainers": [box("4")]},
        {"cpu": 4000},
    ),
    (
        "a small one does not",
        {"containers": [box("2"), box("3")], "initContainers": [box("4")]},
        {"cpu": 5000},
    ),
    (
        "per resource, not per container",
        {"containers": [box("1", "4Gi")], "initContainers": [box("3", "1Gi")]},
        {"cpu": 3000, "memory": 4 * GI},
    ),
    (
        "the largest of init containers, not their sum",
        {"containers": [box("1")], "initContainers": [box("2"), box("3")]},
        {"cpu": 3000},
    ),
    (
        "a sidecar runs beside the containers",
        {"containers": [box("1")], "initContainers": [box("500m", always=True)]},
        {"cpu": 1500},
    ),
    (
        "an init container after a sidecar runs beside it",
        {"containers": [box("1")], "initContainers": [box("1", always=True), box("3")]},
        {"cpu": 4000},
    ),
    (
        "one before it does not",
        {"containers": [box("1")], "initContainers": [box("3"), box("1", always=True)]},
        {"cpu": 3000},
    ),
    (
        "two sidecars and an init container between them",
        {
            "containers": [box("1")],
            "initContainers": [box("1", always=True), box("5"), box("2", always=True)],
        },
        {"cpu": 6000},
    ),
    (
        "sidecars are counted in order",
        {
            "containers": [box("100m")],
            "initContainers": [box("1", always=True), box("1", always=True), box("1")],
        },
        {"cpu": 3000},
    ),
    (
        "overhead is added",
        {"containers": [box("1", "1Gi")], "overhead": {"cpu": "250m", "memory": "120Mi"}},
        {"cpu": 1250, "memory": GI + 120 * MI},
    ),
    (
        "overhead after the largest init container",
        {
            "containers": [box("1")],
            "initContainers": [box("2")],
            "overhead": {"cpu": "100m"},
        },
        {"cpu": 2100},
    ),
    (
        "a request of the pod replaces the sum",
        {"containers": [box("1"), box("1")], "resources": {"requests": {"cpu": "3"}}},
        {"cpu": 3000},
    ),
    (
        "also if it is less",
        {"containers": [box("2")], "resources": {"requests": {"cpu": "1"}}},
        {"cpu": 1000},
    ),
    (
        "only of the resources that it names",
        {"containers": [box("1", "1Gi")], "resources": {"requests": {"memory": "2Gi"}}},
        {"cpu": 1000, "memory": 2 * GI},
    ),
    (
        "huge pages can be asked for by the pod, devices cannot",
        {
            "containers": [{"name": "x"}],
            "resources": {"requests": {"hugepages-2Mi": "4Mi", "example.com/x": "1"}},
        },
        {"hugepages-2Mi": 4 * MI},
    ),
    (
        "overhead on top of the pod's request",
        {
            "containers": [{"name": "x"}],
            "resources": {"requests": {"cpu": "1"}},
            "overhead": {"cpu": "100m"},
        },
        {"cpu": 1100},
    ),
    (
        "a limit alone is a request",
        {"containers": [{"name": "x", "resources": {"limits": {"cpu": "2"}}}]},
        {"cpu": 2000},
    ),
    (
        "a request counts before a limit",
        {
            "containers": [
                {"name": "x", "resources": {"limits": {"cpu": "2"}, "requests": {"cpu": "1"}}}
            ]
        },
        {"cpu": 1000},
    ),
    (
        "TPU chips by their limit",
        {"containers": [{"name": "x", "resources": {"limits": {"google.com/tpu": 4}}}]},
        {"google.com/tpu": 4},
    ),
    (
        "GPUs of several containers",
        {
            "containers": [
                {"name": "x", "resources": {"limits": {"nvidia.com/gpu": "1"}}},
                {"name": "y", "resources": {"limits": {"nvidia.com/gpu": "2"}}},
            ]
        },
        {"nvidia.com/gpu": 3},
    ),
    (
        "ephemeral storage",
        {"containers": [{"name": "x", "resources": {"requests": {"ephemeral-storage": "2G"}}}]},
        {"ephemeral-storage": 2 * 10**9},
    ),
    (
        "odd units",
        {"containers": [box("0.1", "129e6"), box("1e-1", "1Ki")]},
        {"cpu": 200, "memory": 129_001_024},
    ),
]


@pytest.mark.parametrize(("spec", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_effective_request(spec: dict[str, Any], wanted: dict[str, int]) -> None:
    """Every pod takes one of `pods` besides."""
    assert effective_request(msgspec.convert(spec, PodSpec)) == {**wanted, "pods": 1}


def test_a_resize_under_way_counts_the_larger_of_spec_and_status() -> None:
    spec = msgspec.convert({"containers": [box("1", "1Gi")]}, PodSpec)
    status = msgspec.convert(
        {
            "containerStatuses": [
                {
                    "name": "x",
                    "allocatedResources": {"cpu": "2", "memory": "512Mi"},
                    "resources": {"requests": {"cpu": "1500m"}},
                }
            ]
        },
        PodStatus,
    )
    assert effective_request(spec, status) == {"cpu": 2000, "memory": GI, "pods": 1}
