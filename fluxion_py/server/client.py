"""The client of an instance: calls over its socket, one after the other or many at a time."""

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from select import select
from typing import TYPE_CHECKING, Any

import msgspec

from fluxion_py.errors import FluxionError, InputError
from fluxion_py.execution.unix_socket import connect
from fluxion_py.server.messages import Answer
from fluxion_py.server.problems import RemoteError, error_of

if TYPE_CHECKING:
    from fluxion_py.jobspec.model import Jobspec

URI_VARIABLE = "FLUXION_URI"
"""Environment variable with the socket of the instance to talk to."""

DEFAULT_FOLDER = "fluxion.instance"
"""The folder of an instance that was given none, in the working directory."""

SOCKET = "socket"
BULK = 200
"""Jobs of one message of a bulk submission."""

_READ = 2**16
"""Bytes; for much more Python asks the kernel for memory at every read."""

_WINDOW = 16
"""Messages of a bulk submission on their way at a time."""


def default_uri() -> str:
    """Return the socket of the instance that is meant when none is named."""
    return os.environ.get(URI_VARIABLE) or os.path.join(DEFAULT_FOLDER, SOCKET)


class Pending:
    """A submission on its way; `result` waits for it."""

    def __init__(self, client: "Client", number: int) -> None:
        self._client = client
        self._number = number

    def result(self) -> int:
        """Return the job id, once it is durable. Raises what `Client.submit` does."""
        return _one(self._client._wait(self._number))


class Watch:
    """Events as (number, event), as long as the client is open."""

    def __init__(self, client: "Client", number: int) -> None:
        self._client = client
        self._number = number
        self.ended = False

    def __iter__(self) -> "Watch":
        return self

    def __next__(self) -> tuple[int, dict[str, Any]]:
        found = self.next()
        if found is None:
            raise StopIteration
        return found

    def next(self, timeout: float | None = None) -> tuple[int, dict[str, Any]] | None:
        """Return the next event, waiting `timeout` seconds at most.

        None if there is none in time, or any more (`ended`). Raises `RemoteError` if the instance
        goes away.
        """
        if self.ended:
            return None
        told = self._client._next_event(self._number, timeout)
        if told is None:
            return None
        if told.event is None:
            self.ended = True
            return None
        return told.seq, told.event


class Client:
    """A connection to an instance. For one thread; close it, or use it in `with`.

    `uri` is the path of the socket: that of $FLUXION_URI, or of `fluxion.instance/` here, if it is
    not given. What the instance refuses is raised as `Busy`, `Unsatisfiable` or `RemoteError`.
    """

    def __init__(self, uri: str | PathLike[str] | None = None) -> None:
        self.uri = os.fspath(uri) if uri is not None else default_uri()
        try:
            self._socket = connect(self.uri)
        except OSError as error:
            raise InputError(
                f"there is no instance at {self.uri}: {error.strerror}",
                hint=f"`fluxion start` starts one; ${URI_VARIABLE} or --uri names another",
            ) from None
        self._socket.setblocking(False)
        self._rest = b""
        self._last = 0
        self._answers: dict[int, Answer] = {}
        self._events: deque[Answer] = deque()
        self._unsent = bytearray()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    # ---- calls ----

    def call(self, method: str, **parameters: Any) -> Any:  # noqa: ANN401 - data of JSON
        """Ask for something (`server.messages`) and return the result."""
        return self._wait(self._ask(method, parameters))

    def submit(self, jobspec: "Jobspec | Mapping[str, Any]", **options: Any) -> int:  # noqa: ANN401
        """Submit a job and return its id when it is durable; options: `server.messages.NewJob`."""
        return self.submit_later(jobspec, **options).result()

    def submit_later(self, jobspec: "Jobspec | Mapping[str, Any]", **options: Any) -> Pending:  # noqa: ANN401
        """Submit a job without waiting: many on their way are made durable together."""
        return Pending(self, self._ask("submit", {"jobs": [_job(jobspec, options)]}))

    def submit_many(self, jobs: Iterable[Mapping[str, Any]]) -> Iterator[int | FluxionError]:
        """Submit jobs, each the fields of `server.messages.NewJob`; yield ids in their order.

        A job that is refused gives its error and does not stop the others.
        """
        waiting: deque[int] = deque()
        for part in _parts(jobs, BULK):
            waiting.append(self._ask("submit", {"jobs": part}))
            if len(waiting) >= _WINDOW:
                yield from map(_id_or_error, self._wait(waiting.popleft())["jobs"])
        while waiting:
            yield from map(_id_or_error, self._wait(waiting.popleft())["jobs"])

    def watch(self, job: int | str | None = None, *, since: int | None = None) -> "Watch":
        """Return the events after `since` (from now on without it), as they come.

        Of one job they end with the job, of all they go on until the instance ends. Other calls
        may be made meanwhile.
        """
        number = self._ask("watch", {"job": job, "since": since})
        self._wait(number)
        return Watch(self, number)

    def claim(self, job: int, **parameters: Any) -> tuple[dict[str, Any], "Watch"]:  # noqa: ANN401
        """Say, as an instance, on which job it is; return the grant, and the events that order."""
        number = self._ask("claim", {"job": job, **parameters})
        return self._wait(number), Watch(self, number)

    def fileno(self) -> int:
        """Return the descriptor to wait at for what comes."""
        return self._socket.fileno()

    def _next_event(self, number: int, timeout: float | None) -> Answer | None:
        """Return the next event of a watch; None if none comes in time. Raises `RemoteError`."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            mine = next((told for told in self._events if told.watch == number), None)
            if mine is not None:
                self._events.remove(mine)
                return mine
            left = None if end is None else max(0.0, end - time.monotonic())
            if not select([self._socket], [], [], left)[0]:
                return None
            if not self._receive():
                raise RemoteError("the instance has gone away")

    # ---- lines ----

    def _ask(self, method: str, parameters: Mapping[str, Any]) -> int:
        self._last += 1
        self._unsent += _encode({"id": self._last, "method": method, **parameters}) + b"\n"
        if len(self._unsent) > 65536:
            self._send()
        return self._last

    def _send(self) -> None:
        """Send what is to be sent, taking what comes in meanwhile: nobody waits for the other."""
        while self._unsent:
            try:
                del self._unsent[: self._socket.send(self._unsent[:262144])]
                continue
            except BlockingIOError:
                readable, _, _ = select([self._socket], [self._socket], [])
            except OSError as error:
                raise RemoteError(f"the instance has gone away: {error.strerror}") from None
            if readable and not self._receive():
                raise RemoteError("the instance has gone away")

    def _wait(self, number: int) -> Any:  # noqa: ANN401
        self._send()
        while number not in self._answers:
            if not self._receive():
                raise RemoteError("the instance has gone away")
        answer = self._answers.pop(number)
        if answer.error is not None:
            raise error_of(answer.error)
        return answer.result

    def _receive(self) -> bool:
        """Wait for what comes in; False if nothing will come any more."""
        try:
            select([self._socket], [], [])
            data = self._socket.recv(_READ)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            answer = _decode(line)
            if answer.watch is not None:
                self._events.append(answer)
            elif isinstance(answer.id, int):
                self._answers[answer.id] = answer
            elif answer.error is not None:
                raise error_of(answer.error)
        return True


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Answer).decode


def _job(jobspec: "Jobspec | Mapping[str, Any]", options: Mapping[str, Any]) -> dict[str, Any]:
    document = jobspec if isinstance(jobspec, Mapping) else jobspec.to_dict()
    return {"jobspec": document, **options}


def _parts(jobs: Iterable[Mapping[str, Any]], size: int) -> Iterator[Sequence[Mapping[str, Any]]]:
    part: list[Mapping[str, Any]] = []
    for job in jobs:
        jobspec = job["jobspec"]
        part.append(job if isinstance(jobspec, Mapping) else {**job, **_job(jobspec, {})})
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def _id_or_error(told: Any) -> int | FluxionError:  # noqa: ANN401
    if isinstance(told, int):
        return told
    from fluxion_py.server.messages import Problem

    return error_of(Problem(told["kind"], told["error"], told.get("hint")))


def _one(result: Any) -> int:  # noqa: ANN401
    found = _id_or_error(result["jobs"][0])
    if isinstance(found, FluxionError):
        raise found
    return found
