import pytest

from tests.session.driver import BAR, Driver, jobspec, slot, some

GRANTED = (
    "      ------------core0[1:x]\n"
    "      ------------core1[1:x]\n"
    "      ---------socket0[1:s]\n"
    "      ------node0[1:s]\n"
    "      ---mini0[1:s]\n"
)


def block(*lines: str) -> str:
    return BAR + "".join(f"INFO: {line}\n" for line in lines) + BAR


def test_a_grant_prints_resources_and_block_on_the_results(driver: Driver) -> None:
    """matching.md 15, example A."""
    run = driver.run("match allocate core.json", "quit")
    assert run.out == GRANTED + block("JOBID=1", "RESOURCES=ALLOCATED", "SCHEDULED AT=Now")
    assert (run.status, run.stdout, run.stderr) == (0, "", "")


def test_a_reservation_says_when(driver: Driver) -> None:
    commands = ["match allocate_orelse_reserve node.json"] * 3
    assert driver.run(*commands).out.endswith(
        block("JOBID=3", "RESOURCES=RESERVED", "SCHEDULED AT=100")
    )


def test_busy_and_unsatisfiable_use_up_a_job_number(driver: Driver) -> None:
    run = driver.run(
        "match allocate nodes3.json",
        "match allocate_with_satisfiability nodes3.json",
        "match allocate core.json",
    )
    assert run.out.startswith(
        block("No matching resources found", "JOBID=1")
        + block("No matching resources found", "Unsatisfiable request", "JOBID=2")
    )
    assert "JOBID=3" in run.out


def test_satisfiability_and_trials_use_up_no_job_number(driver: Driver) -> None:
    run = driver.run(
        "match satisfiability core.json",
        "match satisfiability nodes3.json",
        "match without_allocating core.json",
        "match allocate core.json",
    )
    assert run.out == (
        block("Satisfiable request")
        + block("Unsatisfiable request")
        + GRANTED
        + block("JOBID=1", "RESOURCES=MATCHED", "SCHEDULED AT=Now")
        + GRANTED
        + block("JOBID=1", "RESOURCES=ALLOCATED", "SCHEDULED AT=Now")
    )


def test_a_wrong_jobspec_is_named_on_stderr_and_uses_up_no_job_number(driver: Driver) -> None:
    run = driver.run("match allocate bad.yaml", "match allocate core.json")
    assert run.stderr == (
        'match_allocate: ERROR: Jobspec error for 1: "resources" is not a sequence\n'
    )
    assert run.out.startswith(block("No matching resources found", "JOBID=1"))
    assert run.out.endswith(block("JOBID=1", "RESOURCES=ALLOCATED", "SCHEDULED AT=Now"))


def test_a_type_that_the_graph_has_not_is_a_jobspec_error(driver: Driver) -> None:
    driver.put("quantum.json", jobspec([slot(1, some("qubit"))]))
    assert driver.run("match allocate quantum.json").stderr == (
        'match_allocate: ERROR: Jobspec error for 1: Value of "type" must be a resource type '
        "known to fluxion\n"
    )


@pytest.mark.parametrize("duration", [-1, 3153600001])
def test_a_bad_duration_is_an_invalid_argument_and_uses_up_no_job_number(
    driver: Driver, duration: float
) -> None:
    driver.put("long.json", jobspec([slot(1, some("core"))], duration=duration))
    run = driver.run("match allocate long.json")
    assert run.stderr == "match_allocate: ERROR: traverser: Invalid argument\n"
    assert run.out == block("No matching resources found", "JOBID=1")


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("match", "ERROR: malformed command"),
        ("match allocate", "ERROR: malformed command"),
        ("match allocate a b", "ERROR: malformed command"),
        ("match borrow core.json", "ERROR: unknown subcmd borrow"),
        ("match allocate nothing.yaml", "ERROR: can't open nothing.yaml"),
        ("match allocate .", "ERROR: can't open ."),
        ("multi-match allocate core.json", "ERROR: malformed command"),
        ("multi-match borrow a b", "ERROR: unknown subcmd borrow"),
    ],
)
def test_a_malformed_match_is_one_line_on_stderr(
    driver: Driver, command: str, complaint: str
) -> None:
    run = driver.run(command)
    assert (run.out, run.stdout, run.stderr) == ("", "", complaint + "\n")


def test_multi_match_stops_at_the_first_failure(driver: Driver) -> None:
    run = driver.run(
        "multi-match allocate core.json nodes3.json core.json", "match allocate core.json"
    )
    assert run.out.count("RESOURCES=ALLOCATED") == 2
    assert run.out.count("JOBID=") == 3
    assert run.out.endswith(block("JOBID=3", "RESOURCES=ALLOCATED", "SCHEDULED AT=Now"))


def test_too_many_variants_are_an_error_and_not_a_crash(driver: Driver) -> None:
    def choice(number: int) -> dict[str, object]:
        return {"type": "xor_slot", "count": 1, "label": f"x{number}", "with": [some("core")]}

    nested = some("node", 1, *[choice(number) for number in range(40)])
    driver.put("wide.json", jobspec([some("mini", 1, nested, *[choice(n) for n in range(40)])]))
    run = driver.run("match allocate wide.json", options=("-T", "flexible"))
    assert "Traceback" not in run.stderr
    assert "RESOURCES" not in run.out


def test_elapse_time_puts_counts_on_stdout_inside_the_block(driver: Driver) -> None:
    run = driver.run("match allocate core.json", "match allocate nodes3.json", options=("-e",))
    lines = run.stdout.splitlines()
    assert "INFO: Vertex Count: 23" in lines
    assert "INFO: Edge Count: 22" in lines
    assert "INFO: number of vertices with rank -1: 21" in lines
    effort = [line.partition("=")[0] for line in lines if "=" in line]
    count_lines = ["INFO: PREORDER VISIT COUNT", "INFO: POSTORDER VISIT COUNT"]
    assert effort == ["INFO: ELAPSE", *count_lines, *count_lines]
    assert "INFO: PREORDER VISIT COUNT=23" in lines
    assert run.out.count("INFO: ELAPSE=") == 1  # of the failed match


def test_a_session_notices_a_changed_property(driver: Driver) -> None:
    driver.put("fast.json", jobspec([slot(1, some("core"))], constraints={"properties": ["fast"]}))
    run = driver.run(
        "match allocate fast.json", "set-property /mini0/node1 fast=1", "match allocate fast.json"
    )
    assert run.out.startswith("INFO: ===")
    assert "      ------node1[1:s]\n" in run.out
