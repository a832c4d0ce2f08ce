"""A jobspec made ready for an engine: checked, its duration resolved, its request compiled."""

from collections.abc import Sequence
from dataclasses import dataclass

from fluxion_py.duration import resolve_duration
from fluxion_py.errors import JobspecError
from fluxion_py.jobspec.model import SLOT_TYPES, Jobspec, Resource
from fluxion_py.match.protocol import MatchEngine

MAX_PREPARED = 256
"""Jobspecs that are kept ready at the same time."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A jobspec with its compiled request; `epoch` is that of the graph it was compiled for."""

    jobspec: Jobspec
    request: object
    duration: int
    epoch: int


class Preparer:
    """Prepares the jobspecs of one engine, and keeps the last ones.

    Two jobspecs with equal resources and durations share one compiled request.
    """

    def __init__(self, engine: MatchEngine, *, node_exclusive: bool, flexible: bool) -> None:
        self._engine = engine
        self._node_exclusive = node_exclusive
        self._flexible = flexible
        self._requests: dict[tuple[Resource, ...], object] = {}
        self._last: Prepared | None = None
        self._epoch = -1

    def prepare(self, jobspec: Jobspec | Prepared, like: Prepared | None = None) -> Prepared:
        """Return a jobspec ready to match. Raises `JobspecError` if it can mean nothing.

        That is: no resources, a duration that is negative, NaN or longer than the graph's life
        time, nothing that would be exclusive, alternatives that the traverser does not read or
        more of them than are tried. `like` is one with equal resources, whose compiled request
        serves for both.
        """
        epoch = self._engine.graph.epoch
        last = self._last
        if isinstance(jobspec, Prepared):
            if jobspec.epoch == epoch:
                return jobspec
            jobspec = jobspec.jobspec
        if last is not None and last.jobspec is jobspec and last.epoch == epoch:
            return last
        if like is not None and like.epoch == epoch:
            duration = _checked_duration(jobspec.duration, self._engine.graph_end)
            return Prepared(jobspec, like.request, duration, epoch)
        self._last = self._prepare(jobspec, epoch)
        return self._last

    def _prepare(self, jobspec: Jobspec, epoch: int) -> Prepared:
        resources = _resources_of(jobspec)
        duration = _checked_duration(jobspec.duration, self._engine.graph_end)
        if epoch != self._epoch or len(self._requests) >= MAX_PREPARED:
            self._requests.clear()
            self._epoch = epoch
        request = self._requests.get(resources)
        if request is None:
            pools = frozenset(self._engine.graph.divisible_types())
            if not self._node_exclusive and not _takes_anything(resources, pools):
                raise JobspecError(
                    "nothing in the request would be exclusive, so the job would get nothing",
                    where="resources",
                    hint="put a slot around what the job is to own, or say `exclusive: true`",
                )
            if not self._flexible and (place := _alternatives_in(resources)):
                raise JobspecError(
                    "slots beside each other are alternatives, which the simple traverser refuses",
                    where=place,
                    hint="take the flexible traverser, or join them in one slot",
                )
            request = self._requests[resources] = self._compile(resources)
        return Prepared(jobspec, request, duration, epoch)

    def _compile(self, resources: tuple[Resource, ...]) -> object:
        try:
            return self._engine.compile(resources)
        except OverflowError as error:
            raise JobspecError(str(error), where="resources") from None


def _resources_of(jobspec: Jobspec) -> tuple[Resource, ...]:
    try:
        resources = tuple(jobspec.resources)
    except AttributeError:
        raise JobspecError(
            f"a Jobspec is wanted, not {type(jobspec).__name__}",
            hint="make one with Jobspec.from_file, from_text, from_dict, from_command, from_shape",
        ) from None
    if not resources:
        raise JobspecError("the request is empty", where="resources", hint="list a resource")
    return resources


def _checked_duration(seconds: float, graph_end: int) -> int:
    duration = resolve_duration(seconds, graph_end)
    if duration is None:
        raise JobspecError(
            f"the duration {seconds} is not between 0 and {graph_end} seconds",
            where="attributes.system.duration",
            hint="0 means no limit: the life time of the graph",
        )
    return duration


def _alternatives_in(resources: Sequence[Resource], place: str = "resources") -> str | None:
    """Return where several slots stand beside each other, or an xor_slot (jobspec.md 5)."""
    kinds = [resource.type for resource in resources if resource.type in SLOT_TYPES]
    if len(kinds) > 1 or "xor_slot" in kinds:
        return place
    for number, resource in enumerate(resources):
        if found := _alternatives_in(resource.children, f"{place}[{number}].with"):
            return found
    return None


def _takes_anything(resources: Sequence[Resource], pools: frozenset[str]) -> bool:
    return any(
        resource.type in SLOT_TYPES
        or resource.type in pools
        or resource.exclusive
        or _takes_anything(resource.children, pools)
        for resource in resources
    )
