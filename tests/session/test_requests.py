"""Equal jobspecs are read once, and nothing of that can be seen."""

import json

import pytest

from fluxion_py._core.engine import Engine
from fluxion_py.errors import JobspecError
from fluxion_py.match.policy import POLICIES
from fluxion_py.session.requests import MAX_KEPT, MAX_KEPT_BYTES, Requests
from tests.machines import mini
from tests.session.driver import Driver, jobspec, slot, some


def text(count: int = 1, **system: object) -> bytes:
    return json.dumps(jobspec([slot(count, some("core"))], **system)).encode()


def requests() -> Requests:
    return Requests(Engine(mini(), policy=POLICIES["first"]))


def test_an_equal_text_gives_the_same_request() -> None:
    mine = requests()
    assert mine.read(text(), "one.json") is mine.read(text(), "two.json")
    assert mine.read(text(2), "one.json") is not mine.read(text(), "one.json")


def test_the_number_of_kept_requests_is_limited() -> None:
    mine = requests()
    first = mine.read(text(1), "a")
    for count in range(2, MAX_KEPT + 2):
        mine.read(text(count), "a")
    assert mine.read(text(1), "a") is not first
    large = text(1, environment={"LARGE": "x" * MAX_KEPT_BYTES})
    assert mine.read(large, "a") is not mine.read(large, "a")


def test_a_change_of_the_graph_drops_what_was_compiled_for_it() -> None:
    graph = mini()
    mine = Requests(Engine(graph, policy=POLICIES["first"]))
    old = mine.read(text(), "a")
    graph.add_vertex("fpga", "fpga", 0, "fpga0", 1000, -1, 1)
    assert mine.read(text(), "a") is not old


def test_a_mistake_names_the_file_in_which_it_is() -> None:
    mine = requests()
    for name in ("one.json", "two.json"):
        with pytest.raises(JobspecError, match=name):
            mine.read(b'{"version": 9999}', name)


def test_a_file_that_changes_between_two_commands_is_read_anew(driver: Driver) -> None:
    driver.put("a.json", jobspec([slot(1, some("core"))]))
    driver.put("b.json", jobspec([slot(1, some("core"))], queue="batch"))
    driver.put("bad.json", jobspec([slot(1, some("warp"))]))
    run = driver.run(
        *("match allocate a.json", "match allocate bad.json", "match allocate b.json") * 2,
        options=("-F", "rv1"),
    )
    assert run.out.count('"queue": "batch"') == 3  # the reference's queue sticks
    assert run.stderr.count("Jobspec error for") == 2
    assert "Jobspec error for 2" in run.stderr and "Jobspec error for 4" in run.stderr
