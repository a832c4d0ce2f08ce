import json

import pytest

from tests.session.driver import BAR, Driver


def names(text: str) -> list[str]:
    return [line.lstrip(" -").partition("[")[0] for line in text.splitlines() if "---" in line]


def find(driver: Driver, *commands: str, options: tuple[str, ...] = ()) -> str:
    """Return what the last command, a find, printed."""
    *before, last = commands
    out = driver.run(*before, "get-property /mark", last, options=options).out
    return out.partition("Could not find path /mark in resource graph.\n")[2]


def test_find_prints_vertices_with_their_ancestors_and_the_expression(driver: Driver) -> None:
    assert find(driver, "set-status /mini0/node0/socket0/core1 down", "find status=down") == (
        "      ------------core1[1:x]\n"
        "      ---------socket0[1:x]\n"
        "      ------node0[1:x]\n"
        "      ---mini0[1:x]\n"
        f'{BAR}INFO: EXPRESSION="status=down"\n{BAR}'
    )


def test_find_shows_a_pool_with_its_full_size(driver: Driver) -> None:
    assert "memory1[4:x]" in find(driver, "find names=memory1")


def test_states_reach_down_to_what_is_below(driver: Driver) -> None:
    down = "set-status /mini0/node1/socket1 down"
    assert len(names(find(driver, down, "find status=down"))) == 5 + 2  # and two ancestors
    assert len(names(find(driver, down, "find status=up"))) == 23 - 5


def test_a_find_without_hits_prints_the_expression_only(driver: Driver) -> None:
    assert find(driver, "find status=down") == f'{BAR}INFO: EXPRESSION="status=down"\n{BAR}'


def test_find_agfilter_shows_the_amounts_of_the_filters(driver: Driver) -> None:
    text = find(driver, "match allocate core.json", "find agfilter=true", options=("-F", "jgf"))
    nodes = json.loads(text.splitlines()[0])["graph"]["nodes"]
    filters = {node["id"]: node["metadata"]["agfilter"] for node in nodes}
    assert filters["0"]["core"] == "used:2, total:12"
    assert filters["2"]["core"] == "used:0, total:6"
    assert "7" not in filters  # a core has no filter


def test_find_agfilter_with_a_job_shows_what_that_job_has(driver: Driver) -> None:
    text = find(
        driver,
        "match allocate core.json",
        "match allocate core.json",
        "find jobid-span=2 agfilter=t",
        options=("-F", "jgf"),
    )
    nodes = json.loads(text.splitlines()[0])["graph"]["nodes"]
    assert {node["metadata"]["agfilter"]["core"] for node in nodes} == {
        "used:2, total:12", "used:2, total:6", "used:2, total:3",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["foo=bar", "status", "status=up and", "(status=up", "a or b"])
def test_a_wrong_expression_is_quoted_on_stderr(driver: Driver, text: str) -> None:
    run = driver.run(f"find {text}")
    assert (run.out, run.stderr) == ("", f"findfind: invalid criteria: {text}.\n")


def test_the_fixed_mode_says_what_is_wrong_with_an_expression(driver: Driver) -> None:
    run = driver.run("find status=sideways", options=("--fixed",))
    assert "'sideways' is no value of status" in run.stderr


def test_find_needs_an_expression(driver: Driver) -> None:
    assert driver.run("find").stderr == "ERROR: malformed command: \n"


def test_list_and_info_print_jobs_in_the_order_of_their_numbers(driver: Driver) -> None:
    run = driver.run(
        *["match allocate_orelse_reserve node.json"] * 3, "list and more words", "info 3", "i 9"
    )
    lines = [line.rpartition(", ")[0] for line in run.stdout.splitlines()]
    assert lines == [
        "INFO: 1, ALLOCATED, 0, node.json",
        "INFO: 2, ALLOCATED, 0, node.json",
        "INFO: 3, RESERVED, 100, node.json",
        "INFO: 3, RESERVED, 100, node.json",
    ]
    assert run.stderr == "info: ERROR: nonexistent job 9\n"


def test_stat_counts_grants_only(driver: Driver) -> None:
    run = driver.run("match allocate core.json", "match allocate nodes3.json", "stat")
    lines = run.stdout.splitlines()
    assert lines[0] == "INFO: Num. of Jobs Matched: 1"
    low, high, mean = (float(line.rpartition(": ")[2]) for line in lines[1:])
    assert 0 < low == high == mean


def test_cat_prints_a_file(driver: Driver) -> None:
    driver.put("note.txt", "one\ntwo\n")
    assert driver.run("cat note.txt").stdout == "one\ntwo\nINFO: Jobspec in note.txt\n"


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("cat", "ERROR: malformed command"),
        ("cat nothing", "ERROR: can't open nothing"),
        ("cat .", "ERROR: can't open ."),
        ("info", "ERROR: malformed command"),
        ("stat now", "ERROR: malformed command"),
        ("get-status", "ERROR: malformed command"),
        ("get-property a b", "ERROR: malformed command"),
    ],
)
def test_a_malformed_question_is_one_line_on_stderr(
    driver: Driver, command: str, complaint: str
) -> None:
    run = driver.run(command)
    assert (run.out, run.stdout, run.stderr) == ("", "", complaint + "\n")
