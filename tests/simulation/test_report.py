"""The report: the page stands alone, its data are the schedule, and a folder can be repeated."""

import csv
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from fluxion_py.simulation.report import page as page_module
from fluxion_py.simulation.report.chart import write_chart
from fluxion_py.simulation.report.page import write_page
from fluxion_py.simulation.report.tables import places_text, schedule_csv, skipped_csv
from fluxion_py.simulation.report.words import span
from fluxion_py.simulation.schedule import Schedule
from fluxion_py.simulation.simulation import Simulation
from fluxion_py.simulation.statistics import Statistics, statistics_of
from fluxion_py.simulation.trace import Trace, TraceJob
from tests.simulation.schedules import jobs, random_trace

EVIL = '</script><script>alert(1)</script>"&<!--'


def result(trace: Trace, processors: int = 16, policy: str = "easy") -> tuple[Schedule, Statistics]:
    schedule = Simulation(processors, policy).run(trace)
    return schedule, statistics_of(schedule)


class Outline(HTMLParser):
    """Collects elements; every one but the void ones must be closed in order."""

    VOID = ("meta", "input", "br", "link")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)


def outline(results: list[tuple[Schedule, Statistics]]) -> Outline:
    return Outline("".join(write_page(results, [("Trace", EVIL)])))


def data_of(found: Outline) -> Any:  # noqa: ANN401
    return json.loads(found.scripts[0])


def test_the_page_stands_alone() -> None:
    """Nothing names a place outside of it, and a policy forbids it."""
    found = outline([result(random_trace(1, 16))])
    assert found.open == []
    for tag, attributes in found.found:
        assert tag not in ("link", "iframe", "object", "embed", "img")
        assert not {"src", "srcset", "action", "data", "poster"} & attributes.keys()
        assert (attributes.get("href") or "#").startswith("#")
    policy = next(a["content"] for _, a in found.found if "Content-Security-Policy" in a.values())
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_the_page_can_be_read_and_used_without_a_mouse() -> None:
    """A language, a title, headings in order, labels, captions, a text for each picture."""
    found = outline([result(random_trace(1, 16))])
    tags = [tag for tag, _ in found.found]
    names = {attributes["id"] for _, attributes in found.found if attributes.get("id")}
    assert ("html", {"lang": "en"}) in found.found
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert tags.count("table") == tags.count("caption")
    assert all(a.get("scope") for tag, a in found.found if tag == "th")
    for _, attributes in found.found:
        for key in ("aria-labelledby", "aria-describedby"):
            for name in (attributes.get(key) or "").split():
                assert name in names
    chart = next(a for _, a in found.found if a.get("id") == "chart")
    assert chart["tabindex"] == "0"
    assert sum(a.get("role") == "status" for _, a in found.found) >= 2


def test_texts_of_a_trace_stay_texts() -> None:
    """Names with markup neither end the data nor become elements; formulas stay texts in CSV."""
    trace = Trace.from_jobs(
        [TraceJob(EVIL, 0, 5, 1, user="=cmd()"), TraceJob("big", 0, 5, 99)], f"/tmp/{EVIL}.swf"
    )
    found = outline([result(trace)])
    assert sum(tag == "script" for tag, _ in found.found) == 2
    assert data_of(found)["jobs"]["id"][0] == EVIL
    rows = list(csv.reader("".join(schedule_csv(result(trace)[0])).splitlines()))
    assert rows[1][:2] == [EVIL, "'=cmd()"]


def test_the_data_of_the_page_are_the_schedule() -> None:
    """Every job with start, run time, way and places."""
    schedule, figures = result(random_trace(3, 16))
    data = data_of(outline([(schedule, figures)]))
    run = data["runs"][0]
    assert run["start"] == list(schedule.starts)
    assert run["size"] == list(schedule.sizes)
    assert run["how"] == list(schedule.how)
    assert [tuple(places) for places in run["places"]] == schedule.places
    assert data["jobs"]["id"] == [job.id for job in schedule.trace.jobs]


def test_what_is_too_much_for_a_page_is_summed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then there are curves in place of jobs."""
    monkeypatch.setattr(page_module, "MAX_JOBS", 10)
    results = [result(random_trace(3, 16))]
    data = data_of(outline(results))
    run = data["runs"][0]
    assert (data["jobs"]["id"], run["start"]) == ([], [])
    assert len(run["steps"]["used"]) == page_module.CURVE
    assert run["steps"]["times"] == sorted(run["steps"]["times"])


def test_the_picture_is_xml_and_small() -> None:
    """Also for many jobs: what is below half a pixel is joined."""
    trace = jobs(*((at // 4, 1, 3) for at in range(8000)))
    text = "".join(write_chart(*result(trace, 64)))
    root = ET.fromstring(text)
    assert root.tag.endswith("svg")
    assert root.find("{http://www.w3.org/2000/svg}desc") is not None
    assert len(text) < 2_000_000


def test_tables() -> None:
    """Jobs that never ran have empty times; what was left out is named with its reason."""
    trace = jobs((0, 2, 5), (1, 99, 5))
    schedule, _ = result(trace)
    rows = list(csv.DictReader("".join(schedule_csv(schedule)).splitlines()))
    assert rows[0]["places"] == "0-1"
    assert (rows[1]["start"], rows[1]["how"]) == ("", "never")
    skipped = list(csv.DictReader("".join(skipped_csv(trace, [schedule])).splitlines()))
    assert skipped[0]["reason"] == "asks for 99 cores, the machine has 16"


def test_words() -> None:
    """Two units, and idsets."""
    assert [span(s) for s in (0, 59, 61, 9660, 2_606_400)] == [
        "0s",
        "59s",
        "1m01s",
        "2h41m",
        "30d04h",
    ]
    assert places_text((0, 3, 7, 7)) == "0-3,7"
