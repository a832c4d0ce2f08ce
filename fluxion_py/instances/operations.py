"""What operators do with an instance: queues stopped and started, hosts drained, racks added."""

from pathlib import Path
from typing import Any

from fluxion_py.errors import FluxionError, InputError
from fluxion_py.execution.executor import Executor
from fluxion_py.instances.clock import Clock
from fluxion_py.instances.journal import Journal
from fluxion_py.instances.loop import InstanceLoop
from fluxion_py.instances.machine import Machine
from fluxion_py.instances.placing import placed_under
from fluxion_py.queues.events import INSTANCE, Event
from fluxion_py.queues.job import Job
from fluxion_py.queues.jobid import format_jobid
from fluxion_py.queues.queue import Queue
from fluxion_py.queues.states import RUNNING

_SIGTERM = 15


class InstanceOperations(InstanceLoop):
    """The part of an `Instance` that is about its queues and its machine: see there."""

    def __init__(
        self,
        queue: Queue,
        journal: Journal,
        clock: Clock,
        executor: Executor | None,
        directory: Path | None,
    ) -> None:
        super().__init__(queue, journal, clock, executor, directory)
        self.machine = Machine(queue.matcher)

    # ---- queues ----

    def queue_stop(self, name: str | None = None) -> None:
        """Start no more jobs of a queue (of all)."""
        with self._change() as now:
            self.queue.stop(name, now=now)

    def queue_start(self, name: str | None = None) -> None:
        """Start jobs again."""
        with self._change() as now:
            self.queue.start(name, now=now)

    def queue_disable(self, name: str | None = None, reason: str = "") -> None:
        """Take no more jobs in."""
        with self._change() as now:
            self.queue.disable(name, reason, now=now)

    def queue_enable(self, name: str | None = None) -> None:
        """Take jobs in again."""
        with self._change() as now:
            self.queue.enable(name, now=now)

    def queues(self) -> list[dict[str, Any]]:
        """Return each queue: name, policy, enabled, started, numbers of jobs."""
        with self._lock:
            running = dict.fromkeys(self.queue.lanes, 0)
            for job in self.queue.jobs.values():
                running[job.queue] += job.state in RUNNING
            return [
                {
                    "name": name,
                    "policy": lane.config.policy,
                    "enabled": lane.enabled,
                    "started": lane.started,
                    "reason": lane.disabled_reason,
                    "pending": lane.pending,
                    "reserved": len(lane.plans),
                    "running": running[name],
                }
                for name, lane in self.queue.lanes.items()
            ]

    def drain(self, hosts: str, reason: str = "") -> None:
        """Give out nothing more on some hosts (a hostlist); jobs there go on."""
        with self._change() as now:
            names = self.machine.drain(hosts, reason, now)
            self._machine_event("drain", now, hosts=",".join(names), reason=reason)

    def undrain(self, hosts: str) -> None:
        """Give hosts out again."""
        with self._change() as now:
            names = self.machine.undrain(hosts)
            self._machine_event("undrain", now, hosts=",".join(names))

    def attach(self, text: str, *, source: str | None = None, under: str | None = None) -> str:
        """Add vertices and say what came of it: type counts, jobs looked at again.

        The text is JGF with the way from the root; with `under` any description of what comes below
        that path, with ranks of its own. Raises `GraphError`; then nothing has changed.
        """
        with self._change() as now:
            where = ""
            if under is not None:
                text, paths = placed_under(self.queue.matcher.graph, text, under, source)
                where = f" {', '.join(paths[:5])}{', ...' if len(paths) > 5 else ''}:"
            never = {job.id for job in self.queue.pending() if job.request.never}
            told = self.machine.attach(text, source).replace("attached", f"attached{where}", 1)
            left = self._machine_event("attach", now, text=text)
            waiting = sum(lane.pending for lane in self.queue.lanes.values())
        can = len(never) - len(left)
        return (
            f"{told}\nqueue: {waiting} pending jobs looked at again, {can} could never run before"
        )

    def detach(self, path: str, *, force: bool = False) -> str:
        """Take vertices out; refused if jobs run there, unless `force` fails them."""
        with self._change() as now:
            rows = self.machine.rows_below(path)
            there = self.machine.jobs_on(self.queue.jobs.values(), rows)
            if there and not force:
                ids = ", ".join(format_jobid(job.id) for job in there[:5])
                raise InputError(
                    f"{len(there)} running jobs are on {path} ({ids})",
                    hint="drain it first, or use force to fail them",
                )
            for lane in self.queue.lanes.values():
                lane.drop_plans(now)
            self.machine.remove(path)
            for job in there:
                self.queue.failed(job.id, "resource", f"{path} was taken away", now=now)
                self._end_running(job.id, _SIGTERM, now)
            never = self._machine_event("remove", now, path=path)
        return f"detached {path}; {len(there)} jobs failed, {len(never)} can never run now"

    def _machine_event(self, action: str, now: float, **context: Any) -> list[Job]:  # noqa: ANN401
        """Write down a change of the machine; return the pending jobs that can never run now."""
        self.journal.append(
            [Event(INSTANCE, now, "resource-change", {"action": action, **context})]
        )
        return self.queue.resources_changed(now=now)

    def resources(self) -> list[dict[str, Any]]:
        """Return each node: name, rank, cores, gpus, state, reason and time of a drain, job ids.

        States: free, allocated, drained, draining, down.
        """
        with self._lock:
            return self.machine.listing(self.queue.jobs.values())

    def _replay_machine(self, moved: bool) -> list[str]:
        """Bring the machine to where it was; return sentences about what was left out."""
        notes = []
        for _, event in self.journal.events(jobid=INSTANCE):
            if event.name != "resource-change":
                continue
            context = dict(event.context)
            action = context.pop("action", "")
            try:
                if action == "drain":
                    self.machine.drain(context["hosts"], context["reason"], event.timestamp)
                elif action == "undrain":
                    self.machine.undrain(context["hosts"])
                elif action == "size":
                    self.machine.set_away(context["away"])
                elif action == "attach" and not moved:
                    self.machine.attach(context["text"], None)
                elif action == "pool" and not moved:
                    self.machine.matcher.resize(context["path"], context["size"])
                elif action == "remove" and not moved:
                    self.machine.remove(context["path"])
            except FluxionError as error:
                notes.append(f"{action} was not done again: {error}")
        return notes
