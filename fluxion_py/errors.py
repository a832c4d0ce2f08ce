"""The errors that callers may want to catch; layers add a few of their own for themselves.

`FluxionError` is the family; the groups below also inherit the fitting builtin, so that both
"catch the family" and "catch as ValueError" work. "Does not fit now" and "can never fit" are
*results* inside the package; `Matcher` turns them into `Busy` and `Unsatisfiable`, which carry
the reason as data.
"""

from typing import Any


class FluxionError(Exception):
    """Base of all errors of this package."""


class InputError(FluxionError, ValueError):
    """Bad input from outside: what was found, where, and what would be right.

    `source` names the file ("-" for standard input), `where` the place in the document (a path
    such as `graph.nodes[3].metadata`), `line` and `column` count from 1. `reference_text` is the
    reference's own wording of the same mistake, if it has one (jobspec.md; errata G7, G21). All are
    optional; `str()` is one line.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        where: str | None = None,
        line: int | None = None,
        column: int | None = None,
        hint: str | None = None,
        reference_text: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.where = where
        self.line = line
        self.column = column
        self.hint = hint
        self.reference_text = reference_text

    def __str__(self) -> str:
        place = self.source or ""
        if self.line is not None:
            place += f":{self.line}" if place else f"line {self.line}"
            if self.column is not None:
                place += f":{self.column}"
        parts = [part for part in (place, self.where, self.message) if part]
        return ": ".join(parts)


class GraphError(InputError):
    """A resource description, or a change of the graph, is wrong."""


class ReadError(GraphError):
    """A resource text (JGF, R, GRUG, hwloc, a recipe) is wrong."""


class NoVertexError(GraphError, KeyError):
    """No vertex has the path asked for."""


class InvalidGraphError(GraphError):
    """A graph breaks an invariant; `problems` lists every finding, one sentence each."""

    problems: list[str]


class JobspecError(InputError):
    """A jobspec is wrong."""


class ConstraintError(JobspecError):
    """A constraint (RFC 31) is wrong."""


class FormatError(InputError):
    """An idset, hostlist, duration or count text is wrong."""


class PolicyError(InputError):
    """A match policy, prune filter or subsystem text is wrong."""


class MatchError(FluxionError, RuntimeError):
    """A matching operation could not be carried out."""


class UnknownJobError(MatchError, LookupError):
    """No job has this id."""

    def __init__(self, jobid: int) -> None:
        super().__init__(f"no job {jobid}")
        self.jobid = jobid


class PlannerError(MatchError, ValueError):
    """A span cannot be planned: it is wrong, or there is not so much free."""


class RefusalError(MatchError):
    """A request was refused; `str()` says why in one line.

    `explanation` is a `fluxion_py.Explanation`. It may be given as a function, which is called
    when the explanation or the text is first asked for: a refusal that nobody reads costs nothing.
    """

    def __init__(self, message: str = "", explanation: object = None) -> None:
        super().__init__(message)
        self._explanation = explanation

    @property
    def explanation(self) -> Any:  # noqa: ANN401 - an Explanation, of a layer above
        """What is short, as data."""
        if callable(self._explanation):
            self._explanation = self._explanation()
        return self._explanation

    def __str__(self) -> str:
        """Return the message, or the text of the explanation."""
        return str(self.args[0]) or str(self.explanation or type(self).__name__)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle the explanation itself, not the function that makes it."""
        return type(self), (self.args[0], self.explanation)


class Busy(RefusalError):
    """The request does not fit now; it could later. `explanation` says what is short."""


class Unsatisfiable(RefusalError):
    """The request can never fit this graph. `explanation` says what is short."""


def short(value: object, limit: int = 60) -> str:
    """Return a value from outside as a message quotes it: its `repr`, cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 4] + "..." + text[-1]
