import json
from pathlib import Path

import pytest

from fluxion_py.cli.compat_options import StartError, parse_options
from fluxion_py.match.policy import POLICIES
from fluxion_py.match.subsystems import SUBSYSTEM_SETS
from fluxion_py.writers import FORMATS
from tests.session.driver import Driver, start

MINI = ("-L", "mini.json", "-f", "jgf")


def test_long_options_may_be_joined_or_shortened(driver: Driver) -> None:
    options = parse_options(["--load-file=mini.json", "--load-form", "jgf", "--match-policy=low"])
    assert (options.load_file, options.load_format, options.policy) == ("mini.json", "jgf", "low")


def test_the_defaults_are_those_of_the_reference(driver: Driver) -> None:
    options = parse_options(["-L", "mini.json"])
    assert (options.load_format, options.policy, options.match_format) == (
        "grug", "first", "simple",
    )  # fmt: skip
    assert options.subsystems == ("containment",)
    assert (options.prompt, options.strict, options.elapsed, options.flexible) == (
        True, True, False, False,
    )  # fmt: skip


def test_repeated_prune_filters_are_joined_and_blank_ones_ignored(driver: Driver) -> None:
    options = parse_options(["-L", "mini.json", "-p", "ALL:core", "-p", " ", "-p", "node:gpu"])
    assert options.filters == ["ALL:core", "node:gpu"]


@pytest.mark.parametrize("name", SUBSYSTEM_SETS)
def test_subsystem_sets_may_be_in_lower_case(driver: Driver, name: str) -> None:
    for spelling in (name, name.lower()):
        options = parse_options(["-L", "mini.json", "-S", spelling])
        assert options.subsystems == SUBSYSTEM_SETS[name]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["-L", "nothing"], "[ERROR] file does not exist for --load-file: nothing"),
        (["-L", "."], "[ERROR] path passed to --load-file is a directory: ."),
        ([*MINI, "-f", "xml"], "[ERROR] unknown format for --load-format: xml"),
        ([*MINI, "-F", "RV1"], "[ERROR] unknown format for --match-format: RV1"),
        ([*MINI, "-g", "png"], "[ERROR] unknown format for --graph-format: png"),
        ([*MINI, "-T", "lazy"], "[ERROR] unknown value for --traverser-policy: lazy"),
        ([*MINI, "-S", "XX"], "[ERROR] unknown value for --match-subsystems: XX"),
        ([*MINI, "-Z"], "[ERROR] option -Z not recognized"),
        ([*MINI, "left", "over"], "[ERROR] unexpected argument: left"),
        ([*MINI, "-t", "no/such/folder"], "[ERROR] can't open --test-output: no/such/folder"),
        ([*MINI, "-o", "no/such/graph"], "[ERROR] can't open --graph-output: no/such/graph.dot"),
    ],
)
def test_a_wrong_option_is_named_with_the_usage(
    driver: Driver, options: list[str], complaint: str
) -> None:
    status, stdout, stderr = start(*options)
    assert (status, stdout) == (1, "")
    first, blank, usage = stderr.split("\n")[:3]
    assert first.startswith(complaint)
    assert (blank, usage) == ("", "usage: resource-query [OPTIONS...]")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["-P", "nosuch"], "resource_query_t: ERROR: can't create matcher"),
        (
            ["-S", "PA"],
            "initialize_matchers_and_traversers: ERROR: can't initialize traverser",
        ),
    ],
)
def test_a_failed_start_is_a_runtime_error(driver: Driver, options: list[str], text: str) -> None:
    assert start(*MINI, *options) == (1, "", f": Runtime error: {text}\n\n")


def test_a_bad_prune_filter_is_quoted(driver: Driver) -> None:
    status, _, stderr = start(*MINI, "-p", "core")
    assert status == 1
    assert "prune filter 'core' is not ANCHOR:TYPE" in stderr


def test_a_bad_resource_file_is_a_runtime_error_with_the_reason(driver: Driver) -> None:
    driver.put("bad.json", "<graphml/>")
    status, stdout, stderr = start("-L", "bad.json", "-f", "jgf")
    assert (status, stdout) == (1, "")
    assert stderr == (
        ": Runtime error: resource_query_t: ERROR: fetch_jgf: json_loads returned an error: "
        "'[' or '{' expected near '<': <string>@1:1.\n\nERROR: error generating resources\n\n"
    )


def test_half_a_surrogate_pair_in_a_resource_file_is_refused(driver: Driver) -> None:
    node = {"id": "0", "metadata": {"type": "\ud800", "paths": {"containment": "/a"}}}
    driver.put("bad.json", {"graph": {"nodes": [node], "edges": []}})
    status, _, stderr = start("-L", "bad.json", "-f", "jgf")
    assert status == 1
    assert stderr.startswith(": Runtime error: resource_query_t: ERROR: ")


def test_help_is_the_usage_on_stderr_and_names_every_choice() -> None:
    status, stdout, stderr = start("-h")
    assert (status, stdout) == (0, "")
    for choice in (*POLICIES, *FORMATS, *SUBSYSTEM_SETS):
        assert choice in stderr


def test_a_reserve_out_of_range_is_a_warning(driver: Driver) -> None:
    status, _, stderr = start(*MINI, "-d", "-r", "2000001")
    assert (status, stderr) == (
        0,
        "WARN: out of range specified for --reserve-vtx-vec: 2000001\n",
    )
    assert start(*MINI, "-d", "-r", "2000000")[2] == ""


def test_an_allowlist_without_hwloc_is_a_warning(driver: Driver) -> None:
    assert "WARN: --load-allowlist" in start(*MINI, "-d", "-W", "core")[2]


@pytest.mark.parametrize("format", ["dot", "graphml"])
def test_the_graph_is_written_at_the_start(driver: Driver, format: str) -> None:
    assert start(*MINI, "-d", "-o", "picture", "-g", format)[0] == 0
    assert "mini0" in (driver.folder / f"picture.{format}").read_text()


def test_every_match_format_is_accepted(driver: Driver) -> None:
    for format in FORMATS:
        run = driver.run("match allocate core.json", options=("-F", format))
        assert "RESOURCES=ALLOCATED" in run.out


def test_options_are_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="file does not exist"):
        parse_options(["-L", str(tmp_path / "nothing")])


def test_a_root_that_no_filter_is_kept_at_is_survived(driver: Driver) -> None:
    """Fault F1 of the reference: it aborts."""
    run = driver.run(
        "match satisfiability core.json",
        "match allocate_orelse_reserve nodes3.json",
        options=("-p", "socket:core"),
    )
    assert run.status == 0
    assert "INFO: Satisfiable request" in run.out


def test_attach_with_reservations_is_survived(driver: Driver) -> None:
    """Fault F4 of the reference: it hangs."""
    mini = json.loads((driver.folder / "mini.json").read_text())
    driver.put("same.json", mini)
    run = driver.run(
        *["match allocate_orelse_reserve node.json"] * 3,
        "attach same.json",
        "match allocate_orelse_reserve node.json",
    )
    assert run.out.count("RESERVED") == 2


def test_a_full_disk_is_one_line_on_stderr(driver: Driver) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    status, _, stderr = start(*MINI, "-d", "-t", "/dev/full", lines=("find status=up",))
    assert status == 1
    assert stderr.startswith("[ERROR] output could not be written: ")
