"""Units of the graph: those of Kubernetes, millicores and bytes, exactly."""

from fluxion_extender.quantities import CPU

TENANCY = "tenancy"
"""A pool of one unit on every level vertex: a group that is to be alone there takes it."""


def in_bytes(resource: str) -> bool:
    """Say whether Kubernetes counts a resource in bytes."""
    return resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages-")


def unit(resource: str) -> str:
    """Return the name of the unit."""
    return "B" if in_bytes(resource) else "m" if resource == CPU else ""
