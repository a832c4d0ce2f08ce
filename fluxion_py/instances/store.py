"""Jobs of a queue that are kept: every change goes to the journal before anybody acts on it."""

from collections.abc import Callable, Iterable, Iterator
from threading import RLock

from fluxion_py.errors import InputError, UnknownJobError
from fluxion_py.instances.clock import Clock
from fluxion_py.instances.jobspecs import JobspecShelf, JobspecText
from fluxion_py.instances.journal import Journal, JournalError
from fluxion_py.instances.submission import Submission, job_name, task_count
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.queues.dependencies import parse_dependency
from fluxion_py.queues.errors import QueueError
from fluxion_py.queues.events import INSTANCE, Event
from fluxion_py.queues.job import Job
from fluxion_py.queues.jobid import JobIds, format_jobid
from fluxion_py.queues.queue import Queue
from fluxion_py.queues.record import decode_job, encode_job, request_number
from fluxion_py.queues.request import Request, RequestTable, request_to_json
from fluxion_py.queues.states import JobState

CHECKPOINT_EVERY = 20_000
"""Events after which the changed records are written, so that a replay is bounded."""

KEPT_ENDED = 1000
"""Ended jobs that stay in memory; older ones are read from the journal."""

Watcher = Callable[[int, Event], None]


class JobStore:
    """The part of an `Instance` that takes jobs in and makes changes durable: see there."""

    def __init__(self, queue: Queue, journal: Journal, clock: Clock) -> None:
        self.queue = queue
        self.journal = journal
        self.clock = clock
        self.trouble = ""
        self._lock = RLock()
        self._ids = JobIds()
        self._accepted: list[int] = []
        self._written: set[int] = set()
        self._changed: set[int] = set()
        self._ended: list[int] = []
        self._since_checkpoint = 0
        self._watchers: list[Watcher] = []
        self._jobspecs = JobspecShelf(journal)

    # ---- taking in ----

    def accept(self, submission: Submission) -> int:
        """Take a job in; it is durable, and its id may be told, only after `commit`."""
        with self._lock:
            if self.trouble:
                raise JournalError(self.trouble)
            now = self.clock.now()
            jobspec = submission.jobspec
            request = self.queue.request(jobspec, submission.queue)
            for text in submission.depends:
                self._find_result(text)
            jobid = self._ids.next(now)
            self.queue.submit(
                request,
                now=now,
                jobid=jobid,
                userid=submission.userid,
                urgency=submission.urgency,
                depends=submission.depends,
                name=submission.name or job_name(jobspec),
                ntasks=task_count(jobspec),
            )
            self._write_request(request)
            whole = submission.text or JobspecText(jobspec.to_json().encode())
            self._jobspecs.append(jobid, whole)
            self._accepted.append(jobid)
            return jobid

    def _find_result(self, text: str) -> None:
        """Have the queue know how a job has ended that it has forgotten."""
        target = int(parse_dependency(text).value)
        if target not in self.queue.jobs and target not in self.queue.results:
            record = self.journal.record(target)
            result = self._job_of(record).result if record is not None else None
            if result is not None:
                self.queue.results[target] = result

    def _write_request(self, request: Request) -> None:
        if request.number not in self._written:
            self._written.add(request.number)
            text = request_to_json(request)
            self.journal.append_document(INSTANCE, f"request-{request.number}", text)

    # ---- making durable ----

    def commit(self) -> None:
        """Make all so far durable. On `JournalError` what was accepted since is withdrawn."""
        with self._lock:
            self._hand_over()
            try:
                numbered = self.journal.commit()
            except JournalError as error:
                self.trouble = str(error)
                self._withdraw()
                raise
            self.trouble = ""
            self._accepted.clear()
            self._since_checkpoint += len(numbered)
            for watcher in self._watchers:
                for seq, event in numbered:
                    watcher(seq, event)

    def _hand_over(self) -> None:
        """Give the journal the events of the queue, and the resource sets that belong to them."""
        events = self.queue.take_events()
        for event in events:
            self._changed.add(event.jobid)
            if event.name in ("alloc", "reserve", "resize", "jobspec-update"):
                job = self.queue.jobs[event.jobid]
                if event.name == "jobspec-update":
                    self._write_request(job.request)
                held = job.planned if event.name == "reserve" else job.allocation
                if held is not None:
                    name = "plan" if event.name == "reserve" else "R"
                    self.journal.append_document(job.id, name, held.write("rv1"))
            elif event.name == "clean":
                self._ended.append(event.jobid)
        self.journal.append(events)

    def _withdraw(self) -> None:
        """Take back what nobody may believe to be in."""
        gone, now = set(), self.clock.now()
        for jobid in self._accepted:
            try:
                self.queue.withdraw(jobid)
                gone.add(jobid)
            except QueueError:  # it has been started or planned meanwhile
                self.queue.failed(jobid, "journal", "it could not be made durable", now=now)
        self._accepted.clear()
        self._changed -= gone
        self.journal.discard(gone)
        self._jobspecs.withdraw()

    def checkpoint(self) -> None:
        """Write the records that changed, and let old ended jobs go from memory."""
        with self._lock:
            self.commit()
            jobs = self.queue.jobs
            self._changed.discard(INSTANCE)
            changed = (jobs[jobid] for jobid in sorted(self._changed) if jobid in jobs)
            self.journal.checkpoint((job.id, _active(job), encode_job(job)) for job in changed)
            self._changed.clear()
            self._since_checkpoint = 0
            self._forget()

    def _forget(self) -> None:
        kept = []
        for jobid in self._ended[:-KEPT_ENDED]:
            if jobid in self.queue.jobs and _active(self.queue.jobs[jobid]):
                kept.append(jobid)  # its resources are still being cleaned
            elif jobid in self.queue.jobs:
                self.queue.forget(jobid)
                self.queue.results.pop(jobid, None)
        self._ended = kept + self._ended[-KEPT_ENDED:]
        self.queue.requests.drop_unused()

    # ---- looking ----

    def job(self, jobid: int) -> Job:
        """Return a job, also one that has ended. Raises `UnknownJobError`."""
        with self._lock:
            found = self.queue.jobs.get(jobid)
            if found is None:
                record = self.journal.record(jobid)
                if record is None:
                    raise UnknownJobError(jobid)
                found = self._job_of(record)
            return found

    def ended_jobs(self, limit: int | None) -> Iterator[Job]:
        """Go through the jobs that have ended, the last submitted first."""
        inside = [job for job in self.queue.jobs.values() if job.state is JobState.INACTIVE]
        inside.sort(key=lambda job: -job.id)
        yield from inside
        known = {job.id for job in inside}
        for jobid, record in self.journal.records(active=False):
            if limit is not None and len(known) >= limit + len(inside):
                return
            if jobid not in known:
                yield self._job_of(record)

    def jobspec(self, jobid: int) -> Jobspec:
        """Return the jobspec of a job."""
        with self._lock:
            found = self._jobspecs.read(jobid)
        if found is None:
            raise UnknownJobError(jobid)
        return found

    def R(self, jobid: int) -> str:
        """Return the resource set (RFC 20) that a job got, as text. Raises `QueueError` if none."""
        if self.job(jobid).t_run < 0:
            raise QueueError(f"job {format_jobid(jobid)} has no resources yet")
        return self._document(jobid, "R")

    def events(self, jobid: int | None = None, *, since: int = 0) -> Iterator[tuple[int, Event]]:
        """Go through the committed events after a sequence number, of one job or all."""
        return self.journal.events(since=since, jobid=jobid)

    def watch(self, callback: Watcher) -> Callable[[], None]:
        """Have a function called with (seq, event) after each commit; returns what ends it.

        The function must return at once and not call the instance.
        """
        with self._lock:
            self._watchers = [*self._watchers, callback]

        def end() -> None:
            with self._lock:
                self._watchers = [entry for entry in self._watchers if entry is not callback]

        return end

    def _document(self, jobid: int, name: str) -> str:
        with self._lock:
            found = self.journal.document(jobid, name)
        if found is None:
            raise UnknownJobError(jobid)
        return found

    # ---- an earlier life ----

    def _replay(self) -> None:
        """Fold the checkpoint and the events after it; raises `JournalError`."""
        journal, queue = self.journal, self.queue
        since = int(journal.meta("checkpoint") or 0)
        try:
            for jobid, record in journal.records(active=True):
                number = request_number(record)
                if number not in queue.requests.by_number:
                    queue.add_request(number, self._find_request(number))
                queue.jobs[jobid] = decode_job(record, queue.requests.by_number)
            early = (pair for pair in journal.events(jobid=INSTANCE) if pair[0] <= since)
            queue.replay((event for _, event in early), self._find_request)
            later = (event for _, event in journal.events(since=since))
            queue.replay(self._noting(later), self._find_request)
        except (QueueError, InputError, LookupError, ValueError) as error:
            raise JournalError(f"journal {journal.path} makes no sense: {error}") from None
        queue.last_id = max(queue.last_id, journal.last_jobid())
        self._ids.last = queue.last_id
        queue.requests.continue_at(journal.last_request())
        self._written.update(queue.requests.by_number)

    def _noting(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            self._changed.add(event.jobid)
            yield event

    def _find_request(self, number: int) -> Jobspec:
        text = self.journal.document(INSTANCE, f"request-{number}")
        if text is None:
            raise JournalError(f"journal {self.journal.path}: request {number} is missing")
        return Jobspec.from_text(text)

    def _job_of(self, record: bytes) -> Job:
        """Return the job of a record that the queue does not know (any more)."""
        number = request_number(record)
        request = self.queue.requests.by_number.get(number)
        if request is None:
            jobspec = self._find_request(number)
            lane = self.queue.lanes.get(jobspec.queue or "") or self.queue.lane(None)
            request, _ = RequestTable().intern(jobspec, lane.config, number)
        return decode_job(record, {number: request})


def _active(job: Job) -> bool:
    return job.state is not JobState.INACTIVE or not job.freed
