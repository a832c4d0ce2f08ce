"""What each request does with an instance."""

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

from fluxion_py.duration import parse_duration
from fluxion_py.errors import FluxionError, InputError
from fluxion_py.hostlist import Hostlist, parse_hostlist
from fluxion_py.instances.instance import Instance
from fluxion_py.instances.jobspecs import JobspecReader, JobspecText
from fluxion_py.instances.journal import JournalError
from fluxion_py.instances.submission import Submission
from fluxion_py.match.job import parse_jobid
from fluxion_py.queues.events import Event
from fluxion_py.queues.job import DEFAULT_URGENCY, Job
from fluxion_py.queues.jobid import format_jobid
from fluxion_py.queues.states import PENDING, RUNNING, JobState, Result
from fluxion_py.server import messages as ask
from fluxion_py.server.problems import problem_of

PROTOCOL = 1


class Service:
    """Obeys the requests of clients, all but those that are the server's. Not thread-safe.

    What `submit` takes in is durable, and may be told, only after `Instance.commit`.
    """

    def __init__(self, instance: Instance, stop: Callable[[bool], None]) -> None:
        self.instance = instance
        self._stop = stop
        self._reader = JobspecReader()
        self._completed: Counter[Result | None] | None = None
        self._just_ended: list[int] = []
        self._methods: dict[type, Callable[[Any, int], Any]] = {
            ask.Info: self._info,
            ask.Numbers: self._count,
            ask.Submit: self._submit,
            ask.Jobs: self._jobs,
            ask.Show: self._show,
            ask.Cancel: self._cancel,
            ask.Kill: self._kill,
            ask.Urgency: self._urgency,
            ask.Update: self._update,
            ask.Memo: self._memo,
            ask.Queues: lambda request, user: instance.queues(),
            ask.QueueChange: self._change_queue,
            ask.Resources: lambda request, user: instance.resources(),
            ask.Drain: lambda request, user: instance.drain(request.hosts, request.reason),
            ask.Undrain: lambda request, user: instance.undrain(request.hosts),
            ask.Attach: self._attach,
            ask.Overview: lambda request, user: instance.overview(),
            ask.Grow: self._grow,
            ask.GiveBack: lambda request, user: instance.take_back(
                jobid_of(request.job), request.paths
            ),
            ask.Goodbye: lambda request, user: instance.child_ended(
                jobid_of(request.job), request.summary, finish=False
            ),
            ask.Detach: lambda request, user: instance.detach(request.path, force=request.force),
            ask.Cleaning: self._cleaning,
            ask.Dump: self._dump,
            ask.Shutdown: lambda request, user: stop(request.kill),
        }

    def obey(self, request: ask.AnyRequest, user: int) -> Any:  # noqa: ANN401 - data for JSON
        """Do what a request of a user says; return the result. Raises `FluxionError`."""
        return self._methods[type(request)](request, user)

    # ---- jobs ----

    def _info(self, request: ask.Info, user: int) -> dict[str, Any]:
        instance = self.instance
        jobs = instance.queue.jobs.values()
        flat = instance.machine.matcher.graph.flat
        return {
            "protocol": PROTOCOL,
            "name": instance.name,
            "pid": os.getpid(),
            "nodes": len(flat.rows_of_type("node")),
            "cores": len(flat.rows_of_type("core")),
            "seq": instance.journal.last,
            "states": {
                state.name: sum(job.state is state for job in jobs)
                for state in JobState
                if state is not JobState.NEW
            },
        }

    def _count(self, request: ask.Numbers, user: int) -> dict[str, int]:
        """Count jobs; the ended ones of earlier times only the first time."""
        instance = self.instance
        if self._completed is None:
            self._completed = Counter(job.result for job in instance.ended_jobs(None))
            instance.watch(self._note_end)
        else:
            self._completed.update(instance.job(jobid).result for jobid in self._just_ended)
        self._just_ended.clear()
        completed = self._completed[Result.COMPLETED]
        active = instance.queue.jobs.values()
        return {
            "running": sum(job.state in RUNNING for job in active),
            "completed": completed,
            "failed": self._completed.total() - completed,
            "pending": sum(job.state in PENDING for job in active),
        }

    def _note_end(self, seq: int, event: Event) -> None:
        if event.name == "clean":
            self._just_ended.append(event.jobid)

    def _submit(self, request: ask.Submit, user: int) -> dict[str, Any]:
        found: list[Any] = []
        since = self.instance.journal.last
        for job in request.jobs:
            try:
                found.append(self._accept(job, user))
            except JournalError:
                raise
            except FluxionError as error:
                problem = problem_of(error)
                found.append({"kind": problem.kind, "error": str(error), "hint": problem.hint})
        return {"jobs": found, "seq": since}

    def _accept(self, job: ask.NewJob, user: int) -> int:
        text = JobspecText(bytes(job.jobspec))
        jobspec = self._reader.read(text)
        submission = Submission(jobspec, job.urgency, job.depends, user, job.queue, job.name, text)
        return self.instance.accept(submission)

    def _jobs(self, request: ask.Jobs, user: int) -> list[dict[str, Any]]:
        instance = self.instance
        if request.ids:
            found = [instance.job(jobid_of(entry)) for entry in request.ids]
        else:
            found = instance.jobs(
                states=request.states,
                userid=request.user,
                queue=request.queue,
                name=request.name,
                since=request.since,
                limit=None if request.hosts else request.limit,
            )
        if request.hosts:
            hosts = set(parse_hostlist(request.hosts))
            found = [job for job in found if hosts.intersection(_nodes(job))][: request.limit]
        return [job.to_dict() for job in found]

    def _show(self, request: ask.Show, user: int) -> dict[str, Any]:
        instance, jobid = self.instance, jobid_of(request.job)
        job = instance.job(jobid)
        document = instance.jobspec(jobid).to_dict()
        folder = instance.directory_of(jobid)
        ran = job.t_run >= 0
        waits = job.state in PENDING
        return {
            "job": job.to_dict(),
            "why": instance.why(jobid) if waits else "",
            "jobspec": document,
            "R": instance.R(jobid) if ran else None,
            "directory": None if folder is None else str(folder),
        }

    def _cancel(self, request: ask.Cancel, user: int) -> list[Any]:
        return self._each(
            request.jobs,
            lambda jobid: self.instance.cancel(jobid, note=request.note, userid=user),
        )

    def _kill(self, request: ask.Kill, user: int) -> list[Any]:
        return self._each(request.jobs, lambda job: self.instance.kill(job, request.signal))

    def _urgency(self, request: ask.Urgency, user: int) -> list[Any]:
        def change(jobid: int) -> None:
            urgency = request.urgency
            if urgency is None:
                if not self.instance.job(jobid).held:
                    raise InputError(f"job {format_jobid(jobid)} is not held")
                urgency = DEFAULT_URGENCY
            self.instance.set_urgency(jobid, urgency)

        return self._each(request.jobs, change)

    def _each(self, jobs: list[ask.JobId], change: Callable[[int], None]) -> list[Any]:
        """Change several jobs; return for each None or what was wrong."""
        found: list[Any] = []
        for entry in jobs:
            try:
                change(jobid_of(entry))
            except JournalError:
                raise
            except FluxionError as error:
                found.append({"error": str(error), "hint": getattr(error, "hint", None)})
            else:
                found.append(None)
        return found

    def _update(self, request: ask.Update, user: int) -> str:
        """Change a duration; say what it was, is, and which reservations have moved."""
        instance, jobid = self.instance, jobid_of(request.job)
        old = instance.job(jobid).duration
        duration = new_duration(request.duration, old)
        before = {job.id: job.planned.at for job in instance.queue.pending() if job.planned}
        instance.update_duration(jobid, duration)
        instance.step()
        earlier = later = 0
        for number, at in before.items():
            job = instance.job(number)
            now = job.planned.at if job.planned else job.t_run if job.t_run >= 0 else None
            earlier += now is not None and now < at
            later += now is None or now > at
        told = f"updated {format_jobid(jobid)}: duration {spell(old)} -> {spell(duration)}"
        moved = [(earlier, "earlier"), (later, "later")]
        notes = [f"later reservations moved {way}: {number}" for number, way in moved if number]
        return f"{told} ({'; '.join(notes)})" if notes else told

    def _memo(self, request: ask.Memo, user: int) -> None:
        self.instance.post_event(jobid_of(request.job), request.name, request.context)

    # ---- queues, machine ----

    def _change_queue(self, request: ask.QueueChange, user: int) -> None:
        instance = self.instance
        if request.action == "disable":
            instance.queue_disable(request.queue, request.reason)
            return
        actions: dict[str, Callable[[str | None], None]] = {
            "stop": instance.queue_stop,
            "start": instance.queue_start,
            "enable": instance.queue_enable,
        }
        if request.action not in actions:
            raise InputError(
                f"unknown action {request.action[:40]!r}", hint="stop, start, disable or enable"
            )
        actions[request.action](request.queue)

    def _attach(self, request: ask.Attach, user: int) -> str:
        return self.instance.attach(request.graph, source=request.source, under=request.under)

    def _grow(self, request: ask.Grow, user: int) -> str:
        jobspec = self._reader.read(JobspecText(bytes(request.jobspec)))
        return self.instance.grow_child(jobid_of(request.job), jobspec)

    def _cleaning(self, request: ask.Cleaning, user: int) -> list[dict[str, Any]]:
        """Return the jobs that have ended and still hold nodes."""
        found = []
        now = self.instance.clock.now()
        for job in self.instance.queue.jobs.values():
            if job.state is JobState.INACTIVE and not job.freed:
                given = job.given or {}
                held = job.allocation
                found.append(
                    {
                        "id": job.id,
                        "f58": format_jobid(job.id),
                        "nnodes": given.get("nnodes", 0),
                        "active": 0 if held is None else len(held.nodes),
                        "runtime": max(0.0, now - job.t_cleanup),
                        "nodelist": given.get("nodelist", ""),
                    }
                )
        return found

    def _dump(self, request: ask.Dump, user: int) -> dict[str, Any]:
        found = self.instance.dump(request.path)
        names = ("jobs", "running", "pending", "last", "checksum")
        return {name: getattr(found, name) for name in names}

    def event(self, seq: int, event: Event) -> dict[str, Any]:
        """Return an event as clients get it."""
        return {"jobid": event.jobid, **event.to_dict()}


def jobid_of(value: ask.JobId) -> int:
    """Return a job id given as a number or a text. Raises `FormatError`."""
    return parse_jobid(str(value))


def new_duration(text: str, old: float) -> float:
    """Return the duration of "2h", "+30m" or "-20m" (added to `old`). Raises `InputError`."""
    if text[:1] in ("+", "-"):
        if not old:
            raise InputError("the job has no time limit; give it a duration without a sign")
        change = parse_duration(text[1:])
        return old + change if text[0] == "+" else old - change
    return parse_duration(text)


def spell(seconds: float) -> str:
    """Return a duration as people say it: 1h40m, 90s, 2h."""
    if not seconds:
        return "unlimited"
    parts = []
    rest = seconds
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{int(number)}{unit}")
    if rest:
        parts.append(f"{rest:g}s")
    return "".join(parts)


def _nodes(job: Job) -> list[str]:
    return list(Hostlist(parse_hostlist((job.given or {}).get("nodelist", ""))))
