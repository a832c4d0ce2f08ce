"""What every scripted check works on: one case, and what its first query wrote."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.conformance.bench import Bench, Mismatch
from tests.conformance.cases import Case
from tests.conformance.documents import Json, documents
from tests.conformance.program import Result

Check: TypeAlias = Mapping[str, Any]


@dataclass
class Session:
    """One case on a bench. `result` is the first query's, run when it is first asked for."""

    bench: Bench
    case: Case

    @functools.cached_property
    def result(self) -> Result:
        """What the first query wrote."""
        return self.bench.query(self.case)

    @property
    def documents(self) -> list[Json]:
        """The JSON documents of the first query's answer."""
        return documents(self.result.answer)

    def document(self, index: int = 0) -> Json:
        """Return one document, counted from 0, or from the end if negative."""
        try:
            return self.documents[index]
        except IndexError:
            raise Mismatch(f"no JSON document {index} in {self.result.answer!r}") from None


Run: TypeAlias = Callable[[Session, Check], None]


def want(expected: object, got: object, what: str) -> None:
    """Raise Mismatch if two values differ."""
    if expected != got:
        raise Mismatch(f"{what}: expected {expected!r}, got {got!r}"[:1500])
