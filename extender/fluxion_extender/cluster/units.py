"""Amounts in the units of the graph: memory in KiB, all else as Kubernetes counts it.

A count of a request is below 2^32 (RFC 14), so bytes would end at 4 GiB; KiB end at 4 TiB, and
every usual amount is a whole number of them.
"""

from fluxion_extender.quantities import CPU

KIB = 1024
MAX_COUNT = 2**32 - 1
"""The largest count of one request."""

TENANCY = "tenancy"
"""A pool of one unit on every level vertex: a group that is to be alone there takes it."""


def in_bytes(resource: str) -> bool:
    """Say whether Kubernetes counts a resource in bytes."""
    return resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages-")


def wanted(resource: str, amount: int) -> int:
    """Return what a pod asks for, in the graph's units, rounded up."""
    return -(-amount // KIB) if in_bytes(resource) else amount


def given(resource: str, amount: int) -> int:
    """Return what a node has, in the graph's units, rounded down."""
    return max(0, amount) // KIB if in_bytes(resource) else max(0, amount)


def unit(resource: str) -> str:
    """Return the name of the unit."""
    return "KiB" if in_bytes(resource) else "m" if resource == CPU else ""
