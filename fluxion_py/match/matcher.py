"""The door of the library: a graph, a policy, and what is booked on it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from fluxion_py.allocation import Allocation
from fluxion_py.errors import Busy, MatchError, Unsatisfiable
from fluxion_py.idset import parse_idset
from fluxion_py.match import release, state
from fluxion_py.match.bulk import Bulk
from fluxion_py.match.job import Job
from fluxion_py.match.live_graph import LiveGraph
from fluxion_py.match.prepared import Prepared
from fluxion_py.outcome import Errno

if TYPE_CHECKING:
    from fluxion_py.graph.resource_graph import ResourceGraph
    from fluxion_py.jobspec.model import Jobspec
    from fluxion_py.match.explain import Explanation

MAX_POSSIBLE = 4096
"""Requests of which it is kept whether they can ever fit."""


class Matcher(LiveGraph):
    """Finds and books resources of one graph, now and in the future.

    `policy` is a name such as "first", "low" or "hinodex", a custom text, or a `Policy`
    (matching.md 5). `prune_filters` is a text such as "ALL:core,rack:node" (matching.md 3). The
    first of `subsystems`, given by name or as a set such as "CA" or "C+PA", is walked (6).
    `traverser` "flexible" takes sibling slots as alternatives.

    Time is in seconds of the caller's clock: nothing here reads a clock. A job holds its resources
    until it is cancelled, also past its end. Every method is one step for other threads; different
    matchers share nothing. While a matcher works on a graph, change status, properties and vertices
    through it. A request that is refused changes nothing. Ids of jobs are unique.
    """

    # ---- asking for resources ----

    def compile(self, jobspec: "Jobspec", *, like: Prepared | None = None) -> Prepared:
        """Check and prepare a jobspec; the result may be given in its place. Raises `JobspecError`.

        This happens by itself; the last few hundred requests are kept ready. `like` is the result
        of one with the same resources, if there is one: then only the duration is looked at.
        """
        with self._steady():
            return self._preparer.prepare(jobspec, like)

    def allocate(
        self,
        jobspec: "Jobspec | Prepared",
        *,
        jobid: int | None = None,
        now: int | None = None,
        within: Iterable[str] | None = None,
        without: Iterable[str] | None = None,
    ) -> Allocation:
        """Book what a jobspec asks for, from now on; `now` moves the clock.

        Raises `Busy` if it does not fit now, `Unsatisfiable` if it never can, both with an
        `explanation`; `JobspecError` for a request that means nothing; `MatchError` for a job id
        that is in use. Without `jobid` the next free one is taken.

        Only nodes named by `within`, and none named by `without`, come into question, besides what
        the constraints of the jobspec say: for candidates that differ from call to call.
        """
        return self._book(jobspec, False, jobid, now, within, without)

    def reserve(
        self,
        jobspec: "Jobspec | Prepared",
        *,
        jobid: int | None = None,
        now: int | None = None,
        within: Iterable[str] | None = None,
        without: Iterable[str] | None = None,
    ) -> Allocation:
        """Book what a jobspec asks for, now or at the earliest later time; as `allocate`.

        Start times are tried where other jobs start or end. `Busy` means that it never becomes free
        again, or that too many nodes are down.
        """
        return self._book(jobspec, True, jobid, now, within, without)

    def without_allocating(
        self,
        jobspec: "Jobspec | Prepared",
        *,
        future: bool = False,
        within: Iterable[str] | None = None,
        without: Iterable[str] | None = None,
    ) -> Allocation:
        """Return what `allocate` (or `reserve`, if `future`) would give; nothing is booked.

        The answer has no job id. Raises as they do.
        """
        op = "without_allocating_future" if future else "without_allocating"
        with self._steady():
            prepared = self._preparer.prepare(jobspec)
            return self._match(op, prepared, self._allowed(prepared, within, without))

    def satisfiable(self, jobspec: "Jobspec | Prepared") -> bool:
        """Say whether it fits if everything is up and free. Raises `JobspecError`."""
        with self._steady():
            prepared = self._preparer.prepare(jobspec)
            return self._satisfiable(prepared, self._allowed(prepared))

    def explain(self, jobspec: "Jobspec | Prepared") -> "Explanation":
        """Return whether it fits now, later or never, and if not now, what is short.

        For a busy request `earliest` is the first time at which it fits. Costs up to a visit of
        every vertex in Python. Raises `JobspecError`.
        """
        from fluxion_py.match.explain import FITS

        with self._steady():
            prepared = self._preparer.prepare(jobspec)
            try:
                found = self._match("without_allocating_future", prepared, self._allowed(prepared))
            except (Busy, Unsatisfiable) as refusal:
                explanation: Explanation = refusal.explanation
                return explanation
            if not found.reserved:
                return FITS
            found_why = self._explain(prepared, self._allowed(prepared), self.now, never=False)
            return replace(found_why, earliest=found.at)

    def attempt(
        self,
        jobspec: "Jobspec | Prepared",
        *,
        jobid: int,
        now: int,
        later: bool = False,
        within: Iterable[str] | None = None,
        without: Iterable[str] | None = None,
    ) -> Allocation | None:
        """Do what `allocate`, or `reserve` if `later`, does; None where they raise a refusal.

        For those who ask often and need no reason: a refusal costs a fraction of theirs.
        """
        with self._lock:
            prepared = self._ready(jobspec)
            jobid = self._jobs.new_id(jobid)
            if now != self._now:
                self.now = now
            return self._try(prepared, jobid, later, self._allowed(prepared, within, without))

    def allocate_many(
        self, jobspec: "Jobspec | Prepared", count: int, *, now: int | None = None
    ) -> Bulk:
        """Allocate the same `count` times, each for a job of its own; stop at the first refusal.

        Returns the allocations as a sequence, shorter than `count` if the machine is full; ids
        follow each other. What each got is listed when it is looked at. Raises as `allocate`, but
        for refusals.
        """
        with self._lock:
            prepared = self._ready(jobspec)
            if now is not None:
                self.now = now
            first = self._jobs.next_id
            allowed = self._allowed(prepared)
            done = self._engine.allocate_many(
                prepared.request, prepared.duration, first, count, self._now, allowed
            )
            if done:
                self._changes += 1
                self._jobs.add_bulk(range(first, first + done), prepared.jobspec)
            while done < count and (self._try(prepared, first + done, False, allowed) is not None):
                done += 1
            return Bulk(self._allocation, range(first, first + done))

    def allocate_each(
        self, jobspecs: "Iterable[Jobspec | Prepared]"
    ) -> "Iterator[Allocation | MatchError]":
        """Allocate one request after the other, each when its answer is asked for.

        Yields the allocation, or the `Busy` or `Unsatisfiable` that `allocate` would raise.
        """
        for jobspec in jobspecs:
            try:
                yield self.allocate(jobspec)
            except (Busy, Unsatisfiable) as refusal:
                yield refusal

    def satisfiable_many(self, jobspecs: "Iterable[Jobspec | Prepared]") -> list[bool]:
        """Say of each request whether it fits if everything is up and free."""
        found = []
        with self._steady():
            self._forget_possible()
            for jobspec in jobspecs:
                prepared = self._ready(jobspec)
                known = None
                if prepared.jobspec.constraints is None:
                    known = self._possible.get(prepared.request)
                if known is None:
                    known = self._satisfiable(prepared, self._allowed(prepared))
                found.append(known)
        return found

    def _ready(self, jobspec: "Jobspec | Prepared") -> Prepared:
        """Return the request compiled for the graph as it is; the lock is held."""
        if self.graph.flat.epoch != self._epoch:
            self._catch_up()
        if type(jobspec) is Prepared and jobspec.epoch == self._epoch:
            return jobspec
        return self._preparer.prepare(jobspec)

    def _allowed(
        self,
        prepared: Prepared,
        within: Iterable[str] | None = None,
        without: Iterable[str] | None = None,
    ) -> bytes | None:
        """Return the mask of what comes into question, None for everything."""
        constraints = prepared.jobspec.constraints
        allowed = None if constraints is None else self._masks.allowed(constraints)
        return self._candidates.mask(within, without, allowed)

    def _book(
        self,
        jobspec: "Jobspec | Prepared",
        later: bool,
        jobid: int | None,
        now: int | None,
        within: Iterable[str] | None,
        without: Iterable[str] | None,
    ) -> Allocation:
        with self._lock:
            prepared = self._ready(jobspec)
            jobid = self._jobs.new_id(jobid)
            if now is not None:
                self.now = now
            allowed = None
            if not (within is without is prepared.jobspec.constraints is None):
                allowed = self._allowed(prepared, within, without)
            found = self._try(prepared, jobid, later, allowed)
            if found is None:
                raise self._refusal(prepared, allowed)
            return found

    def _try(
        self, prepared: Prepared, jobid: int, later: bool, allowed: bytes | None
    ) -> Allocation | None:
        """Book a job now, or `later`; None if it does not fit."""
        answer = self._engine.attempt(
            prepared.request, prepared.duration, jobid, self._now, allowed, later
        )
        if answer is None:
            return None
        if answer is NotImplemented:
            op = "allocate_orelse_reserve" if later else "allocate"
            found = self._answer(op, prepared, jobid, allowed)
            if found is None:
                return None
        else:
            at, duration, listing = answer
            found = Allocation(
                self.graph.flat, listing, jobid, at, duration, at > self._now, prepared.jobspec
            )
        self._changes += 1
        return self._jobs.add(found, planned=found.reserved)

    def _match(self, op: str, prepared: Prepared, allowed: bytes | None) -> Allocation:
        """Return the answer of an operation that books nothing."""
        found = self._answer(op, prepared, None, allowed)
        if found is None:
            raise self._refusal(prepared, allowed)
        return found

    def _refusal(self, prepared: Prepared, allowed: bytes | None) -> MatchError:
        """Return what tells that a request does not fit, and on demand why."""
        never = not self._satisfiable(prepared, allowed)
        later = partial(self._explain_later, prepared, allowed, self._now, never, self._changes)
        return (Unsatisfiable if never else Busy)(explanation=later)

    def _answer(
        self, op: str, prepared: Prepared, jobid: int | None, allowed: bytes | None
    ) -> Allocation | None:
        outcome = self._engine.match(
            op, prepared.request, prepared.duration, jobid or 0, self._now, allowed
        )
        if outcome.errno is not Errno.OK or outcome.selection is None:
            return None
        return Allocation(
            self.graph.flat,
            outcome.selection,
            jobid,
            outcome.at,
            outcome.duration,
            outcome.reserved,
            prepared.jobspec,
        )

    def _satisfiable(self, prepared: Prepared, allowed: bytes | None) -> bool:
        """Say whether it ever fits; what is known of a request without a constraint is kept."""
        self._forget_possible()
        known = self._possible.get(prepared.request) if allowed is None else None
        if known is not None:
            return known
        outcome = self._engine.match(
            "satisfiability", prepared.request, prepared.duration, 0, self._now, allowed
        )
        found = outcome.errno is Errno.OK
        if allowed is None:
            self._possible[prepared.request] = found
        return found

    def _forget_possible(self) -> None:
        """Forget which requests fit if the machine is another one since, or of too many."""
        if self._possible_at != self.machine_epoch or len(self._possible) >= MAX_POSSIBLE:
            self._possible.clear()
            self._possible_at = self.machine_epoch

    def _explain_later(
        self, prepared: Prepared, allowed: bytes | None, now: int, never: bool, changes: int
    ) -> "Explanation":
        with self._steady():
            if changes == self._changes:
                return self._explain(prepared, allowed, now, never=never)
            found = self.explain(prepared)
            return replace(found, text=f"{found.text} (things have changed since the refusal)")

    def _explain(
        self, prepared: Prepared, allowed: bytes | None, now: int, *, never: bool
    ) -> "Explanation":
        from fluxion_py.match.explain import explain
        from fluxion_py.match.survey import View

        view = View(now, prepared.duration, allowed, never)
        return explain(self._engine, self._dominant, prepared.jobspec.resources, view)

    # ---- jobs ----

    def jobs(self) -> list[Job]:
        """Return the jobs that hold something, now or later, by id."""
        with self._lock:
            return [self._jobs.job(jobid, self._now) for jobid in self._jobs.ids()]

    def info(self, jobid: int) -> Job:
        """Return one job as it is now; raises `UnknownJobError`."""
        with self._lock:
            return self._jobs.job(jobid, self._now)

    def _allocation(self, jobid: int) -> Allocation:
        with self._lock:
            return self._jobs.get(jobid)

    def cancel(self, jobid: int) -> None:
        """Give back everything of a job; raises `UnknownJobError`, also the second time."""
        with self._steady():
            self._jobs.cancel(jobid)
            self._changes += 1

    def cancel_many(self, jobids: Iterable[int]) -> None:
        """Give back everything of many jobs, all or none; raises `UnknownJobError`."""
        with self._steady():
            self._jobs.cancel_many(list(jobids))
            self._changes += 1

    def release(
        self,
        jobid: int,
        *,
        ranks: str | Iterable[int] | None = None,
        paths: str | Iterable[str] | None = None,
        R: str | Mapping[str, Any] | None = None,
    ) -> bool:
        """Give back a part of a job: ranks (an idset text or numbers), paths, or the ranks of an R.

        A rank or path stands for its vertices and all below them. Return True if the job is gone
        with it. Raises `UnknownJobError`, `GraphError` for an unknown rank or path, `MatchError`
        where the job owns nothing or owns a vertex above it that stays; then nothing has changed.
        """
        from fluxion_py.readers.rv1 import parse_ranks

        flat = self.graph.flat
        if sum(part is not None for part in (ranks, paths, R)) != 1:
            raise MatchError("release takes exactly one of ranks, paths and R")
        with self._steady():
            selection = self._jobs.get(jobid).selection
            if paths is not None:
                paths = [paths] if isinstance(paths, str) else paths
                parts = release.rows_of_paths(flat, paths, self._subsystem)
            else:
                numbers = parse_ranks(R) if R is not None else ranks or ()
                numbers = parse_idset(numbers) if isinstance(numbers, str) else numbers
                parts = release.rows_of_ranks(flat, numbers, self._subsystem)
            gone = release.check_owned(flat, jobid, selection, parts)
            self._changes += 1
            return self._jobs.shrink(jobid, gone)

    def rebook(self, allocation: Allocation, *, reserved: bool) -> Allocation:
        """Book exactly the vertices of an answer of this matcher for its time, without a search.

        For a queue that puts a plan back, or starts it: what the job holds is given back first.
        The vertices must be there, and free of other jobs in that time; that is not checked.
        """
        jobid = allocation.id
        if jobid is None:
            raise MatchError("an answer that booked nothing cannot be booked again")
        with self._steady():
            if self._engine.knows(jobid):
                self._jobs.cancel(jobid)
            at, duration, listing = allocation.at, allocation.duration, allocation.listing
            if listing is None or not self._engine.rebook(listing, jobid, at, duration, reserved):
                vertices = allocation.selection.vertices
                self._engine.book(jobid, vertices, at, duration, reserved)
            self._changes += 1
            return self._jobs.add(allocation.with_reserved(reserved), planned=reserved)

    def restore(self, R: str | Mapping[str, Any], jobid: int | None = None) -> Allocation:
        """Book what an R grants, as text or object (RFC 20), for the time it says.

        An R without an end is good for the graph's life time. Raises `GraphError` if the graph
        lacks a vertex of it, `Busy` if one is not free, `MatchError` for a job id in use.
        """
        from fluxion_py.match.restore import read_grant, selection_of_claims

        with self._steady():
            jobid = self._jobs.new_id(jobid)
            grant = read_grant(self.graph.flat, R, self._dominant)
            duration = grant.duration or self._engine.graph_end - grant.at
            claims = grant.claims
            outcome = self._engine.restore(
                jobid, claims.rows, grant.at, duration, self._now, claims.units
            )
            if outcome.errno is Errno.BUSY:
                raise Busy(f"busy: {outcome.messages} is not free in the time of the R")
            if outcome.errno is not Errno.OK:
                raise MatchError(f"the R is of no time: from {grant.at}, {duration} seconds")
            selection = outcome.selection or selection_of_claims(self.graph.flat, claims)
            later = grant.at > self._now
            found = Allocation(self.graph.flat, selection, jobid, grant.at, duration, later)
            self._changes += 1
            self._jobs.add(found, planned=later)
            if later:  # the engine books every R as running (matching.md 9)
                self._jobs.shrink(jobid, ())
            return found

    # ---- state ----

    def save(self) -> dict[str, Any]:
        """Return everything but the graph as data that JSON can hold; `load` reads it back.

        Jobs with their vertices and times, the clock, status and property changes, growth of the
        graph, and what the first* policies remember. Weights of 2^64 - 1 occur: use a JSON reader
        with exact integers, as Python's is.
        """
        with self._steady():
            jobs = [state.job_to_dict(*entry) for entry in self._jobs]
            return {
                **self._state(),
                "now": self._now,
                "next_jobid": self._jobs.next_id,
                "jobs": jobs,
                "weights": [list(weight) for weight in self._engine.edge_weights()],
            }

    @classmethod
    def load(cls, graph: "ResourceGraph", saved: Mapping[str, Any]) -> "Matcher":
        """Return the matcher of a saved state; its later answers are those of the saved one.

        `graph` must be read anew from what the saved matcher started from; it is brought to the
        saved state. Raises `InputError` for a damaged state or another graph.
        """
        saved = state.check(saved)
        matcher = cls(
            graph,
            state.policy_from_dict(saved["policy"]),
            prune_filters=saved["prune_filters"],
            subsystems=saved["subsystems"],
            traverser=saved["traverser"],
        )
        matcher._resume(saved)
        for entry in saved["jobs"]:
            allocation, planned = state.job_from_dict(graph.flat, entry)
            matcher._jobs.new_id(allocation.id)
            matcher._engine.book(
                allocation.id or 0,
                allocation.selection.vertices,
                allocation.at,
                allocation.duration,
                planned,
            )
            matcher._jobs.add(allocation, planned=planned)
        matcher._jobs.continue_at(saved["next_jobid"])
        matcher._engine.set_edge_weights([tuple(weight) for weight in saved["weights"]])
        matcher.now = saved["now"]
        return matcher
