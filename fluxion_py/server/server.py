"""The loop of an instance with clients: obey, commit once, answer, step, tell watchers."""

import asyncio
import os
import resource
import signal
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any

import msgspec

from fluxion_py.errors import FluxionError, MatchError
from fluxion_py.execution.unix_socket import listen
from fluxion_py.instances.instance import Instance
from fluxion_py.instances.journal import JournalError
from fluxion_py.match.job import MAX_JOBID
from fluxion_py.queues.events import Event
from fluxion_py.server.children import Claims, Resizer
from fluxion_py.server.messages import (
    Answer,
    AnyRequest,
    Claim,
    Problem,
    Resize,
    Submit,
    Watch,
)
from fluxion_py.server.problems import problem_of
from fluxion_py.server.service import Service, jobid_of
from fluxion_py.server.session import CUT_OFF_AFTER, MAX_WATCHES, Session, Watched

MAX_CLIENTS = 1000
SLICE = 0.02
"""Seconds for which requests are obeyed before the loop goes on to commit and answer."""

_TURN = 50
"""Lines of one client before it is the next one's turn."""

_EVENTS_AT_ONCE = 500
_RECENT = 20_000
"""Events that are kept in memory for watchers; older ones are read from the journal."""

_decode = msgspec.json.Decoder(AnyRequest).decode


class Server:
    """Serves an instance at a socket until `stop`. All in one thread."""

    def __init__(
        self,
        instance: Instance,
        path: str | PathLike[str],
        *,
        cut_off_after: float = CUT_OFF_AFTER,
        kill_within: float = 15.0,
    ) -> None:
        self.instance = instance
        self.path = Path(path)
        self.cut_off_after = cut_off_after
        self.kill_within = kill_within
        self.kill_jobs = False
        self._service = Service(instance, self._asked_to_stop)
        self._claims: Claims[Session] = Claims(instance)
        self._resizer = Resizer(instance)
        self._tasks: set[asyncio.Task[None]] = set()
        self._sessions: set[Session] = set()
        self._ready: dict[Session, None] = {}
        self._unsent: set[Session] = set()
        self._unconfirmed: list[Answer] = []
        self._recent: deque[tuple[int, Event]] = deque(maxlen=_RECENT)
        self._stopped: asyncio.Event | None = None
        self._work_planned = False
        self._step_timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    # ---- life ----

    async def serve(
        self, started: Callable[[], None] = lambda: None, *, interruptible: bool = True
    ) -> None:
        """Serve until SIGTERM, `stop` or a `shutdown`, then end the jobs if that is wanted.

        `started` is called when clients can connect. Without `interruptible` SIGINT is for others.
        Raises `OSError`.
        """
        _allow_many_files()
        self._loop = loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        end_watch = self.instance.watch(lambda seq, event: self._recent.append((seq, event)))
        self.instance.attach_wake(self.wake)
        listener = await loop.create_unix_server(lambda: Session(self), sock=listen(self.path))
        with suppress(ValueError, RuntimeError):  # not in the main thread
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self.stop)
            interrupt = self.stop if interruptible else lambda: None
            loop.add_signal_handler(signal.SIGINT, interrupt)
        try:
            started()
            self._plan_work()
            await self._stopped.wait()
            if self.kill_jobs:
                await self._end_jobs()
            else:
                self.instance.leave_children()
                self._tell_watchers()
        finally:
            listener.close()
            end_watch()
            for session in list(self._sessions):
                session.abort()
            self.path.unlink(missing_ok=True)
            self._loop = None

    async def _end_jobs(self) -> None:
        """Cancel what runs, start nothing else, and wait for the ends, but not for ever."""
        instance = self.instance
        started = [name for name, lane in instance.queue.lanes.items() if lane.started]
        for name in started:
            instance.queue_stop(name)
        running = [job.id for job in instance.jobs(states=["running"])]
        for jobid in running:
            with suppress(FluxionError):
                instance.cancel(jobid, note="the instance was ended")
        end = time.monotonic() + self.kill_within
        while instance.jobs(states=["running"], limit=1) and time.monotonic() < end:
            await asyncio.sleep(0.02)
        for name in started:
            instance.queue_start(name)

    def stop(self) -> None:
        """End `serve`; call it in the loop's thread."""
        if self._stopped is not None:
            self._stopped.set()

    def _asked_to_stop(self, kill: bool) -> None:
        self.kill_jobs = kill
        if self._loop is not None:
            self._loop.call_later(0.01, self.stop)  # the answer goes first

    # ---- sessions ----

    def admit(self, session: Session) -> str:
        """Take a session in, or say why not."""
        if session.user not in (os.getuid(), 0):
            return "this instance belongs to another user"
        if len(self._sessions) >= MAX_CLIENTS:
            return f"there are {MAX_CLIENTS} clients already; try again later"
        self._sessions.add(session)
        return ""

    def left(self, session: Session) -> None:
        """Forget a session."""
        self._sessions.discard(session)
        self._claims.left(session)
        self._unsent.discard(session)
        self._ready.pop(session, None)

    def ready(self, session: Session) -> None:
        """Note that a session has lines, or room for events."""
        self._ready[session] = None
        self._plan_work()

    def has_output(self, session: Session) -> None:
        """Note that a session is to be flushed."""
        self._unsent.add(session)

    # ---- work ----

    def wake(self) -> None:
        """Have the loop step; from any thread."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has just ended
                loop.call_soon_threadsafe(self._plan_work)

    def _plan_work(self) -> None:
        if not self._work_planned and self._loop is not None:
            self._work_planned = True
            self._loop.call_soon(self._work)

    def _work(self) -> None:
        """Obey for a while, commit, answer, step, tell."""
        self._work_planned = False
        for session, answer in self._obey_some():
            session.send(answer)
        self._flush()  # clients go on while the instance steps
        pause = self.instance.step()
        self._tell_watchers()
        self._flush()
        if self._step_timer is not None:
            self._step_timer.cancel()
            self._step_timer = None
        if pause == 0 or self._ready:
            self._plan_work()
        elif pause is not None and self._loop is not None:
            self._step_timer = self._loop.call_later(min(pause, 3600.0), self._plan_work)

    def _flush(self) -> None:
        for session in self._unsent:
            session.flush()
        self._unsent.clear()

    def _obey_some(self) -> list[tuple[Session, Answer]]:
        """Obey lines in turn until the slice is over; return the answers, all durable."""
        answers: list[tuple[Session, Answer]] = []
        self._unconfirmed.clear()
        end = time.monotonic() + SLICE
        while self._ready and time.monotonic() < end:
            session = next(iter(self._ready))
            del self._ready[session]
            for _ in range(_TURN):
                line = session.take_line()
                if line is None:
                    break
                answer = self._obey(session, line)
                if answer is not None:
                    answers.append((session, answer))
            if session.lines and not session.full:
                self._ready[session] = None
        try:
            self.instance.commit()
        except JournalError as error:
            self._withdraw(error)
        return answers

    def _withdraw(self, error: JournalError) -> None:
        """Have the submissions of this slice answered by an error: none was taken in."""
        for answer in self._unconfirmed:
            answer.result, answer.error = None, problem_of(error)
        self._unconfirmed.clear()

    def _obey(self, session: Session, line: bytes) -> Answer | None:
        """Return the answer to a line; None if it comes later."""
        try:
            request = _decode(line)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            return Answer(_id_of(line), error=Problem("refused", _malformed(error)))
        try:
            if isinstance(request, Watch):
                return Answer(request.id, result=self._watch(session, request))
            if isinstance(request, Claim):
                return Answer(request.id, result=self._claim(session, request))
            if isinstance(request, Resize):
                self._resize_later(session, request)
                return None
            answer = Answer(request.id, result=self._service.obey(request, session.user))
        except Exception as error:  # whatever it is, the instance goes on
            if isinstance(error, JournalError):
                self._withdraw(error)
            return Answer(request.id, error=problem_of(error))
        if isinstance(request, Submit):
            self._unconfirmed.append(answer)
        return answer

    def _resize_later(self, session: Session, request: Resize) -> None:
        """Answer when the size is another one, for which the instance above may be asked."""

        async def resize() -> None:
            try:
                answer = Answer(request.id, result=await self._resizer.resize(request))
            except Exception as error:  # as in `_obey`
                answer = Answer(request.id, error=problem_of(error))
            session.send(answer)
            self._plan_work()

        assert self._loop is not None
        self.hold(self._loop.create_task(resize()))

    def hold(self, task: "asyncio.Task[None]") -> None:
        """Keep a task of the loop until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- watching ----

    def _watch(self, session: Session, request: Watch) -> int:
        """Begin to send events; return the number after which they begin."""
        last = self.instance.journal.last
        since = last if request.since is None else min(max(request.since, 0), last)
        job = None if request.job is None else jobid_of(request.job)
        if job is not None:
            self.instance.job(min(job, MAX_JOBID))  # raises if there is none
        if len(session.watched) >= MAX_WATCHES:
            raise MatchError(f"one client may watch {MAX_WATCHES} things at a time")
        session.watched.append(Watched(request.id or 0, job, since))
        self._ready[session] = None
        return since

    def _claim(self, session: Session, request: Claim) -> dict[str, Any]:
        """Take a child in; what it is ordered goes to its session."""
        found = self._claims.claim(session, request)
        self._watch(session, Watch(id=request.id, job=request.job))
        return found

    def _tell_watchers(self) -> None:
        for session in list(self._sessions):
            for watched in list(session.watched):
                if not session.full:
                    self._tell(session, watched)
                    session.flush()
            session.finish()

    def _tell(self, session: Session, watched: Watched) -> None:
        """Send the next events; the rest when there is room again."""
        last = self.instance.journal.last
        if watched.cursor >= last:
            return
        number = 0
        for seq, event in self._after(watched.cursor, watched.job):
            number += 1
            watched.cursor = seq
            if watched.job is None or event.jobid == watched.job:
                told = self._service.event(seq, event)
                session.send(Answer(watch=watched.id, seq=seq, event=told))
                if watched.job is not None and event.name == "clean":
                    session.send(Answer(watch=watched.id, end=True))
                    session.watched.remove(watched)
                    return
            if session.full:
                return
        if number < _EVENTS_AT_ONCE:
            watched.cursor = last
        else:
            self._ready[session] = None

    def _after(self, cursor: int, job: int | None) -> list[tuple[int, Event]]:
        """Return some events after a number, from memory or from the journal."""
        recent = self._recent
        if recent and recent[0][0] <= cursor + 1:
            start = cursor + 1 - recent[0][0]
            end = min(start + _EVENTS_AT_ONCE, len(recent))
            return [recent[place] for place in range(start, end)]
        return list(islice(self.instance.events(job, since=cursor), _EVENTS_AT_ONCE))


class _WithId(msgspec.Struct):
    id: int | str | None = None


def _id_of(line: bytes) -> int | str | None:
    """Return the id of a message that is wrong otherwise."""
    with suppress(msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return msgspec.json.decode(line, type=_WithId).id
    return None


def _malformed(error: Exception) -> str:
    text = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return f"a message makes no sense: {text[:200]}"


def _allow_many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 4096) if hard != resource.RLIM_INFINITY else 4096
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
