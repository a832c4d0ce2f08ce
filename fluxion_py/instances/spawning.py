"""An instance that makes instances in its process, and gives back what it was given."""

import os
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any, Self

from fluxion_py.errors import Busy
from fluxion_py.execution.executor import Executor
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.instances.lineage import Child, InProcessLink
from fluxion_py.instances.nested import NestedInstance
from fluxion_py.instances.submission import Submission
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.match.job import parse_jobid
from fluxion_py.queues.config import QueueConfig
from fluxion_py.queues.job import EXPEDITE
from fluxion_py.readers.grant_check import GrantError
from fluxion_py.subgraph import RankMap, graph_of_grant

IN_PROCESS = "instance"
"""The document that tells a job which was an instance in the process that had it."""


class SpawningInstance(NestedInstance):
    """The part of an `Instance` that makes others in this process: see there."""

    def spawn(
        self,
        jobspec: Jobspec,
        *,
        policy: str = "first",
        queue: str | Iterable[QueueConfig] = "fcfs",
        name: str = "",
        executor: Executor | None = None,
        journal: str | PathLike[str] | None = None,
        directory: str | PathLike[str] | None = None,
        max_size: int | None = None,
    ) -> Self:
        """Return an instance on resources that are allocated for it here and now.

        Its graph is exactly the allocation, with ranks from 0; its time ends with the allocation.
        Policies, journal and executor are its own (without one it runs nothing by itself);
        `max_size` is what it may grow to, this machine if not given. `close` gives its resources
        back, which also happens when its job here is cancelled. Raises `Busy` or `Unsatisfiable`.
        """
        with self._change() as now:
            jobid = self.accept(Submission(jobspec, EXPEDITE, name=name or "instance"))
            self._children.add(jobid)
            self.journal.append_document(jobid, IN_PROCESS, name)
            while self.queue.cycle(now).more:
                pass
            if self.queue.job(jobid).allocation is None:
                self._children.discard(jobid)
                explanation = self.queue.matcher.explain(jobspec)
                self.queue.cancel(jobid, now=now)
                raise Busy(explanation=explanation)
            child = Child(jobid, name, now)
            text = self.adopt(child)
        graph, ranks = graph_of_grant(text)
        made = self._nested(
            child,
            graph,
            ranks,
            policy=policy,
            queue=queue,
            executor=executor,
            journal=journal,
            directory=directory,
        )
        made.link = InProcessLink(self, child, owns_job=True)
        made.max_size = max_size or max(1, len(self.machine.hosts()))
        return made

    @classmethod
    def from_R(
        cls,
        R: str | PathLike[str],
        *,
        parent: Self,
        jobid: int | str,
        **options: Any,  # noqa: ANN401
    ) -> Self:
        """Return an instance on a part of what a running job of `parent` holds: the file of an R.

        The parent checks it, and keeps it from being given to another instance as well; the
        job goes on when this instance is closed. `options` as for `spawn`. Raises `GrantError`,
        which names the first vertex that is not right.
        """
        text = Path(R).read_text(encoding="utf-8")
        number = parse_jobid(jobid) if isinstance(jobid, str) else jobid
        child = Child(number, options.get("name", ""), parent.clock.now())
        try:
            granted = parent.adopt(child, R=text)
        except GrantError as error:
            raise GrantError(error.message, source=os.fspath(R)) from None
        made = parent._nested(child, *graph_of_grant(granted), **options)
        made.link = InProcessLink(parent, child, owns_job=False)
        return made

    def _nested(
        self,
        child: Child,
        graph: ResourceGraph,
        ranks: RankMap,
        **options: Any,  # noqa: ANN401
    ) -> Self:
        """Return the instance of a child that was adopted."""
        make: Any = type(self)  # an Instance, whose arguments these are
        try:
            made: Self = make(graph, clock=self.clock, **{"name": child.name, **options})
        except BaseException:
            self.forget(child)
            raise
        made.ranks = ranks
        end = self.end_of(child.jobid)
        if end is not None:
            made.end_at(end)
        child.instance = made
        return made

    @property
    def parent(self) -> Self | None:
        """The instance above this one, if it is in this process."""
        above = self.link.parent if isinstance(self.link, InProcessLink) else None
        return above if isinstance(above, type(self)) else None

    def close(self, *, kill: bool = False) -> None:
        """Stop; what is journaled can be gone on with. `kill` ends the running jobs.

        Those in it end first; a parent gets its resources back.
        """
        if self._closed:
            return
        for child in list(self.children):
            if child.instance is not None:
                child.instance.close(kill=True)
        summary = self.numbers()
        super().close(kill=kill)
        if self.link is not None:
            self.link.end(summary)
