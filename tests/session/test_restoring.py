import json

import pytest

from tests.session.driver import BAR, Driver, jobspec
from tests.session.test_matching import block


def printed_json(text: str) -> list[object]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("kind", ["jgf", "jgf_shorthand"])
def test_a_printed_allocation_can_be_taken_over(driver: Driver, kind: str) -> None:
    options = ("-F", kind)
    driver.put("whole.json", jobspec([{"type": "node", "count": 1, "exclusive": True}]))
    granted = driver.run("match allocate whole.json", options=options).out
    driver.put("R.json", printed_json(granted)[0])
    again = driver.run(f"update allocate {kind} R.json 1 0 100", options=options).out
    assert again == granted


def test_the_next_job_number_follows_that_of_an_update(driver: Driver) -> None:
    granted = driver.run("match allocate core.json", options=("-F", "jgf")).out
    driver.put("R.json", printed_json(granted)[0])
    run = driver.run("update reserve jgf R.json 41 50 100", "match allocate core.json", "list")
    assert block("JOBID=41", "RESOURCES=RESERVED", "SCHEDULED AT=50") in run.out
    assert "JOBID=42" in run.out
    assert run.stdout.startswith("INFO: 41, RESERVED, 50, R.json, ")


def test_a_refused_update_says_which_vertex_and_still_moves_the_counter(driver: Driver) -> None:
    granted = driver.run("match allocate core.json", options=("-F", "jgf")).out
    driver.put("R.json", printed_json(granted)[0])
    run = driver.run(
        "match allocate core.json", "update allocate jgf R.json 7 0 10", "match allocate core.json"
    )
    assert run.stderr == (
        "ERROR: traverser run () returned error \n"
        "ERROR: update_vtx_plan: can't add span into core0.\n"
    )
    assert block("No matching resources found", "JOBID=7") in run.out
    assert "JOBID=8" in run.out


def test_rv1exec_finds_nodes_below_the_root_and_names_the_host_if_not(driver: Driver) -> None:
    execution = {"R_lite": [{"rank": "0", "children": {"core": "0"}}], "nodelist": ["elk0"]}
    driver.put("R.json", {"version": 1, "execution": execution})
    assert driver.run("update allocate rv1exec R.json 1 0 10").stderr == (
        "ERROR: traverser run () returned error \n"
        "ERROR: add_or_update: couldn't find vertex in graph for elk0.\n"
        "unpack_rank: failed unpacking rank for elk0.\n"
    )


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("update", "ERROR: malformed command"),
        ("update frob jgf core.json 1 0 10", "ERROR: unknown subcmd frob"),
        ("update allocate xml core.json 1 0 10", "ERROR: unsupported reader xml"),
        ("update allocate jgf nothing 1 0 10", "ERROR: can't open nothing"),
        ("update allocate jgf core.json 1 0 0", "ERROR: existing Jobid "),
        ("update allocate jgf core.json 9 -1 10", "ERROR: invalid time (-1, 10)"),
        ("update allocate jgf core.json 9 0 0", "ERROR: invalid time (0, 0)"),
        ("update allocate jgf core.json -1 0 10", "ERROR: existing Jobid "),
    ],
)
def test_words_of_an_update_are_checked_in_order(
    driver: Driver, command: str, complaint: str
) -> None:
    run = driver.run("match allocate core.json", command, "match allocate core.json")
    assert run.stderr == complaint + "\n"
    assert "JOBID=2" in run.out
    assert run.out.count(BAR) == 4
