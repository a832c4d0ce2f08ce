"""Where one case is run: a folder of its own, the reference's data, the program under test."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.cases import SRCDIR, Case, Query
from tests.conformance.documents import Json, documents
from tests.conformance.inputs import MADE_BY, generated_text
from tests.conformance.program import Program, Result

_STAND_INS = {"<generated>": "generated.json", "<jobspec>": "jobspec.json"}


class Mismatch(Exception):
    """An answer is not what the case wants; the text says how."""


class Skipped(Exception):
    """The case cannot be replayed; the text says why."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Runs the queries of cases. `root` is a flux-sched checkout or the data of one.

    `cases` holds all cases by name, for those that use what another one printed.
    """

    root: Path
    program: Program
    folder: Path
    cases: Mapping[str, Case]

    def read(self, path: str) -> str:
        """Return the text of a data file, named relative to the root.

        A symbolic link may have become a file that holds the name of its target.
        """
        file = self.root / path
        text = file.read_text(encoding="utf-8")
        if "\n" not in text and len(text) < 200 and text and (file.parent / text).is_file():
            return (file.parent / text).read_text(encoding="utf-8")
        return text

    def expand(self, text: str) -> str:
        """Put in the place of the data and the stand-ins for generated files."""
        for name, file in _STAND_INS.items():
            text = text.replace(name, file)
        return text.replace(SRCDIR, str(self.root / "t"))

    def query(self, case: Case, index: int = 0) -> Result:
        """Run one query of a case, after writing the generated files that it names."""
        return self.run(case, case.queries[index])

    def run(self, case: Case, query: Query) -> Result:
        """Run a query for a case; a crash is a mismatch."""
        commands = self._commands(query)
        words = set(query.options) | {word for line in commands for word in line.split()}
        for word in sorted(words):
            self._provide(case, word)
        options = [self.expand(option).replace("@OUT@", "out.txt") for option in query.options]
        text = "".join(self.expand(line) + "\n" for line in commands)
        result = self.program.run(options, text, self.folder)
        if result.status < 0:
            raise Mismatch(f"ended by signal {-result.status}: {result.stderr[-300:]}")
        if "Traceback (most recent call last)" in result.stderr:
            raise Mismatch(f"crashed: {result.stderr[-600:]}")
        return result

    def _commands(self, query: Query) -> Sequence[str]:
        if query.commands is not None:
            return query.commands
        return self.read(query.cmd_file).splitlines() if query.cmd_file else ["quit"]

    def _provide(self, case: Case, word: str) -> None:
        """Write a generated file, unless the case has put one there already."""
        path = self.folder / _STAND_INS.get(word, word)
        if path.exists():
            return
        text = generated_text(case, word)
        if text is None and word in MADE_BY:
            text = json.dumps(self._first_document(MADE_BY[word]))
        if text is not None:
            path.write_text(text, encoding="utf-8")

    def _first_document(self, name: str) -> Json:
        """Return the first document that another case prints, run in a folder of its own."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        answer = Bench(self.root, self.program, folder, self.cases).query(self.cases[name]).answer
        found = documents(answer)
        if not found:
            raise Mismatch(f"{name}, whose document is needed here, printed none: {answer!r}")
        return found[0]
