import pytest

from tests.session.driver import BAR, Driver, jobspec, slot, some


def test_cancel_frees_the_resources_and_keeps_the_job_in_the_list(driver: Driver) -> None:
    run = driver.run(
        "match allocate node.json",
        "match allocate node.json",
        "match allocate node.json",
        "cancel 2",
        "match allocate node.json",
        "cancel 2",
        "list",
    )
    assert run.out.count("RESOURCES=ALLOCATED") == 3
    assert run.stderr == "cancel: ERROR: nonexistent job 2\n"
    states = [line.split(", ")[:2] for line in run.stdout.splitlines()]
    assert states == [["INFO: 1", "ALLOCATED"], ["INFO: 2", "CANCELED"], ["INFO: 4", "ALLOCATED"]]


def test_cancel_counts_its_visits_on_request(driver: Driver) -> None:
    out = driver.run("match allocate core.json", "cancel 1 stats").out
    # Root, node0 and socket0 are tagged and have 2, 2 and 4 children; 2 cores are tagged too.
    assert out.endswith(
        f'{BAR}INFO: CANCEL PREORDER COUNT="9"\nINFO: CANCEL POSTORDER COUNT="5"\n{BAR}'
    )


@pytest.mark.parametrize(
    ("word", "number"), [("7", "7"), ("abc", "0"), ("-1", str(2**64 - 1)), ("12x", "12")]
)
def test_job_numbers_are_read_as_c_reads_them(driver: Driver, word: str, number: str) -> None:
    run = driver.run(f"cancel {word}", f"info {word}", f"partial-cancel {word} jgf core.json")
    assert run.stderr == (
        f"cancel: ERROR: nonexistent job {number}\n"
        f"info: ERROR: nonexistent job {number}\n"
        f"ERROR: nonexistent job {number}\n"
    )


def test_partial_cancel_by_ranks_frees_these_ranks_only(driver: Driver) -> None:
    execution = {"R_lite": [{"rank": "1", "children": {}}], "nodelist": ["node1"]}
    driver.put("R.json", {"version": 1, "execution": execution})
    driver.put("two.json", jobspec([slot(2, some("node"))]))
    run = driver.run(
        "match allocate two.json", "partial-cancel 1 rv1exec R.json stats", "find jobid-alloc=1"
    )
    assert f'{BAR}INFO: PARTIAL CANCEL PREORDER COUNT="0"\n' in run.out
    found = run.out.partition("POSTORDER")[2]
    assert "node0[1:x]" in found
    assert "node1" not in found


def test_a_job_without_resources_left_is_cancelled(driver: Driver) -> None:
    execution = {"R_lite": [{"rank": "0", "children": {}}], "nodelist": ["node0"]}
    driver.put("R.json", {"version": 1, "execution": execution})
    run = driver.run("match allocate node.json", "partial-cancel 1 rv1exec R.json", "info 1")
    assert run.stdout.startswith("INFO: 1, CANCELED, 0, node.json, ")


def test_a_rank_on_which_the_job_has_nothing_is_named(driver: Driver) -> None:
    execution = {"R_lite": [{"rank": "1", "children": {}}], "nodelist": ["node1"]}
    driver.put("R.json", {"version": 1, "execution": execution})
    run = driver.run("match allocate core.json", "partial-cancel 1 rv1exec R.json")
    assert run.stdout == "remove: 1 not found in rank_to_counts.\n"
    assert run.stderr == "ERROR: error encountered while removing job 1\n"


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("cancel", "ERROR: malformed command"),
        ("cancel 1 2 3", "ERROR: malformed command"),
        ("partial-cancel 1 jgf", "ERROR: malformed command"),
        ("partial-cancel 1 xml core.json", "ERROR: unsupported reader xml"),
        ("partial-cancel 1 jgf nothing", "ERROR: can't open nothing"),
        ("partial-cancel 1 jgf .", "ERROR: can't open ."),
        ("partial-cancel 9 jgf core.json", "ERROR: nonexistent job 9"),
        (
            "partial-cancel 3 jgf core.json",
            "ERROR: reservations not currently supported by partial cancel",
        ),
    ],
)
def test_a_refused_release_is_one_line_on_stderr(
    driver: Driver, command: str, complaint: str
) -> None:
    run = driver.run(*["match allocate_orelse_reserve node.json"] * 3, command)
    assert run.stderr == complaint + "\n"
    assert run.stdout == ""


def test_a_file_that_is_no_allocation_is_answered_on_both_streams(driver: Driver) -> None:
    run = driver.run("match allocate core.json", "partial-cancel 1 jgf core.json")
    assert run.stdout == "remove: partial_cancel returned error.\n"
    assert run.stderr == "ERROR: error encountered while removing job 1\n"
