"""The instances on the jobs of a served one: who has claimed what, at which connection."""

from typing import Any, Generic, TypeVar

from fluxion_py.instances.instance import Instance
from fluxion_py.instances.lineage import Child
from fluxion_py.server.messages import Claim
from fluxion_py.server.service import jobid_of

Session = TypeVar("Session")


class Claims(Generic[Session]):
    """Children by session: a connection that ends is a child that has ended."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._children: dict[Session, Child] = {}

    def claim(self, session: Session, request: Claim) -> dict[str, Any]:
        """Take a child in; return its grant and what it should know. Raises `FluxionError`."""
        instance, jobid = self._instance, jobid_of(request.job)
        child = Child(
            jobid,
            request.name or instance.job(jobid).name,
            instance.clock.now(),
            request.part,
            uri=request.uri,
            pid=request.pid,
        )
        self.left(session)
        text = instance.adopt(child, R=request.R)
        self._children[session] = child
        return {
            "R": text,
            "depth": instance.depth,
            "name": child.name,
            "expiration": instance.end_of(jobid),
            "max_size": len(instance.machine.hosts()),
            "drained": {name: drain.reason for name, drain in instance.machine.drained.items()},
        }

    def left(self, session: Session) -> None:
        """Note that a connection has ended."""
        child = self._children.pop(session, None)
        if child is not None:
            self._instance.forget(child)
