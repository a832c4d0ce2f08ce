"""The instances on the jobs of a served one: who has claimed what, at which connection."""

import asyncio
from typing import Any, Generic, TypeVar

from fluxion_py.instances.instance import Instance
from fluxion_py.instances.lineage import Child
from fluxion_py.server.lineage import RemoteLink
from fluxion_py.server.messages import Claim, Resize
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


class Resizer:
    """Changes the size of an instance in a process of its own, one wish after the other.

    A child has to ask its parent; the instance goes on while that thinks.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._one_at_a_time = asyncio.Lock()

    async def resize(self, request: Resize) -> str:
        """Return the sentence of `Instance.resize`. Raises `FluxionError`."""
        instance, link = self._instance, self._instance.link
        async with self._one_at_a_time:
            found = instance.begin_resize(request.size, requeue=request.requeue)
            if isinstance(found, str):
                return found
            if not isinstance(link, RemoteLink):
                return found.told(instance.grow(found.wanted))
            with link.held(instance):
                text = await asyncio.wrap_future(link.grow_later(found.wanted))
                return found.told(instance.take_in(text))
