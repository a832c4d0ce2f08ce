"""The way from an instance to the one above it, over that one's socket."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
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
    `lost` is called once if the parent goes away.
    """

    def __init__(self, place: Place, **claim: Any) -> None:  # noqa: ANN401
        self.jobid = place.jobid
        self._client = Client(place.uri)
        try:
            self.grant, self._orders = self._client.claim(place.jobid, **claim)
        except RemoteError as error:
            self._client.close()
            name = format_jobid(place.jobid)
            raise InputError(f"the instance above gives {name} no grant: {error}") from None
        self.messages = 1
        self.lost: Callable[[], None] = lambda: None
        self.ordered: Callable[[], None] = lambda: None
        self._gone = False

    @property
    def depth(self) -> int:
        """The depth of the parent."""
        return int(self.grant["depth"])

    def fileno(self) -> int:
        """Return the descriptor at which orders come."""
        return self._client.fileno()

    def obey(self, instance: "Instance") -> None:
        """Do what was ordered so far; does not wait."""
        while not self._gone:
            try:
                found = self._orders.next(0)
            except RemoteError:
                self._lose()
                return
            if found is None:
                return
            _, event = found
            if event["name"].startswith(_ORDER):
                with suppress(FluxionError):
                    instance.obey(event["name"].removeprefix(_ORDER), event.get("context", {}))

    def grow(self, jobspec: "Jobspec") -> str:
        """Have the parent grant more."""
        document = msgspec.Raw(jobspec.to_json().encode())
        found: str = self._call("grow", jobspec=document)
        return found

    def give_back(self, paths: Sequence[str]) -> None:
        """Give back some vertices."""
        self._call("give-back", paths=list(paths))

    def end(self, summary: Mapping[str, Any]) -> None:
        """Say goodbye, and hang up."""
        self.ordered = self.lost = lambda: None
        if not self._gone:
            with suppress(FluxionError):
                self._call("goodbye", summary=dict(summary))
        self._client.close()

    def _call(self, method: str, **parameters: Any) -> Any:  # noqa: ANN401
        self.messages += 1
        try:
            return self._client.call(method, job=self.jobid, **parameters)
        finally:
            if self._client.has_events:
                self.ordered()

    def _lose(self) -> None:
        self._gone = True
        self.lost()
