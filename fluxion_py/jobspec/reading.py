"""What the readers of the parts of one jobspec share: the document and how strict to be."""

from collections.abc import Container
from dataclasses import dataclass, field

from fluxion_py.jobspec.document import Document
from fluxion_py.jobspec.problem import Path, known


@dataclass(slots=True)
class Reading:
    """One run over one document.

    `reference` keeps to what the reference accepts; otherwise a few mistakes that it lets pass
    are found as well. `lenient` accepts string commands. `known_types` are the resource types of
    the machine. `resources` counts vertices; `labels` collects the slot labels by their path.
    """

    document: Document
    reference: bool = False
    lenient: bool = False
    known_types: Container[str] | None = None
    resources: int = 0
    labels: dict[str, Path] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def scalar(self, value: object, path: Path, complaint: str) -> str:
        """Return the text of a scalar; raise `Problem` with `complaint` for anything else."""
        if isinstance(value, str):
            return value
        if value is None or not isinstance(value, (bool, int, float)):
            raise known(complaint, path)
        return self.document.text_of(path, value)
