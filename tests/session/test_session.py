import pytest

from fluxion_py.session.commands import COMMANDS, HANDLERS
from tests.session.driver import Driver, jobspec, slot, some, start

ABBREVIATIONS = {
    "match": "m", "multi-match": "M", "update": "u", "attach": "j", "remove": "", "find": "f",
    "cancel": "c", "partial-cancel": "pc", "set-property": "p", "get-property": "g",
    "set-status": "t", "get-status": "e", "list": "l", "info": "i", "stat": "s", "cat": "a",
    "help": "h", "quit": "q",
}  # fmt: skip


def test_commands_and_abbreviations_are_those_of_the_reference() -> None:
    """cli.md 3."""
    assert {command.name: command.short for command in COMMANDS} == ABBREVIATIONS


def test_every_word_has_its_own_handler() -> None:
    assert len(HANDLERS) == 2 * len(COMMANDS) - 1
    assert HANDLERS["m"] is HANDLERS["match"]
    assert HANDLERS["M"] is HANDLERS["multi-match"]


def test_unknown_words_and_blank_lines_are_ignored(driver: Driver) -> None:
    run = driver.run(
        "# a comment", "", "   ", "! match allocate core.json", "frobnicate", "MATCH x"
    )
    assert (run.status, run.out, run.stdout, run.stderr) == (0, "", "", "")


def test_a_session_ends_at_quit(driver: Driver) -> None:
    run = driver.run("get-status /mini0", "quit", "get-status /mini0")
    assert run.out == "/mini0 is up\n"


def test_a_session_ends_at_the_end_of_its_input(driver: Driver) -> None:
    """The reference spins there (fault F5)."""
    assert driver.run("get-status /mini0").status == 0


def test_help_lists_all_commands_or_one(driver: Driver) -> None:
    lines = driver.run("help", "help match", "h M").stdout.splitlines()
    assert len(lines) == len(COMMANDS) + 2
    assert lines[0] == lines[-2]
    assert lines[-2].startswith("INFO: match (m) -- ")
    assert lines[-1].startswith("INFO: multi-match (M) -- ")


def test_help_on_an_unknown_command_is_answered_on_stdout(driver: Driver) -> None:
    assert driver.run("help frob").stdout == "ERROR: unknown command: frob\n"


def test_without_a_results_file_everything_is_on_stdout_in_order(driver: Driver) -> None:
    status, stdout, stderr = start(
        "-L", "mini.json", "-f", "jgf", lines=("get-status /mini0", "help quit", "quit")
    )
    prompt = "resource-query> "
    assert stdout == (f"{prompt}/mini0 is up\n{prompt}INFO: quit (q) -- End the session\n{prompt}")
    assert (status, stderr) == (0, "")


def test_the_prompt_never_reaches_the_results_file(driver: Driver) -> None:
    start("-L", "mini.json", "-f", "jgf", "-t", "out.txt", lines=("get-status /mini0",))
    assert (driver.folder / "out.txt").read_text() == "/mini0 is up\n"


@pytest.mark.parametrize(
    "line",
    [
        "match allocate \0",
        "get-status \udcff",
        "find names=\udcff",
        "set-property /mini0 \udcff=\udcff",
        "update allocate jgf \0 1 0 10",
        "match allocate " + "x" * 100_000,
        "find " + "(" * 10_000,
        "find " + "status=up and " * 20_000 + "status=up",
        "cancel " + "9" * 10_000,
        "remove 0-99999999999 false",
        "find names=x[0-99999999999]",
        "find jobid-alloc=99999999999999999999",
    ],
)
def test_strange_lines_do_not_end_a_session(driver: Driver, line: str) -> None:
    run = driver.run(line, "get-status /mini0/node0")
    assert run.status == 0
    assert run.out.endswith("/mini0/node0 is up\n")


def test_a_binary_file_is_refused_wherever_a_file_is_read(driver: Driver) -> None:
    (driver.folder / "noise").write_bytes(bytes(range(256)) * 4)
    run = driver.run(
        "match allocate noise",
        "update allocate jgf noise 1 0 10",
        "update allocate rv1exec noise 2 0 10",
        "attach noise",
        "get-status /mini0",
    )
    assert run.out.endswith("/mini0 is up\n")
    assert run.stderr.count("ERROR") >= 4


def test_units_are_dropped_as_the_reference_does_and_kept_with_fixed(driver: Driver) -> None:
    """Also those of vertices that are attached (resource-graph.md 4.2)."""
    top: dict[str, object] = {"type": "cluster", "basename": "mini", "id": 0}
    ssd: dict[str, object] = {"type": "ssd", "size": 7, "unit": "TB"}
    nodes = [
        {"id": "0", "metadata": top | {"paths": {"containment": "/mini0"}}},
        {"id": "90", "metadata": ssd | {"paths": {"containment": "/mini0/ssd90"}}},
    ]
    edges = [{"source": "0", "target": "90"}]
    driver.put("more.json", {"graph": {"nodes": nodes, "edges": edges}})
    driver.put("ssd.json", jobspec([slot(1, some("ssd"))]))
    commands = ("match allocate memory.json", "attach more.json", "match allocate ssd.json")
    assert '"unit"' not in driver.run(*commands, options=("-F", "jgf")).out
    fixed = driver.run(*commands, options=("-F", "jgf", "--fixed")).out
    assert '"unit": "GB"' in fixed
    assert '"unit": "TB"' in fixed
