"""Why a request does not fit: what is short, where, by how much.

Flows in: a prepared request and the engine as it is. Flows out: an `Explanation`. `explain` counts
with a `Survey`, walks down the request to the entry that is short, and says it in one sentence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from fluxion_py._core.engine import Engine
from fluxion_py.graph.vertex import plural
from fluxion_py.hostlist import Hostlist, short_hostlist
from fluxion_py.jobspec.model import Resource
from fluxion_py.match.survey import SLOT, Survey, View, first_alternative


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a request fits now ("fits"), not now ("busy"), or never ("never").

    `reason` names the kind of finding: fits, short (too few), absent (no such type), apart (no one
    place has it all), site (no vertex has the slot's types directly below it), conflict, siblings,
    order (the counts suffice, but the search goes level by level and never back). The entry of
    the request that is short is of `type`: `need` units are wanted at each vertex of type `level`,
    the best ones, named in `where`, have `have`. `counts` says how many vertices of that type
    dropped out and why: down, excluded (by the constraint), taken, "in use" (not idle, though they
    must be), overrun (held by a job past its end), short. `earliest` is the first time at which it
    fits, if that was looked for. `str()` is one line.
    """

    verdict: str
    text: str
    reason: str = "short"
    type: str = ""
    need: int = 0
    have: int = 0
    level: str = ""
    where: Hostlist = field(default_factory=Hostlist)
    counts: dict[str, int] = field(default_factory=dict)
    earliest: int | None = None

    def __str__(self) -> str:
        """Return the verdict and the sentence."""
        return f"{self.verdict}: {self.text}"


FITS = Explanation("fits", "the request fits", "fits")


def explain(
    engine: Engine, dominant: str, resources: Sequence[Resource], view: View
) -> Explanation:
    """Return why a request that the engine refused does not fit; `view.empty` for "never"."""
    plain, alternatives = first_alternative(resources)
    survey = Survey(engine, dominant, plain, view)
    found = _Finder(survey, "never" if view.empty else "busy").find()
    if alternatives:
        return replace(found, text=f"of several alternatives the first: {found.text}")
    return found


class _Finder:
    """Walks down a surveyed request to what is short."""

    def __init__(self, survey: Survey, verdict: str) -> None:
        self.survey = survey
        self.flat = survey.flat
        self.verdict = verdict
        self.free = "free " if verdict == "busy" else ""

    def find(self) -> Explanation:
        for entry in _all(self.survey.resources):
            if entry.type != SLOT and not self.flat.rows_of_type(entry.type):
                return self._tell(entry, f"no vertex of type {entry.type}", "absent")
        for entry in self.survey.resources:
            if self.survey.missing(entry):
                return self._descend(entry, [])
        return Explanation(
            self.verdict,
            "there is enough of everything, but the search finds no place: it chooses level by "
            "level, never goes back, and a slot with a range of counts takes all it can",
            "order",
        )

    def _descend(self, entry: Resource, above: list[Resource]) -> Explanation:
        tally = self.survey.tally(entry)
        for cause, text in _MISTAKES.items():
            if cause in tally.refused:
                return self._tell(entry, text.format(entry.type), cause)
        if tally.best > 0:
            return self._short(entry, above)
        if entry.type == SLOT:
            sites = self.survey.sites.get(id(entry), [])
            if not sites:
                return self._no_site(entry, above)
        elif not tally.seen:
            return self._not_reached(entry, above)
        elif "short" not in tally.refused:
            return self._short(entry, above)
        for child in entry.children:
            if self.survey.missing(child):
                return self._descend(child, [*above, entry])
        return self._apart(entry)

    def _short(self, entry: Resource, above: list[Resource]) -> Explanation:
        """Say how many there are of an entry where most are."""
        tally = self.survey.tally(entry)
        need, have = entry.count.min, tally.best
        level = self._level(tally.best_rows)
        parent = above[-1] if above else None
        if level.rows == [self.survey.root]:
            text = f"needs {self._noun(entry, need)}; {level.name} has {self._has(entry, have)}"
        elif self.verdict == "never":
            text = (
                f"{_slot_prefix(above)}needs {level.type} with {need} {self._word(entry)}; "
                f"largest {level.type} has {have} "
                f"({len(level.rows)} of {tally.asked} {level.type}s)"
            )
        else:
            places = (
                f"{parent.count.min} {_plural(level.type, parent.count.min)} with "
                f"{self._noun(entry, need)} each"
                if parent is not None and parent.type == level.type and parent.count.min > 1
                else f"{level.type} with {self._noun(entry, need)}"
            )
            text = (
                f"{_slot_prefix(above)}needs {places}; best {_plural(level.type, 2)} have "
                f"{self._has(entry, have)} ({self._names(level.rows)})"
            )
        return self._tell(
            entry,
            text + _causes(self._refused(entry)),
            "short",
            need=need,
            have=have,
            level=level,
        )

    def _not_reached(self, entry: Resource, above: Sequence[Resource]) -> Explanation:
        """Say why no vertex of a type that exists came into question."""
        beside = above[-1].children if above else self.survey.resources
        if any(other.type == SLOT for other in beside):
            text = f"{entry.type} stands beside a slot; where slots are formed nothing else is seen"
            return self._tell(entry, text, "siblings")
        named = [other.type for other in above if other.type != SLOT]
        several = any(self._parents(row) > 1 for row in self.flat.rows_of_type(entry.type))
        if several:
            text = f"{entry.type} has several parents and is reached through another one first; "
            text += "name every level from the root"
        elif named:
            text = f"needs {entry.type} directly below {named[-1]}; none is there"
        else:
            text = f"no {self.free}{entry.type} is in reach"
        return self._tell(entry, text + _causes(self.survey.passed, _BLOCKING), "site")

    def _no_site(self, slot: Resource, above: Sequence[Resource]) -> Explanation:
        kinds = " and ".join(child.type for child in slot.children)
        has = {1: "it", 2: "both"}.get(len(slot.children), "all of them")
        text = f"slot {slot.label} needs {kinds} directly below one vertex; no usable vertex "
        text += f"has {has}"
        passed = self._refused(slot)
        if above:
            text += f" (levels below {above[-1].type} cannot be left out)"
        return self._tell(slot, text + _causes(passed, _BLOCKING), "site")

    def _apart(self, entry: Resource) -> Explanation:
        """Say that each thing is enough somewhere, but nowhere all of them."""
        wanted = " and ".join(
            f"{child.count.min} {self.free}{self._word(child)}" for child in entry.children
        )
        if entry.type == SLOT:
            level = self._level(self.survey.sites[id(entry)])
            text = f"slot {entry.label} needs {wanted} below one {level.type}; no {level.type} has"
        else:
            text = f"needs {entry.type} with {wanted}; no {entry.type} has"
        return self._tell(entry, f"{text} all of it at once", "apart", need=entry.count.min)

    def _tell(
        self,
        entry: Resource,
        text: str,
        reason: str,
        *,
        need: int = 0,
        have: int = 0,
        level: "_Level | None" = None,
    ) -> Explanation:
        return Explanation(
            self.verdict,
            text,
            reason,
            self._word(entry),
            need,
            have,
            level.type if level else "",
            Hostlist(self.flat.name(row) for row in level.rows) if level else Hostlist(),
            {cause: len(rows) for cause, rows in self._refused(entry).items()},
        )

    # words
    def _word(self, entry: Resource) -> str:
        """Return what an entry counts; a slot of one whole thing counts that."""
        if entry.type == SLOT and len(entry.children) == 1 and entry.children[0].count.min == 1:
            return entry.children[0].type
        return entry.type

    def _noun(self, entry: Resource, number: int) -> str:
        """Return "3 free nodes"; "2 racks with 3 free nodes each" if some racks lack them."""
        word = self._word(entry)
        content = self._content(entry)
        if content:
            parts = " and ".join(self._noun(child, child.count.min) for child in content)
            return f"{number} {_plural(word, number)} with {parts}{' each' if number > 1 else ''}"
        return f"{number} {self.free}{_plural(word, number)}"

    def _has(self, entry: Resource, number: int) -> str:
        if self._content(entry):
            return f"{number} such"
        if self.verdict == "never":
            return str(number)
        return f"{number} {self.free}{_plural(self._word(entry), number)}"

    def _content(self, entry: Resource) -> Sequence[Resource]:
        """Return what is wanted below each unit of an entry, if it is to be told.

        That is: of a slot of several things, and of vertices some of which lack it.
        """
        if self._word(entry) != entry.type:
            entry = entry.children[0]
        if entry.type == SLOT or "short" in self.survey.tally(entry).refused:
            return entry.children
        return ()

    def _parents(self, row: int) -> int:
        return sum(kind == self.survey.subsystem for _, kind in self.flat.in_edges(row))

    def _level(self, rows: list[int]) -> "_Level":
        kinds = dict.fromkeys(self.flat.type(row) for row in rows)
        return _Level("/".join(kinds), rows, self.flat.name(rows[0]))

    def _names(self, rows: list[int]) -> str:
        """Return the names, or the paths if other vertices of the type have these names, too."""
        names = {self.flat.name(row): row for row in rows}
        if len(names) < len(rows):
            return f"{len(rows)} of them"
        alike = self.flat.rows_of_type(self.flat.type(rows[0]))
        if sum(self.flat.name(row) in names for row in alike) > len(rows):
            subsystem = self.flat.subsystems()[self.survey.subsystem]
            return short_hostlist(self.flat.path(row, subsystem) or "" for row in rows)
        return short_hostlist(names)

    def _refused(self, entry: Resource) -> dict[str, list[int]]:
        """Return what dropped out of what the entry counts, or on the way to it, by cause."""
        inner = entry.children[0] if self._word(entry) != entry.type else entry
        return {**self.survey.passed, **self.survey.tally(inner).refused}


@dataclass(frozen=True, slots=True)
class _Level:
    type: str
    rows: list[int]
    name: str


def _all(request: Sequence[Resource]) -> Iterator[Resource]:
    for entry in request:
        yield entry
        yield from _all(entry.children)


_MISTAKES = {
    "conflict": "{0} has `exclusive: false` below an exclusive vertex, where everything is "
    "exclusive",
    "siblings": "{0} is wanted twice side by side; only one entry of a list is served there",
}

_TOLD = {
    "down": "down",
    "excluded": "left out by the constraint",
    "overrun": "held by a job past its end (cancel it)",
}


_BLOCKING = {"taken": "taken", "in use": "in use", **_TOLD}


def _causes(refused: dict[str, list[int]], told: dict[str, str] = _TOLD) -> str:
    parts = [f"{len(refused[cause])} {text}" for cause, text in told.items() if cause in refused]
    return f"; {', '.join(parts)}" if parts else ""


def _slot_prefix(above: Sequence[Resource]) -> str:
    slots = [entry for entry in above if entry.type == SLOT]
    return f"slot {slots[-1].label} " if slots else ""


def _plural(word: str, number: int) -> str:
    return word if number == 1 else plural(word)
