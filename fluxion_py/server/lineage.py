"""The way from an instance to the one above it, over that one's socket."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from fluxion_py.errors import FluxionError, InputError
from fluxion_py.match.job import format_jobid, parse_jobid
from fluxion_py.server.client import URI_VARIABLE, Client
from fluxion_py.server.problems import RemoteError

if TYPE_CHECKING:
    from fluxion_py.instances.instance import Instance
    from fluxion_py.jobspec.model import Jobspec

JOB_VARIABLE = "FLUX_JOB_ID"
"""Environment variable with the job of whose tasks this process is one."""

_ORDER = "instance-"


@dataclass(frozen=True, slots=True)
class Place:
    """Where this process is: the socket of an instance, and which of its jobs it belongs to."""

    uri: str
    jobid: int


def place_from_environment() -> Place | None:
    """Return the job that this process belongs to, None if it is no task. Raises `FormatError`."""
    uri, job = os.environ.get(URI_VARIABLE), os.environ.get(JOB_VARIABLE)
    return Place(uri, parse_jobid(job)) if uri and job else None


class RemoteLink:
    """A `ParentLink` to an instance in another process.

    `grant` is what the parent has said: the R, its depth, the end, the largest size, drained hosts.
    `lost` is called once when the parent is gone, `parted` when it has said before that it comes
    back: `meet_again` then asks whether it is there. Orders come at one connection. What is asked
    goes over another one, in a thread, so that the loop of the instance never waits; orders wait
    while the link is held, for they may be about what the parent is about to give.
    """

    def __init__(self, place: Place, **claim: Any) -> None:  # noqa: ANN401
        self.jobid = place.jobid
        self.away = False
        self.lost: Callable[[], None] = lambda: None
        self.parted: Callable[[], None] = lambda: None
        self._place = place
        self._claim = claim
        self._caller = ThreadPoolExecutor(1, "fluxion-parent")
        self._held = False
        self._waiting: deque[dict[str, Any]] = deque()
        client = Client(place.uri)
        try:
            self.grant, self._orders = client.claim(place.jobid, **claim)
        except RemoteError as error:
            client.close()
            name = format_jobid(place.jobid)
            raise InputError(f"the instance above gives {name} no grant: {error}") from None
        self._client: Client | None = client

    @property
    def depth(self) -> int:
        """The depth of the parent."""
        return int(self.grant["depth"])

    def fileno(self) -> int:
        """Return the descriptor at which orders come, -1 while there is none."""
        return -1 if self._client is None else self._client.fileno()

    # ---- orders ----

    def obey(self, instance: "Instance") -> None:
        """Do what was ordered so far, unless the link is held; does not wait."""
        self._collect()
        while self._waiting and not self._held:
            event = self._waiting.popleft()
            with suppress(FluxionError):
                instance.obey(event["name"].removeprefix(_ORDER), event.get("context", {}))

    def _collect(self) -> None:
        while self._client is not None:
            try:
                found = self._orders.next(0)
            except RemoteError:
                self._part()
                return
            if found is None:
                return
            _, event = found
            if event["name"] == f"{_ORDER}away":
                self.away = True
            elif event["name"].startswith(_ORDER):
                self._waiting.append(event)

    def _part(self) -> None:
        if self._client is not None:
            (self.parted if self.away else self.lost)()
            self._client.close()
            self._client = None

    @contextmanager
    def held(self, instance: "Instance") -> Iterator[None]:
        """Have orders wait meanwhile."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            self.obey(instance)

    def meet_again(self) -> bool:
        """Claim the grant again if the parent is back; waits for its answer, for a thread.

        Raises `RemoteError` if it does not give it any more.
        """
        try:
            client = Client(self._place.uri)
        except InputError:
            return False
        try:
            self.grant, self._orders = client.claim(self.jobid, **self._claim)
        except RemoteError:
            client.close()
            raise
        self._client = client
        self.away = False
        return True

    # ---- calls ----

    def granted(self) -> str:
        """Return the R of what was granted at the claim."""
        return str(self.grant["R"])

    def grow(self, jobspec: "Jobspec") -> str:
        """Have the parent grant more."""
        return self.grow_later(jobspec).result()

    def grow_later(self, jobspec: "Jobspec") -> "Future[str]":
        """Have the parent grant more; return at once."""
        document = msgspec.Raw(jobspec.to_json().encode())
        return self._caller.submit(self._call, "grow", jobspec=document)

    def give_back(self, paths: Sequence[str]) -> None:
        """Give back some vertices, at once; what the parent has not it need not get."""
        self._caller.submit(self._call, "give-back", paths=list(paths))

    def end(self, summary: Mapping[str, Any]) -> None:
        """Say goodbye, and hang up."""
        self.parted = self.lost = lambda: None
        if self._client is not None:
            with suppress(FluxionError):
                self._caller.submit(self._call, "goodbye", summary=dict(summary)).result()
            self._client.close()
        self._caller.shutdown(wait=False, cancel_futures=True)

    def _call(self, method: str, **parameters: Any) -> Any:  # noqa: ANN401
        with Client(self._place.uri) as client:
            return client.call(method, job=self.jobid, **parameters)
