"""The page in a real browser: what it shows, and how it answers to keys, clicks and the mouse.

A copy of the page gets one more script, which acts as a person would and writes down what it sees.
"""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from fluxion_py.simulation.report.page import write_page
from fluxion_py.simulation.simulation import Simulation
from fluxion_py.simulation.statistics import statistics_of
from fluxion_py.simulation.trace import Trace
from tests.simulation.schedules import jobs, random_trace

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

FRAMES = "<script>window.requestAnimationFrame = (draw) => setTimeout(draw, 0);</script>"
ACTS = Path(__file__).with_name("acts.js").read_text()


def act(page: str, actions: str, tmp_path: Path) -> dict[str, object]:
    """Open a page, do something, and return what was seen."""
    # Nobody looks at a headless browser, so it may never ask for a frame.
    page = page.replace("<head>", f"<head>{FRAMES}")
    path = tmp_path / "page.html"
    path.write_text(
        page.replace("</body>", f"<script>{ACTS.replace('ACTIONS', actions)}</script></body>")
    )
    assert BROWSER is not None
    done = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=1280,1000",
            "--virtual-time-budget=20000",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr[-2000:]
    seen: dict[str, object] = json.loads(unescape(found[1]))
    assert seen.pop("errors") == []
    return seen


def page_of(trace: Trace, processors: int, *policies: str) -> str:
    results = []
    for policy in policies:
        schedule = Simulation(processors, policy).run(trace)
        results.append((schedule, statistics_of(schedule)))
    return "".join(write_page(results, [("Trace", trace.name)]))


WORKED = jobs((0, 3, 100), (0, 4, 50), (0, 1, 80), (0, 1, 200), (5, 9, 1))


def test_it_shows_the_schedule(tmp_path: Path) -> None:
    """Curves and bars are painted, the jobs are listed, the first run is chosen."""
    seen = act(
        page_of(WORKED, 4, "easy", "fcfs"),
        """
        seen.rows = document.querySelectorAll("#rows tr").length;
        seen.first = cells("#rows tr");
        seen.last = cells("#rows tr:last-child");
        seen.window = text("window");
        seen.summary = text("summary").slice(0, 55);
        seen.painted = painted() >= 3;
        """,
        tmp_path,
    )
    assert seen == {
        "rows": 5,
        "first": ["1", "", "3", "0s", "0s", "0s", "1m 40s", "started at once or in turn"],
        "last": ["5", "", "9", "5s", "–", "–", "–", "too large for the machine"],
        "window": "Shown: 0s to 5m 50s of 5m 50s after the first submission",
        "summary": "Run 4-processors, easy: 4 of 5 jobs ran on 4 cores. The",
        "painted": True,
    }


def test_keys_zoom_move_and_read_jobs(tmp_path: Path) -> None:
    """Everything that the mouse can do."""
    seen = act(
        page_of(WORKED, 4, "easy"),
        """
        chart.focus();
        seen.focus = document.activeElement.id;
        await key("+"); seen.zoomed = text("window");
        await key("ArrowRight"); seen.moved = text("window");
        await key("0"); seen.all = text("window");
        await key("n"); seen.one = text("details");
        await key("n"); seen.two = text("details");
        await key("p"); seen.back = text("details") === seen.one;
        await key("ArrowUp", { shiftKey: true });
        await key("Escape"); seen.free = text("details");
        """,
        tmp_path,
    )
    assert seen["focus"] == "chart"
    assert seen["zoomed"] == "Shown: 1m 28s to 4m 23s of 5m 50s after the first submission"
    assert str(seen["moved"]).startswith("Shown: 2m 11s to 5m 6s")
    assert str(seen["all"]).startswith("Shown: 0s to 5m 50s")
    assert seen["one"] == (
        "Job 1, user not known; 3 cores, submitted at 0s; waited 0s, ran 1m 40s of 1m 40s from 0s "
        "to 1m 40s; started at once or in turn; core 0-2."
    )
    assert "Job 3" in str(seen["two"])
    assert "backfilled" in str(seen["two"])
    assert (seen["back"], seen["free"]) == (True, "")


def test_pointing_tells_and_a_click_holds(tmp_path: Path) -> None:
    """The job under the pointer, by processor and by job."""
    seen = act(
        page_of(WORKED, 4, "easy"),
        """
        await mouse("pointermove", 70, 20);
        seen.tip = text("tip").split("\\n")[0];
        seen.shown = !document.getElementById("tip").hidden;
        await mouse("pointerdown", 70, 20); await mouse("pointerup", 70, 20);
        seen.held = text("details").slice(0, 5);
        document.querySelector("input[value=jobs]").click(); await frame();
        await mouse("pointermove", 70, 480);
        seen.below = text("tip").split("\\n")[0];
        """,
        tmp_path,
    )
    assert seen == {
        "tip": "Job 1, user not known",
        "shown": True,
        "held": "Job 1",
        "below": "Job 5, user not known",
    }


def test_the_table_finds_sorts_and_turns_pages(tmp_path: Path) -> None:
    """With the keyboard's own means: forms and buttons."""
    seen = act(
        page_of(random_trace(2, 16, 250), 16, "easy", "fcfs"),
        """
        const find = (words) => { document.getElementById("find").value = words;
          document.getElementById("search").requestSubmit(); return text("page"); };
        seen.pages = text("page");
        document.getElementById("behind").click(); seen.second = text("page");
        seen.found = find("17"); seen.none = find("nobody");
        find("");
        document.querySelector("th[data-name=wait] button").click();
        document.querySelector("th[data-name=wait] button").click();
        seen.sort = document.querySelector("th[data-name=wait]").getAttribute("aria-sort");
        document.querySelector("#rows button").click(); await frame();
        seen.focus = document.activeElement.id;
        seen.details = text("details").length > 20;
        const run = document.getElementById("run");
        run.value = "1"; run.dispatchEvent(new Event("change")); await frame();
        seen.run = text("summary").includes("fcfs");
        seen.chosen = document.querySelector("#results tr.chosen").rowIndex;
        """,
        tmp_path,
    )
    assert seen == {
        "pages": "Page 1 of 3, 250 jobs",
        "second": "Page 2 of 3, 250 jobs",
        "found": "Page 1 of 1, 1 jobs",
        "none": "No such job or user",
        "sort": "descending",
        "focus": "chart",
        "details": True,
        "run": True,
        "chosen": 2,
    }


@pytest.mark.slow
def test_eighteen_thousand_jobs_are_drawn_in_a_blink(tmp_path: Path) -> None:
    """A drawing of all of them takes less than half a second, also on a slow machine."""
    trace = jobs(*((at * 10, 1 + at % 7, 30 + at % 50) for at in range(18_000)))
    seen = act(
        page_of(trace, 128, "easy"),
        """
        const before = performance.now();
        document.querySelector("[data-do=in]").click(); await frame();
        document.querySelector("[data-do=reset]").click(); await frame();
        seen.fast = performance.now() - before < 1100;
        seen.painted = painted() > 3;
        """,
        tmp_path,
    )
    assert seen == {"fast": True, "painted": True}
