"""`concurrent.futures` on an instance: each call of `submit` is a job."""

import os
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from concurrent.futures import wait as wait_for
from typing import TYPE_CHECKING, Any

from fluxion_py.errors import FluxionError
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.queues.events import Event
from fluxion_py.queues.jobid import format_jobid
from fluxion_py.queues.states import PENDING

if TYPE_CHECKING:
    from fluxion_py.instances.instance import Instance


class JobFailed(FluxionError, RuntimeError):
    """The job of a future ended by an exception (cancelled, timed out, lost); the text says which.

    `jobid` is its id.
    """

    def __init__(self, jobid: int, note: str) -> None:
        super().__init__(f"job {format_jobid(jobid)}: {note}")
        self.jobid = jobid


class JobFuture(Future[int]):
    """The future of a job; `jobid` is its id, the result its return code."""

    def __init__(self, instance: "Instance") -> None:
        super().__init__()
        self.jobid = -1
        self.status = 0
        self.note = ""
        self._instance = instance

    def cancel(self) -> bool:
        """Cancel the job if it has not started; say whether that was so."""
        with self._instance.still():
            pending = self.jobid < 0 or self._instance.job(self.jobid).state in PENDING
            if not pending or not super().cancel():
                return self.cancelled()
            if not self.note and self.jobid >= 0:
                self.note = "cancelled"
                self._instance.cancel(self.jobid)
        return True


class InstanceExecutor(Executor):
    """Submits commands as jobs of an instance that runs (`Instance.run`).

    A job that ends by an exception gives `JobFailed`; a command that is refused raises at once.
    """

    def __init__(self, instance: "Instance", options: dict[str, Any]) -> None:
        self._instance = instance
        self._options = options
        self._futures: dict[int, JobFuture] = {}
        self._open = True
        self._end_watch = instance.watch(self._happened)

    def submit(self, command: Sequence[str], /, **options: Any) -> JobFuture:  # type: ignore[override]  # noqa: ANN401
        """Submit a command; `options` as for `Jobspec.from_command`, over those of the executor."""
        if not self._open:
            raise RuntimeError("this executor is shut down")
        jobspec = Jobspec.from_command(command, **{**self._options, **options})
        future = JobFuture(self._instance)
        with self._instance.still():  # the future must be known before the job's end is told
            future.jobid = self._instance.submit(jobspec)
            self._futures[future.jobid] = future
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more; wait for all, or cancel those that have not started."""
        self._open = False
        waiting = list(self._futures.values())
        if cancel_futures:
            for future in waiting:
                future.cancel()
        if wait:
            wait_for(waiting)
            self._end_watch()

    def _happened(self, seq: int, event: Event) -> None:
        future = self._futures.get(event.jobid)
        if future is None:
            return
        if event.name == "alloc":
            future.set_running_or_notify_cancel()
        elif event.name == "finish":
            future.status = event.context["status"]
        elif event.name == "exception" and event.context["severity"] == 0:
            future.note = event.context.get("note") or event.context["type"]
        elif event.name == "clean":
            del self._futures[event.jobid]
            if future.cancelled():
                future.set_running_or_notify_cancel()
            elif future.note:
                future.set_exception(JobFailed(event.jobid, future.note))
            else:
                code = os.waitstatus_to_exitcode(future.status)
                future.set_result(code if code >= 0 else 128 - code)
